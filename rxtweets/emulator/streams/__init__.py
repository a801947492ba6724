"""Open streams: what they send, and when."""
