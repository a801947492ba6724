"""Values that X documents in two forms, of which one is the field's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any


class Also:
    """An annotation: *read* converts another form that X documents to the type, or raises ValueError."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read


def _number(value: Any) -> int:
    if isinstance(value, str) and len(value) < 40:
        return int(value)
    raise ValueError("neither a number nor one as text")


def _listed(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    raise ValueError("neither a list nor its items as text")


Number = Annotated[int, Also(_number)]
"""A number, or its digits as text."""

Countries = Annotated[tuple[str, ...], Also(_listed)]
"""Codes of countries in a list, or in one text, as before 2013: `"DE, FR"`."""
