"""One subscription to a hub: called by one thread at a time, and harming nobody else when it raises."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from reactivex import abc
from reactivex.scheduler import CurrentThreadScheduler


class _End:
    """The end of a stream, with *error* unless that is None."""

    __slots__ = ("error",)

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class Subscriber:
    """The observer of one subscription.

    Items may be put from any thread, and under a lock; `drain` forwards them in that order.

    Args:
        observer: the observer.
        filters: what it has subscribed to, in the terms of its hub.
    """

    __slots__ = ("_busy", "_lock", "_observer", "_over", "_queue", "filters")

    def __init__(self, observer: abc.ObserverBase[Any], filters: tuple[Any, ...] = ()) -> None:
        self.filters = filters
        self._observer = observer
        self._queue: deque[Any] = deque()
        self._lock = threading.Lock()
        self._busy = False
        self._over = False

    def put(self, item: Any) -> None:
        """Have *item* forwarded by the next `drain`."""
        self._queue.append(item)

    def put_end(self, error: Exception | None) -> None:
        """Have the stream end with *error*; None: complete."""
        self._queue.append(_End(error))

    def send(self, item: Any) -> None:
        """Forward *item*, after what was put before."""
        self._queue.append(item)
        self.drain()

    def stop(self) -> None:
        """Forward nothing more."""
        self._over = True
        with self._lock:  # `drain` has looked at the queue before it takes an item
            self._queue.clear()

    def drain(self) -> None:
        """Forward what was put, unless another thread is at it."""
        while True:
            with self._lock:
                if self._busy or not self._queue:
                    return
                self._busy = True
                item = self._queue.popleft()
            try:
                if not self._over:
                    self._forward(item)
            finally:
                self._busy = False

    def _forward(self, item: Any) -> None:
        try:
            if item.__class__ is _End:
                self._over = True
                if item.error is None:
                    self._observer.on_completed()
                else:
                    self._observer.on_error(item.error)
            else:
                self._observer.on_next(item)
        except KeyboardInterrupt:  # of the main thread, which isn't the one that reads
            self.stop()
            raise
        except BaseException as error:
            self.stop()
            if CurrentThreadScheduler.singleton().schedule_required():  # else `subscribe` raises it
                raised = type(error), error, error.__traceback__, threading.current_thread()
                threading.excepthook(threading.ExceptHookArgs(raised))
