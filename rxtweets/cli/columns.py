"""Columns of a table of posts or activities: paths such as `author.username`, their needs, their cells."""

from __future__ import annotations

import csv
import difflib
import io
import types
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
import msgspec

from rxtweets._printable import escape, printable_json
from rxtweets.endpoints import _fields
from rxtweets.messages import Activity, Message, Post, Status, unescape
from rxtweets.messages._decoding import LazyType

from .accounts import Api

MATCHED_KEY = "matching_filters"
"""The column, and the key in JSON, for the names of a post's filters; neither protocol has it."""

Kind = Api | Literal["activity"]
"""The kind of what is shown: posts of a protocol, or activities."""

_TYPES: dict[Kind, type[Post | Status | Activity]] = {"v1": Status, "v2": Post, "activity": Activity}

_CALLED: dict[Kind, str] = {"v1": "a status of v1.1", "v2": "a post of v2", "activity": "an activity"}

_SUGGESTED = 6
"""Paths that the error about a wrong one names."""

_BOTH = {"author": "user", "username": "screen_name", "like_count": "favorite_count"}
_TWINS = {**_BOTH, **{one: other for other, one in _BOTH.items()}}
"""Names in the other protocol."""

_USUAL: dict[Kind, tuple[str, ...]] = {
    "v1": ("id", "created_at", "user.screen_name", "full_text"),
    "v2": ("id", "created_at", "author.username", "full_text"),
    "activity": ("event_uuid", "event_type", "filter.user_id", "payload"),
}

_NO_VALUES = {"raw", "json", "mismatches", "text_in_full"}
"""Attributes of messages that are no values in them."""

_ESCAPED = {"text", "full_text"}
"""Names of values that X escapes for HTML."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings of a text that a spreadsheet takes for a formula. Source: OWASP, "CSV Injection"."""

_ATTACHED = {
    "author": ("", "author_id", "user_fields"),
    "in_reply_to_user": ("in_reply_to_user_id", "in_reply_to_user_id", "user_fields"),
    "media": ("attachments", "attachments.media_keys", "media_fields"),
    "polls": ("attachments", "attachments.poll_ids", "poll_fields"),
    "poll": ("attachments", "attachments.poll_ids", "poll_fields"),
    "place": ("geo", "geo.place_id", "place_fields"),
    **dict.fromkeys(
        ("referenced", "retweeted", "quoted", "replied_to"),
        ("referenced_tweets", "referenced_tweets.id", "tweet_fields"),
    ),
}
"""The field and the expansion that bring an attribute of a post, and the parameter with its own fields."""

_NAMES = {
    "tweet_fields": _fields.TWEET_FIELDS,
    "user_fields": _fields.USER_FIELDS,
    "media_fields": _fields.MEDIA_FIELDS,
    "poll_fields": _fields.POLL_FIELDS,
    "place_fields": _fields.PLACE_FIELDS,
}


class Columns:
    """The columns of a table of posts of one protocol.

    Args:
        api: the protocol.
        paths: a path for each column; without any, the usual ones.
        matched: whether there is a column `MATCHED_KEY`: the last, unless it is among *paths*.

    Raises:
        UsageError: a message of that protocol has no such path.
    """

    def __init__(self, api: Kind, paths: Sequence[str], matched: bool) -> None:
        self.paths = tuple(dict.fromkeys(paths)) or (*_USUAL[api], *([MATCHED_KEY] if matched else []))
        for path in self.paths:
            if path != MATCHED_KEY or not matched:
                _check(path, api)

    def values(self, post: Post | Status | Activity, matched: Sequence[str]) -> list[Any]:
        """Return the value of each column: text, a number, True or False, None, or what JSON has as well."""
        return [
            list(matched) if path == MATCHED_KEY else _plain(_value(post, path.split(".")), path)
            for path in self.paths
        ]

    def header(self) -> str:
        """Return the line of CSV with the names of the columns."""
        return _line(self.paths)

    def row(self, post: Post | Status | Activity, matched: Sequence[str], *, shown: bool) -> str:
        """Return a post as CSV; for a terminal, *shown*, as one line that doesn't control it."""
        cells = map(_cell, self.values(post, matched))
        return _line(map(escape, cells) if shown else cells)

    def json(self, post: Post | Status | Activity, matched: Sequence[str]) -> str:
        """Return a post as a line of JSON: an object whose keys are the paths."""
        found = dict(zip(self.paths, self.values(post, matched), strict=True))
        return printable_json(msgspec.json.encode(found))


def needs(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return what X is to be asked for, so that posts of v2 have these paths; for unknown paths, nothing."""
    asked: dict[str, list[str]] = {}
    for path in paths:
        for parameter, name in _needs(path.split("."), "tweet_fields"):
            if name and name not in asked.setdefault(parameter, []):
                asked[parameter].append(name)
    return {parameter: names for parameter, names in asked.items() if names}


def _needs(names: Sequence[str], parameter: str) -> Iterator[tuple[str, str]]:
    if not names:
        return
    first, rest = names[0], names[1:]
    if parameter == "tweet_fields" and first in _ATTACHED:
        field, expansion, inner = _ATTACHED[first]
        yield "tweet_fields", field
        yield "expansions", expansion
        if inner == "tweet_fields" and rest[:1] == ["author"]:
            yield "expansions", "referenced_tweets.id.author_id"
            yield from _needs(rest[1:], "user_fields")
        else:
            yield from _needs(rest, inner)
    for name in (first, first.replace("post", "tweet")):
        if name in _NAMES[parameter]:
            yield parameter, name
            return


def _check(path: str, api: Kind) -> None:
    """Raise a UsageError unless a message of that protocol may have something at *path*."""
    kind: Any = _TYPES[api]
    names = path.split(".")
    for number, name in enumerate(names):
        inner = _attributes(kind)
        if inner is None:  # the rest is up to X
            return
        if name not in inner:
            before = ".".join(names[:number])
            near = [f"{before}.{path}".lstrip(".") for path in _near(names[number:], inner)]
            what = f"--fields: {before or _CALLED[api]} has no {name!r}"
            raise click.UsageError(f"{what}; did you mean {', '.join(near)}?" if near else f"{what}.")
        kind = inner[name]


def _near(names: list[str], inner: dict[str, Any]) -> list[str]:
    """Return a few paths that are spelled like *names*, end so, or are called so in the other protocol."""
    paths = [*inner, *(f"{one}.{name}" for one in inner for name in _attributes(inner[one]) or ())]
    twins = [_TWINS.get(name, name) for name in names]
    near = [
        *difflib.get_close_matches(".".join(names), paths, 3, 0.7),
        *difflib.get_close_matches(names[0], inner, 3, 0.6),
        *(path for path in paths if path.rpartition(".")[2] in (names[-1], twins[-1])),
    ]
    translated = ".".join(twins)
    first = [translated] if translated in paths else []
    return list(dict.fromkeys([*first, *(near or [*inner][:_SUGGESTED])]))[:_SUGGESTED]


@cache
def _attributes(kind: Any) -> dict[str, Any] | None:
    """Return the types of the attributes of a value of type *kind*, by name; None if it may have any."""
    if isinstance(kind, LazyType):
        return _attributes(kind.wanted)
    origin, arguments = get_origin(kind), get_args(kind)
    if lazy := [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, LazyType)]:
        return _attributes(lazy[0].wanted)
    if hasattr(kind, "__metadata__"):
        return _attributes(arguments[0])
    if origin in (Union, types.UnionType):
        inner = [found for one in arguments if one is not type(None) and (found := _attributes(one)) != {}]
        return inner[0] if inner else {}
    if origin in (tuple, list):
        return _attributes(arguments[0])
    if kind is Any or kind is dict or origin is dict:
        return None
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return {}
    hints = get_type_hints(kind, include_extras=True)
    found = {name: hints[name] for name in kind.__struct_fields__}
    for name in dir(kind):
        attribute = getattr(kind, name)
        if isinstance(attribute, property):
            found[name] = get_type_hints(attribute.fget, include_extras=True).get("return", Any)
    return {name: one for name, one in found.items() if name[0] != "_" and name not in _NO_VALUES}


def _value(value: Any, names: Sequence[str]) -> Any:
    """Return what is at a path; a path through a list leads to the list of what is in each."""
    for number, name in enumerate(names):
        if isinstance(value, tuple | list):
            return [_value(item, names[number:]) for item in value]
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value


def _plain(value: Any, path: str) -> Any:
    """Return *value* as JSON has it, with X's escapes undone in texts."""
    if isinstance(value, str):
        return unescape(value) if path.rpartition(".")[2] in _ESCAPED else value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Message):
        return value.json()
    return msgspec.to_builtins(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return msgspec.json.encode(value).decode()


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # of which no cell may have one unquoted
    return line.getvalue().removesuffix("\r\n")
