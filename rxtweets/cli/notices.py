"""The state of the stream as lines on stderr: its connection, its figures, messages that aren't posts."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import click
import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.subject import Subject

from rxtweets import operators as tw
from rxtweets._printable import printable
from rxtweets.errors import FilterLimit
from rxtweets.messages import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    Connecting,
    ConnectionMetadata,
    Gap,
    Leading,
    Lifecycle,
    Limit,
    Post,
    Problem,
    Reconnecting,
    Recovered,
    Redelivered,
    StandingBy,
    StreamProblem,
    StreamWarning,
    Undecodable,
    Unknown,
)
from rxtweets.operators.snapshots import Lag, Meter
from rxtweets.rules import RulesRefused

from .rule_files import plural
from .stdio import is_terminal, takes_colors

_log = logging.getLogger("rxtweets")

LONGEST_NOTICE = 300
"""Characters of a line on stderr, since a server may send text without end."""

CONNECTED = "connected"
"""The state in which nothing is shown without figures."""

LIVE_EVERY = 1.0
"""Seconds from one view of the figures to the next on a terminal."""

PLAIN_EVERY = 10.0
"""Seconds from one line with figures to the next elsewhere, and over which the lag is taken."""


class Figures:
    """The figures of a stream, as words.

    Attributes:
        meter: the last one.
        withheld: how many messages v1.1 says that it has withheld.
        going: whether the stream goes on.
    """

    def __init__(self) -> None:
        self.meter: Meter | None = None
        self.withheld = 0
        self.going = True
        self._lag: Lag | None = None

    def set_lag(self, lag: Lag) -> None:
        self._lag = lag

    def __str__(self) -> str:
        if self.meter is None:
            return "-/s"
        lag = "-" if self._lag is None or self._lag.p50 is None else f"{self._lag.p50:.1f} s"
        return f"{self.meter.last.messages_per_second:,.1f}/s, lag {lag}, {self._lost} lost"

    def total(self) -> str:
        """Return the figures of the whole stream."""
        if self.meter is None:
            return "no messages"
        whole = self.meter.total
        return (
            f"{plural(whole.messages, 'message')} in {whole.seconds:,.1f} s:"
            f" {whole.messages_per_second:,.1f}/s, {whole.bytes_per_second / 1000:,.1f} kB/s,"
            f" {self._lost} lost, {plural(whole.reconnects, 'reconnect')},"
            f" {whole.gap:,.1f} s without a connection"
        )

    @property
    def _lost(self) -> str:
        dropped = 0 if self.meter is None else self.meter.total.dropped
        return f"{dropped + self.withheld:,}"


class Notices:
    """Reports on the stream as dim lines on stderr: its connection, and messages that aren't posts.

    On a terminal the last line shows that the stream is connecting, or counts down the seconds until it will.
    As a context manager it also shows the warnings of the logger `rxtweets`, and erases that line in the
    end. With `measuring` it always stands, with figures before the state; elsewhere than on a terminal they
    are a line every `PLAIN_EVERY` seconds.
    """

    def __init__(self, where: str, scheduler: abc.SchedulerBase | None = None) -> None:
        self._where = where
        self._scheduler = scheduler
        self._color = takes_colors(sys.stderr)
        self._live = is_terminal(sys.stderr)
        self._lock = threading.Lock()
        self._status = ""  # the line as it stands
        self._state = ""
        self._figures: Figures | None = None
        self._countdown: abc.DisposableBase = Disposable()
        self._told: Counter[str] = Counter()
        self._warnings = _Warnings(self.say)

    @property
    def routes(self) -> dict[type, Callable[[Any], None]]:
        """The handlers, for `tw.route`, of everything that isn't printed on stdout."""
        return {
            Connecting: self._connecting,
            Connected: self._connected,
            RulesRefused: lambda error: self.say(f"X refuses {error}"),
            FilterLimit: lambda error: self.say(str(error)),
            Reconnecting: self._reconnecting,
            Redelivered: lambda event: self._repeated(
                "again", f"a message is redelivered, attempt {event.attempt}"
            ),
            BudgetWarning: lambda event: self.say(str(event)),
            BudgetPaused: self._paused,
            Leading: lambda event: self.say(f"this is the {event.lease} now, in term {event.term}"),
            StandingBy: self._standing_by,
            Recovered: self._recovered,
            Gap: lambda event: self.say(f"gap {_span(event)}: {event.reason}"),
            Lifecycle: lambda event: None,
            ConnectionMetadata: lambda event: self.say(f"data centre: {event.datacenter}"),
            Limit: self._limit,
            StreamWarning: self._warning,
            StreamProblem: self._problem,
            Undecodable: self._undecodable,
            Unknown: self._unknown,
        }

    def partial_errors(self, post: Post) -> None:
        """Report the parts of a post that X could not send."""
        for problem in post.errors:
            self._repeated("partial", f"an incomplete post: {_summary(problem)}")

    def say(self, text: str) -> None:
        """Write one line."""
        with self._lock:
            self._write(text, ends=True)
            self._refresh()

    @contextmanager
    def measuring(self, stream: Observable[Any]) -> Iterator[Observable[Any]]:
        """Show the figures of *stream*, which is to be subscribed to as given here; at the end the totals."""
        every = LIVE_EVERY if self._live else PLAIN_EVERY
        figures = self._figures = Figures()
        items: Subject[Any] = Subject()

        def show(meter: Meter) -> None:
            with self._lock:
                figures.meter = meter
                if self._live:
                    self._refresh()
                elif figures.going:
                    self._write(f"{figures}, {self._state or 'starting'}", ends=True)

        # Two timers: the lag that is shown with a meter may be that of the tick before.
        lags = items.pipe(tw.lag(PLAIN_EVERY, every, scheduler=self._scheduler))
        meters = items.pipe(tw.meter(every, scheduler=self._scheduler))
        with lags.subscribe(figures.set_lag), meters.subscribe(show):
            try:
                yield stream.pipe(ops.do_action(items.on_next))
            finally:
                figures.going = False
                items.on_completed()
        self._figures = None
        self.say(figures.total())

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Make room for a line on stdout, if that is a terminal, too, and so the same one.

        Elsewhere nothing waits for whoever reads it: Ctrl-C has to get past a reader that stands still.
        """
        if self._figures is None or not self._live or not sys.stdout.isatty():
            yield
            return
        with self._lock:
            self._erase()
            yield
            self._refresh()

    def __enter__(self) -> Self:
        _log.addHandler(self._warnings)
        return self

    def __exit__(self, *_: object) -> None:
        _log.removeHandler(self._warnings)
        with self._lock:
            self._countdown.dispose()
            self._erase()

    def _refresh(self) -> None:
        """Show figures and state as the last line, which changes."""
        figures = [] if self._figures is None else [str(self._figures)]
        state = [self._state] if self._state and (figures or self._state != CONNECTED) else []
        if not self._live:
            return
        if figures or state:
            self._write(", ".join(figures + state), ends=False)
        else:
            self._erase()

    def _connecting(self, event: Connecting) -> None:
        with self._lock:
            self._countdown.dispose()
            self._state = f"connecting to {self._where}…"
            self._refresh()

    def _connected(self, event: Connected) -> None:
        self._state = CONNECTED
        self.say(f"connected to {self._where}")

    def _reconnecting(self, event: Reconnecting) -> None:
        when = f" in {event.delay:.3g} s" if event.delay else ""
        self._state = f"reconnecting{when}"
        self.say(f"reconnecting{when} because {event.cause}")
        if not self._live or event.delay < 1:
            return
        seconds = math.ceil(event.delay)
        countdown = SingleAssignmentDisposable()

        def show(tick: int) -> None:
            with self._lock:
                if not countdown.is_disposed:
                    self._state = f"reconnecting in {max(0, seconds - tick)} s"
                    self._refresh()

        with self._lock:
            self._countdown = countdown
        countdown.disposable = reactivex.timer(0, 1.0, scheduler=self._scheduler).subscribe(show)

    def _paused(self, event: BudgetPaused) -> None:
        self._state = f"paused until {event.until:%Y-%m-%d %H:%M} UTC"
        self.say(str(event))

    def _standing_by(self, event: StandingBy) -> None:
        self._state = "standing by"
        why = f"{event.reader} is the {event.lease}" if event.cause is None else str(event.cause)
        self.say(f"standing by: {why}")

    def _recovered(self, event: Recovered) -> None:
        self.say(f"recovered {_span(event)}: {plural(event.posts, 'message')}, by {event.by}")

    def _limit(self, notice: Limit) -> None:
        if self._figures is not None:
            self._figures.withheld = notice.track
        self._repeated("limit", f"more posts match than X may send: {notice.track:,} withheld so far")

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


class _Warnings(logging.Handler):
    """Says warnings."""

    def __init__(self, say: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Say one."""
        self._say(record.getMessage())


def _span(event: Recovered | Gap) -> str:
    return f"from {event.since:%Y-%m-%d %H:%M:%S} to {event.until:%H:%M:%S} UTC"


def _summary(problem: Problem) -> str:
    return ": ".join(part for part in (problem.title or problem.message, problem.detail) if part)


def _start(frame: bytes) -> str:
    """Return the beginning of *frame*, by which to recognize it."""
    text = frame[:80].decode("utf-8", "replace")
    return text if len(frame) <= 80 else text + "…"
