"""Rules and v1.1 statuses: matched as the posts that they are, and as Powerstream matches them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.emulator.api.v1.forms import status_bytes
from rxtweets.emulator.api.v2.fields import LISTS, Fields
from rxtweets.emulator.api.v2.forms import post_bytes
from rxtweets.emulator.world.specs import spec_from_rule
from rxtweets.emulator.world.world import World
from rxtweets.filters import FilterIndex
from rxtweets.messages import Post, Status, decode
from rxtweets.rules import EVERY_FIELD, Limits, parse, validate
from rxtweets.testing import status_json, status_object, user_object
from tests.clients import client_on

RULES = [
    "python",
    '"red panda"',
    "contains:and",
    "@ada",
    "from:ada OR from:grace",
    "to:ada",
    "retweets_of:ada",
    "url_contains:example",
    "python lang:en",
    "coffee -lang:en",
    "python has:mentions",
    "python has:links -has:media",
    "coffee (has:images OR has:videos)",
    "(python OR coffee) has:geo",
    "python has:symbols",
    "coffee has:lang is:reply",
    "python is:retweet",
    "coffee -is:retweet -is:reply",
    "bio:developer",
    "bio_name:a",
    "place:paris",
    "bounding_box:[-10 35 30 60]",
    "point_radius:[2.35 48.86 20km]",
]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Status, Post]]:
    """Posts of the world in both protocols' forms, most of which match one of the rules."""
    world = World(11)
    every = Fields(
        post=frozenset(LISTS["tweet.fields"]) - {"non_public_metrics", "organic_metrics", "promoted_metrics"},
        user=frozenset(LISTS["user.fields"]),
        media=frozenset(LISTS["media.fields"]),
        place=frozenset(LISTS["place.fields"]),
        expansions=frozenset(LISTS["expansions"]) | {"referenced_tweets.id.referenced_tweets.id"},
    )
    found = []
    for text in RULES * 20:
        post = world.make(spec_from_rule(parse(text), world.rng))
        status, same = decode(status_bytes(post)), decode(post_bytes(post, every))
        assert isinstance(status, Status)
        assert isinstance(same, Post)
        found.append((status, same))
    return found


@pytest.mark.parametrize("text", RULES)
def test_both_forms_of_a_post_match_alike(pairs: Iterable[tuple[Status, Post]], text: str) -> None:
    """Each operator of Powerstream is decided as on the same post with every field; but for a cut text."""
    assert validate(text, Limits.powerstream()) == ()
    rule = parse(text)
    everything = rule.compile(asked=EVERY_FIELD)
    matched = 0
    for status, post in pairs:
        match = rule.matches(status)
        if match.verdict is None:
            assert match.unknown == ("tweet.fields=note_tweet",)
            assert any(len(one.full_text) > 280 for one in (post, post.retweeted, post.quoted) if one)
            continue
        assert match == everything.matches(post), (rule.why(status), status.raw)
        matched += bool(match)
    assert matched


def test_an_index_finds_what_powerstream_says() -> None:
    """The rules that an index finds for a status are those that came with it, but for a cut text."""
    index = FilterIndex[str]()
    with Emulator(rate=2_000, seed=5, level="enterprise") as emulator:
        client = client_on(emulator)
        added = client.powerstream_rules.add(*RULES).run()
        rules = {rule.id or "": parse(rule.value) for rule in added.rules}
        for id, rule in rules.items():
            index.add(rule.compile(), id)
        statuses: list[Status] = client.powerstream().pipe(tw.statuses(), ops.take(300), ops.to_list()).run()
    told = 0
    for status in statuses:
        matching = {rule.id for rule in status.matching_rules}
        found = set(index.match(status))
        assert found <= matching, status.raw
        assert {rules[id].matches(status).verdict for id in matching - found} <= {None}, status.raw
        told += found == matching
    assert told > 250


def test_a_field_that_v1_1_lacks() -> None:
    """A field that v1.1 lacks is named as missing, as on a post without it."""
    status = decode(status_json("hello"))
    assert isinstance(status, Status)
    match = parse("context:10.799").matches(status)
    assert (match.verdict, match.unknown) == (None, ("tweet.fields=context_annotations",))
    assert [str(reason) for reason in parse("hello -is:retweet").why(status)] == [
        "hello: yes",
        "-is:retweet: yes",
    ]


CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("is:retweet", {"text": "RT @ada: by hand"}, False),
    ("is:quote", {"quoted_status_id": 7, "quoted_status_id_str": "7"}, True),
    ("in_reply_to_status_id:50", {"in_reply_to_status_id": 50}, True),
    ("retweets_of_status_id:9", {"retweeted_status": status_object("it", id=9)}, True),
    ("inner", {"quoted_status_id": 9, "quoted_status": status_object("inner", id=9)}, True),
    ('source:"Twitter Web App"', {"source": '<a href="x">Twitter Web App</a>'}, True),
    ("from:0", {"user": None}, False),
    ("to:charles", {"in_reply_to_user_id": 7, "in_reply_to_screen_name": "charles"}, True),
    ("retweets_of:7", {"retweeted_status": status_object("it", user=user_object(id=7))}, True),
]


@pytest.mark.parametrize(("rule", "fields", "matches"), CASES)
def test_cases(rule: str, fields: dict[str, Any], matches: bool) -> None:
    """The author of a status, and the statuses that it refers to, are found where v1.1 has them."""
    status = decode(status_json(**{"text": "hello", **fields}))
    assert isinstance(status, Status)
    assert bool(parse(rule).matches(status)) is matches
