from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets._schedulers import wall_clock
from rxtweets.backoff import http_date
from rxtweets.messages import Connected, Post, Status
from rxtweets.messages._time import id_time

from ._periodic import State, periodically
from ._sliding import SlidingCounts, slots
from .snapshots import Lag


def lag(
    window: float = 60.0, every: float = 1.0, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Lag]]:
    """Measure how late statuses and posts arrive: the current time minus the time in the id.

    The first `Lag` comes after *every* seconds; the last one comes at the end of the stream, even before an
    error. The others come on the timer's thread, whether there were messages or not. The window continues
    across reconnects. A subscriber slower than *every* gets fewer, and delays nothing.

    `Lag.clock_error` compares the clock with the server's `Date` header. For that, put this where connection
    events are still in the stream: before `tw.posts()`. All items but `Status`, `Post` and `Connected` are
    ignored. A message that the server replays, as with `backfill_minutes`, counts as late as it comes.

    Args:
        window: seconds; a multiple of *every*, up to 10,000 times as much.
        every: seconds from one `Lag` to the next.
        scheduler: where the timer runs and whose clock is read; default the subscriber's, else a timer thread
            and the system's clock.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    number = slots(window, every)
    return periodically(every, lambda timer: _LagState(number, float(every), wall_clock(timer)), scheduler)


class _LagState(State[Lag]):
    def __init__(self, slots: int, every: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clock_error: float | None = None
        # By lag, rounded to two digits: there are only so many of those.
        self._sliding: SlidingCounts[float] = SlidingCounts(slots, every)

    def read(self, item: Any) -> tuple[float, ...]:
        if isinstance(item, Connected):
            date = http_date(item.headers.get("date", ""))
            if date is not None:
                self._clock_error = self._clock() - (date + 0.5)  # whole seconds, cut off
            return ()
        number = numeric_id(item)
        if number is None:
            return ()
        return (float(f"{self._clock() - id_time(number) / 1000:.2g}"),)

    def add(self, found: tuple[float, ...], now: float) -> None:
        self._sliding.add(found, now)

    def show(self, now: float) -> Lag:
        self._sliding.advance(now)
        return self._snapshot()

    def last(self, now: float) -> Lag:
        self._sliding.finish(now)
        return self._snapshot()

    def _snapshot(self) -> Lag:
        total, seconds = self._sliding.total, self._sliding.seconds
        counts = sorted(self._sliding.counts.items())
        p50, p90, p99, longest = _percentiles(counts, total, (0.5, 0.9, 0.99, 1.0))
        return Lag(p50, p90, p99, longest, total, seconds, self._clock_error)


def numeric_id(item: Any) -> int | None:
    """Return the id of a status or post, if it has one."""
    if isinstance(item, Status):
        return item.id or None
    if isinstance(item, Post) and item.id.isdecimal() and len(item.id) < 20:  # below 2**64
        return int(item.id) or None
    return None


def _percentiles(
    counts: list[tuple[float, int]], total: int, shares: tuple[float, ...]
) -> list[float | None]:
    """Return the smallest lag which each of *shares* of all is no longer than: the nearest rank."""
    found: list[float | None] = []
    seen = 0
    ahead = iter(counts)
    value = None
    for share in shares:
        while seen < math.ceil(share * total):
            value, count = next(ahead)
            seen += count
        found.append(value)
    return found
