"""The application: router, services, rate limits, and the emulator's own addresses."""
