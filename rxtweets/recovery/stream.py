"""A stream with recovery: what is live, and what was missed, joined."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import reactivex
from msgspec.structs import force_setattr, replace
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler, ImmediateScheduler, TimeoutScheduler

from rxtweets._observable import Callbacks, StreamObservable, as_stream, subscribe_through
from rxtweets._schedulers import Subscribing, later, steady_clock, unless_event_loop, wall_clock
from rxtweets.endpoints import Endpoint
from rxtweets.messages import Connected, Connecting, Gap, KeepAlive, Lifecycle
from rxtweets.operators import retry_with_backoff
from rxtweets.rest import RequestPace, run_steps

from .bridge import Access, Bridge
from .checkpoint import Journal, NotNoted
from .core import DELIVERY, Backlog, Core, Outage
from .identity import Seen, key_of
from .policy import Recovery, check

_LONGEST_ENDING = 3.0
"""Seconds for X to end the connection of a process before."""


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
        journal = None if recovery.checkpoint is None else recovery.checkpoint.open(endpoint)
        self._journal = journal
        self._subscribing = None if journal is None else Subscribing()
        self._core = core = Core(endpoint, recovery.by, access.account)
        self._left: tuple[Outage, ...] = ()  # by an earlier process
        if journal is not None and journal.progress.time is not None:
            self._left = journal.progress.missed
            since = journal.progress.time - DELIVERY
            if not core.beside:
                since = min([since, *(outage.since for outage in self._left)])
            seen = Seen(journal.progress.keys)
            core = self._core = Core(endpoint, recovery.by, access.account, since, seen)
        stale = None if journal is None else journal.progress.connected
        self._stale = stale if access.end_stale is not None else None
        self._policy = access.policy if stale is None else access.policy.after_close()
        pace = None
        if access.policy.connects is not None and "window" in core.means:
            # The limit is X's on the stream, whatever is asked of it: one in five connects is for windows.
            most, seconds = access.policy.connects
            further = max(1, most // 5)
            self._policy = replace(self._policy, connects=(max(2, most - further), seconds))
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
        if self._stale is not None and self._access.end_stale is not None:
            # That of a process that may stand still, or be cut off: X has to forget it first.
            ending = self._access.end_stale(self._stale).pipe(
                ops.timeout(_LONGEST_ENDING, scheduler=self._timer),
                ops.catch(reactivex.empty()),
                ops.ignore_elements(),
            )
            live = as_stream(reactivex.concat(ending, live))
        callbacks = Callbacks(self._on_live, self._on_error, self._observer.on_completed)
        session = subscribe_through(live, callbacks, self._scheduler)
        return CompositeDisposable(Disposable(self._close), self._side, session)

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _deliver(self, item: Any, key: str | None = None, *, missed: bool = False) -> None:
        """Forward *item*; it is acknowledged when that returns. With the lock held."""
        if self._journal is None:
            self._forward(item)
            return
        try:
            self._journal.deliver(self._forward, item, key, self._core.reached, missed=missed)
        except NotNoted as refusal:
            self._observer.on_error(refusal.reason)

    def _note(self, note: Callable[[Journal, Outage], None], outage: Outage) -> None:
        """Note that *outage* began or ended. With the lock held."""
        if self._journal is not None:
            try:
                note(self._journal, outage)
            except OSError as error:
                self._observer.on_error(error)

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
        if self._subscribing is not None and not isinstance(item, Connecting):
            self._subscribing.wait()  # else what nobody gets would count as acknowledged
        with self._lock:
            kind = item.__class__
            if kind is Connected:
                self._on_connected(item)
            elif kind is KeepAlive or not isinstance(item, Lifecycle):
                self._core.heard(self._now(), item)
                key = key_of(item)
                if self._core.backlog is not None and self._is_of(self._core.backlog, item, key):
                    return
                if kind is KeepAlive or self._core.takes(item, key):
                    self._deliver(item, key)
            else:
                self._forward(item)

    def _on_error(self, error: Exception) -> None:
        with self._lock:
            self._observer.on_error(error)

    def _on_connected(self, item: Connected) -> None:
        core, stale = self._core, self._core.broken_off
        core.broken_off = None
        outage = core.connected(item.headers, self._now(), self._wall())
        for begun in (outage, None if core.backlog is None else core.backlog.outage):
            if begun is not None:
                self._note(Journal.began, begun)
        if stale is not None:
            self._note(Journal.ended, stale)
        self._deliver(item)
        left, self._left = self._left, ()
        for missed in (*left, outage):
            if missed is None:
                continue
            if core.beside:
                self._waiting.append(missed)
            else:
                if missed is outage:
                    self._forward(Gap(*missed.ends, core.why_not))
                self._note(Journal.ended, missed)  # or it is part of the present one
        if "search" in core.means and not self._told_rules:
            self._told_rules = True
            self._waiting.append(None)
        self._work()

    def _is_of(self, backlog: Backlog, item: Any, key: str | None) -> bool:
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
        self._note(Journal.ended, backlog.outage)
        return False

    # --- what was missed

    def _on_missed(self, item: Any, outage: Outage) -> bool:
        with self._lock:
            key = key_of(item)
            if not self._core.takes_missed(item, key, outage):
                return False
            force_setattr(item, "recovered", True)
            self._deliver(item, key, missed=True)
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
                self._on_told, self._on_error, lambda: self._done(outage), scheduler=self._side_scheduler
            )

        later(self._timer, 0.0, lambda *_: self._context.copy().run(begin), waiting)

    def _done(self, outage: Outage | None) -> None:
        with self._lock:
            self._busy = False
            if outage is not None:
                self._note(Journal.ended, outage)
        self._work()

    def _server_time(self) -> float:
        with self._lock:
            return self._core.server_time(self._now(), self._wall())
