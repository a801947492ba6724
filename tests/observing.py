"""An observer that tests can wait on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets.messages import Connecting

PATIENCE = 10.0
"""Seconds after which a test that waits has failed."""


class Seen:
    """The items of an Observable so far; `wait` returns as soon as a condition holds.

    Attributes:
        items: the items, in order, but for `Connecting`.
        connecting: how many `Connecting` came.
        error: the error that ended it, or None.
        completed: whether it completed.
        threads: the names of the threads that called.
    """

    def __init__(self, observable: Observable[Any], scheduler: abc.SchedulerBase | None = None) -> None:
        self.items: list[Any] = []
        self.connecting = 0
        self.error: Exception | None = None
        self.completed = False
        self.threads: set[str] = set()
        self._changed = threading.Condition()
        self.subscription = observable.subscribe(
            self._on_next, self._on_error, self._on_completed, scheduler=scheduler
        )

    def wait(self, condition: Callable[[Seen], object]) -> Seen:
        """Block until *condition* holds."""
        end = time.monotonic() + PATIENCE
        with self._changed:
            while not condition(self):
                assert time.monotonic() < end, (self.items[-5:], self.error)
                self._changed.wait(0.01)  # the condition may be about something else
        return self

    def count(self, number: int) -> Seen:
        """Block until there are *number* items."""
        return self.wait(lambda seen: len(seen.items) >= number)

    def ended(self) -> Seen:
        """Block until there is an error or the completion."""
        return self.wait(lambda seen: seen.error or seen.completed)

    def frames(self) -> list[bytes]:
        """The items that are bytes."""
        return [item for item in self.items if isinstance(item, bytes)]

    def dispose(self) -> None:
        """Dispose the subscription."""
        self.subscription.dispose()

    def _on_next(self, item: Any) -> None:
        with self._changed:
            self.threads.add(threading.current_thread().name)
            if isinstance(item, Connecting):
                self.connecting += 1
            else:
                self.items.append(item)
            self._changed.notify_all()

    def _on_error(self, error: Exception) -> None:
        with self._changed:
            self.error = error
            self._changed.notify_all()

    def _on_completed(self) -> None:
        with self._changed:
            self.completed = True
            self._changed.notify_all()


def dispose_quickly(dispose: Callable[[], None]) -> None:
    """Dispose from another thread, within 100 ms, but for those that a busy machine lets all threads wait."""
    took: list[float] = []

    def timed() -> None:
        start = time.perf_counter()
        dispose()
        took.append(time.perf_counter() - start)

    thread = threading.Thread(target=timed)
    lost, now = 0.0, time.perf_counter()
    end = now + PATIENCE
    thread.start()
    while thread.is_alive() and now < end:
        before = now
        thread.join(0.01)
        now = time.perf_counter()
        lost += max(now - before - 0.02, 0.0)
    assert took, "it doesn't return"
    assert took[0] - lost < 0.1


class Contract:
    """An observer that notes each breach of Rx's contract, for streams that several threads drive.

    Attributes:
        breaches: in words: two calls at once, or one after the end or a disposal.
        items: how many came.
        ended: set at the end.
    """

    def __init__(self, work: Callable[[Any], object] = lambda item: None) -> None:
        self.breaches: list[str] = []
        self.items = 0
        self.ended = threading.Event()
        self._work = work
        self._calling = threading.Lock()
        self._late = 0

    def subscribe(self, observable: Observable[Any], scheduler: abc.SchedulerBase | None = None) -> None:
        """Subscribe to *observable*."""
        self._subscription = observable.subscribe(
            self._on_next, lambda _: self._on_end(), self._on_end, scheduler=scheduler
        )

    def dispose(self) -> None:
        """Dispose, and tolerate the one call that may be on its way."""
        self._subscription.dispose()
        self._late = 1

    def _on_next(self, item: Any) -> None:
        self.items += 1
        self._called("an item", lambda: self._work(item))

    def _on_end(self) -> None:
        self._called("an end", self.ended.set)

    def _called(self, what: str, work: Callable[[], object]) -> None:
        if not self._calling.acquire(blocking=False):
            self.breaches.append(f"{what} during another call")
            return
        try:
            if self.ended.is_set():
                self.breaches.append(f"{what} after the end")
            if self._late:
                self._late += 1
                if self._late > 2:
                    self.breaches.append(f"{what} after a disposal")
            work()
        finally:
            self._calling.release()
