"""The predicates of v1.1's filter: `FilterQuery`, and what its `why` tells."""

from __future__ import annotations

from .hits import BoxHit, Field, Found, Hit, Part, PhraseHit, Role, UserHit, Where
from .query import FilterQuery

__all__ = [
    "BoxHit",
    "Field",
    "FilterQuery",
    "Found",
    "Hit",
    "Part",
    "PhraseHit",
    "Role",
    "UserHit",
    "Where",
]
