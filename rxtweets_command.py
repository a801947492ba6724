"""The script `rxtweets`, apart from the package so that Ctrl-C is quiet while that is imported."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command `rxtweets`; before and after it handles Ctrl-C, the process dies of it, in silence."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and isn't ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from rxtweets.cli import main

    main()
