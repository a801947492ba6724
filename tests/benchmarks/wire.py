"""A server in a process of its own that sends the same messages, as fast as they are read or at a pace."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from tests.servers import HEAD, chunk

STEP = 0.01
"""Seconds."""


@contextlib.contextmanager
def serving(messages: Sequence[bytes], total: int, seconds: float = 0.0) -> Iterator[int]:
    """The port of a server that sends *total* messages to each client, a chunk a message, and ends.

    It spreads them evenly over so many *seconds*, in steps of 10 ms.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(chunk(message + b"\r\n") for message in messages))
        file.flush()
        command = [sys.executable, "-m", __name__, file.name, str(total // len(messages)), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.kill()


def _serve(path: str, times: int, seconds: float) -> None:
    with open(path, "rb") as file:
        block = file.read()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        with contextlib.suppress(OSError), sock:
            while b"\r\n\r\n" not in sock.recv(65536):
                pass
            sock.sendall(HEAD)
            step = max(round(len(block) * times / seconds * STEP), 1) if seconds else len(block)
            start = time.monotonic()
            sent = 0
            for _ in range(times):
                for at in range(0, len(block), step):
                    sock.sendall(block[at : at + step])
                    if seconds:
                        sent += 1
                        time.sleep(max(start + sent * STEP - time.monotonic(), 0.0))
            sock.sendall(b"0\r\n\r\n")


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
