"""A stream with recovery: what is live, and what was missed, joined."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from typing import Any

import reactivex
from msgspec.structs import force_setattr, replace
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler, ImmediateScheduler, TimeoutScheduler

from rxtweets._observable import Callbacks, StreamObservable, as_stream, subscribe_through
from rxtweets._schedulers import later, steady_clock, unless_event_loop, wall_clock
from rxtweets.endpoints import Endpoint
from rxtweets.messages import Connected, Gap, KeepAlive, Lifecycle
from rxtweets.operators import retry_with_backoff
from rxtweets.rest import RequestPace, run_steps

from .bridge import Access, Bridge
from .core import Backlog, Core, Outage
from .means import check
from .policy import Recovery


def recovering(endpoint: Endpoint, recovery: Recovery, access: Access) -> Observable[Any]:
    """Return the stream of *endpoint* with what its broken connections missed.

    Raises:
        ValueError: *recovery* isn't for this stream.
    """
    check(endpoint, recovery)

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return _Subscription(endpoint, recovery, access, observer, scheduler).open()

    return StreamObservable(subscribe)


class _Subscription:
    """One subscription: its live session, and the recoveries beside it, one after the other.

    The lock is held while an item is delivered, so that those of both come one after the other.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        recovery: Recovery,
        access: Access,
        observer: abc.ObserverBase[Any],
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        timer = unless_event_loop(scheduler) or TimeoutScheduler.singleton()
        if isinstance(timer, CurrentThreadScheduler | ImmediateScheduler):  # that thread reads the stream
            timer, self._side_scheduler = TimeoutScheduler.singleton(), None
        else:
            self._side_scheduler = scheduler
        self._endpoint = endpoint
        self._access = access
        self._observer = observer
        self._forward = observer.on_next
        self._scheduler = scheduler
        self._timer = timer
        self._now = steady_clock(timer)
        self._wall = wall_clock(timer)
        self._context = contextvars.copy_context()
        self._core = core = Core(endpoint, recovery.by, access.account)
        self._policy = access.policy
        pace = None
        if access.policy.connects is not None and "window" in core.means:
            # The limit is X's on the stream, whatever is asked of it: one in five connects is for windows.
            most, seconds = access.policy.connects
            further = max(1, most // 5)
            self._policy = replace(access.policy, connects=(max(2, most - further), seconds))
            pace = RequestPace(further)
        self._bridge = Bridge(
            endpoint, recovery, access, core, self._on_missed, self._server_time, self._timer, pace
        )
        self._lock = threading.RLock()
        self._waiting: deque[Outage | None] = deque()
        self._side = SerialDisposable()
        self._busy = False
        self._told_rules = False

    def open(self) -> abc.DisposableBase:
        """Subscribe, and return what ends all of it."""
        sessions = as_stream(reactivex.defer(self._session))
        live = sessions.pipe(retry_with_backoff(self._policy, end_stale=self._access.end_stale))
        callbacks = Callbacks(self._on_live, self._on_error, self._observer.on_completed)
        session = subscribe_through(live, callbacks, self._scheduler)
        return CompositeDisposable(self._side, session)

    # --- the live stream

    def _session(self, _: abc.SchedulerBase) -> Observable[Any]:
        with self._lock:
            endpoint = self._core.connecting(self._now(), self._wall())
        session = self._access.session(endpoint)
        return session if endpoint is self._endpoint else session.pipe(ops.catch(self._without_means))

    def _without_means(self, error: Exception, _: Observable[Any]) -> Observable[Any]:
        with self._lock:
            refused = self._core.refused(error)
        return self._access.session(self._endpoint) if refused else reactivex.throw(error)

    def _on_live(self, item: Any) -> None:
        with self._lock:
            kind = item.__class__
            if kind is Connected:
                self._on_connected(item)
            elif kind is KeepAlive or not isinstance(item, Lifecycle):
                self._core.heard(self._now())
                if self._core.backlog is not None and self._is_of(self._core.backlog, item):
                    return
                if kind is KeepAlive or self._core.takes(item):
                    self._forward(item)
            else:
                self._forward(item)

    def _on_error(self, error: Exception) -> None:
        with self._lock:
            self._observer.on_error(error)

    def _on_connected(self, item: Connected) -> None:
        outage = self._core.connected(item.headers, self._now(), self._wall())
        self._forward(item)
        if outage is not None:
            if {"window", "search"} & {*self._core.means}:
                self._waiting.append(outage)
            else:
                self._forward(Gap(*outage.ends, self._core.why_not))
        if "search" in self._core.means and not self._told_rules:
            self._told_rules = True
            self._waiting.append(None)
        self._work()

    def _is_of(self, backlog: Backlog, item: Any) -> bool:
        """Deliver *item* if it is of the past; tell if that is over."""
        if item.__class__ is not KeepAlive:
            if backlog.takes(item):
                backlog.posts += self._on_missed(item, backlog.outage)
                return True
            if not backlog.is_over_with(item):
                return False
        self._core.backlog = None
        for told in backlog.told():
            self._forward(told)
        return False

    # --- what was missed

    def _on_missed(self, item: Any, outage: Outage) -> bool:
        with self._lock:
            if not self._core.takes_missed(item, outage):
                return False
            force_setattr(item, "recovered", True)
            self._forward(item)
            return True

    def _on_told(self, item: Any) -> None:
        with self._lock:
            self._forward(item)

    def _work(self) -> None:
        """Begin with the next recovery, on a thread of its own."""
        with self._lock:
            if self._busy or not self._waiting:
                return
            self._busy = True
            outage = self._waiting.popleft()
        steps = self._bridge.look_at_rules if outage is None else lambda: self._bridge.recover(outage)
        waiting = SingleAssignmentDisposable()
        self._side.disposable = waiting

        def begin(*_: Any) -> None:
            recovery = SingleAssignmentDisposable()
            self._side.disposable = recovery
            recovery.disposable = run_steps(steps).subscribe(
                self._on_told, self._on_error, self._done, scheduler=self._side_scheduler
            )

        later(self._timer, 0.0, lambda *_: self._context.copy().run(begin), waiting)

    def _done(self) -> None:
        with self._lock:
            self._busy = False
        self._work()

    def _server_time(self) -> float:
        with self._lock:
            return self._core.server_time(self._now(), self._wall())
