"""The programs of the page on windows run as they stand there, each in its toolkit, until Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from tests import snippets
from tests.conftest import DISPLAY_REQUIRED
from tests.forked import PIPE, Program
from tests.gui.toolkits import ROOT, interpreter
from tests.screen import XVFB

PAGE = ROOT / "docs" / "how-to" / "windows.md"

pytestmark = pytest.mark.skipif(not XVFB and DISPLAY_REQUIRED not in os.environ, reason="no Xvfb")

BEFORE = """
import faulthandler
import os

import rxtweets as rxt
from reactivex import operators as ops
from rxtweets import operators


class tw:
    @staticmethod
    def posts():
        # Not `print`, whose lock the reading thread may hold when the interpreter ends.
        told = ops.do_action(lambda post: os.write(1, f"{post.id}\\n".encode()))
        return lambda source: source.pipe(operators.posts(), told)


client = rxt.StreamingClient(rxt.BearerToken.from_env())
hub = rxt.FilterHub(client)
faulthandler.dump_traceback_later(60, exit=True)
"""
"""The names that the programs take from the guide; each post is told."""

TYPE = """
entry = tkinter.Entry(window)
entry.pack()
def type():
    entry.insert(0, "coffee")
    entry.focus_force()
    window.update()
    entry.event_generate("<KeyRelease-e>")
window.after(300, type)
"""
"""An entry, and somebody who types."""

END = "window.mainloop()\n"


def programs() -> dict[str, str]:
    """Return the programs, by toolkit or by what they are an addition to Tk's for."""
    tk, qt, gtk, wx, batches, search = (block.text for block in snippets.blocks(PAGE, "py"))
    window = tk.split("client.")[0]
    return {
        "tk": tk,
        "pyside6": qt,
        "gtk": gtk,
        "wx": wx,
        "batches": window + batches + END,
        "search": window + TYPE + search + END,
    }


@pytest.mark.parametrize("name", programs())
def test_a_program(name: str, display: str, tmp_path: Path) -> None:
    """It shows posts without an error, and Ctrl-C ends it."""
    command, environment = interpreter(name if name in ("pyside6", "gtk", "wx") else "tk")
    path = tmp_path / "program.py"
    path.write_text(BEFORE + programs()[name], encoding="utf-8")
    with (
        Emulator(rate=600) as server,
        Program(
            [str(path)],
            python=command,
            imported=["rxtweets"],
            env={
                **os.environ,
                **environment,
                **server.env(),
                "DISPLAY": display,
                "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")])),
            },
            stdout=PIPE,
            stderr=PIPE,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            # More wait for the window than the queue holds, unless it takes them.
            seen = sum(1 for _ in zip(range(1200), process.stdout, strict=False))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate()
        finally:
            process.kill()
    assert seen == 1200, errors
    assert errors == "" or (errors.endswith("KeyboardInterrupt\n") and errors.count("Traceback") == 1), errors
