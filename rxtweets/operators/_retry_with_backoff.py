from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import (
    Disposable,
    SerialDisposable,
    SingleAssignmentDisposable,
)
from reactivex.scheduler import CurrentThreadScheduler, ImmediateScheduler, TimeoutScheduler

from rxtweets._observable import StreamObservable, as_stream
from rxtweets._schedulers import steady_clock, unless_event_loop
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
    """Subscribe anew after an error, when and as often as *policy* says.

        --C--s--s--x                    C: Connected, x: StreamDisconnected
                         --C--s--s--
           retry_with_backoff()
        --C--s--s--R-----C--s--s--      R: Reconnecting(delay=0.0, attempt=1, cause=…)

    Before each wait a `Reconnecting` says in the stream how long it is and why. The policy starts over once a
    session has stood, since its `Connected`, for `policy.healthy_after` seconds; only its limit on connects
    goes on counting. An error that the policy calls final ends the stream at once, with the number of
    reconnects before it, and so does one that is no StreamError: a subscriber's or an operator's own
    exception never reconnects.

    Args:
        policy: which failure waits how long; default `BackoffPolicy.standard()`.
        end_stale: called after `TooManyConnections` with the last `Connected`, if there was one, for an
            Observable that ends that connection where the server still counts it, and tells whether it did;
            then the next session is tried in a second. Its errors mean that it did not, and so does no answer
            in 10 s. See `ConnectionsClient.end_stale`.
        scheduler: where the waits run and which clock they go by; default the subscriber's, else a timer
            thread. Changes of the system's time don't matter.
    """
    first = BackoffPolicy.standard() if policy is None else policy
    if not isinstance(first, BackoffPolicy):
        raise ValueError(f"policy is a BackoffPolicy, such as BackoffPolicy.never(), not {policy!r}")

    def retry_with_backoff_(source: Observable[_T]) -> Observable[_T | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[_T | Lifecycle], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            timer = scheduler or unless_event_loop(scheduler_) or TimeoutScheduler.singleton()
            now = steady_clock(timer)
            forward = observer.on_next
            current = SerialDisposable()
            policy = first
            context = contextvars.copy_context()
            subscriber = threading.get_ident()  # whose thread is not ours to wait on
            last: Connected | None = None
            connected_at: float | None = None
            requests = 0

            def connect() -> None:
                nonlocal connected_at, policy, requests
                connected_at = None
                requests = 0
                policy = policy.connecting(now())
                session = SingleAssignmentDisposable()
                current.disposable = session
                session.disposable = source.subscribe(
                    on_next, on_error, observer.on_completed, scheduler=scheduler_
                )

            def on_next(item: _T) -> None:
                nonlocal connected_at, last, policy, requests
                if item.__class__ is Connected:
                    connected_at = now()
                    last = item  # type: ignore[assignment]
                elif item.__class__ is Connecting:
                    requests += 1
                    if requests > 1:  # with another token; the first was counted when it was subscribed to
                        policy = policy.connecting(now())
                forward(item)

            def on_error(error: Exception) -> None:
                nonlocal policy
                if connected_at is not None and now() - connected_at >= policy.healthy_after:
                    policy = policy.healthy()
                if end_stale is None or last is None or not isinstance(error, TooManyConnections):
                    retry(error)
                    return
                connected = last
                asked = as_stream(reactivex.defer(lambda _: end_stale(connected)))
                if not isinstance(timer, CurrentThreadScheduler | ImmediateScheduler):  # they sit a wait out
                    asked = asked.pipe(ops.timeout(_LONGEST_ENDING, scheduler=timer))
                ending = SingleAssignmentDisposable()
                current.disposable = ending
                ended: list[bool] = []
                ending.disposable = asked.subscribe(
                    ended.append,
                    lambda _: retry(error),
                    lambda: retry(error, any(ended)),
                    scheduler=scheduler_,
                )

            def retry(error: Exception, stale_ended: bool = False) -> None:
                nonlocal policy
                at = now()
                try:
                    answer = policy.next(error, at, stale_ended=stale_ended)
                except Exception as raised:  # the user's predicate
                    observer.on_error(raised)
                    return
                if answer is None or not isinstance(error, StreamError):
                    if isinstance(error, StreamError):
                        error.attempts, error.elapsed = policy.attempt, policy.elapsed(at)
                    observer.on_error(error)
                    return
                policy = answer.policy
                forward(Reconnecting(delay=answer.delay, attempt=policy.attempt, cause=error))
                # In this order: a wait of 0 s may be over before it is returned, the next session begun.
                wait = SingleAssignmentDisposable()
                current.disposable = wait
                try:
                    _later(timer, answer.delay, lambda *_: context.copy().run(connect), wait)
                except RuntimeError as refused:  # the system starts no thread
                    if threading.get_ident() == subscriber or not isinstance(timer, TimeoutScheduler):
                        error.add_note(f"no reconnect, as there is nothing to wait on: {refused}")
                        observer.on_error(error)
                        return
                    here = CurrentThreadScheduler.singleton()
                    _later(here, answer.delay, lambda *_: context.copy().run(connect), wait)

            connect()
            return current

        return StreamObservable(subscribe)

    return retry_with_backoff_


def _later(
    timer: abc.SchedulerBase,
    delay: float,
    action: Callable[..., None],
    wait: SingleAssignmentDisposable,
) -> None:
    """Run *action* on *timer* in *delay* seconds, unless *wait* is disposed before."""
    if not isinstance(timer, CurrentThreadScheduler):
        wait.disposable = timer.schedule_relative(delay, action)
        return
    # Its own waits cannot be woken: whoever blocks in `subscribe` would sit them out after a disposal.
    disposed = threading.Event()

    def wait_here(*_: Any) -> None:
        if not disposed.wait(delay):
            action()

    wait.disposable = Disposable(disposed.set)
    timer.schedule(wait_here)
