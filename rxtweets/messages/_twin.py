"""Ids that v1.1 sends twice: as a number, and as text in `…_str`, which no JSON parser can round."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 19
"""Digits of a 64-bit signed number."""


class Twin:
    """An id's attribute: the number that its `…_str` spells, else the number that came."""

    __slots__ = ("_number", "_text")

    def __init__(self, number: Any, text: Any) -> None:
        self._number = number.__get__
        self._text = text.__get__

    def __get__(self, value: Any, owner: type | None = None) -> Any:
        if value is None:
            return self
        text = self._text(value)
        return int(text) if text and len(text) <= LONGEST and text.isdecimal() else self._number(value)


def twins(cls: type[T]) -> type[T]:
    """Decorate a class so that each id that has a `…_str` beside it is read from there, where that came."""
    made: Any = cls
    for name in made.__struct_fields__:
        text = made.__dict__.get(f"{name}_str")
        if text is not None:
            setattr(made, name, Twin(made.__dict__[name], text))
    return cls
