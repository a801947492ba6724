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
}
"""A statement by toolkit that fails where it isn't, or lacks a library of the system."""


REQUIRED = DISPLAY_REQUIRED in os.environ


@cache
def _find(toolkit: str) -> tuple[list[str], dict[str, str], str]:
    """Return the interpreter that has *toolkit*, its environment, and the reason if there is none."""
    done = subprocess.run([sys.executable, "-c", TOOLKITS[toolkit]], capture_output=True, encoding="utf-8")
    last = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    return [sys.executable, "-W", "error"], {}, "".join(last)


def interpreter(toolkit: str) -> tuple[list[str], dict[str, str]]:
    """Return the command of an interpreter with *toolkit*, and its environment; else skip the test.

    Where a display is required, to have no toolkit is a failure.
    """
    command, environment, reason = _find(toolkit)
    if reason:
        if REQUIRED:
            pytest.fail(f"no {toolkit}: {reason}")
        pytest.skip(f"no {toolkit}: {reason}")
    return command, environment
