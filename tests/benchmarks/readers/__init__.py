"""Readers of a stream, each as a user of that library writes one, run in an environment of its own."""
