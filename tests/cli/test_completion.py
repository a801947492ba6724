"""Completion of the command's words, in a real shell."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.forked import write_command

from .command import PATIENCE, Command

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and, in `bin`, the command."""
    (tmp_path / "posts-of-mine.jsonl").touch()
    write_command(tmp_path / "bin" / "rxtweets")
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("rxtweets sam", "rxtweets sample "),
        ("rxtweets rules expl", "rxtweets rules explain "),
        ("rxtweets filter --emu", "rxtweets filter --emulator "),
        ("rxtweets emulator --level ent", "rxtweets emulator --level enterprise "),
        ("rxtweets rules test cat --on posts", "rxtweets rules test cat --on posts-of-mine.jsonl "),
        ("rxtweets auth login pk", "rxtweets auth login pkce "),
    ],
)
def test_bash(folder: Path, typed: str, completed: str) -> None:
    """The tab key completes commands, options, values and files."""
    ours, its = os.openpty()
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=folder,
        env={**environment, "TERM": "dumb", "PS1": "", "INPUTRC": "/dev/null", "HISTFILE": ""},
        start_new_session=True,
    ) as shell:
        watchdog = threading.Timer(PATIENCE, shell.kill)
        watchdog.start()
        os.close(its)
        os.write(ours, b'eval "$(rxtweets completion bash)"; echo re""ady\n')
        shown = b""
        with contextlib.suppress(OSError):  # as Linux tells that the other side is closed
            while b"ready" not in shown:
                shown += os.read(ours, 65536)
            # The line, completed, becomes a word that echo shows between marks.
            os.write(ours, f"{typed}\t".encode() + b"\x01echo '<\x05>'\nexit\n")
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        shell.wait(PATIENCE)
        watchdog.cancel()
        watchdog.join()
    assert f"\n<{completed}>" in shown.decode().replace("\r", ""), shown.decode()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells(rxtweets: Command, shell: str) -> None:
    """For the others it prints what click has for them."""
    ended = rxtweets("completion", shell)
    assert (ended.status, ended.err) == (0, "")
    assert re.search(f"_RXTWEETS_COMPLETE={shell}_complete", ended.out)


def test_an_unknown_shell(rxtweets: Command) -> None:
    """Other shells are a wrong option."""
    assert rxtweets("completion", "tcsh").status == 2
