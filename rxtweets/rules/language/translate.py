"""From v1.1's filter parameters to the rules that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from rxtweets.rules.languages import rule_languages

from .ast import Rule, all_of, any_of
from .build import bounding_box, cashtag, from_, hashtag, keyword, lang, mention, retweets_of, to
from .validate import Limits


class Filter(Protocol):
    """What of a `FilterQuery` has an equivalent in rules."""

    @property
    def track(self) -> Sequence[str]:
        """Phrases: words with blanks between."""

    @property
    def follow(self) -> Sequence[int]:
        """Ids of users."""

    @property
    def locations(self) -> Sequence[tuple[float, float, float, float]]:
        """Boxes: west, south, east, north."""

    @property
    def languages(self) -> Sequence[str]:
        """Codes of languages."""


def from_filter(query: Filter, limits: Limits | None = None) -> tuple[Rule, ...]:
    """The rules that stand for *query*, a `FilterQuery`: as few as *limits* allow, together its equal.

    A phrase of *track* is its words ANDed, a followed user is `from:N OR to:N OR retweets_of:N`, a box a
    `bounding_box:`, a language `lang:` with X's own code for it (`iw` for `he`). Rules know no filter level
    and replay nothing: `filter_level` and `count` have no part. In rules punctuation only parts words, so
    `c++` finds `c`, too.

    *limits* are those of `Limits.pay_per_use()` unless given; whether the app may have so many rules is not
    checked.

    Raises:
        ValueError: the query asks for nothing, one of its alternatives is beyond the limit by itself, or
            rules don't know a language.
    """
    ways = list(_ways(query))
    if not ways:
        raise ValueError("a rule needs track, follow or locations: the query has none of them")
    spoken = _spoken(query.languages)
    return tuple(_packed(ways, spoken, (limits or Limits()).length))


def _ways(query: Filter) -> Iterator[Rule]:
    for phrase in query.track:
        yield all_of(*map(_word, phrase.split()))
    for user in query.follow:
        yield from_(user) | to(user) | retweets_of(user)
    for box in query.locations:
        yield bounding_box(*box)


def _spoken(codes: Sequence[str]) -> Rule | None:
    found: dict[str, None] = {}
    for code in codes:
        languages = rule_languages(code)
        if not languages:
            raise ValueError(
                f"lang: has no code for the language {code!r}; leave it out, or filter by Status.lang"
            )
        found.update(dict.fromkeys(languages))
    return any_of(*map(lang, found)) if found else None


def _word(text: str) -> Rule:
    build = {"#": hashtag, "@": mention, "$": cashtag}.get(text[0])
    if build is not None and not text[1:].isdigit():
        try:
            return build(text)
        except ValueError:
            pass  # X reads it as a word with a mark before it, and so do rules
    return keyword(text)


def _packed(ways: Iterable[Rule], spoken: Rule | None, most: int) -> Iterator[Rule]:
    """Rules of at most *most* characters, each with as many of *ways* as fit."""
    room = most - (0 if spoken is None else len(f"() ({spoken})"))
    packed: list[Rule] = []
    used = 0
    for way in ways:
        length = len(str(way))
        if length > room:
            raise ValueError(
                f"{way} takes more than the {most:,} characters of a rule, its languages included"
            )
        if packed and used + len(" OR ") + length > room:
            yield _rule(packed, spoken)
            packed, used = [], 0
        used += length + (len(" OR ") if packed else 0)
        packed.append(way)
    yield _rule(packed, spoken)


def _rule(ways: list[Rule], spoken: Rule | None) -> Rule:
    return any_of(*ways) if spoken is None else any_of(*ways) & spoken
