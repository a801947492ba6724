"""Wait for the end of an Observable, blocking or in asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextvars import ContextVar, copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.internal import SequenceContainsNoElementsError
from reactivex.scheduler import CurrentThreadScheduler

from ._loops import AtClose, running_loop

_T = TypeVar("_T")

listener: ContextVar[Callable[[BaseException], Any] | None] = ContextVar("rxtweets_listener", default=None)
"""The callback that makes `run` or `await` raise an exception; set while they subscribe.

An exception on another thread would otherwise leave them waiting forever.
"""

watcher: ContextVar[Callable[[BaseException], Any] | None] = ContextVar("rxtweets_watcher", default=None)
"""The callback that hears of every exception of a subscriber or an operator in this context.

Who delivers an item and does something with it afterwards, such as acknowledge it, sets this meanwhile: not
every exception gets back to it.
"""


def run_to_last(source: Observable[_T], scheduler: abc.SchedulerBase | None) -> _T:
    """Subscribe, block until completion, and return the last item; Ctrl-C disposes and is raised."""
    last: deque[_T] = deque(maxlen=1)
    block(source, last.append, scheduler)
    return _only(last)


def wait_for_last(source: Observable[_T]) -> Generator[Any, None, _T]:
    """Subscribe, wait for completion in asyncio, and return the last item; cancellation disposes."""
    loop = running_loop("await")
    completed: asyncio.Future[None] = loop.create_future()
    last: deque[_T] = deque(maxlen=1)
    subscription = SingleAssignmentDisposable()

    def settle(error: BaseException | None) -> None:
        if completed.done():
            return
        if error is None:
            completed.set_result(None)
        else:
            completed.set_exception(error)

    def end(error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, error)

    at_close = AtClose(loop, subscription.dispose)
    try:
        _subscribe(source, last.append, end, subscription, None)
        yield from completed
    finally:
        at_close.dispose()
        subscription.dispose()
    return _only(last)


def _only(last: deque[_T]) -> _T:
    if not last:
        raise SequenceContainsNoElementsError(
            "it completed without an item, so there is none to return; "
            ".pipe(ops.to_list()) makes a list of all that comes, an empty one of nothing"
        )
    return last[0]


def block(
    source: abc.ObservableBase[_T],
    on_next: Callable[[_T], Any],
    scheduler: abc.SchedulerBase | None = None,
) -> None:
    """Subscribe, block until the stream ends, and dispose.

    *source* is a StreamObservable, which tells `listener` of an exception that *on_next* raised.

    Raises:
        BaseException: whatever ended it before its completion, Ctrl-C included.
    """
    ends: SimpleQueue[BaseException | None] = SimpleQueue()  # a signal handler, too, may put into it
    subscription = SingleAssignmentDisposable()

    try:
        _subscribe(source, on_next, ends.put, subscription, scheduler)
        failure = _first(ends)
    finally:
        subscription.dispose()
    if failure is not None:
        raise failure


def _subscribe(
    source: abc.ObservableBase[_T],
    on_next: Callable[[_T], Any],
    end: Callable[[BaseException | None], None],
    subscription: SingleAssignmentDisposable,
    scheduler: abc.SchedulerBase | None,
) -> None:
    """Subscribe, and call *end* with what ends it before its completion, else with None."""

    def begin() -> None:
        token = listener.set(end)
        try:
            subscription.disposable = source.subscribe(on_next, end, lambda: end(None), scheduler=scheduler)
        finally:
            listener.reset(token)

    def begin_elsewhere() -> None:
        try:
            begin()
        except BaseException as error:
            end(error)

    if CurrentThreadScheduler.singleton().schedule_required():
        begin()
    else:  # What the subscription schedules on this thread would wait until the caller has returned.
        context = copy_context()
        threading.Thread(target=context.run, args=[begin_elsewhere], daemon=True).start()


def _first(ends: SimpleQueue[_T]) -> _T:
    while True:
        with contextlib.suppress(Empty):
            return ends.get(timeout=0.5)  # an endless wait cannot be interrupted on Windows
