"""Which schedulers may be kept busy, and what time it is on them."""

from __future__ import annotations

import time
from collections.abc import Callable

from reactivex import abc
from reactivex.scheduler.scheduler import Scheduler

_EVENT_LOOPS = ("reactivex.scheduler.eventloop", "reactivex.scheduler.mainloop")


def on_no_event_loop(scheduler: abc.SchedulerBase | None) -> abc.SchedulerBase | None:
    """*scheduler*, or None where it runs on an event loop: asyncio's, a GUI's.

    Programs give those to `subscribe` for operators of time. To read there would freeze the loop, and most of
    them must not be called from the thread that reads.
    """
    loops = any(kind.__module__.startswith(_EVENT_LOOPS) for kind in type(scheduler).__mro__)
    return None if loops else scheduler


def steady_clock(scheduler: abc.SchedulerBase) -> Callable[[], float]:
    """Return a clock of *scheduler*, in UNIX seconds, that no change of the system's time makes jump.

    RxPY's schedulers tell the system's time, unless they have a time of their own (a virtual one, say).
    """
    if type(scheduler).now is not Scheduler.now:
        return lambda: scheduler.to_seconds(scheduler.now)
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
