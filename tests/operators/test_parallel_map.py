"""`parallel_map` on threads: orders, bounds, ends, errors. Its processes are tested beside it."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable, Subject
from reactivex import operators as ops
from reactivex.disposable import Disposable
from reactivex.testing import ReactiveTest, TestScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.connection import connect
from rxtweets.errors import StreamDisconnected
from rxtweets.messages import Connected, Disconnected, KeepAlive
from rxtweets.testing import HOLD, Script, ScriptedTransport
from tests.clients import ENDPOINT, QUICK
from tests.conftest import our_threads
from tests.observing import PATIENCE, Seen, dispose_quickly

untyped: Any = tw

ORDERS = pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])


class Work:
    """A function whose calls each wait until they are let go; each returns its item negated."""

    def __init__(self) -> None:
        self.running: list[int] = []
        self.most = 0
        self._let_go: set[int] = set()
        self._changed = threading.Condition()

    def __call__(self, item: int) -> int:
        with self._changed:
            self.running.append(item)
            self.most = max(self.most, len(self.running))
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: item in self._let_go, PATIENCE)
            self.running.remove(item)
            self._changed.notify_all()
        return -item

    def wait(self, *items: int) -> None:
        """Block until calls with *items* are running."""
        with self._changed:
            assert self._changed.wait_for(lambda: {*items} <= {*self.running}, PATIENCE), self.running

    def wait_for_just(self, *items: int) -> None:
        """Block until calls with *items* are running, and no others."""
        with self._changed:
            assert self._changed.wait_for(lambda: sorted(self.running) == [*items], PATIENCE), self.running

    def let_go(self, *items: int) -> None:
        """Let the calls with *items* return, now or when they begin."""
        with self._changed:
            self._let_go.update(items)
            self._changed.notify_all()


class Reader(threading.Thread):
    """A thread that sends items, and then the completion or an error, as the thread of a stream does."""

    def __init__(self, *items: Any, end: Exception | None = None, ends: bool = True) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.disposed = threading.Event()
        self._items = items
        self._last = end
        self._ends = ends
        self._observer: Any = None

    def stream(self) -> Observable[Any]:
        """An Observable that starts the thread when it is subscribed to."""

        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            self._observer = observer
            self.start()
            return Disposable(self.disposed.set)

        return Observable(subscribe)

    def run(self) -> None:
        for item in self._items:
            if self.disposed.is_set():
                return
            self._observer.on_next(item)
            self.sent += 1
        if self._ends and self._last is None:
            self._observer.on_completed()
        elif self._ends:
            self._observer.on_error(self._last)

    def joined(self) -> Reader:
        """Block until it has ended."""
        self.join(PATIENCE)
        assert not self.is_alive()
        return self


class Contract(Seen):
    """Holds what calls it to the contract: one call at a time, none after the end."""

    def __init__(self, observable: Observable[Any]) -> None:
        self.breaches: list[str] = []
        self._calls = threading.Lock()
        self._ended = False
        super().__init__(observable)

    def _during(self, call: Callable[..., None], *args: Any, ends: bool = False) -> None:
        if not self._calls.acquire(blocking=False):
            self.breaches.append("two calls at once")
            return
        try:
            if self._ended:
                self.breaches.append("a call after the end")
            self._ended = self._ended or ends
            call(*args)
        finally:
            self._calls.release()

    def _on_next(self, item: Any) -> None:
        self._during(super()._on_next, item)

    def _on_error(self, error: Exception) -> None:
        self._during(super()._on_error, error, ends=True)

    def _on_completed(self) -> None:
        self._during(super()._on_completed, ends=True)


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """The exceptions that `threading.excepthook` got."""
    found: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: found.append(args.exc_value))
    return found


def all_ended() -> None:
    """Block until every thread of the library has ended."""
    for thread in our_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread


# --- order and bounds --------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=9), st.integers(1, 4), st.booleans())
def test_any_order_of_ends(choices: list[int], workers: int, ordered: bool) -> None:
    """In whatever order calls end: every result once, in order if asked for; the bounds are kept and used."""
    count = len(choices)
    work = Work()
    reader = Reader(*range(1, count + 1))
    seen = Contract(reader.stream().pipe(tw.parallel_map(work, workers, ordered=ordered)))
    ended: list[int] = []
    for choice in choices:
        # Those in flight are the ones up to twice the workers behind the last that was delivered.
        delivered = len([*itertools.takewhile(lambda n: n in ended, range(1, count + 1))])
        in_flight = min(count, (delivered if ordered else len(ended)) + 2 * workers)
        running = [n for n in range(1, in_flight + 1) if n not in ended][:workers]
        work.wait_for_just(*running)
        chosen = running[choice % len(running)]
        ended.append(chosen)
        work.let_go(chosen)
        if not ordered:
            seen.count(len(ended))
    seen.ended()
    assert seen.items == [-n for n in (sorted(ended) if ordered else ended)]
    assert seen.completed
    assert seen.breaches == []
    assert work.most <= workers
    reader.joined()


@ORDERS
def test_the_reader_waits_when_all_are_busy(ordered: bool) -> None:
    """With two items a worker in flight the source's thread blocks; a delivery lets one more in."""
    work = Work()
    reader = Reader(*range(1, 20))
    seen = Seen(reader.stream().pipe(tw.parallel_map(work, 2, ordered=ordered)))
    work.wait(1, 2)
    for n in range(1, 4):
        work.let_go(n)
        seen.count(n)
        work.wait(n + 1, n + 2)
        assert reader.sent <= n + 4
    seen.dispose()
    reader.joined()
    assert reader.sent <= 8  # with the one that it waited with
    work.let_go(*range(20))


@ORDERS
def test_a_slow_subscriber_bounds_it_too(ordered: bool) -> None:
    """Results that wait for the subscriber count as in flight."""
    entered, go_on = threading.Event(), threading.Event()

    def slow(item: int) -> None:
        entered.set()
        assert go_on.wait(PATIENCE)

    reader = Reader(*range(20))
    finished = threading.Semaphore(0)
    stream = reader.stream().pipe(tw.parallel_map(lambda item: finished.release(), 3, ordered=ordered))
    seen = Seen(stream.pipe(ops.do_action(slow)))
    assert entered.wait(PATIENCE)
    for _ in range(6):
        assert finished.acquire(timeout=PATIENCE)
    assert not finished.acquire(timeout=0.05)
    go_on.set()
    assert len(seen.ended().items) == 20


@ORDERS
def test_events_of_the_connection_pass(ordered: bool) -> None:
    """They pass as they are, without the function: in their place, or before results that aren't there."""
    work = Work()
    first, second = Connected(200, {}), KeepAlive()
    reader = Reader(first, 1, second, 2)
    seen = Seen(reader.stream().pipe(tw.parallel_map(work, 2, ordered=ordered)))
    work.wait(1, 2)
    seen.count(1 if ordered else 2)
    work.let_go(1)
    seen.count(3)
    work.let_go(2)
    expected = [first, -1, second, -2] if ordered else [first, second, -1, -2]
    assert seen.ended().items == expected
    assert seen.items.index(first) == 0
    assert [item for item in seen.items if item is second] == [second]


def test_one_thread_delivers() -> None:
    """All is delivered on one thread, neither the source's nor a worker's."""
    names: set[str] = set()

    def fn(item: int) -> None:
        names.add(threading.current_thread().name)

    seen = Seen(Reader(*range(50)).stream().pipe(tw.parallel_map(fn, 4, ordered=False))).ended()
    (name,) = seen.threads
    assert name.startswith("rxtweets-parallel_map-")
    assert name not in names
    assert all(each.startswith("rxtweets-parallel_map-") for each in names)


@pytest.mark.parametrize("ends", ["by itself", "in an error", "by a take", "by a disposal"])
@ORDERS
def test_the_contract(ordered: bool, ends: str) -> None:
    """Many short calls: the subscriber is called by one at a time, and not after the end or its disposal."""
    failure = StreamDisconnected() if ends == "in an error" else None
    items = itertools.count() if ends in ("by a take", "by a disposal") else range(300)
    reader = Reader(end=failure)
    reader._items = items  # type: ignore[assignment]
    stream = reader.stream().pipe(tw.parallel_map(lambda item: item, 8, ordered=ordered))
    seen = Contract(stream.pipe(ops.take(300)) if ends == "by a take" else stream)
    if ends == "by a disposal":
        seen.count(100).dispose()
        all_ended()
        count = len(seen.items)
    else:
        count = len(seen.ended().items)
        assert count == 300
        assert seen.error is failure
    reader.joined()
    all_ended()
    assert seen.breaches == []
    assert len(seen.items) == count
    assert not ordered or seen.items == [*range(count)]


def test_on_a_source_in_virtual_time() -> None:
    """Items and the end of a source in virtual time come through; the clock waits while all are busy."""
    scheduler = TestScheduler()
    clock: list[float] = []

    def fn(item: int) -> int:
        clock.append(scheduler.clock)
        return item * 2

    source = scheduler.create_cold_observable(
        *[ReactiveTest.on_next(100 * n, n) for n in range(1, 8)], ReactiveTest.on_completed(800)
    )
    seen = Seen(source.pipe(tw.parallel_map(fn, 1)), scheduler)
    scheduler.start()
    assert seen.ended().items == [2 * n for n in range(1, 8)]
    assert all(at <= 100.0 * (n + 2) for n, at in enumerate(clock[:-2], start=1))
    (subscription,) = source.subscriptions
    assert subscription.subscribe == 0


def test_what_is_sent_from_within_does_not_wait() -> None:
    """A function or a subscriber that sends into the source is not kept waiting for itself."""
    source: Subject[int] = Subject()
    lock = threading.Lock()  # a Subject is to be called by one thread at a time

    def fn(item: int) -> int:
        if item == 1:
            for n in range(10, 15):
                with lock:
                    source.on_next(n)
        return item

    def more(item: int) -> None:
        if item == 1:
            for n in range(20, 25):
                with lock:
                    source.on_next(n)

    seen = Seen(source.pipe(tw.parallel_map(fn, 1), ops.do_action(more)))
    source.on_next(1)
    seen.count(11)
    assert sorted(seen.items) == [1, *range(10, 15), *range(20, 25)]
    source.on_completed()
    seen.ended()


# --- the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [None, StreamDisconnected()], ids=["completed", "failed"])
@ORDERS
def test_the_end_comes_last(ordered: bool, failure: Exception | None) -> None:
    """The source's error or completion comes after all that is in flight; then the threads end."""
    work = Work()
    reader = Reader(1, 2, 3, end=failure)
    seen = Seen(reader.stream().pipe(tw.parallel_map(work, 2, ordered=ordered)))
    work.wait(1, 2)
    reader.joined()
    work.let_go(2)
    work.wait(3)
    work.let_go(1, 3)
    assert sorted(seen.ended().items) == [-3, -2, -1]
    assert seen.error is failure
    all_ended()


@pytest.mark.parametrize("failure", [None, StreamDisconnected()], ids=["completed", "failed"])
def test_the_end_of_nothing(failure: Exception | None) -> None:
    """A source that ends without an item ends it at once."""
    source: Observable[Any] = reactivex.empty() if failure is None else reactivex.throw(failure)
    seen = Seen(source.pipe(tw.parallel_map(abs, 2))).ended()
    assert (seen.items, seen.error) == ([], failure)


@ORDERS
def test_a_disposal_does_not_wait(ordered: bool) -> None:
    """In the middle of calls: it returns at once, the reader is let go, no result comes after."""
    work = Work()
    reader = Reader(*range(1, 20))
    seen = Seen(reader.stream().pipe(tw.parallel_map(work, 2, ordered=ordered)))
    work.wait(1, 2)
    dispose_quickly(seen.dispose)
    assert reader.disposed.is_set()
    reader.joined()
    work.let_go(*range(20))
    all_ended()
    assert (seen.items, seen.error, seen.completed) == ([], None, False)
    assert work.most == 2


def test_each_subscription_has_its_own() -> None:
    """An operator that is subscribed to twice works for both, independently."""
    doubled = reactivex.of(1, 2, 3).pipe(tw.parallel_map(lambda item: item * 2, 2))
    first, second = Seen(doubled), Seen(doubled)
    assert first.ended().items == second.ended().items == [2, 4, 6]


# --- exceptions --------------------------------------------------------------------------------------------


class Boom(Exception):
    """An exception of a function's own."""


def test_an_exception_ends_the_session(reports: list[Any]) -> None:
    """It is the error, after the results before it; the session closes and doesn't reconnect."""
    boom = Boom()

    def fn(frame: Any) -> bytes:
        if frame == b"2":
            raise boom
        return bytes(frame)

    transport = ScriptedTransport(*[Script(b"1\r\n2\r\n3\r\n", HOLD)] * 2)
    stream = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK))
    seen = Seen(stream.pipe(tw.parallel_map(fn, 2), tw.of_type(bytes), ops.retry(1))).ended()
    assert seen.error is boom
    assert seen.items == [b"1"]
    all_ended()
    assert [session.closed for session in transport.sessions] == [True]
    assert reports == []
    with pytest.raises(Boom):
        rxt.run(connect(ENDPOINT, transport=transport).pipe(tw.parallel_map(fn, 2)))


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()], ids=repr)
@pytest.mark.parametrize("on_error", ["end", "skip"])
def test_what_is_no_exception_ends_it(on_error: Any, raised: BaseException) -> None:
    """`sys.exit` and the like in a function are no reason to go on, or to hang."""

    def fn(item: Any) -> None:
        raise raised

    assert Seen(reactivex.of(1, 2).pipe(tw.parallel_map(fn, 1, on_error=on_error))).ended().error is raised


@ORDERS
def test_skipping(ordered: bool, reports: list[Any]) -> None:
    """With "skip" the items that fail are reported, each once, and all others have their results."""
    booms = {n: Boom(n) for n in range(0, 30, 3)}

    def fn(item: int) -> int:
        if item in booms:
            raise booms[item]
        return item

    seen = Seen(Reader(*range(30)).stream().pipe(tw.parallel_map(fn, 3, ordered=ordered, on_error="skip")))
    assert sorted(seen.ended().items) == [n for n in range(30) if n % 3]
    assert not ordered or seen.items == sorted(seen.items)
    assert sorted(reports, key=lambda boom: boom.args) == [*booms.values()]
    assert seen.completed


def test_a_report_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that `threading.excepthook` raises when an item is skipped ends the stream."""

    def hook(args: Any) -> None:
        raise KeyError("no more")

    def fn(item: int) -> None:
        raise Boom

    monkeypatch.setattr(threading, "excepthook", hook)
    error = Seen(reactivex.of(1).pipe(tw.parallel_map(fn, 1, on_error="skip"))).ended().error
    assert isinstance(error, KeyError)
    assert isinstance(error.__context__, Boom)


def test_the_exception_is_not_kept(reports: list[Any]) -> None:
    """Once it is handled nothing holds it: no cycle of its traceback with our frames."""
    references: list[weakref.ref[Boom]] = []

    def fn(item: Any) -> None:
        boom = Boom()
        references.append(weakref.ref(boom))
        try:
            raise boom
        finally:
            del boom

    gc.collect()
    gc.disable()
    try:
        for on_error in ("end", "skip"):
            finished = threading.Event()
            stream = reactivex.of(1).pipe(untyped.parallel_map(fn, 1, on_error=on_error))
            stream.pipe(ops.finally_action(finished.set)).subscribe(on_error=lambda _: None)
            assert finished.wait(PATIENCE)
            all_ended()
            reports.clear()
        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()


def test_a_source_that_cannot_be_subscribed_to() -> None:
    """Its exception is the error, and the workers end."""

    def broken(observer: Any, scheduler: Any = None) -> Any:
        raise Boom

    assert isinstance(Seen(reactivex.create(broken).pipe(tw.parallel_map(abs, 2))).ended().error, Boom)
    all_ended()


@pytest.mark.parametrize("started", [0, 1, 2])
def test_a_thread_that_the_system_refuses(started: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the error, the source isn't subscribed to, and the threads that were started end."""
    start, left = threading.Thread.start, itertools.count(started, -1)

    def refusing(thread: threading.Thread) -> None:
        if next(left) <= 0:
            raise RuntimeError("can't start new thread")
        start(thread)

    subscribed: list[Any] = []

    def subscribe(observer: Any, scheduler: Any = None) -> Any:
        subscribed.append(observer)

    source: Observable[int] = Observable(subscribe)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refusing)
        seen = Seen(source.pipe(tw.parallel_map(abs, 2)))
    assert isinstance(seen.error, RuntimeError)
    assert subscribed == []
    all_ended()


def test_the_events_of_a_reconnect_stay_in_order() -> None:
    """Behind a stream that reconnects, each event stands where it stood among the messages."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n"), Script(b"3\r\n", HOLD))
    stream = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK))
    seen = Seen(
        stream.pipe(tw.parallel_map(int, 3), ops.map(lambda item: item if item in (1, 2, 3) else type(item)))
    )
    items = seen.wait(lambda seen: 3 in seen.items).items
    seen.dispose()
    assert (
        items.index(Connected) < items.index(1) < items.index(2) < items.index(Disconnected) < items.index(3)
    )


async def awaited(item: Any) -> Any:
    return item


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda: untyped.parallel_map(None, 2), "fn must be a function that takes one item .*, not None"),
        (
            lambda: untyped.parallel_map(awaited, 2),
            "fn must be a function .* and returns its result, not <function aw",
        ),
        (
            lambda: untyped.parallel_map(print, 0),
            "workers must be the number of threads .*, 1 or more, not 0",
        ),
        (lambda: untyped.parallel_map(print, None), "workers must be .*, not None"),
        (lambda: untyped.parallel_map(print, 1.5), "workers must be .*, not 1.5"),
        (
            lambda: untyped.parallel_map(print, 2, executor="fork"),
            "executor must be one of 'thread', 'process', not 'fork'",
        ),
        (
            lambda: untyped.parallel_map(print, 2, on_error="log"),
            "on_error must be one of 'end', 'skip', not 'log'",
        ),
        (
            lambda: untyped.parallel_map(lambda item: item, 2, executor="process"),
            "import fn by its name, .* not <function .*lambda",
        ),
        (
            lambda: untyped.parallel_map(threading.Lock().acquire, 2, executor="process"),
            "import fn by its name, .* cannot pickle",
        ),
        (lambda: reactivex.of(1).pipe(tw.of_type(int)).pipe(untyped.parallel_map), r"parallel_map\(…\)"),
    ],
)
def test_mistakes(mistake: Callable[[], Any], said: str) -> None:
    """Arguments that can't be meant are refused where they are passed."""
    with pytest.raises(ValueError, match=said):
        mistake()
