"""Rules written in Python: a function for each operator.

Each raises `ValueError` for a value that X would refuse, saying what would be right.
"""

from __future__ import annotations

from typing import Literal

from rxtweets.rules.values import clean_text
from rxtweets.rules.words import is_plain, is_tag

from .ast import Rule, Term
from .vocabulary import ALIASES, OPERATORS, did_you_mean

FARTHEST = 6
"""The most words that `near` lets stand between. Source: X's page "Filtered stream operators"."""

_RESERVED = {"and", "or", "not"}


def operator(name: str, value: str) -> Rule:
    """The operator `name:value`, for those whose name only text has.

    Raises:
        ValueError: there is no such operator, or it takes no such value.
    """
    name = ALIASES.get(name, name)
    found = OPERATORS.get(name)
    if found is None:
        raise ValueError(f"there is no operator {name}:; there are {', '.join(OPERATORS)}")
    try:
        return Term(name, found.kind.clean(value))
    except ValueError as error:
        hint = did_you_mean(name, value)
        raise ValueError(f"{name}: takes {error}; not {value!r}" + (f"; {hint}" if hint else "")) from None


def keyword(word: str) -> Rule:
    """A word, also as a hashtag, in a username or a link; any other text is a `phrase`."""
    if is_plain(word) and word.lower() not in _RESERVED:
        return Term("keyword", word)
    return phrase(word)


def emoji(character: str) -> Rule:
    """An emoji."""
    return keyword(character)


def phrase(text: str) -> Rule:
    """Words next to each other, in that order; what stands between them as punctuation does not matter."""
    return Term("phrase", _text("a phrase", text))


def near(words: str, distance: int) -> Rule:
    """Words in any order, with at most *distance* others between them: 0 to 6."""
    if not 0 <= distance <= FARTHEST:
        raise ValueError(f"the distance between words is 0 to {FARTHEST}, not {distance}")
    return Term("near", _text("near()", words), distance)


def hashtag(tag: str) -> Rule:
    """A hashtag, with or without its `#`."""
    value = tag[1:] if tag[:1] in ("#", "＃") else tag
    if not is_tag(value):
        raise ValueError(f"a hashtag is # and letters, digits or _; not {tag!r}")
    return Term("hashtag", value)


def mention(username: str) -> Rule:
    """The mention of an account, with or without its `@`."""
    value = username[1:] if username[:1] in ("@", "＠") else username
    if not (value.isascii() and value.replace("_", "a").isalnum() and len(value) <= 20):
        raise ValueError(f"a mention is @ and a username of letters, digits or _; not {username!r}")
    return Term("mention", value)


def cashtag(symbol: str) -> Rule:
    """A cashtag, with or without its `$`."""
    value = symbol.removeprefix("$")
    base, sign, tail = value.replace("_", ".").partition(".")
    if not (base.isascii() and base.isalpha() and len(base) <= 6) or (
        sign and not (tail.isascii() and tail.isalpha() and len(tail) <= 2)
    ):
        raise ValueError(f"a cashtag is $ and up to six letters, as in $TWTR or $BRK.B; not {symbol!r}")
    return Term("cashtag", value)


def _text(what: str, text: str) -> str:
    try:
        return clean_text(text)
    except ValueError:
        raise ValueError(f"{what} takes at least one word, not {text!r}") from None


def _user(name: str, user: str | int) -> Rule:
    return operator(name, str(user).removeprefix("@"))


def from_(user: str | int) -> Rule:
    """Posts by an account: its username, or its id."""
    return _user("from", user)


def to(user: str | int) -> Rule:
    """Replies to an account."""
    return _user("to", user)


def retweets_of(user: str | int) -> Rule:
    """Retweets of an account's posts."""
    return _user("retweets_of", user)


def from_affiliate_of(user: str | int) -> Rule:
    """Posts by those who carry an organisation's badge."""
    return _user("from_affiliate_of", user)


def to_affiliate_of(user: str | int) -> Rule:
    """Replies to those who carry an organisation's badge."""
    return _user("to_affiliate_of", user)


def url(text: str) -> Rule:
    """Words next to each other in a link, as in `url("https://example.com/path")`."""
    return operator("url", text)


def url_title(text: str) -> Rule:
    """Words in the title of a linked page."""
    return operator("url_title", text)


def url_description(text: str) -> Rule:
    """Words in the description of a linked page."""
    return operator("url_description", text)


def url_contains(text: str) -> Rule:
    """Characters anywhere in a link."""
    return operator("url_contains", text)


def context(domain: int | str, entity: int | str = "*") -> Rule:
    """A topic: the id of its domain, and that of an entity in it; `*` stands for all."""
    return operator("context", f"{domain}.{entity}")


def entity(name: str) -> Rule:
    """A person, place, product or organisation that X recognised in the text."""
    return operator("entity", name)


def conversation_id(id: int | str) -> Rule:
    """What belongs to the conversation that a post began."""
    return operator("conversation_id", str(id))


def bio(text: str) -> Rule:
    """Words in the author's description."""
    return operator("bio", text)


def bio_name(text: str) -> Rule:
    """Words in the author's name."""
    return operator("bio_name", text)


def bio_location(text: str) -> Rule:
    """Words in what the author says of their location."""
    return operator("bio_location", text)


def place(text: str) -> Rule:
    """The place a post was sent from: words of its name, or its id."""
    return operator("place", text)


def place_country(code: str) -> Rule:
    """The country a post was sent from, by its code of two letters."""
    return operator("place_country", code)


def point_radius(longitude: float, latitude: float, radius: str) -> Rule:
    """Posts from a circle; *radius* as `"10mi"` or `"16km"`, less than 25 mi."""
    return operator("point_radius", f"{_degrees(longitude)} {_degrees(latitude)} {radius}")


def bounding_box(west: float, south: float, east: float, north: float) -> Rule:
    """Posts from between two longitudes and two latitudes."""
    return operator("bounding_box", " ".join(map(_degrees, (west, south, east, north))))


def _degrees(number: float) -> str:
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def in_reply_to_tweet_id(id: int | str) -> Rule:
    """Replies to a post."""
    return operator("in_reply_to_tweet_id", str(id))


def retweets_of_tweet_id(id: int | str) -> Rule:
    """Retweets of a post."""
    return operator("retweets_of_tweet_id", str(id))


def source(app: str) -> Rule:
    """Posts sent with an app, by its whole name."""
    return operator("source", app)


def embedding(query: str) -> Rule:
    """Posts that are about what *query* says; only X can tell. Enterprise."""
    return operator("embedding", query)


def embedding_threshold(least: float) -> Rule:
    """How alike a post must be to what `embedding` says: 0 to 1."""
    return operator("embedding_threshold", _degrees(least))


def is_(kind: Literal["retweet", "reply", "quote", "verified", "nullcast"]) -> Rule:
    """Posts of a kind; X takes `nullcast` only negated."""
    return operator("is", kind)


def has(
    what: Literal["hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"],
) -> Rule:
    """Posts that have something."""
    return operator("has", what)


def sample(percent: int) -> Rule:
    """A share of the posts, 1 to 100."""
    return operator("sample", str(percent))


def lang(code: str) -> Rule:
    """Posts that X took to be in a language, by X's own code for it: Hebrew is `iw`, Indonesian `in`."""
    return operator("lang", code)


def min_followers(least: int) -> Rule:
    """Authors with at least so many followers."""
    return operator("min_followers", str(least))


def _range(name: str, least: int, most: int | None) -> Rule:
    return operator(name, str(least) if most is None else f"{least}..{most}")


def followers_count(least: int, most: int | None = None) -> Rule:
    """Authors with so many followers; None sets no limit."""
    return _range("followers_count", least, most)


def tweets_count(least: int, most: int | None = None) -> Rule:
    """Authors with so many posts."""
    return _range("tweets_count", least, most)


def following_count(least: int, most: int | None = None) -> Rule:
    """Authors that follow so many accounts."""
    return _range("following_count", least, most)


def listed_count(least: int, most: int | None = None) -> Rule:
    """Authors that are on so many lists."""
    return _range("listed_count", least, most)
