"""The whole library against the emulator, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.messages import Connected, Post, Reconnecting, Status
from tests.clients import QUICK, client_on, stream_on
from tests.observing import Seen


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=200) as running:
        yield running


def stream_of(emulator: Emulator, protocol: str, **options: Any) -> Observable[Any]:
    if protocol == "v1":
        return stream_on(emulator, **options).filter(track=["python"])
    return client_on(emulator, **options).sample()


STATUSES = {
    ("v1", 401): rxt.Unauthorized,
    ("v1", 403): rxt.Forbidden,
    ("v1", 404): rxt.NotFound,
    ("v1", 406): rxt.NotAcceptable,
    ("v1", 413): rxt.TooLong,
    ("v1", 416): rxt.OutOfRange,
    ("v1", 420): rxt.RateLimited,
    ("v1", 503): rxt.ServerError,
    ("v2", 400): rxt.HTTPStatusError,
    ("v2", 401): rxt.Unauthorized,
    ("v2", 403): rxt.Forbidden,
    ("v2", 404): rxt.NotFound,
    ("v2", 409): rxt.NoRules,
    ("v2", 410): rxt.HTTPStatusError,
    ("v2", 429): rxt.RateLimited,
    ("v2", 503): rxt.ServerError,
}
RETRIED = {420, 429, 503}


@pytest.mark.parametrize(("protocol", "status"), STATUSES, ids=lambda value: str(value))
def test_every_status(emulator: Emulator, protocol: str, status: int) -> None:
    """Each status is its own error, with the server's words readable on it."""
    emulator.answer(status)
    seen = Seen(stream_of(emulator, protocol, policy=rxt.BackoffPolicy.never())).ended()
    assert type(seen.error) is STATUSES[protocol, status]
    assert isinstance(seen.error, rxt.HTTPStatusError)
    assert seen.error.status_code == status
    assert seen.error.problem.body
    assert str(seen.error.problem) in str(seen.error)
    if protocol == "v2":
        assert seen.error.problem.title
        assert seen.error.problem.type


@pytest.mark.parametrize(("protocol", "status"), STATUSES, ids=lambda value: str(value))
def test_which_statuses_are_retried(emulator: Emulator, protocol: str, status: int) -> None:
    """The default chain retries the statuses that X says to retry; others end it at once."""
    emulator.answer(status, headers={"x-rate-limit-reset": "0"})
    seen = Seen(stream_of(emulator, protocol, policy=QUICK).pipe(ops.take(5)))
    seen.ended()
    if status in RETRIED:
        assert isinstance(seen.items[0], Reconnecting)
        assert isinstance(seen.items[1], Connected)
        assert seen.completed
    else:
        assert (seen.items, type(seen.error)) == ([], STATUSES[protocol, status])
        assert len(emulator.requests) == 1


def test_too_many_connections_and_usage_cap(emulator: Emulator) -> None:
    """The problem's body tells the three kinds of 429 apart."""
    client = client_on(emulator, policy=rxt.BackoffPolicy.never())
    emulator.answer(
        429,
        body=b'{"title":"ConnectionException","detail":"The maximum of connections is reached.",'
        b'"connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}',
    )
    assert isinstance(Seen(client.sample()).ended().error, rxt.TooManyConnections)
    emulator.answer(
        429, body=b'{"title":"UsageCapExceeded","type":"https://api.x.com/2/problems/usage-capped"}'
    )
    error = Seen(client.sample()).ended().error
    assert isinstance(error, rxt.UsageCapped)
    assert "UsageCapExceeded" in str(error)


def test_rate_limit_headers_reach_the_policy(emulator: Emulator) -> None:
    """`Retry-After` lengthens the wait that the stream announces."""
    emulator.answer(429, headers={"Retry-After": "120", "x-rate-limit-reset": "0"})
    seen = Seen(client_on(emulator, policy=QUICK).sample()).count(1)
    seen.dispose()
    (waiting,) = seen.items
    assert isinstance(waiting, Reconnecting)
    assert waiting.delay >= 120
    assert isinstance(waiting.cause, rxt.RateLimited)


@pytest.mark.parametrize("end", ["close_streams", "cut_streams", "reset_streams"])
@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_a_stream_that_ends_is_reconnected(emulator: Emulator, protocol: str, end: str) -> None:
    """However the server ends a stream, the default chain opens it anew and goes on."""
    kind = Status if protocol == "v1" else Post
    seen = Seen(stream_of(emulator, protocol, policy=QUICK))
    seen.wait(lambda s: any(isinstance(item, kind) for item in s.items))
    getattr(emulator, end)()
    seen.wait(lambda s: sum(isinstance(item, Connected) for item in s.items) == 2)
    reconnected = len(seen.items)
    seen.wait(lambda s: any(isinstance(item, kind) for item in s.items[reconnected:]))
    seen.dispose()


def test_a_stall_is_noticed(emulator: Emulator) -> None:
    """A server that falls silent, without keep-alives, is a StreamStalled."""
    endpoint = rxt.endpoints.v2.sample(base_url=emulator.base_url)
    hurried = rxt.Endpoint(endpoint.request, 0.3)
    seen = Seen(rxt.connect(hurried, rxt.BearerToken(emulator.bearer_token))).count(2)
    emulator.stall()
    assert isinstance(seen.ended().error, rxt.StreamStalled)


def test_both_protocols_merge(emulator: Emulator) -> None:
    """Two filters and two protocols are one stream."""
    client = client_on(emulator)
    client.rules.add("cats", tag="pets").run()
    merged = reactivex.merge(
        stream_on(emulator).filter(track=["python"]).pipe(tw.statuses()),
        client.filter(tweet_fields=["created_at"]).pipe(tw.posts()),
    )
    seen = Seen(merged)
    seen.wait(lambda s: {type(item) for item in s.items} == {Status, Post})
    seen.dispose()
    post = next(item for item in seen.items if isinstance(item, Post))
    assert post.created_at is not None
    assert [rule.tag for rule in post.matching_rules] == ["pets"]


def test_take_closes_the_session_on_the_server(emulator: Emulator) -> None:
    """When `take` has enough, the server sees the connection go."""
    rxt.run(client_on(emulator).sample().pipe(tw.posts(), ops.take(3)))
    emulator.wait_for_streams(0)


def test_credentials_are_checked(emulator: Emulator) -> None:
    """A wrong token, or a signature by a wrong secret, is an Unauthorized that shows no secret."""
    key, secret, token, _ = emulator.oauth1
    wrong = rxt.OAuth1(key, secret, token, "not-the-token-secret")
    bad_stream = rxt.Stream(wrong, base_url=emulator.base_url).filter(track=["a&b=c", "ünïcödé"])
    bad_client = rxt.StreamingClient(rxt.BearerToken("not-the-token"), base_url=emulator.base_url).sample()
    for stream in (bad_stream, bad_client):
        error = Seen(stream).ended().error
        assert isinstance(error, rxt.Unauthorized)
        assert "not-the" not in f"{error!r} {error} {error.__cause__!r}"


def test_app_only(emulator: Emulator) -> None:
    """A key and secret are exchanged for a token, over HTTP."""
    auth = rxt.AppOnly(emulator.oauth1[0], emulator.oauth1[1])
    posts: list[Post] = []
    client = rxt.StreamingClient(auth, base_url=emulator.base_url)
    rxt.run(client.sample().pipe(tw.posts(), ops.take(1)), posts.append)
    assert len(posts) == 1
    assert emulator.requests[0].path == "/oauth2/token"


def test_a_rule_added_while_the_stream_is_open(emulator: Emulator) -> None:
    """Rules take effect on an open stream."""
    client = client_on(emulator)
    client.rules.add("alpha", tag="a").run()
    seen = Seen(client.filter().pipe(tw.posts())).count(1)
    client.rules.add("omega", tag="o").run()
    seen.wait(lambda s: any(rule.tag == "o" for post in s.items for rule in post.matching_rules))
    seen.dispose()


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_figures_of_a_stream(emulator: Emulator, protocol: str) -> None:
    """Messages, hashtags, a gap and its reconnect are counted while a stream is read."""
    stream = stream_of(emulator, protocol, policy=QUICK).pipe(ops.share())
    meters = Seen(stream.pipe(tw.meter(0.05)))
    tops = Seen(stream.pipe(tw.top(rxt.hashtags, 3, window=1.0, every=0.05)))
    meters.wait(lambda seen: seen.items and seen.items[-1].total.messages > 5)
    tops.wait(lambda seen: seen.items and seen.items[-1].counts)
    emulator.close_streams()
    meters.wait(lambda seen: seen.items[-1].total.reconnects == 1 and seen.items[-1].last.messages)
    assert 0.0 < meters.items[-1].total.gap < meters.items[-1].total.seconds
    assert {kind for kind, _ in meters.items[-1].total.kinds} >= {"Status" if protocol == "v1" else "Post"}
    meters.dispose()
    tops.dispose()


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_the_lag_behind_a_server_with_another_clock(emulator: Emulator, protocol: str) -> None:
    """A server whose clock is a minute behind makes posts look as late, and the clock's error says why."""
    emulator.skew(-60)
    lags = Seen(stream_of(emulator, protocol).pipe(tw.lag(window=0.05, every=0.05)))
    lags.wait(lambda seen: seen.items and seen.items[-1].count)
    lag = lags.items[-1]
    lags.dispose()
    assert lag.p50 == pytest.approx(60.0, rel=0.05)
    assert lag.clock_error == pytest.approx(60.0, abs=2.0)
