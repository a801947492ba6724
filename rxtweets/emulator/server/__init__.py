"""HTTP/1.1 as the emulator speaks it."""
