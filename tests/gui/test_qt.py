"""Qt's own: windows that refuse to close, signals, loops that run again, and mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from .toolkits import ROOT, interpreter

Run = Callable[..., Any]


@pytest.fixture(params=["PySide6", "PyQt6"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a program with a binding, without a screen, and return what it tells."""
    binding: str = request.param
    command, environment = interpreter(binding.lower())

    def run(program: str, stderr: str = "") -> Any:
        done = subprocess.run(
            [*command, "-m", "tests.gui.qt_programs", binding, program],
            cwd=ROOT,
            env={**os.environ, **environment, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert done.stderr.strip().endswith(stderr)
        assert (bool(done.stderr), done.returncode) == (bool(stderr), 0), done.stderr
        return json.loads(done.stdout)

    return run


def test_a_close_that_is_refused(run: Run) -> None:
    """The stream goes on, also when the window is hidden later, and ends whenever it does close."""
    assert run("refused") == {"got": [1, 2], "hidden": 1, "closed": 0, "again": 0}


def test_signals(run: Run) -> None:
    """Its arguments are the items; an exception disposes, and is reported; an object may go away first."""
    assert run("back", stderr="LookupError: 6") == {"got": [[3, 9], 3, None]}


def test_exit_of_a_subscriber(run: Run) -> None:
    """It ends the loop with its code, and another may run."""
    assert run("leave") == {"codes": [3, 4]}


def test_ctrl_c(run: Run) -> None:
    """It ends the loop with the exit code that shells give it, and elsewhere it is what it always is."""
    assert run("interrupted") == {"code": 130, "later": "KeyboardInterrupt"}


def test_mistakes(run: Run) -> None:
    """Each is told with what would be right."""
    parent, signal, thread = run("wrong")["errors"]
    assert "parent must be a widget" in parent
    assert "button.clicked, not 4" in signal
    assert "call this on the thread" in thread
    assert "create a QApplication first" in run("early")["error"]


def test_without_a_binding() -> None:
    """The error names the extra that brings one."""
    program = (
        "import sys; sys.modules.update({'PySide6.QtCore': None, 'PyQt6.QtCore': None})\n"
        "from rxtweets.gui import qt\nqt.observe_on()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert done.stderr.endswith(
        "ImportError: neither PySide6 nor PyQt6 is installed: pip install 'rxtweets[gui-qt]'\n"
    )
