"""The examples with windows run on a virtual screen, are photographed, and close cleanly."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from tests.browsing import PICTURES
from tests.conftest import DISPLAY_REQUIRED
from tests.gui.examples import CAMERA, WINDOWS, shown
from tests.screen import XVFB
from tests.test_examples import ASKED

pytestmark = pytest.mark.skipif(
    not (XVFB and CAMERA) and DISPLAY_REQUIRED not in os.environ,
    reason="no Xvfb, or no import of ImageMagick",
)


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_that_lives(name: str, tmp_path: Path) -> None:
    """With one flag and no credentials it fills with posts, and goes on; Ctrl-C ends it without a word."""
    with shown(name, "--emulator") as window:
        before = window.filled(0.25, tmp_path)
        while window.filled(0.25, tmp_path) == before:
            pass
        if PICTURES:
            window.photograph(Path(PICTURES, f"{name}.png"))
        window.process.send_signal(signal.SIGINT)
        assert window.process.communicate(timeout=30) == ("", ASKED)
        assert window.process.returncode == 0


USER = """
import faulthandler, re, runpy, sys
faulthandler.dump_traceback_later(90, exit=True)
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

def newest(window, wanted):
    rows = window.posts.rows[:5]
    return len(rows) == 5 and all(re.search(wanted, row[3], re.I) for row in rows)

def steps(window):
    while not newest(window, "coffee|tea|music"):
        yield
    window.filter.setText("chess lang:en")
    while not newest(window, "chess"):
        yield
    window.pause.click()
    before = window.posts.rows[0]
    while len(window.held) < 5:
        yield
    assert window.posts.rows[0] == before
    window.pause.click()
    assert window.posts.rows[0] != before
    window.filter.setText("has:imagse")
    while "imagse" not in window.state.text():
        yield
    window.filter.setText("music")
    while window.state.text() != "live" or not newest(window, "music"):
        yield
    print("break it", flush=True)
    while not re.match(r"again in \\d\\.\\d s: HTTP 503", window.state.text()):
        yield
    while window.state.text() != "live":
        yield
    assert len(window.posts.rows) <= 500
    print("as wanted", flush=True)
    window.close()

def run(application):
    [window] = [each for each in QApplication.topLevelWidgets() if hasattr(each, "posts")]
    going = steps(window)
    timer = QTimer()
    timer.timeout.connect(lambda: next(going, None))
    timer.start(20)
    return executed()

executed, QApplication.exec = QApplication.exec, run
sys.path.insert(0, "examples")
runpy.run_path("examples/qt_dashboard.py", run_name="__main__")
"""
"""A program that opens the dashboard, filters, pauses, waits for a failure to pass, and closes it."""


def test_the_dashboard_is_used() -> None:
    """The filter changes while it runs; a pause holds posts back; a failure and the wait are told."""
    with (
        Emulator(rate=40) as server,
        shown("qt_dashboard", "-c", USER, environment=server.env()) as window,
    ):
        assert window.process.stdout is not None
        assert window.process.stdout.readline() == "break it\n"
        server.answer(503)
        server.cut_streams()
        assert window.process.communicate(timeout=90) == ("as wanted\n", "")
        assert window.process.returncode == 0
