"""Fields that X spells in two ways: `retweet_count` on the wire, `repost_count` in its newer schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Synonym:
    """An attribute that is its own field, or its synonym where only that one came."""

    __slots__ = ("_default", "_other", "_own")

    def __init__(self, own: Any, other: Any, default: Any) -> None:
        self._own = own.__get__
        self._other = other.__get__
        self._default = default

    def __get__(self, value: Any, owner: type | None = None) -> Any:
        if value is None:
            return self
        found = self._own(value)
        return found if found != self._default else self._other(value)


def synonyms(**pairs: str) -> Callable[[type[T]], type[T]]:
    """Return a class decorator: both fields of each pair have the value of the one that came."""

    def decorate(cls: Any) -> Any:
        defaults = dict(zip(reversed(cls.__struct_fields__), reversed(cls.__struct_defaults__), strict=False))
        for one, other in pairs.items():
            first, second = cls.__dict__[one], cls.__dict__[other]
            setattr(cls, one, Synonym(first, second, defaults[one]))
            setattr(cls, other, Synonym(second, first, defaults[other]))
        return cls

    return decorate
