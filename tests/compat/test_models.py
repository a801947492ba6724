from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import pytest

from rxtweets.compat import API, Place, Status, User

JSON: dict[str, Any] = {
    "id": 7,
    "text": "RT @ada: hello",
    "created_at": "Wed Aug 27 13:08:45 +0000 2008",
    "source": '<a href="https://mobile.example.com" rel="nofollow">The Client</a>',
    "user": {
        "id": 1,
        "screen_name": "bob",
        "created_at": "Tue Mar 21 20:50:14 +0000 2006",
        "following": None,
        "status": {"id": 6, "text": "before"},
    },
    "place": {
        "id": "p",
        "full_name": "Paris, France",
        "bounding_box": {"type": "Polygon", "coordinates": [[[2.2, 48.8], [2.4, 48.9]]]},
    },
    "entities": {"hashtags": [{"text": "rx", "indices": [0, 3]}]},
    "extended_tweet": {"full_text": "hello, all of you"},
    "retweeted_status": {"id": 5, "text": "hello", "user": {"id": 2, "screen_name": "ada"}},
}


def parsed(**changes: Any) -> Status:
    return Status.parse(None, {**JSON, **changes})


def test_members_are_attributes() -> None:
    """Plain members, and objects without a class of their own, are as in the JSON."""
    status = parsed(brand_new=[1])

    assert status.text == "RT @ada: hello"
    assert status.extended_tweet["full_text"] == "hello, all of you"
    assert [tag["text"] for tag in status.entities["hashtags"]] == ["rx"]
    assert status.brand_new == [1]
    assert status._json == {**JSON, "brand_new": [1]}


def test_author() -> None:
    """`author` and `user` are the same User."""
    status = parsed()

    assert status.user.screen_name == status.author.screen_name == "bob"
    assert isinstance(status.author, User)
    assert status.user.following is False
    assert status.user.status.text == "before"


def test_only_a_retweet_has_the_attribute() -> None:
    """`hasattr(status, "retweeted_status")` tells a retweet, and so for a quote; null is no retweet."""
    assert parsed().retweeted_status.user.screen_name == "ada"
    assert not hasattr(parsed(), "quoted_status")
    assert not hasattr(parsed(retweeted_status=None), "retweeted_status")
    assert not hasattr(parsed().retweeted_status, "retweeted_status")


def test_times_are_naive_utc() -> None:
    """`created_at` is a naive datetime in UTC, of a status and of a user."""
    assert parsed().created_at == datetime(2008, 8, 27, 13, 8, 45)
    assert parsed().user.created_at == datetime(2006, 3, 21, 20, 50, 14)
    assert parsed(created_at="Wed Aug 27 13:08:45 +0200 2008").created_at == datetime(2008, 8, 27, 11, 8, 45)


@pytest.mark.parametrize("odd", [None, 12, "", "soon", "Wed Aug 99 13:08:45 +0000 2008", ["x"]])
def test_odd_times_stay(odd: object) -> None:
    """A value that can't be read as a time stays as it is."""
    assert parsed(created_at=odd).created_at == odd


@pytest.mark.parametrize(
    ("source", "name", "url"),
    [
        (JSON["source"], "The Client", "https://mobile.example.com"),
        ("web", "web", None),
        ("", "", None),
        (None, None, None),
    ],
)
def test_source(source: str | None, name: str | None, url: str | None) -> None:
    """`source` is the client's name, `source_url` its page."""
    assert (parsed(source=source).source, parsed(source=source).source_url) == (name, url)


def test_place() -> None:
    """A place and its box are objects; null stays None."""
    place = parsed().place

    assert isinstance(place, Place)
    assert place.bounding_box.coordinates[0][0] == [2.2, 48.8]
    assert parsed(place=None).place is None


def test_equal_by_id() -> None:
    """Two objects of a kind are equal when their ids are, and hash alike."""
    assert parsed() == parsed(text="other")
    assert parsed() != parsed(id=8)
    assert parsed() != User.parse(None, {"id": 7})
    assert len({parsed(), parsed(text="other"), parsed(id=8)}) == 2
    assert Status.parse(None, {}) != Status.parse(None, {})


def test_pickled_without_api() -> None:
    """A pickle has the status and no credentials."""
    status = Status.parse(API("secret"), JSON)

    copy = pickle.loads(pickle.dumps(status))

    assert copy.user.screen_name == "bob"
    assert b"secret" not in pickle.dumps(status)


def test_json_cannot_take_over() -> None:
    """Members named as the object's own parts change neither its class nor its JSON."""
    hostile = {**JSON, "_json": 1, "_api": 2, "__class__": 3, "parse": 4}

    status = Status.parse(None, hostile)

    assert type(status) is Status
    assert status._json is hostile
    assert status._api is None


def test_repr_is_short() -> None:
    """A status shows its id."""
    assert repr(parsed()) == "Status(id=7)"
