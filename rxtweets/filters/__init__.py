"""Filters matched on this side: v1.1's predicates (`FilterQuery`), and an index over many filters."""

from __future__ import annotations

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
]
