"""Decoding of JSON into messages: lenient, and of their parts on first access.

Half of the bytes of a v1.1 status are its author, its entities and the status it retweets, and few programs
use all of them. A field annotated `Lazy[T]` takes its JSON as it is (checked for syntax with the rest of
the message) and becomes a `T` on first access. Nothing else changes: `==`, `mismatches`, pickling and
`replace` see the decoded value or one that will be.

msgspec decodes strictly: one null where a string should be and the whole object is refused. What it refuses
is decoded again, level by level: every value that fits is kept, a number in a string is made a number (and
the other way round), and for the rest the field's default stands in and the JSON path is noted. A null is a
field that is missing.
"""

from __future__ import annotations

import itertools
import threading
import types
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import FieldInfo, force_setattr

from rxtweets.messages._forms import Also
from rxtweets.messages._text import DECODE_ERRORS

T = TypeVar("T")

_building = threading.Lock()
"""Held while a decoder is built: two threads that build those of one class at once crash msgspec."""

# A reader decodes the JSON of a part, and returns also the paths in it that did not fit.
Reader = Callable[[Raw], tuple[Any, tuple[str, ...]]]


class NeverFromJSON:
    """The type of fields that no JSON value fits."""


class LazyType:
    """The type of a field once it is decoded."""

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted


if TYPE_CHECKING:
    Lazy = Annotated[T, "decoded on first access"]
    FromEnvelope = Annotated[T, "never set from JSON"]
else:

    class Lazy:
        def __class_getitem__(cls, wanted: Any) -> Any:
            return Annotated[Raw, LazyType(wanted)]

    class FromEnvelope:
        def __class_getitem__(cls, wanted: Any) -> Any:
            return Annotated[NeverFromJSON, LazyType(wanted)]


class _Mismatched(msgspec.Struct, frozen=True, gc=False):
    """A part's value in its slot, with the paths in its JSON that did not fit."""

    value: Any
    paths: tuple[str, ...]


class LazyPart:
    """The attribute of a lazily decoded field, over the slot that holds its JSON or its value.

    A RecursionError reaches the caller, and the slot keeps the JSON: it decodes where the stack has room.
    """

    __slots__ = ("_get", "_read", "_strict", "field", "from_envelope", "name", "owner", "put")

    def __init__(self, owner: type[msgspec.Struct], field: str, reader: Reader | None) -> None:
        slot = owner.__dict__[field]
        self.owner = owner
        self.field = field
        names = dict(zip(owner.__struct_fields__, owner.__struct_encode_fields__, strict=True))
        self.from_envelope = names[field].startswith("\x7f")
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
        """Return the paths in this part that did not fit; none for a message, which has its own."""
        self.__get__(message)
        stored = self._get(message)
        return stored.paths if type(stored) is _Mismatched else ()

    def stored(self, message: Any) -> Any:
        """Return what the slot holds: the JSON, or the value."""
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
        """Build the decoders of the annotated type, on first use."""
        field = next(f for f in msgspec.structs.fields(self.owner) if f.name == self.field)
        wanted = field.type.__metadata__[0].wanted
        if not is_message(wanted):
            self._strict = decoder(wanted).decode
        self._read = reader(wanted, field.default)


_mismatches: Any = None  # the slot of `mismatches`, once Message is defined


def include_parts_mismatches(base: type[msgspec.Struct]) -> None:
    """Make `mismatches` of *base* and its subclasses include those of the parts not decoded yet."""
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
        mismatches = part.mismatches(owner)
        in_parts.update(_joined(name, path) for path in mismatches)
        for place, message in _messages(part.__get__(owner), mismatches):
            in_parts.update(_joined(name + place, path) for path in _mismatches.__get__(message))
            left += [(name + place + ".", inner, message) for inner in message._lazy]
    return tuple(sorted({*own, *in_parts})) if in_parts else own


def _messages(value: Any, mismatches: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return the messages that a part is or lists, each with its place in the JSON.

    Items at the places *mismatches* were not kept, so the places of the others skip these.
    """
    if hasattr(value, "_lazy"):
        return [("", value)]
    if not isinstance(value, tuple) or not hasattr(next(iter(value), None), "_lazy"):
        return []
    places = (place for n in itertools.count() if (place := f"[{n}]") not in mismatches)
    return list(zip(places, value, strict=False))


def _joined(name: str, path: str) -> str:
    return name + path if path[:1] in ("", "[") else f"{name}.{path}"


def put_mismatches(message: Any, paths: list[str]) -> None:
    """Note that *paths* of the just built *message* did not fit."""
    _mismatches.__set__(message, tuple(sorted(set(paths))))


def lazily(**readers: Reader) -> Callable[[type[T]], type[T]]:
    """Return a class decorator that has the fields annotated `Lazy[…]` decoded on first access.

    *readers* replace, for the fields they name, the decoding as the annotated type.
    """

    def decorate(cls: Any) -> Any:
        parts = [
            LazyPart(cls, name, readers.get(name))
            for name, annotation in cls.__annotations__.items()
            if annotation.startswith(("Lazy[", "FromEnvelope["))
        ]
        for part in parts:
            setattr(cls, part.field, part)
        cls._lazy = tuple(parts)
        return cls

    return decorate


class _Invalid:
    """The type of `_INVALID`, which stands for a value that could not be kept."""


_INVALID = _Invalid()
_NULL = b"null"
_NUMERIC = tuple(b"%c" % character for character in b"-0123456789")


@lru_cache(maxsize=256)
def decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    """Return the strict decoder of a type."""
    with _building:
        return msgspec.json.Decoder(wanted)


@lru_cache(maxsize=256)
def _fields(struct: type[Struct]) -> tuple[FieldInfo, ...]:
    return tuple(
        field for field in msgspec.structs.fields(struct) if NeverFromJSON not in get_args(field.type)
    )


def reader(wanted: Any, default: Any) -> Reader:
    """Return a reader of JSON as a *wanted*: strict, else lenient, else it returns *default*."""
    kinds = [option for option in _options(wanted) if hasattr(option, "_lazy")]
    if kinds:
        return lambda raw: _message_or(kinds[0], default, raw)
    strict = decoder(wanted).decode

    def read(raw: Raw) -> tuple[Any, tuple[str, ...]]:
        try:
            return strict(raw), ()
        except DECODE_ERRORS:
            if bytes(raw) == _NULL:
                return default, ()
            mismatches: list[str] = []
            value = decode_leniently(wanted, raw, "", mismatches)
            return default if value is _INVALID else value, tuple(mismatches)

    return read


def _message_or(kind: Any, default: Any, raw: Raw) -> tuple[Any, tuple[str, ...]]:
    message = read_message(kind, raw)
    if message is not None:
        return message, ()  # it has `mismatches` of its own
    return default, () if bytes(raw) == _NULL else ("",)


def read_message(kind: type[Struct], raw: Raw) -> Any:
    """Return the JSON object *raw* as that kind of message; None if it is no object."""
    try:
        message = decoder(kind).decode(raw)
    except DECODE_ERRORS:
        try:
            fields = decoder(dict[str, Raw]).decode(raw)
        except DECODE_ERRORS:
            return None
        mismatches: list[str] = []
        message = _build(kind, fields, "", mismatches)
        put_mismatches(message, mismatches)
    force_setattr(message, "raw", bytes(raw))
    return message


def is_message(wanted: Any) -> bool:
    """Return whether *wanted* is a kind of message, which keeps its bytes."""
    return any(hasattr(option, "_lazy") for option in _options(wanted))


def members(raw: Raw | bytes) -> dict[str, Raw]:
    """Return the undecoded members of the JSON object *raw*; none if it is no object."""
    try:
        found: dict[str, Raw] = decoder(dict[str, Raw]).decode(raw)
    except DECODE_ERRORS:
        return {}
    return found


def _build(struct: type[Struct], fields: dict[str, Raw], path: str, mismatches: list[str]) -> Any:
    kept = {}
    for field in _fields(struct):
        raw = fields.get(field.encode_name)
        if raw is None or bytes(raw) == _NULL:
            continue
        if str in _options(field.type) and bytes(raw)[:1] in _NUMERIC:
            raw = fields.get(f"{field.encode_name}_str", raw)
        if get_origin(field.type) is Annotated and isinstance(field.type.__metadata__[0], LazyType):
            kept[field.name] = raw
            continue
        value = decode_leniently(
            field.type, raw, f"{path}.{field.encode_name}" if path else field.encode_name, mismatches
        )
        if value is not _INVALID:
            kept[field.name] = value
    return struct(**kept)


def decode_leniently(wanted: Any, raw: Raw, path: str, mismatches: list[str]) -> Any:
    """Return as much of *raw* as fits into a *wanted*, or `_INVALID`; note the paths of the rest."""
    try:
        return decoder(wanted).decode(raw)
    except DECODE_ERRORS:
        pass
    try:
        return _take_apart(wanted, raw, path, mismatches)
    except DECODE_ERRORS:
        mismatches.append(path)
        return _INVALID


def _take_apart(wanted: Any, raw: Raw, path: str, mismatches: list[str]) -> Any:
    other = _other_form(wanted, raw)
    if other is not _INVALID:
        return other
    first = bytes(memoryview(raw)[:1])
    for option in _options(wanted):
        origin = get_origin(option) or option
        if first == b"{" and isinstance(origin, type) and issubclass(origin, Struct):
            return _build(origin, members(raw), path, mismatches)
        if first == b"{" and origin is dict:
            value_type = get_args(option)[1]
            items = {
                key: decode_leniently(value_type, item, f"{path}.{key}" if path else key, mismatches)
                for key, item in members(raw).items()
                if bytes(item) != _NULL
            }
            return {key: item for key, item in items.items() if item is not _INVALID}
        if first == b"[" and origin is tuple and get_args(option)[-1] is Ellipsis:
            item_type = get_args(option)[0]
            items_ = [
                decode_leniently(item_type, item, f"{path}[{n}]", mismatches)
                for n, item in enumerate(decoder(list[Raw]).decode(raw))
            ]
            return tuple(item for item in items_ if item is not _INVALID)
    mismatches.append(path)
    for option in _options(wanted):
        value = _coerce(option, raw)
        if value is not _INVALID:
            return msgspec.convert(value, wanted)
    return _INVALID


def _options(wanted: Any) -> tuple[Any, ...]:
    """Return the types that *wanted* allows, except None."""
    if get_origin(wanted) is Annotated:
        return _options(get_args(wanted)[0])
    if get_origin(wanted) in (Union, types.UnionType):
        options = (option for option in get_args(wanted) if option is not type(None))
        return tuple(inner for option in options for inner in _options(option))
    return (wanted,)


def _other_form(wanted: Any, raw: Raw) -> Any:
    """Return *raw* decoded from another documented form of the type, else `_INVALID`."""
    for option in (wanted, *get_args(wanted)):
        for note in getattr(option, "__metadata__", ()):
            if isinstance(note, Also):
                try:
                    return note.read(msgspec.json.decode(raw))
                except ValueError:
                    pass
    return _INVALID


def _coerce(wanted: Any, raw: Raw) -> Any:
    """Return the scalar *raw* as a *wanted* if it means the same, else `_INVALID`."""
    value = msgspec.json.decode(raw)
    if wanted is str and isinstance(value, int | float) and not isinstance(value, bool):
        whole = _whole(value, raw) if isinstance(value, float) else None
        return bytes(raw).decode() if whole is None else str(whole)
    if wanted is int and isinstance(value, str) and len(value) < 40 and value.lstrip("-").isdecimal():
        return int(value)
    if wanted is int and isinstance(value, float):
        whole = _whole(value, raw)
        return _INVALID if whole is None else whole
    if wanted is float and isinstance(value, str):
        number = float(value)
        return number if abs(number) < float("inf") else _INVALID
    return _INVALID


def _whole(value: float, raw: Raw) -> int | None:
    """Return the whole number whose digits *raw* has in full, although written as a float; else None.

    A float that was rounded (`1.0501186211989217e18`) ends in zeros, and would be another id.
    """
    if not value.is_integer() or abs(value) >= _MOST:
        return None
    if abs(value) <= _EXACT:
        return int(value)
    from decimal import Decimal  # costs a millisecond to load, and this is rare

    number = Decimal(bytes(raw).decode())
    return int(number) if int(number.as_tuple().exponent) <= 0 and number == int(number) else None


_MOST = 2**63  # ids and counts are signed numbers of 64 bits
_EXACT = 2**53  # a float holds every whole number up to this
