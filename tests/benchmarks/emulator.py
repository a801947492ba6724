"""Measure what the emulator sends: to one reader, to twenty at once, and to one that stops reading.

The emulator runs in a process of its own, whose CPU counts; the readers, in another, only count messages. The
posts are made, rendered and, for filtered streams, matched while they are sent: none of it is prepared.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import requests
from requests_oauthlib import OAuth1

from rxtweets.emulator import Emulator, Limits

SECONDS = 5.0
"""Seconds that each measurement lasts, after one second to warm up."""

ONE_READER = {"v2 sample": 20_000, "v2 filter": 20_000, "v1.1 sample": 6_000, "v1.1 filter": 6_000}
"""The least messages a second to one reader."""

READERS, EACH = 20, 2_000
"""The least messages a second to each of that many readers."""

_END = b"}\r\n\r\n"
"""The end of a message in a chunk of its own."""


class Address(NamedTuple):
    """The emulator's address, and the credentials that it takes."""

    pid: int
    host: str
    port: int
    bearer_token: str
    oauth1: tuple[str, ...]

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"


def main() -> None:
    """Measure and print."""
    for name, least in ONE_READER.items():
        with serving(math.inf) as emulator:
            _print_one_reader(name, least, emulator)
    with serving(EACH * 1.02) as emulator:
        _print_many_readers(emulator)
    with serving(math.inf) as emulator:
        _print_stopped_reader(emulator)


def _print_one_reader(name: str, least: int, emulator: Address) -> None:
    with contextlib.closing(_open(name, emulator)) as sock:
        (count,), seconds, used = _read([sock], emulator.pid)
    print(
        f"emulator, {name}, one reader: {count / seconds:,.0f} messages a second, at least {least:,}; "
        f"{used / count * 1e6:.1f} µs of its CPU a message ({count / used:,.0f} a second of one core)",
        flush=True,
    )


def _print_many_readers(emulator: Address) -> None:
    with contextlib.ExitStack() as stack:
        socks = [
            stack.enter_context(contextlib.closing(_open("v2 sample", emulator))) for _ in range(READERS)
        ]
        counts, seconds, used = _read(socks, emulator.pid)
    print(
        f"emulator, v2 sample, {READERS} readers: {min(counts) / seconds:,.0f} to "
        f"{max(counts) / seconds:,.0f} messages a second to each, at least {EACH:,}; "
        f"{used / seconds:.0%} of one core",
        flush=True,
    )


def _print_stopped_reader(emulator: Address) -> None:
    with contextlib.closing(_open("v2 sample", emulator)):
        before, most, end = _resident(emulator.pid), 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(0.05)
            most = max(most, _resident(emulator.pid))
    print(
        f"emulator, a reader that has stopped: {before / 1024:.0f} MiB, {most / 1024:.0f} MiB at the most",
        flush=True,
    )


def _open(name: str, emulator: Address) -> socket.socket:
    """A socket on which the stream of that name comes in, its head read by nobody."""
    bearer = {"Authorization": f"Bearer {emulator.bearer_token}"}
    if name == "v2 filter":
        rules = {"add": [{"value": "python OR coffee", "tag": "both"}]}
        url = f"{emulator.base_url}/2/tweets/search/stream/rules"
        requests.post(url, json=rules, headers=bearer, timeout=5).raise_for_status()
    request = {
        "v2 sample": requests.Request("GET", f"{emulator.base_url}/2/tweets/sample/stream", headers=bearer),
        "v2 filter": requests.Request("GET", f"{emulator.base_url}/2/tweets/search/stream", headers=bearer),
        "v1.1 sample": requests.Request(
            "GET", f"{emulator.base_url}/1.1/statuses/sample.json", auth=OAuth1(*emulator.oauth1)
        ),
        "v1.1 filter": requests.Request(
            "POST",
            f"{emulator.base_url}/1.1/statuses/filter.json",
            data={"track": "python,coffee"},
            auth=OAuth1(*emulator.oauth1),
        ),
    }[name].prepare()
    body = request.body or b""
    fields = {"Host": f"{emulator.host}:{emulator.port}", **request.headers}
    head = "".join(f"{field}: {_text(value)}\r\n" for field, value in fields.items())
    sock = socket.create_connection((emulator.host, emulator.port))
    data = body if isinstance(body, bytes) else body.encode()
    sock.sendall(f"{request.method} {request.path_url} HTTP/1.1\r\n{head}\r\n".encode() + data)
    return sock


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _read(socks: list[socket.socket], pid: int) -> tuple[list[int], float, float]:
    """The messages that came on each socket, in how many seconds, and the emulator's CPU for them."""
    with selectors.DefaultSelector() as selector:
        counts = dict.fromkeys(socks, 0)
        tails = dict.fromkeys(socks, b"")
        for sock in socks:
            selector.register(sock, selectors.EVENT_READ)
        started = used = 0.0
        begin = time.monotonic()
        while (now := time.monotonic()) < begin + 1.0 + SECONDS:
            if not started and now >= begin + 1.0:
                started, used = now, _cpu(pid)
                counts = dict.fromkeys(socks, 0)
            for key, _ in selector.select(0.1):
                ready: Any = key.fileobj
                data = ready.recv(1 << 20)
                assert data, "the emulator closed a stream"
                counts[ready] += (tails[ready] + data).count(_END)
                tails[ready] = data[1 - len(_END) :]
        return list(counts.values()), time.monotonic() - started, _cpu(pid) - used


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise OSError("no VmRSS")


@contextlib.contextmanager
def serving(rate: float) -> Iterator[Address]:
    """An emulator in a process of its own."""
    command = [sys.executable, "-m", __name__, str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield msgspec.json.decode(process.stdout.readline(), type=Address)
        finally:
            process.kill()


def _serve(rate: float) -> None:
    with Emulator(rate=rate, seed=1, limits=Limits.none()) as emulator:
        host, _, port = emulator.base_url.removeprefix("http://").rpartition(":")
        address = Address(os.getpid(), host, int(port), emulator.bearer_token, tuple(emulator.oauth1))
        print(msgspec.json.encode(address).decode(), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve(float(sys.argv[1]))
