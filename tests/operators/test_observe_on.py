"""The bounded hand-off: what waits, what is dropped and told, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any, get_args
from unittest.mock import Mock

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable, Subject, abc
from reactivex import operators as ops
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.scheduler import (
    CurrentThreadScheduler,
    EventLoopScheduler,
    HistoricalScheduler,
    ImmediateScheduler,
    NewThreadScheduler,
    ThreadPoolScheduler,
    TimeoutScheduler,
    TrampolineScheduler,
)
from reactivex.scheduler.eventloop import AsyncIOScheduler, AsyncIOThreadSafeScheduler
from reactivex.scheduler.mainloop import TkinterScheduler
from reactivex.testing import ReactiveTest, TestScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets._handoff import Handoff, ObserveOn, Overflow
from rxtweets.errors import StreamDisconnected, TooSlow
from rxtweets.messages import Connected, Dropped, KeepAlive, Lifecycle
from tests.conftest import our_threads
from tests.observing import PATIENCE, Seen, dispose_quickly

on_next, on_completed = ReactiveTest.on_next, ReactiveTest.on_completed

OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)
DROPPING: tuple[Overflow, ...] = ("drop_oldest", "drop_newest", "latest")


class Gate:
    """An `on_next` that waits in each call until it is let go, or for good once it is open."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.entered = threading.Semaphore(0)
        self._turns = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, item: Any) -> None:
        self.items.append(item)
        self.entered.release()
        if not self._open.is_set():
            assert self._turns.acquire(timeout=PATIENCE)

    def wait(self) -> None:
        """Block until it is entered."""
        assert self.entered.acquire(timeout=PATIENCE)

    def open(self) -> None:
        """Let everything pass."""
        self._open.set()
        self._turns.release()


def held(
    gate: Gate, overflow: Overflow, *items: Any, capacity: int = 3
) -> tuple[Subject[Any], Seen, tw.ObserveOn[Any]]:
    """Push *items* while the first of them, a 0, is being worked on at *gate*."""
    source: Subject[Any] = Subject()
    handed_over = tw.observe_on(capacity=capacity, overflow=overflow)
    seen = Seen(source.pipe(handed_over, ops.do_action(gate)))
    source.on_next(0)
    gate.wait()
    for item in items:
        source.on_next(item)
    return source, seen, handed_over


# --- what each overflow drops, and where it says so --------------------------------------------------------

UP = Connected(200, {})
ALIVE = KeepAlive()
TOLD = Dropped(7, "a", "g")
"""By another `observe_on` before."""


def lost(first: Any, last: Any = None, count: int = 1) -> Dropped:
    return Dropped(count, first, first if last is None else last)


@pytest.mark.parametrize(
    ("overflow", "items", "delivered"),
    [
        ("drop_oldest", [1, 2, 3, 4, 5], [0, lost(1, 2, 2), 3, 4, 5]),
        ("drop_newest", [1, 2, 3, 4, 5], [0, 1, 2, 3, lost(4, 5, 2)]),
        ("latest", [1, 2, 3, 4, 5], [0, lost(1, 4, 4), 5]),
        ("drop_oldest", [1, 2, 3], [0, 1, 2, 3]),
        ("drop_oldest", [UP, 1, ALIVE, 2, 3, 4, 5], [0, UP, lost(1), ALIVE, lost(2), 3, 4, 5]),
        ("drop_newest", [1, 2, 3, 4, UP, 5, ALIVE], [0, 1, 2, 3, lost(4), UP, lost(5), ALIVE]),
        ("latest", [1, UP, 2, ALIVE, ALIVE], [0, lost(1), UP, 2, ALIVE, ALIVE]),
        ("drop_oldest", [TOLD, 1, 2, 3, 4], [0, TOLD, lost(1), 2, 3, 4]),
        ("drop_newest", [1, 2, 3, TOLD, 4], [0, 1, 2, 3, TOLD, lost(4)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("error", [None, StreamDisconnected()], ids=["completion", "error"])
def test_what_is_dropped_is_told_in_its_place(
    overflow: Overflow, items: list[Any], delivered: list[Any], error: Exception | None
) -> None:
    """A `Dropped` stands where the items were, events stay where they are, and all comes before the end."""
    gate = Gate()
    source, seen, handed_over = held(gate, overflow, *items)
    if error is None:
        source.on_completed()
    else:
        source.on_error(error)
    gate.open()
    assert gate.items == seen.ended().items == delivered
    assert seen.error is error
    assert handed_over.dropped == sum(
        item.count for item in delivered if isinstance(item, Dropped) and item not in items
    )


def test_drops_begin_anew_once_they_are_told() -> None:
    """Items dropped after a `Dropped` was delivered are told by another one."""
    gate = Gate()
    source, seen, _ = held(gate, "latest", 1, 2, 3)
    gate._turns.release(2)  # 0 and the Dropped
    gate.wait()
    gate.wait()
    source.on_next(4)
    source.on_next(5)
    source.on_completed()
    gate.open()
    assert seen.ended().items == [0, lost(1, 2, 2), 3, lost(4), 5]


def test_error_closes_the_stream_and_delivers_what_waits() -> None:
    """With "error" the source is disposed at once; what waited, what was dropped and `TooSlow` follow."""
    disposed = threading.Event()
    gate = Gate()
    source: Subject[Any] = Subject()
    seen = Seen(
        source.pipe(
            ops.finally_action(disposed.set),
            tw.observe_on(capacity=2, overflow="error"),
            ops.do_action(gate),
        )
    )
    source.on_next(0)
    gate.wait()
    for item in (1, UP, 2, ALIVE, 3, 4):
        assert not disposed.is_set() or item == 4
        source.on_next(item)
    assert disposed.is_set()
    gate.open()
    assert seen.ended().items == [0, 1, UP, 2, ALIVE, lost(3)]
    assert isinstance(seen.error, TooSlow)
    assert seen.error.capacity == 2
    assert "2 items wait" in str(seen.error)


def test_block_makes_the_source_wait() -> None:
    """With "block" no more than the capacity waits, events pass, and nothing is lost."""
    gate = Gate()
    source, seen, handed_over = held(gate, "block", 1, 2, 3, UP, ALIVE)
    assert (handed_over.depth, handed_over.high_water) == (3, 3)
    went_on = threading.Event()

    def push() -> None:
        for item in range(4, 10):
            source.on_next(item)
        went_on.set()
        source.on_completed()

    thread = threading.Thread(target=push)
    thread.start()
    wait_until_blocked(thread)
    gate._turns.release()
    gate.wait()  # 1 is being worked on, 2 and 3 wait: more than half
    wait_until_blocked(thread)
    assert not went_on.is_set()
    gate.open()
    thread.join(PATIENCE)
    assert seen.ended().items == [0, 1, 2, 3, UP, ALIVE, *range(4, 10)]
    assert (handed_over.depth, handed_over.high_water, handed_over.dropped) == (0, 3, 0)


def wait_until_blocked(thread: threading.Thread) -> None:
    """Block until *thread* waits for room, with an item."""
    for _ in range(int(PATIENCE / 0.001)):
        frame = sys._current_frames().get(thread.ident or 0)
        if frame and frame.f_code is Handoff.on_next.__code__ and frame.f_locals.get("turn"):
            return
        threading.Event().wait(0.001)
    pytest.fail("nobody waits")


def test_completed_while_the_source_waits() -> None:
    """An item that waits for room while another thread completes is delivered before the end."""
    gate = Gate()
    source, until = Subject[int](), Subject[int]()
    seen = Seen(source.pipe(ops.take_until(until), tw.observe_on(capacity=2), ops.do_action(gate)))
    source.on_next(0)
    gate.wait()
    thread = threading.Thread(target=lambda: reactivex.range(1, 4).subscribe(source))
    thread.start()
    wait_until_blocked(thread)
    until.on_next(0)
    gate.open()
    thread.join(PATIENCE)
    assert seen.ended().items == [0, 1, 2, 3]


# --- accounting --------------------------------------------------------------------------------------------


class Serial:
    """An observer that notes whatever breaks the Rx contract.

    Attributes:
        items: what came.
        broken: in words, what should not have happened.
        ended: set at the end.
    """

    def __init__(self, work: Callable[[Any], object] = lambda item: None) -> None:
        self.items: list[Any] = []
        self.broken: list[str] = []
        self.ended = threading.Event()
        self.error: Exception | None = None
        self._inside = threading.Lock()
        self._work = work

    def on_next(self, item: Any) -> None:
        self._enter(f"on_next({item})")
        try:
            self.items.append(item)
            self._work(item)
        finally:
            self._inside.release()

    def on_error(self, error: Exception) -> None:
        self._end("on_error")
        self.error = error
        self.ended.set()

    def on_completed(self) -> None:
        self._end("on_completed")
        self.ended.set()

    def _enter(self, what: str) -> None:
        if not self._inside.acquire(blocking=False):
            self.broken.append(f"{what} within another call")
            self._inside.acquire()
        if self.ended.is_set():
            self.broken.append(f"{what} after the end")

    def _end(self, what: str) -> None:
        self._enter(what)
        self._inside.release()


def bare(observable: Observable[Any], observer: Serial) -> abc.DisposableBase:
    """Subscribe without the observers in between, which would hide what breaks the contract."""
    return observable._subscribe_core(observer)  # type: ignore[arg-type]


def accounted(items: list[Any]) -> int:
    """Return how many items were delivered, and told as dropped."""
    return sum(item.count if isinstance(item, Dropped) else not isinstance(item, Lifecycle) for item in items)


@settings(max_examples=60, deadline=None)
@given(
    overflow=st.sampled_from(OVERFLOWS),
    capacity=st.integers(1, 20),
    pushes=st.lists(st.lists(st.booleans(), max_size=30), max_size=12),
    works=st.lists(st.sampled_from([0.0, 0.0, 0.0001, 0.001]), min_size=1, max_size=8),
    completes=st.booleans(),
    on_loop=st.booleans(),
)
def test_received_is_delivered_and_told_as_dropped(
    overflow: Overflow,
    capacity: int,
    pushes: list[list[bool]],
    works: list[float],
    completes: bool,
    on_loop: bool,
) -> None:
    """For any bursts, pauses and work: all is accounted for, in order, serially, and no event is lost."""
    pauses = itertools.cycle(works)
    never = threading.Event()
    observer = Serial(lambda item: never.wait(pause) if (pause := next(pauses)) else None)
    source: Subject[Any] = Subject()
    scheduler = EventLoopScheduler() if on_loop else None
    handed_over = tw.observe_on(scheduler, capacity=capacity, overflow=overflow)
    subscription = bare(source.pipe(handed_over), observer)
    received, events = list[int](), list[Any]()
    for burst in pushes:
        for event in burst:
            if handed_over.dropped and overflow == "error":
                break  # it has ended
            if event:
                events.append(Connected(len(events), {}))
                source.on_next(events[-1])
            else:
                received.append(len(received))
                source.on_next(received[-1])
        never.wait(0.0003)
    if completes:
        source.on_completed()
    else:
        source.on_error(StreamDisconnected())
    assert observer.ended.wait(PATIENCE)
    subscription.dispose()
    if scheduler is not None:
        scheduler.dispose()
    assert observer.broken == []
    assert accounted(observer.items) == len(received)
    assert [item for item in observer.items if isinstance(item, Connected)] == events
    expanded = [
        number
        for item in observer.items
        if not isinstance(item, Connected)
        for number in (range(item.first, item.last + 1) if isinstance(item, Dropped) else [item])
    ]
    assert expanded == received
    dropped = sum(item.count for item in observer.items if isinstance(item, Dropped))
    assert handed_over.dropped == dropped
    assert (dropped == 0) or overflow != "block"
    assert handed_over.high_water <= capacity
    if overflow == "error" and dropped:
        assert isinstance(observer.error, TooSlow)
    else:
        assert (observer.error is None) == completes


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_many_producers(overflow: Overflow) -> None:
    """Items that several threads push at once are accounted for, and delivered one at a time."""
    observer = Serial()
    handed_over = tw.observe_on(capacity=10, overflow=overflow)
    sources = [Subject[int]() for _ in range(4)]
    subscription = bare(reactivex.merge(*sources).pipe(handed_over), observer)

    def push(source: Subject[int]) -> None:
        for item in range(500):
            source.on_next(item)
        source.on_completed()

    threads = [threading.Thread(target=push, args=[source]) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert observer.ended.wait(PATIENCE)
    subscription.dispose()
    assert observer.broken == []
    if overflow != "error":
        assert accounted(observer.items) == 2000
    assert (handed_over.dropped == 0) or overflow != "block"


# --- where it is delivered ---------------------------------------------------------------------------------


def test_a_thread_of_its_own() -> None:
    """Without a scheduler each subscription has a daemon thread of its own, named after the library."""
    before = our_threads()
    source: Subject[int] = Subject()
    stream = source.pipe(tw.observe_on())
    first, second = Seen(stream), Seen(stream)
    started = [thread for thread in our_threads() if thread not in before]
    assert len(started) == 2
    assert all(thread.daemon for thread in started)
    source.on_next(1)
    for seen in (first, second):
        assert all(name.startswith("rxtweets-observe_on-") for name in seen.count(1).threads)
    assert first.threads != second.threads
    first.dispose()
    source.on_completed()
    second.ended()
    for thread in started:
        thread.join(PATIENCE)
        assert not thread.is_alive()


SCHEDULERS: dict[str, Callable[[], abc.SchedulerBase]] = {
    "event loop": EventLoopScheduler,
    "new thread": NewThreadScheduler,
    "timeout": TimeoutScheduler,
    "current thread": CurrentThreadScheduler,
    "immediate": ImmediateScheduler,
    "trampoline": TrampolineScheduler,
}


@pytest.mark.parametrize("make", SCHEDULERS.values(), ids=SCHEDULERS)
@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_on_schedulers(make: Callable[[], abc.SchedulerBase], overflow: Overflow) -> None:
    """On each scheduler of RxPY everything is delivered or told, one at a time."""
    scheduler = make()
    observer = Serial()
    source: Subject[int] = Subject()
    subscription = bare(source.pipe(tw.observe_on(scheduler, overflow=overflow)), observer)
    for item in range(900):
        source.on_next(item)
    source.on_completed()
    assert observer.ended.wait(PATIENCE)
    subscription.dispose()
    if isinstance(scheduler, EventLoopScheduler):
        scheduler.dispose()
    assert observer.broken == []
    assert accounted(observer.items) == 900
    if overflow != "latest":
        assert observer.items == [*range(900)]


def test_on_a_pool_and_on_asyncio() -> None:
    """A pool of threads delivers one at a time; asyncio on its loop's thread."""
    pool = ThreadPoolScheduler(4)
    observer = Serial()
    bare(reactivex.range(0, 500).pipe(tw.observe_on(pool, capacity=10)), observer)
    assert observer.ended.wait(PATIENCE)
    pool.executor.shutdown()
    assert (observer.items, observer.broken) == ([*range(500)], [])

    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        reader = reactivex.range(0, 500, scheduler=NewThreadScheduler())
        seen = Seen(
            reader.pipe(
                tw.observe_on(AsyncIOThreadSafeScheduler(loop), capacity=10), ops.finally_action(done.set)
            )
        )
        await asyncio.wait_for(done.wait(), PATIENCE)
        assert seen.items == [*range(500)]
        assert seen.threads == {threading.current_thread().name}

    asyncio.run(main())


def test_a_scheduler_is_shared_fairly() -> None:
    """A source that never stops lets other work on the scheduler have its turn."""
    scheduler = EventLoopScheduler()
    other = threading.Event()
    stop = threading.Event()
    source: Subject[int] = Subject()

    def on_next(_: object) -> None:
        if not other.is_set():
            scheduler.schedule(lambda *_: other.set())

    subscription = source.pipe(tw.observe_on(scheduler, overflow="drop_oldest")).subscribe(on_next)

    def push() -> None:
        while not stop.is_set():
            source.on_next(1)

    thread = threading.Thread(target=push)
    thread.start()
    assert other.wait(PATIENCE)
    stop.set()
    thread.join(PATIENCE)
    subscription.dispose()
    scheduler.dispose()


def test_virtual_time() -> None:
    """In virtual time each burst is delivered by one scheduled drain; times are those of the scheduler."""
    scheduler = TestScheduler()
    source = scheduler.create_hot_observable(
        on_next(210, "a"),
        on_next(220, "b"),
        on_next(220, "c"),
        on_next(220, UP),
        on_next(220, "d"),
        on_next(230, "e"),
        on_completed(240),
    )
    stream = tw.observe_on(scheduler, capacity=2, overflow="drop_oldest")(source)
    assert scheduler.start(lambda: stream).messages == [
        on_next(210, "a"),
        on_next(220, Dropped(1, "b", "b")),
        on_next(220, "c"),
        on_next(220, UP),
        on_next(220, "d"),
        on_next(230, "e"),
        on_completed(240),
    ]
    assert [(one.subscribe, one.unsubscribe) for one in source.subscriptions] == [(200, 240)]


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [
        ("drop_newest", [on_next(210, 1), on_next(210, 2), on_next(210, lost(3, 4, 2)), on_completed(220)]),
        ("latest", [on_next(210, lost(1, 3, 3)), on_next(210, 4), on_completed(220)]),
        ("drop_oldest", [on_next(210, lost(1, 2, 2)), on_next(210, 3), on_next(210, 4), on_completed(220)]),
    ],
)  # fmt: skip
def test_a_burst_in_virtual_time(overflow: Overflow, expected: list[Any]) -> None:
    """Of four items at once and room for two, each policy keeps its own."""
    scheduler = TestScheduler()
    burst = [on_next(210, number) for number in (1, 2, 3, 4)]
    source = scheduler.create_hot_observable(*burst, on_completed(220))
    stream = tw.observe_on(scheduler, capacity=2, overflow=overflow)(source)
    assert scheduler.start(lambda: stream).messages == expected


def test_an_error_in_virtual_time() -> None:
    """With "error" the source is disposed when the item too many comes, at 210."""
    scheduler = TestScheduler()
    source = scheduler.create_hot_observable(*[on_next(210, number) for number in (1, 2, 3, 4)])
    stream = tw.observe_on(scheduler, capacity=2, overflow="error")(source)
    messages: list[Any] = scheduler.start(lambda: stream).messages
    assert messages[:3] == [on_next(210, 1), on_next(210, 2), on_next(210, lost(3))]
    assert isinstance(messages[3].value.exception, TooSlow)
    assert [(one.subscribe, one.unsubscribe) for one in source.subscriptions] == [(200, 210)]


def test_disposed_in_virtual_time() -> None:
    """Nothing comes after a disposal, though a drain was scheduled."""
    scheduler = TestScheduler()
    source = scheduler.create_hot_observable(on_next(210, 1), on_next(300, 2))
    stream = tw.observe_on(scheduler)(source)
    results = scheduler.start(lambda: stream, disposed=300)
    assert results.messages == [on_next(210, 1)]
    assert [(one.subscribe, one.unsubscribe) for one in source.subscriptions] == [(200, 300)]


def test_historical_time() -> None:
    """A HistoricalScheduler delivers when it is advanced."""
    scheduler = HistoricalScheduler()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(tw.observe_on(scheduler)))
    source.on_next(1)
    assert seen.items == []
    scheduler.advance_by(1.0)
    assert seen.items == [1]
    seen.dispose()


# --- waiting on one's own thread ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [CurrentThreadScheduler, EventLoopScheduler, TestScheduler])
def test_block_on_the_readers_own_thread_is_an_error(make: Callable[[], abc.SchedulerBase]) -> None:
    """A source that would wait for itself for ever ends with an error that says so, after what waits."""
    scheduler = make()
    source = reactivex.from_iterable(range(10), scheduler)
    seen = Seen(source.pipe(tw.observe_on(scheduler, capacity=3)))
    if isinstance(scheduler, TestScheduler):
        scheduler.start()
    seen.ended()
    if isinstance(scheduler, EventLoopScheduler):
        scheduler.dispose()
    assert seen.items == [0, 1, 2, lost(3)]
    assert isinstance(seen.error, RuntimeError)
    assert "wait for ever" in str(seen.error)


def test_block_on_a_windows_own_thread_is_an_error() -> None:
    """A source on the main thread, which is that of a window, can't wait for the window's loop."""
    root = Mock()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(tw.observe_on(TkinterScheduler(root), capacity=2)))
    for item in range(5):
        source.on_next(item)
    assert root.after.call_count == 1
    root.after.call_args.args[1]()  # as the loop would
    assert seen.items == [0, 1, lost(2)]
    assert isinstance(seen.error, RuntimeError)


def test_block_on_asyncios_own_loop_is_an_error() -> None:
    """A source on the loop to which it is handed over can't wait for it."""

    async def main() -> None:
        source: Subject[int] = Subject()
        scheduler = AsyncIOThreadSafeScheduler(asyncio.get_running_loop())
        done = asyncio.Event()
        seen = Seen(source.pipe(tw.observe_on(scheduler, capacity=3), ops.finally_action(done.set)))
        for item in range(10):
            source.on_next(item)
        await asyncio.wait_for(done.wait(), PATIENCE)
        assert seen.items == [0, 1, 2, lost(3)]
        assert isinstance(seen.error, RuntimeError)

    asyncio.run(main())


def test_a_subscriber_that_pushes() -> None:
    """Items that a subscriber pushes come once it has returned; too many with "block" are an error."""
    source: Subject[int] = Subject()

    def push(item: int, *more: int) -> None:
        if item == 1:
            for number in more:
                source.on_next(number)

    observer = Serial(lambda item: push(item, 10, 11))
    subscription = bare(source.pipe(tw.observe_on(capacity=3)), observer)
    source.on_next(1)
    source.on_next(2)
    while len(observer.items) < 4:
        threading.Event().wait(0.001)
    subscription.dispose()
    assert sorted(observer.items) == [1, 2, 10, 11]
    assert observer.broken == []

    source = Subject()
    flooded = Serial(lambda item: push(item, *range(2, 9)))
    bare(source.pipe(tw.observe_on(capacity=3)), flooded)
    source.on_next(1)
    assert flooded.ended.wait(PATIENCE)
    assert flooded.items == [1, 2, 3, 4, lost(5)]
    assert isinstance(flooded.error, RuntimeError)


# --- a loop of one's own -----------------------------------------------------------------------------------


class Frames:
    """A place that is drained once a frame, as that of a user interface.

    Attributes:
        wakes: how often it was woken.
        closed: how often it was closed.
    """

    def __init__(self, rows: float = math.inf, share: float = math.inf, batch: bool = False) -> None:
        self.wakes = self.closed = 0
        self.limits: dict[str, Any] = {"rows": rows, "share": share, "batch": batch}
        self._handoff: Handoff | None = None

    def __call__(self, handoff: Handoff) -> Frames:
        self._handoff = handoff
        return self

    def wake(self) -> None:
        self.wakes += 1

    def is_here(self) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1

    def frame(self) -> bool:
        """Drain once; return True if there is more."""
        assert self._handoff
        return self._handoff.drain(**self.limits)


def handed_to(frames: Frames, overflow: Overflow = "drop_oldest", capacity: int = 10) -> Any:
    return ObserveOn[Any](capacity, overflow, frames)


def test_a_loop_is_woken_once() -> None:
    """A loop is woken when something waits, and not again before it has delivered all of it."""
    frames = Frames(rows=2)
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(handed_to(frames)))
    assert frames.wakes == 0
    for item in range(5):
        source.on_next(item)
    assert (frames.wakes, seen.items) == (1, [])
    assert frames.frame()
    source.on_next(5)
    assert frames.frame()
    assert not frames.frame()
    assert (frames.wakes, seen.items) == (1, [0, 1, 2, 3, 4, 5])
    source.on_completed()
    assert frames.wakes == 2
    assert not seen.completed
    assert not frames.frame()
    assert (seen.completed, frames.closed) == (True, 1)


def test_a_loop_takes_batches() -> None:
    """A batch has all that waits in its order, events and what was dropped included, up to the limit."""
    frames = Frames(rows=3, batch=True)
    source: Subject[Any] = Subject()
    seen = Seen(source.pipe(handed_to(frames, capacity=3)))
    for item in [UP, 1, 2, ALIVE, 3, 4]:
        source.on_next(item)
    source.on_completed()
    assert frames.frame()
    assert seen.items == [[UP, lost(1), 2]]
    assert frames.frame()
    assert seen.items[1:] == [[ALIVE, 3, 4]]
    assert not seen.completed
    assert not frames.frame()
    assert (len(seen.items), seen.completed, frames.closed) == (2, True, 1)


def test_batches_let_go_who_waits_for_room() -> None:
    """With the policy "block", a batch makes room, and what waited for it is in the next."""
    frames = Frames(rows=2, batch=True)
    frames.is_here = lambda: False  # type: ignore[method-assign]
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(handed_to(frames, "block", 2)))
    thread = threading.Thread(target=lambda: reactivex.range(5).subscribe(source.on_next))
    thread.start()
    delivered = 0
    while delivered < 5:
        frames.frame()
        delivered = sum(map(len, seen.items))
    thread.join(PATIENCE)
    assert [item for batch in seen.items for item in batch] == [*range(5)]
    assert all(0 < len(batch) <= 2 for batch in seen.items)


def test_a_subscriber_is_let_go_once_disposed() -> None:
    """A source that still calls holds no reference to a subscriber that has disposed."""
    source: Subject[int] = Subject()
    held_on: list[Any] = []

    def sending(observer: abc.ObserverBase[int], _: Any) -> abc.DisposableBase:
        held_on.append(observer)
        return source.subscribe(observer)

    class Window:
        def show(self, item: int) -> None:
            pass

    window = Window()
    gone = weakref.ref(window)
    subscription = Observable(sending).pipe(tw.observe_on()).subscribe(window.show)
    subscription.dispose()
    del window, subscription
    gc.collect()
    assert gone() is None
    held_on[0].on_next(1)


def test_a_loop_gives_a_share_of_its_time() -> None:
    """No item is begun after the share of time; the rest waits for the next frame."""
    frames = Frames(share=0.02)
    observer = Serial(lambda item: threading.Event().wait(0.015))
    source: Subject[int] = Subject()
    bare(source.pipe(handed_to(frames)), observer)
    for item in range(5):
        source.on_next(item)
    source.on_completed()
    counts = []
    while frames.frame():
        counts.append(len(observer.items))
    assert counts[0] in (1, 2)
    assert len(counts) >= 2
    assert observer.items == [*range(5)]
    assert observer.ended.is_set()


def test_a_loop_inside_a_subscriber_delivers_nothing() -> None:
    """A drain from within the subscriber, as by a modal dialog's loop, does nothing; order is kept."""
    frames = Frames()
    source: Subject[int] = Subject()
    inner = []

    def dialog(item: int) -> None:
        if item == 0:
            source.on_next(3)
            inner.append((frames.frame(), len(observer.items)))

    observer = Serial(dialog)
    bare(source.pipe(handed_to(frames)), observer)
    for item in range(3):
        source.on_next(item)
    frames.frame()
    assert inner == [(False, 1)]
    assert (observer.items, observer.broken, frames.wakes) == ([0, 1, 2, 3], [], 1)


def test_a_loop_that_is_its_own_source() -> None:
    """With "block" a source on the loop's own thread is an error in place of a deadlock."""
    frames = Frames()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(handed_to(frames, "block", capacity=1)))
    for item in range(3):
        source.on_next(item)
    frames.frame()
    assert seen.items == [0, lost(1)]
    assert isinstance(seen.error, RuntimeError)


def test_a_loop_that_is_gone() -> None:
    """A wake-up that fails closes the source, and is the stream's error."""

    class Gone(Frames):
        def wake(self) -> None:
            raise KeyError("no window")

    closed = threading.Event()
    frames = Gone()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(ops.finally_action(closed.set), handed_to(frames)))
    source.on_next(1)
    assert closed.is_set()
    assert isinstance(seen.error, KeyError)
    assert (seen.items, frames.closed) == ([], 1)


# --- the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("scheduler", [None, EventLoopScheduler], ids=["thread", "scheduler"])
def test_disposing_is_prompt(overflow: Overflow, scheduler: type[EventLoopScheduler] | None) -> None:
    """`dispose` returns at once while the subscriber works and the source waits; nothing follows."""
    gate = Gate()
    closed = threading.Event()
    source: Subject[int] = Subject()
    loop = scheduler() if scheduler else None
    observer = Serial(gate)
    subscription = bare(
        source.pipe(ops.finally_action(closed.set), tw.observe_on(loop, capacity=2, overflow=overflow)),
        observer,
    )

    def push() -> None:
        for item in range(10):
            source.on_next(item)

    thread = threading.Thread(target=push)
    thread.start()
    gate.wait()
    dispose_quickly(subscription.dispose)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert closed.is_set()
    gate.open()
    source.on_next(11)
    if loop is not None:
        loop.dispose()
    for thread in our_threads():
        thread.join(PATIENCE)
    assert (len(observer.items), observer.broken, observer.ended.is_set()) == (1, [], False)


@settings(max_examples=40, deadline=None)
@given(
    overflow=st.sampled_from(OVERFLOWS),
    capacity=st.integers(1, 5),
    after=st.integers(0, 200),
    by_subscriber=st.booleans(),
    on_loop=st.booleans(),
)
def test_disposed_at_any_time(
    overflow: Overflow, capacity: int, after: int, by_subscriber: bool, on_loop: bool
) -> None:
    """Whenever and by whomever it is disposed, the source goes on, nothing follows, and no thread is left."""
    source: Subject[int] = Subject()
    scheduler = EventLoopScheduler() if on_loop else None
    subscription = SingleAssignmentDisposable()
    pushed = threading.Event()

    def count(item: Any) -> None:
        if by_subscriber and len(observer.items) > after:
            subscription.dispose()

    observer = Serial(count)
    stream = source.pipe(tw.observe_on(scheduler, capacity=capacity, overflow=overflow))
    subscription.disposable = bare(stream, observer)

    def push() -> None:
        for item in range(300):
            if item == after:
                pushed.set()
            source.on_next(item)

    threads = our_threads()
    thread = threading.Thread(target=push)
    thread.start()
    assert pushed.wait(PATIENCE)
    if not by_subscriber:
        subscription.dispose()
        delivered = len(observer.items)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    subscription.dispose()
    if scheduler is not None:
        scheduler.dispose()
    for each in threads:
        each.join(PATIENCE)
        assert not each.is_alive()
    assert observer.broken == []
    if not by_subscriber:
        assert len(observer.items) <= delivered + 1  # which was on its way


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends a signal")
def test_disposed_by_a_signal_handler() -> None:
    """A signal handler ends a source that waits for room on the main thread."""
    gate = Gate()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(tw.observe_on(capacity=1), ops.do_action(gate)))
    before = signal.signal(signal.SIGALRM, lambda *_: seen.dispose())
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        for item in range(10):
            source.on_next(item)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    gate.open()
    assert gate.items == [0]


def test_disposing_from_on_next() -> None:
    """A subscriber that disposes in `on_next` gets nothing more; the thread ends."""
    seen = Seen(reactivex.range(0, 100).pipe(tw.observe_on(), ops.take(2))).ended()
    assert (seen.items, seen.completed) == ([0, 1], True)


def test_an_idle_subscription_is_disposed() -> None:
    """A thread that waits for items ends."""
    seen = Seen(reactivex.never().pipe(tw.observe_on()))
    assert len(our_threads()) == 1
    dispose_quickly(seen.dispose)
    for thread in our_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_the_ends_come_at_once() -> None:
    """An empty source completes, and a failed one fails, with nothing else to wake the thread."""
    assert Seen(reactivex.empty().pipe(tw.observe_on())).ended().completed
    error = StreamDisconnected()
    assert Seen(reactivex.throw(error).pipe(tw.observe_on())).ended().error is error


def test_a_source_that_cannot_be_subscribed_to_leaves_no_thread() -> None:
    """An exception on subscription is an `on_error`, and the thread ends."""

    def broken(observer: Any, scheduler: Any = None) -> Any:
        raise KeyError("no source")

    stream = Observable(broken).pipe(tw.observe_on())
    assert isinstance(Seen(stream).ended().error, KeyError)


def test_a_scheduler_that_has_ended() -> None:
    """A scheduler that takes nothing any more closes the source, and ends the stream with its error."""
    loop = EventLoopScheduler()
    loop.dispose()
    closed = threading.Event()
    source: Subject[int] = Subject()
    seen = Seen(source.pipe(ops.finally_action(closed.set), tw.observe_on(loop)))
    source.on_next(1)
    assert closed.is_set()
    assert "disposed" in str(seen.error)
    assert seen.items == []
    with pytest.raises(Exception, match="disposed"):
        rxt.run(reactivex.timer(0.01).pipe(tw.of_type(int), tw.observe_on(loop)))


def test_the_systems_last_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that the system refuses is an `on_error`."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen = Seen(reactivex.never().pipe(tw.observe_on()))
    assert "can't start new thread" in str(seen.error)


@pytest.mark.parametrize("at", ["on_next", "Dropped", "on_completed", "on_error"])
def test_an_exception_of_the_subscriber(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Whichever callback raises: the source is disposed, the thread reports it once, and it ends."""
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    boom = KeyError("mine")
    closed = threading.Event()
    held_up = threading.Event()

    def on_next(item: Any) -> None:
        assert held_up.wait(PATIENCE)
        if at == "on_next" or isinstance(item, Dropped):
            raise boom

    def end(*_: Any) -> None:
        raise boom

    source: Subject[int] = Subject()
    stream = source.pipe(ops.finally_action(closed.set), tw.observe_on(capacity=1, overflow="drop_oldest"))
    stream.subscribe(on_next, end, end)
    source.on_next(0)
    if at == "Dropped":
        for item in range(1, 5):
            source.on_next(item)
    elif at == "on_completed":
        source.on_completed()
    elif at == "on_error":
        source.on_error(StreamDisconnected())
    held_up.set()
    for thread in our_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert closed.is_set()
    assert reported == [boom]


# --- figures -----------------------------------------------------------------------------------------------


def test_figures_of_several_subscriptions() -> None:
    """An operator's figures are those of all its subscriptions, also of those that have ended."""
    handed_over = tw.observe_on(capacity=2, overflow="drop_newest")
    gates = [Gate(), Gate()]
    source: Subject[int] = Subject()
    stream = source.pipe(handed_over)
    seen = [Seen(stream.pipe(ops.do_action(gate))) for gate in gates]
    source.on_next(0)
    for gate in gates:
        gate.wait()
    for item in (1, 2, 3):
        source.on_next(item)
    assert (handed_over.depth, handed_over.high_water, handed_over.dropped) == (4, 2, 2)
    seen[0].dispose()
    assert (handed_over.depth, handed_over.high_water, handed_over.dropped) == (2, 2, 2)
    source.on_next(4)
    assert handed_over.dropped == 3
    seen[1].dispose()
    for gate in gates:
        gate.open()
    assert (handed_over.depth, handed_over.high_water, handed_over.dropped) == (0, 2, 3)


# --- mistakes ----------------------------------------------------------------------------------------------

untyped: Any = tw


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda: untyped.observe_on(capacity=0), "1 or more, not 0"),
        (lambda: untyped.observe_on(capacity=math.inf), "not inf"),
        (lambda: untyped.observe_on(overflow="drop"), "'drop_oldest', .*, not 'drop'"),
        (lambda: untyped.observe_on(overflow=["block"]), r"not \['block'\]"),
        (lambda: untyped.observe_on(1000), "scheduler of RxPY, or None for a thread, not 1000"),
        (lambda: tw.observe_on(AsyncIOScheduler(Mock())), "take an AsyncIOThreadSafeScheduler"),
    ],
)
def test_mistakes(mistake: Callable[[], Any], said: str) -> None:
    """A setting of a wrong kind is refused where it is passed, with what would be right."""
    with pytest.raises(ValueError, match=said):
        mistake()
