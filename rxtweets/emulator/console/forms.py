"""A form for each action, read off its fields, so that a new action shows up by itself."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from rxtweets.emulator.faults import actions

TITLES = {
    "publish": "Publish a post",
    "act": "Let a user act",
    "rate": "Set the rate",
    "skew": "Set the clock off",
    "answer": "Answer otherwise",
    "mute": "Don't answer",
    "close": "Close",
    "cut": "Cut off",
    "reset": "Reset",
    "disconnect": "Disconnect",
    "stall": "Stall",
    "resume": "Resume",
    "garbage": "Send garbage",
    "long_line": "Send a long line",
    "duplicate": "Duplicate",
    "reorder": "Reorder",
    "fragment": "Fragment",
    "keep_alive": "Send a keep-alive",
    "send": "Send a message",
    "clear_faults": "Clear faults",
    "renew_bearer_token": "Renew the token",
}
"""The words on the buttons, by the names of the actions."""

LABELS = {
    "text": "Text",
    "author": "Author",
    "event": "Event",
    "user": "User",
    "other": "Other user",
    "lang": "Language",
    "posts": "Posts a second",
    "seconds": "Seconds",
    "status": "Status",
    "times": "Requests",
    "path": "Path",
    "headers": "Headers",
    "body": "Body",
    "head": "After sending",
    "inside": "In the middle of",
    "code": "Code (v1.1)",
    "type": "Type (v2)",
    "keep_alives": "Keep-alives go on",
    "size": "Bytes",
    "valid": "A whole post",
    "share": "Share",
    "window": "At a time",
    "message": "Message",
}
"""The words at the inputs, by the names of the fields."""

TONES = {"End": "ends", "Disturb": "disturbs", "Requests": "disturbs"}
"""The looks of the buttons of the groups that don't just make something."""


class Field(msgspec.Struct, frozen=True):
    """An input: `kind` is ``text``, ``number``, ``checkbox`` or ``json``; `choices` leave no others."""

    name: str
    label: str
    kind: str
    choices: Mapping[Any, str]
    required: bool
    value: str


class Form(msgspec.Struct, frozen=True):
    """An action's form; `narrows` is true of one that is for streams, all or some."""

    do: str
    title: str
    about: str
    fields: tuple[Field, ...]
    narrows: bool


class Group(msgspec.Struct, frozen=True):
    """The forms of a group, which has a tab; `tone` is the look of their buttons."""

    name: str
    tone: str
    forms: tuple[Form, ...]

    @property
    def narrows(self) -> bool:
        """True if forms in it are for streams."""
        return any(form.narrows for form in self.forms)


def groups() -> tuple[Group, ...]:
    """Return the forms of all kinds of action, by their groups."""
    grouped: dict[str, list[Form]] = {}
    for name, action in actions.KINDS.items():
        grouped.setdefault(action.group, []).append(_form(name, action))
    return tuple(Group(name, TONES.get(name, "makes"), tuple(forms)) for name, forms in grouped.items())


def _form(name: str, action: type[actions.Action]) -> Form:
    narrows = issubclass(action, actions.StreamAction)
    about = inspect.cleandoc(action.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    hints = typing.get_type_hints(action)
    asked_elsewhere = {"stream"} | set(actions.StreamAction.__struct_fields__ if narrows else ())
    fields = (
        _field(field, hints[field.name], action.choices.get(field.name, {}))
        for field in sorted(msgspec.structs.fields(action), key=lambda field: not field.required)
        if field.name not in asked_elsewhere
    )
    return Form(
        name,
        TITLES.get(name, _words(name)),
        re.sub("`+(.*?)`+", _named, about),
        tuple(filter(None, fields)),
        narrows,
    )


def _named(match: re.Match[str]) -> str:
    """Return a name in a docstring as the page has it."""
    name = match[1]
    return f"“{TITLES[name]}”" if name in TITLES else name.replace("_", "-")


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


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
    label = LABELS.get(field.name, _words(field.name))
    return Field(field.name, label, kind, choices, field.required, value)
