"""No library: a socket, lines, and `orjson.loads`."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import orjson


class Reader:
    """Does as little as a script can.

    It doesn't decode the chunks, drops the lines that hold no JSON, and splits at one byte.
    """

    def __init__(self, protocol: str, port: int) -> None:
        self._protocol = protocol
        self._sock = socket.create_connection(("127.0.0.1", port))

    def texts(self) -> Iterator[str]:
        """Yield the text of each message, until the server closes the connection."""
        pending = b""
        with self._sock as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            while data := sock.recv(65536):
                lines = (pending + data).split(
                    b"\n"
                )  # several times faster than at b"\r\n", which loads allows
                pending = lines.pop()
                for line in lines:
                    if line.startswith(b"{"):
                        message = orjson.loads(line)
                        yield message["text"] if self._protocol == "v1" else message["data"]["text"]

    def run(self, on_text: Callable[[str], bool]) -> None:
        """Call *on_text* with each text until it returns True."""
        for text in self.texts():
            if on_text(text):
                return

    def stop(self) -> None:
        """End `run`, from another thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
