"""A guard for things that one thread uses and any thread may close."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

from reactivex.internal import noop

_LONGEST_EXIT = 2.0
"""Seconds for which the end of the program waits for a use that is under way."""


class ClosedWhenIdle:
    """Guards what one thread uses, as a context manager, and any thread closes: at once, or after that use.

    Closing never waits, so it may happen in a disposal, and on the thread that is inside, too. The end of the
    program does, for 2 s at most, as it would stop a thread in the middle.

    Attributes:
        closed: True from the first `close` on.
    """

    def __init__(self, close: Callable[[], object]) -> None:
        self.closed = False
        self._close = close
        self._using = threading.Lock()

    def __enter__(self) -> bool:
        """Begin a use; return False if it is closed."""
        self._using.acquire()
        return not self.closed

    def __exit__(self, *_: object) -> None:
        self._using.release()
        if self.closed:
            self._close_if_idle()

    def close(self) -> None:
        """Close it, once."""
        self.closed = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._using.acquire(blocking=False):  # who is inside looks at `closed` after that
            try:
                close, self._close = self._close, noop
                close()
            finally:
                self._using.release()
                atexit.unregister(self._at_exit)
        else:
            atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        if self._using.acquire(timeout=_LONGEST_EXIT):
            self._using.release()
            self._close_if_idle()
