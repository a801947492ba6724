"""The console: a page on what the emulator does, and buttons to make it do something else."""
