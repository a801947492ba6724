"""A form for each action, read off its fields, so that a new action shows up by itself."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rxtweets.emulator.faults import actions


class Field(msgspec.Struct, frozen=True):
    """An input: `kind` is ``text``, ``number``, ``checkbox`` or ``json``; `choices` leave no others."""

    name: str
    kind: str
    choices: Mapping[Any, str]
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
    for name, action in actions.KINDS.items():
        grouped.setdefault(action.group, []).append(_form(name, action))
    return grouped


def _form(name: str, action: type[actions.Action]) -> Form:
    narrows = issubclass(action, actions.StreamAction)
    about = inspect.cleandoc(action.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("`", "")
    hints = typing.get_type_hints(action)
    asked_once = actions.StreamAction.__struct_fields__ if narrows else ()
    fields = (
        _field(field, hints[field.name], action.choices.get(field.name, {}))
        for field in sorted(msgspec.structs.fields(action), key=lambda field: not field.required)
        if field.name not in asked_once
    )
    return Form(name, name.replace("_", " "), about, tuple(filter(None, fields)), narrows)


def _field(field: msgspec.structs.FieldInfo, hint: Any, choices: Mapping[Any, str]) -> Field | None:
    """Return the input of a field, or None for one that only programs can give: bytes, a list."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    options = tuple(option for option in options if option is not type(None))
    value = "" if field.required or field.default in (None, msgspec.NODEFAULT) else str(field.default)
    if options == (bool,):
        kind, value = "checkbox", ("yes" if field.default is True else "")
    elif str in options:
        kind = "text"
    elif int in options or float in options:
        kind = "number"
    elif get_origin(options[0]) is dict:
        kind = "json"
    elif get_origin(options[0]) is Literal:
        kind, choices = "text", {choice: str(choice).replace("_", " ") for choice in get_args(options[0])}
    else:
        return None
    return Field(field.name, kind, choices, field.required, value)
