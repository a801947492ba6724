from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler, ImmediateScheduler, TimeoutScheduler

from rxtweets import _logs
from rxtweets._observable import StreamObservable, as_stream
from rxtweets._schedulers import later, on_trampoline, steady_clock, unless_event_loop
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import StreamError, TooManyConnections
from rxtweets.messages import Connected, Connecting, Lifecycle, Reconnecting

_T = TypeVar("_T")

_LONGEST_ENDING = 10.0
"""Seconds that a stale connection's end is waited for; the reconnect's own wait begins after them."""


def retry_with_backoff(
    policy: BackoffPolicy | None = None,
    *,
    end_stale: Callable[[Connected], Observable[bool]] | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T | Lifecycle]]:
    """Subscribe again after an error, when and as often as *policy* says.

    ::

        --C--s--s--x                    C: Connected, x: StreamDisconnected
                         --C--s--s--
           retry_with_backoff()
        --C--s--s--R-----C--s--s--      R: Reconnecting(delay=0.0, attempt=1, cause=…)

    Before each wait, a `Reconnecting` in the stream says how long it is and why. The policy starts over once
    a session has stayed up for `policy.healthy_after` seconds since its `Connected`; only its limit on
    connects goes on counting. An error that the policy calls final ends the stream at once, with the number
    of reconnects before it, and so does one that isn't a StreamError: a subscriber's or an operator's own
    exception never causes a reconnect.

    Args:
        policy: how long to wait after which failure; default `BackoffPolicy.standard()`.
        end_stale: called after `TooManyConnections` with the last `Connected`, if there was one. It returns
            an Observable that ends that connection if the server still counts it, and emits whether it did;
            then the next session is tried in a second. An error means that it did not, and so does no answer
            within 10 s. See `ConnectionsClient.end_stale`.
        scheduler: where the waits run and which clock they use; default the subscriber's, else a timer
            thread. Changes of the system's time don't matter.
    """
    first = BackoffPolicy.standard() if policy is None else policy
    if not isinstance(first, BackoffPolicy):
        raise ValueError(f"policy must be a BackoffPolicy, such as BackoffPolicy.never(), not {policy!r}")

    def retry_with_backoff_(source: Observable[_T]) -> Observable[_T | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[_T | Lifecycle], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            timer = scheduler or unless_event_loop(scheduler_) or TimeoutScheduler.singleton()
            sessions = _Sessions(source, observer, first, end_stale, timer, scheduler_)
            sessions.open()
            return sessions.current

        return StreamObservable(subscribe)

    return retry_with_backoff_


class _Sessions:
    """The sessions of one subscription, one after the other.

    Attributes:
        current: what goes on now: a session, the end of a stale connection, or a wait.
    """

    def __init__(
        self,
        source: Observable[Any],
        observer: abc.ObserverBase[Any],
        policy: BackoffPolicy,
        end_stale: Callable[[Connected], Observable[bool]] | None,
        timer: abc.SchedulerBase,
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        self.current = SerialDisposable()
        self._source = source
        self._observer = observer
        self._forward = observer.on_next
        self._policy = policy
        self._end_stale = end_stale
        self._timer = timer
        self._now = steady_clock(timer)
        self._scheduler = scheduler
        self._context = contextvars.copy_context()
        self._subscriber = threading.get_ident()  # whose thread is not ours to wait on
        self._connected: Connected | None = None  # the last one
        self._healthy_at = math.inf
        self._requests = 0

    def open(self) -> None:
        """Subscribe to the source, which opens a session."""
        self._healthy_at = math.inf
        self._requests = 0
        self._policy = self._policy.connecting(self._now())
        session = SingleAssignmentDisposable()
        self.current.disposable = session
        session.disposable = self._source.subscribe(
            self._on_next, self._on_error, self._observer.on_completed, scheduler=self._scheduler
        )

    def _on_next(self, item: Any) -> None:
        if item.__class__ is Connected:
            self._connected = item
            self._healthy_at = self._now() + self._policy.healthy_after
        elif item.__class__ is Connecting:
            self._requests += 1
            if self._requests > 1:  # with another token; the first was counted when it was subscribed to
                self._policy = self._policy.connecting(self._now())
        self._forward(item)

    def _on_error(self, error: Exception) -> None:
        if self._now() >= self._healthy_at:
            self._policy = self._policy.healthy()
        if self._end_stale is None or self._connected is None or not isinstance(error, TooManyConnections):
            self._retry(error)
        else:
            self._end(self._end_stale, self._connected, error)

    def _end(
        self, end_stale: Callable[[Connected], Observable[bool]], connected: Connected, error: StreamError
    ) -> None:
        """End the connection that began with *connected*, and then retry."""
        asked = as_stream(reactivex.defer(lambda _: end_stale(connected)))
        if not isinstance(self._timer, CurrentThreadScheduler | ImmediateScheduler):  # they sit a wait out
            asked = asked.pipe(ops.timeout(_LONGEST_ENDING, scheduler=self._timer))
        ended: list[bool] = []
        ending = SingleAssignmentDisposable()
        self.current.disposable = ending
        ending.disposable = asked.subscribe(
            ended.append,
            lambda _: self._retry(error),
            lambda: self._retry(error, any(ended)),
            scheduler=self._scheduler,
        )

    def _retry(self, error: Exception, stale_ended: bool = False) -> None:
        """Wait as the policy says and open the next session, or end with *error*."""
        now = self._now()
        try:
            retry = self._policy.next(error, now, stale_ended=stale_ended)
        except Exception as raised:  # the user's predicate
            self._observer.on_error(raised)
            return
        if retry is None or not isinstance(error, StreamError):
            if isinstance(error, StreamError):
                error.attempts, error.elapsed = self._policy.attempt, self._policy.elapsed(now)
                _logs.gave_up(error)
            self._observer.on_error(error)
            return
        self._policy = retry.policy
        _logs.waiting(retry.delay, retry.policy.attempt, error)
        self._forward(Reconnecting(delay=retry.delay, attempt=retry.policy.attempt, cause=error))
        # In this order: a wait of 0 s may be over before it is returned, the next session begun.
        wait = SingleAssignmentDisposable()
        self.current.disposable = wait
        try:
            later(self._timer, retry.delay, self._open_in_context, wait)
        except RuntimeError as refused:  # the system starts no thread
            if threading.get_ident() == self._subscriber or not isinstance(self._timer, TimeoutScheduler):
                error.add_note(f"no reconnect, as there is nothing to wait on: {refused}")
                self._observer.on_error(error)
                return
            later(CurrentThreadScheduler.singleton(), retry.delay, self._open_in_context, wait)

    def _open_in_context(self, *_: Any) -> None:
        self._context.copy().run(on_trampoline, self.open)  # an end that comes in `subscribe` ends it, too
