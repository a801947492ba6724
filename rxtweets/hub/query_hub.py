"""The hub of v1.1: one request for all filters; when they change, another connection takes over."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict
from reactivex import abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler

from rxtweets._pace import WINDOW
from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import v1
from rxtweets.filters import FilterIndex, FilterQuery
from rxtweets.messages import Connected, Connecting, Disconnected, DisconnectMessage, Reconnecting, Status
from rxtweets.recovery import Recovery

from .core import HubCore
from .state import HubState, to_time
from .subscriber import Subscriber
from .union import UnionPlanner

if TYPE_CHECKING:
    from rxtweets.streams import Stream
    from rxtweets.streams.v1 import OpenStream

_LONGEST_CHANGE = 10.0
"""Seconds that the older connection may outlast the newer one's beginning; the server ends it before."""

_MOST_BROUGHT = 10_000


class _Session:
    """One connection.

    Attributes:
        query: what it asks for.
        held: what came of it before the older connection ended; None once it has taken over.
        connecting: how many times it has connected, or tried to.
    """

    def __init__(self, query: FilterQuery) -> None:
        self.query = query
        self.held: list[Any] | None = []
        self.connecting = 0
        self.subscription = SingleAssignmentDisposable()


class QueryHub(HubCore):
    """The filters of a `Stream`, each a `FilterQuery`."""

    def __init__(
        self, client: Stream, *, wait: float, recovery: Recovery | None, scheduler: abc.SchedulerBase | None
    ) -> None:
        super().__init__(scheduler)
        self._client = client
        self._recovery = recovery
        self._planner = UnionPlanner(wait)
        self._holders: dict[FilterQuery, dict[Subscriber, None]] = {}
        self._index = FilterIndex[FilterQuery]()
        self._subscribing: object = None  # the last filter's `subscribe`, until that has returned
        self._live: _Session | None = None
        self._newer: _Session | None = None
        self._deadline = SerialDisposable()
        self._brought = OrderedDict[int, FilterQuery]()  # the last statuses, each by the connection with this
        self._opened: OpenStream | None = None

    # --- filters

    def _enter(self, subscriber: Subscriber) -> None:
        (query,) = subscriber.filters
        if query not in self._holders:
            self._planner.want(query, self._now())
            self._index.add(query, query)
        self._holders.setdefault(query, {})[subscriber] = None
        # Filters that are merged share the first connection, even if this thread is slow.
        self._subscribing = subscriber
        CurrentThreadScheduler.singleton().schedule(lambda *_: self._subscribed(subscriber))

    def _subscribed(self, last: Subscriber) -> None:
        with self._lock:
            if self._subscribing is not last:
                return
            self._subscribing = None
        self._pump()

    def _leave(self, subscriber: Subscriber) -> None:
        (query,) = subscriber.filters
        holders = self._holders[query]
        del holders[subscriber]
        if not holders:
            del self._holders[query]
            self._index.remove(query)
            self._planner.unwant(query, self._now())

    # --- delivery

    def _forward(self, session: _Session, item: Any) -> None:
        if item.__class__ is Status:
            for subscriber in self._receivers(session, item):
                subscriber.send(item)
        else:
            self._broadcast(session, item)

    def _receivers(self, session: _Session, status: Status) -> Iterable[Subscriber]:
        with self._lock:
            if session is not self._live:
                return ()
            asked = session.query
            brought = self._brought.get(status.id, asked)
            self._brought[status.id] = asked
            if len(self._brought) > _MOST_BROUGHT:
                self._brought.popitem(last=False)
            return [
                subscriber
                for query in self._index.match(status)
                if asked.covers(query) and (brought is asked or not brought.covers(query))
                for subscriber in self._holders[query]
            ]

    def matching(self, post: Any) -> tuple[str, ...]:
        with self._lock:
            asked = self._brought.get(post.id) or (self._live and self._live.query)
            return tuple(str(query) for query in self._index.match(post) if asked and asked.covers(query))

    # --- the connections

    def _work(self, now: float) -> tuple[Callable[[], None] | None, float | None]:
        if self._newer is not None or (self._live is not None and self._connection != "connected"):
            return None, None  # a back-off is to be waited for
        step = self._planner.next(now, more_to_come=self._subscribing is not None)
        if not isinstance(step, FilterQuery):
            return None, step
        session = _Session(step)
        self._planner.pace.spend(now)
        self._planner.opened(step, now)
        if self._live is None:
            self._live, session.held = session, None
            self._connection = "connecting"
            self._opened = self._client._open_stream(self._endpoint(step))
        else:
            self._newer = session
        return lambda: self._open(session), None

    def _endpoint(self, query: FilterQuery) -> Any:
        return v1.filter(base_url=self._client._base_url, **asdict(query))

    def _open(self, session: _Session) -> None:
        policy = self._client._policy or BackoffPolicy.standard()
        for at in self._planner.pace.recent[:-1]:  # so that its reconnects keep to the limit, too
            policy = policy.connecting(at)
        stream = self._client._chain(self._endpoint(session.query), policy, self._recovery)
        session.subscription.disposable = stream.subscribe(
            lambda item: self._on_item(session, item),
            lambda error: self._on_end(session, error),
            lambda: None,
        )
        self._pump()

    def _on_item(self, session: _Session, item: Any) -> None:
        warn = None
        with self._lock:
            if item.__class__ is Connecting:
                session.connecting += 1
                if session.connecting > 1:
                    self._planner.pace.spend(self._now())
            if session.held is not None:
                session.held.append(item)
                if item.__class__ is Connected and session is self._newer:
                    self._deadline.disposable = self._timer.schedule_relative(
                        _LONGEST_CHANGE, lambda *_: self._take_over(session)
                    )
                return
            if session is not self._live:
                return
            if self._newer is not None and item.__class__ is DisconnectMessage:
                return  # that is the plan
            over = self._newer if isinstance(item, Disconnected | Reconnecting) else None
            if item.__class__ is Connected:
                warn = self._opened
        if over is not None:
            self._take_over(over)
            return
        if warn is not None:
            warn.check(item)
        self._forward(session, item)
        if item.__class__ is Connected:
            self._pump()

    def _take_over(self, session: _Session) -> None:
        """Have *session* take the place of the older connection, which has ended."""
        with self._lock:
            if session is not self._newer or self._live is None:
                return
            older, self._live, self._newer = self._live, session, None
            self._deadline.disposable = SingleAssignmentDisposable()
        older.subscription.dispose()
        while True:
            with self._lock:
                held, session.held = session.held or [], []
                if not held:
                    session.held = None
                    break
            for item in held:
                self._forward(session, item)
        self._pump()

    def _on_end(self, session: _Session, error: Exception) -> None:
        with self._lock:
            newer = self._newer
            if session is newer:
                # Refused: the older connection stands, and so do the filters that it asks for.
                assert self._live is not None
                self._newer = None
                self._deadline.disposable = SingleAssignmentDisposable()
                self._planner.opened(self._live.query, self._now())
                for query in self._planner.uncovered:
                    self._refused.append((str(query), str(error)))
                    self._end(self._holders[query], error)
                newer = None
            elif session is self._live and newer is None:
                self._close()
                self._connected, self._connection = None, "closed"
                self._end(self._subscribers, error)
            elif session is not self._live:
                return
        if newer is not None:
            self._take_over(newer)
        else:
            self._pump()

    def _close(self) -> None:
        for session in (self._live, self._newer):
            if session is not None:
                session.subscription.dispose()
        self._live = self._newer = None
        self._deadline.disposable = SingleAssignmentDisposable()
        self._brought.clear()
        self._planner.opened(None, self._now())
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _hurry(self) -> None:
        pass

    def _is_over(self) -> bool:
        return not self._subscribers and self._live is None

    def _snapshot(self) -> HubState:
        pace = self._planner.pace
        ends = pace.recent[0] + WINDOW if pace.recent else None
        live = self._live.query if self._live is not None and self._connection == "connected" else None
        return HubState(
            wanted=tuple(map(str, self._planner.wanted)),
            standing=tuple(
                str(query) for query in self._planner.wanted if live is not None and live.covers(query)
            ),
            refused=tuple(self._refused),
            connection=self._connection,
            requests_left=pace.limit - len(pace.recent),
            resets_at=to_time(ends),
        )
