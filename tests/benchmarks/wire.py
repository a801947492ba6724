"""Servers in processes of their own that send the same messages to each client, a chunk a message."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from tests.servers import HEAD, chunk

from .priority import take_priority

STEP = 0.01
"""Seconds."""

STAMP = b"%019d" % 0
"""The part of a message that `stamping` replaces by its time, in nanoseconds of the monotonic clock."""


@contextlib.contextmanager
def serving(
    messages: Sequence[bytes], total: int, seconds: float = 0.0, *, delimited: bool = False
) -> Iterator[int]:
    """The port of a server that sends *total* messages as fast as they are read, and ends.

    It spreads them evenly over so many *seconds*, in steps of 10 ms.
    """
    data = b"".join(chunk(_frame(message, delimited)) for message in messages)
    with _process(data, "all", total // len(messages), seconds) as port:
        yield port


@contextlib.contextmanager
def stamping(message: bytes, total: int, rate: float, *, delimited: bool = False) -> Iterator[int]:
    """The port of a server that sends *message* with its time, *total* times, *rate* a second, and ends."""
    with _process(chunk(_frame(message, delimited)), "stamped", total, rate) as port:
        yield port


@contextlib.contextmanager
def falling_silent(message: bytes, keep_alive: float, *, delimited: bool = False) -> Iterator[int]:
    """The port of a server that sends *message* once, and then only a blank line every *keep_alive* seconds.

    It ends when the client does.
    """
    with _process(chunk(_frame(message, delimited)), "silent", keep_alive) as port:
        yield port


def _frame(message: bytes, delimited: bool) -> bytes:
    line = message + b"\r\n"
    return b"%d\r\n%s" % (len(line), line) if delimited else line


@contextlib.contextmanager
def _process(data: bytes, *words: object) -> Iterator[int]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-m", __name__, file.name, *map(str, words)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.kill()


def _send_all(sock: socket.socket, data: bytes, times: str, seconds: str) -> None:
    span = float(seconds)
    step = max(round(len(data) * int(times) / span * STEP), 1) if span else len(data)
    start = time.monotonic()
    sent = 0
    for _ in range(int(times)):
        for at in range(0, len(data), step):
            sock.sendall(data[at : at + step])
            if span:
                sent += 1
                time.sleep(max(start + sent * STEP - time.monotonic(), 0.0))


def _send_stamped(sock: socket.socket, data: bytes, total: str, rate: str) -> None:
    take_priority()
    before, after = data.split(STAMP)
    start = time.monotonic()
    for number in range(int(total)):
        time.sleep(max(0.0, start + number / float(rate) - time.monotonic()))
        sock.sendall(b"%s%019d%s" % (before, time.monotonic_ns(), after))


def _send_silence(sock: socket.socket, data: bytes, keep_alive: str) -> None:
    sock.sendall(data)
    while not select.select([sock], [], [], float(keep_alive))[0]:
        sock.sendall(chunk(b"\r\n"))


def _serve(path: str, what: str, *words: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    senders: dict[str, Callable[..., None]] = {
        "all": _send_all,
        "stamped": _send_stamped,
        "silent": _send_silence,
    }
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        with contextlib.suppress(OSError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            while b"\r\n\r\n" not in sock.recv(65536):
                pass
            sock.sendall(HEAD)
            senders[what](sock, data, *words)
            sock.sendall(b"0\r\n\r\n")


if __name__ == "__main__":
    _serve(*sys.argv[1:])
