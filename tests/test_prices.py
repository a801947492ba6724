"""Prices, and what of a message has one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rxtweets import Prices
from rxtweets.endpoints._fields import LIKE_EXPANSIONS, POST_EXPANSIONS
from rxtweets.messages import Includes, KeepAlive, Post, decode, v2
from rxtweets.prices import KINDS, brought_by, resources
from rxtweets.testing import activity_json, like_json, post_json, status_json

INCLUDES = {
    "users": [{"id": "7", "name": "Ada", "username": "ada"}],
    "tweets": [{"id": "1", "text": "itself"}, {"id": "2", "text": "quoted"}],
    "media": [{"media_key": "3_4", "type": "photo"}],
    "places": [{"id": "p", "full_name": "Paris"}],
}


def test_what_is_charged() -> None:
    """A post and what it includes, each once; likes; events by name; nothing else."""
    post = decode(post_json("a", id="1", includes=INCLUDES))
    assert resources(post) == [("post", "1"), ("user", "7"), ("post", "2"), ("media", "3_4")]
    assert resources(decode(post_json("a", id="1"))) == [("post", "1")]
    (like,) = resources(decode(like_json(id="5")))
    assert like == ("like", "5")
    event = decode(activity_json("follow.follow", event_uuid="9"))
    assert resources(event) == [("follow.follow", "9")]
    for free in (decode(status_json()), KeepAlive(), decode(b"{"), b"a frame", None):
        assert resources(free) == []


def test_what_is_built_by_hand_or_not_as_documented_is_charged() -> None:
    """Included objects count by what can be read of them."""
    built = Post(id="1", includes=Includes(users=(v2.User(id="7"),), tweets=(Post(id="2"),)))
    assert resources(built) == [("post", "1"), ("user", "7"), ("post", "2")]
    strange = decode(post_json("a", id="1", includes={"users": [{"id": "7"}, {"id": 8}], "tweets": 5}))
    assert ("user", "7") in resources(strange)


def test_the_published_prices() -> None:
    """Those of X's pages; the same resource in several messages is charged once."""
    prices = Prices()
    first, second = decode(post_json("a", id="1", includes=INCLUDES)), decode(post_json("b", id="2"))
    assert prices.of(first) == pytest.approx(0.025)
    assert prices.of(first, second) == pytest.approx(0.025)
    assert prices.of() == 0
    assert {kind: prices.price(kind) for kind in sorted(KINDS)} == {
        "counts_all": 0.01,
        "counts_recent": 0.005,
        "like": 0.001,
        "media": 0.005,
        "post": 0.005,
        "user": 0.01,
    }


@pytest.mark.parametrize(
    ("event", "price"),
    [
        ("follow.unfollow", 0.01),
        ("profile.update.bio", 0.005),
        ("post.delete", 0.0),
        ("post.quote.create", 0.005),
        ("dm.sent", 0.0),
        ("dm.newly_made", None),
        ("news", None),
        ("", None),
    ],
)
def test_events_by_name(event: str, price: float | None) -> None:
    """A pattern is for all names that begin so; an unknown event is as dear as the dearest, and is told."""
    prices = Prices()
    assert prices.find(event) == price
    assert prices.price(event) == (0.01 if price is None else price)


def test_a_longer_name_comes_first() -> None:
    """The price of a name before that of a pattern, and the longest pattern."""
    prices = Prices(events={"a.*": 1.0, "a.b.*": 2.0, "a.b.c": 3.0}, unknown_event=4.0)
    assert list(map(prices.price, ("a.x", "a.b.x", "a.b.c", "a.b.c.d", "b.a"))) == [1, 2, 3, 2, 4]


@pytest.mark.parametrize(
    ("given", "name"),
    [({"post": -1}, "post"), ({"user": "1"}, "user"), ({"events": {"a.b": float("nan")}}, "a.b")],
)
def test_prices_are_checked(given: Any, name: str) -> None:
    """The one that is none is named."""
    with pytest.raises(ValueError, match=f"the price of {name} is a number of dollars"):
        Prices(**given)


def test_it_is_a_value() -> None:
    """Equal by its prices, and immutable."""
    assert Prices() == Prices(post=0.005)
    assert msgspec.structs.replace(Prices(), post=1.0).post == 1.0
    with pytest.raises(AttributeError):
        Prices().post = 1.0  # type: ignore[misc]


def test_what_expansions_bring() -> None:
    """One of each kind that brings any; those about referenced posts bring these, too."""
    assert brought_by([]) == []
    assert brought_by(["author_id", "geo.place_id", "author_id"]) == ["user"]
    assert brought_by(["referenced_tweets.id.author_id"]) == ["user", "post"]
    free = {one for one in (*POST_EXPANSIONS, *LIKE_EXPANSIONS) if not brought_by([one])}
    assert free == {"attachments.poll_ids", "edit_history_tweet_ids", "geo.place_id"}
