"""Translation of v1.1's filter parameters into rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rxtweets.filters import FilterQuery
from rxtweets.rules.languages import rule_languages

from .ast import Rule, all_of, any_of
from .build import bounding_box, cashtag, from_, hashtag, keyword, lang, mention, retweets_of, to
from .validate import Limits


def from_filter(query: FilterQuery, limits: Limits | None = None) -> tuple[Rule, ...]:
    """Return rules that together are equivalent to *query*: as few as *limits* allow.

    A phrase of *track* becomes its words ANDed, a followed user `from:N OR to:N OR retweets_of:N`, a box
    `bounding_box:`, a language `lang:` with X's own code for it (`iw` for `he`). Rules have neither filter
    levels nor backfill, so `filter_level` and `count` are left out. In rules, punctuation only separates
    words, so `c++` also finds `c`.

    *limits* are `Limits.pay_per_use()` by default. Whether the app may have that many rules isn't checked.

    Raises:
        ValueError: the query is empty, one of its alternatives alone exceeds the limit, or rules have no
            code for a language.
    """
    alternatives = list(_alternatives(query))
    if not alternatives:
        raise ValueError("a rule needs track, follow or locations; the query has none of them")
    return tuple(_pack(alternatives, _any_language(query.languages), (limits or Limits()).length))


def _alternatives(query: FilterQuery) -> Iterator[Rule]:
    for phrase in query.track:
        yield all_of(*map(_word, phrase.split()))
    for user in query.follow:
        yield from_(user) | to(user) | retweets_of(user)
    for box in query.locations:
        yield bounding_box(*box)


def _any_language(codes: Sequence[str]) -> Rule | None:
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


def _pack(alternatives: Iterable[Rule], languages: Rule | None, most: int) -> Iterator[Rule]:
    """Yield rules of at most *most* characters, each with as many of *alternatives* as fit."""
    room = most - (0 if languages is None else len(f"() ({languages})"))
    packed: list[Rule] = []
    used = 0
    for alternative in alternatives:
        length = len(str(alternative))
        if length > room:
            raise ValueError(
                f"{alternative} needs more than the {most:,} characters of a rule, including its languages"
            )
        if packed and used + len(" OR ") + length > room:
            yield _rule(packed, languages)
            packed, used = [], 0
        used += length + (len(" OR ") if packed else 0)
        packed.append(alternative)
    yield _rule(packed, languages)


def _rule(alternatives: list[Rule], languages: Rule | None) -> Rule:
    return any_of(*alternatives) if languages is None else any_of(*alternatives) & languages
