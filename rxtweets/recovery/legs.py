"""Several connections as one stream: the same posts twice, or each a part of them."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import StreamObservable, source_of
from rxtweets._schedulers import steady_clock, unless_event_loop
from rxtweets.backoff import http_date
from rxtweets.messages import Connected, Disconnected, Failed, Gap, KeepAlive, Leg, Lifecycle, Reconnecting

from .core import DELIVERY
from .identity import Seen, key_of

_REMEMBERED = 16
"""Spans for which a connection stood that are remembered, to tell whether it covers a gap of another."""


def redundant(*streams: Observable[Any]) -> Observable[Any]:
    """Merge several connections to the same stream, so that any of them may break without a gap.

    ::

        --1--2--3------5--     the one
        -----2--3--4---5--     the other
           redundant(one, other)
        --1--2--3--4---5--

    A message comes once, from whichever connection delivers it first; it is identified by its id among the
    last 100,000. Connection events come as `Leg`, which says whose they are and which connections are up. A
    `Gap` of one is reported only if no other was up all that time. One that fails for good emits `Failed`,
    and the others go on; when all have failed, the stream ends with the last error.

    With enterprise access you may connect to the filtered stream twice, by one client or two. Each of
    Powerstream's data centres has a part of it: merge `client.powerstream(local_dc_only=True)` of two
    clients, each with its own *base_url*. With `recovery=` in each of them, what no connection delivered is
    recovered, or reported.

    Raises:
        ValueError: there are fewer than two, or one isn't an Observable.
    """
    if len(streams) < 2:
        raise ValueError(f"redundant takes two or more streams, not {len(streams)}")
    legs = {number: source_of(one, "redundant") for number, one in enumerate(streams, 1)}
    return _merged(legs, Seen, tolerant=True)


def partitioned(parts: Sequence[Observable[Any]], *, tolerant: bool) -> Observable[Any]:
    """Merge the partitions of a stream, numbered from 1; only if *tolerant* one may fail for good."""
    return _merged(dict(enumerate(parts, 1)), None, tolerant=tolerant)


def _merged(
    legs: Mapping[int, Observable[Any]], seen: Callable[[], Seen] | None, *, tolerant: bool
) -> Observable[Any]:
    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        clock = steady_clock(unless_event_loop(scheduler) or TimeoutScheduler.singleton())
        merging = _Merging(legs, observer, clock, seen and seen(), tolerant)
        subscriptions = CompositeDisposable()
        for number, leg in legs.items():
            subscriptions.add(merging.subscribe(number, leg, scheduler))
        return subscriptions

    return StreamObservable(subscribe)


class _State:
    """A connection: the spans for which it stood, by the server's clock, the last of which may go on."""

    def __init__(self) -> None:
        self.stands = False
        self.is_over = False
        self._spans: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        self._ahead = 0.0

    def connected(self, event: Connected, now: float) -> None:
        date = http_date(event.headers.get("date", ""))
        since = now if date is None else date + 1.0  # whole seconds, cut off
        self._ahead = since - now
        self.stands = True
        self._spans.append((since, math.inf))

    def broke(self, now: float) -> None:
        if self.stands:
            self.stands = False
            since, _ = self._spans.pop()
            # Of its last seconds posts may have been on their way, and those without a byte tell nothing.
            self._spans.append((since, now + self._ahead - DELIVERY))

    def covers(self, gap: Gap) -> bool:
        start, end = gap.since.timestamp(), gap.until.timestamp()
        return any(since <= start and end <= until for since, until in self._spans)


class _Merging:
    """One subscription to all connections. The lock is held while an item is delivered."""

    def __init__(
        self,
        numbers: Iterable[int],
        observer: abc.ObserverBase[Any],
        now: Callable[[], float],
        seen: Seen | None,
        tolerant: bool,
    ) -> None:
        self.legs = {number: _State() for number in numbers}
        self._observer = observer
        self._now = now
        self._seen = seen
        self._tolerant = tolerant
        self._lock = threading.RLock()

    def subscribe(
        self, number: int, leg: Observable[Any], scheduler: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        return leg.subscribe(
            lambda item: self._on_next(number, item),
            lambda error: self._on_error(number, error),
            lambda: self._on_completed(number),
            scheduler=scheduler,
        )

    def _on_next(self, number: int, item: Any) -> None:
        with self._lock:
            if not isinstance(item, Lifecycle):
                key = None if self._seen is None else key_of(item)
                if key is None or self._seen is None or self._seen.add(key):
                    self._observer.on_next(item)
            elif item.__class__ is KeepAlive:
                self._observer.on_next(item)
            else:
                self._on_event(number, item)

    def _on_event(self, number: int, event: Lifecycle) -> None:
        state = self.legs[number]
        if isinstance(event, Gap) and self._seen is not None:
            if any(other.covers(event) for other in self.legs.values() if other is not state):
                return
        elif isinstance(event, Connected):
            state.connected(event, self._now())
        elif isinstance(event, Disconnected | Reconnecting | Failed):
            state.broke(self._now())
        standing = tuple(one for one, other in self.legs.items() if other.stands)
        self._observer.on_next(Leg(number, event, standing))

    def _on_error(self, number: int, error: Exception) -> None:
        with self._lock:
            self.legs[number].is_over = True
            if self._tolerant:
                self._on_event(number, Failed(error))
            if not self._tolerant or all(state.is_over for state in self.legs.values()):
                if not self._tolerant:
                    error.add_note(f"partition {number} failed, and with it the stream")
                self._observer.on_error(error)

    def _on_completed(self, number: int) -> None:
        with self._lock:
            self.legs[number].is_over = True
            self.legs[number].broke(self._now())
            if all(state.is_over for state in self.legs.values()):
                self._observer.on_completed()
