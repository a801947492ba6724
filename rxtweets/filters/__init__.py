"""Filters matched on this side: v1.1's predicates (`FilterQuery`), and an index over many filters."""

from __future__ import annotations

from .hits import BoxHit, Field, Found, Hit, Part, PhraseHit, Role, UserHit, Where
from .index import Feature, FilterIndex, Indexable, Reading
from .query import FilterQuery

__all__ = [
    "BoxHit",
    "Feature",
    "Field",
    "FilterIndex",
    "FilterQuery",
    "Found",
    "Hit",
    "Indexable",
    "Part",
    "PhraseHit",
    "Reading",
    "Role",
    "UserHit",
    "Where",
]
