"""Functions for worker processes, which import them from here."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any


class Odd(Exception):
    """An exception that pickles, but not back."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first}, {second}")


def same(item: Any) -> tuple[Any, int]:
    """Return *item*, and the process it was in."""
    return item, os.getpid()


def misbehave(item: Any) -> Any:
    """Do what *item* says."""
    match item:
        case "raise":
            raise ValueError("as told")
        case "raise an odd exception":
            raise Odd("one", "two")
        case "return a lambda":
            return lambda: None
        case "exit":
            sys.exit(3)
        case "be killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "wait":
            threading.Event().wait()
    return item


class Unpicklable:
    """An item that doesn't pickle."""

    def __reduce__(self) -> Any:
        raise TypeError("it stays here")
