"""The bounded hand-off: from the thread that reads a stream to wherever its items are worked on.

`Handoff` is the queue of one subscription, and knows neither a thread nor a loop. A `Place` does: it is woken
once when something waits, and calls `drain` until nothing is left. `ObserveOn` makes an operator of the two.
`tw.observe_on` has the places for a thread and for a scheduler of RxPY; another loop needs a place only.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from reactivex import Observable, Observer, abc
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.internal import noop

from rxtweets._observable import StreamObservable
from rxtweets.errors import TooSlow
from rxtweets.messages import Dropped, Lifecycle

_T = TypeVar("_T")
_D = TypeVar("_D")

Overflow = Literal["block", "drop_oldest", "drop_newest", "latest", "error"]
"""The policies for an item that comes while as many wait as may."""


class Place(Protocol):
    """A thread, a scheduler or another loop on which a hand-off is drained."""

    def wake(self) -> None:
        """See to it that `Handoff.drain` is called soon, once; called on any thread.

        It isn't called again before a drain has returned False. Whoever gets a True from one comes back by
        `Handoff.wake` or by itself, on the next frame, say.
        """

    def is_here(self) -> bool:
        """Return True if a drain would have to wait for the calling thread."""

    def close(self) -> None:
        """End; no drain is needed any more. Called once, on any thread."""


_NOBODY: abc.ObserverBase[Any] = Observer(on_error=noop)


class Handoff(abc.DisposableBase):
    """A bounded queue between the source of one subscription and its observer.

    Items are taken on any thread, and delivered by whoever calls `drain`, in their order. Those that are
    `Lifecycle` take up no room and are never dropped. Of all others, what was received is what was delivered
    and what a `Dropped` told of, which stands where the items were; until the subscription is disposed.

    An exception of the observer disposes the source, and is raised to whoever drains. One of the place, when
    it is to be woken, is the end: the observer's `on_error`.

    Attributes:
        depth: how many items wait.
        high_water: the most that ever did.
        dropped: how many were dropped.

    Args:
        observer: what to deliver to.
        capacity: how many items may wait.
        overflow: what becomes of an item that comes when as many do.
        place: makes the place that drains it, of this hand-off.
        ended: called once when the subscription is over.
    """

    def __init__(
        self,
        observer: abc.ObserverBase[Any],
        capacity: int,
        overflow: Overflow,
        place: Callable[[Handoff], Place],
        ended: Callable[[Handoff], None],
    ) -> None:
        self.depth = self.high_water = self.dropped = 0
        self._observer = observer
        self._capacity = 1 if overflow == "latest" else capacity
        self._overflow = overflow
        self._ended = ended
        self._lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._queue: deque[Any] = deque()
        self._before: deque[Lifecycle] = deque()  # to be delivered before the queue: see `_drop`
        self._drop_told: Dropped | None = None  # the last; it may grow while it waits
        self._end: Callable[[], None] | None = None  # to be called once all has been delivered
        self._over = False  # nothing more is taken
        self._woken = False
        self._drainer: int | None = None
        self._blocked: deque[tuple[threading.Lock, Any]] = deque()  # who waits for room, and with what
        self._source = SingleAssignmentDisposable()
        self._disposed = False
        self._place = place(self)

    def subscribe(self, source: Observable[Any], scheduler: abc.SchedulerBase | None) -> Handoff:
        """Subscribe to *source*, and return this, which disposes it."""
        try:
            self._source.disposable = source.subscribe(
                self.on_next, self.on_error, self.on_completed, scheduler=scheduler
            )
        except BaseException:
            self.dispose()
            raise
        return self

    def on_next(self, item: Any) -> None:
        """Take *item*; with the policy "block", return once there was room for it."""
        turn = None
        with self._lock:
            if self._over:
                return
            if isinstance(item, Lifecycle):
                self._queue.append(item)
            elif self.depth < self._capacity:
                self._append(item)
            else:
                turn = self._when_full(item)
            woken, self._woken = self._woken, True
        if turn is not None:
            turn.acquire()
            return
        if self._end is not None:  # `_when_full` has set it
            self._source.dispose()
        if not woken:
            self.wake()

    def on_error(self, error: Exception) -> None:
        """Deliver *error* after all that waits."""
        self._finish(partial(self._observer.on_error, error))

    def on_completed(self) -> None:
        """Deliver the completion after all that waits."""
        self._finish(self._observer.on_completed)

    def wake(self) -> None:
        """Wake the place. Where that fails nobody is going to drain: dispose, and end with the error."""
        try:
            self._place.wake()
        except BaseException as error:
            if self._disposed or not isinstance(error, Exception):  # drained at once: the observer's own
                self.dispose()
                raise
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End with *error*, and deliver nothing that waits: nobody is going to drain. On any thread."""
        disposed, observer = self._disposed, self._observer
        self.dispose()
        if not disposed:
            observer.on_error(error)

    def drain(self, *, rows: float = math.inf, share: float = math.inf, batch: bool = False) -> bool:
        """Deliver what waits, and return True if it stopped at a limit with more to come.

        Called while it runs already, from within the observer or on another thread, it does nothing and
        returns False: the other call goes on until nothing is left.

        Args:
            rows: the most items and events to deliver.
            share: the seconds after which no other one is begun.
            batch: deliver them as one list.

        Raises:
            BaseException: what the observer raised; the source has been disposed.
        """
        with self._lock:
            if self._drainer is not None:
                return False
            self._drainer = threading.get_ident()
        forward = self._observer.on_next
        limited = batch or min(rows, share) < math.inf
        deadline = time.monotonic() + share
        try:
            while True:
                with self._lock:
                    end = self._end
                    if self._before or self._queue:
                        item = self._take_batch(rows) if batch else self._take()
                    elif end is not None:
                        break
                    else:
                        self._woken, self._drainer = False, None
                        return False
                forward(item)
                if limited:
                    rows -= 1
                    if batch or rows <= 0 or time.monotonic() >= deadline:
                        with self._lock:
                            self._woken = bool(self._before or self._queue or self._end)
                            self._drainer = None
                            return self._woken
            end()
        except BaseException:
            self.dispose()
            raise
        self.dispose()
        return False

    def dispose(self) -> None:
        """Deliver nothing more, dispose the source, and let go whoever waits for room; from any thread."""
        with self._lock:
            disposed, self._disposed = self._disposed, True
            self._over = True
            waiting = self._queue, self._before, self._end  # let go of once the lock is free
            self._queue, self._before, self._end = deque(), deque(), None
            self._observer = _NOBODY  # the source may hold on to this for longer than to a window
            self.depth = 0
            blocked, self._blocked = self._blocked, deque()
        del waiting
        for turn, _ in blocked:
            turn.release()
        if not disposed:
            self._place.close()
            self._ended(self)
            self._source.dispose()

    def _finish(self, end: Callable[[], None]) -> None:
        with self._lock:
            if self._over:
                return
            self._over, self._end = True, end
            woken, self._woken = self._woken, True
        if not woken:
            self.wake()

    def _when_full(self, item: Any) -> threading.Lock | None:
        """Do with *item* as the policy says; return what to wait for, if that is to wait."""
        if self._overflow == "block":
            if self._drainer != threading.get_ident() and not self._place.is_here():
                turn = threading.Lock()
                turn.acquire()
                self._blocked.append((turn, item))
                return None if self._disposed else turn  # by a signal handler, a moment ago
            self._drop(self._queue, item)
            self._over, self._end = True, partial(self._observer.on_error, _would_deadlock(self._capacity))
        elif self._overflow == "error":
            self._drop(self._queue, item)
            self._over, self._end = True, partial(self._observer.on_error, TooSlow(self._capacity))
        elif self._overflow == "drop_newest":
            self._drop(self._queue, item)
        else:
            while isinstance(self._queue[0], Lifecycle):
                self._before.append(self._queue.popleft())
            self._drop(self._before, self._queue.popleft())
            self._queue.append(item)
        return None

    def _append(self, item: Any) -> None:
        self._queue.append(item)
        self.depth = depth = self.depth + 1
        if depth > self.high_water:
            self.high_water = depth

    def _take(self) -> Any:
        """Take what is to be delivered next; something waits."""
        if self._before:
            return self._before.popleft()
        item = self._queue.popleft()
        if not isinstance(item, Lifecycle):
            self.depth -= 1
            if self._blocked and self.depth <= self._capacity // 2:
                self._take_blocked()
        return item

    def _take_batch(self, rows: float) -> list[Any]:
        batch: list[Any] = []
        while (self._before or self._queue) and len(batch) < rows:
            batch.append(self._take())
        return batch

    def _drop(self, queue: deque[Any], item: Any) -> None:
        """Tell at the end of *queue* that *item* was dropped there."""
        told = self._drop_told
        if told is not None and queue and queue[-1] is told:
            queue[-1] = told = Dropped(told.count + 1, told.first, item)
        else:
            queue.append(told := Dropped(1, item, item))
        self._drop_told = told
        self.dropped += 1

    def _take_blocked(self) -> None:
        """Take the items that wait for room, as many as there is room for."""
        while self._blocked and self.depth < self._capacity:
            turn, item = self._blocked.popleft()
            self._append(item)
            turn.release()


def _would_deadlock(capacity: int) -> RuntimeError:
    return RuntimeError(
        f"{capacity:,} items wait for the very thread that sends the next one: to wait for room would be to "
        "wait for ever. Send them on another thread, as ops.subscribe_on(NewThreadScheduler()) does, or "
        'deliver them on another; or take a larger capacity, or an overflow that drops, such as "drop_oldest"'
    )


def check_queue(capacity: int, overflow: Overflow) -> None:
    """Raise a ValueError if a setting of a `Handoff` isn't what it should be."""
    if not isinstance(capacity, int) or capacity < 1:
        raise ValueError(f"capacity must be the number of items that may wait, 1 or more, not {capacity!r}")
    if overflow not in get_args(Overflow):
        raise ValueError(
            f"overflow must be one of {', '.join(map(repr, get_args(Overflow)))}, not {overflow!r}"
        )


class HandoffOperator:
    """An operator that hands items over, and the figures of what waits in it.

    They may be read at any time and on any thread. An operator that is used several times, or subscribed to
    several times, has a queue for each subscription, and figures for all of them.
    """

    def __init__(self, capacity: int, overflow: Overflow, place: Callable[[Handoff], Place]) -> None:
        """Check and keep the settings; see `Handoff`.

        Raises:
            ValueError: a setting isn't what it should be.
        """
        check_queue(capacity, overflow)
        self._capacity = capacity
        self._overflow = overflow
        self._place = place
        self._lock = threading.RLock()
        self._open: set[Handoff] = set()
        self._dropped = self._high_water = 0  # of those that have ended

    @property
    def depth(self) -> int:
        """The number of items that wait now."""
        with self._lock:
            return sum(handoff.depth for handoff in self._open)

    @property
    def high_water(self) -> int:
        """The most items that ever waited in one subscription."""
        with self._lock:
            return max([self._high_water, *(handoff.high_water for handoff in self._open)])

    @property
    def dropped(self) -> int:
        """The number of items that have been dropped."""
        with self._lock:
            return self._dropped + sum(handoff.dropped for handoff in self._open)

    def hand_over(self, source: Observable[Any]) -> Observable[Any]:
        """Return *source* with its items handed over."""

        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            handoff = Handoff(observer, self._capacity, self._overflow, self._place, self._ended)
            with self._lock:
                self._open.add(handoff)
            return handoff.subscribe(source, scheduler)

        return StreamObservable(subscribe)

    def _ended(self, handoff: Handoff) -> None:
        with self._lock:
            self._open.discard(handoff)
            self._dropped += handoff.dropped
            self._high_water = max(self._high_water, handoff.high_water)


class ObserveOn(HandoffOperator, Generic[_D]):
    """Hands items over one by one."""

    def __call__(self, source: Observable[_T]) -> Observable[_T | _D]:
        """Return *source* with its items handed over."""
        return self.hand_over(source)


class ObserveOnInBatches(HandoffOperator, Generic[_D]):
    """Hands items over in lists."""

    def __call__(self, source: Observable[_T]) -> Observable[list[_T | _D]]:
        """Return *source* with its items handed over, in lists."""
        return self.hand_over(source)
