"""Queries of X's search, which finds other posts than the filtered stream sends for the same text.

Source: X's page "Search operators", and its changelog of May 2026 for retweets.
"""

from __future__ import annotations

from rxtweets.messages import Post
from rxtweets.rules.matching.match import EVERY_FIELD
from rxtweets.rules.matching.search import SearchFeatures, without_accents

from .ast import AllOf, AnyOf, Not, Rule, Term, all_of, any_of
from .vocabulary import UNNAMED

_OF_TEXT = frozenset({*UNNAMED, "url", "entity", "has"})
"""Operators that the text, the links or the media of a post answer."""


def finds_retweets(rule: Rule) -> bool:
    """Return whether search may find retweets: not for a query with a word, phrase, tag or mention."""
    return not any(term.name in UNNAMED and not negated for term, negated in rule.terms())


def left_out(rule: Rule) -> tuple[str, ...]:
    """Return the kinds of posts of which a search for *rule* leaves out some: `"retweets"`, `"quotes"`."""
    names = {term.name for term, _ in rule.terms()}
    kinds = {"retweets": not finds_retweets(rule), "quotes": bool(names & _OF_TEXT)}
    return tuple(kind for kind, out in kinds.items() if out and not _excludes(rule, kind[:-1]))


def _excludes(rule: Rule, kind: str) -> bool:
    """Return whether *rule* says that it matches no post of that kind."""
    if isinstance(rule, AllOf):
        return any(_excludes(part, kind) for part in rule.parts)
    if isinstance(rule, AnyOf):
        return all(_excludes(part, kind) for part in rule.parts)
    return rule == Not(Term("is", kind))


def differences(rule: Rule) -> tuple[str, ...]:
    """Return in words by what a search for *rule* differs from the filtered stream."""
    names = {term.name for term, _ in rule.terms()}
    found = [] if finds_retweets(rule) else ["no retweets are found, as the query has keywords"]
    if names & _OF_TEXT:
        found.append("a quote is found by its own text only, not by what it quotes")
    if names & UNNAMED.keys():
        found.append("accents make no difference: cafe finds café")
    return tuple(found)


class SearchQuery:
    """A rule prepared to tell which posts X's search would find with it, among those with every field."""

    def __init__(self, rule: Rule) -> None:
        self._compiled = _plain(rule).compile(asked=EVERY_FIELD)
        self._retweets = finds_retweets(rule)

    def finds(self, post: Post) -> bool:
        """Return whether the query certainly finds *post*."""
        features = SearchFeatures(post)
        if not self._retweets and features.referenced("retweeted"):
            return False
        return self._compiled.holds(features)


def _plain(rule: Rule) -> Rule:
    """Return *rule* without accents in what it looks for in texts."""
    if isinstance(rule, AllOf | AnyOf):
        join = all_of if isinstance(rule, AllOf) else any_of
        return join(*map(_plain, rule.parts))
    if isinstance(rule, Not):
        return ~_plain(rule.term)
    assert isinstance(rule, Term)
    return Term(rule.name, without_accents(rule.value), rule.within) if rule.name in UNNAMED else rule
