"""asyncio's loops: the one that runs here, and the end of one."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections.abc import Callable

_DAY = 86_400.0
"""Seconds: the longest timer that each loop takes (Qt's count milliseconds in 32 bits)."""


def running_loop(caller: str) -> asyncio.AbstractEventLoop:
    """Return the running loop of asyncio.

    Raises:
        RuntimeError: there is none; *caller* is what needs it.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            f"{caller} needs asyncio, which doesn't run here: take it in a coroutine that asyncio.run runs, "
            'or anyio.run with the backend "asyncio"; under trio, take rxt.iterate(observable) on a thread'
        ) from None


class AtClose:
    """Has *closed* called when *loop* is closed.

    A loop tells nobody that it closes, but lets go of what is scheduled: here a timer that never ends, whose
    callback only the loop holds. *closed* may be called after `dispose`, too, and must do no harm then.

    Raises:
        RuntimeError: the loop is closed already.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, closed: Callable[[], None]) -> None:
        self._loop = loop
        self._closed = closed
        self._disposed = False
        self._timer: weakref.ref[asyncio.TimerHandle] | None = None
        callback = _Callback(self._wait, closed)
        try:
            loop.call_soon_threadsafe(callback)
        except BaseException:  # it is closed already
            callback.dropped = None
            raise

    def dispose(self) -> None:
        """Let the loop forget it; on any thread."""
        self._disposed = True
        with contextlib.suppress(RuntimeError):  # it is closed
            self._loop.call_soon_threadsafe(self._cancel)

    def _wait(self) -> None:
        if not self._disposed:
            timer = self._loop.call_later(_DAY, _Callback(self._wait, self._closed))
            self._timer = weakref.ref(timer)

    def _cancel(self) -> None:
        timer = self._timer() if self._timer is not None else None
        if timer is not None:
            timer.cancel()


class _Callback:
    """Calls *call*, or *dropped* if it is let go of before."""

    def __init__(self, call: Callable[[], None], dropped: Callable[[], None]) -> None:
        self._call = call
        self.dropped: Callable[[], None] | None = dropped

    def __call__(self) -> None:
        self.dropped = None
        self._call()

    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of a program its other threads have stopped where they were, maybe with a lock held.
        if self.dropped is not None and not _is_finalizing():
            self.dropped()
