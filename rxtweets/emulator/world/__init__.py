"""The emulated world: its users, their posts, and the recordings that may replace them."""
