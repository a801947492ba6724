"""Rules written in Python: a function for each operator.

Each raises `ValueError` for a value that X would refuse, with a description of valid values.
"""

from __future__ import annotations

from typing import Literal

from rxtweets.rules.values import clean_text
from rxtweets.rules.words import is_plain

from .ast import Rule, Term
from .vocabulary import OPERATORS, canonical, did_you_mean, lookup

__all__ = [
    "bio",
    "bio_location",
    "bio_name",
    "bounding_box",
    "cashtag",
    "contains",
    "context",
    "conversation_id",
    "embedding",
    "embedding_threshold",
    "emoji",
    "entity",
    "followers_count",
    "following_count",
    "from_",
    "from_affiliate_of",
    "has",
    "hashtag",
    "in_reply_to_tweet_id",
    "is_",
    "keyword",
    "lang",
    "list_",
    "listed_count",
    "mention",
    "min_followers",
    "min_likes",
    "min_replies",
    "min_reposts",
    "near",
    "operator",
    "phrase",
    "place",
    "place_country",
    "point_radius",
    "quotes_of_tweet_id",
    "retweets_of",
    "retweets_of_tweet_id",
    "sample",
    "source",
    "to",
    "to_affiliate_of",
    "tweets_count",
    "url",
    "url_contains",
    "url_description",
    "url_title",
]

MAX_DISTANCE = 6
"""The most words that `near` allows in between. Source: X's page "Filtered stream operators"."""

_RESERVED = {"and", "or", "not"}


def operator(name: str, value: str) -> Rule:
    """Return the operator `name:value`, for a name that is only known at run time.

    Raises:
        ValueError: the operator is unknown, or doesn't take this value.
    """
    known = canonical(name)
    if known is None:
        raise ValueError(f"unknown operator {name}:; the operators are {', '.join(OPERATORS)}")
    try:
        return Term(known, OPERATORS[known].kind.clean(value))
    except ValueError as error:
        hint = did_you_mean(known, value)
        raise ValueError(f"{known}: takes {error}; not {value!r}" + (f"; {hint}" if hint else "")) from None


def keyword(word: str) -> Rule:
    """Match a word, also as a hashtag, in a username or a link; any other text is a `phrase`."""
    if is_plain(word) and word.lower() not in _RESERVED:
        return Term("keyword", word)
    return phrase(word)


def emoji(character: str) -> Rule:
    """Match an emoji."""
    return keyword(character)


def phrase(text: str) -> Rule:
    """Match adjacent words, in this order; punctuation between them doesn't matter."""
    return Term("phrase", _text("a phrase", text))


def near(words: str, distance: int) -> Rule:
    """Match words in any order, with at most *distance* other words between them: 0 to 6."""
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance between words must be 0 to {MAX_DISTANCE}, not {distance}")
    return Term("near", _text("near()", words), distance)


def hashtag(tag: str) -> Rule:
    """Match a hashtag, given with or without its `#`."""
    return _signed("hashtag", tag, ("#", "＃"))


def mention(username: str) -> Rule:
    """Match the mention of an account, given with or without its `@`."""
    return _signed("mention", username, ("@", "＠"))


def cashtag(symbol: str) -> Rule:
    """Match a cashtag, given with or without its `$`."""
    return _signed("cashtag", symbol, ("$",))


def _signed(name: str, text: str, signs: tuple[str, ...]) -> Rule:
    value = text[1:] if text.startswith(signs) else text
    try:
        return Term(name, lookup(name).kind.clean(value))
    except ValueError as error:
        raise ValueError(f"{error}; not {text!r}") from None


def _text(name: str, text: str) -> str:
    try:
        return clean_text(text)
    except ValueError:
        raise ValueError(f"{name} takes at least one word, not {text!r}") from None


def _user(name: str, user: str | int) -> Rule:
    return operator(name, str(user).removeprefix("@"))


def from_(user: str | int) -> Rule:
    """Match posts by an account, given by its username or its id."""
    return _user("from", user)


def to(user: str | int) -> Rule:
    """Match replies to an account."""
    return _user("to", user)


def retweets_of(user: str | int) -> Rule:
    """Match retweets of an account's posts."""
    return _user("retweets_of", user)


def from_affiliate_of(user: str | int) -> Rule:
    """Match posts by accounts that have an organisation's badge."""
    return _user("from_affiliate_of", user)


def to_affiliate_of(user: str | int) -> Rule:
    """Match replies to accounts that have an organisation's badge."""
    return _user("to_affiliate_of", user)


def url(text: str) -> Rule:
    """Match adjacent words in a link, as in `url("https://example.com/path")`."""
    return operator("url", text)


def url_title(text: str) -> Rule:
    """Match words in the title of a linked page."""
    return operator("url_title", text)


def url_description(text: str) -> Rule:
    """Match words in the description of a linked page."""
    return operator("url_description", text)


def contains(text: str) -> Rule:
    """Match characters anywhere in a text, also within a word; Powerstream only."""
    return operator("contains", text)


def url_contains(text: str) -> Rule:
    """Match characters anywhere in a link."""
    return operator("url_contains", text)


def context(domain: int | str, entity: int | str = "*") -> Rule:
    """Match a topic, given by the ids of its domain and of an entity in it; `*` stands for all."""
    return operator("context", f"{domain}.{entity}")


def entity(name: str) -> Rule:
    """Match a person, place, product or organisation that X recognised in the text."""
    return operator("entity", name)


def conversation_id(id: int | str) -> Rule:
    """Match posts in the conversation that began with a post, given by its id."""
    return operator("conversation_id", str(id))


def bio(text: str) -> Rule:
    """Match words in the author's description."""
    return operator("bio", text)


def bio_name(text: str) -> Rule:
    """Match words in the author's display name."""
    return operator("bio_name", text)


def bio_location(text: str) -> Rule:
    """Match words in the location on the author's profile."""
    return operator("bio_location", text)


def place(text: str) -> Rule:
    """Match posts sent from a place, given by words of its name or by its id."""
    return operator("place", text)


def place_country(code: str) -> Rule:
    """Match posts sent from a country, given by its two-letter code."""
    return operator("place_country", code)


def point_radius(longitude: float, latitude: float, radius: str) -> Rule:
    """Match posts from within a circle; *radius* is as in `"10mi"` or `"16km"`, less than 25 mi."""
    return operator("point_radius", f"{_degrees(longitude)} {_degrees(latitude)} {radius}")


def bounding_box(west: float, south: float, east: float, north: float) -> Rule:
    """Match posts from between two longitudes and two latitudes."""
    return operator("bounding_box", " ".join(map(_degrees, (west, south, east, north))))


def _degrees(number: float) -> str:
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def in_reply_to_tweet_id(id: int | str) -> Rule:
    """Match replies to a post."""
    return operator("in_reply_to_tweet_id", str(id))


def retweets_of_tweet_id(id: int | str) -> Rule:
    """Match retweets of a post."""
    return operator("retweets_of_tweet_id", str(id))


def quotes_of_tweet_id(id: int | str) -> Rule:
    """Match quotes of a post; search only."""
    return operator("quotes_of_tweet_id", str(id))


def list_(id: int | str) -> Rule:
    """Match posts by the members of a list, which only X can evaluate; search only."""
    return operator("list", str(id))


def source(app: str) -> Rule:
    """Match posts sent with an app, given by its whole name."""
    return operator("source", app)


def embedding(query: str) -> Rule:
    """Match posts close in meaning to *query*, which only X can evaluate; enterprise access only."""
    return operator("embedding", query)


def embedding_threshold(least: float) -> Rule:
    """Require the similarity to `embedding` to be at least *least*, from 0 to 1."""
    return operator("embedding_threshold", _degrees(least))


def is_(kind: Literal["retweet", "reply", "quote", "verified", "nullcast"]) -> Rule:
    """Match posts of a kind; X takes `nullcast` only negated."""
    return operator("is", kind)


def has(
    what: Literal[
        "hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo", "lang"
    ],
) -> Rule:
    """Match posts that have tags, links, media or a place; on Powerstream only, a known language (`lang`)."""
    return operator("has", what)


def sample(percent: int) -> Rule:
    """Match a random share of all posts: 1 to 100 percent."""
    return operator("sample", str(percent))


def lang(code: str) -> Rule:
    """Match posts in a language, given by X's own code for it: Hebrew is `iw`, Indonesian `in`."""
    return operator("lang", code)


def min_followers(least: int) -> Rule:
    """Match authors with at least this many followers."""
    return operator("min_followers", str(least))


def min_likes(least: int) -> Rule:
    """Match posts with at least this many likes; search only."""
    return operator("min_likes", str(least))


def min_replies(least: int) -> Rule:
    """Match posts with at least this many replies; search only."""
    return operator("min_replies", str(least))


def min_reposts(least: int) -> Rule:
    """Match posts with at least this many retweets; search only."""
    return operator("min_reposts", str(least))


def _range(name: str, least: int, most: int | None) -> Rule:
    return operator(name, str(least) if most is None else f"{least}..{most}")


def followers_count(least: int, most: int | None = None) -> Rule:
    """Match authors with so many followers; None sets no limit."""
    return _range("followers_count", least, most)


def tweets_count(least: int, most: int | None = None) -> Rule:
    """Match authors with so many posts; None sets no limit."""
    return _range("tweets_count", least, most)


def following_count(least: int, most: int | None = None) -> Rule:
    """Match authors that follow so many accounts; None sets no limit."""
    return _range("following_count", least, most)


def listed_count(least: int, most: int | None = None) -> Rule:
    """Match authors that are on so many lists; None sets no limit."""
    return _range("listed_count", least, most)
