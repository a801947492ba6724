"""Messages to log, and workers on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import reactivex
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.messages import Lifecycle
from rxtweets.relay import JetStream

PATIENCE = 60.0
"""Seconds after which what a test waits for doesn't come any more."""


def post(number: int, text: str = "hello") -> bytes:
    """A post's frame."""
    return b'{"data":{"id":"%d","text":"%s","edit_history_tweet_ids":["%d"]}}' % (
        number,
        text.encode(),
        number,
    )


def write(log: JetStream, frames: Iterable[Any], **options: Any) -> list[Any]:
    """Write all of *frames*, and return what passed on."""
    passed: list[Any] = []
    rxt.run(reactivex.from_iterable(frames).pipe(log.publish(**options)), passed.append)
    return passed


def read(log: JetStream, count: int, group: str = "g", **options: Any) -> list[Any]:
    """Work on *count* frames of a group, and return them with the events between."""
    seen: list[Any] = []
    left = [count]

    def is_last(item: Any) -> bool:
        left[0] -= not isinstance(item, Lifecycle)
        return not left[0]

    items = log.consume(group, from_="start", **options).pipe(
        ops.timeout(PATIENCE), ops.take_while(lambda item: not is_last(item), inclusive=True)
    )
    rxt.run(items, seen.append)
    return seen


def frames(items: Iterable[Any]) -> list[bytes]:
    """Keep the frames."""
    return [item for item in items if isinstance(item, bytes)]


class Worker:
    """A worker on a thread of its own, that collects."""

    _changed = threading.Condition()  # of them all, as a test may wait for what several have seen together

    def __init__(self, items: reactivex.Observable[Any], handle: Callable[[Any], Any] | None = None) -> None:
        self.seen: list[Any] = []
        self.error: Exception | None = None
        self._handle = handle
        self._subscription = items.subscribe(self._on_next, self._on_error)

    def _on_next(self, item: Any) -> None:
        if self._handle is not None:
            self._handle(item)
        with self._changed:
            self.seen.append(item)
            self._changed.notify_all()

    def _on_error(self, error: Exception) -> None:
        with self._changed:
            self.error = error
            self._changed.notify_all()

    def wait_for(self, done: Callable[[list[Any]], object]) -> None:
        """Wait until *done* of what was seen."""
        with self._changed:
            assert self._changed.wait_for(lambda: done(self.seen), PATIENCE), self.seen[-5:]

    def wait_for_error(self) -> Exception:
        """Wait for the error, and return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.error is not None, PATIENCE), self.seen[-5:]
        assert self.error is not None
        return self.error

    def dispose(self) -> None:
        self._subscription.dispose()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()
