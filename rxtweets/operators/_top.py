from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from reactivex import Observable, abc

from ._counts import CAPACITY, count_keys
from .snapshots import Counts, K

_T = TypeVar("_T")


@overload
def top(
    key: Callable[[_T], Iterable[K] | None],
    n: int = 10,
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[Counts[K]]]: ...


@overload
def top(
    key: Callable[[_T], K | None],
    n: int = 10,
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[Counts[K]]]: ...


def top(
    key: Callable[[Any], Any],
    n: int = 10,
    window: float = 60.0,
    every: float = 1.0,
    *,
    capacity: int = CAPACITY,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Counts[Any]]]:
    """Emit the *n* most frequent keys of a sliding window, at intervals.

    ::

        -a-b-a-b-b---|
           top(key, 1, window=2, every=1)
        ----A---B----C     A: a 1, B: b 2, C: b 2

    Args:
        key: as for `counts`; this operator differs only in that it emits at most *n* keys.
        n: how many keys to emit.
        window: seconds; a multiple of *every*, up to 10,000 times as much.
        every: seconds from one `Counts` to the next.
        capacity: how many counters there may be, default 100,000; see `counts`.
        scheduler: where the timer runs; default the subscriber's, else a timer thread.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    return count_keys(key, n, window, every, capacity, scheduler)
