from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets.messages import (
    BudgetPaused,
    Connected,
    Connecting,
    Disconnected,
    Dropped,
    Lifecycle,
    Message,
    Reconnecting,
)

from ._periodic import State, periodically
from .snapshots import Meter, Traffic, Volume


def meter(
    every: float = 1.0, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Meter]]:
    """Measure a stream: messages, bytes, reconnects, gaps, and drops.

    The first `Meter` comes after *every* seconds; the last one comes at the end of the stream, even before an
    error. The others come on the timer's thread, whether there were messages or not. The totals continue
    across reconnects, and start over with each subscription. A subscriber slower than *every* gets fewer,
    each for a longer time, and delays nothing.

    All items but `Lifecycle` are messages. Reconnects and gaps are counted from connection events, so put
    this where they are still in the stream: before `tw.posts()`. A gap lasts from `Disconnected`,
    `Reconnecting` or `BudgetPaused`, or from the first `Connecting`, to the next `Connected`.

    Args:
        every: seconds from one `Meter` to the next.
        scheduler: where the timer runs; default the subscriber's, else a timer thread.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    return periodically(every, lambda _: _MeterState(), scheduler)


class _Tally:
    """The figures of a span of time that goes on."""

    def __init__(self) -> None:
        self.began = 0.0
        self.kinds: dict[str, tuple[int, int]] = {}
        self.reconnects = 0
        self.gap = 0.0
        self.dropped = 0

    def add(self, kind: str, messages: int, size: int) -> None:
        before, sizes = self.kinds.get(kind, (0, 0))
        self.kinds[kind] = (before + messages, sizes + size)

    def merge(self, other: _Tally) -> None:
        for kind, (messages, size) in other.kinds.items():
            self.add(kind, messages, size)
        self.reconnects += other.reconnects
        self.gap += other.gap
        self.dropped += other.dropped

    def traffic(self, now: float) -> Traffic:
        seconds = now - self.began
        kinds = tuple((kind, Volume(seconds, *volume)) for kind, volume in self.kinds.items())
        return Traffic(
            seconds,
            sum(volume.messages for _, volume in kinds),
            sum(volume.bytes for _, volume in kinds),
            kinds,
            self.reconnects,
            self.gap,
            self.dropped,
        )


class _MeterState(State[Meter]):
    def __init__(self) -> None:
        self._last = _Tally()
        self._total = _Tally()
        self._offline_since: float | None = None
        self._was_online = False

    def add(self, found: Any, now: float) -> None:
        if isinstance(found, Lifecycle):
            self._note(found, now)
        else:
            size = len(found.raw) if isinstance(found, Message) else len(found) if type(found) is bytes else 0
            self._last.add(type(found).__name__, 1, size)

    def _note(self, event: Lifecycle, now: float) -> None:
        if isinstance(event, Connected):
            self._close_gap(now)
            self._offline_since = None
            self._was_online = True
        elif isinstance(event, Disconnected | Reconnecting | BudgetPaused) or (
            isinstance(event, Connecting) and not self._was_online
        ):
            self._offline_since = now if self._offline_since is None else self._offline_since
        self._last.reconnects += isinstance(event, Reconnecting)
        self._last.dropped += event.count if isinstance(event, Dropped) else 0

    def _close_gap(self, now: float) -> None:
        if self._offline_since is not None:
            self._last.gap += now - self._offline_since
            self._offline_since = now

    def show(self, now: float) -> Meter:
        self._close_gap(now)
        last, self._last = self._last, _Tally()
        self._last.began = now
        self._total.merge(last)
        return Meter(last.traffic(now), self._total.traffic(now))
