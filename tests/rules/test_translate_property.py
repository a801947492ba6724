"""A translated filter matches the same posts as the filter, but for the differences that are listed here.

The emulator's world makes posts, and each is rendered in both protocols' forms: the filter looks at the v1.1
form, the rules at the v2 form of the same post.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtweets.emulator.fields import LISTS, Fields
from rxtweets.emulator.model import Person, Wish
from rxtweets.emulator.model import Post as Made
from rxtweets.emulator.v1_forms import status_bytes
from rxtweets.emulator.v2_forms import envelope
from rxtweets.emulator.world import World
from rxtweets.messages import Post, Status, decode
from rxtweets.rules import EVERY_FIELD, any_of, from_filter
from rxtweets.track import FilterQuery

BOX = (-122.75, 36.8, -121.75, 37.8)
WORDS = ["coffee", "python", "red panda", "#news", "日常", "@nightowl", "$AAPL", "example", "rt", "weekend"]

EVERYTHING = Fields(
    post=frozenset(LISTS["tweet.fields"]) - {"non_public_metrics", "organic_metrics", "promoted_metrics"},
    user=frozenset(LISTS["user.fields"]),
    media=frozenset(LISTS["media.fields"]),
    place=frozenset(LISTS["place.fields"]),
    expansions=frozenset(LISTS["expansions"]),
)


class Both(NamedTuple):
    """The same post in both forms."""

    made: Made
    status: Status
    post: Post


def both(made: Made) -> Both:
    status = decode(status_bytes(made))
    post = decode(msgspec.json.encode(envelope(made, EVERYTHING)))
    assert isinstance(status, Status)
    assert isinstance(post, Post)
    return Both(made, status, post)


@cache
def corpus() -> tuple[Both, ...]:
    """Posts of all kinds, about the words and from the place that filters here ask for."""
    world = World(seed=11)
    wishes = [Wish()] * 150
    for kind in ("original", "retweet", "reply", "quote"):
        wishes += [
            Wish(words=tuple(text.split()), wants=frozenset({kind})) for text in WORDS for _ in range(3)
        ]
    wishes += [Wish(box=BOX)] * 12 + [Wish(box=BOX, wants=frozenset({"point"}))] * 6
    return tuple(both(world.make(wish)) for wish in wishes)


def authors() -> list[int]:
    ids = [one.made.author.id for one in corpus()]
    ids += [one.made.reply_to.author.id for one in corpus() if one.made.reply_to]
    return sorted({*ids, *(one.made.retweeted.author.id for one in corpus() if one.made.retweeted)})


def words_of(one: Both) -> list[str]:
    """Words as they stand in the text, the marks of tags and names included."""
    return re.findall(r"[#@]?\w+", one.post.full_text)


def told(query: FilterQuery, one: Both) -> tuple[bool, bool]:
    """What the filter says, and what its rules say."""
    rule = any_of(*from_filter(query)).compile(asked=EVERY_FIELD)
    match = rule.matches(one.post)
    assert match.verdict is not None, match
    return query.matches(one.status), match.verdict


def differences(query: FilterQuery, one: Both) -> set[str]:
    """Which of the known differences may be why a filter and its rules disagree on a post."""
    found = set()
    if any(re.search(r"[^\w\s#@$]|(?<=\w)[#@$]|[#@$](?!\w)", phrase) for phrase in query.track):
        found.add("punctuation parts words")
    if one.made.quoted is not None or (one.made.retweeted and one.made.retweeted.quoted):
        found.add("links of quotes")
    return found


@st.composite
def queries(draw: st.DrawFn) -> FilterQuery:
    """Filters whose words and users are mostly those of the posts."""
    near = st.sampled_from(corpus()).map(words_of).filter(bool)
    phrase = st.lists(near.flatmap(st.sampled_from), min_size=1, max_size=2, unique=True).map(" ".join)
    phrases = (st.sampled_from(WORDS) | phrase).filter(lambda text: len(text.encode()) <= 60)
    track = draw(st.lists(phrases, max_size=4, unique=True))
    follow = draw(st.lists(st.sampled_from(authors()), max_size=3, unique=True))
    boxes = draw(st.lists(st.sampled_from([BOX, (-10.0, 35.0, 20.0, 60.0)]), max_size=1))
    languages = draw(st.lists(st.sampled_from(["en", "ja", "es", "de"]), max_size=2, unique=True))
    if not (track or follow or boxes):
        track = [draw(st.sampled_from(WORDS))]
    return FilterQuery(
        track=track or None, follow=follow or None, locations=boxes or None, languages=languages or None
    )


@given(queries())
@settings(max_examples=80, deadline=None)
def test_the_same_posts_match(query: FilterQuery) -> None:
    """Filter and rules agree on every post, but where one of the known differences is in play."""
    rule = any_of(*from_filter(query)).compile(asked=EVERY_FIELD)
    for one in corpus():
        before, after = query.matches(one.status), rule.matches(one.post)
        assert after.verdict is not None
        if before != after.verdict:
            assert differences(query, one), (
                before,
                str(rule.rule),
                query.why(one.status),
                one.post.full_text,
            )


def test_the_corpus_is_worth_it() -> None:
    """There are posts of every kind, and the words, users and places occur in them."""
    made = [one.made for one in corpus()]
    assert all(any(getattr(post, kind) for post in made) for kind in ("retweeted", "reply_to", "quoted"))
    for query in (
        FilterQuery(track="coffee"),
        FilterQuery(locations=BOX),
        FilterQuery(follow=authors()[:40]),
    ):
        assert sum(query.matches(one.status) for one in corpus()) >= 5
