"""Twitter/X streams as cold Observables."""

__version__ = "0.1.0"
