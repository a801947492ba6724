"""A scheduler for the thread that calls it."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from typing import TypeVar

from reactivex import abc, typing
from reactivex.disposable import Disposable
from reactivex.scheduler.scheduleditem import ScheduledItem
from reactivex.scheduler.scheduler import Scheduler

_S = TypeVar("_S")
_Entry = tuple[float, int, ScheduledItem]  # due on the monotonic clock


class Loop(Scheduler):
    """Runs what is scheduled, when it is due, on the thread that calls `run`, until nothing is left.

    Unlike RxPY's `EventLoopScheduler` it forgets at once what is disposed, from whichever thread: disposing
    the last thing that waits makes `run` return. What an action raises, `run` raises.

    `now` is the wall clock's, but waits are timed by the monotonic clock: somebody who sets the clock makes
    nothing late or early.
    """

    def __init__(self) -> None:
        super().__init__()
        # Reentrant, for a signal handler that disposes on the thread that waits here.
        self._changed = threading.Condition(threading.RLock())
        self._entries: list[_Entry] = []
        self._numbers = itertools.count()

    def schedule(self, action: typing.ScheduledAction[_S], state: _S | None = None) -> abc.DisposableBase:
        """Run *action* as soon as all that is due before it has run."""
        return self._enter(0.0, action, state)

    def schedule_relative(
        self, duetime: typing.RelativeTime, action: typing.ScheduledAction[_S], state: _S | None = None
    ) -> abc.DisposableBase:
        """Run *action* in *duetime* seconds."""
        return self._enter(self.to_seconds(duetime), action, state)

    def schedule_absolute(
        self, duetime: typing.AbsoluteTime, action: typing.ScheduledAction[_S], state: _S | None = None
    ) -> abc.DisposableBase:
        """Run *action* at *duetime*, as far off as the wall clock says now."""
        return self._enter((self.to_datetime(duetime) - self.now).total_seconds(), action, state)

    def _enter(
        self, seconds: float, action: typing.ScheduledAction[_S], state: _S | None
    ) -> abc.DisposableBase:
        item = ScheduledItem(self, state, action, self.now)
        entry = (time.monotonic() + max(0.0, seconds), next(self._numbers), item)
        with self._changed:
            heapq.heappush(self._entries, entry)
            self._changed.notify_all()
        return Disposable(lambda: self._forget(entry))

    def run(self) -> None:
        """Run what is scheduled until nothing is left; raises what an action raises."""
        while (item := self._next()) is not None:
            item.invoke()

    def _next(self) -> ScheduledItem | None:
        with self._changed:
            while self._entries:
                wait = self._entries[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._entries)[2]
                self._changed.wait(wait)
        return None

    def _forget(self, entry: _Entry) -> None:
        with self._changed, contextlib.suppress(ValueError):
            self._entries.remove(entry)
            heapq.heapify(self._entries)
            self._changed.notify_all()
