"""Promises of the back-off for any history of a stream, in virtual time through the real operator."""

from __future__ import annotations

import bisect
import itertools
from random import Random
from typing import Any, NamedTuple

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable, abc
from reactivex.disposable import Disposable
from reactivex.scheduler import VirtualTimeScheduler

from rxtweets import operators as tw
from rxtweets.backoff import LONGEST_WAIT, BackoffPolicy, Curve
from rxtweets.errors import ConnectionFailed, FrameTooLong, HTTPStatusError, StreamDisconnected, StreamStalled
from rxtweets.messages import Connected, Connecting, Reconnecting

TWO_HOURS = 7200.0
TOO_MANY = b'{"title":"ConnectionException","connection_issue":"TooManyConnections"}'


class Session(NamedTuple):
    """The course of one session.

    Attributes:
        requests: how many requests it sends: 2 when its token has to be renewed.
        head: seconds until the head comes, or the failure that comes in its place.
        life: seconds that it stands; None: it never does.
        error: what ends it.
    """

    requests: int
    head: float
    life: float | None
    error: Exception


class History:
    """Sessions one after the other, again from the first after the last; `connects` tells when."""

    def __init__(self, sessions: list[Session]) -> None:
        self.connects: list[float] = []
        self._sessions = sessions
        self._number = 0

    def stream(self) -> Observable[Any]:
        def subscribe(observer: abc.ObserverBase[Any], scheduler: Any = None) -> abc.DisposableBase:
            requests, head, life, error = self._sessions[self._number % len(self._sessions)]
            self._number += 1

            def fail(*_: Any) -> None:
                observer.on_error(error)

            def answer(*_: Any) -> Any:
                if life is None:
                    fail()
                    return None
                observer.on_next(Connected(200, {}))
                return scheduler.schedule_relative(life, fail)

            for _ in range(requests):
                self.connects.append(scheduler.clock)
                observer.on_next(Connecting())
            return scheduler.schedule_relative(head, answer) if head else answer() or Disposable()

        return Observable(subscribe)


def http(status: int, headers: dict[str, str], body: bytes = b"") -> HTTPStatusError:
    return HTTPStatusError.of(status, headers, body)


times = st.one_of(st.just(0.0), st.floats(0, 1), st.floats(0, 60), st.floats(0, 2000))
asking: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.builds(lambda after: {"Retry-After": f"{after:.0f}"}, st.floats(-10, 1000)),
    st.builds(
        lambda left, reset: {"x-rate-limit-remaining": str(left), "x-rate-limit-reset": str(reset)},
        st.integers(0, 2),
        st.integers(0, 9000),
    ),
)
failures = st.one_of(
    st.builds(StreamDisconnected),
    st.builds(ConnectionFailed, st.just("reset")),
    st.builds(StreamStalled, st.just(30.0)),
    st.builds(FrameTooLong, st.just(10)),
    st.builds(http, st.sampled_from([408, 420, 429, 500, 503]), asking),
    st.builds(http, st.just(429), asking, st.just(TOO_MANY)),
)
sessions = st.lists(
    st.builds(Session, st.sampled_from([1, 1, 1, 2]), times, st.none() | times, failures),
    min_size=1,
    max_size=5,
)
jitters = st.tuples(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1, max_size=5))
curves = st.builds(Curve, times, plus=st.floats(0, 5), times=st.floats(0, 3), cap=st.floats(0, 400))


def lived(history: History, policy: BackoffPolicy, seconds: float = TWO_HOURS, **options: Any) -> list[Any]:
    """The items of *seconds* of *history* under *policy*, each with its time."""
    scheduler = VirtualTimeScheduler()
    items: list[tuple[float, Any]] = []
    subscription = (
        history.stream()
        .pipe(tw.retry_with_backoff(policy, **options))
        .subscribe(lambda item: items.append((scheduler.clock, item)), lambda _: None, scheduler=scheduler)
    )
    scheduler.advance_to(seconds)
    subscription.dispose()
    return items


def most_in(connects: list[float], seconds: float) -> int:
    """The most of *connects* in any window of so many seconds."""
    return max(bisect.bisect_right(connects, at + seconds) - place for place, at in enumerate(connects))


def cycling(values: list[float]) -> Any:
    """A function that gives *values* in turn."""
    state = [0]

    def give() -> float:
        state[0] += 1
        return values[state[0] % len(values)]

    return give


def drawn(random: Random) -> list[Session]:
    """One to five sessions, drawn as `sessions` draws them but at a tenth of its cost."""

    def seconds() -> float:
        return random.random() * random.choice((0, 1, 60, 2000))

    def error() -> Exception:
        headers = random.choice(
            (
                {},
                {"Retry-After": str(random.randint(-10, 1000))},
                {
                    "x-rate-limit-remaining": random.choice("012"),
                    "x-rate-limit-reset": str(random.randint(0, 9000)),
                },
            )
        )
        return random.choice(
            (
                StreamDisconnected(),
                ConnectionFailed("reset"),
                StreamStalled(30.0),
                FrameTooLong(10),
                http(random.choice((408, 420, 429, 500, 503)), headers),
                http(429, headers, TOO_MANY),
            )
        )

    return [
        Session(random.choice((1, 1, 1, 2)), seconds(), random.choice((None, seconds(), seconds())), error())
        for _ in range(random.randint(1, 5))
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**64))
def test_at_most_50_connects_in_any_15_minutes(seed: int) -> None:
    """At most 50 connects in any 15 minutes: 400 histories of two hours each."""
    assert_at_most_50_connects(seed, 10)


@pytest.mark.soak
@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**64))
def test_at_most_50_connects_in_many_histories(seed: int) -> None:
    """The same of 20,000 histories."""
    assert_at_most_50_connects(seed, 50)


def assert_at_most_50_connects(seed: int, histories: int) -> None:
    random = Random(seed)
    for _ in range(histories):
        history = History(drawn(random))
        jitter, ends_stale = random.random(), reactivex.just(random.random() < 0.5)
        policy = BackoffPolicy(jitter=jitter, random=random.random)
        lived(history, policy, end_stale=lambda _, ends_stale=ends_stale: ends_stale)
        assert most_in(history.connects, 900.0) <= 50


@settings(max_examples=25, deadline=None)
@given(sessions, curves, curves, curves, st.integers(2, 20), st.floats(1, 3000), times, times)
def test_the_limit_on_connects_is_the_policys(
    sessions: list[Session],
    network: Curve,
    http: Curve,
    rate_limit: Curve,
    most: int,
    seconds: float,
    after_drop: float,
    healthy_after: float,
) -> None:
    """`connects` holds for any curves, any first wait and any idea of health."""
    history = History(sessions)
    policy = BackoffPolicy(
        network=network, http=http, rate_limit=rate_limit, connects=(most, seconds),
        after_drop=after_drop, healthy_after=healthy_after,
    )  # fmt: skip
    lived(history, policy)
    assert most_in(history.connects, seconds) <= most


@settings(max_examples=25, deadline=None)
@given(sessions, jitters)
def test_waits_are_what_is_announced(sessions: list[Session], jitter: tuple[float, list[float]]) -> None:
    """Each session but the first begins when the `Reconnecting` before it says, and no wait exceeds a day."""
    history = History(sessions)
    items = lived(history, BackoffPolicy(jitter=jitter[0], random=cycling(jitter[1])))
    due = [at + item.delay for at, item in items if isinstance(item, Reconnecting)]
    begun = [
        at for (_, before), (at, item) in itertools.pairwise(items)
        if isinstance(before, Reconnecting) and isinstance(item, Connecting)
    ]  # fmt: skip
    assert begun == pytest.approx(due[: len(begun)], abs=1e-4)
    assert all(at >= TWO_HOURS - 1 for at in due[len(begun) :])
    assert all(item.delay <= LONGEST_WAIT for _, item in items if isinstance(item, Reconnecting))
