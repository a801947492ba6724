"""Iteration over an Observable: `iterate`, and the `Pull` beneath it and its sibling for asyncio."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, Generic, Literal, TypeVar, overload

from reactivex import Observable, abc
from reactivex.internal import noop
from reactivex.scheduler import CurrentThreadScheduler

from ._handoff import Handoff, Overflow, check_queue
from ._observable import source_of
from ._waiting import listener
from .messages import Dropped

_T = TypeVar("_T")

_numbers = itertools.count(1)


class Pull(abc.ObserverBase[_T], Generic[_T]):
    """The end of a hand-off whose items are taken one at a time, by whoever asks for one.

    Attributes:
        closed: True once nothing more is going to come.

    Args:
        wake: called, on any thread, when an item or the end may have come.
        is_here: returns True on the thread that takes the items.
    """

    def __init__(
        self,
        source: Observable[_T],
        capacity: int,
        overflow: Overflow,
        wake: Callable[[], None],
        is_here: Callable[[], bool],
    ) -> None:
        self.wake = wake
        self.is_here = is_here
        self.closed = False
        self._source: Observable[_T] | None = source
        self._taken: deque[_T] = deque()  # one at the most
        self._errors: list[Exception] = []
        self._handoff = Handoff(self, capacity, overflow, lambda _: self, noop)
        self.dispose = self._handoff.dispose
        self.fail = self._handoff.fail

    def subscribe(self, *, here: bool) -> None:
        """Subscribe, the first time that this is called; on a thread of its own unless *here*."""
        source, self._source = self._source, None
        if source is None or self.closed:
            return
        # As a step of RxPY's trampoline: what emits within `subscribe` can be disposed all the same.
        trampoline = CurrentThreadScheduler.singleton()
        if here and trampoline.schedule_required():
            copy_context().run(self._begin, source)
        else:
            threading.Thread(
                target=copy_context().run,
                args=[self._begin, source],
                name=f"rxtweets-iterate-{next(_numbers)}",
                daemon=True,
            ).start()

    def take(self, nothing: _T) -> _T:
        """Return the next item, or *nothing* if none waits yet; raise the stream's error, once."""
        self._handoff.drain(rows=1)
        if self._taken:
            return self._taken.pop()
        if self._errors:
            raise self._errors.pop()
        return nothing

    def on_next(self, item: _T) -> None:
        self._taken.append(item)

    def on_error(self, error: Exception) -> None:
        self._errors.append(error)

    def on_completed(self) -> None:
        pass

    def close(self) -> None:
        """Note the end of the hand-off, whose place this is."""
        self.closed = True
        with contextlib.suppress(RuntimeError):  # of a loop that is closed
            self.wake()

    def _begin(self, source: Observable[_T]) -> None:
        failed: Any = self._handoff.on_error
        listener.set(failed)
        try:
            CurrentThreadScheduler.singleton().schedule(lambda *_: self._handoff.subscribe(source, None))
        except BaseException as error:  # of an operator, while the source emitted within `subscribe`
            failed(error)


class Items(Iterator[_T]):
    """The items of an Observable, for one `for` loop."""

    def __init__(self, source: Observable[_T], capacity: int, overflow: Overflow) -> None:
        self._turn = turn = threading.Lock()
        turn.acquire()
        self._thread = thread = [0]

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # it has been woken
                turn.release()

        self._pull: Pull[Any] = Pull(
            source, capacity, overflow, wake, lambda: threading.get_ident() == thread[0]
        )

    def __next__(self) -> _T:
        pull = self._pull
        self._thread[0] = threading.get_ident()
        try:
            pull.subscribe(here=False)
            while True:
                item = pull.take(self)
                if item is not self:
                    found: _T = item
                    return found
                if pull.closed:
                    raise StopIteration
                self._turn.acquire(timeout=0.5)  # an endless wait cannot be interrupted on Windows
        except BaseException:
            pull.dispose()
            raise

    def close(self) -> None:
        """Close the session, and end the loop; from any thread."""
        self._pull.dispose()

    def __del__(self, _is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of a program its other threads have stopped where they were, maybe with a lock held.
        if not _is_finalizing():
            self._pull.dispose()


@overload
def iterate(
    observable: Observable[_T], *, capacity: int = 1000, overflow: Literal["block"] = "block"
) -> Items[_T]: ...


@overload
def iterate(
    observable: Observable[_T], *, capacity: int = 1000, overflow: Overflow
) -> Items[_T | Dropped]: ...


def iterate(observable: Observable[Any], *, capacity: int = 1000, overflow: Overflow = "block") -> Items[Any]:
    """Iterate over an Observable in a `for` loop, which blocks until the next item arrives.

    ::

        for post in rxt.iterate(client.sample().pipe(tw.posts())):
            print(post.text)
            if post.lang == "fi":
                break  # closes the session

    The subscription begins with the loop, on a thread of its own. Whatever ends the loop closes the session:
    `break`, an exception, Ctrl-C, which is raised, or another thread that calls the iterator's `close()`.
    `break` doesn't close an iterator that is kept in a variable: call `close()`, or use `contextlib.closing`.

    Args:
        observable: what to subscribe to.
        capacity: how many items may wait while the loop's body works.
        overflow: what happens when as many wait and another one comes, as for `tw.observe_on`. With any but
            `"block"`, a `Dropped` comes in the place of what was dropped.

    Raises:
        Exception: in the loop, the stream's error, after the items that came before it.
        ValueError: an argument isn't what it should be.
    """
    check_queue(capacity, overflow)
    return Items(source_of(observable, "iterate"), capacity, overflow)
