"""The base of the hubs of both protocols: subscriptions, the wake-up, state, and the end."""

from __future__ import annotations

import atexit
import contextvars
import math
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable
from reactivex.scheduler import EventLoopScheduler, TimeoutScheduler

from rxtweets._observable import StreamObservable
from rxtweets._schedulers import steady_clock
from rxtweets.messages import BudgetPaused, Connected, Connecting, Disconnected, Lifecycle, Reconnecting

from .pace import LINGER
from .state import Connection, HubState
from .subscriber import Subscriber

_LONGEST_EXIT = 5.0
"""Seconds for which the end of a hub, or that of the program, waits until rules are removed."""

_MOST_REFUSED = 100


class HubCore(ABC):
    """The subscriptions of a hub and what they share.

    The lock guards all state and is never held while a subscriber is called.

    Attributes:
        failure: the error of the last request for rules, if it failed.
        _live: the connection; None while there is none. What another brings comes too late.
    """

    def __init__(self, scheduler: abc.SchedulerBase | None) -> None:
        self._timer = scheduler or TimeoutScheduler.singleton()
        self._now = steady_clock(self._timer)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._subscribers: dict[Subscriber, None] = {}
        self._watchers: dict[Subscriber, None] = {}
        self._wake = SerialDisposable()
        self._wake_at = math.inf
        self._close_at: float | None = None
        self._exiting = False
        self.failure: Exception | None = None
        self._live: Any = None
        self._connected: Connected | None = None
        self._connection: Connection = "closed"
        self._ended: deque[Subscriber] = deque()
        self._refused: deque[tuple[str, str]] = deque(maxlen=_MOST_REFUSED)
        self._shown = HubState()

    # --- subscriptions

    def observable(self, filters: tuple[Any, ...]) -> Observable[Any]:
        """Return what matches *filters* and the events of the connection, cold."""

        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            subscriber = Subscriber(observer, filters)
            with self._lock:
                try:
                    if self._exiting:
                        raise ValueError("the hub is closed: make another")
                    self._enter(subscriber)
                except ValueError as error:
                    subscriber.put_end(error)
                else:
                    self._subscribers[subscriber] = None
                    self._close_at = None
                    _at_exit.add(self)
                    if self._connected is not None:
                        subscriber.put(self._connected)
            subscriber.drain()
            self._pump()
            return Disposable(lambda: self._dispose(subscriber))

        return StreamObservable(subscribe)

    def _dispose(self, subscriber: Subscriber) -> None:
        subscriber.stop()
        with self._lock:
            self._drop(subscriber)
        self._pump()

    def _drop(self, subscriber: Subscriber) -> None:
        """Forget a subscription. With the lock held."""
        if subscriber in self._subscribers:
            del self._subscribers[subscriber]
            self._leave(subscriber)
            if not self._subscribers:
                self._close_at = self._now() + LINGER

    def _end(self, subscribers: Iterable[Subscriber], error: Exception) -> None:
        """End *subscribers* with *error*. With the lock held; the error comes with the next `drain`."""
        for subscriber in list(subscribers):
            if subscriber in self._subscribers:
                self._drop(subscriber)
                subscriber.put_end(error)
                self._ended.append(subscriber)

    @abstractmethod
    def _enter(self, subscriber: Subscriber) -> None:
        """Have the filters of *subscriber* matched. Raises ValueError where that is impossible."""

    @abstractmethod
    def _leave(self, subscriber: Subscriber) -> None:
        """Match the filters of *subscriber* no longer, unless others want them."""

    @abstractmethod
    def matching(self, post: Any) -> tuple[str, ...]:
        """Return the wanted filters, as text, that *post* came by."""

    # --- the connection

    def _broadcast(self, session: object, item: Any) -> None:
        """Forward *item* of *session* to all."""
        with self._lock:
            if session is not self._live:
                return
            if isinstance(item, Lifecycle):
                self._note(item)
            everybody = list(self._subscribers)
            for subscriber in everybody:
                subscriber.put(item)
        for subscriber in everybody:
            subscriber.drain()
        if isinstance(item, Lifecycle):
            self._publish()

    def _note(self, event: Lifecycle) -> None:
        if isinstance(event, Connected):
            self._connected, self._connection = event, "connected"
        elif isinstance(event, Connecting):
            self._connected, self._connection = None, "connecting"
        elif isinstance(event, Disconnected | Reconnecting | BudgetPaused):
            self._connected, self._connection = None, "waiting"

    # --- work

    def _pump(self) -> None:
        """Do what is due, and have this called again when something else is."""
        with self._lock:
            now = self._now()
            if self._close_at is not None and now >= self._close_at:
                self._close_at = None
                self._close()
                self._connected, self._connection = None, "closed"
            act, at = self._work(now)
            at = min((time for time in (at, self._close_at) if time is not None), default=None)
            ended = list(self._ended)
            self._ended.clear()
            if act is None and at is None:
                self._wake.disposable, self._wake_at = Disposable(), math.inf
            elif at is not None and at < self._wake_at:  # one that comes too early does no harm
                self._wake_at = at
                self._wake.disposable = self._timer.schedule_relative(max(at - now, 0.0), self._on_time)
            if self._is_over():
                _at_exit.discard(self)
                self._changed.notify_all()
        for subscriber in ended:
            subscriber.drain()
        self._publish()
        if act is not None:
            apart = contextvars.Context()  # its errors are no subscriber's
            if self._exiting:
                _at_exit.run(self, lambda: apart.run(act))
            else:
                apart.run(act)

    def _on_time(self, *_: Any) -> None:
        with self._lock:
            self._wake_at = math.inf
        self._pump()

    @abstractmethod
    def _work(self, now: float) -> tuple[Callable[[], None] | None, float | None]:
        """Return what to do now, which calls `_pump` at some time, and the time of the next work.

        With the lock held; the work is done without it.
        """

    @abstractmethod
    def _close(self) -> None:
        """Close the connection. With the lock held."""

    @abstractmethod
    def _is_over(self) -> bool:
        """Return whether nothing is subscribed, open or left to remove."""

    @abstractmethod
    def _hurry(self) -> None:
        """Wait no longer with what is to be removed. With the lock held."""

    def close(self) -> bool:
        """Complete every subscription, and return whether all rules are removed within 5 s."""
        with self._lock:
            self._exiting = True
            ended = list(self._subscribers)
            for subscriber in ended:
                self._drop(subscriber)
                subscriber.put_end(None)
        for subscriber in ended:
            subscriber.drain()
        self.begin_end()
        is_over = self.wait_for_end(time.monotonic() + _LONGEST_EXIT)
        _at_exit.discard(self)
        return is_over

    def begin_end(self) -> None:
        """End everything, and begin to remove the rules."""
        with self._lock:
            self._exiting = True
            self.failure = None
            for subscriber in list(self._subscribers):
                self._drop(subscriber)
                subscriber.stop()
            self._close_at = 0.0
            self._hurry()
        self._pump()

    def wait_for_end(self, until: float) -> bool:
        """Wait until the rules are removed, or the monotonic clock says *until*; return whether they are."""
        while not self._is_over() and time.monotonic() < until:
            with self._changed:
                self._changed.wait_for(self._is_over, 0.1)
            self._pump()  # in place of a timer
        return self._is_over() and self.failure is None

    # --- state

    def state(self) -> Observable[HubState]:
        """Return the present state and those that follow, equal ones once."""

        def subscribe(
            observer: abc.ObserverBase[HubState], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            watcher = Subscriber(observer)
            self._publish(watcher)

            def dispose() -> None:
                watcher.stop()
                with self._lock:
                    self._watchers.pop(watcher, None)

            return Disposable(dispose)

        return StreamObservable(subscribe)

    def _publish(self, newcomer: Subscriber | None = None) -> None:
        """Tell the state to those who watch it, if it has changed, and to *newcomer*."""
        with self._lock:
            if newcomer is not None:
                self._watchers[newcomer] = None
            watchers = list(self._watchers)
            if not watchers:
                return
            state = self._snapshot()
            for watcher in watchers:
                if watcher is newcomer or state != self._shown:
                    watcher.put(state)
            self._shown = state
        for watcher in watchers:
            watcher.drain()

    @abstractmethod
    def _snapshot(self) -> HubState:
        """Return the present state. With the lock held."""


class _AtExit:
    """Finishes the hubs that are in use when the program ends, side by side.

    From Python 3.12 on no thread can be started then, so one is kept for each.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[HubCore, EventLoopScheduler] = {}

    def add(self, hub: HubCore) -> None:
        """Finish *hub* at the end of the program."""
        with self._lock:
            if hub not in self._threads:
                self._threads[hub] = thread = EventLoopScheduler()
                thread.schedule(lambda *_: None)  # which starts it

    def discard(self, hub: HubCore) -> None:
        """Finish *hub* no longer, which is over."""
        with self._lock:
            thread = self._threads.pop(hub, None)
        if thread is not None:
            thread.dispose()

    def run(self, hub: HubCore, act: Callable[[], None]) -> None:
        """Call *act* on the thread that is kept for *hub*."""
        with self._lock:
            if hub in self._threads:
                self._threads[hub].schedule(lambda *_: act())

    def finish(self) -> None:
        with self._lock:
            hubs = list(self._threads)
        until = time.monotonic() + _LONGEST_EXIT
        for hub in hubs:
            hub.begin_end()
        for hub in hubs:
            hub.wait_for_end(until)


_at_exit = _AtExit()
atexit.register(_at_exit.finish)
