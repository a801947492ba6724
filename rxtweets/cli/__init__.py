"""The `rxtweets` command: streams in a terminal. `rxtweets --help` is its documentation."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command with the arguments of this process, and end the process with its status."""
    try:
        import click  # noqa: F401
    except ImportError:
        sys.exit("Error: the command needs click; install it: pip install 'rxtweets[cli]'")
    from .process import main

    sys.exit(main(sys.argv[1:]))
