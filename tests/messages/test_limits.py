"""Frames made to be too much: nested, long or many. None costs more than its bytes, or loses what it has."""

from __future__ import annotations

import contextlib
import pickle
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rxtweets import messages as m
from rxtweets import testing as b

from .corpus import encode


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Return the result of *work*, which must take at most so many seconds of CPU."""
    start = time.thread_time()
    found = work()
    assert time.thread_time() - start < seconds
    return found


def post(**beside: Any) -> m.Post:
    message = m.decode(b.post_json(**beside))
    assert isinstance(message, m.Post)
    return message


def on_a_full_stack(left: int, work: Callable[[], Any]) -> None:
    """Call *work* with so many frames left before the recursion limit, on a thread of its own."""

    def fill(more: int) -> None:
        if more > 0:
            fill(more - 1)
        else:
            work()

    def call() -> None:
        with contextlib.suppress(RecursionError):
            fill(sys.getrecursionlimit() - left)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


# --- many


def test_polls_take_time_with_their_number_only() -> None:
    """Ten thousand polls, attached ten thousand times, are matched at once; order and choice stay."""
    many = [str(n) for n in range(20_000)]
    found = post(attachments={"poll_ids": many}, includes={"polls": [{"id": n} for n in reversed(many)]})
    assert found.includes.polls
    assert [poll.id for poll in within(0.5, lambda: found.polls)] == many[::-1]


def test_references_take_time_with_their_number_only() -> None:
    """Ten thousand references among ten thousand posts are found at once, in the post's order."""
    many = [str(n) for n in range(6_000)]
    found = post(
        referenced_tweets=[{"type": "quoted", "id": n} for n in [*many, "absent", ""]],
        includes={"tweets": [{"id": n, "text": n} for n in reversed(many)]},
    )
    assert found.includes.posts
    assert [one.id for one in within(1.0, lambda: found.referenced)] == many


def test_the_first_of_two_with_one_id_is_meant() -> None:
    """If `includes` has an id twice, `referenced` and `quoted` return the same post."""
    found = post(
        referenced_tweets=[{"type": "quoted", "id": "7"}],
        includes={"tweets": [{"id": "7", "text": "one"}, {"id": "7", "text": "two"}]},
    )
    assert found.referenced == (found.quoted,)
    assert [(one.text, one.includes) for one in found.referenced] == [("one", found.includes)]


# --- long


@pytest.mark.parametrize("member", ["friends", "friends_str"])
def test_ids_longer_than_an_id_do_not_count(member: str) -> None:
    """Thousands of digits are a mismatch and no friend, as text and as a number, in both lists."""
    frame = b'{"%b":["12","%b",%b,9223372036854775807]}' % (member.encode(), b"9" * 5000, b"9" * 30)
    message = m.decode(frame)
    assert isinstance(message, m.FriendsList)
    assert message.ids == (12, 2**63 - 1)
    assert {f"{member}[1]", f"{member}[2]"} <= set(message.mismatches)


def test_ids_of_a_list_built_by_hand() -> None:
    """Texts that are no ids are passed over."""
    assert m.FriendsList(friends_str=("1", "9" * 5000, "x")).ids == (1,)


# --- nested


def nested(depth: int, inner: bytes, around: bytes) -> bytes:
    """*inner* in so many of *around*, whose last member it becomes."""
    return around * depth + inner + b"}" * depth


FOR_USER = b'{"for_user":1,"message":'
RETWEET = b'{"id":1,"text":"t","user":{},"retweeted_status":'
STATUS = b'{"id":2,"text":"t","user":{"name":5}}'


@pytest.mark.parametrize(
    "frame",
    [
        nested(240, b"{}", FOR_USER),
        nested(600, b"{}", FOR_USER),
        nested(600, STATUS, RETWEET),
        nested(1, nested(600, b"1", b'{"a":'), b'{"event":"x","target_object":'),
        b'{"event":"x","target_object":' + b"[" * 600 + b"]" * 600 + b"}",
        b'{"data":{"event_type":"x","event_uuid":"1","payload":' + b"[" * 600 + b"]" * 600 + b"}}",
    ],
)
def test_a_repr_is_short_however_deep(frame: bytes) -> None:
    """Objects, lists and messages inside each other are shown to a few levels, as one line."""
    message = m.decode(frame)
    assert type(message) not in (m.Unknown, m.Undecodable)
    assert len(repr(message)) < 500


def test_a_few_levels_are_shown() -> None:
    """A repr shows nested messages and values, down to a limit."""
    inner = m.ForUser(for_user=2, message=m.Limit(track=3))
    assert repr(m.ForUser(for_user=1, message=inner)) == (
        "ForUser(for_user=1, message=ForUser(for_user=2, message=Limit(track=3)))"
    )
    event = m.Event(event="x", target_object={"a": ["b", (1,)], "c": {}})
    assert "target_object={'a': ['b', (1,)], 'c': {}}" in repr(event)
    assert "(…)" in repr(m.decode(nested(20, b"{}", b'{"for_user":1,"message":')))


def test_the_mismatches_of_a_deep_message() -> None:
    """`mismatches` names what is odd at the bottom of six hundred retweets."""
    message = m.decode(nested(600, STATUS, RETWEET))
    assert message.mismatches == ("retweeted_status." * 600 + "user.name",)


def test_a_deep_message_can_be_taken_apart() -> None:
    """Each level is reached from the last, and is what it would be by itself; its bytes can be pickled."""
    message: m.Message | None = m.decode(nested(600, STATUS, RETWEET))
    assert message is not None
    assert m.decode(pickle.loads(pickle.dumps(message.raw))).raw == message.raw
    for _ in range(600):
        assert isinstance(message, m.Status)
        message = message.retweeted_status
    assert message == m.decode(STATUS)


LOOKS: list[tuple[bytes, Callable[[Any], Any]]] = [
    (b.status_json(entities={"hashtags": [{"text": "x", "indices": [0, 1]}]}), lambda s: s.entities),
    (b.status_json(user={"name": None, "screen_name": "ada"}), lambda s: s.user),
    (b.status_json(retweeted_status=b.status_object()), lambda s: s.retweeted_status),
    (b.status_json(metadata={"a": [{"b": 1}]}), lambda s: s.metadata),
    (b.post_json(includes={"users": [{"id": "1"}], "tweets": [{"id": "2"}]}), lambda p: p.includes.posts),
    (b.post_json(includes={"users": [{"id": "1", "name": 5}]}), lambda p: p.includes.users),
    (encode({"for_user": 1, "message": b.status_object()}), lambda f: f.message),
    (rb'{"for_user":1,"message":{"text":"\ud83d","user":{}}}', lambda f: f.message),
    (encode({"event": "x", "source": 5, "target_object": b.status_object()}), lambda e: e.target_object),
    (encode({"event": "x", "source": 5, "target_object": {"a": {}}}), lambda e: (e.source, e.target_object)),
    (
        b'{"data":{"event_type":"x","event_uuid":"1","payload":{"text":"t","id":5}}}',
        lambda a: (a.payload, a.filter),
    ),
]


@pytest.mark.parametrize(("frame", "look"), LOOKS)
def test_a_part_looked_at_with_no_stack_left_is_not_lost(frame: bytes, look: Callable[[Any], Any]) -> None:
    """However few frames are left when a part is first looked at, a later look finds it as received."""
    expected, mismatches = look(m.decode(frame)), m.decode(frame).mismatches
    for left in range(6, 60):
        message = m.decode(frame)
        on_a_full_stack(left, lambda message=message: look(message))  # type: ignore[misc]
        assert look(message) == expected, left
        assert message.mismatches == mismatches, left


def test_decoding_with_no_stack_left_does_not_raise() -> None:
    """On an almost full stack `decode` still returns a message."""
    given: list[m.Message] = []
    on_a_full_stack(30, lambda: given.append(m.decode(b"[" * 100 + b"]" * 100)))
    # How deep C code may go depends on the version of Python.
    assert [type(message) for message in given] in ([m.Undecodable], [m.Unknown])
