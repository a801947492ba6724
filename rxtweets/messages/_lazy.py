"""Parts of a message that are decoded when somebody first looks at them.

Half of the bytes of a v1.1 status are its author, its entities and the status it retweets, and few programs
look at all of them. A field annotated `Lazy[T]` takes its JSON as it is (checked for syntax with the rest of
the message) and becomes a `T` on first access. Nothing else changes: `==`, `mismatches`, pickling and
`replace` see the decoded value or one that will be, and the decoded part is built leniently like the message
itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Raw

from rxtweets.messages._text import DECODE_ERRORS

T = TypeVar("T")

# A reader makes a part of its JSON, and says which paths in it did not fit.
Reader = Callable[[Raw], tuple[Any, tuple[str, ...]]]


class Unsettable:
    """The type of fields that no JSON value fits."""


class Later:
    """The type that a lazily decoded field will have."""

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted


if TYPE_CHECKING:
    Lazy = Annotated[T, "decoded on first access"]
    Held = Annotated[T, "never set from JSON"]
else:

    class Lazy:
        def __class_getitem__(cls, wanted: Any) -> Any:
            return Annotated[Raw, Later(wanted)]

    class Held:
        def __class_getitem__(cls, wanted: Any) -> Any:
            return Annotated[Unsettable, Later(wanted)]


class _Mismatched(msgspec.Struct, frozen=True, gc=False):
    """In a part's slot: its value, and which paths in its JSON did not fit."""

    value: Any
    paths: tuple[str, ...]


class LazyPart:
    """The attribute of a lazily decoded field, over the slot that holds its JSON or its value.

    A RecursionError goes to whoever looked, and the slot keeps the JSON: it decodes where the stack has room.
    """

    __slots__ = ("_get", "_read", "_strict", "field", "held", "name", "owner", "put")

    def __init__(self, owner: type[msgspec.Struct], field: str, reader: Reader | None) -> None:
        slot = owner.__dict__[field]
        self.owner = owner
        self.field = field
        names = dict(zip(owner.__struct_fields__, owner.__struct_encode_fields__, strict=True))
        self.held = names[field].startswith("\x7f")
        self.name = names[field].lstrip("\x7f")
        self._get = slot.__get__
        self.put = slot.__set__  # past frozen: what is set is what the JSON there means
        self._read = reader
        self._strict: Callable[[Raw], Any] | None = None

    def __get__(self, message: Any, owner: type | None = None) -> Any:
        if message is None:
            return self
        value = self._get(message)
        kind = type(value)
        if kind is Raw:
            return self._decode(message, value)
        return value.value if kind is _Mismatched else value

    def mismatches(self, message: Any) -> tuple[str, ...]:
        """The paths in this part that did not fit; none for a message, which tells its mismatches itself."""
        self.__get__(message)
        stored = self._get(message)
        return stored.paths if type(stored) is _Mismatched else ()

    def stored(self, message: Any) -> Any:
        """What the slot holds: the JSON, or the value."""
        return self._get(message)

    def _decode(self, message: Any, raw: Raw) -> Any:
        if self._strict is not None:
            try:
                value = self._strict(raw)
            except DECODE_ERRORS:
                pass
            else:
                self.put(message, value)
                return value
        if self._read is None:
            self._prepare()
            return self._decode(message, raw)
        value, paths = self._read(raw)
        self.put(message, _Mismatched(value, paths) if paths else value)
        return value

    def _prepare(self) -> None:
        """Build what decodes the annotated type; put off until somebody needs it."""
        from rxtweets.messages._lenient import is_message, reader

        field = next(f for f in msgspec.structs.fields(self.owner) if f.name == self.field)
        wanted = field.type.__metadata__[0].wanted
        if not is_message(wanted):
            self._strict = msgspec.json.Decoder(wanted).decode
        self._read = reader(wanted, field.default)


_mismatches: Any = None  # the slot of `mismatches`, once Message is defined


def gather_mismatches(base: type[msgspec.Struct]) -> None:
    """Make `mismatches` of *base* and its subclasses include those of the parts not looked at yet."""
    global _mismatches
    _mismatches = base.__dict__["mismatches"]
    base.mismatches = property(_all_mismatches)  # type: ignore[attr-defined]


def _all_mismatches(message: Any) -> tuple[str, ...]:
    own: tuple[str, ...] = _mismatches.__get__(message)
    in_parts: set[str] = set()
    left = [("", part, message) for part in message._lazy]  # no recursion: messages may nest deeply
    while left:
        above, part, owner = left.pop()
        name = above + part.name
        misfits = part.mismatches(owner)
        in_parts.update(_joined(name, path) for path in misfits)
        for place, message in _messages(part.__get__(owner), misfits):
            in_parts.update(_joined(name + place, path) for path in _mismatches.__get__(message))
            left += [(name + place + ".", inner, message) for inner in message._lazy]
    return tuple(sorted({*own, *in_parts})) if in_parts else own


def _messages(value: Any, misfits: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The messages that a part is or lists, each with its place in the JSON, where *misfits* were, too."""
    if hasattr(value, "_lazy"):
        return [("", value)]
    if not isinstance(value, tuple) or not hasattr(next(iter(value), None), "_lazy"):
        return []
    places = (place for n in itertools.count() if (place := f"[{n}]") not in misfits)
    return list(zip(places, value, strict=False))


def _joined(name: str, path: str) -> str:
    return name + path if path[:1] in ("", "[") else f"{name}.{path}"


def put_mismatches(message: Any, paths: list[str]) -> None:
    """Note that *paths* of the just built *message* did not fit."""
    _mismatches.__set__(message, tuple(sorted(set(paths))))


def lazily(**readers: Reader) -> Callable[[type[T]], type[T]]:
    """Class decorator: the fields annotated `Lazy[…]` are decoded on first access.

    *readers* replace, for the fields they name, the decoding as the annotated type.
    """

    def decorate(cls: Any) -> Any:
        parts = [
            LazyPart(cls, name, readers.get(name))
            for name, annotation in cls.__annotations__.items()
            if annotation.startswith(("Lazy[", "Held["))
        ]
        for part in parts:
            setattr(cls, part.field, part)
        cls._lazy = tuple(parts)
        return cls

    return decorate
