"""The command as its users run it: another process, of which tests read lines."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from tests.forked import CLOSED, PIPE, STREAMS, Program

PATIENCE = 20.0
"""Seconds after which a command that should have ended has failed its test."""

_BEGIN = """
import runpy, signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
runpy.run_module("rxtweets", run_name="__main__", alter_sys=True)
"""

COMMAND = (sys.executable, "-W", "error", "-c", _BEGIN)
"""The command, which hears signals also where whoever runs the tests ignores them, as `nohup` does."""


class Ended(NamedTuple):
    """The result of a command: its exit status and all that it wrote."""

    status: int
    out: str
    err: str


Command = Callable[..., Ended]


class Running:
    """A running command. Reading blocks until there is a line; a command out of patience is killed."""

    def __init__(self, process: subprocess.Popen[str] | Program) -> None:
        self.process = process

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def notice(self) -> str:
        """The next line of stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def type(self, text: str) -> None:
        """Write to its stdin, if that is a pipe."""
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self, number: signal.Signals | None = None) -> Ended:
        """Send it a signal, if one is given, and wait for its end."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ended(self.process.wait(), out, err)


@contextmanager
def running(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    redirect: str = "",
    stdin: bool = False,
    anew: bool = False,
) -> Iterator[Running]:
    """Start the command with *arguments* and, as a shell writes them, redirections; on exit it is gone.

    With *stdin* that is a pipe, into which `Running.type` writes. *anew* starts an interpreter, at several
    times the cost: for claims about that, and about what it reads or imports.
    """
    environment = {**os.environ, "PYTHONUTF8": "1", "TZ": "UTC", **(env or {})}
    files = {"stdin": PIPE if stdin else None, "stdout": PIPE, "stderr": PIPE}
    with ExitStack() as stack:
        for number, sign, target in re.findall(r"([02]?)([<>])(\S+)", redirect):
            name = STREAMS[int(number or sign == ">")]
            if target == "&-":
                files[name] = CLOSED
            elif target.startswith("&"):
                files[name] = int(target[1:])
            else:
                files[name] = file = os.open(target, os.O_RDONLY if sign == "<" else os.O_WRONLY)
                stack.callback(os.close, file)
        process: subprocess.Popen[str] | Program
        if anew:
            closing = [f"{number}>&-" for number, name in enumerate(STREAMS) if files[name] == CLOSED]
            process = subprocess.Popen(
                ["sh", "-c", f'exec "$@" {" ".join(closing)}', "sh", *COMMAND, *arguments],
                stdin=PIPE if stdin else None,
                stdout=PIPE if files["stdout"] == CLOSED else files["stdout"],
                stderr=PIPE if files["stderr"] == CLOSED else files["stderr"],
                encoding="utf-8",
                env=environment,
            )
        else:
            process = Program(
                ["-m", "rxtweets", *arguments],
                stdin=files["stdin"],
                stdout=files["stdout"],
                stderr=files["stderr"],
                env=environment,
            )
        stack.enter_context(process)
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield Running(process)
        finally:
            watchdog.cancel()
            watchdog.join()
            process.kill()


def run(
    *arguments: str, env: Mapping[str, str] | None = None, redirect: str = "", anew: bool = False
) -> Ended:
    """Run the command until it ends by itself."""
    with running(*arguments, env=env, redirect=redirect, anew=anew) as command:
        return command.end()


def in_a_terminal(arguments: list[str], columns: int, **env: str) -> str:
    """Return the output of the command in a terminal of so many columns."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (24, columns))
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    environment = {**inherited, "TERM": "xterm", **env}
    with Program(
        ["-m", "rxtweets", *arguments], env=environment, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # as Linux tells that the other side is closed
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        assert process.wait(PATIENCE) == 0
    return shown.decode()
