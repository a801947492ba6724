"""Filters matched on this side, and what they look at in a message.

v1.1's predicates as values (`FilterQuery`), an index over many filters (`FilterIndex`), and the hashtags,
mentions, links and words of a message.
"""

from __future__ import annotations

from .contents import hashtags, links, mentions, words
from .hits import BoxHit, Field, Found, Hit, Part, PhraseHit, Role, UserHit, Where
from .index import Feature, Features, FilterIndex, Indexable
from .query import FilterQuery

__all__ = [
    "BoxHit",
    "Feature",
    "Features",
    "Field",
    "FilterIndex",
    "FilterQuery",
    "Found",
    "Hit",
    "Indexable",
    "Part",
    "PhraseHit",
    "Role",
    "UserHit",
    "Where",
    "hashtags",
    "links",
    "mentions",
    "words",
]
