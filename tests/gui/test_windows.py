"""Real windows on a virtual screen, each in a process of its own: the flow, the ends, and the way back."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rxtweets.emulator import Emulator
from tests.conftest import DISPLAY_REQUIRED
from tests.forked import PIPE, Program
from tests.screen import XVFB

from .toolkits import ROOT, TOOLKITS, interpreter

TRACEBACK = "Traceback (most recent call last):"

REPORTS = {"tk": "Exception in Tkinter callback"}
"""The first line of the report of an exception, by toolkit; of the others it is Python's own."""

LATER = {"wx"}
"""The toolkits that close a window later, once they have nothing else to do."""

pytestmark = [
    pytest.mark.parametrize("toolkit", [*TOOLKITS]),
    pytest.mark.skipif(not XVFB and DISPLAY_REQUIRED not in os.environ, reason="no Xvfb"),
]

IMPORTED = {
    "tk": ["rxtweets.gui.tk"],
    "pyside6": ["rxtweets.gui.qt", "PySide6.QtWidgets"],
    "pyqt6": ["rxtweets.gui.qt", "PyQt6.QtWidgets"],
    "gtk": [],  # imported, it looks for a display
    "wx": ["rxtweets.gui.wx"],
}
"""The modules that are imported once for all scenarios, by toolkit."""

Start = Callable[..., Program]


@pytest.fixture
def start(display: str) -> Iterator[Start]:
    """Start a scenario on the display, with a server whose sample has 300 posts a second."""
    running: list[Program] = []

    def start(toolkit: str, scenario: str, *words: str, **told: str) -> Program:
        command, environment = interpreter(toolkit)
        process = Program(
            ["-m", "tests.gui.scenarios", toolkit, scenario, *words],
            python=command,
            imported=["rxtweets", *IMPORTED[toolkit]],
            cwd=ROOT,
            env={**os.environ, **environment, **server.env(), **told, "DISPLAY": display},
            stdout=PIPE,
            stderr=PIPE,
        )
        running.append(process)
        return process

    with Emulator(rate=300) as server:
        yield start
        for process in running:
            process.kill()
            process.communicate()


def said(process: Program, stderr: str = "") -> dict[str, Any]:
    """Wait for a program's end, and return the facts that it told."""
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, stderr)
    facts: dict[str, Any] = json.loads(output.splitlines()[-1])
    return facts


def test_all_is_shown(start: Start, toolkit: str) -> None:
    """2,000 items a second arrive on the window's thread, in order and all, while the window is redrawn."""
    facts = said(start(toolkit, "flow"))
    assert facts.pop("redraws") >= 10
    assert facts == {"all": True, "here": [True], "left": []}


def test_batches(start: Start, toolkit: str) -> None:
    """In batches likewise, of which none is empty or has more than 100."""
    facts = said(start(toolkit, "batches"))
    assert facts.pop("redraws") >= 10
    assert 1 <= facts.pop("shortest") <= facts.pop("longest") <= 100
    assert facts == {"all": True, "here": [True], "left": []}


def test_drops(start: Start, toolkit: str) -> None:
    """A subscriber that is too slow hears of all that it missed, and the window is redrawn all the same."""
    facts = said(start(toolkit, "drops"))
    assert facts["sum"] == facts["total"]
    assert facts["dropped"] > 0
    assert facts["redraws"] >= 10


@pytest.mark.soak
@pytest.mark.parametrize("scenario", ["flow", "batches", "drops"])
def test_ten_seconds(start: Start, toolkit: str, scenario: str) -> None:
    """2,000 items a second for 10 s are all delivered or told as dropped."""
    facts = said(start(toolkit, scenario, SECONDS="10"))
    assert facts.get("all") or facts["sum"] == facts["total"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc")
def test_nothing_runs_while_nothing_comes(start: Start, toolkit: str) -> None:
    """In a second without items the window's thread is woken less often than polling would."""
    facts = said(start(toolkit, "idle"))
    assert facts["switches"] < 10
    assert facts["got"] == [1, 2]


def test_a_modal_dialog(start: Start, toolkit: str) -> None:
    """A subscriber that opens a modal dialog isn't called while it is open, and gets all afterwards."""
    assert said(start(toolkit, "modal")) == {"all": True, "inside": False}


@pytest.mark.parametrize("scenario", ["close", "close_inside", "destroy", "quit_loop", "elsewhere"])
def test_an_end_under_full_flow(start: Start, toolkit: str, scenario: str) -> None:
    """Each end disposes the source, leaves no thread and no socket, and calls no `on_error`."""
    facts = said(start(toolkit, scenario))
    assert (facts["disposed"], facts["left"], facts.get("before", [])) == (True, [], [])
    assert (facts["errors"], facts["ends"]) == (0, 0)
    assert facts.get("took", 0.0) < 0.5
    if scenario == "elsewhere" or (scenario == "close_inside" and toolkit not in LATER):
        assert facts["late"] <= 0


def test_the_end_of_the_program_under_full_flow(start: Start, toolkit: str) -> None:
    """A program that ends without disposing ends at once, and says nothing."""
    assert said(start(toolkit, "leave")) == {"ran": True}


def test_an_exception_of_the_subscriber(start: Start, toolkit: str) -> None:
    """It disposes, and is reported once, by the toolkit, and not to `on_error`; the loop goes on."""
    process = start(toolkit, "failing")
    output, errors = process.communicate(timeout=60)
    facts = json.loads(output)
    assert errors.startswith(REPORTS.get(toolkit, TRACEBACK))
    assert errors.count("LookupError: ours\n") == 1
    assert (facts["disposed"], facts["before"], facts["left"]) == (True, [], [])
    assert (facts["errors"], facts["ends"], facts["late"]) == (0, 0, 0)


def test_ends(start: Start, toolkit: str) -> None:
    """An error and a completion are told on the window's thread, after all that came before."""
    error, completed = [True, "LookupError('its own')"], [True, "completed"]
    assert said(start(toolkit, "ends")) == {"said": [0, 1, 2, error, *range(10), completed], "left": []}


def test_a_window_that_is_gone(start: Start, toolkit: str) -> None:
    """To subscribe for it is an error that says so."""
    facts = said(start(toolkit, "gone"))
    assert facts["left"] == []
    [error] = facts["errors"]
    assert "has been closed" in error


@pytest.mark.parametrize("when", ["quiet", "busy"])
def test_ctrl_c(start: Start, toolkit: str, when: str) -> None:
    """Ctrl-C ends the loop, also one that has nothing to do."""
    process = start(toolkit, "ctrl_c", when)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"ready": True}
    process.send_signal(signal.SIGINT)
    assert said(process) == {"left": [], "disposed": when == "busy"}


def test_the_way_back(start: Start, toolkit: str) -> None:
    """The typed text is an Observable that chooses, with `switch_latest`, what is shown."""
    facts = said(start(toolkit, "search"))
    assert facts == {"words": ["a", "ab"], "shown": ["a", "ab"], "in_order": True}
