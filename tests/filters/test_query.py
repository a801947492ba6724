"""`FilterQuery` as a value: what it is made of, what it refuses, unions, users and boxes."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from rxtweets import FilterQuery
from rxtweets.endpoints import v1
from rxtweets.filters import BoxHit, PhraseHit, UserHit
from rxtweets.messages import Status

from .drawn import QUERIES, STATUSES
from .statuses import content, place, point, quote, retweet, status

BAY = (-122.75, 36.8, -121.75, 37.8)


REPLY = {"in_reply_to_status_id": 5, "in_reply_to_user_id": 12}

FOLLOW: list[tuple[Status, tuple[UserHit, ...], str]] = [
    (status("x", user={"id": 12}), (UserHit(12, "author"),), "by the user"),
    (status("x", user={"id": 13}), (), "by another"),
    (retweet(content("x", user={"id": 12})), (UserHit(12, "retweeted"),), "a retweet of the user"),
    (retweet(content("x"), by=12), (UserHit(12, "author"),), "a retweet by the user"),
    (status("@ada x", **REPLY), (UserHit(12, "replied_to"),), "a reply to a status of the user"),
    (
        status("x", user={"id": 12}, **REPLY),
        (UserHit(12, "author"), UserHit(12, "replied_to")),
        "an answer to oneself",
    ),
    (status("@ada x", in_reply_to_user_id=12), (), "spoken to, but no status is answered"),
    (status("x @ada", entities={"user_mentions": [{"screen_name": "a", "id": 12}]}), (), "a mention"),
    (quote("x", content("y", user={"id": 12})), (), "a quote of the user"),
    (status("x", user={"id": 12, "protected": True}), (), "a protected account"),
]


@pytest.mark.parametrize(("found", "hits", "reason"), FOLLOW, ids=[row[2] for row in FOLLOW])
def test_follow(found: Status, hits: tuple[UserHit, ...], reason: str) -> None:
    """Statuses by users, retweets of and by them, replies to their statuses."""
    query = FilterQuery(follow=[12])
    assert query.matches(found) is bool(hits), reason
    assert query.why(found) == hits


LOCATIONS: list[tuple[dict[str, Any], str | None, str]] = [
    ({"coordinates": point(-122, 37)}, "point", "a point within"),
    ({"coordinates": point(-122.75, 36.8)}, "point", "a point on the corner"),
    ({"coordinates": point(37, -122)}, None, "latitude before longitude"),
    ({"coordinates": point(0, 0), "place": place(*BAY)}, None, "the point counts before the place"),
    ({"place": place(-122, 37, -110, 50)}, "place", "a place that overlaps"),
    ({"place": place(-180, -90, 180, 90)}, "place", "a place around the box"),
    ({"place": place(-122.1, 37, -122, 37.1)}, "place", "a place within the box"),
    ({"place": place(-121, 37, -110, 50)}, None, "a place beside the box"),
    ({"place": {"id": "p", "bounding_box": None}}, None, "a place without a box"),
    ({"user": {"location": "San Francisco"}}, None, "the profile's place never counts"),
    ({}, None, "sent from nowhere"),
]


@pytest.mark.parametrize(("fields", "by", "reason"), LOCATIONS, ids=[row[2] for row in LOCATIONS])
def test_locations(fields: dict[str, Any], by: Any, reason: str) -> None:
    """A status matches by its point if it has one, else by its place."""
    query, found = FilterQuery(locations=BAY), status("x", **fields)
    assert query.matches(found) is (by is not None), reason
    assert query.why(found) == ((BoxHit(BAY, by),) if by else ())


NARROWED: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"languages": "en"}, {"lang": "en"}, True),
    ({"languages": "en,ja"}, {"lang": "ja"}, True),
    ({"languages": "en"}, {"lang": "ja"}, False),
    ({"languages": "en"}, {"lang": None}, False),
    ({"languages": "EN"}, {"lang": "en-gb"}, True),
    ({"languages": "zh-tw"}, {"lang": "zh-cn"}, False),
    ({"languages": "id"}, {"lang": "in"}, True),
    ({"filter_level": "low"}, {"filter_level": "none"}, False),
    ({"filter_level": "low"}, {"filter_level": "medium"}, True),
    ({"filter_level": "medium"}, {"filter_level": "high"}, True),
    ({"filter_level": "medium"}, {"filter_level": "low"}, False),
    ({"filter_level": "none"}, {"filter_level": None}, True),
    ({"filter_level": "low"}, {"filter_level": None}, False),
]


@pytest.mark.parametrize(("narrowed", "fields", "matches"), NARROWED, ids=str)
def test_narrowed(narrowed: dict[str, Any], fields: dict[str, Any], matches: bool) -> None:
    """Languages and filter level must fit beside whatever else matches."""
    found = status("x", user={"id": 12}, coordinates=point(-122, 37), **fields)
    for wanted in ({"track": "x"}, {"follow": 12}, {"locations": BAY}):
        query = FilterQuery(**wanted, **narrowed)
        assert query.matches(found) is matches
        assert bool(query.why(found)) is matches
    assert not FilterQuery(track="y", **narrowed).matches(found)


def test_any_predicate_is_enough() -> None:
    """Track, follow and locations are ORed; `why` tells all that hit."""
    query = FilterQuery(track=["x", "y"], follow=[12, 13], locations=[BAY, (0, 0, 1, 1)])
    assert query.matches(status("none", user={"id": 13}))
    assert query.matches(status("y"))
    assert query.matches(status("none", coordinates=point(0.5, 0.5)))
    phrase, user, box = query.why(status("x", user={"id": 12}, coordinates=point(-122, 37)))
    assert isinstance(phrase, PhraseHit)
    assert (user, box) == (UserHit(12, "author"), BoxHit(BAY, "point"))


EQUAL = [
    (FilterQuery(track="rx,py"), FilterQuery(track=["py", "rx"])),
    (FilterQuery(track="Rx py"), FilterQuery(track="PY  rx")),
    (FilterQuery(track=["touch\u00e9"]), FilterQuery(track=["touche\u0301"])),
    (FilterQuery(follow=12), FilterQuery(follow="12")),
    (FilterQuery(locations=BAY), FilterQuery(locations=[BAY, BAY])),
    (FilterQuery(track="a", languages="EN"), FilterQuery(track="a", languages=["en"])),
    (FilterQuery(track="a", filter_level="none"), FilterQuery(track="a")),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=repr)
def test_equal(one: FilterQuery, other: FilterQuery) -> None:
    """Queries that ask for the same are equal, however they were written."""
    assert one == other
    assert hash(one) == hash(other)


def test_different() -> None:
    """Queries that ask for something else are not equal, nor is anything that is no query."""
    queries = [
        FilterQuery(track="a"),
        FilterQuery(track="#a"),
        FilterQuery(track="a b"),
        FilterQuery(track="a,b"),
        FilterQuery(track="a", count=5),
        FilterQuery(track="a", languages="en"),
        FilterQuery(track="a", filter_level="low"),
        FilterQuery(track="12"),
        FilterQuery(follow=12),
    ]
    assert len(set(queries)) == len(queries)
    assert FilterQuery(track="a") != "a"


def test_shown() -> None:
    """A repr shows what is asked for, as it was written, and is the expression that makes it."""
    query = FilterQuery(track="Rx Py,b", follow=12, locations=BAY, languages="en", count=-5)
    assert repr(query) == (
        "FilterQuery(track=('Rx Py', 'b'), follow=(12,), locations=((-122.75, 36.8, -121.75, 37.8),), "
        "languages=('en',), count=-5)"
    )
    assert eval(repr(query), {"FilterQuery": FilterQuery}) == query


def test_immutable() -> None:
    """Nothing of a query can be set or deleted; copies and pickles are equal to it."""
    query = FilterQuery(track="a", follow=12)
    with pytest.raises(AttributeError, match="immutable"):
        query.track = ("b",)  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del query.track
    assert copy.deepcopy(query) == pickle.loads(pickle.dumps(query)) == copy.copy(query) == query


REFUSED: list[dict[str, Any]] = [
    {},
    {"languages": "en"},
    {"track": [], "follow": []},
    {"track": ""},
    {"track": ["x" * 61]},
    {"track": [f"p{n}" for n in range(401)]},
    {"follow": range(1, 5002)},
    {"follow": "@ada"},
    {"follow": 0},
    {"locations": [(0, 0, 1, 1)] * 26},
    {"locations": [36.8, -122.75, 37.8, -121.75]},
    {"locations": (1, 2, 3)},
    {"track": "a", "languages": "english"},
    {"track": "a", "filter_level": "high"},
    {"track": "a", "count": 150_001},
]


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda value: str(value)[:40])
def test_refused(arguments: dict[str, Any]) -> None:
    """A query refuses what the endpoint refuses, in the same words."""
    with pytest.raises(ValueError) as said:
        v1.filter(**arguments)
    with pytest.raises(ValueError, match=f"^{re.escape(str(said.value))}$"):
        FilterQuery(**arguments)


def test_limits_are_allowed() -> None:
    """Values at the limits are accepted."""
    boxes = [(n, 0, n + 1, 1) for n in range(25)]
    query = FilterQuery(track=[f"p{n}" for n in range(400)], follow=range(1, 5001), locations=boxes)
    assert [len(query.track), len(query.follow), len(query.locations)] == [400, 5000, 25]


A = FilterQuery(track="a")
UNIONS: list[tuple[FilterQuery, FilterQuery, FilterQuery]] = [
    (A, A, A),
    (A, FilterQuery(track="b,A"), FilterQuery(track="a,b")),
    (A, FilterQuery(follow=12), FilterQuery(track="a", follow=12)),
    (FilterQuery(locations=BAY), FilterQuery(follow=12), FilterQuery(locations=BAY, follow=12)),
    (
        FilterQuery(track="a", languages="en,ja", filter_level="low", count=5),
        FilterQuery(track="b", languages="ja,en", filter_level="low", count=5),
        FilterQuery(track="a,b", languages="en,ja", filter_level="low", count=5),
    ),
    # one matches whatever the other does
    (FilterQuery(track="a,b"), FilterQuery(track="a", languages="en"), FilterQuery(track="a,b")),
    (FilterQuery(track="a", filter_level="low"), A, A),
    # the same is tracked, only the languages or only the level differ
    (
        FilterQuery(track="a", languages="en"),
        FilterQuery(track="A", languages="ja"),
        FilterQuery(track="a", languages="en,ja"),
    ),
]


@pytest.mark.parametrize(("one", "other", "union"), UNIONS, ids=repr)
def test_unions(one: FilterQuery, other: FilterQuery, union: FilterQuery) -> None:
    """`|` joins what is asked for, in either order."""
    assert one | other == other | one == union


NO_UNIONS: list[tuple[Callable[[], object], str]] = [
    (lambda: A | FilterQuery(track="b", languages="en"), r"languages=\['en'\].*open a stream for each"),
    (
        lambda: FilterQuery(track="a", languages="ja") | FilterQuery(track="b", languages="en"),
        r"languages=\['ja'\].*languages=\['en'\]",
    ),
    (lambda: A | FilterQuery(follow=12, filter_level="low"), "filter_level='low'.*matches"),
    (lambda: A | FilterQuery(track="b", count=5), "None and 5: use the same for both"),
    (
        lambda: FilterQuery(follow=range(1, 5001)) | FilterQuery(follow=range(5001, 5003)),
        "follow takes at most 5,000 ids, got 5,002",
    ),
]


@pytest.mark.parametrize(("union", "said"), NO_UNIONS, ids=[said for _, said in NO_UNIONS])
def test_no_union(union: Callable[[], object], said: str) -> None:
    """If no single query matches what either does, the error says why and what to do."""
    with pytest.raises(ValueError, match=said):
        union()


def test_union_with_something_else() -> None:
    """A query has no union with what is no query."""
    with pytest.raises(TypeError):
        A | "b"  # type: ignore[operator]


@given(QUERIES, QUERIES, STATUSES)
def test_union_matches_what_either_does(one: FilterQuery, other: FilterQuery, found: Status) -> None:
    """A union matches exactly the statuses that one query or the other matches."""
    try:
        union = one | other
    except ValueError:
        assert (one.languages, one.filter_level) != (other.languages, other.filter_level)
    else:
        assert union.matches(found) == (one.matches(found) or other.matches(found))


@given(QUERIES, STATUSES)
def test_why_tells_what_matches(query: FilterQuery, found: Status) -> None:
    """`why` is empty exactly if nothing matches."""
    assert bool(query.why(found)) == query.matches(found)
