"""The programs of Tweepy 3's streaming how-to, and programs like them, run unchanged."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

import rxtweets.compat
from rxtweets.emulator import Emulator

from .calls import PATIENCE, aside, auth, ended

FOLLOWED = 2211149702

LISTENER = """
import tweepy
from tweepy import Stream, OAuthHandler
from tweepy.streaming import StreamListener

class Printer(StreamListener):

    def on_status(self, status):
        if not hasattr(status, "retweeted_status"):
            print(status.text)

    def on_error(self, status_code):
        errors.put(status_code)
        if status_code == 420:
            return False
"""
SIGNED_IN = """
auth = OAuthHandler(keys.consumer_key, keys.consumer_secret)
auth.set_access_token(keys.access_token, keys.access_token_secret)
myStream = Stream(auth, Printer(), timeout=30, retry_time=0.01)
"""
OURS = {
    "track": "myStream.filter(track=['python'])",
    "follow": f"myStream.filter(follow=['{FOLLOWED}'])",
    "asynchronous": "myStream.filter(track=['python'], is_async=True)",
}


@pytest.fixture(autouse=True)
def _in_place_of_tweepy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", ".streaming", ".auth", ".error", ".models"):
        module = sys.modules["rxtweets.compat" + name]
        monkeypatch.setitem(sys.modules, "tweepy" + name, module)


@pytest.fixture
def blocks() -> list[str]:
    """The code blocks of the how-to."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "reference" / "tweepy-3-streaming-how-to.rst"
        if path.exists():
            return list(code_blocks(path.read_text(encoding="utf-8")))
    pytest.skip("the how-to is not at hand")


def code_blocks(text: str) -> Iterator[str]:
    """Yield the indented block below each line that ends in `::`."""
    block: list[str] | None = None
    for line in [*text.splitlines(), "."]:
        if block is not None and line.strip() and not line.startswith(" "):
            yield textwrap.dedent("\n".join(block)).strip() + "\n"
            block = None
        if block is not None:
            block.append(line)
        elif line.rstrip().endswith("::"):
            block = []


class Program:
    """A program in the making.

    Attributes:
        printed: what it prints, as it does.
        errors: the statuses that its `on_error` was called with.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.printed: Queue[Any] = Queue()
        self.errors: Queue[int] = Queue()
        self.names: dict[str, Any] = {
            "api": rxtweets.compat.API(auth(emulator)),
            "keys": emulator.oauth1,
            "print": self.printed.put,
            "errors": self.errors,
        }

    def run(self, code: str) -> None:
        exec(compile(code, "program", "exec"), self.names)

    @contextlib.contextmanager
    def streaming(self, emulator: Emulator, code: str) -> Iterator[Any]:
        """Run *code*, which blocks or not, until its stream is open; disconnect at the end."""
        with aside(lambda: self.run(code)) as raised:
            emulator.wait_for_streams(1)
            stream = self.names["myStream"]
            yield stream
            stream.disconnect()
        assert raised == []
        if stream._thread is not None:
            ended(stream)
        emulator.wait_for_streams(0)


def check(emulator: Emulator, program: Program, code: str, *, author: int | None = None) -> None:
    """The program prints what it matches, and only that."""
    with program.streaming(emulator, code):
        emulator.publish("nothing to see here", author="somebody")
        emulator.publish("python at last", author=author or "somebody")
        assert program.printed.get(timeout=PATIENCE) == "python at last"
    assert program.printed.empty()


@pytest.mark.parametrize("number", [2, 3, 4])
def test_the_how_tos_programs(emulator: Emulator, blocks: list[str], number: int) -> None:
    """The how-to's three programs print what they match, to the letter as they stand there."""
    listener, make = blocks[:2]
    code = "\n".join([listener, make, blocks[number]])

    check(emulator, Program(emulator), code, author=FOLLOWED)


@pytest.mark.parametrize("number", [2, 4])
def test_the_how_tos_error_handling(emulator: Emulator, blocks: list[str], number: int) -> None:
    """The how-to's class that handles errors stops at a 420 and connects again after a 503."""
    _, make, *_, handling = blocks
    quick = make.replace("listener=myStreamListener", "listener=myStreamListener, retry_time=0.01")
    code = "\n".join(["import tweepy", handling, quick, blocks[number]])
    emulator.answer(503)
    with Program(emulator).streaming(emulator, code):
        pass
    emulator.answer(420)
    program = Program(emulator)
    program.run(code)
    if (thread := program.names["myStream"]._thread) is not None:
        thread.join(PATIENCE)

    assert not program.names["myStream"].running
    assert [request.status for request in emulator.requests] == [503, 200, 420]


@pytest.mark.parametrize("number", [2, 4])
def test_the_how_tos_first_class_stops_at_errors(emulator: Emulator, blocks: list[str], number: int) -> None:
    """The how-to's class without `on_error` stops at any error, without an exception."""
    emulator.answer(503)
    program = Program(emulator)
    program.run("\n".join([*blocks[:2], blocks[number]]))
    if (thread := program.names["myStream"]._thread) is not None:
        thread.join(PATIENCE)

    assert not program.names["myStream"].running
    assert [request.status for request in emulator.requests] == [503]


@pytest.mark.parametrize("code", OURS.values(), ids=OURS)
def test_programs_like_them(emulator: Emulator, code: str) -> None:
    """Programs that import from Tweepy's modules, sign in with their own keys and handle errors run, too."""
    emulator.answer(503)
    program = Program(emulator)

    check(emulator, program, LISTENER + SIGNED_IN + code, author=FOLLOWED)

    assert program.errors.get_nowait() == 503


@pytest.mark.parametrize("code", OURS.values(), ids=OURS)
def test_programs_that_stop(emulator: Emulator, code: str) -> None:
    """Programs whose `on_error` returns False for a 420 end at one."""
    emulator.answer(420)
    program = Program(emulator)

    program.run(LISTENER + SIGNED_IN + code)

    assert program.errors.get(timeout=PATIENCE) == 420
    if (thread := program.names["myStream"]._thread) is not None:
        thread.join(PATIENCE)
    assert not program.names["myStream"].running
    assert len(emulator.requests) == 1


def test_this_module_reads_the_how_to_right() -> None:
    """A block begins after `::`, with or without a blank line, and ends where the indentation does."""
    text = "One.::\n  a = 1\n  if a:\n\n      b = 2\n\nTwo ::\n\n  c = 3\nEnd\n"

    assert list(code_blocks(text)) == ["a = 1\nif a:\n\n    b = 2\n", "c = 3\n"]
