from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, TypeVar, overload

from reactivex import Observable, abc

from ._periodic import State, periodically
from ._sliding import SlidingCounts, slots
from .snapshots import Counts, K

_T = TypeVar("_T")

CAPACITY = 100_000
"""Counters of about 0.2 kB, the keys included."""


@overload
def counts(
    key: Callable[[_T], Iterable[K] | None],
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[Counts[K]]]: ...


@overload
def counts(
    key: Callable[[_T], K | None],
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[Counts[K]]]: ...


def counts(
    key: Callable[[Any], Any],
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Counts[Any]]]:
    """Count each key in a sliding window, and emit all counts at intervals.

    ::

        -en-de-en-----|
           counts(lambda post: post.lang, window=2, every=1)
        ----A---B---C-|     A: en 1, B: en 2, de 1, C: en 1, de 1

    The first `Counts` comes after *every* seconds and covers what came until then; the last one comes at the
    end of the stream, even before an error. The others come on the timer's thread, whether there were items
    or not. The window continues across reconnects. A subscriber slower than *every* gets fewer, and delays
    nothing.

    Memory is bounded: there are *capacity* counters, one for each key in each period of *every* seconds. If
    they don't suffice, as in a flood of distinct keys, rare keys are dropped, and `error` says by how much a
    count may be too low. That is always less than 3 (w + 1) / *capacity* of `total`, where w is *window* /
    *every*: 0.18 % with the defaults. The size of the keys themselves is extra.

    Args:
        key: called with each item, on the thread on which it comes; returns the value to count, or an
            iterable of several; None counts nothing. A str is one value; to count a tuple, return it in a
            list. Values must be hashable. An exception ends the stream.
        window: seconds; a multiple of *every*, up to 10,000 times as much.
        every: seconds from one `Counts` to the next.
        capacity: how many counters there may be, each of about 0.2 kB; default 100,000.
        scheduler: where the timer runs; default the subscriber's, else a timer thread.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    return count_keys(key, None, window, every, capacity, scheduler)


def count_keys(
    key: Callable[[Any], Any],
    most: int | None,
    window: float,
    every: float,
    capacity: int,
    scheduler: abc.SchedulerBase | None,
) -> Callable[[Observable[Any]], Observable[Counts[Any]]]:
    """Return the operator that emits the *most* frequent keys; None: all of them."""
    if not callable(key):
        raise ValueError(f"key must be a function of an item, such as rxt.hashtags, not {key!r}")
    number = slots(window, every)
    if not isinstance(capacity, int) or capacity < 1:
        raise ValueError(f"capacity must be the number of counters, 1 or more, not {capacity!r}")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise ValueError(f"n must be the number of keys to emit, 1 or more, not {most!r}")
    return periodically(every, lambda _: _CountsState(key, most, number, float(every), capacity), scheduler)


class _CountsState(State[Counts[Any]]):
    def __init__(
        self, key: Callable[[Any], Any], most: int | None, slots: int, every: float, capacity: int
    ) -> None:
        self._key = key
        self._most = most
        self._sliding: SlidingCounts[Any] = SlidingCounts(slots, every, capacity)

    def read(self, item: Any) -> tuple[Any, ...]:
        found = self._key(item)
        if found is None:
            return ()
        if isinstance(found, Iterable) and not isinstance(found, str | bytes):
            return tuple(found)
        return (found,)

    def add(self, found: tuple[Any, ...], now: float) -> None:
        self._sliding.add(found, now)

    def show(self, now: float) -> Counts[Any]:
        self._sliding.advance(now)
        return self._snapshot()

    def last(self, now: float) -> Counts[Any]:
        self._sliding.finish(now)
        return self._snapshot()

    def _snapshot(self) -> Counts[Any]:
        sliding, count = self._sliding, itemgetter(1)
        if self._most is None:
            shown = sorted(sliding.counts.items(), key=count, reverse=True)
        else:
            shown = heapq.nlargest(self._most, sliding.counts.items(), key=count)
        return Counts(tuple(shown), sliding.total, sliding.seconds, sliding.error)
