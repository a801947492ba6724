"""Which schedulers may be kept busy."""

from __future__ import annotations

from reactivex import abc

_EVENT_LOOPS = ("reactivex.scheduler.eventloop", "reactivex.scheduler.mainloop")


def on_no_event_loop(scheduler: abc.SchedulerBase | None) -> abc.SchedulerBase | None:
    """*scheduler*, or None where it runs on an event loop: asyncio's, a GUI's.

    Programs give those to `subscribe` for operators of time. To read there would freeze the loop, and most of
    them must not be called from the thread that reads.
    """
    loops = any(kind.__module__.startswith(_EVENT_LOOPS) for kind in type(scheduler).__mro__)
    return None if loops else scheduler
