from __future__ import annotations

import contextvars
import itertools
import math
import threading
from functools import partial
from queue import SimpleQueue
from typing import Any, Literal, Never, overload

from reactivex import abc
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.scheduler.eventloop import AsyncIOScheduler, AsyncIOThreadSafeScheduler

from rxtweets._handoff import Handoff, Overflow
from rxtweets._handoff import ObserveOn as ObserveOn
from rxtweets._schedulers import waits_for_this_thread
from rxtweets._waiting import listener
from rxtweets.messages import Dropped

_SHARE = 0.01
"""Seconds after which a drain on a scheduler lets others have their turn."""

_numbers = itertools.count(1)


@overload
def observe_on(
    scheduler: abc.SchedulerBase | None = None, *, capacity: int = 1000, overflow: Literal["block"] = "block"
) -> ObserveOn[Never]: ...


@overload
def observe_on(
    scheduler: abc.SchedulerBase | None = None, *, capacity: int = 1000, overflow: Overflow
) -> ObserveOn[Dropped]: ...


def observe_on(
    scheduler: abc.SchedulerBase | None = None, *, capacity: int = 1000, overflow: Overflow = "block"
) -> ObserveOn[Any]:
    """Hand items to another thread or loop, through a bounded queue.

    ::

        -1-2-3-4-5-6-7-8-|          the subscriber takes longer for each
           observe_on(capacity=2, overflow="drop_oldest")
        -1----2----D4---D7---8-|    D: Dropped(count=1, first=3, last=3), Dropped(2, 5, 6)

    Everything comes in order; the error or the completion comes after all waiting items. An exception in a
    subscriber behind it closes the session, as anywhere else.

    Lifecycle events take up no room and are never dropped. Nothing else is dropped silently: a `Dropped`
    takes the place of the dropped items, before the next one or the end.

    The returned operator has the figures `depth`, `high_water` and `dropped`, which you can read at any
    time::

        handed_over = tw.observe_on(capacity=10_000, overflow="drop_oldest")
        client.sample().pipe(handed_over, tw.posts()).subscribe(store)
        print(handed_over.depth, "wait,", handed_over.dropped, "were dropped")

    Args:
        scheduler: where to deliver; default a daemon thread of its own for each subscription, which ends with
            it. On an RxPY scheduler, it runs for at most 10 ms before it is scheduled again. Dispose the
            subscription before the scheduler.
        capacity: how many items may wait.
        overflow: what happens when that many wait and another one comes:

            * `"block"`: reading stops until half of them have been delivered. A server that has to wait too
              long ends the stream.
            * `"drop_oldest"`: the one that has waited longest is dropped.
            * `"drop_newest"`: the arriving one is dropped.
            * `"latest"`: like `"drop_oldest"` with a capacity of 1, whatever *capacity* is.
            * `"error"`: the stream is closed, and ends with `TooSlow` after what waits.

    With `"block"`, sending items on the very thread that would deliver them, such as a
    `CurrentThreadScheduler`'s, would wait for ever: the stream ends with a RuntimeError that says so.

    Raises:
        ValueError: *scheduler*, *capacity* or *overflow* isn't what it should be.
    """
    if scheduler is None:
        return ObserveOn(capacity, overflow, _Thread)
    if not isinstance(scheduler, abc.SchedulerBase):
        raise ValueError(f"scheduler must be a scheduler of RxPY, or None for a thread, not {scheduler!r}")
    if isinstance(scheduler, AsyncIOScheduler) and not isinstance(scheduler, AsyncIOThreadSafeScheduler):
        raise ValueError(
            "an AsyncIOScheduler isn't woken by what another thread schedules: take an "
            "AsyncIOThreadSafeScheduler"
        )
    return ObserveOn(capacity, overflow, partial(_Scheduler, scheduler))


class _Thread:
    """A thread that drains one hand-off, and ends with it."""

    def __init__(self, handoff: Handoff) -> None:
        calls: SimpleQueue[bool] = SimpleQueue()
        self.wake = partial(calls.put, True)
        self.close = partial(calls.put, False)
        context = contextvars.copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        self._thread = threading.Thread(
            target=context.run,
            args=[_drain, handoff, calls],
            name=f"rxtweets-observe_on-{next(_numbers)}",
            daemon=True,
        )
        try:
            self._thread.start()
        except BaseException:  # Ctrl-C, while the thread begins
            self.close()
            raise

    def is_here(self) -> bool:
        return threading.current_thread() is self._thread


def _drain(handoff: Handoff, calls: SimpleQueue[bool]) -> None:
    while calls.get():
        handoff.drain()


class _Scheduler:
    """A scheduler of RxPY, on which one drain at a time is scheduled.

    None is ever cancelled, as one that finds nothing does nothing; RxPY's own cancelling can block.
    """

    def __init__(self, scheduler: abc.SchedulerBase, handoff: Handoff) -> None:
        self._scheduler = scheduler
        self._handoff = handoff
        # Virtual time stands still while work is done.
        self._share = math.inf if isinstance(scheduler, VirtualTimeScheduler) else _SHARE

    def wake(self) -> None:
        self._scheduler.schedule(self._drain)

    def is_here(self) -> bool:
        return waits_for_this_thread(self._scheduler)

    def close(self) -> None:
        pass

    def _drain(self, *_: Any) -> None:
        if self._handoff.drain(share=self._share):
            self._handoff.wake()
