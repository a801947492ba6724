from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import FILTERED, RULES, SAMPLE, add_rules, call, raw_get, v1_stream

# Most of the first are in Twitter's guide to `track`.
TRACK = [
    ("Twitter", "TWITTER", True),
    ("Twitter", '"Twitter"', True),
    ("Twitter", "twitter.", True),
    ("Twitter", "#twitter", True),
    ("Twitter", "@twitter", True),
    ("Twitter", "http://twitter.com", True),
    ("Twitter", "TwitterTracker", False),
    ("Twitter", "#newtwitter", False),
    ("Twitter's", "I like Twitter's new design", True),
    ("Twitter's", "Someday I'd like to visit @Twitter's office", True),
    ("twitter api,twitter streaming", "The Twitter API is awesome", True),
    ("twitter api,twitter streaming", "The twitter streaming service is fast", True),
    ("twitter api,twitter streaming", "Twitter has a streaming API", True),
    ("twitter api,twitter streaming", "I'm new to Twitter", False),
    ("example.com", "Someday I will visit example.com", True),
    ("example.com/foobarbaz", "go to https://example.com/foobarbaz now", True),
    ("example.com/foobarbaz", "go to https://example.com/other now", False),
    ("www.example.com", "go to https://www.example.com/x", True),
    ("example com", "go to https://foo.example.com/bar", True),
    ("#python", "about #Python today", True),
    ("#python", "about python today", False),
    ("#python", "about #pythonic things", False),
    ("@ada", "hello @Ada !", True),
    ("@ada", "hello ada", False),
    ("$TSLA", "buy $TSLA now", True),
    ("$TSLA", "buy TSLA now", False),
    ("café", "un CAFÉ noir", True),
    ("cafe", "un café noir", False),
    ("日本", "今日は 日本 の話", True),
    ("日本", "日本、すごい", True),
    ("日本", "今日は日本の話", False),
    ("नमस्ते", "मैंने कहा नमस्ते !", True),
    ("नमस्त", "मैंने कहा नमस्ते", False),
    ("мир", "Привет, Мир!", True),
    ("😀", "so happy😀", True),
    ("😀", "so happy😁", False),
    ("c++", "learning C++ today", True),
    ("hello world,python", "python", True),
    ("world hello", "hello dear world", True),
]


@pytest.mark.parametrize(("track", "text", "matches"), TRACK)
def test_track(emulator: Emulator, track: str, text: str, matches: bool) -> None:
    """A comma is or, a space is and; whole words, in any case, in the text, its links, tags and mentions."""
    with v1_stream(emulator, track=track):
        assert emulator.publish(text) == matches


def test_track_sees_the_whole_of_a_long_or_repeated_text(emulator: Emulator) -> None:
    """`track` also finds words beyond the cut of a long or retweeted text."""
    with v1_stream(emulator, track="needle"):
        long = emulator.compose("hay " * 60 + "needle")
        assert emulator.publish(long) == 1
        assert emulator.publish(emulator.retweet(long)) == 1


def test_follow(emulator: Emulator) -> None:
    """Statuses by the user, retweets by and of the user and replies; no mere mentions."""
    ada = emulator.compose("by her", author=12)
    with v1_stream(emulator, follow="12,13"):
        assert emulator.publish(ada) == 1
        assert emulator.publish(emulator.retweet(ada, author="bob")) == 1
        assert emulator.publish(emulator.retweet(emulator.compose("x", author="bob"), author=12)) == 1
        assert emulator.publish("answer", reply_to=ada) == 1
        assert emulator.publish(f"just a word with @{ada.author.screen_name}") == 0


@pytest.mark.parametrize(("point", "matches"), [((2.35, 48.86), 1), ((2.0, 48.0), 1), ((3.5, 48.5), 0)])
def test_locations(emulator: Emulator, point: tuple[float, float], matches: int) -> None:
    """A status matches by its point, the box's edge included."""
    with v1_stream(emulator, locations="2,48,3,49,-10,-10,-9,-9"):
        assert emulator.publish("here", coordinates=point) == matches
        assert emulator.publish("nowhere") == 0


def test_language_narrows_what_the_others_widen(emulator: Emulator) -> None:
    """track, follow and locations are ored, language is anded."""
    with v1_stream(emulator, track="python", follow="12", language="en,ja"):
        assert emulator.publish("python", lang="ja") == 1
        assert emulator.publish("else", author=12, lang="en") == 1
        assert emulator.publish("python", lang="de") == 0


RULES_AND_TEXTS = [
    ("cat", "A Cat!", True),
    ("cat", "category", False),
    ("cat dog", "dog and cat", True),
    ("cat dog", "cat", False),
    ("cat OR dog", "dog", True),
    ('cat "or"', "cat", False),
    ("cat dog OR bird", "bird", True),
    ("cat (dog OR bird)", "cat bird", True),
    ("cat (dog OR bird)", "bird", False),
    ("cat -dog", "cat dog", False),
    ("cat -dog", "cat", True),
    ("cat -#dog", "cat dog", True),
    ('"big cat"', "a Big cat", True),
    ('"big cat"', "big fat cat", False),
    ('"big cat"~1', "big fat cat", True),
    ('"big cat"~1', "big fat old cat", False),
    ("#tag", "a #TAG", True),
    ("#tag", "a tag", False),
    ("@ada", "@ADA hi", True),
    ("$tsla", "$TSLA", True),
    ("from:ada", "hello", True),
    ("from:bob", "hello", False),
    ("lang:en cat", "cat", True),
    ("lang:de cat", "cat", False),
    ("cat has:links", "cat https://example.com", True),
    ("cat has:links", "cat", False),
    ("cat has:hashtags", "cat #x", True),
    ("cat has:mentions", "cat @x", True),
    ("cat has:cashtags", "cat $X", True),
    ("cat -has:media", "cat", True),
    ("cat is:reply", "cat", False),
    ("cat -is:retweet", "cat", True),
    ("cat -is:nullcast", "cat", True),
    ('url:"https://example.com/a"', "see https://example.com/a/b", True),
    ("url:example", "see https://example.com/a/b", True),
    ("url_contains:xampl", "see https://example.com/a/b", True),
    ("url:other", "see https://example.com/a/b", False),
    ("日本", "今日は 日本 の話", True),
    ("😀", "nice 😀", True),
    ("cat sample:100", "cat", True),
    ("cat min_followers:999999999", "cat", False),
    ("cat followers_count:0..999999999", "cat", True),
    ("context:10.*", "cat", False),
    ("cat OR context:10.*", "cat", True),
]


@pytest.mark.parametrize(("rule", "text", "matches"), RULES_AND_TEXTS)
def test_rules(emulator: Emulator, rule: str, text: str, matches: bool) -> None:
    """Each rule matches the posts by ada that it should, and no others."""
    assert add_rules(emulator, rule).json()["meta"]["summary"]["valid"] == 1
    with raw_get(emulator, FILTERED):
        assert emulator.publish(text, author="ada", lang=None if "日本" in text else "en") == matches


def test_rules_about_relations(emulator: Emulator) -> None:
    """to:, retweets_of:, is: and the ids of what a post refers to; quotes match by what they quote."""
    first = emulator.compose("first cat", author="ada")
    reply = emulator.compose("a", author="bob", reply_to=first)
    quote = emulator.compose("b", author="bob", quote=first)
    retweet = emulator.retweet(first, author="bob")
    expected = {
        "to:ada": {reply},
        "retweets_of:ada": {retweet},
        f"in_reply_to_tweet_id:{first.id}": {reply},
        f"retweets_of_tweet_id:{first.id}": {retweet},
        f"conversation_id:{first.id}": {first, reply},
        "(from:ada OR from:bob) is:reply": {reply},
        "from:bob is:quote": {quote},
        "from:bob is:retweet": {retweet},
        "cat": {first, quote, retweet},
        f"from:{first.author.id}": {first},
    }
    add_rules(emulator, *expected)
    found: dict[str, set[int]] = {rule: set() for rule in expected}
    with raw_get(emulator, FILTERED) as stream:
        for post in (first, reply, quote, retweet):
            emulator.publish(post)
            message = stream.message()
            for rule in message["matching_rules"]:
                found[rule["tag"]].add(int(message["data"]["id"]))
    assert found == {rule: {post.id for post in posts} for rule, posts in expected.items()}


def test_a_retweet_of_a_quote_matches_by_what_is_quoted(emulator: Emulator) -> None:
    """Rules see the quoted text; sent is, as by X, only the post that the retweet repeats."""
    quote = emulator.compose("look here", author="bob", quote=emulator.compose("a cat"))
    retweet = emulator.retweet(quote)
    add_rules(emulator, "cat", "look", "look -cat", "look cat")
    with raw_get(emulator, f"{FILTERED}?expansions=referenced_tweets.id") as stream:
        assert emulator.publish(retweet) == 1
        message = stream.message()
    assert [rule["tag"] for rule in message["matching_rules"]] == ["cat", "look", "look cat"]
    assert [post["id"] for post in message["includes"]["tweets"]] == [str(quote.id)]


def affiliates(emulator: Emulator) -> Iterator[tuple[str, str, str]]:
    """Name of somebody with a badge, and name and id of the account that gave it."""
    fields = "expansions=author_id&user.fields=affiliation"
    with raw_get(emulator, f"{SAMPLE}?{fields}") as stream:
        while True:
            (user,) = stream.message()["includes"]["users"]
            if "affiliation" in user:
                badge = user["affiliation"]
                yield user["username"], badge["url"].removeprefix("https://x.com/"), badge["user_id"][0]


def test_rules_about_badges(world: Emulator) -> None:
    """Rules about affiliates match authors and those they answer, by name or id of the affiliation."""
    name, giver, giver_id = next(affiliates(world))
    world.rate = 0
    add_rules(
        world, f"from_affiliate_of:{giver}", f"from_affiliate_of:{giver_id}", f"to_affiliate_of:{giver}"
    )
    badge = [f"from_affiliate_of:{giver}", f"from_affiliate_of:{giver_id}"]
    with raw_get(world, f"{FILTERED}?expansions=author_id") as stream:
        post = world.compose("hello", author=name)
        for one, rules in (
            (post, badge),
            (world.compose("yes", author="nobody", reply_to=post), [f"to_affiliate_of:{giver}"]),
        ):
            assert world.publish(one) == 1
            message = stream.message()
            assert [rule["tag"] for rule in message["matching_rules"]] == rules
            assert [user["id"] for user in message["includes"]["users"]] == [str(one.author.id)]
        assert world.publish("hello", author=giver) == 0


# What the world says at the beginning of texts only: of a very long one v1.1 doesn't have the rest.
PHRASES = ["cat", "red panda", "#painting", "@ada", "$TSLA", "日本", "мир", "rugby", "🦊"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_world_matches_in_both_protocols_alike(seed: int) -> None:
    """`track` and a rule of the same words send the same of the world's posts."""
    with Emulator(rate=0, seed=seed, limits=Limits.none()) as emulator, ExitStack() as stack:
        add_rules(emulator, *PHRASES)
        v2 = stack.enter_context(raw_get(emulator, FILTERED))
        v1 = {track: stack.enter_context(v1_stream(emulator, track=track)) for track in PHRASES}
        by_rule: dict[str, set[str]] = {phrase: set() for phrase in PHRASES}
        emulator.rate = 10_000
        for number in itertools.count():
            if number == 1000:
                emulator.rate = 0
                emulator.publish(f"the end: {' '.join(PHRASES)}")
            message = v2.message()
            post = message["data"]
            for rule in message["matching_rules"]:
                by_rule[rule["tag"]].add(post["id"])
            if post["text"].startswith("the end: "):
                break
        for track, messages in v1.items():
            sent = itertools.takewhile(
                lambda status: not status.get("text", "").startswith("the end"), messages
            )
            found = {status["id_str"] for status in sent if "id_str" in status}
            assert found == by_rule[track] - {post["id"]}
            assert len(found) > 20


def test_rules_about_places(emulator: Emulator) -> None:
    """Boxes and circles contain points."""
    add_rules(
        emulator,
        "bounding_box:[2.2 48.8 2.4 48.9]",
        "point_radius:[2.35 48.85 5km]",
        "point_radius:[2.35 48.85 1mi]",
    )
    with raw_get(emulator, FILTERED) as stream:
        emulator.publish("x", coordinates=(2.35, 48.88))
        assert [rule["tag"] for rule in stream.message()["matching_rules"]] == [
            "bounding_box:[2.2 48.8 2.4 48.9]",
            "point_radius:[2.35 48.85 5km]",
        ]
        assert emulator.publish("x", coordinates=(3.0, 48.88)) == 0
    assert call(emulator, "GET", RULES).status_code == 200
