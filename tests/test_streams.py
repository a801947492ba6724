"""`Stream` and `StreamingClient`: each method is its endpoint's default chain."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops
from reactivex.scheduler import CurrentThreadScheduler

from rxtweets import errors
from rxtweets.auth import AppOnly, BearerToken, OAuth1
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator
from rxtweets.endpoints import Endpoint, v1, v2
from rxtweets.filters import FilterQuery
from rxtweets.messages import (
    Connected,
    Connecting,
    Disconnected,
    KeepAlive,
    Lifecycle,
    Message,
    Post,
    Reconnecting,
    Status,
)
from rxtweets.streams import Stream, StreamingClient
from rxtweets.testing import HOLD, Script, ScriptedTransport, timeline

from .clients import client_on, stream_on
from .observing import Seen

HERE = "http://127.0.0.1:9"
KEYS = OAuth1("key", "secret", "token", "token-secret")
TOKEN = BearerToken("AAAAtoken")

FIELDS: v2.PostOptions = {"tweet_fields": ["lang"], "expansions": "author_id", "backfill_minutes": 2}
WINDOW: v2.Window = {"start_time": "2026-11-01T10:00:00Z", "end_time": datetime(2026, 11, 1, 11, tzinfo=UTC)}

V1: list[tuple[Callable[[Stream], Observable[Any]], Endpoint]] = [
    (
        lambda s: s.filter(
            track="a", follow=1, locations=[1, 2, 3, 4], languages="en", filter_level="low", count=5
        ),
        v1.filter(
            track="a",
            follow=1,
            locations=[1, 2, 3, 4],
            languages="en",
            filter_level="low",
            count=5,
            base_url=HERE,
        ),
    ),
    (
        lambda s: s.filter(FilterQuery(track=["a", "b c"], follow=1, locations=[1, 2, 3, 4], count=-5)),
        v1.filter(track="a,b c", follow=1, locations=[1, 2, 3, 4], count=-5, base_url=HERE),
    ),
    (
        lambda s: s.sample(languages="en", filter_level="low"),
        v1.sample(languages="en", filter_level="low", base_url=HERE),
    ),
    (
        lambda s: s.user(with_="user", replies="all", track="a", locations=[1, 2, 3, 4]),
        v1.user(with_="user", replies="all", track="a", locations=[1, 2, 3, 4], base_url=HERE),
    ),
    (
        lambda s: s.site(follow=[1], with_="user", replies="all"),
        v1.site(follow=[1], with_="user", replies="all", base_url=HERE),
    ),
    (lambda s: s.firehose(count=5, partitions=1), v1.firehose(count=5, partitions=1, base_url=HERE)),
    (lambda s: s.links(count=5, partitions=1), v1.links(count=5, partitions=1, base_url=HERE)),
    (lambda s: s.retweet(count=5, partitions=1), v1.retweet(count=5, partitions=1, base_url=HERE)),
]
V2: list[tuple[Callable[[StreamingClient], Observable[Any]], Endpoint]] = [
    (lambda c: c.filter(**FIELDS), v2.filter(base_url=HERE, **FIELDS)),
    (lambda c: c.sample(poll_fields=["id"]), v2.sample(base_url=HERE, poll_fields=["id"])),
    (lambda c: c.sample10(partition=2, **FIELDS), v2.sample10(partition=2, base_url=HERE, **FIELDS)),
    (lambda c: c.firehose(partition=20, **FIELDS), v2.firehose(partition=20, base_url=HERE, **FIELDS)),
    (lambda c: c.firehose(partition=8, lang="en"), v2.firehose(partition=8, lang="en", base_url=HERE)),
    (lambda c: c.likes(partition=20, **WINDOW), v2.likes(partition=20, base_url=HERE, **WINDOW)),
    (lambda c: c.likes(sample10=True, partition=2), v2.likes(sample10=True, partition=2, base_url=HERE)),
    (lambda c: c.compliance("posts", partition=4), v2.compliance("posts", partition=4, base_url=HERE)),
    (lambda c: c.compliance("users", partition=1), v2.compliance("users", partition=1, base_url=HERE)),
    (lambda c: c.compliance("likes", **WINDOW), v2.compliance("likes", base_url=HERE, **WINDOW)),
    (lambda c: c.labels(**WINDOW), v2.labels(base_url=HERE, **WINDOW)),
    (lambda c: c.activity(**WINDOW), v2.activity(base_url=HERE, **WINDOW)),
]


@pytest.mark.parametrize(("kind", "auth", "call", "endpoint"), [
    *((Stream, KEYS, *row) for row in V1), *((StreamingClient, TOKEN, *row) for row in V2)
], ids=lambda value: value.request.url[18:] if isinstance(value, Endpoint) else "")  # fmt: skip
def test_methods(
    kind: Callable[..., Any], auth: Any, call: Callable[[Any], Observable[Any]], endpoint: Endpoint
) -> None:
    """Each method asks what its endpoint's function says, signed, and only once subscribed to."""
    transport = ScriptedTransport(Script(HOLD))
    stream = call(kind(auth, base_url=HERE, transport=transport))
    assert not transport.sessions
    seen = Seen(stream).count(1)
    seen.dispose()
    (session,) = transport.sessions
    assert (session.request, session.auth) == (endpoint.request, auth)
    assert session.stall_timeout == endpoint.stall_timeout
    assert isinstance(seen.items[0], Connected)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Stream(KEYS).filter(),
        lambda: Stream(KEYS).filter(track="x", follow="@rx"),
        lambda: Stream(KEYS).filter("x"),  # type: ignore[arg-type]
        lambda: Stream(KEYS).filter(FilterQuery(track="x"), track="y"),
        lambda: Stream(KEYS).sample(languages="english"),
        lambda: Stream(KEYS).site(follow=[]),
        lambda: Stream(KEYS, base_url="nonsense").sample(),
        lambda: StreamingClient(TOKEN).filter(tweet_fields="nonsense"),
        lambda: StreamingClient(TOKEN).sample10(partition=3),
        lambda: StreamingClient(TOKEN).firehose(partition=3, lang="ja"),
        lambda: StreamingClient(TOKEN).compliance("posts"),
    ],
)
def test_checks_come_with_the_call(call: Callable[[], object]) -> None:
    """A wrong parameter is a ValueError at the call, before anybody subscribes."""
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("auth", ["AAAAtoken-s3cret", ("key", "s3cret"), BearerToken])
def test_credentials_are_objects(auth: Any) -> None:
    """A bare token or a class in place of credentials is refused, unseen, with the ways to make them."""
    for kind in (Stream, StreamingClient):
        with pytest.raises(ValueError, match="from_env") as caught:
            kind(auth)
        assert "s3cret" not in str(caught.value)


def test_v2_takes_no_signatures() -> None:
    """The credentials of v1.1 are refused at once, and the error names those of v2."""
    with pytest.raises(ValueError, match=r"takes BearerToken\(…\), AppOnly\(…\) or OAuth2User\("):
        StreamingClient(KEYS)


@pytest.mark.parametrize("auth", [TOKEN, AppOnly("key", "secret")], ids=lambda auth: type(auth).__name__)
def test_v1_takes_signatures_alone(auth: BearerToken | AppOnly) -> None:
    """An app's token, which X's v1.1 streams never took, is refused at once, and the error names `OAuth1`."""
    with pytest.raises(ValueError, match=rf"take {type(auth).__name__}\(…\): it takes OAuth1\(…\)"):
        Stream(auth)


def test_reprs_are_safe() -> None:
    """A repr says which credentials are used and shows none."""
    assert repr(Stream(KEYS)) == "Stream(OAuth1(consumer_key='…'))"
    assert repr(StreamingClient(TOKEN)) == "StreamingClient(BearerToken('…'))"


def test_signatures_are_real() -> None:
    """The parameters of v1.1 streams are named in the methods' signatures, as in DESIGN."""
    assert list(inspect.signature(Stream.filter).parameters) == [
        "self", "query", "track", "follow", "locations", "languages", "filter_level", "count", "recovery"
    ]  # fmt: skip
    assert list(inspect.signature(Stream.user).parameters) == [
        "self",
        "with_",
        "replies",
        "track",
        "locations",
        "recovery",
    ]


def test_the_chain_decodes_and_reconnects() -> None:
    """Messages are typed, the connection's life is in-band, and a dropped stream comes back."""
    transport = ScriptedTransport(
        Script(b'{"data":{"id":"1","text":"one"}}\r\n', b"\r\n"),
        Script(b'{"data":{"id":"2","text":"two"}}\r\n'),
        Script(status=401),
    )
    seen = timeline(StreamingClient(TOKEN, transport=transport).filter())
    kinds = [type(item) for _, item in seen.items]
    begun, again = [Connecting, Connected], [Disconnected, Reconnecting]
    assert kinds == [*begun, Post, KeepAlive, *again, *begun, Post, *again, Connecting]
    assert isinstance(seen.error, errors.Unauthorized)


def test_the_policy_is_the_users() -> None:
    """A policy given to the constructor decides on retrying; subscriptions share nothing of it."""
    transport = ScriptedTransport(*[Script(status=503)] * 6)
    stream = Stream(KEYS, policy=BackoffPolicy(max_attempts=2), transport=transport).sample()
    for sessions in (3, 6):
        seen = timeline(stream)
        assert isinstance(seen.error, errors.ServerError)
        assert len(transport.sessions) == sessions


def test_a_window_of_time_completes() -> None:
    """A stream that replays a window ends without error when the server is through."""
    transport = ScriptedTransport(Script(b'{"data":{"id":"1","text":"one"}}\r\n'))
    seen = timeline(StreamingClient(TOKEN, transport=transport).filter(**WINDOW))
    assert seen.completed is not None
    assert [type(item) for _, item in seen.items] == [Connecting, Connected, Post]


def test_a_scheduler_replaces_the_thread() -> None:
    """With a scheduler at construction the stream is read there: on this thread, until it ends."""
    transport = ScriptedTransport(Script(b'{"data":{"id":"1","text":"one"}}\r\n'))
    client = StreamingClient(TOKEN, transport=transport, scheduler=CurrentThreadScheduler())
    assert len(Seen(client.labels(**WINDOW)).items) == 2


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator; of no account that it has was anything said, though another one may have had its port."""
    monkeypatch.setattr("rxtweets.streams.v1.OpenStream._warned", set())
    with Emulator(rate=200, level="enterprise") as running:
        yield running


def first(stream: Observable[Message | Lifecycle], kind: type) -> Any:
    """The first item of *kind*."""
    return Seen(stream.pipe(ops.filter(lambda item: isinstance(item, kind)), ops.take(1))).ended().items[0]


def test_v1_from_a_server(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that names no host streams from the server that the environment names, signed."""
    for name, value in emulator.env().items():
        monkeypatch.setenv(name, value)
    stream = Stream(OAuth1.from_env())
    tracked = first(
        stream.filter(track=["café olé", "日本語", "python"], languages=["en", "ja", "fr"]), Status
    )
    assert tracked.user.screen_name
    assert first(stream.sample(), Status).text
    for endpoint in (
        stream.firehose(),
        stream.links(),
        stream.retweet(),
        stream.user(),
        stream.site(follow=[1]),
    ):
        assert first(endpoint, Connected).status_code == 200


def test_v2_from_a_server(emulator: Emulator) -> None:
    """Every v2 stream opens, and the filtered one brings what its rules match."""
    client = client_on(emulator)
    client.rules.add("python", tag="snake").run()
    post = first(client.filter(tweet_fields=["lang"], expansions=["author_id"], user_fields=["name"]), Post)
    assert [rule.tag for rule in post.matching_rules] == ["snake"]
    assert post.author.name
    streams = (
        client.sample(),
        client.sample10(partition=2),
        client.firehose(partition=20),
        client.firehose(partition=8, lang="en"),
        client.likes(partition=1),
        client.likes(sample10=True, partition=1),
        client.compliance("posts", partition=1),
        client.compliance("users", partition=4),
        client.compliance("likes"),
        client.labels(),
        client.activity(),
    )
    for stream in streams:
        assert first(stream, Connected).status_code == 200


def test_app_only_from_a_server(emulator: Emulator) -> None:
    """The token is obtained before the first stream, shared, and obtained again once it is refused."""
    auth = AppOnly(*emulator.oauth1[:2])
    client = StreamingClient(auth, base_url=emulator.base_url)

    first(client.sample(), Post)
    first(client.sample(), Post)
    emulator.renew_bearer_token()
    first(client.sample(), Post)
    exchange, stream = "/oauth2/token", "/2/tweets/sample/stream"
    assert [(record.path, record.status) for record in emulator.requests] == [
        (exchange, 200),
        (stream, 200),
        (stream, 200),
        (stream, 401),
        (exchange, 200),
        (stream, 200),
    ]


def test_wrong_credentials_are_final(emulator: Emulator) -> None:
    """A refused token, signature or app ends the stream at once with the server's words, and no secret."""
    wrong = [
        Stream(OAuth1("key", "s3cret", "token", "s3cret"), base_url=emulator.base_url).sample(),
        StreamingClient(BearerToken("s3cret"), base_url=emulator.base_url).sample(),
        StreamingClient(AppOnly("key", "s3cret"), base_url=emulator.base_url).sample(),
    ]
    for stream in wrong:
        error = Seen(stream).ended().error
        assert isinstance(error, errors.Unauthorized | errors.Forbidden)
        assert str(error.problem)
        assert "s3cret" not in repr(error)


BROKEN = Script(
    b'{"data":{"id":"1","text":"one"}}\r\n',
    headers={"Date": "Sun, 01 Nov 2026 10:00:00 GMT"},
)
TOO_MANY = Script(
    b'{"title":"ConnectionException","connection_issue":"TooManyConnections"}',
    status=429,
    headers={"x-rate-limit-remaining": "48", "x-rate-limit-reset": "99999999999"},
)
STANDING = Script(b'{"data":[{"id":"u","connected_at":"2026-11-01T10:00:01Z"}]}')
ENDED = Script(b'{"data":{"successful_kills":1,"failed_kills":0,"results":[]}}')


def test_too_many_connections_after_ones_own_reconnect_is_healed_within_seconds() -> None:
    """The broken connection, which X still counts, is ended, and the stream stands again a second later."""
    healing = ScriptedTransport(BROKEN, TOO_MANY, STANDING, ENDED, BROKEN)
    plain = ScriptedTransport(BROKEN, TOO_MANY, BROKEN)
    for transport, end_stale, again in ((healing, True, 1.0), (plain, False, 60.0)):
        client = StreamingClient(
            TOKEN, policy=BackoffPolicy(jitter=0), transport=transport, end_stale=end_stale
        )
        seen = timeline(client.filter().pipe(ops.take(9)))
        assert [at for at, item in seen.items if isinstance(item, Connected)] == [0.0, again]


def test_a_newer_stream_of_the_account_ends_the_older_for_good(emulator: Emulator) -> None:
    """v1.1: the older ends with an error that says so, the newer goes on; a warning comes once."""
    stream = stream_on(emulator)
    older = Seen(stream.filter(track="python")).count(1)
    with pytest.warns(RuntimeWarning, match="two streams of one account"):
        newer, _ = Seen(stream.filter(track="coffee")).count(2), older.ended()
    assert isinstance(older.error, errors.DuplicateStream)
    newest = Seen(stream.sample()).count(2)  # without another warning, which would be an error here
    assert isinstance(newer.ended().error, errors.DuplicateStream)
    newest.count(10).dispose()
    assert not any(isinstance(item, Reconnecting) for item in (*older.items, *newer.items, *newest.items))


def test_two_filters_merged_are_warned_of(emulator: Emulator) -> None:
    """Though the merge ends both as soon as the older has failed."""
    stream = stream_on(emulator)
    both = reactivex.merge(stream.filter(track="python"), stream.filter(track="coffee"))
    with pytest.warns(RuntimeWarning, match="two streams of one account"):
        assert isinstance(Seen(both).ended().error, errors.DuplicateStream)


def test_one_stream_after_the_other_is_no_reason_to_warn(emulator: Emulator) -> None:
    """Streams of an account that don't overlap warn of nothing (warnings are errors here)."""
    stream = stream_on(emulator)
    for _ in range(5):
        assert first(stream.sample(), Status).text


@pytest.mark.parametrize("last", [True, False])
def test_a_stream_that_an_item_of_another_begins(emulator: Emulator, last: bool) -> None:
    """It is warned of, once that item has come, unless the item was the other one's last."""
    stream = stream_on(emulator)
    newer: list[Seen] = []

    def begin(status: object) -> None:
        if not newer:
            newer.append(Seen(stream.sample()).count(1))

    statuses = stream.sample().pipe(ops.filter(lambda item: isinstance(item, Status)))
    older = statuses.pipe(ops.take(1)) if last else statuses
    with contextlib.nullcontext() if last else pytest.warns(RuntimeWarning, match="two streams"):
        error = Seen(older.pipe(ops.do_action(begin))).ended().error
    assert error is None if last else isinstance(error, errors.DuplicateStream)
    newer[0].count(10).dispose()
    assert newer[0].error is None
