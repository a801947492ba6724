"""State that items change and a timer shows: the base of windows, meters and alarms."""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import ImmediateScheduler, TimeoutScheduler, TrampolineScheduler

from rxtweets._observable import StreamObservable
from rxtweets._schedulers import steady_clock, unless_event_loop

_T = TypeVar("_T")

STEP = 1e-6
"""The precision of RxPY's clocks, in seconds."""


class State(ABC, Generic[_T]):
    """The state of one subscription. Times are in seconds since it was made."""

    def read(self, item: Any) -> Any:
        """Return what is to be added of *item*. Without the lock, so that it may call functions of users."""
        return item

    @abstractmethod
    def add(self, found: Any, now: float) -> None:
        """Add what `read` found."""

    @abstractmethod
    def show(self, now: float) -> _T | None:
        """Return what to emit; None for nothing."""

    def last(self, now: float) -> _T | None:
        """Return what to emit before the end; None for nothing."""
        return self.show(now)


def seconds(name: str, value: float) -> float:
    """Return *value*, the argument *name*.

    Raises:
        ValueError: it isn't a number of seconds above 0.
    """
    if not is_number(value) or value <= 0:
        raise ValueError(f"{name} must be a number of seconds above 0, such as 1.0, not {value!r}")
    return float(value)


def is_number(value: Any) -> bool:
    """Return whether *value* is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def periodically(
    every: float, make: Callable[[abc.SchedulerBase], State[_T]], scheduler: abc.SchedulerBase | None
) -> Callable[[Observable[Any]], Observable[_T]]:
    """Emit the state that *make* makes for each subscription, every so many seconds and at the end.

    *make* is given the scheduler of the timer: *scheduler*, else the subscriber's, else a timer thread. While
    a subscriber works on what was emitted, items are added and ticks are left out, so that the source never
    waits for it and it is never called twice at once.
    """
    every = seconds("every", every)
    if scheduler is not None and not _has_a_timer(scheduler):
        raise ValueError(
            "scheduler must be one of RxPY's that runs beside the stream, such as TimeoutScheduler(), "
            f"not {scheduler!r}"
        )

    def periodically_(source: Observable[Any]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            timer = scheduler or scheduler_
            if timer is None or not _has_a_timer(timer):
                timer = TimeoutScheduler.singleton()
            ticks = _Ticks(observer, make(timer), every, timer)
            ticks.begin()
            try:
                session = source.subscribe(
                    ticks.on_next, ticks.on_error, ticks.on_completed, scheduler=scheduler_
                )
            except BaseException:
                ticks.pending.dispose()
                raise
            return CompositeDisposable(ticks.pending, session)

        return StreamObservable(subscribe)

    return periodically_


def _has_a_timer(scheduler: Any) -> bool:
    """Return whether it is a scheduler that doesn't wait for the stream to end before it ticks."""
    waits = isinstance(scheduler, TrampolineScheduler | ImmediateScheduler)
    return isinstance(scheduler, abc.SchedulerBase) and not waits


class _Ticks(Generic[_T]):
    """The items and ticks of one subscription. The lock guards the state, and no observer is called with it.

    Attributes:
        pending: the next tick.
    """

    def __init__(
        self, observer: abc.ObserverBase[_T], state: State[_T], every: float, timer: abc.SchedulerBase
    ) -> None:
        self.pending = SerialDisposable()
        self._observer = observer
        self._state = state
        self._every = every
        self._timer = timer
        # A loop's last tick is left to find nothing: RxPY's cancelling can wait for the loop's thread.
        self._cancels = unless_event_loop(timer) is not None
        self._clock = steady_clock(timer)
        self._began = self._clock()
        self._tick = 0
        self._lock = threading.Lock()
        self._emitting = False
        self._end: Callable[[], None] | None = None

    def begin(self) -> None:
        """Schedule the next tick: those whose time is over are left out."""
        now = self._now()
        self._tick = max(self._tick, int((now + STEP) / self._every)) + 1
        tick = SingleAssignmentDisposable()
        self.pending.disposable = tick
        scheduled = self._timer.schedule_relative(max(self._tick * self._every - now, 0.0), self._on_tick)

        if self._cancels:
            tick.disposable = scheduled

    def on_next(self, item: Any) -> None:
        if self._end is not None:
            return
        try:
            found = self._state.read(item)
            with self._lock:
                self._state.add(found, self._now())
        except Exception as error:  # a function of the user's
            self._finish(partial(self._observer.on_error, error))

    def on_error(self, error: Exception) -> None:
        self._finish(partial(self._emit_last, partial(self._observer.on_error, error)))

    def on_completed(self) -> None:
        self._finish(partial(self._emit_last, self._observer.on_completed))

    def _now(self) -> float:
        return self._clock() - self._began

    def _on_tick(self, *_: Any) -> None:
        if not self._begin_emitting():
            return
        shown = None
        try:
            with self._lock:  # a timer may be early, by the precision of its clock
                shown = self._state.show(max(self._now(), self._tick * self._every))
        except Exception as error:  # the keys are the user's
            self._finish(partial(self._observer.on_error, error))
        if shown is not None:
            self._observer.on_next(shown)
        end = self._end_emitting()
        if end is not None:
            end()
            return
        try:
            self.begin()
        except Exception as error:  # the system starts no thread
            self._finish(partial(self._observer.on_error, error))

    def _begin_emitting(self) -> bool:
        with self._lock:
            self._emitting = self._end is None and not self.pending.is_disposed
            return self._emitting

    def _end_emitting(self) -> Callable[[], None] | None:
        """Return the end that came meanwhile, if one did."""
        with self._lock:
            self._emitting = False
            return self._end

    def _finish(self, end: Callable[[], None]) -> None:
        """Call *end*, unless the end has come; after what is being emitted, on the thread that does."""
        with self._lock:
            if self._end is not None:
                return
            self._end = end
            if self._emitting:
                return
        end()

    def _emit_last(self, end: Callable[[], None]) -> None:
        try:
            with self._lock:
                shown = self._state.last(self._now())
        except Exception as error:
            self._observer.on_error(error)
            return
        if shown is not None:
            self._observer.on_next(shown)
        end()
