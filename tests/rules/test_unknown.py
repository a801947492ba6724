"""An undecidable match differs from no, and names the missing parameter."""

from __future__ import annotations

import pytest

from rxtweets.messages import Post
from rxtweets.rules import EVERY_FIELD, Match, keyword, parse

from .posts import bare, make, quote, retweet

PLAIN = bare("hello world")
LINK = bare("see https://t.co/abc")
CUT = "word " * 60

UNKNOWN: list[tuple[str, Post, str]] = [
    ("from:ada", PLAIN, "expansions=author_id"),
    ("from:bob", make(author_id="77"), "expansions=author_id"),
    ("to:bob", PLAIN, "tweet.fields=in_reply_to_user_id"),
    ("to:carol", make(in_reply_to_user_id="77"), "expansions=in_reply_to_user_id"),
    ("retweets_of:carol", bare("RT @bob: hello"), "tweet.fields=referenced_tweets"),
    ("from_affiliate_of:99", PLAIN, "expansions=author_id"),
    ("from_affiliate_of:99", make(includes={"users": [{"id": "12"}]}), "user.fields=affiliation"),
    ("cat", LINK, "tweet.fields=entities"),
    ("cat", LINK, "tweet.fields=referenced_tweets"),
    ("cat", bare(CUT[:279] + "…"), "tweet.fields=note_tweet"),
    ("cat", make("a", referenced_tweets=[{"type": "quoted", "id": "9"}]), "expansions=referenced_tweets.id"),
    (
        "cat",
        make("RT @bob: a…", referenced_tweets=[{"type": "retweeted", "id": "9"}]),
        "expansions=referenced_tweets.id",
    ),
    ("url:example.com", LINK, "tweet.fields=entities"),
    ("url_title:snow", LINK, "tweet.fields=entities"),
    ("context:10.*", PLAIN, "tweet.fields=context_annotations"),
    ("entity:Rome", PLAIN, "tweet.fields=entities"),
    ("conversation_id:1", PLAIN, "tweet.fields=conversation_id"),
    ("bio:engine", PLAIN, "expansions=author_id"),
    ("bio:engine", make(author_id="13"), "user.fields=description"),
    ("bio_location:rome", make(author_id="13"), "user.fields=location"),
    ("place:paris", PLAIN, "tweet.fields=geo"),
    ("place:paris", make(geo={"place_id": "p9"}), "expansions=geo.place_id"),
    ("place_country:FR", make(geo={"place_id": "p9"}), "expansions=geo.place_id"),
    (
        "place_country:FR",
        make(geo={"place_id": "p1"}, includes={"places": [{"id": "p1"}]}),
        "place.fields=country_code",
    ),
    ("bounding_box:[1 2 3 4]", PLAIN, "tweet.fields=geo"),
    (
        "point_radius:[1 2 3km]",
        make(geo={"place_id": "p1"}, includes={"places": [{"id": "p1"}]}),
        "place.fields=geo",
    ),
    ("in_reply_to_tweet_id:1", PLAIN, "tweet.fields=referenced_tweets"),
    ("retweets_of_tweet_id:1", bare("RT @bob: hello"), "tweet.fields=referenced_tweets"),
    ("source:web", PLAIN, "tweet.fields=source"),
    ("lang:zh-TW", make(lang="zh"), "lang:"),
    ("embedding:cats", make(), "embedding:"),
    ("embedding_threshold:0.5", make(), "embedding:"),
    ("is:retweet", bare("RT @bob: hello"), "tweet.fields=referenced_tweets"),
    ("is:reply", PLAIN, "tweet.fields=referenced_tweets"),
    ("is:quote", LINK, "tweet.fields=referenced_tweets"),
    ("is:verified", PLAIN, "expansions=author_id"),
    ("is:verified", make(includes={"users": [{"id": "12"}]}), "user.fields=verified"),
    ("is:nullcast", PLAIN, "tweet.fields=scopes"),
    ("has:media", LINK, "tweet.fields=attachments"),
    ("has:images", LINK, "tweet.fields=attachments"),
    ("has:images", make(attachments={"media_keys": ["3_1"]}), "expansions=attachments.media_keys"),
    ("has:geo", PLAIN, "tweet.fields=geo"),
    ("sample:10", make(), "sample:"),
    ("lang:en", PLAIN, "tweet.fields=lang"),
    ("min_followers:1", PLAIN, "expansions=author_id"),
    ("followers_count:1", make(author_id="13"), "user.fields=public_metrics"),
]


@pytest.mark.parametrize(("rule", "post", "missing"), UNKNOWN)
def test_unknown(rule: str, post: Post, missing: str) -> None:
    """Neither the operator nor its negation matches, and both say what is missing."""
    for parsed in (parse(rule), ~parse(rule)):
        match = parsed.matches(post)
        assert not match
        assert match.verdict is None
        assert missing in match.unknown


KNOWN = [
    ("is:retweet", "hello", False),
    ("is:quote", "hello", False),
    ("has:media", "hello", False),
    ("has:links", "see https://t.co/abc", True),
    ("has:links", "hello", False),
    ("retweets_of:bob", "hello", False),
    ("#tag", "a #tag", True),
    ("#tag", "no tag", False),
    ("see", "see https://t.co/abc", True),
]


@pytest.mark.parametrize(("rule", "text", "verdict"), KNOWN)
def test_what_the_text_alone_tells(rule: str, text: str, verdict: bool) -> None:
    """A post with the fields that come unasked suffices where its text decides."""
    assert parse(rule).matches(bare(text)).verdict is verdict


@pytest.mark.parametrize("asked", [EVERY_FIELD, ["tweet.fields=geo"]])
def test_a_field_that_was_asked_for_is_empty_where_it_is_absent(asked: list[str]) -> None:
    """X leaves out what is empty; saying which fields were asked for decides."""
    rule = parse("hello -has:geo")
    assert rule.matches(PLAIN) == Match(None, ("tweet.fields=geo",))
    assert rule.compile(asked=asked).matches(PLAIN)


def test_an_object_that_did_not_come_stays_unknown() -> None:
    """An object that a post names is unknown without its include, whatever was asked for: it may be gone."""
    rule = parse("cat").compile(asked=EVERY_FIELD)
    gone = make("a", referenced_tweets=[{"type": "quoted", "id": "9"}])
    assert rule.matches(gone).unknown == ("expansions=referenced_tweets.id",)


THREE_VALUES = [
    # what stands for itself: yes, no, unknown
    ("hello has:geo", None),
    ("absent has:geo", False),
    ("hello OR has:geo", True),
    ("absent OR has:geo", None),
    ("has:geo OR lang:en", None),
    ("has:geo lang:en", None),
    ("hello -has:geo", None),
    ("hello -absent", True),
    ("hello (absent OR has:geo)", None),
    ("hello OR (absent has:geo)", True),
]


@pytest.mark.parametrize(("rule", "verdict"), THREE_VALUES)
def test_three_values(rule: str, verdict: bool | None) -> None:
    """AND and OR are decided as soon as one part decides them, whatever is unknown beside it."""
    assert parse(rule).matches(PLAIN).verdict is verdict


def test_all_that_is_missing_is_named_once() -> None:
    """Two operators that lack the same field name it once, in the order of the rule."""
    assert parse("has:geo lang:en bounding_box:[1 2 3 4]").matches(PLAIN) == Match(
        None, ("tweet.fields=geo", "tweet.fields=lang")
    )


def test_why() -> None:
    """Each operator of the rule says yes, no or what it lacks."""
    reasons = parse("(hello OR #meme) -grumpy has:geo").why(PLAIN)
    assert [(str(reason.rule), reason.match.verdict) for reason in reasons] == [
        ("hello", True),
        ("#meme", False),
        ("-grumpy", True),
        ("has:geo", None),
    ]
    assert str(reasons[-1]) == "has:geo: cannot be told without tweet.fields=geo"
    assert [str(reason) for reason in reasons[:2]] == ["hello: yes", "#meme: no"]


def test_matching_needs_no_text() -> None:
    """A rule built in Python matches as one that was parsed."""
    assert (keyword("inner") & ~keyword("grumpy")).matches(quote("outer", "inner"))
    assert not (keyword("inner") & ~keyword("grumpy")).matches(retweet("grumpy inner"))
