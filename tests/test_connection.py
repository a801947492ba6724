"""`connect` on a scripted transport, in virtual time where time matters."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from typing import Any

import pytest
import reactivex
from reactivex import Observable, Subject
from reactivex import operators as ops
from reactivex.scheduler import CurrentThreadScheduler, EventLoopScheduler, ThreadPoolScheduler
from reactivex.scheduler.eventloop import AsyncIOThreadSafeScheduler
from reactivex.subject import ReplaySubject

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.auth import AppOnly
from rxtweets.connection import connect, fetch
from rxtweets.endpoints import Endpoint, Request
from rxtweets.errors import (
    ConnectionFailed,
    FrameTooLong,
    HTTPStatusError,
    StreamDisconnected,
    StreamStalled,
    Unauthorized,
)
from rxtweets.messages import Connected, Connecting, Disconnected, KeepAlive, Reconnecting
from rxtweets.testing import HOLD, Script, ScriptedTransport, timeline

from .clients import ENDPOINT, QUICK
from .conftest import our_threads
from .observing import PATIENCE, Seen


def test_cold() -> None:
    """Nothing is opened before a subscription; each subscription opens its own session."""
    transport = ScriptedTransport(Script(b"1\r\n", HOLD), Script(b"2\r\n", HOLD))
    stream = connect(ENDPOINT, transport=transport)
    assert transport.sessions == []
    first, second = Seen(stream).count(2), Seen(stream).count(2)
    assert len(transport.sessions) == 2
    assert {*first.frames(), *second.frames()} == {b"1", b"2"}
    first.dispose()
    second.dispose()


def test_take_closes_the_session() -> None:
    """`take(1)` closes the session with the first item."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD))
    seen = Seen(connect(ENDPOINT, transport=transport).pipe(tw.of_type(bytes), ops.take(1))).ended()
    assert seen.items == [b"1"]
    assert seen.completed
    for thread in threading.enumerate():
        if thread.name in seen.threads:
            thread.join(PATIENCE)
    assert transport.sessions[0].closed


def test_items_and_end() -> None:
    """Connected, frames and keep-alives in order; the end of an endless stream is a failure."""
    transport = ScriptedTransport(Script(b"one\r\n\r\ntw", b"o\r\n", headers={"X-Rate-Limit-Limit": "50"}))
    seen = Seen(connect(ENDPOINT, transport=transport)).ended()
    assert isinstance(seen.error, StreamDisconnected)
    connected = seen.items[0]
    assert isinstance(connected, Connected)
    assert (connected.status_code, connected.headers["x-rate-limit-limit"]) == (200, "50")
    assert seen.items[1:] == [b"one", KeepAlive(), b"two", Disconnected(seen.error)]


def test_connecting_comes_first() -> None:
    """Each session says that it is about to connect, also one that then fails."""
    transport = ScriptedTransport(Script(fails=ConnectionFailed("refused")), Script(b"1\r\n"))
    stream = connect(ENDPOINT, transport=transport)
    assert [type(item) for _, item in timeline(stream).items] == [Connecting]
    kinds = [type(item) for _, item in timeline(stream).items]
    assert kinds == [Connecting, Connected, bytes, Disconnected]


def test_it_reads_on_a_thread_of_its_own() -> None:
    """The observer is called on one daemon thread, named `rxtweets-…`."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD))
    daemons: list[bool] = []
    observed = connect(ENDPOINT, transport=transport).pipe(
        ops.do_action(lambda _: daemons.append(threading.current_thread().daemon))
    )
    seen = Seen(observed).count(3)
    seen.dispose()
    (name,) = seen.threads
    assert name.startswith("rxtweets-")
    assert all(daemons)


def test_a_current_thread_scheduler_blocks() -> None:
    """With a CurrentThreadScheduler, given either way, everything has happened when `subscribe` returns."""
    for at_subscription in (False, True):
        transport = ScriptedTransport(Script(b"1\r\n"))
        scheduler = CurrentThreadScheduler()
        stream = connect(ENDPOINT, transport=transport, scheduler=None if at_subscription else scheduler)
        seen = Seen(stream, scheduler if at_subscription else None)
        assert seen.frames() == [b"1"]
        assert seen.threads == {threading.current_thread().name}
        assert isinstance(seen.error, StreamDisconnected)
        assert transport.sessions[0].closed


@pytest.mark.parametrize("last", [HOLD, ConnectionFailed("reset")])
def test_a_disposal_is_no_end_of_the_stream(monkeypatch: pytest.MonkeyPatch, last: Any) -> None:
    """After a disposal no `Disconnected` and no error is made, which nobody would see."""
    made: list[Any] = []
    for name in ("Disconnected", "StreamDisconnected"):
        monkeypatch.setattr(f"rxtweets.connection.{name}", made.append)
    transport = ScriptedTransport(Script(b"1\r\n", last))
    subscribed = threading.Event()
    frames = connect(ENDPOINT, transport=transport).pipe(tw.of_type(bytes))
    seen = Seen(frames.filter(lambda _: subscribed.wait(PATIENCE)).take(1))
    subscribed.set()
    seen.ended()
    for thread in threading.enumerate():
        if thread.name in seen.threads:
            thread.join(PATIENCE)
    assert seen.completed
    assert transport.sessions[0].closed
    assert made == []


def test_take_on_the_current_thread() -> None:
    """A blocking subscription ends with its `take`."""
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    stream = connect(ENDPOINT, transport=transport).pipe(ops.take(2))
    seen = Seen(stream, CurrentThreadScheduler())
    assert seen.completed
    assert transport.sessions[0].closed


def test_other_schedulers() -> None:
    """Any scheduler can do the reading, and disposing wakes it."""
    loop = EventLoopScheduler()
    pool = ThreadPoolScheduler(1)
    for scheduler in (loop, pool):
        transport = ScriptedTransport(Script(b"1\r\n", HOLD))
        seen = Seen(connect(ENDPOINT, transport=transport, scheduler=scheduler)).count(2)
        seen.dispose()
    loop.dispose()
    pool.executor.shutdown()
    assert transport.sessions[0].closed


@pytest.mark.parametrize("failure", [ConnectionFailed("refused"), StreamStalled(30.0)])
def test_failures_of_the_transport(failure: Exception) -> None:
    """A failure before the head is the error alone; after it, Disconnected comes first."""
    transport = ScriptedTransport(Script(fails=failure), Script(b"1\r\n", failure))
    stream = connect(ENDPOINT, transport=transport)
    seen = Seen(stream).ended()
    assert (seen.items, seen.error) == ([], failure)
    seen = Seen(stream).ended()
    assert seen.items[1:] == [b"1", Disconnected(failure)]  # type: ignore[arg-type]
    assert seen.error is failure
    assert all(session.closed for session in transport.sessions)


def test_frame_too_long() -> None:
    """A frame over the limit ends the session after what came before it."""
    transport = ScriptedTransport(Script(b"one\r\n" + b"x" * 11 + b"\r\n", HOLD))
    seen = Seen(connect(ENDPOINT, transport=transport, max_frame=10)).ended()
    assert seen.frames() == [b"one"]
    assert isinstance(seen.error, FrameTooLong)
    assert transport.sessions[0].closed


def test_delimited() -> None:
    """An endpoint that asks for `delimited=length` is framed so."""
    endpoint = Endpoint(ENDPOINT.request, 30.0, delimited=True)
    transport = ScriptedTransport(Script(b"\r\n5\r\none\r\n", HOLD))
    seen = Seen(connect(endpoint, transport=transport)).count(3)
    seen.dispose()
    assert seen.items[1:] == [KeepAlive(), b"one"]


def test_finite() -> None:
    """A finite stream completes."""
    endpoint = Endpoint(ENDPOINT.request, 30.0, finite=True)
    seen = Seen(connect(endpoint, transport=ScriptedTransport(Script(b"1\r\n")))).ended()
    assert seen.completed
    assert len(seen.items) == 2


def test_the_stall_timeout_reaches_the_transport() -> None:
    """The endpoint's stall timeout is the session's."""
    transport = ScriptedTransport(Script())
    Seen(connect(ENDPOINT, transport=transport)).ended()
    assert transport.sessions[0].stall_timeout == 30.0


class Boom(Exception):
    """A subscriber's own exception."""


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """The exceptions that threads raised, caught in place of the report on stderr."""
    caught: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: caught.append(args.exc_value))
    return caught


@pytest.mark.parametrize("boom", [Boom(), ConnectionError("mine"), StreamDisconnected("mine too")])
def test_a_subscribers_exception_is_the_subscribers(
    raised: list[BaseException | None], boom: Exception
) -> None:
    """A subscriber's exception is raised on the reading thread, closes the session, and never reconnects."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD), Script(b"3\r\n", HOLD))
    threads: list[threading.Thread] = []
    errors: list[Exception] = []

    def on_next(item: Any) -> None:
        threads.append(threading.current_thread())
        if isinstance(item, bytes):
            raise boom

    stream = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff())
    begun = threading.Event()
    subscription = stream.pipe(ops.do_action(lambda _: begun.set())).subscribe(on_next, errors.append)
    assert begun.wait(PATIENCE)
    threads[0].join(PATIENCE)
    assert raised == [boom]
    assert errors == []
    assert len(threads) == 3  # Connecting, Connected and the message
    assert [session.closed for session in transport.sessions] == [True]
    subscription.dispose()


def test_an_operators_exception_ends_the_stream() -> None:
    """A mapper that raises ends the chain with its exception, closes the session, and reconnects nothing."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD), Script(b"3\r\n", HOLD))

    def bad(item: Any) -> Any:
        raise Boom

    for chain in (
        (tw.retry_with_backoff(), ops.map(bad)),
        (ops.map(bad), tw.retry_with_backoff()),
    ):
        transport = ScriptedTransport(Script(b"1\r\n", HOLD), Script(b"3\r\n", HOLD))
        seen = Seen(connect(ENDPOINT, transport=transport).pipe(*chain)).ended()
        assert isinstance(seen.error, Boom)
        assert len(transport.sessions) == 1


def test_run_raises_the_subscribers_exception(raised: list[BaseException | None]) -> None:
    """`run` raises it for its caller, and nothing is reported twice."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD))
    items: list[Any] = []

    def on_next(item: Any) -> None:
        items.append(item)
        raise Boom

    with pytest.raises(Boom):
        rxt.run(connect(ENDPOINT, transport=transport), on_next)
    assert raised == []
    assert len(items) == 1


@pytest.mark.parametrize("raised_by_it", [Boom, KeyboardInterrupt])
def test_run_on_the_current_thread_is_ended_by_its_subscriber(raised_by_it: type[BaseException]) -> None:
    """If `subscribe` blocks, an exception in the subscriber ends `run` as well, Ctrl-C included."""
    transport = ScriptedTransport(Script(b"1\r\n2\r\n", HOLD))
    items: list[Any] = []

    def on_next(item: Any) -> None:
        items.append(item)
        raise raised_by_it

    stream = connect(ENDPOINT, transport=transport, scheduler=CurrentThreadScheduler())
    with contextlib.nullcontext() if raised_by_it is KeyboardInterrupt else pytest.raises(Boom):
        rxt.run(stream, on_next)
    assert len(items) == 1
    assert all(session.closed for session in transport.sessions)


def test_run_raises_what_others_down_the_chain_raise(raised: list[BaseException | None]) -> None:
    """A subscriber of a routed Subject that raises does not leave `run` waiting, after a reconnect either."""

    def boom(item: Any) -> None:
        raise Boom

    routed: Subject[Any] = Subject()
    routed.subscribe(boom)
    transport = ScriptedTransport(Script(status=503), Script(b"1\r\n", HOLD))
    stream = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK))
    with pytest.raises(Boom):
        rxt.run(stream.pipe(tw.route({bytes: routed})))
    for thread in our_threads():
        thread.join(PATIENCE)
    assert raised == []
    assert all(session.closed for session in transport.sessions)


def test_run_raises_the_streams_error_and_returns_on_completion() -> None:
    """`run` blocks until the end, and says how it came."""
    with pytest.raises(StreamDisconnected):
        rxt.run(connect(ENDPOINT, transport=ScriptedTransport(Script(b"1\r\n"))))
    items: list[Any] = []
    rxt.run(
        connect(ENDPOINT, transport=ScriptedTransport(Script(b"1\r\n", HOLD))).pipe(ops.take(3)), items.append
    )
    assert items[2] == b"1"


def test_run_returns_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while `run` waits disposes the subscription, and `run` returns."""

    def interrupted(ends: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rxtweets._waiting._first", interrupted)
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    rxt.run(connect(ENDPOINT, transport=transport))


def test_the_run_of_a_stream_disposes_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while `.run()` waits is raised, as there is nothing to return, and no session stays open."""

    def interrupted(ends: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rxtweets._waiting._first", interrupted)
    with pytest.raises(KeyboardInterrupt):
        connect(ENDPOINT, transport=ScriptedTransport(Script(b"1\r\n", HOLD))).run()


def test_ctrl_c_while_the_reading_thread_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the reading thread begins leaves no session that nobody can dispose."""
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    rxt.run(connect(ENDPOINT, transport=ScriptedTransport(Script(b"1\r\n", HOLD))))


@pytest.mark.parametrize("how", ["method", "function"])
def test_run_within_a_callback_does_not_wait_for_itself(how: str) -> None:
    """Blocking in a callback on the thread whose queue the subscription would use comes to an end."""
    transport = ScriptedTransport(*[Script(b'{"data":[{"id":"1","value":"cat"}],"meta":{}}')] * 2)
    client = rxt.StreamingClient(None, base_url="http://127.0.0.1:9", transport=transport)
    found: list[str] = []

    def look(_: int) -> None:
        if how == "method":
            found.append(client.rules.list().run().value)
        else:
            rxt.run(client.rules.list(), lambda rule: found.append(rule.value))

    reactivex.of(1, 2).subscribe(look)
    assert found == ["cat", "cat"]


def test_a_slow_subscriber_loses_nothing() -> None:
    """Messages that arrive while the subscriber is busy wait, in order."""
    gate = threading.Event()
    expected = [b"%d" % number for number in range(1000)]
    transport = ScriptedTransport(Script(*[frame + b"\r\n" for frame in expected], HOLD))

    def slow(item: Any) -> None:
        gate.wait(PATIENCE)

    seen = Seen(connect(ENDPOINT, transport=transport).pipe(ops.do_action(slow)))
    gate.set()
    seen.count(1001).dispose()
    assert seen.frames() == expected


TOKEN = b'{"token_type":"bearer","access_token":"t0ken"}'


def test_a_token_is_exchanged_first() -> None:
    """AppOnly gets its token in a session before, once for all that share it."""
    transport = ScriptedTransport(Script(TOKEN), Script(b"1\r\n", HOLD), Script(b"2\r\n", HOLD))
    auth = AppOnly("key", "secret")
    stream = connect(ENDPOINT, auth, transport=transport)
    Seen(stream).count(2).dispose()
    Seen(stream).count(2).dispose()
    paths = [session.request.url.removeprefix("https://api.x.com") for session in transport.sessions]
    assert paths == ["/oauth2/token", "/2/tweets/sample/stream", "/2/tweets/sample/stream"]


def test_a_refused_token_is_renewed_once() -> None:
    """A 401 makes AppOnly get another token; a second 401 is the error."""
    transport = ScriptedTransport(
        Script(TOKEN), Script(status=401), Script(TOKEN), Script(b"1\r\n", HOLD),
        Script(status=401), Script(TOKEN), Script(status=401),
    )  # fmt: skip
    stream = connect(ENDPOINT, AppOnly("key", "secret"), transport=transport)
    renewed = Seen(stream).count(2)
    renewed.dispose()
    assert renewed.connecting == 2
    seen = Seen(stream).ended()
    assert isinstance(seen.error, Unauthorized)
    assert len(transport.sessions) == 7


def test_a_refused_exchange_is_the_error() -> None:
    """A wrong key is told as the token endpoint tells it, without a second try."""
    body = b'{"errors":[{"code":99,"message":"Unable to verify your credentials"}]}'
    transport = ScriptedTransport(Script(body, status=403))
    seen = Seen(connect(ENDPOINT, AppOnly("key", "secret"), transport=transport)).ended()
    assert isinstance(seen.error, HTTPStatusError)
    assert "Unable to verify your credentials" in str(seen.error)
    assert "secret" not in repr(seen.error)


def test_fetch_is_cold_and_completes() -> None:
    """Each subscription of a `fetch` sends the request anew."""
    transport = ScriptedTransport(Script(b"a", b"b"), Script(b"c", status=201), Script(b"no", status=404))
    answer = fetch(Request("GET", "https://api.x.com/2/x"), transport=transport)
    assert [Seen(answer).ended().items[0].body for _ in range(2)] == [b"ab", b"c"]
    assert isinstance(Seen(answer).ended().error, HTTPStatusError)


def test_a_missing_script_is_an_error() -> None:
    """A ScriptedTransport without another script says so; it is not taken for the network."""
    seen = Seen(connect(ENDPOINT, transport=ScriptedTransport()).pipe(tw.retry_with_backoff())).ended()
    assert isinstance(seen.error, LookupError)


def test_the_scheduler_of_an_event_loop_is_not_kept_busy() -> None:
    """asyncio's scheduler, given to `subscribe` for operators of time, does not read: the loop goes on."""

    async def main() -> list[bytes]:
        loop = asyncio.get_running_loop()
        transport = ScriptedTransport(Script(status=503), Script(b"1\r\n", HOLD))
        stream = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK))
        seen = Seen(stream, AsyncIOThreadSafeScheduler(loop))
        await loop.run_in_executor(None, seen.count, 3)
        seen.dispose()
        return seen.frames()

    assert asyncio.run(main()) == [b"1"]


def test_an_event_loop_scheduler_is_not_kept_busy() -> None:
    """RxPY's EventLoopScheduler, given to `subscribe` for operators of time, does not read."""
    loop = EventLoopScheduler()
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    stream = connect(ENDPOINT, transport=transport).pipe(ops.merge(reactivex.timer(0.01)))
    seen = Seen(stream, loop).count(3)
    seen.dispose()
    loop.dispose()
    assert 0 in seen.items
    assert b"1" in seen.items


def test_disposing_frees_a_thread_that_waits_between_sessions() -> None:
    """On the current thread, too, a disposal ends a back-off at once, and `subscribe` returns."""
    transport = ScriptedTransport(Script(status=503))
    stop: Subject[None] = Subject()
    stream: Observable[Any] = connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff())
    stopping = stream.do_action(lambda _: threading.Timer(0.05, stop.on_next, [None]).start())
    seen = Seen(stopping.pipe(ops.take_until(stop)), CurrentThreadScheduler.singleton())
    assert seen.completed
    assert [type(item) for item in seen.items] == [Reconnecting]


def test_run_ends_by_a_signal_handler() -> None:
    """A handler that ends the stream, on the very thread that waits for its end, is heard."""
    transport = ScriptedTransport(*[Script(b"1\r\n", HOLD)] * 50)
    before = signal.getsignal(signal.SIGUSR1)
    try:
        for _ in range(50):
            # Replayed, as the signal may come before `take_until` has subscribed to it.
            stop: Subject[None] = ReplaySubject()
            signal.signal(signal.SIGUSR1, lambda *_, stop=stop: stop.on_next(None))
            stream = connect(ENDPOINT, transport=transport).pipe(tw.of_type(bytes), ops.take_until(stop))
            rxt.run(stream, lambda _: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
