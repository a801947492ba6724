"""What a subscriber raises: it closes the session wherever it is raised, and is reported once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops
from reactivex.scheduler import (
    CurrentThreadScheduler,
    EventLoopScheduler,
    NewThreadScheduler,
    ThreadPoolScheduler,
)
from reactivex.scheduler.eventloop import AsyncIOThreadSafeScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.connection import connect
from rxtweets.endpoints import Endpoint, Request
from rxtweets.testing import HOLD, Script, ScriptedTransport

from .conftest import our_threads
from .observing import PATIENCE, Seen

QUICK = rxt.BackoffPolicy(network=rxt.backoff.Curve(0.01), jitter=0.0)
ENDPOINT = Endpoint(Request("GET", "https://api.x.com/2/tweets/sample/stream"), 30.0)

Chain = Callable[[Observable[Any]], Observable[Any]]


class Boom(Exception):
    """A subscriber's own exception."""


class Raising:
    """A subscriber that raises at the first item that *when* is true of."""

    def __init__(self, when: Callable[[Any], object] = lambda item: True) -> None:
        self.boom = Boom()
        self.calls: list[Any] = []
        self.errors: list[Exception] = []
        self._when = when

    def on_next(self, item: Any) -> None:
        if self._when(item):
            self.calls.append(item)
            raise self.boom

    def subscribe(self, observable: Observable[Any]) -> None:
        observable.subscribe(self.on_next, self.errors.append)


class Reports:
    """What threads reported, in place of stderr."""

    def __init__(self) -> None:
        self.errors: list[BaseException | None] = []
        self._changed = threading.Condition()

    def report(self, args: Any) -> None:
        with self._changed:
            self.errors.append(args.exc_value)
            self._changed.notify_all()

    def wait(self, count: int = 1) -> list[BaseException | None]:
        """Block until there are *count* reports and every thread of ours has ended; return them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.errors) >= count, PATIENCE)
        all_ended()
        return self.errors


def all_ended() -> None:
    """Block until every thread of the library has ended."""
    for thread in our_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    """The reports of `threading.excepthook`."""
    caught = Reports()
    monkeypatch.setattr(threading, "excepthook", caught.report)
    return caught


@pytest.fixture
def event_loop_scheduler() -> Iterator[EventLoopScheduler]:
    scheduler = EventLoopScheduler()
    yield scheduler
    scheduler.dispose()


def streaming(*frames: bytes, sessions: int = 2) -> ScriptedTransport:
    """A transport whose sessions send *frames* and then nothing, without an end."""
    return ScriptedTransport(
        *[Script(*[frame + b"\r\n" for frame in frames or (b"1", b"2")], HOLD)] * sessions
    )


def opened(transport: ScriptedTransport) -> Observable[bytes]:
    """The frames of a stream that reconnects."""
    return connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK), tw.of_type(bytes))


BEHIND: dict[str, Chain] = {
    "nothing": lambda source: source,
    "map": lambda source: source.map(bytes),
    "buffer_with_time": lambda source: source.pipe(ops.buffer_with_time(0.01), ops.filter(bool)),
    "buffer_with_time_or_count": lambda source: source.pipe(ops.buffer_with_time_or_count(0.01, 100)),
    "sample": lambda source: source.pipe(ops.sample(0.01)),
    "debounce": lambda source: source.pipe(ops.debounce(0.01)),
    "delay": lambda source: source.pipe(ops.delay(0.01)),
    "observe_on": lambda source: source.pipe(ops.observe_on(NewThreadScheduler())),
    "share and buffer": lambda source: source.pipe(ops.share(), ops.buffer_with_time(0.01), ops.filter(bool)),
    "publish and ref_count": lambda source: source.publish().ref_count().delay(0.01),
    "delay and route": lambda source: source.pipe(ops.delay(0.01), tw.route({int: print})),
    "flat_map": lambda source: source.flat_map(lambda item: reactivex.of(item).pipe(ops.delay(0.01))),
    "merge": lambda source: source.pipe(ops.delay(0.01), ops.merge(opened(streaming(b"3", sessions=1)))),
    "plus": lambda source: reactivex.empty().pipe(tw.of_type(object)) + source,
    "slice": lambda source: source[0:5].delay(0.01),
    "retry": lambda source: source.pipe(ops.retry()),
    "retry behind a timer": lambda source: source.pipe(ops.delay(0.01), ops.retry(), ops.repeat()),
}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
def test_it_closes_the_session_and_is_reported_once(reports: Reports, behind: Chain) -> None:
    """Behind whatever operator: one call, one report, no `on_error`, no reconnect, the session closed."""
    transport = streaming()
    subscriber = Raising()
    subscriber.subscribe(behind(opened(transport)))
    assert reports.wait() == [subscriber.boom]
    assert [session.closed for session in transport.sessions] == [True]
    assert len(subscriber.calls) == 1
    assert subscriber.errors == []


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
def test_run_raises_it(reports: Reports, behind: Chain) -> None:
    """`rxt.run` raises it to its caller, and nobody else reports it."""
    transport = streaming()
    subscriber = Raising()
    with pytest.raises(Boom):
        rxt.run(behind(opened(transport)), subscriber.on_next)
    all_ended()
    assert reports.errors == []
    assert all(session.closed for session in transport.sessions)
    assert len(subscriber.calls) == 1


@pytest.mark.parametrize("thread", ["reader", "timer"])
def test_run_raises_what_an_operator_raises(reports: Reports, thread: str) -> None:
    """An operator that raises, where it should call `on_error`, leaves nobody waiting in `rxt.run`."""

    def careless(source: Observable[Any]) -> Observable[Any]:
        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            return source.subscribe(raising.on_next, observer.on_error, observer.on_completed)

        return Observable(subscribe)

    raising = Raising()
    transport = streaming()
    stream = opened(transport)
    with pytest.raises(Boom):
        rxt.run((stream if thread == "reader" else stream.delay(0.01)).pipe(careless))
    all_ended()
    assert reports.errors == []
    assert transport.sessions[0].closed


def test_the_current_thread_raises_it_to_the_subscriber(reports: Reports) -> None:
    """A blocking `subscribe` raises it to its caller."""
    transport = streaming()
    subscriber = Raising()
    stream = connect(ENDPOINT, transport=transport, scheduler=CurrentThreadScheduler())
    with pytest.raises(Boom):
        subscriber.subscribe(stream.pipe(tw.retry_with_backoff(QUICK), tw.of_type(bytes), ops.retry()))
    assert transport.sessions[0].closed
    assert (subscriber.errors, reports.errors) == ([], [])
    assert len(transport.sessions) == 1


def at_once(observer: Any, scheduler: Any = None) -> Any:
    """Subscribe as an Observable that gives its items at once."""
    observer.on_next(1)


@pytest.mark.parametrize(
    "source",
    [
        reactivex.of(1, 2),
        reactivex.create(at_once),
        reactivex.create(at_once).pipe(ops.map(str)),
    ],
    ids=["of", "create", "create and map"],
)
def test_a_source_that_calls_at_once_raises_it_to_the_subscriber(source: Observable[Any]) -> None:
    """Raised while it is being subscribed to, it comes out of `subscribe`: RxPY would call `on_error`."""
    subscriber = Raising()
    with pytest.raises(Boom):
        subscriber.subscribe(source.pipe(tw.of_type(object)).pipe(ops.map(str), ops.retry()))
    assert len(subscriber.calls) == 1
    assert subscriber.errors == []


@pytest.mark.parametrize("by_timer", [False, True], ids=["at once", "by a timer"])
def test_an_on_error_of_rxpys_own_is_not_in_vain(by_timer: bool) -> None:
    """Where RxPY's `from_iterable` makes an `on_error` of it, with no stream above, that is heard."""
    items = reactivex.of(b"1", b"2")
    source: Observable[Any] = reactivex.timer(0.01).pipe(ops.flat_map(lambda _: items)) if by_timer else items
    subscriber = Raising()
    heard = threading.Event()
    source.pipe(tw.decode(), tw.messages(), ops.do_action(on_error=lambda _: heard.set())).subscribe(
        subscriber.on_next, subscriber.errors.append
    )
    assert heard.wait(PATIENCE)
    all_ended()
    assert subscriber.errors == [subscriber.boom]


def test_a_source_that_cannot_be_subscribed_to() -> None:
    """What an Observable raises when it is subscribed to is an `on_error`, as in RxPY."""

    def broken(observer: Any, scheduler: Any = None) -> Any:
        raise Boom

    for stream in (
        reactivex.create(broken).pipe(tw.of_type(object)),
        reactivex.of(1).pipe(tw.of_type(object)).flat_map(lambda _: reactivex.create(broken)),
    ):
        assert isinstance(Seen(stream).error, Boom)
        with pytest.raises(Boom):
            stream.subscribe()


def test_asyncio_reports_it(reports: Reports) -> None:
    """Called on a loop of asyncio, it goes to the loop's exception handler, once."""

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        reported: list[Any] = []
        heard = asyncio.Event()

        def handler(loop: Any, context: dict[str, Any]) -> None:
            reported.append(context["exception"])
            heard.set()

        loop.set_exception_handler(handler)
        subscriber.subscribe(opened(transport).pipe(ops.observe_on(AsyncIOThreadSafeScheduler(loop))))
        await asyncio.wait_for(heard.wait(), PATIENCE)
        return reported

    transport = streaming()
    subscriber = Raising()
    assert asyncio.run(main()) == [subscriber.boom]
    all_ended()
    assert transport.sessions[0].closed
    assert (subscriber.errors, reports.errors) == ([], [])


def test_a_thread_pool_keeps_it(reports: Reports) -> None:
    """A ThreadPoolScheduler reports nothing, as its futures hold what was raised; the session is closed."""
    pool = ThreadPoolScheduler(1)
    transport = streaming()
    subscriber = Raising()
    subscriber.subscribe(opened(transport).pipe(ops.observe_on(pool)))
    transport.wait_for(1)
    all_ended()
    assert transport.sessions[0].closed
    assert (subscriber.errors, reports.errors) == ([], [])
    with pytest.raises(Boom):
        rxt.run(opened(streaming()).pipe(ops.observe_on(pool)), subscriber.on_next)
    pool.executor.shutdown()


# --- several subscribers -----------------------------------------------------------------------------------

SHARED: dict[str, Chain] = {
    "share": lambda source: source.pipe(ops.share()),
    "map and share": lambda source: source.pipe(ops.map(bytes), ops.share(), ops.map(bytes)),
    "publish, ref_count": lambda source: source.publish().ref_count(),
    "ref_count of ops": lambda source: source.pipe(ops.publish(), ops.ref_count()),
    "replay": lambda source: source.pipe(ops.replay(1), ops.ref_count()),
    "auto_connect": lambda source: source.publish().auto_connect(2),
}


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("share", SHARED.values(), ids=SHARED)
def test_the_others_of_a_share_hear_of_it(reports: Reports, share: Chain, first: bool) -> None:
    """One raises: the session closes, the others get it as `on_error`, it does not; it is reported once."""
    transport = streaming()
    shared = share(opened(transport).pipe(ops.delay(0.1)))
    subscriber = Raising(lambda item: item == b"2")
    if first:
        subscriber.subscribe(shared)
    others = [Seen(shared), Seen(shared.pipe(ops.map(bytes)))][: 1 if "auto_connect" in str(share) else 2]
    if not first:
        subscriber.subscribe(shared)
    for other in others:
        assert other.ended().error is subscriber.boom
    assert reports.wait() == [subscriber.boom]
    assert [session.closed for session in transport.sessions] == [True]
    assert subscriber.errors == []
