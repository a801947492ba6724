"""A value of another type than documented costs that value only."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import messages as m
from rxtweets import testing as b

from .corpus import EVERYTHING, POSTS, STATUSES, differences, encode

ODD: list[Any] = [None, True, 3, -1.5, "odd", "12", [], {}, [1], {"odd": 1}, [None], {"id": {}}]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    """*value* with *odd* at *path*."""
    changed = copy.deepcopy(value)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = odd
    return changed


# The members that tell a kind; and attributes that show another member's value where their own is missing.
TELLING = {
    ("data",),
    ("user",),
    ("text",),
    ("full_text",),
    ("data", "text"),
    ("data", "edit_history_tweet_ids"),
}
SYNONYMS = {
    "full_text": "text_in_full",
    "timestamp_ms": "created_at",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_posts": "referenced_tweets",
    "referenced_tweets": "referenced_posts",
    "note_post": "note_tweet",
    "note_tweet": "note_post",
}


@given(st.sampled_from(STATUSES + POSTS), st.data())
def test_one_odd_value_costs_one_field(frame: bytes, data: st.DataObject) -> None:
    """One odd value in a good status or post changes neither its class nor its other fields."""
    good = json.loads(frame)
    path = data.draw(st.sampled_from([path for path in places(good) if path not in TELLING]))
    before, after = m.decode(frame), m.decode(encode(replaced(good, path, data.draw(st.sampled_from(ODD)))))
    assert type(after) is type(before)
    touched = str(path[1] if path[0] == "data" else path[0])
    same = {touched, touched.removesuffix("_str"), SYNONYMS.get(touched)}  # an id is read from its `…_str`
    for name in set(before.__struct_fields__) - {"raw", "mismatches", *same}:
        assert getattr(after, name) == getattr(before, name), name


@given(st.sampled_from(EVERYTHING), st.data())
def test_odd_values_anywhere_never_raise(frame: bytes, data: st.DataObject) -> None:
    """Two odd values in any message: all of it can be looked at, which changes no `mismatches`."""
    value = json.loads(frame)
    for _ in range(2):
        path = data.draw(st.sampled_from(list(places(value))))
        value = replaced(value, path, data.draw(st.sampled_from(ODD)))
        if not isinstance(value, dict) or not list(places(value)):
            return
    message, fresh = m.decode(encode(value)), m.decode(encode(value))
    for name in message.__struct_fields__:
        getattr(message, name)
    assert message.mismatches == fresh.mismatches == tuple(sorted(set(message.mismatches)))
    assert message == fresh


@pytest.mark.parametrize("frame", STATUSES + POSTS)
def test_null_in_place_of_every_single_value(frame: bytes) -> None:
    """A null anywhere leaves every documented value elsewhere as it was; of a member it is no mismatch."""
    good = json.loads(frame)
    body = good.get("data", good)
    for path in places(body):
        if path in {("text",), ("full_text",), ("edit_history_tweet_ids",)}:
            continue
        changed = replaced(body, path, None)
        message = m.decode(encode({**good, "data": changed} if "data" in good else changed))
        assert type(message) is type(m.decode(frame)), path
        assert message.mismatches == () or isinstance(path[-1], int), path
        for key, inner in changed.items():
            if key != path[0] and key != "full_text":
                assert not list(differences(inner, getattr(message, key))), (path, key)


def test_mismatches_name_the_places() -> None:
    """`mismatches` has the path of each value that did not fit, through objects, lists and retweets."""
    status = m.decode(
        b.status_json(
            retweet_count="3",
            source=None,
            truncated=0,
            user={"name": None, "followers_count": "262", "description": 5},
            entities={"hashtags": [{"text": 1, "indices": [0, 2]}, {"text": "b", "indices": [0]}, "c"]},
            retweeted_status=b.status_object(lang=5, user={"verified": "yes"}),
            place=[],
        )
    )
    assert isinstance(status, m.Status)
    assert status.mismatches == (
        "entities.hashtags[0].text",
        "entities.hashtags[1].indices",
        "entities.hashtags[2]",
        "place",
        "retweet_count",
        "retweeted_status.lang",
        "retweeted_status.user.verified",
        "truncated",
        "user.description",
        "user.followers_count",
    )
    assert status.retweet_count == 3
    assert status.truncated is False
    assert (status.user.name, status.user.followers_count, status.user.description) == ("", 262, "5")
    assert status.user.screen_name == "ada"
    assert [tag.text for tag in status.entities.hashtags] == ["1", "b"]
    assert status.retweeted_status is not None
    assert status.retweeted_status.mismatches == ("lang", "user.verified")


def test_mismatches_in_what_came_beside_a_post() -> None:
    """Odd values in includes, rules and errors are noted and cost nothing else."""
    post = m.decode(
        b.post_json(
            author_id=7,
            public_metrics={"retweet_count": "7", "like_count": None, "reply_count": 3},
            includes={
                "users": [{"id": "7", "username": "ada", "name": 4}, None],
                "tweets": [5, {"id": "1", "text": []}],
            },
            matching_rules=[{"id": 1, "tag": None}, {"id": "2"}],
            errors=[{"title": 5}],
        )
    )
    assert isinstance(post, m.Post)
    assert post.mismatches == (
        "author_id",
        "errors[0].title",
        "includes.tweets[0]",
        "includes.tweets[1].text",
        "includes.users[0].name",
        "includes.users[1]",
        "matching_rules[0].id",
        "public_metrics.retweet_count",
    )
    assert post.author is not None
    assert post.author.username == "ada"
    assert [rule.id for rule in post.matching_rules] == ["1", "2"]
    assert post.public_metrics is not None
    assert (post.public_metrics.retweet_count, post.public_metrics.like_count) == (7, 0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"12"', 12),
        ("12.0", 12),
        ('"-3"', -3),
        ("1e400", 0),
        ("9" * 5000, 0),
        ('"x"', 0),
        ("true", 0),
        ("1.5", 0),
    ],
)
def test_numbers_are_converted_where_that_loses_nothing(written: str, read: int) -> None:
    """A numeric string or whole float becomes the int it means; what means none leaves the default."""
    status = m.decode(b'{"id":1,"text":"x","user":{},"retweet_count":%b}' % written.encode())
    assert isinstance(status, m.Status)
    assert (status.id, status.retweet_count) == (1, read)
    assert status.mismatches == ("retweet_count",)


def test_a_lone_half_of_a_surrogate_pair_does_not_cost_the_post() -> None:
    r"""`\ud83d` without its other half is U+FFFD; whole pairs and escaped backslashes are left alone."""
    frame = rb'{"text":"cut \ud83d","user":{"name":"\ud83d\ude80 \udc00 \\ud83d"},"new":"\ude00"}'
    status = m.decode(frame)
    assert isinstance(status, m.Status)
    assert status.text == "cut �"
    assert status.user.name == "🚀 � \\ud83d"
    assert status.raw == frame
    assert status.json()["new"] == "�"


def test_json_cannot_set_the_bookkeeping() -> None:
    """Members named like our own fields, or like the keys behind them, change nothing but `json()`."""
    for name in ("raw", "mismatches", "\x7fraw", "\x7fmismatches"):
        status = m.decode(encode({**b.status_object(), name: ["x"]}))
        assert isinstance(status, m.Status)
        assert (status.text, status.mismatches, status.raw[:1]) == ("Hello, world", (), b"{")
        assert status.json()[name] == ["x"]
    for name in (
        "includes",
        "matching_rules",
        "errors",
        "\x7fincludes",
        "\x7fmatching_rules",
        "\x7ferrors",
        "event",
    ):
        post = m.decode(b.post_json(matching_rules=None, a=1).replace(b'"a"', encode(name)))
        assert isinstance(post, m.Post)
        assert (post.includes.users, post.matching_rules, post.errors, post.mismatches) == ((), (), (), ())


def test_looking_changes_nothing() -> None:
    """Looking at a message's parts changes neither equality, hash, pickle nor `mismatches`."""
    frame = b.status_json(user={"name": 4}, place={"id": 5}, entities=[])
    looked, fresh = m.decode(frame), m.decode(frame)
    assert isinstance(looked, m.Status)
    assert looked.user.name == "4"
    assert looked.place is not None
    looked_pickle, fresh_pickle = pickle.loads(pickle.dumps(looked)), pickle.loads(pickle.dumps(fresh))
    assert hash(looked) == hash(fresh)
    assert looked_pickle == fresh_pickle == looked == fresh
    assert (
        looked_pickle.mismatches
        == fresh_pickle.mismatches
        == looked.mismatches
        == ("entities", "place.id", "user.name")
    )
