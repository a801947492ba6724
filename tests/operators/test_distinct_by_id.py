"""`distinct_by_id`: what counts as a repetition, and how long it is remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex import operators as ops
from reactivex.testing.marbles import marbles_testing

from rxtweets import operators as tw
from rxtweets import testing
from rxtweets.connection import connect
from rxtweets.messages import Delete, ForUser, KeepAlive, Like, Message, Post, Status, decode
from rxtweets.testing import Script, ScriptedTransport, timeline
from tests.clients import ENDPOINT, QUICK
from tests.observing import Seen

untyped: Any = tw


def kept(*frames: bytes, capacity: int = 100) -> list[bytes]:
    """The frames whose messages pass."""
    messages = reactivex.from_iterable(frames).pipe(tw.decode(), tw.distinct_by_id(capacity))
    return [message.raw for message in Seen(messages).ended().items]


def post(id: int | str, text: str = "hello", **fields: Any) -> bytes:
    return testing.post_json(text, id=str(id), **fields)


def status(id: int, text: str = "hello") -> bytes:
    return testing.status_json(text, id=id, id_str=str(id))


TOLD_APART: dict[str, list[bytes]] = {
    "posts": [post(1), post(2)],
    "an edit": [post(1, edit_history_tweet_ids=["1"]), post(2, edit_history_tweet_ids=["1", "2"])],
    "statuses": [status(1), status(2)],
    "a deleted post and its deletion": [status(1), testing.delete_json(1)],
    "deletions": [testing.delete_json(1), testing.delete_json(2)],
    "deletions of a status and a direct message": [
        testing.delete_json(1),
        testing.delete_json(1, of="direct_message"),
    ],
    "a status and a direct message": [status(1), testing.direct_message_json(id=1, id_str="1")],
    "a post and a like": [post(1), testing.like_json("1", id="1")],
    "likes of one post": [testing.like_json("1", id="a"), testing.like_json("1", id="b")],
    "activities": [testing.activity_json(event_uuid="a"), testing.activity_json(event_uuid="b")],
    "one status for two accounts": [testing.for_user_json(status(1), 7), testing.for_user_json(status(1), 8)],
    "a status with and without an envelope": [testing.for_user_json(status(1), 7), status(1)],
    "ids that differ in the highest bits": [post(1), post(1 << 42), post(1 << 62 | 1), post((1 << 63) - 1)],
    "ids that are no numbers of 64 bits": [post("a"), post(-1), post(1 << 63), post(1 << 64), post(10**30)],
}


@pytest.mark.parametrize("frames", TOLD_APART.values(), ids=TOLD_APART)
def test_what_is_told_apart(frames: list[bytes]) -> None:
    """Messages of different things all pass, and each of them once."""
    assert kept(*frames, *frames) == frames


REPEATED: dict[str, list[bytes]] = {
    "a post that other rules matched": [
        post(1, matching_rules=[{"id": "7"}]),
        post(1, matching_rules=[{"id": "8"}]),
    ],
    "a status and a post": [status(1), post(1)],
    "a post and a status": [post(1), status(1)],
    "a direct message": [testing.direct_message_json("a"), testing.direct_message_json("b")],
    "a deletion": [testing.delete_json(1, 7), testing.delete_json(1, 7, timestamp_ms="1409444956000")],
    "a status for one account": [
        testing.for_user_json(status(1), 7),
        testing.for_user_json(status(1, "again"), "7"),
    ],
}


@pytest.mark.parametrize("frames", REPEATED.values(), ids=REPEATED)
def test_what_is_a_repetition(frames: list[bytes]) -> None:
    """Of several forms of the same thing the first passes."""
    assert kept(*frames) == frames[:1]


WITHOUT_ID: dict[str, bytes] = {
    "limit": testing.limit_json(),
    "scrub_geo": testing.scrub_geo_json(),
    "status_withheld": testing.status_withheld_json(),
    "warning": testing.warning_json(),
    "friends": testing.friends_json(),
    "event": testing.event_json(),
    "event for a user": testing.for_user_json(testing.event_json()),
    "compliance": testing.compliance_json(),
    "label": testing.label_json(),
    "problem": testing.problem_json(),
    "no JSON": b"{",
    "unknown": b'{"brand_new":{}}',
    "a status without an id": testing.status_json(id=testing.OMIT, id_str=testing.OMIT),
    "a deletion of nothing": b'{"delete":{}}',
}


@pytest.mark.parametrize("frame", WITHOUT_ID.values(), ids=WITHOUT_ID)
def test_what_has_no_id_passes(frame: bytes) -> None:
    """Messages without an id pass, however often they come."""
    assert kept(frame, frame, frame) == [frame] * 3


def test_events_of_the_connection_and_other_items_pass() -> None:
    """Lifecycle events, frames and whatever else is in the stream pass as they are."""
    items = [KeepAlive(), KeepAlive(), post(1), post(1), 7, 7, None, None]
    assert Seen(reactivex.from_iterable(items).pipe(tw.distinct_by_id())).ended().items == items


IDS = st.integers(1, 12)
MESSAGES = st.one_of(
    IDS.map(post),
    IDS.map(status),
    IDS.map(testing.delete_json),
    st.tuples(IDS.map(status), st.integers(1, 2)).map(lambda both: testing.for_user_json(*both)),
    st.just(testing.limit_json()),
)


def known_by(message: Message) -> Hashable:
    """The id of *message* with what it is the id of; None without one."""
    match message:
        case Status() | Post():
            return "post", int(message.id)
        case ForUser():
            return message.user_id, known_by(message.message)
        case Delete():
            return "deleted", message.id
    return None


@given(st.lists(MESSAGES, max_size=60), st.integers(1, 10))
def test_same_as_a_list_of_the_last_ids(frames: list[bytes], capacity: int) -> None:
    """Exactly those pass whose id isn't among the last *capacity* ids that passed."""
    last: deque[Hashable] = deque(maxlen=capacity)
    expected = []
    for frame in frames:
        key = known_by(decode(frame))
        if key is None or key not in last:
            expected.append(frame)
            if key is not None:
                last.append(key)
    assert kept(*frames, capacity=capacity) == expected


@pytest.mark.parametrize("hot", [False, True], ids=["cold", "hot"])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("-a-b-a-k-b-|", "-a-b---k---|"),
        ("-a-a-k-#----", "-a---k-#----"),
        ("------|", "------|"),
        ("-a-a-a-a-b-a-", "-a-------b---"),
    ],
)
def test_marbles(source: str, expected: str, hot: bool) -> None:
    """Items pass when they come, and so do the error and the completion."""
    values: dict[str | float, Any] = {"a": decode(post(1)), "b": decode(post(2)), "k": KeepAlive()}
    with marbles_testing(timespan=1.0) as context:
        items = (context.hot if hot else context.cold)(source, values, None)
        assert context.start(items.pipe(tw.distinct_by_id())) == context.exp(expected, values, None)


def test_streams_that_are_merged() -> None:
    """Of two connections that get the same posts, each post comes once, and first from the faster one."""

    def connection(delay: float) -> Observable[Any]:
        ticks: Observable[Any] = reactivex.timer(delay, 2.0).pipe(ops.take(5))
        return ticks.map(lambda n: decode(post(n + 1)))

    merged = timeline(connection(2.0).pipe(ops.merge(connection(1.0)), tw.distinct_by_id()))
    assert [(at, item.id) for at, item in merged.items] == [(2 * n - 1.0, str(n)) for n in range(1, 6)]
    assert merged.completed == 10.0


def test_it_remembers_across_reconnects() -> None:
    """Posts that a new connection sends again are dropped; a new subscription begins with nothing."""
    first, second = (b"".join(post(n) + b"\r\n" for n in ids) for ids in ([1, 2, 3], [2, 3, 4]))
    transport = ScriptedTransport(*[Script(first), Script(second)] * 2)
    connected = connect(ENDPOINT, transport=transport).pipe(tw.decode(), tw.retry_with_backoff(QUICK))
    posts = connected.pipe(tw.distinct_by_id(), tw.posts(), ops.take(4))
    for _ in range(2):
        assert [item.id for item in Seen(posts).ended().items] == ["1", "2", "3", "4"]


def test_an_id_of_a_type_that_no_id_has() -> None:
    """A message that was built by hand with an id that can't be compared ends the stream with an error."""
    unlike: Any = ["1"]
    items = reactivex.of(7, Like(id=unlike), 8)
    seen = Seen(items.pipe(tw.distinct_by_id())).ended()
    assert isinstance(seen.error, TypeError)
    assert seen.items == [7]


@pytest.mark.parametrize("capacity", [0, -1, None, 1.5, "100"])
def test_mistakes(capacity: Any) -> None:
    """A capacity that is no number from 1 is refused where it is given."""
    with pytest.raises(ValueError, match=r"number of ids to remember, 1 or more, not "):
        tw.distinct_by_id(capacity)
    with pytest.raises(ValueError, match=r"distinct_by_id\(…\) returns"):
        untyped.of_type(int)(reactivex.never()).pipe(tw.distinct_by_id)
