"""The toolkits that the tests run with, and the interpreters that have them."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import DISPLAY_REQUIRED

ROOT = Path(__file__).parent.parent.parent

TOOLKITS = {
    "tk": "import tkinter",
    "pyside6": "import PySide6.QtWidgets",
    "pyqt6": "import PyQt6.QtWidgets",
    "gtk": "import gi; gi.require_version('Gtk', '4.0'); from gi.repository import Gtk",
    "wx": "import wx",
}
"""Statements by toolkit that fail where it isn't, or lacks a library of the system."""

SYSTEMS = ["/usr/bin/python3", "-W", "error", "-W", "ignore::ImportWarning"]
"""The interpreter of Debian, for toolkits that come with the system; PyGObject 3.42 causes the warning."""


REQUIRED = DISPLAY_REQUIRED in os.environ


@cache
def find(toolkit: str) -> tuple[list[str], dict[str, str], str]:
    """Return the interpreter that has *toolkit*, its environment, and the reason if there is none."""
    # GTK's accessibility wants a session bus.
    environment = {"GTK_A11Y": "none"}
    own = [sys.executable, *SYSTEMS[1:]]
    if not (reason := _missing(own, TOOLKITS[toolkit])) or not Path(SYSTEMS[0]).exists():
        return own, environment, reason
    # The system's sees what is installed here, as far as it is the same Python.
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if "site-packages" in path)
    same = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}, sys.version"
    return SYSTEMS, environment, _missing(SYSTEMS, f"{same}; {TOOLKITS[toolkit]}")


def _missing(command: list[str], statements: str) -> str:
    done = subprocess.run([*command, "-c", statements], capture_output=True, encoding="utf-8")
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def interpreter(toolkit: str) -> tuple[list[str], dict[str, str]]:
    """Return the command of an interpreter with *toolkit*, and its environment; else skip the test.

    Where a display is required, to have no toolkit is a failure.
    """
    command, environment, reason = find(toolkit)
    if reason:
        if REQUIRED:
            pytest.fail(f"no {toolkit}: {reason}")
        pytest.skip(f"no {toolkit}: {reason}")
    return command, environment
