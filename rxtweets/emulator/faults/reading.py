"""The reading of actions from objects of JSON or TOML."""

from __future__ import annotations

import msgspec

from .actions import KINDS, Action


def read(given: object) -> Action:
    """Return the action that an object (as JSON or TOML decode to) describes.

    Raises:
        ValueError: it describes none; says what was wrong and what would be right.
    """
    if not isinstance(given, dict):
        raise ValueError(f'an action is an object such as {{"do": "stall"}}, not {_named(given)}')
    name = given.get("do")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        said = "`do` is missing" if "do" not in given else f"there is no action {name!r}"
        raise ValueError(f"{said}: `do` names one of {', '.join(KINDS)}")
    unknown = sorted(set(map(str, given)) - {"do", *kind.__struct_fields__})
    if unknown:
        fields = ", ".join(kind.__struct_fields__) or "none"
        raise ValueError(f"{name} has no field `{unknown[0]}`: its fields are {fields}")
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {_said(str(error))}") from None


def _said(text: str) -> str:
    """Return msgspec's words about a value, with the field before what is wrong with it."""
    wrong, at, where = text.partition(" - at `$")
    field = where.removesuffix("`").lstrip(".")
    return f"`{field}`: {wrong}" if at and field else wrong


def _named(value: object) -> str:
    return {list: "a list", str: "a string", type(None): "null"}.get(type(value), type(value).__name__)
