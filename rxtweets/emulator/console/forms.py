"""A form for each action, read off its fields, so that a new action shows up by itself."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rxtweets.emulator.faults import actions
from rxtweets.emulator.faults.disconnects import CODES, TYPES

_BY_SCRIPT = {"data", "coordinates"}
_NARROWING = {"path", "protocol"}
"""Fields without an input: what only programs send, and what narrows streams down, asked for once."""

_NAMED: dict[tuple[str, str], Mapping[str, str]] = {
    ("disconnect", "code"): {str(code): f"{code} {name}" for code, name in CODES.items()},
    ("disconnect", "type"): {name: name for name in TYPES},
}
"""The values, and their names, of fields that take no others though their type would."""


class Field(msgspec.Struct, frozen=True):
    """An input: `kind` is ``text``, ``number``, ``checkbox`` or ``json``; `choices` leave no others."""

    name: str
    kind: str
    choices: Mapping[str, str]
    required: bool
    value: str


class Form(msgspec.Struct, frozen=True):
    """An action's form; `narrows` is true of one that is for streams, all or some."""

    do: str
    label: str
    about: str
    fields: tuple[Field, ...]
    narrows: bool


def forms() -> dict[str, list[Form]]:
    """Return the forms of all kinds of action, by their groups."""
    grouped: dict[str, list[Form]] = {}
    for name, kind in actions.KINDS.items():
        grouped.setdefault(kind.group, []).append(_form(name))
    return grouped


def _form(name: str) -> Form:
    kind = actions.KINDS[name]
    narrows = issubclass(kind, actions.StreamAction)
    about = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("`", "")
    hints = typing.get_type_hints(kind)
    left_out = _BY_SCRIPT | _NARROWING if narrows else _BY_SCRIPT
    shown = tuple(
        _field(name, field, hints[field.name])
        for field in sorted(msgspec.structs.fields(kind), key=lambda field: not field.required)
        if field.name not in left_out
    )
    return Form(name, name.replace("_", " "), about, shown, narrows)


def _field(action: str, field: msgspec.structs.FieldInfo, hint: Any) -> Field:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    options = tuple(option for option in options if option is not type(None))
    value = "" if field.required or field.default in (None, msgspec.NODEFAULT) else str(field.default)
    kind = "text"
    if options == (bool,):
        kind, value = "checkbox", ("yes" if field.default is True else "")
    elif str not in options and (int in options or float in options):
        kind = "number"
    elif str not in options and any(get_origin(option) is dict for option in options):
        kind = "json"
    choices = _NAMED.get((action, field.name), {})
    if len(options) == 1 and get_origin(options[0]) is Literal:
        choices = {str(choice): str(choice).replace("_", " ") for choice in get_args(options[0])}
    return Field(field.name, kind, choices, field.required, value)
