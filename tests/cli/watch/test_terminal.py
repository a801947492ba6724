"""`rxtweets watch` in a real terminal: its screen, its keys, and each way to end it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from rxtweets.relay import JetStream
from rxtweets.testing import post_json
from tests.cli.command import COMMAND, Command, run
from tests.conftest import DISPLAY_REQUIRED
from tests.observing import PATIENCE
from tests.relay.servers import running
from tests.relay.working import write

TMUX = shutil.which("tmux")

pytestmark = pytest.mark.skipif(not TMUX and DISPLAY_REQUIRED not in os.environ, reason="there is no tmux")

LONG = 60.0
"""Seconds for what takes two: on a busy machine even the start is slow."""

RESTORED = "a line before"


class Terminal:
    """A terminal of 80 × 24 that runs the command in a shell, which then says its exit status."""

    def __init__(self, *arguments: str, env: dict[str, str]) -> None:
        self._folder = tempfile.mkdtemp()
        words = ["env", *(f"{name}={value}" for name, value in env.items()), *COMMAND, "watch", *arguments]
        script = (
            f"echo {RESTORED}; {shlex.join(words)} & echo pid $!; fg >/dev/null; echo status $?; exec cat"
        )
        self._tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            f"exec bash -mc {shlex.quote(script)}",
        )

    def _tmux(self, *words: str) -> str:
        assert TMUX
        done = subprocess.run(
            [TMUX, "-S", f"{self._folder}/tmux", *words],
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return done.stdout

    def screen(self) -> list[str]:
        """Return the lines that are shown."""
        return self._tmux("capture-pane", "-p").split("\n")

    def shows(self, *patterns: str, hidden: str = "$^") -> str:
        """Wait until all of these regular expressions are shown, and *hidden* isn't; return what is shown."""
        deadline = time.monotonic() + LONG
        while True:
            text = "\n".join(self.screen())
            if all(re.search(pattern, text) for pattern in patterns) and not re.search(hidden, text):
                return text
            assert time.monotonic() < deadline, text
            subprocess.run(["sleep", "0.05"], check=True)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def close(self) -> None:
        """Close it, as its window's button does."""
        self._tmux("kill-server")
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture
def server() -> Iterator[Emulator]:
    """Start an emulator that says nothing by itself."""
    with Emulator(rate=0) as emulator:
        yield emulator


def watch(server: Emulator, *arguments: str) -> tuple[Terminal, int]:
    """Start the command in a terminal; return this and the process."""
    folder = str(Path(__file__).parents[3])
    terminal = Terminal(*arguments, env={**server.env(), "PYTHONPATH": folder, "LC_ALL": "C.UTF-8"})
    found = re.search(r"pid (\d+)", terminal.shows(r"pid \d+|RATE"))
    terminal.shows("● connected")
    assert found
    return terminal, int(found[1])


def gone(process: int) -> bool:
    """Return whether a process ends soon."""
    deadline = time.monotonic() + LONG
    while Path(f"/proc/{process}").exists():
        if time.monotonic() > deadline:
            return False
        subprocess.run(["sleep", "0.05"], check=True)
    return True


def test_a_session(server: Emulator) -> None:
    """Feed, pause, search, a post, filters: all work on 80 × 24; q ends it and leaves nothing behind."""
    terminal, process = watch(server, "--track", "coffee", "--track", "tea")
    try:
        server.wait_for_streams(1, LONG)
        server.publish("coffee and \x1b[31m tea 👩\u200d🚀 [bold]x[/bold]", author="ada")
        text = terminal.shows(
            "@ada +coffee +tea", r"coffee and \\x1b\[31m tea 👩🚀 \[bold\]x\[/bold\]", "# ?|none in"
        )
        assert len(text.rstrip("\n").split("\n")) <= 24
        assert "q Quit" in text
        terminal.press("Space")
        terminal.shows("‖ paused")
        terminal.press("Enter")
        terminal.shows(r"https://x\.com/i/status/\d+")
        terminal.press("Escape")
        terminal.shows("FILTERS", hidden="esc closes")
        terminal.press("/")
        terminal.press("-l", "COFFEE")
        terminal.shows("1 of 1 found")
        terminal.press("Escape")
        terminal.shows("FILTERS", hidden="found")
        terminal.press("a")
        terminal.shows("Add a filter")
        terminal.press("-l", "milk")
        terminal.press("Enter")
        terminal.shows("● milk")
        assert len(server.rules) == 4
        terminal.press("q")
        assert RESTORED in terminal.shows("status 0")
        assert gone(process)
        assert list(server.rules) == []
        server.wait_for_streams(0, LONG)
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("how", "status"), [("ctrl-c", 130), ("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129), ("closed", None)]
)
def test_other_ends(server: Emulator, how: str, status: int | None) -> None:
    """Ctrl-C, a signal and a terminal that is closed end it: rules are removed, the screen is as before."""
    terminal, process = watch(server, "--track", "coffee")
    try:
        server.wait_for_streams(1, LONG)
        if how == "ctrl-c":
            terminal.press("C-c")
        elif how == "closed":
            terminal.close()
        else:
            os.kill(process, getattr(signal, how))
        if status is not None:
            text = terminal.shows(f"status {status}")
            assert RESTORED in text
            assert "Traceback" not in text
        assert gone(process)
        server.wait_for_streams(0, LONG)
        assert list(server.rules) == []
    finally:
        terminal.close()


def test_an_error_that_is_final(server: Emulator) -> None:
    """Once its user has seen it and quits, it is the error of the command, too."""
    server.answer(403, path="/2/tweets/sample/stream")
    folder = str(Path(__file__).parents[3])
    terminal = Terminal(env={**server.env(), "PYTHONPATH": folder, "LC_ALL": "C.UTF-8"})
    try:
        terminal.shows("✗ ended", "HTTP 403 Forbidden")
        terminal.press("q")
        assert "Error: HTTP 403 Forbidden" in terminal.shows("status 1")
    finally:
        terminal.close()


def test_a_log(tmp_path: Path) -> None:
    """With an address the command watches a log, and needs no account."""
    with running(tmp_path) as nats:
        write(JetStream(nats.url, stream="x"), [post_json(id="1", text="it is in the log")])
        env = {"PYTHONPATH": str(Path(__file__).parents[3]), "LC_ALL": "C.UTF-8"}
        terminal = Terminal("--log", f"{nats.url}/x", "--from", "start", env=env)
        try:
            terminal.shows("● connected", "it is in the log", "the log x at ")
            terminal.press("q")
            terminal.shows("status 0")
        finally:
            terminal.close()


@pytest.mark.parametrize("redirect", ["</dev/null", ">/dev/null", "2>/dev/null"])
def test_no_terminal(redirect: str) -> None:
    """Without a terminal for all three it says so, and what to write instead; nothing is begun."""
    ended = run("watch", "--emulator", redirect=redirect)
    said = "Error: watch needs a terminal; to write to a file or a pipe, use: rxtweets filter …\n"
    assert (ended.status, ended.out, ended.err) == (1, "", "" if redirect.startswith("2") else said)


def test_without_the_extra(tmp_path: Path) -> None:
    """Without Textual one line says how to install it."""
    (tmp_path / "textual.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    ended = run("watch", "--emulator", env={"PYTHONPATH": path}, anew=True)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "Error: watch needs Textual; install it: pip install 'rxtweets[watch]'\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            (
                "--rule",
                "cat (",
            ),
            "X would refuse 1 rule",
        ),
        (("--track", "c" * 70), "60"),
        (("--language", "en"), "--language needs --track"),
        (("--rule", "cat", "--api", "v1"), "--rule needs v2"),
        (("--ask", "tweet.fields=nosuch"), "nosuch"),
    ],
)
def test_wrong_options(
    rxtweets: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """A wrong option is told as by the other commands, before anything is begun."""
    for stream in (sys.__stdin__, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    ended = rxtweets("watch", "--emulator", *arguments)
    assert ended.status in {1, 2}
    assert said in ended.err
