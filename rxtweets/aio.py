"""Observables in asyncio: `async for`, `await`, and delivery on a loop's thread.

::

    from rxtweets import aio

    async for post in aio.iterate(client.sample().pipe(tw.posts())):
        await store(post)

Streams read on a thread of their own, and the loop is woken once for all waiting items. Reconnects don't end
a loop. All of it needs asyncio's loop, or another one with its interface, such as uvloop's. When the loop is
closed, so are the sessions.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Literal, Never, TypeVar, overload

from reactivex import Observable
from reactivex import operators as ops

from ._handoff import Handoff, ObserveOn, Overflow, check_queue
from ._iterate import Pull
from ._loops import AtClose, running_loop
from ._observable import source_of
from .messages import Dropped

__all__ = ["first", "iterate", "observe_on", "to_list"]

_T = TypeVar("_T")

_SHARE = 0.01
"""Seconds after which the loop's other callbacks have their turn, however much waits."""

_FRAME = 0.005
"""Seconds from one waking of the loop to the next: to wake it is most of what an item costs."""


@overload
def iterate(
    observable: Observable[_T], *, capacity: int = 1000, overflow: Literal["block"] = "block"
) -> Items[_T]: ...


@overload
def iterate(
    observable: Observable[_T], *, capacity: int = 1000, overflow: Overflow
) -> Items[_T | Dropped]: ...


def iterate(observable: Observable[Any], *, capacity: int = 1000, overflow: Overflow = "block") -> Items[Any]:
    """Iterate over an Observable with `async for`.

    The subscription begins with the loop. Whatever ends the loop closes the session: `break`, an exception,
    the task's cancellation, or another task that calls the iterator's `aclose()`. `break` doesn't close an
    iterator that is kept in a variable: call `aclose()`, or use `contextlib.aclosing`. A timeout around one
    `anext` cancels it, and so closes the session, too.

    Args:
        observable: what to subscribe to.
        capacity: how many items may wait while the loop's body works.
        overflow: what happens when as many wait and another one comes, as for `tw.observe_on`. With any but
            `"block"`, a `Dropped` comes in the place of what was dropped.

    Raises:
        Exception: in the loop, the stream's error, after the items that came before it.
        RuntimeError: in the loop, asyncio isn't running here, or a second task asks for an item while the
            first waits for one.
        ValueError: an argument isn't what it should be.
    """
    check_queue(capacity, overflow)
    return Items(source_of(observable, "aio.iterate"), capacity, overflow)


async def first(observable: Observable[_T]) -> _T:
    """Return the first item, and close the session.

    Raises:
        SequenceContainsNoElementsError: it completed without one.
        Exception: the stream's error.
        RuntimeError: asyncio doesn't run here.
        ValueError: *observable* is not an Observable.
    """
    return await source_of(observable, "aio.first").pipe(ops.take(1))


async def to_list(observable: Observable[_T]) -> list[_T]:
    """Return all items once the Observable completes; `ops.take(n)` ends one that wouldn't.

    Raises:
        Exception: the stream's error.
        RuntimeError: asyncio doesn't run here.
        ValueError: *observable* is not an Observable.
    """
    return await source_of(observable, "aio.to_list").pipe(ops.to_list())


@overload
def observe_on(
    loop: asyncio.AbstractEventLoop | None = None,
    *,
    capacity: int = 1000,
    overflow: Literal["block"] = "block",
) -> ObserveOn[Never]: ...


@overload
def observe_on(
    loop: asyncio.AbstractEventLoop | None = None, *, capacity: int = 1000, overflow: Overflow
) -> ObserveOn[Dropped]: ...


def observe_on(
    loop: asyncio.AbstractEventLoop | None = None, *, capacity: int = 1000, overflow: Overflow = "block"
) -> ObserveOn[Any]:
    """Deliver items on an asyncio loop's thread, through a bounded queue.

    It has the figures and policies of `tw.observe_on`. While the loop is idle, an item waits for 5 ms at
    most, so that the loop needn't be woken for each. After 10 ms of work, the loop's other callbacks have
    their turn. The subscriber is called in the context (`contextvars`) in which it subscribed. If it raises,
    the session is closed and the loop's exception handler reports the exception. When the loop is closed, so
    is the session, and `on_error` gets a RuntimeError.

    Args:
        loop: by default the one that is running where you subscribe.
        capacity: how many items may wait.
        overflow: what happens when as many wait and another one comes.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    if not isinstance(loop, asyncio.AbstractEventLoop | None):
        raise ValueError(f"loop must be a loop of asyncio, or None for the running one, not {loop!r}")
    return ObserveOn(capacity, overflow, partial(_Place, loop))


class _Waker:
    """Has *work* done on the thread of *loop*: soon after it is woken, and at most once in a `_FRAME`.

    It is done in the context (`contextvars`) in which this was made.

    Args:
        work: returns True if it isn't done yet.
        fail: called when the loop is closed before `close`, and maybe after.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Callable[[], bool], fail: Callable[[Exception], None]
    ) -> None:
        self._loop = loop
        self._work = work
        self._context = copy_context()  # not that of whoever sends the item that wakes
        self._at_close = AtClose(loop, partial(fail, RuntimeError("Event loop is closed")))
        self._wanted = self._resting = False

    def is_here(self) -> bool:
        return asyncio._get_running_loop() is self._loop

    def wake(self) -> None:
        self._wanted = True
        if not self._resting:
            self._loop.call_soon_threadsafe(self._run, context=self._context.copy())

    def close(self) -> None:
        self._at_close.dispose()

    def _run(self) -> None:
        self._resting = False  # before the work: what comes after it wakes
        wanted, self._wanted = self._wanted, False
        if self._work():
            self._loop.call_soon(self._run)
        elif wanted:
            self._resting = True
            self._loop.call_later(_FRAME, self._run)


class _Place:
    """A loop on which one hand-off is drained."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None, handoff: Handoff) -> None:
        self._loop = loop or running_loop("aio.observe_on(loop=None)")
        self._handoff = handoff
        waker = _Waker(self._loop, partial(handoff.drain, share=_SHARE), self._fail)
        self.wake, self.is_here, self.close = waker.wake, waker.is_here, waker.close

    def _fail(self, error: Exception) -> None:
        try:
            self._handoff.fail(error)
        except Exception as raised:
            raised.__suppress_context__ |= raised is error  # which is whatever ended the program
            self._loop.call_exception_handler({"message": "a stream outlived its loop", "exception": raised})


class _Pull(Pull[Any]):
    """A `Pull` for one task at a time of the running loop."""

    def __init__(self, source: Observable[Any], capacity: int, overflow: Overflow) -> None:
        self._loop = running_loop("aio.iterate")
        self._asked = False
        self._coming: asyncio.Future[None] | None = None
        self._turn_ends = 0.0
        self._waker = _Waker(self._loop, self._notify, self._failed)
        super().__init__(source, capacity, overflow, self._waker.wake, self._waker.is_here)

    async def next(self) -> Any:
        """Return the next item; a cancellation disposes."""
        if self._asked:
            raise RuntimeError(
                "another task is already waiting for the next item; give each task its own aio.iterate"
            )
        self._asked = True
        try:
            self.subscribe(here=True)
            if time.monotonic() >= self._turn_ends:
                await asyncio.sleep(0)
                self._turn_ends = time.monotonic() + _SHARE
            while (item := self.take(self)) is self:
                if self.closed:
                    raise StopAsyncIteration
                self._coming = self._loop.create_future()
                await self._coming
        except BaseException:
            self.dispose()
            raise
        finally:
            self._asked = False
            self._coming = None
        return item

    def close(self) -> None:
        """Note the end of the hand-off, and let the loop forget it."""
        super().close()
        self._waker.close()

    def _notify(self) -> bool:
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(None)
        return False

    def _failed(self, error: Exception) -> None:
        self.fail(error)


class Items(AsyncIterator[_T]):
    """The items of an Observable, for one `async for` loop."""

    def __init__(self, source: Observable[_T], capacity: int, overflow: Overflow) -> None:
        self._settings = source, capacity, overflow
        self._pull: _Pull | None = None
        self._closed = False

    async def __anext__(self) -> _T:
        if self._closed:
            raise StopAsyncIteration
        if self._pull is None:
            self._pull = _Pull(*self._settings)
            hook: Any = sys.get_asyncgen_hooks().firstiter
            if hook is not None:
                hook(self)  # `asyncio.run` closes what is left, as it does with generators
        item: _T = await self._pull.next()
        return item

    async def aclose(self) -> None:
        """Close the session, and end the loop."""
        self._close()

    def _close(self) -> None:
        self._closed = True
        if self._pull is not None:
            self._pull.dispose()

    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of a program its other threads have stopped where they were, maybe with a lock held.
        if not _is_finalizing():
            self._close()
