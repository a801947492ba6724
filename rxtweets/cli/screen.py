"""Posts and the state of the connection as lines: posts on stdout, all else on stderr."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TextIO

import click
import wcwidth

from rxtweets.messages import (
    Connected,
    Lifecycle,
    Limit,
    Post,
    Reconnecting,
    Status,
    StreamWarning,
    unescape,
)

from .safe import printable, printable_json

INDENT = 9
"""Columns that a line after a post's first is moved in: the time and a blank."""

BROKEN_PIPE = 141
"""What a shell reports of a program that ended because nobody reads its output: 128 + SIGPIPE."""

NARROW = 40
"""Columns below which there is no room to indent."""

NARROWEST = 20
"""The fewest columns that lines are wrapped for; on fewer the terminal wraps them once more."""


def printer(as_json: bool) -> Callable[[Post | Status], None]:
    """What prints a post on stdout, at once: its JSON, or a line of time, author and text.

    On a terminal lines are coloured, and wrapped between words; elsewhere a post is one line.
    """
    if as_json:
        return lambda post: click.echo(printable_json(post.raw))
    color, wraps = _colors(sys.stdout), sys.stdout.isatty()

    def show(post: Post | Status) -> None:
        time, author, text = parts(post)
        lines = [f"{author} {text}"]
        if wraps:
            lines = wrapped(lines[0], shutil.get_terminal_size().columns)
            lines[0] = lines[0][INDENT:]
        first = lines[0].removeprefix(author)
        named = author if first != lines[0] else ""
        lines[0] = f"{click.style(time, dim=True)} {click.style(named, fg='cyan', bold=True)}{first}"
        click.echo("\n".join(lines), color=color)

    return show


def parts(post: Post | Status) -> tuple[str, str, str]:
    """Local time, @author and text of a post, each safe for a terminal."""
    if isinstance(post, Post):
        author = post.author.username if post.author else post.author_id
    else:
        author = post.user.screen_name
    text = unescape(post.full_text)
    return _clock(post.created_at), "@" + printable(author or "?").replace(" ", ""), printable(text)


def _clock(time: datetime | None) -> str:
    try:
        return "--:--:--" if time is None else f"{time.astimezone():%H:%M:%S}"
    except (OverflowError, OSError, ValueError):  # a year that this machine's clock can't tell
        return "--:--:--"


def wrapped(text: str, columns: int) -> list[str]:
    """*text* in lines of at most *columns*, each with its indent, the first with room for the time."""
    columns = max(columns, NARROWEST)
    return wcwidth.wrap(
        text,
        columns,
        initial_indent=" " * INDENT,
        subsequent_indent=" " * (INDENT if columns >= NARROW else 2),
        break_on_hyphens=False,  # addresses have hyphens
    )


@contextlib.contextmanager
def quiet_without_reader() -> Iterator[None]:
    """End the command, and nothing more, where the reader of its output has gone."""
    try:
        yield
    except BrokenPipeError:
        # Else the interpreter complains on its way out, when it flushes what could not be written.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise click.exceptions.Exit(BROKEN_PIPE) from None


class Notices:
    """What happens to the stream, dim, on stderr: handlers for `tw.route`."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._color = _colors(sys.stderr)

    def lifecycle(self, event: Lifecycle) -> None:
        """Say that the stream is connected, or when and why it will be again."""
        if isinstance(event, Connected):
            self.say(f"connected to {self._where}")
        elif isinstance(event, Reconnecting):
            when = f" in {event.delay:.3g} s" if event.delay else ""
            self.say(f"reconnecting{when} because {event.cause}")

    def limit(self, notice: Limit) -> None:
        """Say how many posts did not come."""
        self.say(f"more match than may be sent: {notice.track:,} withheld so far")

    def warning(self, warning: StreamWarning) -> None:
        """Say what the server warns of."""
        self.say(f"the server warns: {warning.message or warning.code}")

    def say(self, text: str) -> None:
        """Write one line."""
        click.echo(click.style(f"# {printable(text)}", dim=True), err=True, color=self._color)


def _colors(stream: TextIO) -> bool:
    """Whether to colour; see https://no-color.org."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
