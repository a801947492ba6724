"""The errand "add a kind of fault": its class, under `kind`, is all there is to write.

The file to touch is rxtweets/emulator/faults/actions.py; this one stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from rxtweets.emulator import Emulator
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.faults.actions import KINDS, StreamAction, kind
from rxtweets.emulator.streams.stream import OpenStream
from tests.emulator.clients import SAMPLE, RawStream, raw_get


class BlankLines(StreamAction, frozen=True, tag="blank_lines"):
    """Send so many blank lines at once."""

    count: int = 3

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count must be at least 1 line, got {self.count}")

    def act(self, stream: OpenStream, services: Services) -> None:
        stream.send_raw(b"\r\n" * self.count)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator that knows one kind more."""
    kind(BlankLines)
    with Emulator(rate=0) as emulator:
        yield emulator
    del KINDS["blank_lines"]


@pytest.fixture
def stream(emulator: Emulator) -> Iterator[RawStream]:
    with raw_get(emulator, SAMPLE) as stream:
        yield stream


def test_it_is_there_in_python(emulator: Emulator, stream: RawStream) -> None:
    """`do` performs it and returns the number of streams."""
    reached: int = emulator.do(BlankLines(2, path=SAMPLE))
    assert reached == 1
    assert stream.chunk() == b"\r\n" * 2


def test_it_is_there_over_http(emulator: Emulator, stream: RawStream) -> None:
    """``POST /emulator/do`` takes it, and checks it."""
    url = f"{emulator.base_url}/emulator/do"
    done = requests.post(url, json={"do": "blank_lines"}, timeout=5)
    assert done.json() == {"done": [1]}
    assert stream.chunk() == b"\r\n" * 3
    wrong = requests.post(url, json={"do": "blank_lines", "count": 0}, timeout=5)
    assert wrong.json()["error"] == "blank_lines: count must be at least 1 line, got 0"
    unknown = requests.post(url, json={"do": "none"}, timeout=5)
    assert unknown.json()["error"].endswith("blank_lines")


def test_it_is_there_in_scenario_files(emulator: Emulator, stream: RawStream, tmp_path: Path) -> None:
    """A step's `do` names it."""
    file = tmp_path / "scenario.toml"
    file.write_text('[[step]]\ndo = "blank_lines"\ncount = 1\n', encoding="utf-8")
    emulator.play(file).wait(5)
    assert stream.chunk() == b"\r\n"


def test_it_is_there_on_the_console(emulator: Emulator) -> None:
    """The new fault has a form on the console, with its docstring, field and default."""
    page = requests.get(emulator.base_url, timeout=5).text
    assert '<form data-do="blank_lines" data-narrows' in page
    assert "Send so many blank lines at once." in page
    assert 'id="blank_lines-count"' in page


def test_one_that_does_nothing_is_refused(emulator: Emulator, stream: RawStream) -> None:
    """A kind without its method fails when it is done, and for type checkers before."""

    class Incomplete(StreamAction, frozen=True, tag="incomplete"):
        """Do what was never written."""

    with pytest.raises(NotImplementedError):
        emulator.do(Incomplete())  # type: ignore[abstract]
