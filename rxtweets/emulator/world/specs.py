"""Specifications of posts that match a rule."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from rxtweets.filters.cells import Box
from rxtweets.rules import Rule
from rxtweets.rules.language.ast import AnyOf, Not, Term
from rxtweets.rules.values import bounds

from .post_spec import ANY_NUMBER, PostSpec, Profile, Range


def spec_from_rule(tree: Rule, rng: random.Random) -> PostSpec:
    """Return a spec whose posts mostly match the rule: one of its alternatives, negations ignored."""
    words: list[str] = []
    wants: set[str] = set()
    fields: dict[str, Any] = {}
    terms = _positive(tree, rng)
    for name, value in ((term.name, term.value) for term in terms):
        if name in _WORDS:
            words.append(_WORDS[name](value))
        elif name in _FIELDS:
            field, convert = _FIELDS[name]
            fields[field] = convert(value)
        elif name in ("has", "is") and value not in ("verified", "lang"):
            wants.add(value)
        if name == "point_radius":
            wants.add("point")
    profile = _profile(terms)
    if profile != Profile():
        fields.setdefault("author", profile)  # an author who is named has a profile of their own
    return PostSpec(words=tuple(words), wants=frozenset(wants), **fields)


def _positive(tree: Rule, rng: random.Random) -> list[Term]:
    if isinstance(tree, Term):
        return [tree]
    if isinstance(tree, Not):
        return []
    parts: tuple[Rule, ...] = tree.parts  # type: ignore[attr-defined]
    if isinstance(tree, AnyOf):
        parts = (rng.choice(parts),)
    return [term for part in parts for term in _positive(part, rng)]


def _profile(terms: list[Term]) -> Profile:
    """Return the author's profile: all the words, and counts that are in all ranges."""
    fields: dict[str, Any] = {}
    for name, value in ((term.name, term.value) for term in terms):
        if name in _TEXTS:
            field = _TEXTS[name]
            fields[field] = f"{fields[field]} {value}" if field in fields else value
        elif name in _COUNTS:
            field = _COUNTS[name]
            fields[field] = _in_both(fields.get(field, ANY_NUMBER), bounds(value))
        elif name == "from_affiliate_of":
            fields["affiliate_of"] = _account(value)
        elif name == "is" and value == "verified":
            fields["verified"] = True
    return Profile(**fields)


def _in_both(one: Range, other: Range) -> Range:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else one  # no number is in both


def _account(value: str) -> int | str:
    return int(value) if value.isdigit() else value


def _topic(value: str) -> tuple[str, str]:
    domain, _, entity = value.partition(".")
    return (_DOMAIN if domain == "*" else domain), entity


def _link(value: str) -> str:
    link = value if "://" in value else f"https://{value}"
    return link if "." in value else f"https://example.com/{value}"


def _around(value: str) -> Box:
    """Return a small box well inside a circle given as ``lon lat radius``."""
    lon, lat, radius = value.split()
    reach = float(radius[:-2]) / 111.2 / 2
    return (float(lon) - reach, float(lat) - reach, float(lon) + reach, float(lat) + reach)


_DOMAIN = "131"
"""The domain of the entity where the rule takes any."""

_WORDS: dict[str, Callable[[str], str]] = {
    "keyword": str,
    "phrase": str,
    "near": str,
    "hashtag": "#{}".format,
    "mention": "@{}".format,
    "cashtag": "${}".format,
    "url": _link,
    "contains": str,
    "url_contains": lambda value: f"https://example.com/{value.strip('/')}",
}
"""Operators on the text, and the words that match them."""

_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "from": ("author", _account),
    "to": ("to", _account),
    "to_affiliate_of": ("to", lambda value: Profile(affiliate_of=_account(value))),
    "retweets_of": ("original_author", _account),
    "conversation_id": ("conversation", int),
    "in_reply_to_tweet_id": ("reply_to", int),
    "retweets_of_tweet_id": ("retweet_of", int),
    "lang": ("lang", str),
    "source": ("source", str),
    "place": ("place", str),
    "place_country": ("country", str.upper),
    "bounding_box": ("box", lambda value: tuple(map(float, value.split()))),
    "point_radius": ("box", _around),
    "context": ("context", _topic),
    "entity": ("entity", str),
    "url_title": ("title", str),
    "url_description": ("description", str),
}
"""Operators with a field of their own in a spec, and its value."""

_TEXTS = {"bio": "bio", "bio_name": "name", "bio_location": "location"}
_COUNTS = {
    "min_followers": "followers",
    "followers_count": "followers",
    "following_count": "following",
    "tweets_count": "posts",
    "listed_count": "listed",
}
"""Operators on a profile, and their fields."""
