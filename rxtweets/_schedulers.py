"""Facts about RxPY's schedulers: those of event loops, the time, and where they run."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from reactivex import abc
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.scheduler import (
    CurrentThreadScheduler,
    EventLoopScheduler,
    ImmediateScheduler,
    TrampolineScheduler,
    VirtualTimeScheduler,
)
from reactivex.scheduler.scheduler import Scheduler

_EVENT_LOOPS = (
    "reactivex.scheduler.eventloop.",
    "reactivex.scheduler.eventloopscheduler",
    "reactivex.scheduler.mainloop.",
)

_LONGEST_SUBSCRIBE = 5.0
"""Seconds for which a `subscribe` is waited for; one that waits itself for an item would never return."""


def unless_event_loop(scheduler: abc.SchedulerBase | None) -> abc.SchedulerBase | None:
    """Return *scheduler*, or None if it runs on an event loop: asyncio's, a GUI's, an `EventLoopScheduler`.

    Programs give those to `subscribe` for operators of time. Reading there would freeze the loop, and most of
    them must not be called from the thread that reads.
    """
    loops = any(kind.__module__.startswith(_EVENT_LOOPS) for kind in type(scheduler).__mro__)
    return None if loops else scheduler


def wall_clock(scheduler: abc.SchedulerBase) -> Callable[[], float]:
    """Return a clock of *scheduler*, in UNIX seconds: the system's, unless it has a time of its own."""
    if type(scheduler).now is Scheduler.now:
        return time.time
    return lambda: scheduler.to_seconds(scheduler.now)


def steady_clock(scheduler: abc.SchedulerBase) -> Callable[[], float]:
    """Return a clock of *scheduler*, in UNIX seconds, that no change of the system's time makes jump.

    RxPY's schedulers tell the system's time, unless they have a time of their own (a virtual one, say).
    """
    clock = wall_clock(scheduler)
    if clock is not time.time:
        return clock
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def waits_for_this_thread(scheduler: abc.SchedulerBase) -> bool:
    """Return True if what is scheduled now can't run before the calling thread has done its work.

    A pool of threads, all of which work, is not noticed.
    """
    if isinstance(scheduler, TrampolineScheduler | ImmediateScheduler | VirtualTimeScheduler):
        return True
    if isinstance(scheduler, EventLoopScheduler):
        return scheduler._thread is threading.current_thread()
    loop = getattr(scheduler, "_loop", None)
    if isinstance(loop, asyncio.AbstractEventLoop):
        return asyncio._get_running_loop() is loop
    return unless_event_loop(scheduler) is None and threading.current_thread() is threading.main_thread()


def on_trampoline(action: Callable[[], None]) -> None:
    """Run *action* on this thread; what it schedules there runs once it has returned."""
    trampoline = CurrentThreadScheduler.singleton()
    if trampoline.schedule_required():
        trampoline.schedule(lambda *_: action())
    else:
        action()


class Subscribing:
    """The `subscribe` that this is made in, for other threads to wait until it has returned."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._returned = threading.Event()
        # Of RxPY's trampoline this runs after all of the `subscribe` that this is in.
        CurrentThreadScheduler.singleton().schedule(lambda *_: self._returned.set())

    def wait(self) -> None:
        """Wait until it has returned, for at most 5 s; its own thread doesn't wait.

        Before that, an end such as that of `take` can't get to the source.
        """
        if threading.get_ident() != self._thread:
            self._returned.wait(_LONGEST_SUBSCRIBE)

    def cancel(self) -> None:
        """Let nobody wait any more."""
        self._returned.set()


def later(
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
