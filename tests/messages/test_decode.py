"""The class and fields of the message that each frame becomes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import messages as m
from rxtweets import testing as b

from .corpus import EVERYTHING, NOTICES, POSTS, STATUSES, encode

KINDS: list[tuple[bytes, type[m.Message], dict[str, Any]]] = [
    (b.status_json("hello", id=20), m.Status, {"id": 20, "id_str": "20", "text": "hello"}),
    (b.delete_json(5, 6), m.Delete, {"id": 5, "user_id": 6, "direct_message": None}),
    (b.delete_json(5, 6, of="direct_message"), m.Delete, {"id": 5, "user_id": 6, "status": None}),
    (b.scrub_geo_json(7, 9), m.ScrubGeo, {"user_id": 7, "up_to_status_id": 9, "up_to_status_id_str": "9"}),
    (b.limit_json(1234), m.Limit, {"track": 1234}),
    (
        b.status_withheld_json(5, 6, ["DE", "AR"]),
        m.StatusWithheld,
        {"id": 5, "user_id": 6, "withheld_in_countries": ("DE", "AR")},
    ),
    (b.user_withheld_json(5, ["XX"]), m.UserWithheld, {"id": 5, "withheld_in_countries": ("XX",)}),
    (
        b.disconnect_json(7, "admin logout", "s1"),
        m.DisconnectMessage,
        {"code": 7, "reason": "admin logout", "stream_name": "s1"},
    ),
    (b.warning_json(), m.StreamWarning, {"code": "FALLING_BEHIND", "percent_full": 60, "user_id": None}),
    (
        b.warning_json("FOLLOWS_OVER_LIMIT", user_id=7),
        m.StreamWarning,
        {"code": "FOLLOWS_OVER_LIMIT", "user_id": 7, "percent_full": None},
    ),
    (b.friends_json([1, 2]), m.FriendsList, {"ids": (1, 2)}),
    (b.friends_json([1, 2], stringify=True), m.FriendsList, {"ids": (1, 2), "friends_str": ("1", "2")}),
    (b.direct_message_json("psst"), m.DirectMessage, {"text": "psst", "sender_screen_name": "ada"}),
    (b.event_json("follow"), m.Event, {"event": "follow", "name": "follow", "target_object": None}),
    (b.for_user_json(b.limit_json(), "7"), m.ForUser, {"for_user": 7, "user_id": 7}),
    (b.control_json("/1.1/site/c/1"), m.Control, {"control_uri": "/1.1/site/c/1"}),
    (
        b.connection_metadata_json("pdxa"),
        m.ConnectionMetadata,
        {"type": "connection_metadata", "datacenter": "pdxa", "timestamp": 1762557264155},
    ),
    (b.post_json("hello", id="20", lang="en"), m.Post, {"id": "20", "text": "hello", "lang": "en"}),
    (b.like_json("5"), m.Like, {"liked_tweet_id": "5", "tweet_author_id": "2244994945"}),
    (
        b.compliance_json("withheld"),
        m.ComplianceEvent,
        {"event": "withheld", "about": "posts", "withheld_in_countries": ("DE",), "user_id": "2244994945"},
    ),
    (
        b.compliance_json("scrub_geo"),
        m.ComplianceEvent,
        {"event": "scrub_geo", "about": "users", "up_to_tweet_id": "1346889436626259968", "post_id": None},
    ),
    (
        b.compliance_json("delete", tweet=b.OMIT, favorite={"id": "5", "user_id": "7"}),
        m.ComplianceEvent,
        {"event": "delete", "about": "likes", "post_id": "5", "user_id": "7"},
    ),
    (
        b.label_json(),
        m.Label,
        {"event": "public_tweet_notice", "event_type": "misleading", "post_id": "1346889436626259968"},
    ),
    (b.label_json("public_tweet_unviewable"), m.Label, {"event": "public_tweet_unviewable"}),
    (b.activity_json("post.create"), m.Activity, {"event_type": "post.create", "tag": "ada"}),
    (
        b.problem_json(),
        m.StreamProblem,
        {
            "title": "operational-disconnect",
            "disconnect_type": "UpstreamOperationalDisconnect",
            "type": "https://api.x.com/2/problems/operational-disconnect",
            "is_disconnect": True,
        },
    ),
    (
        b'{"title":"ConnectionException","type":"t","detail":"d","connection_issue":"TooManyConnections"}',
        m.StreamProblem,
        {"connection_issue": "TooManyConnections", "detail": "d", "is_disconnect": False},
    ),
    (b'{"something":"new"}', m.Unknown, {}),
    (b'{"data":{"something":"new"}}', m.Unknown, {}),
    (b'{"limit":null}', m.Unknown, {}),
    (b'{"delete":null,"limit":{"track":3}}', m.Limit, {"track": 3}),
    (b'{"data":null,"errors":[{"title":"t","detail":"d"}]}', m.StreamProblem, {"title": "t"}),
    (b'{"errors":null,"data":{"id":"1","text":"x"}}', m.Post, {"id": "1", "errors": ()}),
]


@pytest.mark.parametrize(
    ("frame", "kind", "attributes"), KINDS, ids=lambda value: getattr(value, "__name__", "")
)
def test_each_kind_is_told_by_itstelling_member(
    frame: bytes, kind: type[m.Message], attributes: dict[str, Any]
) -> None:
    """A frame becomes the message of its kind, with its values as attributes, its bytes and its JSON."""
    message = m.decode(frame)
    assert type(message) is kind
    assert {name: getattr(message, name) for name in attributes} == attributes
    assert message.raw == frame
    assert message.json() == json.loads(frame)
    assert message.mismatches == ()


@pytest.mark.parametrize("frame", EVERYTHING)
def test_the_order_of_members_and_spaces_do_not_matter(frame: bytes) -> None:
    """The same members in reverse order, generously spaced, are the same kind with the same fields."""
    members = json.loads(frame)
    turned = json.dumps(dict(reversed(members.items())), indent=1).encode()
    one, other = m.decode(frame), m.decode(turned)
    assert type(one) is type(other)
    assert other.mismatches == ()
    if isinstance(one, m.Status | m.Post):
        assert {n for n in one.__struct_fields__ if repr(getattr(one, n)) != repr(getattr(other, n))} == {
            "raw"
        }


def test_the_corpus_holds_every_kind() -> None:
    """Every message class that `decode` gives is in the corpus, as itself and without mismatches."""
    kinds = {type(m.decode(frame)) for frame in EVERYTHING}
    assert all(type(m.decode(frame)) is m.Status for frame in STATUSES)
    assert all(type(m.decode(frame)) is m.Post for frame in POSTS)
    assert not {m.Unknown, m.Undecodable, m.Status, m.Post} & {type(m.decode(frame)) for frame in NOTICES}
    assert not [frame for frame in EVERYTHING if m.decode(frame).mismatches]
    table = {kind for _, kind, _ in KINDS}
    assert kinds == table - {m.Unknown}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[",
        b"{",
        b'{"text":"x","user":{}',
        b'{"text":"x","user":{}} {}',
        b'{"text":NaN,"user":{}}',
        b'{"text":"x","user":{"id":NaN}}',
        b"\xff",
        b'{"text":"\xff","user":{}}',
        b'{"text":"x","user":{"name":"\xff"}}',
        b'{"data":{"text":"x","entities":{"\xff":1}}}',
        b'\xef\xbb\xbf{"text":"x","user":{}}',
        b"[" * 10_000,
        b'{"text":"x","user":{},"place":' + b"[" * 10_000,
        b'{"data":' * 10_000,
        "{}".encode("utf-16"),
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_what_is_not_json_is_undecodable(frame: bytes) -> None:
    """Bytes that are not JSON in UTF-8, or nest beyond reason, are an Undecodable with a reason."""
    message = m.decode(frame)
    assert isinstance(message, m.Undecodable)
    assert message.error
    assert message.raw == frame
    assert message.json() is None
    assert len(repr(message)) < 300


@pytest.mark.parametrize(
    "frame", [b"1", b"null", b"[]", b'"text"', b"{}", b"true", b"-0.5e3", b'[{"text":"x","user":{}}]']
)
def test_json_that_is_no_message_is_unknown(frame: bytes) -> None:
    """JSON that is no object, or an empty one, is an Unknown."""
    message = m.decode(frame)
    assert isinstance(message, m.Unknown)
    assert message.json() == json.loads(frame)


telling = st.sampled_from(
    [
        "text",
        "user",
        "id",
        "data",
        "includes",
        "errors",
        "matching_rules",
        "delete",
        "status",
        "limit",
        "track",
        "event",
        "source",
        "target",
        "target_object",
        "friends",
        "friends_str",
        "for_user",
        "message",
        "warning",
        "disconnect",
        "entities",
        "place",
        "retweeted_status",
        "extended_tweet",
        "event_type",
        "event_uuid",
        "payload",
        "tweet",
        "withheld",
        "public_metrics",
        "attachments",
        "title",
        "type",
        "raw",
        "mismatches",
        "scrub_geo",
        "datacenter",
        "timestamp",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | telling, inner),
    max_leaves=25,
)


@given(json_values)
def test_any_json_value_is_some_message(value: Any) -> None:
    """Any JSON value decodes to a message; reading and comparing all its fields never raises."""
    frame = encode(value)
    message = m.decode(frame)
    assert isinstance(message, m.Message)
    assert not isinstance(message, m.Undecodable)
    for name in message.__struct_fields__:
        getattr(message, name)
    assert message == m.decode(frame)
    assert repr(message)
    assert message.json() == value


@given(st.sampled_from(EVERYTHING), st.data())
def test_cut_and_damaged_frames_never_raise(frame: bytes, data: st.DataObject) -> None:
    """A frame cut anywhere, with any byte replaced, still decodes to some message."""
    at = data.draw(st.integers(0, len(frame) - 1))
    assert isinstance(m.decode(frame[:at]), m.Undecodable)
    damaged = frame[:at] + data.draw(st.binary(min_size=1, max_size=2)) + frame[at + 1 :]
    message = m.decode(damaged)
    assert isinstance(message.mismatches, tuple)
    assert message.raw == damaged


def test_threads_that_decode_their_first_post_at_once() -> None:
    """Each gets it: decoders are built by one thread at a time, as msgspec crashes otherwise."""
    program = """
import sys, threading
from rxtweets.messages import decode
from rxtweets.testing import post_json
sys.setswitchinterval(1e-6)
frame, start, found = post_json("a"), threading.Barrier(8), []
def run():
    start.wait()
    post = decode(frame)
    found.append((post.text, len(post.includes.users)))
threads = [threading.Thread(target=run) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(len(set(found)), len(found))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert (ran.returncode, ran.stdout) == (0, "1 8\n"), ran.stderr
