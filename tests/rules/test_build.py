"""Rules as values in Python: builders, what they refuse, and how rules join."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from rxtweets import rules
from rxtweets.rules import Rule, all_of, any_of, keyword, parse

from .posts import bare

BUILT: list[tuple[Rule, str]] = [
    (rules.keyword("cat"), "cat"),
    (rules.emoji("😀"), "😀"),
    (rules.emoji("❤️"), '"❤️"'),
    (rules.phrase("grumpy  cat "), '"grumpy cat"'),
    (rules.near("grumpy cat", 3), '"grumpy cat"~3'),
    (rules.hashtag("meme"), "#meme"),
    (rules.hashtag("#meme"), "#meme"),
    (rules.mention("@ada"), "@ada"),
    (rules.cashtag("$TWTR"), "$TWTR"),
    (rules.from_("@ada"), "from:ada"),
    (rules.from_(12), "from:12"),
    (rules.to("ada"), "to:ada"),
    (rules.retweets_of("ada"), "retweets_of:ada"),
    (rules.from_affiliate_of("x"), "from_affiliate_of:x"),
    (rules.to_affiliate_of("x"), "to_affiliate_of:x"),
    (rules.url("https://x.com"), 'url:"https://x.com"'),
    (rules.url_title("snow"), "url_title:snow"),
    (rules.url_description("snow day"), 'url_description:"snow day"'),
    (rules.url_contains("a/b"), 'url_contains:"a/b"'),
    (rules.contains("anda"), "contains:anda"),
    (rules.context(10, 799), "context:10.799"),
    (rules.context(10), "context:10.*"),
    (rules.context("*", 799), "context:*.799"),
    (rules.entity("Michael Jordan"), 'entity:"Michael Jordan"'),
    (rules.conversation_id(1), "conversation_id:1"),
    (rules.bio("developer"), "bio:developer"),
    (rules.bio_name("phd"), "bio_name:phd"),
    (rules.bio_location("big apple"), 'bio_location:"big apple"'),
    (rules.place("paris"), "place:paris"),
    (rules.place_country("fr"), "place_country:FR"),
    (rules.point_radius(2.355128, -48.5, "16km"), "point_radius:[2.355128 -48.5 16km]"),
    (rules.bounding_box(-1e-7, 0, 1, 2.50), "bounding_box:[-0.0000001 0 1 2.5]"),
    (rules.in_reply_to_tweet_id("5"), "in_reply_to_tweet_id:5"),
    (rules.retweets_of_tweet_id(5), "retweets_of_tweet_id:5"),
    (rules.source("X for iPhone"), 'source:"X for iPhone"'),
    (rules.embedding("open source"), 'embedding:"open source"'),
    (rules.embedding_threshold(0.45), "embedding_threshold:0.45"),
    (rules.is_("retweet"), "is:retweet"),
    (rules.has("images"), "has:images"),
    (rules.sample(10), "sample:10"),
    (rules.has("videos"), "has:video_link"),  # type: ignore[arg-type]
    (rules.operator("in_reply_to_status_id", "5"), "in_reply_to_tweet_id:5"),
    (rules.operator("retweets_of_status_id", "5"), "retweets_of_tweet_id:5"),
    (rules.lang("en"), "lang:en"),
    (rules.lang("iw"), "lang:iw"),
    (rules.min_followers(5), "min_followers:5"),
    (rules.followers_count(5), "followers_count:5"),
    (rules.followers_count(5, 10), "followers_count:5..10"),
    (rules.tweets_count(5, 10), "tweets_count:5..10"),
    (rules.following_count(5, 10), "following_count:5..10"),
    (rules.listed_count(5, 10), "listed_count:5..10"),
    (rules.operator("from", "ada"), "from:ada"),
]


@pytest.mark.parametrize(("rule", "text"), BUILT, ids=[text for _, text in BUILT])
def test_built(rule: Rule, text: str) -> None:
    """Each builder makes what its text is."""
    assert str(rule) == text
    assert parse(text) == rule


REFUSED: list[tuple[Callable[[], Rule], str]] = [
    (lambda: rules.keyword(""), "at least one word, not ''"),
    (lambda: rules.phrase("  "), "at least one word"),
    (lambda: rules.near("a b", 7), "0 to 6, not 7"),
    (lambda: rules.hashtag("a b"), "not 'a b'"),
    (lambda: rules.mention("a.b"), "a mention is @"),
    (lambda: rules.cashtag("toolong"), "up to six letters"),
    (lambda: rules.from_("a b"), "from: takes a username"),
    (lambda: rules.point_radius(1, 2, "30mi"), "less than 25 mi"),
    (lambda: rules.bounding_box(3, 0, 1, 2), "west before east"),
    (lambda: rules.followers_count(9, 5), "the smaller first"),
    (lambda: rules.sample(0), "1 to 100"),
    (lambda: rules.is_("funny"), "is: takes retweet, reply"),  # type: ignore[arg-type]
    (lambda: rules.lang("he"), "not 'he'; did you mean lang:iw?"),
    (lambda: rules.lang("zz"), "the code that X has for a language, such as en or zh-TW; not 'zz'"),
    (lambda: rules.operator("form", "ada"), "unknown operator form:"),
    (lambda: all_of(), "at least one"),
    (lambda: any_of(keyword("a"), "b"), "not with 'b'"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("build", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_refused(build: Callable[[], Rule], said: str) -> None:
    """A value that X would refuse is refused at once, with what would be right."""
    with pytest.raises(ValueError) as caught:
        build()
    assert said in str(caught.value)


def test_rules_are_values() -> None:
    """Equal if written alike, usable as keys, immutable, and they can be pickled once compiled, too."""
    rule = (keyword("cat") | rules.hashtag("meme")) & rules.has("images") & ~keyword("grumpy")
    assert str(rule) == "(cat OR #meme) has:images -grumpy"
    assert {rule: 1}[parse("( cat OR #meme )  has:images -grumpy")] == 1
    assert rule != parse("has:images (cat OR #meme) -grumpy")
    assert not rule.matches(bare("no cat"))
    with pytest.raises(AttributeError):
        rule.parts = ()  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(rule)) == rule
    with pytest.raises(TypeError):
        rule & "dog"  # type: ignore[operator]


def test_joining_many() -> None:
    """`any_of` and `all_of` join any number; one stays itself."""
    words = [keyword(word) for word in ("a", "b", "c")]
    assert str(any_of(*words)) == "a OR b OR c"
    assert str(all_of(*words)) == "a b c"
    assert any_of(words[0]) == words[0]
    assert any_of(words[0] | words[1], words[2]) == any_of(*words)
    assert [(str(term), negated) for term, negated in (~any_of(*words)).terms()] == [
        ("a", True),
        ("b", True),
        ("c", True),
    ]


def test_everything_is_there() -> None:
    """All public names can be imported."""
    assert len(set(rules.__all__)) == len(rules.__all__)
    assert all(getattr(rules, name) is not None for name in rules.__all__)
