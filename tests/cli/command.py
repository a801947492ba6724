"""The command as its users run it: another process, of which tests read lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

PATIENCE = 20.0
"""Seconds after which a command that should have ended has failed its test."""

COMMAND = (sys.executable, "-W", "error", "-m", "rxtweets")


class Ended(NamedTuple):
    """What a command left: its exit status and all that it wrote."""

    status: int
    out: str
    err: str


class Running:
    """A running command. Reading blocks until there is a line; a command out of patience is killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def notice(self) -> str:
        """The next line of stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self, number: signal.Signals | None = None) -> Ended:
        """Send it a signal, if one is given, and wait for its end."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ended(self.process.returncode, out, err)


@contextmanager
def running(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start the command with *arguments*; on exit it is gone."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "TZ": "UTC", **(env or {})},
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield Running(process)
        finally:
            watchdog.cancel()
            watchdog.join()
            process.kill()


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run the command until it ends by itself."""
    with running(*arguments, env=env) as command:
        return command.end()
