"""The emulated world: who is in it, what they say, and in which order."""
