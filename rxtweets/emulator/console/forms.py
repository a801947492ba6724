"""A form for each action, read off its fields, so that a new action shows up by itself."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rxtweets.emulator.trouble import actions

GROUPS = {
    "World": ("publish", "rate", "skew", "keep_alive"),
    "Next requests": ("answer", "mute"),
    "Ends": ("close", "cut", "reset", "disconnect"),
    "Streams": ("stall", "resume", "garbage", "long_line", "duplicate", "reorder", "fragment", "send"),
    "All": ("forgive", "renew_bearer_token"),
}
_BY_SCRIPT = {"data", "coordinates", "path", "protocol"}
"""Fields without an input: what only programs send, and what narrows streams down, asked for once."""


class Field(msgspec.Struct, frozen=True):
    """An input: `kind` is ``text``, ``number``, ``checkbox``, ``select`` or ``json``."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    required: bool = False
    value: str = ""


class Form(msgspec.Struct, frozen=True):
    """An action's form."""

    do: str
    label: str
    about: str
    fields: tuple[Field, ...]
    narrows: bool


def forms() -> dict[str, list[Form]]:
    """The forms by group; what belongs to none comes with the last."""
    grouped = {group: [_form(name) for name in names] for group, names in GROUPS.items()}
    placed = {name for names in GROUPS.values() for name in names}
    grouped["All"] += [_form(name) for name in actions.KINDS if name not in placed]
    return grouped


def _form(name: str) -> Form:
    kind = actions.KINDS[name]
    about = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("`", "")
    hints = typing.get_type_hints(kind)
    shown = tuple(
        _field(field, hints[field.name])
        for field in msgspec.structs.fields(kind)
        if field.name not in _BY_SCRIPT
    )
    return Form(name, name.replace("_", " "), about, shown, issubclass(kind, actions.OnStreams))


def _field(field: msgspec.structs.FieldInfo, hint: Any) -> Field:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    options = tuple(option for option in options if option is not type(None))
    value = "" if field.required or field.default in (None, msgspec.NODEFAULT) else str(field.default)
    kind, choices = "text", tuple[str, ...]()
    if len(options) == 1 and get_origin(options[0]) is Literal:
        kind, choices = "select", tuple(map(str, get_args(options[0])))
    elif options == (bool,):
        kind, value = "checkbox", ("yes" if field.default is True else "")
    elif options in ((int,), (float,)):
        kind = "number"
    elif any(get_origin(option) is dict for option in options) and str not in options:
        kind = "json"
    return Field(field.name, kind, choices, field.required, value)
