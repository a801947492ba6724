"""Posts as lines on stdout: for people, as JSON, or as a table."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle

import click
import wcwidth

from rxtweets._printable import printable, printable_json
from rxtweets.messages import (
    AccessRevoked,
    Activity,
    Broadcast,
    ChatEvent,
    DirectMessages,
    Like,
    News,
    Post,
    PostRef,
    ProfileUpdate,
    Relation,
    Status,
    unescape,
    v2,
)

from .columns import MATCHED_KEY, Columns
from .stdio import takes_colors

Print = Callable[[Post | Status | Activity, Sequence[str]], None]
"""A function that prints a post, with the names of the filters that it matches."""

INDENT = 9
"""Columns that a line after a post's first is moved in: the time and a blank."""

HUES = ("green", "yellow", "magenta", "bright_blue", "bright_red")
"""The colours of filters, in turn."""

NARROW = 40
"""Columns below which there is no room to indent."""

NARROWEST = 20
"""The fewest columns that lines are wrapped for; on fewer the terminal wraps them once more."""


def printer(as_json: bool, names: Sequence[str] = (), columns: Columns | None = None) -> Print:
    """Return a function that prints a post on stdout at once: its JSON, or a line of time, author and text.

    On a terminal lines are coloured, and wrapped between words; elsewhere a post is one line. With *columns*
    a post is a row of CSV, of which the header is printed here, or JSON with these only.

    Args:
        as_json: whether it is JSON.
        names: the names of all filters, in order, if they are to be told apart. The function takes those that
            the post matches, and puts them, each in its colour, before the author; into JSON as one more key.
        columns: those of a table.
    """
    if columns is not None and as_json:
        return lambda post, matched: click.echo(columns.json(post, matched))
    if columns is not None:
        click.echo(columns.header())
        shown = sys.stdout.isatty()
        return lambda post, matched: click.echo(columns.row(post, matched, shown=shown))
    if as_json:
        return lambda post, matched: click.echo(_json(post, matched if names else None))
    color, wraps = takes_colors(sys.stdout), sys.stdout.isatty()
    marks = {name: click.style(f"[{printable(name)}]", fg=hue) for name, hue in zip(names, cycle(HUES))}

    def show(post: Post | Status | Activity, matched: Sequence[str]) -> None:
        time, author, text = parts(post)
        line = " ".join([*map(marks.__getitem__, matched), click.style(author, fg="cyan", bold=True), text])
        lines = wrapped(line, shutil.get_terminal_size().columns) if wraps else [line]
        lines[0] = f"{click.style(time, dim=True)} {lines[0].removeprefix(' ' * INDENT)}"
        click.echo("\n".join(lines), color=color)

    return show


def _json(post: Post | Status | Activity, matched: Sequence[str] | None) -> str:
    """Return the JSON of *post* as received, with one more key unless *matched* is None."""
    text = printable_json(post.raw)
    if matched is None:
        return text
    return f'{text.removesuffix("}")},"{MATCHED_KEY}":{json.dumps(matched)}}}'


def parts(post: Post | Status | Activity) -> tuple[str, str, str]:
    """Return local time, @author and text of a post, each safe for a terminal; of an activity its type."""
    if isinstance(post, Activity):
        return _clock(_time(post)), printable(post.event_type).replace(" ", ""), printable(_said(post))
    if isinstance(post, Post):
        author = post.author.username if post.author else post.author_id
    else:
        author = post.user.screen_name
    text = unescape(post.full_text)
    return _clock(post.created_at), "@" + printable(author or "?").replace(" ", ""), printable(text)


def _time(activity: Activity) -> datetime:
    """Return when it happened, as far as that is told; else the time at which it came."""
    at = getattr(activity.payload, "created_at", None)
    return at if isinstance(at, datetime) else datetime.now(UTC)


def _said(activity: Activity) -> str:
    """Return what happened, in a line."""
    found = activity.post or activity.like or activity.payload
    match found:
        case Post():
            author = found.author.username if found.author else found.author_id
            return f"@{author}: {unescape(found.full_text)}"
        case Like():
            post = found.post
            about = "" if post is None else f": {unescape(post.full_text)}"
            return f"{found.liked_tweet_id} by {_name(found.post_author) or found.tweet_author_id}{about}"
        case PostRef():
            return f"{found.id} by {found.author_id}"
        case Relation():
            return f"{_name(found.source)} → {_name(found.target)}"
        case ProfileUpdate():
            return f"{found.before} → {found.after}"
        case DirectMessages():
            between = f"{_name(found.sender)} → {_name(found.recipient)}"
            return f"{between}: {unescape(found.text)}" if found.text else between
        case ChatEvent():
            return f"encrypted, in {found.conversation_id}"
        case Broadcast():
            return f"{_name(found.user)} {found.broadcast_id}"
        case News():
            return found.title or ""
        case AccessRevoked():
            return f"user {found.user_id}"
    return json.dumps(found, ensure_ascii=False)


def _name(user: v2.User | None) -> str:
    return "?" if user is None else f"@{user.username}" if user.username else user.id


def _clock(time: datetime | None) -> str:
    try:
        return "--:--:--" if time is None else f"{time.astimezone():%H:%M:%S}"
    except (OverflowError, OSError, ValueError):  # a year out of this platform's range
        return "--:--:--"


def wrapped(text: str, columns: int) -> list[str]:
    """Return *text* in lines of at most *columns*, indented, with room for the time in the first."""
    columns = max(columns, NARROWEST)
    return wcwidth.wrap(
        text,
        columns,
        initial_indent=" " * INDENT,
        subsequent_indent=" " * (INDENT if columns >= NARROW else 2),
        break_on_hyphens=False,  # addresses have hyphens
    )
