"""The command's notices on stderr: the state of the connection, and messages that aren't posts."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import reactivex
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

from rxtweets import operators as tw
from rxtweets.cli.notices import LONGEST_NOTICE, PLAIN_EVERY, Notices
from rxtweets.emulator import Emulator
from rxtweets.errors import HTTPStatusError, StreamDisconnected
from rxtweets.messages import (
    Connected,
    Connecting,
    Disconnected,
    KeepAlive,
    Lifecycle,
    Message,
    Post,
    Reconnecting,
    decode,
)

from .command import Command, running

NOT_FOUND = {
    "title": "Not Found Error",
    "detail": "Could not find tweet with referenced_tweets.id: [7].",
    "type": "https://api.twitter.com/2/problems/resource-not-found",
}


def message(value: object) -> Message:
    return decode(json.dumps(value).encode())


def told(capsys: pytest.CaptureFixture[str], *items: Message | Lifecycle) -> list[str]:
    """The lines that *items* make."""
    with Notices("here") as notices:
        reactivex.of(*items).pipe(tw.route(notices.routes)).subscribe()
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (
            message({"errors": [NOT_FOUND]}),
            "# the server reports a problem: Not Found Error: Could not find tweet with "
            "referenced_tweets.id: [7].",
        ),
        (
            message({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}),
            "# the server reports a problem: Rate limit exceeded",
        ),
        (message({"limit": {"track": 1234}}), "# more posts match than X may send: 1,234 withheld so far"),
        (
            message({"warning": {"code": "FALLING_BEHIND", "message": "Be quick.", "percent_full": 60}}),
            "# the server warns: Be quick.",
        ),
        (message({"new_kind": {"a": 1}}), '# a message of an unknown kind: {"new_kind": {"a": 1}}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_a_post(capsys: pytest.CaptureFixture[str], item: Message, line: str) -> None:
    """A line says what came."""
    assert told(capsys, item) == [line]


def test_what_is_not_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A line has the beginning of it, in which nothing drives the terminal."""
    (line,) = told(capsys, decode(b"{\x1b]0;owned\x07\xe2\x80\xae nonsense"))
    assert line.startswith("# a message is not JSON (")
    assert line.endswith(r"): {\x1b]0;owned\x07 nonsense")


def test_posts_that_come_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    """A partial error beside a post is a line, too."""
    post = message({"data": {"id": "1", "text": "x"}, "errors": [NOT_FOUND]})
    assert isinstance(post, Post)
    Notices("here").partial_errors(post)
    assert capsys.readouterr().err == (
        "# an incomplete post: Not Found Error: Could not find tweet with referenced_tweets.id: [7].\n"
    )


def test_no_flood(capsys: pytest.CaptureFixture[str]) -> None:
    """Of many of a kind the first is shown, the 10th, the 100th and so on, with their number."""
    lines = told(capsys, *(message({"limit": {"track": number}}) for number in range(1, 2001)))
    assert lines == [
        "# more posts match than X may send: 1 withheld so far",
        "# more posts match than X may send: 10 withheld so far (10 such messages so far)",
        "# more posts match than X may send: 100 withheld so far (100 such messages so far)",
        "# more posts match than X may send: 1,000 withheld so far (1,000 such messages so far)",
    ]


def test_no_endless_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A line is short, however much the server says."""
    (line,) = told(capsys, message({"warning": {"message": "very " * 100_000}}))
    assert len(line) == LONGEST_NOTICE
    assert line.endswith("…")


def test_the_life_of_a_connection(capsys: pytest.CaptureFixture[str]) -> None:
    """In a file, a line says that the stream is connected, or when it reconnects and why."""
    cause = StreamDisconnected("the server closed the stream")
    assert told(
        capsys,
        Connecting(),
        Connected(200, {}),
        KeepAlive(),
        message({"disconnect": {"code": 4, "reason": "too slow"}}),
        Disconnected(cause),
        Reconnecting(0, 1, cause),
        Connecting(),
        Reconnecting(12.345, 2, HTTPStatusError.of(503)),
    ) == [
        "# connected to here",
        "# reconnecting because the server closed the stream",
        "# reconnecting in 12.3 s because HTTP 503 Service Unavailable",
    ]


def test_a_goodbye_is_told_once() -> None:
    """The server's reason for ending the stream is the reason shown for the reconnect."""
    with Emulator(rate=0) as emulator, running("sample", "--api", "v1", env=emulator.env()) as command:
        assert "connected" in command.notice()
        emulator.disconnect_streams(code=12)
        assert re.fullmatch(r"# reconnecting because .+ \(code 12\)\n", command.notice())
        assert "connected" in command.notice()
        assert command.end(signal.SIGINT).err == ""


class Terminal:
    """A terminal that shows what is written to stderr."""

    def __init__(self, ours: int) -> None:
        self._ours = ours
        self._lines = [""]

    def lines(self) -> list[str]:
        """Return the lines that the terminal shows."""
        print(end="\0", file=sys.stderr, flush=True)  # by which the end is known
        text = b""
        while not text.endswith(b"\0"):
            text += os.read(self._ours, 65536)
        assert b"\x1b" not in text
        for character in text[:-1].decode():
            if character == "\n":
                self._lines.append("")
                self._column = 0
            elif character == "\r":
                self._column = 0
            else:
                line = self._lines[-1]
                self._lines[-1] = line[: self._column] + character + line[self._column + 1 :]
                self._column += 1
        return [line.rstrip() for line in self._lines]

    _column = 0


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Terminal]]:
    """Makes stderr a terminal of so many columns, without colours."""
    opened = ExitStack()

    def made(columns: int) -> Terminal:
        ours, its = os.openpty()
        termios.tcsetwinsize(its, (24, columns))
        stream = opened.enter_context(os.fdopen(its, "w", encoding="utf-8"))
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
        opened.callback(os.close, ours)
        return Terminal(ours)

    with opened:
        yield made
        monkeypatch.undo()


def test_a_terminal_shows_the_state(terminal: Callable[[int], Terminal]) -> None:
    """A terminal's last line says that the command connects, and counts down the seconds until it will."""
    screen = terminal(60)
    time = VirtualTimeScheduler()
    cause = HTTPStatusError.of(503)
    with Notices("here", time) as notices:
        tell = notices.routes
        tell[Connecting](Connecting())
        assert screen.lines() == ["# connecting to here…"]
        tell[Connected](Connected(200, {}))
        assert screen.lines() == ["# connected to here", ""]
        tell[Reconnecting](Reconnecting(11.6, 1, cause))
        time.advance_to(0.5)
        lost = "# reconnecting in 11.6 s because HTTP 503 Service Unavailable"
        assert screen.lines() == ["# connected to here", lost, "# reconnecting in 12 s"]
        time.advance_to(3.5)
        assert screen.lines()[-1] == "# reconnecting in 9 s"
        time.advance_to(100.0)
        assert screen.lines()[-1] == "# reconnecting in 0 s"
        tell[Connecting](Connecting())
        time.advance_to(200.0)
        assert screen.lines()[2:] == ["# connecting to here…"]
        tell[Connected](Connected(200, {}))
        assert screen.lines()[2:] == ["# connected to here", ""]


def test_nothing_is_left_on_the_terminal(terminal: Callable[[int], Terminal]) -> None:
    """When the command ends, so does the line that changes."""
    screen = terminal(60)
    with Notices("here") as notices:
        notices.routes[Connecting](Connecting())
        assert screen.lines() == ["# connecting to here…"]
    assert screen.lines() == [""]


def test_the_line_that_changes_is_one_line(terminal: Callable[[int], Terminal]) -> None:
    """On a narrow terminal it is cut, for what is wrapped could not be replaced."""
    screen = terminal(12)
    with Notices("here") as notices:
        notices.routes[Connecting](Connecting())
        assert screen.lines() == ["# connectin"]


def posts(count: int, start: int = 1) -> list[Message]:
    return [message({"data": {"id": str(number), "text": "x"}}) for number in range(start, start + count)]


def test_figures_on_a_terminal(terminal: Callable[[int], Terminal], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line always stands there, with rate, lag, losses and state; it ends with the totals."""
    screen = terminal(80)
    monkeypatch.setattr(sys, "stdout", sys.stderr)
    time = VirtualTimeScheduler()
    source: Subject[Message | Lifecycle] = Subject()
    with Notices("here", time) as notices:
        with notices.measuring(source) as stream, stream.pipe(tw.route(notices.routes)).subscribe():
            source.on_next(Connecting())
            assert screen.lines() == ["# -/s, connecting to here…"]
            source.on_next(Connected(200, {}))
            for item in posts(30):
                source.on_next(item)
            source.on_next(message({"limit": {"track": 7}}))
            time.advance_by(1.0)
            said = ["# connected to here", "# more posts match than X may send: 7 withheld so far"]
            assert screen.lines()[:2] == said
            assert re.fullmatch(r"# 31\.0/s, lag [\d.-]+ s, 7 lost, connected", screen.lines()[2])
            with notices.aside():
                print("a post", file=sys.stderr)
            assert screen.lines()[2] == "a post"
            source.on_next(Reconnecting(4.0, 1, HTTPStatusError.of(503)))
            time.advance_by(2.5)
            assert screen.lines()[-1].endswith("7 lost, reconnecting in 2 s")
        total = screen.lines()[-2]
    assert total.startswith("# 31 messages in 3.5 s: 8.9/s, 0.3 kB/s, 7 lost, 1 reconnect,")


def test_figures_beside_a_reader_that_stands_still(terminal: Callable[[int], Terminal]) -> None:
    """While a post waits for whoever reads stdout, the figures go on, and the command can end."""
    screen = terminal(80)
    time = VirtualTimeScheduler()
    source: Subject[Message | Lifecycle] = Subject()
    with Notices("here", time) as notices, notices.measuring(source) as stream, stream.subscribe():
        for item in posts(5):
            source.on_next(item)
        with notices.aside():
            time.advance_by(1.0)
            assert screen.lines()[-1].startswith("# 5.0/s, ")
            notices.say("over")
            assert screen.lines()[-2] == "# over"


def test_figures_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere they are a line every ten seconds, and the totals at the end."""
    time = VirtualTimeScheduler()
    source: Subject[Message | Lifecycle] = Subject()
    with Notices("here", time) as notices:
        with notices.measuring(source) as stream, stream.pipe(tw.route(notices.routes)).subscribe():
            source.on_next(Connected(200, {}))
            for item in posts(30):
                source.on_next(item)
            time.advance_by(2 * PLAIN_EVERY)
        lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "# connected to here"
    assert [re.sub(r"lag [\d.-]+( s)?", "lag", line) for line in lines[1:]] == [
        "# 3.0/s, lag, 0 lost, connected",
        "# 0.0/s, lag, 0 lost, connected",
        "# 30 messages in 20.0 s: 1.5/s, 0.1 kB/s, 0 lost, 0 reconnects, 0.0 s without a connection",
    ]


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_data_are_the_same_with_figures(rxtweets: Command, api: str) -> None:
    """--stats writes to stderr only."""
    ended = rxtweets("sample", "--emulator", "--api", api, "--json", "--limit", "3", "--stats")
    assert (ended.status, len([json.loads(line) for line in ended.out.splitlines()])) == (0, 3)
    assert re.fullmatch(r"# connected .*\n# [3-9] messages in .*\n", ended.err)
