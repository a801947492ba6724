"""Signals that ask the command to end, as one KeyboardInterrupt that never interrupts the clean-up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_RETRY = 0.01
"""Seconds after which a signal is sent again whose KeyboardInterrupt was lost."""


class Signals:
    """A context manager: the first SIGINT, SIGTERM or SIGHUP, and no later one, raises KeyboardInterrupt.

    A signal that the process was started to ignore, as by `nohup`, stays ignored. Where an exception is lost,
    as in a finalizer or a callback of the import system, it is raised again a moment later.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._held = False
        self._instead: Callable[[], object] | None = None
        self._before: dict[int, Any] = {}
        self._report = sys.unraisablehook

    @property
    def status(self) -> int:
        """The exit status for the signal received: 128 plus its number, as in a shell; 0 without one."""
        return 0 if self._received is None else 128 + self._received

    def hold(self) -> None:
        """Only record signals from now on: the command is ending anyway, in bounded time."""
        self._held = True

    @contextmanager
    def calling(self, function: Callable[[], object]) -> Iterator[None]:
        """Call *function* at the first signal, in place of raising, while the context lasts."""
        self._instead = function
        try:
            yield
        finally:
            self._instead = None

    def forget(self) -> None:
        """Reset `status` to 0: the signal was the ordinary way to end."""
        self._received = None

    def __enter__(self) -> Self:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        self._report, sys.unraisablehook = sys.unraisablehook, self._unraisable
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.unraisablehook = self._report
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first = self._received is None
        if first:
            self._received = number
        if first and self._instead is not None:
            self._instead()
        elif first and not self._held:
            raise KeyboardInterrupt

    def _unraisable(self, lost: UnraisableHookArgs) -> None:
        if lost.exc_type is not KeyboardInterrupt or self._received is None:
            self._report(lost)
            return
        number, self._received = self._received, None
        again = threading.Timer(_RETRY, os.kill, [os.getpid(), number])
        again.daemon = True
        again.start()
