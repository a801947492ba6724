"""The base of all messages: the bytes as received, and the values in them that did not fit the type."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from rxtweets.messages._decoding import FromEnvelope, LazyPart, include_parts_mismatches
from rxtweets.messages._text import LEVELS, loads, short

# Keys that no protocol uses. Should a message have one all the same, `FromEnvelope` makes it a type error.
FROM_ENVELOPE = {name: "\x7f" + name for name in ("raw", "mismatches", "recovered")}


class Part(Struct, frozen=True, kw_only=True, gc=False):
    """An object inside a message, immutable and equal by value."""

    _shown: ClassVar[tuple[str, ...]] = ()

    def _short(self, levels: int = LEVELS) -> str:
        return _describe(self, self._shown or self.__struct_fields__, levels)

    def __repr__(self) -> str:
        return self._short()


class Message(Struct, frozen=True, kw_only=True, gc=False, rename=FROM_ENVELOPE):
    """A message of a stream, immutable; equal to another of its kind with the same fields and bytes.

    Attributes:
        raw: the bytes as received, without the line end; of a message in an array, and of an object inside a
            message (a retweeted status, a post of `includes`), its own JSON; empty in one built by hand.
        mismatches: sorted JSON paths (`"user.description"`) of the values that had another type than
            documented. Where a number came as a string or the other way round, the field has it converted,
            else it has its default; all other fields are as received. Empty for a message as documented: X
            documents nulls for what is missing, and some values in two forms.
        recovered: whether it was missed by a broken connection and came later; see `rxtweets.Recovery`.

    Messages may nest: a status quotes one that quotes one. X's do so twice at most, and a frame that comes
    nested a thousand times is decoded, level by level, as its parts are looked at. But `==`, `copy.deepcopy`
    and `pickle` visit all levels at once, and beyond some 150 of them raise RecursionError, as for Python's
    own lists; `raw` can be pickled in the message's place. So does access to a part on a thread whose
    stack is nearly used up; a later access finds the part as received.
    """

    raw: FromEnvelope[bytes] = b""
    mismatches: FromEnvelope[tuple[str, ...]] = ()
    recovered: FromEnvelope[bool] = False

    _shown: ClassVar[tuple[str, ...]] = ()
    _lazy: ClassVar[tuple[LazyPart, ...]] = ()

    def json(self) -> Any:
        """Return the JSON as received, decoded anew on each call; None in a message built by hand.

        Every field is in it, also those that have no attribute; a lone half of a surrogate pair is U+FFFD.
        """
        return loads(self.raw) if self.raw else None

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    def __hash__(self) -> int:
        return hash(self.raw)

    def _short(self, levels: int = LEVELS) -> str:
        return _describe(self, self._shown or [n for n in self.__struct_fields__ if n != "raw"], levels)

    def __repr__(self) -> str:
        return self._short()


include_parts_mismatches(Message)


class Undecodable(Message, frozen=True, kw_only=True):
    """A frame that is not JSON in UTF-8.

    Attributes:
        error: what was wrong with it, in a few words.
    """

    _shown: ClassVar[tuple[str, ...]] = ("error", "raw")

    error: str = ""

    def json(self) -> Any:
        """Return None, as it is not JSON."""
        return None


class Unknown(Message, frozen=True, kw_only=True):
    """A frame that is JSON, but not of a kind known to this version: see `json()`."""

    _shown: ClassVar[tuple[str, ...]] = ("raw",)


def _describe(value: Struct, names: tuple[str, ...] | list[str], levels: int) -> str:
    """Return *value* in one line, with those of the fields *names* that differ from their defaults."""
    if not levels:
        return f"{type(value).__name__}(…)"
    defaults = {field.name: field.default for field in msgspec.structs.fields(type(value))}
    shown = []
    for name in names:
        field = getattr(value, name)
        if name not in defaults or field != defaults[name]:
            shown.append(f"{name}={short(field, levels - 1)}")
    return f"{type(value).__name__}({', '.join(shown)})"
