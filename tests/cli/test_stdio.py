"""The command with standard streams that lead nowhere, and interrupted early."""

from __future__ import annotations

import configparser
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from rxtweets.testing import post_json

from .command import COMMAND, PATIENCE, run, running

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "filter": ["filter", "--track", "python", "--emulator"],
    "sample": ["sample", "--emulator", "--json"],
    "emulator": ["emulator"],
    "add": ["rules", "add", "cat", "--emulator"],
    "counts": ["rules", "counts", "--emulator"],
    "sync": ["rules", "sync", "rules.toml", "--emulator"],
    "validate": ["rules", "validate", "cat"],
    "explain": ["rules", "explain", "cat"],
    "test": ["rules", "test", "cat", "--on", "posts.jsonl"],
    "from-track": ["rules", "from-track", "cat"],
}
"""Each prints something; so would `list` and `delete` if there were rules."""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the commands read, in the folder that they run in."""
    (tmp_path / "rules.toml").write_text('[[rule]]\nvalue = "cat"\n', encoding="utf-8")
    (tmp_path / "posts.jsonl").write_bytes(post_json("a cat", id="1") + b"\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk(name: str) -> None:
    """A full disk ends the command with a one-line error and status 1."""
    ended = run(*COMMANDS[name], redirect=">/dev/full")
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "Error: stdout: No space left on device"
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", COMMANDS)
def test_nobody_reads(name: str) -> None:
    """A pipe whose reader has gone ends it with the status of that, and without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([*COMMAND, *COMMANDS[name]], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 141
    assert b"Error" not in err
    assert b"Traceback" not in err


def test_stdout_is_closed(tmp_path: Path) -> None:
    """Then nothing is begun."""
    with Emulator() as emulator:
        for command in (["rules", "add", "cat"], ["sample"], ["--help"]):
            ended = run(*command, env=emulator.env(), redirect=">&-")
            assert ended == (1, "", "Error: stdout is closed\n")
        assert emulator.requests == ()


@pytest.mark.parametrize(
    "command", [["rules", "validate", "-"], ["rules", "test", "cat", "--on", "-"], ["rules", "sync", "-"]]
)
def test_stdin_is_closed(command: list[str]) -> None:
    """Only a command that reads stdin fails when stdin is closed."""
    assert run(*command, redirect="<&-") == (1, "", "Error: stdin is closed\n")
    assert run("rules", "validate", "cat", redirect="<&-") == (0, "ok  cat\n", "")


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_stderr_leads_nowhere(redirect: str) -> None:
    """Without stderr the notices are dropped; posts and exit status stay the same."""
    ended = run("sample", "--emulator", "--limit", "2", redirect=redirect)
    assert (ended.status, len(ended.out.splitlines()), ended.err) == (0, 2, "")
    for command, status in ((["nosuch"], 2), (["rules", "validate", "lang:en"], 1)):
        assert run(*command, redirect=redirect) == (status, "", "")


def test_nothing_is_open() -> None:
    """Without any of the three it ends with an error of which nobody can hear."""
    assert run("sample", "--emulator", redirect="<&- >&- 2>&-") == (1, "", "")


def test_a_pipe_that_does_not_block(tmp_path: Path) -> None:
    """Somebody else may have made the output non-blocking: nothing is lost."""
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"\n".join(post_json("a cat " * 40, id=str(number)) for number in range(1, 1001)))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen([*COMMAND, *COMMANDS["test"]], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        with open(reading, encoding="utf-8") as lines:
            shown = lines.read().splitlines()
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, b"")
    assert len(shown) == 2 * 1000 + 1


def test_a_reader_that_stands_still() -> None:
    """A signal ends it also while it waits for the reader of its output."""
    with Emulator(rate=1000) as emulator, running("sample", "--json", env=emulator.env()) as command:
        assert command.process.stdout is not None
        pipe = command.process.stdout.fileno()
        size = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096) if sys.platform == "linux" else 65536
        assert "connected" in command.notice()
        tick = threading.Event()
        while _waiting(pipe) < size - 2000:
            tick.wait(0.01)
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(PATIENCE) == 130


def _waiting(pipe: int) -> int:
    """The bytes that could be read from *pipe*."""
    count = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)


def test_interrupted_while_it_is_imported(tmp_path: Path) -> None:
    """Ctrl-C before the command has begun ends it without a word, as the signal ends other programs."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "rxtweets = rxtweets_command:main" in setup["options.entry_points"]["console_scripts"]
    (tmp_path / "reactivex.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    begin = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    ended = subprocess.run(
        [sys.executable, "-c", f"{begin}; import rxtweets_command; rxtweets_command.main()"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")
