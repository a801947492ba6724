"""Building a typed object from JSON that does not quite fit its type.

msgspec decodes strictly: one null where a string should be and the whole object is refused. What it refuses
comes here, and is taken apart level by level: every value that fits is kept, a number in a string is made a
number (and the other way round), and for the rest the field's default stands in and the JSON path is noted.
A null is a field that is missing.
"""

from __future__ import annotations

import types
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import FieldInfo, force_setattr

from rxtweets.messages._forms import Also
from rxtweets.messages._lazy import Later, Reader, Unsettable, put_mismatches
from rxtweets.messages._text import DECODE_ERRORS


class _Misfit:
    """Stands for a value that could not be kept."""


_MISFIT = _Misfit()
_NULL = b"null"
_NUMERIC = tuple(b"%c" % character for character in b"-0123456789")


@lru_cache(maxsize=256)
def decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    """The strict decoder of a type."""
    return msgspec.json.Decoder(wanted)


@lru_cache(maxsize=256)
def _fields(struct: type[Struct]) -> tuple[FieldInfo, ...]:
    return tuple(field for field in msgspec.structs.fields(struct) if Unsettable not in get_args(field.type))


def reader(wanted: Any, default: Any) -> Reader:
    """What makes a *wanted* of JSON: strictly, else leniently, else it gives *default*."""
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
            value = _salvage(wanted, raw, "", mismatches)
            return default if value is _MISFIT else value, tuple(mismatches)

    return read


def _message_or(kind: Any, default: Any, raw: Raw) -> tuple[Any, tuple[str, ...]]:
    message = read_message(kind, raw)
    if message is not None:
        return message, ()  # it has its own `mismatches`
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
    """Whether a *wanted* is a message of its own, which keeps its bytes."""
    return any(hasattr(option, "_lazy") for option in _options(wanted))


def members(raw: Raw | bytes) -> dict[str, Raw]:
    """The members of the JSON object *raw*, undecoded; empty if it is something else."""
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
        if get_origin(field.type) is Annotated and isinstance(field.type.__metadata__[0], Later):
            kept[field.name] = raw
            continue
        value = _salvage(
            field.type, raw, f"{path}.{field.encode_name}" if path else field.encode_name, mismatches
        )
        if value is not _MISFIT:
            kept[field.name] = value
    return struct(**kept)


def _salvage(wanted: Any, raw: Raw, path: str, mismatches: list[str]) -> Any:
    """As much of *raw* as fits into a *wanted*, or `_MISFIT`; appends the paths of what does not."""
    try:
        return decoder(wanted).decode(raw)
    except DECODE_ERRORS:
        pass
    try:
        return _take_apart(wanted, raw, path, mismatches)
    except DECODE_ERRORS:
        mismatches.append(path)
        return _MISFIT


def _take_apart(wanted: Any, raw: Raw, path: str, mismatches: list[str]) -> Any:
    other = _other_form(wanted, raw)
    if other is not _MISFIT:
        return other
    first = bytes(memoryview(raw)[:1])
    for option in _options(wanted):
        origin = get_origin(option) or option
        if first == b"{" and isinstance(origin, type) and issubclass(origin, Struct):
            return _build(origin, members(raw), path, mismatches)
        if first == b"{" and origin is dict:
            value_type = get_args(option)[1]
            items = {
                key: _salvage(value_type, item, f"{path}.{key}" if path else key, mismatches)
                for key, item in members(raw).items()
                if bytes(item) != _NULL
            }
            return {key: item for key, item in items.items() if item is not _MISFIT}
        if first == b"[" and origin is tuple and get_args(option)[-1] is Ellipsis:
            item_type = get_args(option)[0]
            items_ = [
                _salvage(item_type, item, f"{path}[{n}]", mismatches)
                for n, item in enumerate(decoder(list[Raw]).decode(raw))
            ]
            return tuple(item for item in items_ if item is not _MISFIT)
    mismatches.append(path)
    for option in _options(wanted):
        value = _coerce(option, raw)
        if value is not _MISFIT:
            return msgspec.convert(value, wanted)
    return _MISFIT


def _options(wanted: Any) -> tuple[Any, ...]:
    """The types that *wanted* allows, but None."""
    if get_origin(wanted) is Annotated:
        return _options(get_args(wanted)[0])
    if get_origin(wanted) in (Union, types.UnionType):
        options = (option for option in get_args(wanted) if option is not type(None))
        return tuple(inner for option in options for inner in _options(option))
    return (wanted,)


def _other_form(wanted: Any, raw: Raw) -> Any:
    """Return what *raw* is in another documented form of the type, else `_MISFIT`."""
    for option in (wanted, *get_args(wanted)):
        for note in getattr(option, "__metadata__", ()):
            if isinstance(note, Also):
                try:
                    return note.read(msgspec.json.decode(raw))
                except ValueError:
                    pass
    return _MISFIT


def _coerce(wanted: Any, raw: Raw) -> Any:
    """The scalar *raw* as a *wanted* if it means the same, else `_MISFIT`."""
    value = msgspec.json.decode(raw)
    if wanted is str and isinstance(value, int | float) and not isinstance(value, bool):
        whole = _whole(value, raw) if isinstance(value, float) else None
        return bytes(raw).decode() if whole is None else str(whole)
    if wanted is int and isinstance(value, str) and len(value) < 40 and value.lstrip("-").isdecimal():
        return int(value)
    if wanted is int and isinstance(value, float):
        whole = _whole(value, raw)
        return _MISFIT if whole is None else whole
    if wanted is float and isinstance(value, str):
        number = float(value)
        return number if abs(number) < float("inf") else _MISFIT
    return _MISFIT


def _whole(value: float, raw: Raw) -> int | None:
    """Return the whole number that *raw* has all digits of, though written as the float *value*; else None.

    A float that was rounded (`1.0501186211989217e18`) has noughts for digits, and would be another id.
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
