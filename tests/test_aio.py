"""Iteration, `async for` and delivery on a loop: nothing lost, nothing left, and each end said once."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import importlib
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Coroutine, Iterator
from importlib.util import find_spec
from typing import Any, get_args

import anyio
import pytest
import reactivex
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable, Subject, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable
from reactivex.internal import SequenceContainsNoElementsError

import rxtweets as rxt
from rxtweets import aio
from rxtweets import operators as tw
from rxtweets._handoff import Overflow
from rxtweets.emulator import Emulator
from rxtweets.messages import Dropped, Post
from rxtweets.testing import HOLD, Script, ScriptedTransport, post_json
from tests.clients import client_on, over
from tests.gui.scenarios import RATE, Numbers
from tests.observing import PATIENCE

OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
"""The kinds of loops, by their names."""

if find_spec("uvloop"):  # there is none for Windows
    LOOPS["uvloop"] = importlib.import_module("uvloop").new_event_loop


class Silence:
    """A source that emits nothing."""

    def __init__(self) -> None:
        self.subscribed = self.disposed = False
        self.stream = reactivex.create(self._subscribe)

    def _subscribe(
        self, observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        self.subscribed = True
        return Disposable(self._dispose)

    def _dispose(self) -> None:
        self.disposed = True


class Flood:
    """A source that emits numbers on a thread of its own until it is disposed, without a pause.

    Attributes:
        threads: of its subscriptions.
    """

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.stream = reactivex.create(self._subscribe)

    def _subscribe(
        self, observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        stopped = threading.Event()

        def emit() -> None:
            number = 0
            with contextlib.suppress(RuntimeError):  # of `observe_on`, whose loop is closed
                while not stopped.is_set():
                    observer.on_next(number)
                    number += 1

        self.threads.append(thread := threading.Thread(target=emit, name="rxtweets-flood", daemon=True))
        thread.start()
        return Disposable(stopped.set)


@pytest.fixture
def flood() -> Iterator[Flood]:
    """A source without an end, which the test must have disposed."""
    flood = Flood()
    yield flood
    assert flood.threads
    for thread in flood.threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run *main*, which has ended within `PATIENCE` and leaves no task."""

    async def patiently() -> Any:
        async with asyncio.timeout(PATIENCE):
            result = await main()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(patiently())


# --- what comes --------------------------------------------------------------------------------------------


def reconnecting() -> ScriptedTransport:
    first, second = (b"".join(post_json(text) + b"\r\n" for text in texts) for texts in ("ab", "cd"))
    return ScriptedTransport(Script(first), Script(second, HOLD))


def ended(transport: ScriptedTransport) -> None:
    """Wait until the second session has been closed."""
    session = transport.wait_for(2)
    for _ in range(1000):
        if session.closed:
            return
        threading.Event().wait(0.01)
    pytest.fail("the session is open")


def test_iterating_survives_a_reconnect() -> None:
    """The posts of two sessions come in one loop, of both kinds; leaving it closes the session."""
    transport = reconnecting()
    texts = []
    for post in rxt.iterate(over(transport).sample().pipe(tw.posts())):
        texts.append(post.text)
        if post.text == "c":
            break
    assert texts == ["a", "b", "c"]
    ended(transport)

    async def main() -> None:
        async for post in aio.iterate(over(transport).sample().pipe(tw.posts())):
            texts.append(post.text)
            if post.text == "c":
                break

    transport, texts = reconnecting(), []
    run(main)
    assert texts == ["a", "b", "c"]
    ended(transport)


def test_with_the_emulator() -> None:
    """Posts of real sessions arrive by each way; two iterators at once have a session each."""
    with Emulator(rate=200, level="enterprise") as emulator:
        posts = client_on(emulator).sample().pipe(tw.posts())
        found = [post for post, _ in zip(rxt.iterate(posts), range(5), strict=False)]

        async def some() -> None:
            taken = 0
            async for post in aio.iterate(posts):
                found.append(post)
                if (taken := taken + 1) == 5:
                    return

        async def main() -> None:
            await asyncio.gather(some(), some())
            found.append(await aio.first(posts))
            found.extend(await aio.to_list(posts.pipe(ops.take(3))))
            last = await posts.pipe(aio.observe_on(), ops.take(2))
            found.append(last)

        run(main)
        assert len(found) == 20
        assert all(isinstance(post, Post) for post in found)


@pytest.mark.parametrize("overflow", OVERFLOWS)
@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    capacity=st.integers(1, 20),
    pauses=st.sets(st.integers(0, 60)),
)
@settings(max_examples=15, deadline=None)
def test_received_is_taken_and_told_as_dropped(
    overflow: Overflow, counts: list[int], capacity: int, pauses: set[int]
) -> None:
    """Each item is taken or told, in order, whatever threads send it and whoever takes it pauses."""
    total = sum(counts)

    def check(items: list[Any], error: Exception | None) -> None:
        taken = [item for item in items if not isinstance(item, Dropped)]
        told = sum(item.count for item in items if isinstance(item, Dropped))
        if overflow == "error" and error is not None:
            assert isinstance(error, rxt.TooSlow)
            assert told == 1
        else:
            assert error is None
            assert len(taken) + told == total
            if overflow == "block":
                assert not told
        for sender in range(len(counts)):
            numbers = [number for by, number in taken if by == sender]
            assert numbers == sorted(set(numbers))

    def source() -> Observable[tuple[int, int]]:
        subject = Subject[tuple[int, int]]()
        serialized = threading.Lock()

        def send(sender: int) -> None:
            for number in range(counts[sender]):
                with serialized:
                    subject.on_next((sender, number))

        def send_all() -> None:
            threads = [threading.Thread(target=send, args=[sender]) for sender in range(len(counts))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            subject.on_completed()

        def begin(observer: Any, scheduler: Any = None) -> abc.DisposableBase:
            subscription = subject.subscribe(observer)
            threading.Thread(target=send_all).start()
            return subscription

        return reactivex.create(begin)

    items: list[Any] = []
    error: Exception | None = None
    try:
        for item in rxt.iterate(source(), capacity=capacity, overflow=overflow):
            if len(items) in pauses:
                time.sleep(0)
            items.append(item)
    except rxt.TooSlow as raised:
        error = raised
    check(items, error)

    async def take() -> None:
        nonlocal error
        try:
            async for item in aio.iterate(source(), capacity=capacity, overflow=overflow):
                if len(items) in pauses:
                    await asyncio.sleep(0)
                items.append(item)
        except rxt.TooSlow as raised:
            error = raised

    items, error = [], None
    run(take)
    check(items, error)

    async def observe() -> None:
        nonlocal error
        ended = asyncio.get_running_loop().create_future()
        source().pipe(aio.observe_on(capacity=capacity, overflow=overflow)).subscribe(
            items.append, ended.set_result, lambda: ended.set_result(None)
        )
        error = await ended

    items, error = [], None
    run(observe)
    check(items, error)


def test_what_emits_within_subscribe() -> None:
    """A source of RxPY that emits within `subscribe` is waited for by a thread; an endless one ends, too."""
    assert sum(rxt.iterate(reactivex.range(0, 5000), capacity=3)) == sum(range(5000))
    for item in rxt.iterate(reactivex.repeat_value(1), capacity=3):
        assert item == 1
        break

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"3 items wait for the very thread .*subscribe_on"):
            async for _ in aio.iterate(reactivex.repeat_value(1), capacity=3):
                pass

    run(main)


def test_inside_a_callback_of_rxpy() -> None:
    """Both, and `await`, work inside a callback of a source that runs on RxPY's trampoline."""
    found: list[Any] = []

    async def main() -> None:
        stream = rxt._observable.source_of(reactivex.of(4, 5), "test")
        found.extend([item async for item in aio.iterate(stream)])
        found.append(await stream)

    def inside(_: int) -> None:
        found.extend(rxt.iterate(reactivex.of(1, 2, 3)))
        run(main)

    reactivex.of(0).subscribe(inside)
    assert found == [1, 2, 3, 4, 5, 5]


def test_plain_observables_of_rxpy() -> None:
    """Items of a thread, joined by RxPY, can be awaited, which its own `await` can't do."""
    numbers = reactivex.merge(reactivex.timer(0.01), reactivex.timer(0.02).pipe(ops.map(lambda _: 1)))

    async def main() -> None:
        assert await aio.first(numbers) == 0
        assert await aio.to_list(numbers) == [0, 1]
        assert await aio.to_list(reactivex.empty()) == []
        with pytest.raises(SequenceContainsNoElementsError, match="completed without an item"):
            await aio.first(reactivex.empty())

    run(main)


def test_the_loop_is_not_starved() -> None:
    """A body that awaits nothing, of a stream that always has an item, lets time-outs happen."""
    flood = Flood()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(among_items(flood.stream), 0.05)

    run(main)
    flood.threads[0].join(PATIENCE)
    assert not flood.threads[0].is_alive()


def take(number: Any, numbers: list[int], dropped: list[int]) -> None:
    """Note an item that came where it ought to."""
    assert threading.current_thread() is threading.main_thread()
    if isinstance(number, Dropped):
        dropped.append(number.count)
    else:
        numbers.append(number)


async def by_observing(source: Observable[int], overflow: Overflow, slow: float) -> tuple[list[int], int]:
    numbers, dropped, done = list[int](), list[int](), asyncio.Event()

    def on_next(number: Any) -> None:
        take(number, numbers, dropped)
        time.sleep(slow)

    source.pipe(aio.observe_on(capacity=100, overflow=overflow)).subscribe(on_next, on_completed=done.set)
    await done.wait()
    return numbers, sum(dropped)


async def by_iterating(source: Observable[int], overflow: Overflow, slow: float) -> tuple[list[int], int]:
    numbers, dropped = list[int](), list[int]()
    async for number in aio.iterate(source, capacity=100, overflow=overflow):
        take(number, numbers, dropped)
        if slow:
            await asyncio.sleep(slow)
    return numbers, sum(dropped)


@pytest.mark.parametrize("seconds", [0.5, pytest.param(10, marks=pytest.mark.soak)])
@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("way", [by_observing, by_iterating])
@pytest.mark.parametrize("overflow", ["block", "drop_oldest"])
def test_two_thousand_a_second(way: Any, overflow: Overflow, kind: str, seconds: float) -> None:
    """They come on the loop's thread, in order, all or as many as are told; a timer fires meanwhile."""
    source = Numbers(total := RATE * seconds)

    async def main() -> tuple[list[int], int, int]:
        running = asyncio.create_task(way(source.observable, overflow, slow=0.001 * (overflow != "block")))
        turns = 0
        while not running.done():
            await asyncio.sleep(0.005)
            turns += 1
        return *running.result(), turns

    with asyncio.Runner(loop_factory=LOOPS[kind]) as runner:
        numbers, dropped, turns = runner.run(main())
    assert numbers == sorted(numbers)
    assert len(numbers) + dropped == total
    assert (dropped > 0) == (overflow != "block")
    assert turns > 10 * seconds


# --- how it ends -------------------------------------------------------------------------------------------


def test_an_error_is_raised_once_after_what_waits() -> None:
    """The stream's error comes after the items before it; asked again, the iterator has ended."""
    broken = reactivex.of(1, 2).pipe(ops.concat(reactivex.throw(rxt.StreamDisconnected())))
    items = rxt.iterate(broken)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(rxt.StreamDisconnected):
        next(items)
    assert list(items) == []

    async def main() -> None:
        items = aio.iterate(broken)
        assert [await anext(items), await anext(items)] == [1, 2]
        with pytest.raises(rxt.StreamDisconnected):
            await anext(items)
        assert [item async for item in items] == []
        with pytest.raises(rxt.StreamDisconnected):
            await aio.first(broken.pipe(ops.skip(2)))

    run(main)


def inverse(number: int) -> float:
    return 1 / (3 - number)


def test_an_error_of_an_operator_between(flood: Flood) -> None:
    """An exception in the chain is raised in the loop, and disposes."""
    broken = flood.stream.pipe(ops.map(inverse))
    with pytest.raises(ZeroDivisionError):
        list(rxt.iterate(broken))

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async for _ in aio.iterate(broken):
                pass

    run(main)


def test_the_loop_is_left(flood: Flood) -> None:
    """`break`, an exception in the body, `close`, and the last reference dispose."""
    for _ in rxt.iterate(flood.stream):
        break
    with contextlib.suppress(KeyError):
        for item in rxt.iterate(flood.stream):
            raise KeyError(item)
    items = rxt.iterate(flood.stream)
    next(items)
    items.close()
    assert list(items) == []
    items = rxt.iterate(flood.stream)
    next(items)
    del items
    assert list(rxt.iterate(flood.stream.pipe(ops.take(2)))) == [0, 1]

    async def main() -> None:
        async for _ in aio.iterate(flood.stream):
            break
        with contextlib.suppress(KeyError):
            async for item in aio.iterate(flood.stream):
                raise KeyError(item)
        async with contextlib.aclosing(aio.iterate(flood.stream)) as items:
            await anext(items)
        assert [item async for item in items] == []

    run(main)
    assert len(flood.threads) == 8


def test_closed_before_it_began() -> None:
    """An iterator that is closed, or dropped, before its loop never subscribes."""

    def subscribed(*_: Any) -> Any:
        pytest.fail("subscribed")

    source: Observable[int] = reactivex.create(subscribed)
    items = rxt.iterate(source)
    items.close()
    assert list(items) == []

    async def main() -> None:
        items = aio.iterate(source)
        await items.aclose()
        assert [item async for item in items] == []

    run(main)


def test_another_thread_closes() -> None:
    """`close` from another thread ends a loop that waits, as `aclose` of another task does."""
    items = rxt.iterate(reactivex.never())
    timer = threading.Timer(0.02, items.close)
    timer.start()
    assert list(items) == []

    async def main() -> None:
        items = aio.iterate(reactivex.never())
        closing = asyncio.create_task(items.aclose())
        assert [item async for item in items] == []
        await closing

    run(main)


def test_only_one_task_may_wait() -> None:
    """A second task that asks the same iterator gets an error, and the first goes on."""

    async def main() -> None:
        subject = Subject[int]()
        items = aio.iterate(subject)
        first = asyncio.ensure_future(anext(items))
        while not subject.observers:
            await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task is already waiting"):
            await anext(items)
        subject.on_next(1)
        assert await first == 1
        await items.aclose()

    run(main)


Work = Callable[[Observable[int]], Coroutine[Any, Any, object]]

AWAITS: dict[str, Work] = {}


def awaits(work: Work) -> Work:
    AWAITS[work.__name__] = work
    return work


@awaits
async def for_an_item(source: Observable[int]) -> None:
    async for _ in aio.iterate(source.pipe(ops.filter(lambda number: False))):
        pass


@awaits
async def among_items(source: Observable[int]) -> None:
    async for _ in aio.iterate(source):
        pass


@awaits
async def in_the_body(source: Observable[int]) -> None:
    async for _ in aio.iterate(source, overflow="drop_oldest"):
        await asyncio.sleep(PATIENCE)


@awaits
async def for_the_first(source: Observable[int]) -> None:
    await aio.first(source.pipe(ops.filter(lambda number: False)))


@awaits
async def for_a_list(source: Observable[int]) -> None:
    await aio.to_list(source.pipe(ops.filter(lambda number: False)))


@awaits
async def for_the_last(source: Observable[int]) -> None:
    await source.pipe(tw.observe_on())  # makes it one of ours


@pytest.mark.parametrize("where", AWAITS)
def test_cancelling_disposes(where: str, flood: Flood) -> None:
    """A task that is cancelled, wherever it waits, has disposed when it ends."""
    source = rxt._observable.source_of(flood.stream, "test")

    async def main() -> None:
        task = asyncio.create_task(AWAITS[where](source))
        await asyncio.sleep(0.02)
        assert task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert len(flood.threads) == 1


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("where", AWAITS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_closed_around_a_task(where: str, kind: str, flood: Flood) -> None:
    """A loop that is closed around a task, wherever that waits, has closed the session, under full flow."""
    loop = LOOPS[kind]()
    loop.set_exception_handler(lambda loop, context: None)  # of the task that is left
    task = loop.create_task(AWAITS[where](rxt._observable.source_of(flood.stream, "test")))
    loop.run_until_complete(asyncio.sleep(0.02))
    loop.close()
    del task


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("where", AWAITS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_closed_while_nothing_comes(where: str, kind: str) -> None:
    """It has done so when `close` returns, also if no item ever comes."""
    loop, source = LOOPS[kind](), Silence()
    loop.set_exception_handler(lambda loop, context: None)
    task = loop.create_task(AWAITS[where](rxt._observable.source_of(source.stream, "test")))
    loop.run_until_complete(asyncio.sleep(0.02))
    assert (source.subscribed, source.disposed) == (True, False)
    loop.close()
    assert source.disposed
    del task


@pytest.mark.parametrize("kind", LOOPS)
def test_observe_on_a_loop_closed_while_nothing_comes(
    kind: str,
) -> None:
    """`aio.observe_on` ends with an error when its loop is closed, also one that never ran or is no more."""
    errors: list[Exception] = []
    for runs in (True, False):
        loop, source = LOOPS[kind](), Silence()
        source.stream.pipe(aio.observe_on(loop)).subscribe(on_error=errors.append)
        if runs:
            loop.run_until_complete(asyncio.sleep(0))
        assert (source.subscribed, source.disposed) == (True, False)
        loop.close()
        assert source.disposed
    source = Silence()
    source.stream.pipe(aio.observe_on(loop)).subscribe(on_error=errors.append)
    assert not source.subscribed
    assert [str(error) for error in errors] == ["Event loop is closed"] * 3


@pytest.mark.parametrize("kind", LOOPS)
def test_a_stream_that_outlives_its_loop_is_said_once(kind: str) -> None:
    """Without an `on_error` the loop's exception handler hears of it, and not of what ended the program."""
    reports: list[BaseException] = []
    loop = LOOPS[kind]()
    loop.set_exception_handler(lambda loop, context: reports.append(context["exception"]))
    reactivex.never().pipe(aio.observe_on(loop)).subscribe()
    try:
        loop.run_until_complete(asyncio.sleep(0))
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        loop.close()
    [said] = ["".join(traceback.format_exception(report)) for report in reports]
    assert "RuntimeError: Event loop is closed" in said
    assert "KeyboardInterrupt" not in said


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_forgets_what_has_ended(kind: str) -> None:
    """A loop that goes on keeps nothing of subscriptions that are over."""

    async def main() -> None:
        alive = weakref.WeakSet[Silence]()
        for number in range(100):
            alive.add(silence := Silence())
            items = aio.iterate(silence.stream)
            await asyncio.gather(anext(items), items.aclose(), return_exceptions=True)
            subscription = silence.stream.pipe(aio.observe_on()).subscribe()
            await asyncio.sleep(0)
            await asyncio.to_thread(subscription.dispose) if number % 10 else subscription.dispose()
        del silence, items, subscription
        while alive:
            await asyncio.sleep(0.01)
            gc.collect()

    with asyncio.Runner(loop_factory=LOOPS[kind]) as runner:
        runner.run(asyncio.wait_for(main(), PATIENCE))


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_observe_on_a_loop_closed_under_full_flow(overflow: Overflow, flood: Flood) -> None:
    """`aio.observe_on` disposes, with an error, whether or not a delivery was under way."""
    loop = asyncio.new_event_loop()
    ended = threading.Event()
    delivered: list[Any] = []

    def on_error(error: Exception) -> None:
        assert "closed" in str(error) or isinstance(error, rxt.TooSlow)
        ended.set()

    async def main() -> None:
        operator = aio.observe_on(capacity=5, overflow=overflow)
        flood.stream.pipe(operator).subscribe(delivered.append, on_error)
        await asyncio.sleep(0.02)

    loop.run_until_complete(main())
    loop.close()
    assert ended.wait(PATIENCE)
    assert delivered


def test_asyncio_run_closes_what_is_kept(flood: Flood) -> None:
    """An iterator that outlives `asyncio.run` in a variable is closed by it."""
    items = aio.iterate(flood.stream)

    async def main() -> None:
        await anext(items)

    run(main)
    flood.threads[0].join(PATIENCE)
    assert not flood.threads[0].is_alive()


def test_observe_on_delivers_on_the_loops_thread(flood: Flood) -> None:
    """All calls come on it, also for a subscription made elsewhere; disposing there ends it."""
    threads = set[int]()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        operator = aio.observe_on(loop)
        seen = asyncio.Event()

        def on_next(number: int) -> None:
            threads.add(threading.get_ident())
            if number == 100:
                seen.set()

        subscription = await asyncio.to_thread(flood.stream.pipe(operator).subscribe, on_next)
        await seen.wait()
        await asyncio.to_thread(subscription.dispose)
        assert operator.high_water <= 1000
        assert operator.dropped == 0

    run(main)
    assert threads == {threading.get_ident()}


def test_observe_on_keeps_the_context() -> None:
    """A subscriber finds the context variables as they were when it subscribed, whoever sends."""
    variable = contextvars.ContextVar("variable", default="the sender's")

    async def main() -> None:
        variable.set("the subscriber's")
        seen, found = asyncio.Event(), set[str]()
        subject = Subject[int]()
        subject.pipe(aio.observe_on()).subscribe(lambda _: found.add(variable.get()), on_completed=seen.set)
        for number in range(3):
            await asyncio.to_thread(contextvars.Context().run, subject.on_next, number)
            await asyncio.sleep(0.01)
        await asyncio.to_thread(contextvars.Context().run, subject.on_completed)
        await seen.wait()
        assert found == {"the subscriber's"}

    run(main)


def fail_at_3(number: int) -> None:
    inverse(number)


def test_an_exception_of_a_subscriber_is_reported_once(flood: Flood) -> None:
    """Behind `aio.observe_on` it goes to the loop's exception handler, and disposes."""
    reports: list[BaseException] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reports.append(context["exception"]))
        flood.stream.pipe(aio.observe_on()).subscribe(fail_at_3)
        while not reports:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)

    run(main)
    assert [type(report) for report in reports] == [ZeroDivisionError]


async def endless(posts: Observable[Post], got: asyncio.Event) -> None:
    async for _ in aio.iterate(posts):
        got.set()


def broken(_: Post) -> None:
    raise LookupError("ours")


@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("end", ["close", "cancel", "raise", "dispose elsewhere"])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of a task in a closed loop
def test_an_end_under_full_flow(end: str, kind: str) -> None:
    """Each end of sessions of 2,000 posts a second leaves no thread and no socket, and is said once."""
    reports: list[Any] = []
    with Emulator(rate=2000, level="enterprise") as emulator:
        posts = client_on(emulator).sample().pipe(tw.posts())

        async def main() -> object:
            got = asyncio.Event()
            if end == "raise":
                posts.pipe(aio.observe_on()).subscribe(broken, lambda _: got.set())
                while not reports:
                    await asyncio.sleep(0.001)
                assert not got.is_set()
                return None
            task = asyncio.create_task(endless(posts, got))
            seen = asyncio.Event()
            subscription = posts.pipe(aio.observe_on()).subscribe(lambda _: seen.set(), reports.append)
            await asyncio.wait_for(asyncio.gather(got.wait(), seen.wait()), PATIENCE)
            if end == "close":
                return task
            await asyncio.to_thread(subscription.dispose)
            task.cancel()
            await asyncio.wait([task])
            return None

        loop = LOOPS[kind]()
        loop.set_exception_handler(lambda loop, context: reports.append(context.get("exception")))
        left = loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        for _ in range(int(PATIENCE / 0.01)):
            if not emulator.streams:
                break
            threading.Event().wait(0.01)
        assert not emulator.streams
        said = list(map(repr, reports))
        del left
    wanted = {"close": ["RuntimeError('Event loop is closed')"], "raise": ["LookupError('ours')"]}
    assert said == wanted.get(end, [])


def test_anyio() -> None:
    """Time-outs and task groups of anyio, on its asyncio backend, close the session."""
    sources = [Silence(), Silence(), Silence()]

    async def main() -> None:
        with anyio.move_on_after(0.02) as scope:
            async for _ in aio.iterate(sources[0].stream):
                pass
        assert scope.cancelled_caught
        async with anyio.create_task_group() as group:
            group.start_soon(aio.first, sources[1].stream)
            group.start_soon(aio.to_list, sources[2].stream)
            while not (sources[1].subscribed and sources[2].subscribed):
                await anyio.sleep(0)
            group.cancel_scope.cancel()
        assert await aio.to_list(reactivex.of(1, 2)) == [1, 2]

    anyio.run(main, backend="asyncio")
    assert all(source.disposed for source in sources)


# --- where it doesn't work ---------------------------------------------------------------------------------


def test_a_for_loop_over_an_observable_says_what_would_work() -> None:
    """`for` and `async for` over an Observable name what to write."""
    stream = over(ScriptedTransport()).sample()
    with pytest.raises(TypeError, match=r"rxt\.iterate\(observable\)"):
        iter(stream)

    async def main() -> None:
        with pytest.raises(TypeError, match=r"aio\.iterate\(observable\)"):
            aiter(stream)  # type: ignore[arg-type]

    run(main)


@pytest.mark.parametrize("iterate", [rxt.iterate, aio.iterate])
def test_arguments_are_checked_at_once(iterate: Any) -> None:
    """The call refuses what isn't an Observable, a capacity or an overflow."""
    with pytest.raises(ValueError, match=r"iterate takes an Observable, such as .*call it, sample"):
        iterate(over(ScriptedTransport()).sample)
    with pytest.raises(ValueError, match="capacity must be the number"):
        iterate(reactivex.never(), capacity=0)
    with pytest.raises(ValueError, match="overflow must be one of 'block'"):
        iterate(reactivex.never(), overflow="drop")
    with pytest.raises(ValueError, match="loop must be a loop of asyncio"):
        aio.observe_on(iterate)


@pytest.mark.parametrize(
    "work",
    [
        lambda stream: anext(aio.iterate(stream)),
        aio.first,
        aio.to_list,
        lambda stream: stream,
    ],
    ids=["iterate", "first", "to_list", "await"],
)
def test_trio_is_told(work: Any) -> None:
    """Under trio each says at once that it needs asyncio, and what to do."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"needs asyncio, .* under trio, take rxt\.iterate"):
            await work(over(ScriptedTransport()).sample())

    trio.run(main)


def test_observe_on_without_a_loop() -> None:
    """Subscribed to where no loop runs, `aio.observe_on()` is an error of the stream."""
    errors: list[Exception] = []
    reactivex.never().pipe(aio.observe_on()).subscribe(on_error=errors.append)
    assert "needs asyncio" in str(errors[0])


# --- programs ----------------------------------------------------------------------------------------------

HEAD = """
import asyncio, itertools, threading
import reactivex, rxtweets as rxt
from rxtweets import aio
from rxtweets.emulator import Emulator
emulator = Emulator(rate=2000)
emulator.start()
stream = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url).sample()
"""

ENDS = {
    "iterate": "items = rxt.iterate(stream)\nfor _ in itertools.islice(items, 50): pass\n",
    "aio": "async def main():\n"
    "    items = aio.iterate(stream)\n"
    "    for _ in range(50): await anext(items)\n"
    "asyncio.run(main())\n",
    "observe_on": "async def main():\n"
    "    stream.pipe(aio.observe_on()).subscribe(lambda _: None, lambda error: None)\n"
    "    await asyncio.sleep(0.3)\n"
    "asyncio.run(main())\n",
    "a loop that is never closed": "async def main():\n"
    "    global items\n"
    "    items = aio.iterate(stream)\n"
    "    await anext(items)\n"
    "asyncio.new_event_loop().run_until_complete(main())\n",
}


@pytest.mark.parametrize("way", ENDS)
def test_a_program_ends_under_flow(way: str) -> None:
    """A program that just ends while items come ends quietly."""
    program = HEAD + ENDS[way] + "print('done')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


@pytest.mark.parametrize("way", ["iterate", "aio"])
def test_a_program_ends_while_a_thread_emits_all_the_time(way: str) -> None:
    """It doesn't wait for a lock whose thread the end has stopped."""
    program = """
import asyncio
import reactivex
from reactivex import operators as ops
from reactivex.scheduler import NewThreadScheduler
from rxtweets import aio, iterate
source = reactivex.repeat_value(1).pipe(ops.subscribe_on(NewThreadScheduler()))
"""
    program += {
        "iterate": "items = iterate(source, overflow='drop_oldest')\nnext(items)\n",
        "aio": "items = aio.iterate(source, overflow='drop_oldest')\n"
        "async def main(): await anext(items)\n"
        "asyncio.new_event_loop().run_until_complete(main())\n",
    }[way]
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENCE)
        assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("source", ["stream", "reactivex.never()"])
def test_ctrl_c_ends_a_for_loop(source: str) -> None:
    """Ctrl-C is raised at once, under flow and while nothing comes, and the session is closed."""
    program = HEAD + (
        "print('on', flush=True)\n"
        f"try:\n    for _ in rxt.iterate({source}): pass\n"
        "except KeyboardInterrupt:\n"
        "    emulator.stop()\n"
        "    for thread in threading.enumerate():\n"
        "        if thread.name.startswith('rxtweets'): thread.join(5)\n"
        "    print(threading.active_count())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "on\n"
        threading.Event().wait(0.3)
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=PATIENCE)
    assert (out, errors) == ("1\n", "")
