"""Back-off curves in virtual time: when each session is opened."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import reactivex
from reactivex import Observable, Subject, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable
from reactivex.scheduler import ImmediateScheduler, TimeoutScheduler

from rxtweets import operators as tw
from rxtweets._observable import as_stream
from rxtweets.backoff import Attempt, BackoffPolicy, Curve
from rxtweets.connection import connect
from rxtweets.endpoints import Endpoint, Request
from rxtweets.errors import ConnectionFailed, HTTPStatusError, StreamDisconnected, StreamError, StreamStalled
from rxtweets.messages import Connected, Reconnecting
from rxtweets.testing import Script, ScriptedTransport, timeline
from tests.conftest import leftovers, open_sockets, our_threads
from tests.observing import PATIENCE, Seen, dispose_quickly

POLICY = BackoffPolicy(jitter=0)
DOWN = ConnectionFailed("refused")
DROPPED = StreamDisconnected()
BUSY = HTTPStatusError.of(503)
CALM = HTTPStatusError.of(420)


class Sessions:
    """A source whose sessions stand for some seconds and then fail, the last one again and again."""

    def __init__(self, *sessions: tuple[float | None, Exception]) -> None:
        self.begun: list[float] = []
        self.ended: list[float] = []
        self._sessions = list(sessions)

    def stream(self) -> Observable[Any]:
        """Session n is connected for its seconds (None: never), then ends with its error."""

        def subscribe(observer: abc.ObserverBase[Any], scheduler: Any = None) -> abc.DisposableBase:
            self.begun.append(scheduler.clock)
            stands, error = self._sessions[min(len(self.begun), len(self._sessions)) - 1]
            if stands is not None:
                observer.on_next(Connected(200, {}))

            def fail(*_: Any) -> None:
                observer.on_error(error)

            pending = scheduler.schedule_relative(stands or 0.0, fail)

            def end() -> None:
                pending.dispose()
                self.ended.append(scheduler.clock)

            return Disposable(end)

        return Observable(subscribe)


def opened(
    *sessions: tuple[float | None, Exception], until: float = 2000.0, policy: BackoffPolicy = POLICY
) -> list[float]:
    """The virtual seconds at which sessions are opened."""
    source = Sessions(*sessions)
    timeline(source.stream().pipe(tw.retry_with_backoff(policy)), until)
    assert len(source.ended) == len(source.begun)
    return source.begun


def summed(*waits: float) -> list[float]:
    times = [0.0]
    for wait in waits:
        times.append(times[-1] + wait)
    return times


@pytest.mark.parametrize("error", [DOWN, StreamStalled(90.0)])
def test_network_row(error: StreamError) -> None:
    """250 ms, growing by 250 ms, to 16 s."""
    policy = BackoffPolicy(jitter=0, connects=None)
    assert opened((None, error), until=700.0, policy=policy)[:72] == summed(
        *[min(0.25 * n, 16.0) for n in range(1, 72)]
    )


def test_http_row() -> None:
    """5 s, doubling, to 320 s."""
    assert opened((None, BUSY), until=1500.0) == summed(5, 10, 20, 40, 80, 160, 320, 320, 320)


@pytest.mark.parametrize("status", [420, 429])
def test_rate_limit_row(status: int) -> None:
    """60 s, doubling."""
    assert opened((None, HTTPStatusError.of(status)), until=2000.0) == summed(60, 120, 240, 480, 960)


def test_rate_limit_reset_is_waited_for() -> None:
    """Never before `x-rate-limit-reset`, in UNIX seconds of the scheduler's clock."""
    error = HTTPStatusError.of(429, {"x-rate-limit-reset": "900"})
    assert opened((None, error), until=1000.0) == [0.0, 900.0, 900.0 + 120.0][:2]
    assert opened((None, error), (None, DOWN), until=900.3) == [0.0, 900.0, 900.25]


def test_dropped_row() -> None:
    """A stream that stood is reconnected at once; then as the network row."""
    assert opened((100.0, DROPPED), (None, DOWN), until=103.0) == [0, 100, 100.25, 100.75, 101.5, 102.5]


def test_a_server_that_closes_at_once_is_not_hammered() -> None:
    """200 and a close, again and again: the waits grow all the same, none of them to minutes."""
    begun = opened((0.0, DROPPED), until=7200.0)
    assert begun[:5] == [0, 0, 0.25, 0.75, 1.5]
    assert max(after - before for before, after in itertools.pairwise(begun)) < 60.0


def test_health_resets() -> None:
    """A stream that stood for `healthy_after` seconds sends every curve back to its start."""
    assert opened(
        (None, BUSY), (None, BUSY), (None, DOWN), (25.0, DOWN), (None, DOWN), (None, BUSY), until=60.0
    ) == summed(5, 10, 0.25, 25 + 0.25, 0.5, 5, 10)  # fmt: skip


def test_a_short_life_does_not_reset() -> None:
    """A connect alone is no health."""
    assert opened((None, BUSY), (10.0, BUSY), (None, BUSY), until=50.0) == summed(5, 10 + 10, 20)


def test_mixed_failures() -> None:
    """Each kind of failure keeps its own place."""
    assert opened(
        (None, DOWN), (None, BUSY), (None, DOWN), (None, CALM), (None, BUSY), (None, CALM), until=300.0
    ) == summed(0.25, 5, 0.5, 60, 10, 120)  # fmt: skip


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 409, 410, 413, 416])
def test_final_errors_end_at_once(status: int) -> None:
    """An HTTP error that would come again ends the stream at once, unchanged."""
    error = HTTPStatusError.of(status)
    seen = timeline(reactivex.throw(error).pipe(tw.retry_with_backoff(POLICY)))
    assert seen.items == []
    assert seen.error is error
    assert seen.ended == 0.0


def test_reconnecting_is_said_before_the_wait() -> None:
    """The stream says how long, which attempt and why, before it waits."""
    seen = timeline(Sessions((None, DOWN), (None, BUSY)).stream().pipe(tw.retry_with_backoff(POLICY)), 1.0)
    assert seen.items == [(0.0, Reconnecting(0.25, 1, DOWN)), (0.25, Reconnecting(5.0, 2, BUSY))]


def test_limits_end_with_the_last_error() -> None:
    """After the last attempt that the policy allows, its error comes through."""
    seen = timeline(
        Sessions((None, DOWN), (None, DOWN), (None, BUSY))
        .stream()
        .pipe(tw.retry_with_backoff(BackoffPolicy(jitter=0, max_attempts=2)))
    )
    assert [item.attempt for _, item in seen.items] == [1, 2]
    assert seen.error is BUSY
    assert (BUSY.attempts, BUSY.elapsed) == (2, 0.75)
    assert str(BUSY).endswith("(after 2 reconnects in 1 s)")


def test_a_stream_that_fails_at_once_made_no_attempts() -> None:
    """An error that is final at the first failure tells of no reconnects."""
    error = HTTPStatusError.of(401)
    assert timeline(reactivex.throw(error).pipe(tw.retry_with_backoff(POLICY))).error is error
    assert (error.attempts, error.elapsed) == (0, 0.0)
    assert "reconnect" not in str(error)


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
def test_changes_of_the_systems_time_do_not_matter(step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health is measured on a clock that cannot be set: a stream that stood for a moment resets nothing."""
    stepped = threading.Event()
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + step * stepped.is_set())
    monkeypatch.setattr(
        "reactivex.scheduler.scheduler.default_now", lambda: datetime.fromtimestamp(time.time(), UTC)
    )

    def subscribe(observer: abc.ObserverBase[Any], scheduler: Any = None) -> abc.DisposableBase:
        observer.on_next(Connected(200, {}))
        stepped.set()
        observer.on_error(ConnectionFailed("reset"))
        return Disposable()

    quick = BackoffPolicy(jitter=0, network=Curve(0.001, plus=0.001), healthy_after=3600.0)
    seen = Seen(Observable(subscribe).pipe(tw.retry_with_backoff(quick))).wait(
        lambda seen: sum(isinstance(item, Reconnecting) for item in seen.items) >= 3
    )
    seen.dispose()
    assert [item.attempt for item in seen.items if isinstance(item, Reconnecting)][:3] == [1, 2, 3]


TOO_MANY = HTTPStatusError.of(
    429,
    {"x-rate-limit-remaining": "48", "x-rate-limit-reset": "870"},
    b'{"connection_issue":"TooManyConnections"}',
)


@pytest.mark.parametrize(
    ("ended", "waits"),
    [
        (reactivex.just(True), [0, 1, 3, 9, 60, 120]),
        (reactivex.just(False), [0, 60, 120]),
        (reactivex.empty(), [0, 60, 120]),
        (reactivex.throw(HTTPStatusError.of(403)), [0, 60, 120]),
    ],
)
def test_a_broken_connection_that_still_counts_is_ended(ended: Observable[bool], waits: list[float]) -> None:
    """With it gone, the next session is tried in a second; else it waits as the table says."""
    asked: list[Connected] = []

    def end_stale(connected: Connected) -> Observable[bool]:
        asked.append(connected)
        return ended

    source = Sessions((100.0, DROPPED), (None, TOO_MANY))
    timeline(source.stream().pipe(tw.retry_with_backoff(POLICY, end_stale=end_stale)), 290.0)
    assert source.begun == [0, *[100.0 + at for at in summed(*waits[1:])]][: len(source.begun)]
    assert len(source.begun) > len(waits) - 1
    assert asked[0] == Connected(200, {})


def test_an_end_of_a_stale_connection_that_raises_has_not_ended_it() -> None:
    """If `end_stale` raises, the wait is that of the policy's table."""

    def end_stale(connected: Connected) -> Observable[bool]:
        raise OverflowError

    source = Sessions((100.0, DROPPED), (None, TOO_MANY))
    timeline(source.stream().pipe(tw.retry_with_backoff(POLICY, end_stale=end_stale)), 165.0)
    assert source.begun == [0.0, 100.0, 160.0]


def test_a_stale_connection_whose_end_is_not_answered_holds_nothing_up() -> None:
    """After 10 s without an answer the wait is that of the table."""
    source = Sessions((100.0, DROPPED), (None, TOO_MANY))
    retrying = tw.retry_with_backoff(POLICY, end_stale=lambda _: reactivex.never())
    seen = timeline(source.stream().pipe(retrying), 175.0)
    assert [at for at, item in seen.items if isinstance(item, Reconnecting)] == [100.0, 110.0]
    assert source.begun == [0.0, 100.0, 170.0]


def test_the_connections_of_others_are_not_ended() -> None:
    """A first session that is refused has left no connection behind, so none is looked for."""

    def end_stale(connected: Connected) -> Observable[bool]:
        raise AssertionError

    source = Sessions((None, TOO_MANY))
    timeline(source.stream().pipe(tw.retry_with_backoff(POLICY, end_stale=end_stale)), 100.0)
    assert source.begun == [0, 60]


def test_a_predicate_that_raises_ends_the_stream_with_what_it_raised() -> None:
    """The user's own code failing is the user's error."""

    def give_up(error: StreamError, attempt: Attempt) -> bool:
        raise KeyError("mine")

    seen = timeline(reactivex.throw(DOWN).pipe(tw.retry_with_backoff(BackoffPolicy(give_up=give_up))))
    assert isinstance(seen.error, KeyError)


def test_each_subscription_has_its_own_past() -> None:
    """The failures of one subscription do not lengthen the waits of another."""
    source = Sessions((None, BUSY))
    stream = source.stream().pipe(tw.retry_with_backoff(POLICY))
    timeline(stream, 8.0)
    timeline(stream, 8.0)
    assert source.begun == [0.0, 5.0, 0.0, 5.0]


def test_completion_passes() -> None:
    """A finite stream that completes is not reconnected."""
    seen = timeline(reactivex.of(1, 2).pipe(tw.retry_with_backoff()))
    assert [item for _, item in seen.items] == [1, 2]
    assert seen.completed == 0.0


def test_with_connect() -> None:
    """The whole chain in virtual time: sessions that fail, then one that stands."""
    endpoint = Endpoint(Request("GET", "https://api.x.com/"), 30.0)
    transport = ScriptedTransport(Script(status=503), Script(b"1\r\n"), Script(b"2\r\n"), Script(status=404))
    seen = timeline(connect(endpoint, transport=transport).pipe(tw.retry_with_backoff(POLICY)))
    assert [(at, item) for at, item in seen.items if isinstance(item, bytes)] == [(5.0, b"1"), (5.0, b"2")]
    assert [item.delay for _, item in seen.of(Reconnecting)] == [5.0, 0.0, 0.25]
    assert isinstance(seen.error, HTTPStatusError)
    assert all(session.closed for session in transport.sessions)


def test_dispose_while_waiting() -> None:
    """Disposing ends a wait at once; nothing is subscribed after, and no timer is left."""
    before = our_threads()
    seen = Seen(reactivex.throw(BUSY).pipe(tw.retry_with_backoff(POLICY))).count(1)
    assert len(our_threads()) == len(before) + 1
    dispose_quickly(seen.dispose)
    assert leftovers(open_sockets(), before) == []
    assert seen.error is None


def test_a_wait_that_is_over_before_it_is_returned() -> None:
    """A scheduler that runs a wait of 0 s at once does not end the session that follows it."""
    ended: list[int] = []

    def subscribe(observer: abc.ObserverBase[Any], scheduler: Any = None) -> abc.DisposableBase:
        if not ended:
            ended.append(0)
            observer.on_error(DROPPED)
            return Disposable()
        return Disposable(lambda: ended.append(1))

    seen = Seen(
        Observable(subscribe).pipe(tw.retry_with_backoff(POLICY, scheduler=ImmediateScheduler.singleton()))
    ).count(1)
    assert ended == [0]
    seen.dispose()
    assert ended == [0, 1]


def test_an_end_that_comes_while_it_subscribes_again() -> None:
    """A session that delivers in `subscribe` is ended by what it delivers, also after a reconnect."""
    first, ended, numbers = Subject[Any](), threading.Event(), iter(range(1_000))
    then = reactivex.from_iterable(numbers).pipe(ops.finally_action(ended.set))
    sessions = iter([first, then])
    source = as_stream(reactivex.defer(lambda _: next(sessions)))
    seen = Seen(source.pipe(tw.retry_with_backoff(POLICY), tw.of_type(int), ops.take(3)))
    first.on_error(DROPPED)
    assert seen.ended().items == [0, 1, 2]
    assert ended.wait(PATIENCE)
    assert next(numbers) == 3


def test_a_given_scheduler_does_the_waiting() -> None:
    """`scheduler` is where waits run."""
    seen = Seen(
        reactivex.throw(DOWN).pipe(tw.retry_with_backoff(POLICY, scheduler=TimeoutScheduler.singleton()))
    ).count(3)
    seen.dispose()
    assert [item.attempt for item in seen.items[:3]] == [1, 2, 3]
