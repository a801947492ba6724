"""Delivery by frames: at most one drain of a hand-off a frame, on a toolkit's thread.

`Frames` is the place of one subscription, on the `Loop` that a toolkit has for a window.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from inspect import cleandoc
from typing import Any, Literal, Never, Protocol, TypeVar, overload

from rxtweets._handoff import Handoff, ObserveOn, ObserveOnInBatches, Overflow
from rxtweets.messages import Dropped

FRAME = 0.016
CAPACITY = 1000

SHARE = 0.5
"""The share of a frame after which no other item is begun; the rest is for drawing, and for other events."""

ROWS = 100
"""The most items of a batch."""

_P = TypeVar("_P", contravariant=True)


class Loop(ABC):
    """The event loop of a toolkit, as long as a window or another parent exists.

    It is made on the thread of the toolkit.

    Attributes:
        thread: the identifier of that thread.
        open: the hand-offs that are drained there.
    """

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.open: set[Handoff] = set()
        self.ended = False

    @abstractmethod
    def call(self, function: Callable[[], object]) -> None:
        """Call *function* on the toolkit's thread, soon; called on any thread.

        Raises:
            Exception: the parent or the loop is gone.
        """

    @abstractmethod
    def later(self, seconds: float, function: Callable[[], object]) -> None:
        """Call *function* once *seconds* have passed; called on the toolkit's thread."""

    def report(self, error: BaseException) -> None:
        """Report what a subscriber raised, as the toolkit does with its own callbacks."""
        sys.excepthook(type(error), error, error.__traceback__)

    def end(self) -> None:
        """Dispose whatever is delivered here: the parent is gone."""
        self.ended = True
        for handoff in [*self.open]:
            handoff.dispose()


class Frames:
    """The place of one subscription: drains a hand-off on a loop, at most once a frame."""

    def __init__(self, loop: Loop, frame: float, batch: bool, handoff: Handoff) -> None:
        self._loop = loop
        self._frame = frame
        self._batch = batch
        self._handoff = handoff
        self._due = -math.inf  # the next drain's time, by the monotonic clock
        loop.open.add(handoff)
        if loop.ended:
            self.close()
            raise RuntimeError("nothing to deliver to: the window or other parent has been closed")

    def wake(self) -> None:
        try:
            self._loop.call(self._drain)
        except Exception:  # The parent or the loop is gone, so nobody is there to be told.
            self._handoff.dispose()

    def is_here(self) -> bool:
        return threading.get_ident() == self._loop.thread

    def close(self) -> None:
        self._loop.open.discard(self._handoff)

    def _drain(self) -> None:
        if self._loop.ended:
            return
        begun = time.monotonic()
        if begun < self._due:
            self._loop.later(self._due - begun, self._drain)
            return
        rows = ROWS if self._batch else math.inf
        share = self._frame * SHARE
        try:
            more = self._handoff.drain(rows=rows, share=share, batch=self._batch)
        except BaseException as error:
            self._loop.report(error)
            return
        ended = time.monotonic()
        self._due = ended + max(begun + self._frame - ended, self._frame - share)
        if more:
            self._loop.later(self._due - ended, self._drain)


class ObserveOnLoop(Protocol[_P]):
    """The signature of each toolkit's `observe_on`."""

    @overload
    def __call__(
        self, parent: _P | None = None, *, frame: float = FRAME, capacity: int = CAPACITY
    ) -> ObserveOn[Never]: ...

    @overload
    def __call__(
        self,
        parent: _P | None = None,
        *,
        frame: float = FRAME,
        capacity: int = CAPACITY,
        batches: Literal[True],
    ) -> ObserveOnInBatches[Never]: ...

    @overload
    def __call__(
        self,
        parent: _P | None = None,
        *,
        frame: float = FRAME,
        capacity: int = CAPACITY,
        overflow: Overflow,
        batches: Literal[True],
    ) -> ObserveOnInBatches[Dropped]: ...

    @overload
    def __call__(
        self,
        parent: _P | None = None,
        *,
        frame: float = FRAME,
        capacity: int = CAPACITY,
        overflow: Overflow,
    ) -> ObserveOn[Dropped]: ...


_DOCSTRING = """
At most once a *frame* what waits is delivered, one item after the other until half of that time has
passed, so that the window can be drawn in the rest. Nothing runs while nothing comes.

The subscription is disposed when *parent* is closed or destroyed. An exception of the subscriber disposes
it, too, and is reported as that of any callback is, not to an `on_error`. While a subscriber shows a modal
dialog it gets nothing, as it is never called before it has returned.

It has to be called on the toolkit's thread. What it returns may be subscribed to and disposed on any.

Args:
    parent: {parent}
    frame: seconds between two deliveries, at least.
    capacity: how many items may wait, as in `tw.observe_on`.
    overflow: what happens when as many wait and another one comes, as in `tw.observe_on`: `"block"`,
        `"drop_oldest"`, `"drop_newest"`, `"latest"` or `"error"`.
    batches: deliver a list a frame, of at most 100 items and events, in place of single ones: for widgets
        that are cheaper to change once than many times.

Raises:
    ValueError: *frame*, *capacity* or *overflow* isn't what it should be.
"""


def observing(parent: str) -> Callable[[Callable[[_P | None], Loop]], ObserveOnLoop[_P]]:
    """Make an `observe_on` of a function that returns the loop for a parent, which *parent* describes."""

    def decorate(loop_of: Callable[[_P | None], Loop]) -> ObserveOnLoop[_P]:
        def observe_on(
            parent: _P | None = None,
            *,
            frame: float = FRAME,
            capacity: int = CAPACITY,
            overflow: Overflow = "block",
            batches: bool = False,
        ) -> Any:
            if not 0 < frame < math.inf:
                raise ValueError(
                    f"frame must be the seconds between two deliveries, more than 0, not {frame!r}"
                )
            operator = ObserveOnInBatches[Any] if batches else ObserveOn[Any]
            return operator(capacity, overflow, partial(Frames, loop_of(parent), frame, bool(batches)))

        observe_on.__module__ = loop_of.__module__
        observe_on.__qualname__ = observe_on.__name__
        observe_on.__doc__ = cleandoc(loop_of.__doc__ or "") + _DOCSTRING.format(parent=parent)
        return observe_on

    return decorate
