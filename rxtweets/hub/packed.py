"""The filters that are joined in one rule, in a form in which a `FilterIndex` tells them apart cheaply.

The words of a post are the cheapest of its features, and most filters need some. Those are found by words
alone; only filters that need none have the index look at everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rxtweets.filters import Indexable
from rxtweets.messages import Post
from rxtweets.rules import CompiledRule
from rxtweets.rules.matching.features import PostFeatures

_SIGNS = ("#", "@", "$")


def indexable(rule: CompiledRule) -> Indexable:
    """Return *rule* for an index of joined filters."""
    alternatives = tuple(map(_words, rule.alternatives()))
    return _ByWords(rule, alternatives) if all(alternatives) else rule


class _Words(PostFeatures):
    """A post of which an index looks at the words alone."""

    def __init__(self, post: Post) -> None:
        super().__init__(post)
        self.features = self.all_words = self.find_words()  # past the lock that its first access takes


class _ByWords:
    """A rule that is found by the words it needs."""

    def __init__(self, rule: CompiledRule, alternatives: tuple[frozenset[str], ...]) -> None:
        self._rule = rule
        self._alternatives = alternatives

    def alternatives(self) -> tuple[frozenset[str], ...]:
        return self._alternatives

    @staticmethod
    def read(message: Any) -> _Words | None:
        return _Words(message) if isinstance(message, Post) else None

    def holds(self, features: PostFeatures) -> bool:
        return self._rule.holds(features)


def _words(needed: Iterable[object]) -> frozenset[str]:
    """Return the plain words among the features that a post needs to match."""
    return frozenset(
        one for one in needed if isinstance(one, str) and not one.startswith(_SIGNS) and ":" not in one
    )
