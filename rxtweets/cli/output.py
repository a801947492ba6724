"""Posts and the state of the connection as lines: posts on stdout, all else on stderr."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any, Self, TextIO

import click
import reactivex
import wcwidth
from reactivex import abc
from reactivex.disposable import Disposable, SingleAssignmentDisposable

from rxtweets._printable import printable, printable_json
from rxtweets.errors import FilterLimit
from rxtweets.messages import (
    Connected,
    Connecting,
    Lifecycle,
    Limit,
    Post,
    Problem,
    Reconnecting,
    Status,
    StreamProblem,
    StreamWarning,
    Undecodable,
    Unknown,
    unescape,
)
from rxtweets.rules import RulesRefused

INDENT = 9
"""Columns that a line after a post's first is moved in: the time and a blank."""

LONGEST_NOTICE = 300
"""Characters of a line on stderr, since a server may send text without end."""

HUES = ("green", "yellow", "magenta", "bright_blue", "bright_red")
"""The colours of filters, in turn."""

MATCHED_KEY = "matching_filters"
"""The key of a post's JSON for the names of its filters; neither protocol has it."""

NARROW = 40
"""Columns below which there is no room to indent."""

NARROWEST = 20
"""The fewest columns that lines are wrapped for; on fewer the terminal wraps them once more."""


def printer(as_json: bool, names: Sequence[str] = ()) -> Callable[[Post | Status, Sequence[str]], None]:
    """Return a function that prints a post on stdout at once: its JSON, or a line of time, author and text.

    On a terminal lines are coloured, and wrapped between words; elsewhere a post is one line.

    Args:
        as_json: whether it is JSON.
        names: the names of all filters, in order, if they are to be told apart. The function takes those that
            the post matches, and puts them, each in its colour, before the author; into JSON as one more key.
    """
    if as_json:
        return lambda post, matched: click.echo(_json(post, matched if names else None))
    color, wraps = _colors(sys.stdout), sys.stdout.isatty()
    marks = {name: click.style(f"[{printable(name)}]", fg=hue) for name, hue in zip(names, cycle(HUES))}

    def show(post: Post | Status, matched: Sequence[str]) -> None:
        time, author, text = parts(post)
        line = " ".join([*map(marks.__getitem__, matched), click.style(author, fg="cyan", bold=True), text])
        lines = wrapped(line, shutil.get_terminal_size().columns) if wraps else [line]
        lines[0] = f"{click.style(time, dim=True)} {lines[0].removeprefix(' ' * INDENT)}"
        click.echo("\n".join(lines), color=color)

    return show


def _json(post: Post | Status, matched: Sequence[str] | None) -> str:
    """Return the JSON of *post* as received, with one more key unless *matched* is None."""
    text = printable_json(post.raw)
    if matched is None:
        return text
    return f'{text.removesuffix("}")},"{MATCHED_KEY}":{json.dumps(matched)}}}'


def parts(post: Post | Status) -> tuple[str, str, str]:
    """Return local time, @author and text of a post, each safe for a terminal."""
    if isinstance(post, Post):
        author = post.author.username if post.author else post.author_id
    else:
        author = post.user.screen_name
    text = unescape(post.full_text)
    return _clock(post.created_at), "@" + printable(author or "?").replace(" ", ""), printable(text)


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


class Notices:
    """Reports on the stream as dim lines on stderr: its connection, and messages that aren't posts.

    On a terminal the last line shows that the stream is connecting, or counts down the seconds until it will.
    As a context manager it erases that line in the end.
    """

    def __init__(self, where: str, scheduler: abc.SchedulerBase | None = None) -> None:
        self._where = where
        self._scheduler = scheduler
        self._color = _colors(sys.stderr)
        self._live = _is_terminal(sys.stderr)
        self._lock = threading.Lock()
        self._status = ""
        self._countdown: abc.DisposableBase = Disposable()
        self._told: Counter[str] = Counter()

    @property
    def routes(self) -> dict[type, Callable[[Any], None]]:
        """The handlers, for `tw.route`, of everything that isn't printed on stdout."""
        return {
            Connecting: self._connecting,
            Connected: lambda event: self.say(f"connected to {self._where}"),
            RulesRefused: lambda error: self.say(f"X refuses {error}"),
            FilterLimit: lambda error: self.say(str(error)),
            Reconnecting: self._reconnecting,
            Lifecycle: lambda event: None,
            Limit: self._limit,
            StreamWarning: self._warning,
            StreamProblem: self._problem,
            Undecodable: self._undecodable,
            Unknown: self._unknown,
        }

    def partial_errors(self, post: Post) -> None:
        """Report the parts of a post that X could not send."""
        for problem in post.errors:
            self._repeated("partial", f"a post came incomplete: {_summary(problem)}")

    def say(self, text: str) -> None:
        """Write one line."""
        with self._lock:
            self._write(text, ends=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._countdown.dispose()
            self._erase()

    def _connecting(self, event: Connecting) -> None:
        with self._lock:
            self._countdown.dispose()
            if self._live:
                self._write(f"connecting to {self._where}…", ends=False)

    def _reconnecting(self, event: Reconnecting) -> None:
        when = f" in {event.delay:.3g} s" if event.delay else ""
        self.say(f"reconnecting{when} because {event.cause}")
        if not self._live or event.delay < 1:
            return
        seconds = math.ceil(event.delay)
        countdown = SingleAssignmentDisposable()

        def show(tick: int) -> None:
            with self._lock:
                if not countdown.is_disposed:
                    self._write(f"connecting again in {max(0, seconds - tick)} s", ends=False)

        with self._lock:
            self._countdown = countdown
        countdown.disposable = reactivex.timer(0, 1.0, scheduler=self._scheduler).subscribe(show)

    def _limit(self, notice: Limit) -> None:
        self._repeated("limit", f"more match than may be sent: {notice.track:,} withheld so far")

    def _warning(self, warning: StreamWarning) -> None:
        self._repeated("warning", f"the server warns: {warning.message or warning.code}")

    def _problem(self, message: StreamProblem) -> None:
        if not message.is_disconnect:  # which `Reconnecting`, or the error at the end, reports
            self._repeated("problem", f"the server reports a problem: {_summary(message.problem)}")

    def _undecodable(self, message: Undecodable) -> None:
        self._repeated("undecodable", f"a message is not JSON ({message.error}): {_start(message.raw)}")

    def _unknown(self, message: Unknown) -> None:
        self._repeated("unknown", f"a message of an unknown kind: {_start(message.raw)}")

    def _repeated(self, kind: str, text: str) -> None:
        """Write the first line of a *kind*, the 10th, the 100th and so on: there may be one a post."""
        self._told[kind] += 1
        count = f"{self._told[kind]:,}"
        if count.strip("0,") == "1":
            self.say(text if count == "1" else f"{text} ({count} such messages so far)")

    def _write(self, text: str, *, ends: bool) -> None:
        self._erase()
        line = f"# {printable(text)}"
        if len(line) > LONGEST_NOTICE:
            line = line[: LONGEST_NOTICE - 1] + "…"
        if not ends:
            line = line[: os.get_terminal_size(sys.stderr.fileno()).columns - 1]
            self._status = line
        click.echo(click.style(line, dim=True), err=True, color=self._color, nl=ends)

    def _erase(self) -> None:
        if self._status:
            click.echo("\r" + " " * len(self._status) + "\r", err=True, nl=False)
            self._status = ""


def _summary(problem: Problem) -> str:
    return ": ".join(part for part in (problem.title or problem.message, problem.detail) if part)


def _start(frame: bytes) -> str:
    """Return the beginning of *frame*, by which to recognize it."""
    text = frame[:80].decode("utf-8", "replace")
    return text if len(frame) <= 80 else text + "…"


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _colors(stream: TextIO) -> bool:
    """Return True if *stream* takes colours; see https://no-color.org."""
    return _is_terminal(stream) and not os.environ.get("NO_COLOR")
