"""Decoding and routing by the kind of message."""

from __future__ import annotations

from typing import Any

import pytest
import reactivex
from reactivex import Observable, Subject
from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets import testing
from rxtweets.errors import (
    ConnectionFailed,
    Forbidden,
    HTTPStatusError,
    NoRules,
    RateLimited,
    ServerError,
    StreamDisconnected,
    TooManyConnections,
    Unauthorized,
    UsageCapped,
)
from rxtweets.messages import (
    Activity,
    ComplianceEvent,
    Connected,
    ConnectionMetadata,
    Control,
    Delete,
    DirectMessage,
    Disconnected,
    DisconnectMessage,
    Event,
    ForUser,
    FriendsList,
    KeepAlive,
    Label,
    Like,
    Limit,
    Message,
    Post,
    Reconnecting,
    ScrubGeo,
    Status,
    StatusWithheld,
    StreamProblem,
    StreamWarning,
    Undecodable,
    Unknown,
    UserWithheld,
)
from tests.observing import Seen

FRAMES: dict[type[Message], bytes] = {
    Status: testing.status_json(),
    Post: testing.post_json(),
    Delete: testing.delete_json(),
    ScrubGeo: testing.scrub_geo_json(),
    Limit: testing.limit_json(),
    StatusWithheld: testing.status_withheld_json(),
    UserWithheld: testing.user_withheld_json(),
    DisconnectMessage: testing.disconnect_json(),
    StreamWarning: testing.warning_json(),
    FriendsList: testing.friends_json(),
    DirectMessage: testing.direct_message_json(),
    Event: testing.event_json(),
    ForUser: testing.for_user_json(testing.status_json()),
    Control: testing.control_json(),
    ConnectionMetadata: testing.connection_metadata_json(),
    Like: testing.like_json(),
    ComplianceEvent: testing.compliance_json(),
    Label: testing.label_json(),
    Activity: testing.activity_json(),
    StreamProblem: testing.problem_json(),
    Undecodable: b"{not json",
    Unknown: b'{"brand_new":{}}',
}

OPERATORS = {
    Status: tw.statuses,
    Post: tw.posts,
    Delete: tw.deletes,
    ScrubGeo: tw.scrub_geos,
    Limit: tw.limits,
    StatusWithheld: tw.status_withheld,
    UserWithheld: tw.user_withheld,
    DisconnectMessage: tw.disconnects,
    StreamWarning: tw.warnings,
    FriendsList: tw.friends,
    DirectMessage: tw.direct_messages,
    Event: tw.events,
    Control: tw.controls,
    ConnectionMetadata: tw.connection_metadata,
    Like: tw.likes,
    ComplianceEvent: tw.compliance_events,
    Label: tw.labels,
    Activity: tw.activities,
    StreamProblem: tw.problems,
    Undecodable: tw.undecodable,
    Unknown: tw.unknown,
}

LIFECYCLE = [
    Connected(200, {}),
    KeepAlive(),
    Disconnected(StreamDisconnected()),
    Reconnecting(0.25, 1, ConnectionFailed("refused")),
]


def mixed() -> Observable[Any]:
    """Every kind of message, as frames, and every event of a connection."""
    return reactivex.from_iterable([LIFECYCLE[0], *FRAMES.values(), *LIFECYCLE[1:]])


def collected(observable: Observable[Any]) -> list[Any]:
    seen = Seen(observable).ended()
    assert seen.error is None
    return seen.items


def test_decode_types_every_frame() -> None:
    """Each frame becomes a message of its kind, in order; events pass as they are."""
    items = collected(mixed().pipe(tw.decode()))
    assert [type(item) for item in items[1:-3]] == list(FRAMES)
    assert [item.raw for item in items[1:-3]] == list(FRAMES.values())
    assert items[-3] is LIFECYCLE[1]


@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__name__)
def test_an_operator_for_every_kind(kind: type[Message]) -> None:
    """Each kind of message has an operator that keeps it and nothing else."""
    (message,) = collected(mixed().pipe(tw.decode(), OPERATORS[kind]()))
    assert type(message) is kind


def test_messages_and_lifecycle_split_a_stream() -> None:
    """`messages` drops the events of the connection, `lifecycle` keeps only them."""
    decoded = mixed().pipe(tw.decode())
    assert [type(item) for item in collected(decoded.pipe(tw.messages()))] == list(FRAMES)
    assert [type(item) for item in collected(decoded.pipe(tw.lifecycle()))] == [type(e) for e in LIFECYCLE]


def test_of_type_takes_several_and_bases() -> None:
    """Several classes, or a base of many, can be kept at once."""
    decoded = mixed().pipe(tw.decode())
    assert len(collected(decoded.pipe(tw.of_type(Delete, ScrubGeo)))) == 2
    assert len(collected(decoded.pipe(tw.of_type(Message)))) == len(FRAMES)
    with pytest.raises(ValueError, match="at least one class"):
        tw.of_type()


@pytest.mark.parametrize(
    ("frame", "code", "reason"),
    [
        (testing.disconnect_json(code=7, reason="admin logout"), 7, "admin logout"),
        (testing.problem_json(), None, None),
    ],
)
def test_a_goodbye_explains_the_end(frame: bytes, code: int | None, reason: str | None) -> None:
    """The server's goodbye is on the error that follows, and on Disconnected."""
    end = StreamDisconnected()
    source = reactivex.of(frame, Disconnected(end)).pipe(ops.concat(reactivex.throw(end)))
    seen = Seen(source.pipe(tw.decode())).ended()
    assert isinstance(seen.error, StreamDisconnected)
    assert seen.error.code == code
    assert seen.error.reason == reason if reason else seen.error.reason != end.reason
    assert seen.items[1] == Disconnected(seen.error)


CONNECTION = b'{"title":"ConnectionException","detail":"At the limit.","connection_issue":"%s","type":"%s"}'
KIND = b"https://api.x.com/2/problems/"


@pytest.mark.parametrize(
    ("frame", "kind", "status"),
    [
        (CONNECTION % (b"TooManyConnections", KIND + b"streaming-connection"), TooManyConnections, 429),
        (CONNECTION % (b"ProvisioningSubscription", KIND + b"streaming-connection"), ServerError, 503),
        (CONNECTION % (b"RuleConfigurationIssue", KIND + b"streaming-connection"), NoRules, 409),
        (b'{"title":"ConnectionException","type":"%sstreaming-connection"}' % KIND, RateLimited, 429),
        (b'{"title":"UsageCapExceeded","type":"%susage-capped"}' % KIND, UsageCapped, 429),
        (
            b'{"errors":[{"title":"Forbidden","status":403,"detail":"no","type":"about:blank"}]}',
            Forbidden,
            403,
        ),
        (b'{"title":"Unauthorized","status":401,"detail":"no","type":"about:blank"}', Unauthorized, 401),
    ],
)
def test_a_refusal_in_the_body_of_a_200(frame: bytes, kind: type[HTTPStatusError], status: int) -> None:
    """A problem that is all that comes ends the stream as the status would that belongs to it."""
    end = StreamDisconnected()
    headers = {"x-rate-limit-remaining": "48"}
    source = reactivex.of(Connected(200, headers), frame, Disconnected(end)).pipe(
        ops.concat(reactivex.throw(end))
    )
    seen = Seen(source.pipe(tw.decode())).ended()
    assert type(seen.error) is kind
    assert seen.error.status_code == status
    assert seen.error.headers == headers
    assert seen.items[-1] == Disconnected(seen.error)


def test_a_problem_of_an_unknown_kind_is_the_reason_of_the_end() -> None:
    """A problem of an unknown kind is in the error, which is retried like any end of a stream."""
    source = reactivex.of(b'{"title":"Odd","detail":"Something odd."}').pipe(
        ops.concat(reactivex.throw(StreamDisconnected()))
    )
    error = Seen(source.pipe(tw.decode())).ended().error
    assert type(error) is StreamDisconnected
    assert error.reason == "Something odd."


@pytest.mark.parametrize(
    ("frame", "completes"),
    [
        (testing.disconnect_json(code=9, reason="max message limit"), True),
        (testing.disconnect_json(code=5, reason="normal"), True),
        (testing.disconnect_json(code=12, reason="shed load"), False),
        (testing.problem_json(), False),
        (CONNECTION % (b"TooManyConnections", KIND), False),
    ],
)
def test_a_finite_stream_that_the_server_gave_up(frame: bytes, completes: bool) -> None:
    """A finite stream completes after a disconnect message only if that says it is through."""
    assert Seen(reactivex.of(Connected(200, {}), frame).pipe(tw.decode())).ended().completed is completes
    assert Seen(reactivex.of(frame).pipe(tw.decode())).ended().completed, "a recording is whole all the same"


def test_a_goodbye_does_not_explain_other_failures() -> None:
    """A reset after a goodbye is still a reset."""
    failure = ConnectionFailed("reset")
    source = reactivex.of(testing.disconnect_json()).pipe(ops.concat(reactivex.throw(failure)))
    assert Seen(source.pipe(tw.decode())).ended().error is failure


def test_an_old_problem_does_not_explain_the_end() -> None:
    """A problem is not taken for the reason of the end if other messages follow it."""
    end = StreamDisconnected()
    for first in (testing.problem_json(), testing.disconnect_json()):
        source = reactivex.of(first, testing.post_json()).pipe(ops.concat(reactivex.throw(end)))
        assert Seen(source.pipe(tw.decode())).ended().error is end


def test_route() -> None:
    """Each kind goes to its handler, a callable or an observer; the rest passes on."""
    statuses: list[Status] = []
    deletes: Subject[Delete] = Subject()
    seen_deletes = Seen(deletes)
    rest = collected(
        mixed().pipe(tw.decode(), tw.route({Status: statuses.append, Delete: deletes}), tw.messages())
    )
    assert [type(status) for status in statuses] == [Status]
    assert [type(delete) for delete in seen_deletes.items] == [Delete]
    assert seen_deletes.completed
    assert {type(item) for item in rest} == set(FRAMES) - {Status, Delete}


def test_route_prefers_the_nearest_class() -> None:
    """An item goes to the handler of its own class before that of a base."""
    own: list[Any] = []
    others: list[Any] = []
    rest = collected(mixed().pipe(tw.decode(), tw.route({Message: others.append, Limit: own.append})))
    assert [type(item) for item in own] == [Limit]
    assert len(others) == len(FRAMES) - 1
    assert [type(item) for item in rest] == [type(event) for event in LIFECYCLE]


def test_a_handler_that_raises_ends_the_stream() -> None:
    """The handler's exception ends the chain, and observers among the routes hear of it."""
    deletes: Subject[Delete] = Subject()
    seen_deletes = Seen(deletes)
    calls: list[Any] = []

    def boom(item: Any) -> None:
        calls.append(item)
        raise KeyError("mine")

    seen = Seen(mixed().pipe(tw.decode(), tw.route({Message: boom, Delete: deletes}))).ended()
    assert isinstance(seen.error, KeyError)
    assert seen_deletes.error is seen.error
    assert len(calls) == 1


@pytest.mark.parametrize(("routes", "said"), [({"Status": print}, "classes"), ({Status: 5}, "Status")])
def test_route_refuses_what_cannot_be_a_route(routes: dict[Any, Any], said: str) -> None:
    """A key that is no class, or a handler that is none, is a ValueError that names it."""
    with pytest.raises(ValueError, match=said):
        tw.route(routes)


def envelopes() -> Observable[Any]:
    frames = [
        testing.for_user_json(testing.status_json(text="a"), for_user=1),
        testing.for_user_json(testing.status_json(text="b"), for_user=2),
        testing.for_user_json(testing.delete_json(), for_user=1),
    ]
    return reactivex.from_iterable([testing.control_json(), *frames]).pipe(tw.decode())


def test_for_user_takes_messages_out_of_their_envelopes() -> None:
    """All messages of a site stream, or one user's."""
    assert [type(item) for item in collected(envelopes().pipe(tw.for_user()))] == [Status, Status, Delete]
    assert [type(item) for item in collected(envelopes().pipe(tw.for_user("1")))] == [Status, Delete]


def test_by_user_groups() -> None:
    """One Observable a user, keyed by the user's id."""
    groups: dict[int, list[str]] = {}

    def group(each: Any) -> None:
        found = groups.setdefault(each.key, [])
        each.subscribe(lambda message: found.append(type(message).__name__))

    envelopes().pipe(tw.by_user()).subscribe(group)
    assert groups == {1: ["Status", "Delete"], 2: ["Status"]}


TYPES = (
    "post.create",
    "post.delete",
    "follow.follow",
    "profile.update.bio",
    "profile.update.url",
    "brand.new",
)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ((), TYPES),
        (("post.create",), ("post.create",)),
        (("post.*", "follow.follow"), ("post.create", "post.delete", "follow.follow")),
        (("profile.*",), ("profile.update.bio", "profile.update.url")),
        (("profile.update.*",), ("profile.update.bio", "profile.update.url")),
    ],
)
def test_activities_of_some_types(asked: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """Names are those of events, groups those of all events below them."""
    frames = [testing.post_json(), *(testing.activity_json(name) for name in TYPES)]
    seen = Seen(reactivex.from_iterable(frames).pipe(tw.decode(), tw.activities(*asked)))
    assert tuple(item.event_type for item in seen.items) == kept


@pytest.mark.parametrize(
    ("name", "near"),
    [("post.crate", "post.create"), ("folow.*", "follow.*"), ("brand.new", "may be a new one$")],
)
def test_types_that_are_not_known_yet(name: str, near: str) -> None:
    """They may be new at X, so they are kept, with a warning that has those that look like it."""
    with pytest.warns(UserWarning, match=near):
        operator = tw.activities(name)
    frame = testing.activity_json(name.replace("*", "follow"))
    assert len(Seen(reactivex.of(frame).pipe(tw.decode(), operator)).items) == 1


@pytest.mark.parametrize("name", ["", "post", "*", "post.*.create", "Post.create", ".create", 7])
def test_what_is_no_type(name: Any) -> None:
    """A name that no event or group can have is an error."""
    with pytest.raises(ValueError, match=r"post\.create, or a group such as follow"):
        tw.activities(name)
