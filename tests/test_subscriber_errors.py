"""A subscriber's exception closes the session wherever it is raised, and is reported once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import reactivex
from reactivex import Observable, Subject
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
from rxtweets.errors import StreamDisconnected
from rxtweets.testing import HOLD, Script, ScriptedTransport

from .clients import ENDPOINT, QUICK
from .conftest import our_threads
from .observing import PATIENCE, Seen

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
    """The exceptions that threads reported, caught in place of stderr."""

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
    "our observe_on": lambda source: source.pipe(tw.observe_on()),
    "our observe_on, dropping": lambda source: source.pipe(tw.observe_on(overflow="latest")),
    "our observe_on of a scheduler": lambda source: source.pipe(tw.observe_on(NewThreadScheduler())),
    "our observe_on of this thread": lambda source: source.pipe(tw.observe_on(CurrentThreadScheduler())),
    "our observe_on and share": lambda source: source.pipe(tw.observe_on(), ops.share(), ops.map(bytes)),
    "our observe_on twice": lambda source: source.pipe(tw.observe_on(), ops.map(bytes), tw.observe_on()),
    "our observe_on and retry": lambda source: source.pipe(tw.observe_on(), ops.retry()),
    "parallel_map": lambda source: source.pipe(tw.parallel_map(bytes, 2), tw.of_type(bytes)),
    "parallel_map and retry": lambda source: source.pipe(
        tw.parallel_map(bytes, 1, ordered=False), ops.retry()
    ),
    "share and buffer": lambda source: source.pipe(ops.share(), ops.buffer_with_time(0.01), ops.filter(bool)),
    "publish and ref_count": lambda source: source.publish().ref_count().delay(0.01),
    "delay and route": lambda source: source.pipe(ops.delay(0.01), tw.route({int: print})),
    "flat_map": lambda source: source.flat_map(lambda item: reactivex.of(item).pipe(ops.delay(0.01))),
    "flat_map at once": lambda source: source.flat_map(lambda item: reactivex.of(item, item)),
    "flat_map by a timer": lambda source: source.delay(0.01).flat_map(
        lambda item: reactivex.of(item).retry()
    ),
    "flat_map of create": lambda source: source.flat_map(lambda item: reactivex.create(at_once)),
    "merge": lambda source: source.pipe(ops.delay(0.01), ops.merge(opened(streaming(b"3", sessions=1)))),
    "plus": lambda source: reactivex.empty().pipe(tw.of_type(object)) + source,
    "slice": lambda source: source[0:5].delay(0.01),
    "retry": lambda source: source.pipe(ops.retry()),
    "top": lambda source: source.pipe(tw.top(str, window=0.01, every=0.01)),
    "counts": lambda source: source.pipe(tw.counts(str, window=0.01, every=0.01)),
    "meter": lambda source: source.pipe(tw.meter(0.01)),
    "lag": lambda source: source.pipe(tw.lag(window=0.01, every=0.01)),
    "volume_alarm": lambda source: source.pipe(tw.volume_alarm(below=1e9, for_=0.01)),
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
def test_around_a_stream_between_observables_of_rxpy(reports: Reports, by_timer: bool) -> None:
    """An exception is raised even between Observables of RxPY, whose `from_iterable` catches it."""
    items = reactivex.of(b"1", b"2")
    source: Observable[Any] = reactivex.timer(0.01).pipe(ops.flat_map(lambda _: items)) if by_timer else items
    chain = source.pipe(tw.decode(), tw.messages(), ops.map(str))
    subscriber = Raising()
    if by_timer:
        subscriber.subscribe(chain)
        assert reports.wait() == [subscriber.boom]
    else:
        with pytest.raises(Boom):
            subscriber.subscribe(chain)
    assert len(subscriber.calls) == 1
    assert subscriber.errors == []


def test_a_source_that_cannot_be_subscribed_to() -> None:
    """An exception of an Observable on subscription is an `on_error`, as in RxPY."""

    def broken(observer: Any, scheduler: Any = None) -> Any:
        raise Boom

    for stream in (
        reactivex.create(broken).pipe(tw.of_type(object)),
        reactivex.of(1).pipe(tw.of_type(object)).flat_map(lambda _: reactivex.create(broken)),
    ):
        assert isinstance(Seen(stream).error, Boom)
        with pytest.raises(Boom):
            stream.subscribe()


@pytest.mark.parametrize("observe_on", [ops.observe_on, tw.observe_on], ids=["RxPY's", "ours"])
def test_asyncio_reports_it(reports: Reports, observe_on: Callable[[Any], Chain]) -> None:
    """Called on a loop of asyncio, it goes to the loop's exception handler, once."""

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        reported: list[Any] = []
        heard = asyncio.Event()

        def handler(loop: Any, context: dict[str, Any]) -> None:
            reported.append(context["exception"])
            heard.set()

        loop.set_exception_handler(handler)
        subscriber.subscribe(opened(transport).pipe(observe_on(AsyncIOThreadSafeScheduler(loop))))
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


def test_from_iterable_on_a_scheduler_keeps_it(reports: Reports) -> None:
    """RxPY's `from_iterable` keeps what is raised on the thread of a scheduler; `rxt.run` raises it."""
    subscriber = Raising()
    scheduler = NewThreadScheduler()
    finished = threading.Event()
    items = reactivex.from_iterable([1, 2, 3], scheduler).pipe(ops.finally_action(finished.set))
    subscriber.subscribe(items.pipe(tw.of_type(int)))
    assert finished.wait(PATIENCE)
    with pytest.raises(Boom):
        rxt.run(items.pipe(tw.of_type(int)), subscriber.on_next)
    assert len(subscriber.calls) == 2
    assert (subscriber.errors, reports.errors) == ([], [])


# --- several subscribers -----------------------------------------------------------------------------------

SHARED: dict[str, Chain] = {
    "share": lambda source: source.pipe(ops.share()),
    "map and share": lambda source: source.pipe(ops.map(bytes), ops.share(), ops.map(bytes)),
    "publish, ref_count": lambda source: source.publish().ref_count(),
    "ref_count of ops": lambda source: source.pipe(ops.publish(), ops.ref_count()),
    "replay": lambda source: source.pipe(ops.replay(1), ops.ref_count()),
    "auto_connect": lambda source: source.publish().auto_connect(3),
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
    others = [Seen(shared), Seen(shared.pipe(ops.map(bytes)))]
    if not first:
        subscriber.subscribe(shared)
    for other in others:
        assert other.ended().error is subscriber.boom
    assert reports.wait() == [subscriber.boom]
    assert [session.closed for session in transport.sessions] == [True]
    assert subscriber.errors == []


def test_the_others_of_a_subject_hear_of_it(reports: Reports) -> None:
    """All subscribers of a Subject that a stream feeds get it as `on_error`; it is reported once."""
    subject: Subject[Any] = Subject()
    raising, other = Raising(), Seen(subject)
    raising.subscribe(subject)
    late = Seen(subject)
    transport = streaming()
    opened(transport).subscribe(subject)
    assert (other.ended().error, late.ended().error) == (raising.boom, raising.boom)
    assert other.items == [b"1"]
    assert reports.wait() == [raising.boom]
    assert transport.sessions[0].closed


@pytest.mark.parametrize("by_run", [True, False], ids=["run", "another"])
def test_run_hears_of_it_among_the_others(reports: Reports, by_run: bool) -> None:
    """`rxt.run` of a shared stream ends when another subscriber raises, whoever opened the session."""
    transport = streaming()
    shared = opened(transport).pipe(ops.delay(0.05), ops.share())
    raising = Raising(lambda item: item == b"2")

    def on_next(item: bytes) -> None:
        if by_run and item == b"1":
            raising.subscribe(shared)

    if not by_run:
        raising.subscribe(shared)
    with pytest.raises(Boom):
        rxt.run(shared, on_next)
    all_ended()
    assert len(raising.calls) == 1
    assert len(reports.errors) <= 1
    assert [session.closed for session in transport.sessions] == [True]


def test_the_others_hear_of_one_that_a_callback_of_run_subscribed(reports: Reports) -> None:
    """A subscription made in `run`'s own callback to a shared stream is one subscriber among the others."""
    shared = opened(streaming()).pipe(ops.share())
    raising, others = Raising(), list[Seen]()

    def on_next(item: bytes) -> None:
        if item == b"1":
            raising.subscribe(shared)
            others.append(Seen(shared))

    with pytest.raises(Boom):
        rxt.run(shared, on_next)
    assert others[0].ended().error is raising.boom
    all_ended()
    assert (raising.errors, reports.errors) == ([], [])


def test_the_others_of_a_site_stream_hear_of_it(reports: Reports) -> None:
    """When a subscriber of one user of `by_user` raises, the others hear of the end, and so does run."""
    envelopes = [f'{{"for_user":{user},"message":{{"friends":[{user}]}}}}'.encode() for user in (1, 2, 2, 1)]
    transport = streaming(*envelopes)
    raising, others = Raising(), list[Seen]()

    def subscribe(user: Any) -> None:
        if user.key == 2:
            raising.subscribe(user)
        else:
            others.append(Seen(user))

    stream = connect(ENDPOINT, transport=transport).pipe(tw.decode(), tw.retry_with_backoff(QUICK))
    with pytest.raises(Boom):
        rxt.run(stream.pipe(tw.by_user()), subscribe)
    assert others[0].ended().error is raising.boom
    assert len(others[0].items) == 1
    all_ended()
    assert (raising.errors, reports.errors) == ([], [])
    assert transport.sessions[0].closed


@pytest.mark.parametrize("careless", ["no on_error", "its on_error raises"])
@pytest.mark.parametrize("ends_by", ["a subscriber", "the stream"])
def test_everybody_hears_of_the_end(reports: Reports, careless: str, ends_by: str) -> None:
    """A subscriber that makes an exception of the end does not keep it from those after it."""

    def on_error(error: Exception) -> None:
        raise KeyError("no more")

    transport = ScriptedTransport(Script(b"1\r\n", *([HOLD] if ends_by == "a subscriber" else [])))
    stream = connect(ENDPOINT, transport=transport).pipe(tw.of_type(bytes), ops.delay(0.05))
    shared = stream.pipe(ops.share())
    shared.subscribe(lambda _: None, None if careless == "no on_error" else on_error)
    if ends_by == "a subscriber":
        Raising().subscribe(shared)
    with pytest.raises((Boom, StreamDisconnected)):
        rxt.run(shared)
    (reported,) = reports.wait()
    if careless == "no on_error":
        assert isinstance(reported, Boom if ends_by == "a subscriber" else StreamDisconnected)
    else:
        assert isinstance(reported, KeyError)
        assert isinstance(reported.__context__, Boom) == (ends_by == "a subscriber")


def test_a_route_tells_all_its_observers(reports: Reports) -> None:
    """When one routed Subject's subscriber raises, the other Subjects and the stream hear of it."""
    numbers: Subject[Any] = Subject()
    texts: Subject[Any] = Subject()
    raising, other = Raising(), Seen(texts)
    numbers.subscribe(raising.on_next)
    stream = reactivex.of("a", 1, "b").pipe(tw.route({int: numbers, str: texts}))
    with pytest.raises(Boom):
        rxt.run(stream)
    assert other.items == ["a"]
    assert other.error is raising.boom


# --- where RxPY is in the way ------------------------------------------------------------------------------


def test_a_merge_of_rxpys_own(reports: Reports) -> None:
    """`reactivex.merge` leaves the other session open; `ops.merge` and `rxt.run` close both."""
    first, second = streaming(b"1", sessions=1), ScriptedTransport(Script(HOLD))
    raising = Raising()
    subscription = reactivex.merge(opened(first), opened(second)).subscribe(raising.on_next)
    second.wait_for(1)
    while not reports.errors:
        threading.Event().wait(0.01)
    assert not second.sessions[0].closed
    subscription.dispose()
    reports.wait()

    for merged in (
        lambda a, b: a.pipe(ops.merge(b)).subscribe(raising.on_next),
        lambda a, b: rxt.run(reactivex.merge(a, b), raising.on_next),
    ):
        first, second = streaming(b"1", sessions=1), ScriptedTransport(Script(HOLD))
        with contextlib.suppress(Boom):
            merged(opened(first), opened(second))
        all_ended()
        for transport in (first, second):
            assert all(session.closed for session in transport.sessions)


@pytest.mark.parametrize("by_run", [False, True], ids=["subscribe", "run"])
def test_groups_of_rxpys_own(reports: Reports, by_run: bool) -> None:
    """A subscriber of a group of `ops.group_by` that raises closes the session, and ends `rxt.run`."""
    transport = streaming()
    raising = Raising()
    groups: Observable[Any] = opened(transport).pipe(ops.group_by(lambda item: item))

    def subscribe(group: Any) -> None:
        group.subscribe(raising.on_next)

    if by_run:
        with pytest.raises(Boom):
            rxt.run(groups, subscribe)
    else:
        groups.subscribe(subscribe)
        reports.wait()
    all_ended()
    assert reports.errors == ([] if by_run else [raising.boom])
    assert transport.sessions[0].closed


# --- the kind of Observable --------------------------------------------------------------------------------

MADE: dict[str, Chain] = {
    "map": lambda source: source.map(str),
    "several": lambda source: source.pipe(ops.map(str), ops.filter(bool), ops.take(1)),
    "share": lambda source: source.share(),
    "ref_count": lambda source: source.publish().ref_count(),
    "auto_connect": lambda source: source.publish().auto_connect(),
    "publish": lambda source: source.publish(),
    "partition": lambda source: source.partition(bool)[1],
    "partition_indexed": lambda source: source.partition_indexed(lambda item, index: True)[0],
    "slice": lambda source: source[1:5:2],
    "from the end": lambda source: source[-5:3],
    "index": lambda source: source[3],
    "plus": lambda source: source + source,
    "sum": lambda source: source.sum(),
    "pluck": lambda source: source.pluck("id"),
    "dematerialize": lambda source: source.materialize().dematerialize(),
    "switch_latest": lambda source: source.map(lambda _: source).switch_latest(),
    "exclusive": lambda source: source.map(lambda _: source).exclusive(),
    "posts": lambda source: reactivex.never().pipe(tw.posts()),
    "by_user": lambda source: reactivex.never().pipe(tw.by_user()),
    "observe_on": lambda source: reactivex.never().pipe(tw.observe_on()),
    "list of rules": lambda source: rxt.StreamingClient(None).rules.list(),
    "stream": lambda source: rxt.Stream(None).sample(),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_what_is_made_of_a_stream_is_of_its_kind(make: Chain) -> None:
    """`pipe`, the fluent methods, slices and sums give Observables that a subscriber's exception closes."""
    kind = type(connect(ENDPOINT))
    assert kind is not Observable
    assert isinstance(make(connect(ENDPOINT, transport=ScriptedTransport())), kind)


def test_converting_adds_no_subscription() -> None:
    """Each operator of a chain subscribes to its source once."""
    subscribed: list[str] = []

    def counting(source: Observable[Any]) -> Observable[Any]:
        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            subscribed.append("here")
            return source.subscribe(observer, scheduler=scheduler)

        return Observable(subscribe)

    Seen(opened(streaming()).pipe(counting, ops.map(str), counting)).count(1).dispose()
    assert subscribed == ["here", "here"]


def test_iterating_says_what_to_do_instead() -> None:
    """`for`, `in`, `list` raise at once, and name what there is instead; slices and items work."""
    stream: Any = opened(ScriptedTransport())
    with pytest.raises(TypeError, match=r"rxt\.run\(observable, handle\)"):
        for _ in stream:
            pass
    with pytest.raises(TypeError, match="to_list"):
        list(stream)
    with pytest.raises(TypeError, match="not iterable"):
        assert b"1" in stream
    transport = streaming(b"1", b"2", b"3", b"4")
    assert Seen(opened(transport)[1:3]).ended().items == [b"2", b"3"]
    assert Seen(opened(transport)[1]).ended().items == [b"2"]


def test_async_for_is_refused() -> None:
    """`async for` raises a TypeError at once."""

    async def main() -> None:
        with pytest.raises(TypeError, match="async for"):
            async for _ in opened(ScriptedTransport()):  # type: ignore[attr-defined]
                pass

    asyncio.run(main())


def test_await_gives_the_last_item() -> None:
    """`await` gives the last item from whatever thread it comes, and the stream's error or an operator's."""

    async def main() -> None:
        transport = streaming(sessions=1)
        assert await opened(transport).pipe(ops.take(2)) == b"2"
        with pytest.raises(StreamDisconnected):
            await connect(ENDPOINT, transport=ScriptedTransport(Script()))
        with pytest.raises(Boom):
            await opened(streaming()).pipe(ops.map(Raising().on_next))
        with pytest.raises(reactivex.internal.SequenceContainsNoElementsError):
            await opened(streaming()).pipe(ops.take(1), ops.filter(lambda _: False))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(opened(streaming()).pipe(ops.last()), 0.05)

    asyncio.run(main())
    all_ended()


@pytest.mark.parametrize(
    "behind", ["nothing", "delay", "our observe_on", "flat_map", "flat_map of create", "share and buffer"]
)
def test_the_exception_is_not_kept(reports: Reports, behind: str) -> None:
    """Once it is reported nothing holds it: no cycle of its traceback with our frames."""
    references: list[weakref.ref[Boom]] = []

    def boom() -> Boom:
        made = Boom()
        references.append(weakref.ref(made))
        return made

    def on_next(item: Any) -> None:
        raise boom()

    gc.collect()
    gc.disable()
    try:
        BEHIND[behind](opened(streaming())).subscribe(on_next)
        reports.wait().clear()
        assert [reference() for reference in references] == [None]
    finally:
        gc.enable()


# --- mistakes at the place ---------------------------------------------------------------------------------


run: Any = rxt.run
untyped: Any = tw
"""For calls that a type checker refuses, too."""


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda stream: run(rxt.Stream(None).sample), r"not <bound method .*: call it, sample\(…\)"),
        (lambda stream: run(None), "run takes an Observable, such as .*, not None"),
        (lambda stream: stream.pipe(tw.posts), r"posts\(…\) returns: call posts"),
        (lambda stream: stream.pipe(tw.messages(), tw.for_user), r"for_user\(…\)"),
        (lambda stream: stream.pipe(tw.retry_with_backoff), r"retry_with_backoff\(…\)"),
        (lambda stream: stream.pipe(ops.share), r"share\(…\)"),
        (lambda stream: untyped.of_type("Post"), "takes classes, .*, not 'Post'"),
        (lambda stream: untyped.of_type((int, str)), "takes classes"),
        (lambda stream: untyped.route([]), r"takes a dict .*, not \[\]"),
    ],
)
def test_mistakes(mistake: Callable[[Any], Any], said: str) -> None:
    """An operator that wasn't called, or an argument of a wrong kind, is refused where it is passed."""
    with pytest.raises(ValueError, match=said):
        mistake(opened(ScriptedTransport()))


def test_operators_of_ones_own() -> None:
    """Functions of a program's own are operators as they are, whatever they return."""
    stream: Any = opened(ScriptedTransport())
    assert stream.pipe(own) == "mine"
    assert stream.pipe() is stream


def own(source: Observable[Any]) -> str:
    return "mine"
