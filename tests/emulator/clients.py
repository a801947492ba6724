"""Clients that share nothing with rxtweets: plain sockets, requests, requests_oauthlib."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests_oauthlib import OAuth1

from rxtweets.emulator import Emulator

RULES = "/2/tweets/search/stream/rules"
FILTERED = "/2/tweets/search/stream"
SUBSCRIPTIONS = "/2/activity/subscriptions"
SAMPLE = "/2/tweets/sample/stream"
SEARCH = "/2/tweets/search/recent"
V1_FILTER = "/1.1/statuses/filter.json"
V1_SAMPLE = "/1.1/statuses/sample.json"


def bearer(emulator: Emulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {emulator.bearer_token}"}


def signed(emulator: Emulator) -> OAuth1:
    return OAuth1(*emulator.oauth1)


def call(emulator: Emulator, method: str, path: str, **options: Any) -> requests.Response:
    """One finite request with the bearer token."""
    headers = {**bearer(emulator), **options.pop("headers", {})}
    with requests.Session() as session:
        return session.request(method, emulator.base_url + path, headers=headers, timeout=5, **options)


def by_user(emulator: Emulator, method: str, path: str, **options: Any) -> requests.Response:
    """One finite request with the user's OAuth 2.0 token."""
    return call(emulator, method, path, headers={"Authorization": f"Bearer {emulator.user_token}"}, **options)


def add_rules(emulator: Emulator, *values: str) -> requests.Response:
    return call(emulator, "POST", RULES, json={"add": [{"value": value, "tag": value} for value in values]})


def storm(emulator: Emulator, attack: Callable[[], None], times: int) -> None:
    """Start and stop it so often under attack; no stream and no descriptor is left."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            attack()

    emulator.stop()
    before = len(os.listdir("/dev/fd"))
    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(times):
        emulator.start()
        emulator.stop()
        assert emulator.streams == ()
    over.set()
    for thread in threads:
        thread.join()
    assert len(os.listdir("/dev/fd")) == before
    emulator.start()


class RawStream:
    """A stream over a socket: its head, and its body undone to messages one by one."""

    def __init__(self, sock: socket.socket, request: bytes) -> None:
        self.sock = sock
        self.unread = b""
        sock.sendall(request)
        self.read_head()

    def read_head(self) -> None:
        """Read the head of a response: the first, or another after a body."""
        head = self.until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {
            name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)
        }
        self._inflate = (
            zlib.decompressobj(wbits=31) if self.headers.get("content-encoding") == "gzip" else None
        )

    def until(self, end: bytes) -> bytes:
        while end not in self.unread:
            self._more()
        found, self.unread = self.unread.split(end, 1)
        return found

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.unread += data

    def body(self) -> bytes:
        """The body of an answer that has a length."""
        length = int(self.headers["content-length"])
        while len(self.unread) < length:
            self._more()
        found, self.unread = self.unread[:length], self.unread[length:]
        return found

    def drain(self) -> None:
        """Read chunks for ever: until the connection fails, or times out."""
        while True:
            self.chunk()

    def chunk(self) -> bytes:
        """The next chunk; b"" is the last one. EOFError where the connection ends without."""
        size = int(self.until(b"\r\n"), 16)
        while len(self.unread) < size + 2:
            self._more()
        data, self.unread = self.unread[:size], self.unread[size + 2 :]
        return self._inflate.decompress(data) if self._inflate is not None and data else data

    def message(self) -> Any:
        """The JSON of the next chunk that isn't a keep-alive."""
        while (data := self.chunk()) == b"\r\n":
            pass
        return json.loads(data)

    def rest(self) -> list[Any]:
        """The whole messages that a dropped reader still finds."""
        found = []
        try:
            while True:
                found.append(self.message())
        except (EOFError, ConnectionError, json.JSONDecodeError, zlib.error):
            return found


@contextmanager
def raw(emulator: Emulator, request: bytes) -> Iterator[RawStream]:
    host, port = emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        yield RawStream(sock, request)


@contextmanager
def raw_get(emulator: Emulator, target: str, *headers: str) -> Iterator[RawStream]:
    """GET with the credentials that the protocol takes: v2's bearer token, v1.1's signature."""
    if target.startswith("/1.1/"):
        with raw(emulator, v1_request(emulator, target, *headers)) as stream:
            yield stream
        return
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {emulator.bearer_token}",
        *headers,
        "",
        "",
    ]
    with raw(emulator, "\r\n".join(lines).encode()) as stream:
        yield stream


@contextmanager
def v1_stream(
    emulator: Emulator, path: str = V1_FILTER, method: str = "POST", **form: str
) -> Iterator[Iterator[Any]]:
    """The messages of a signed v1.1 stream, keep-alives left out."""
    with (
        requests.Session() as session,
        session.request(
            method, emulator.base_url + path, data=form or None, auth=signed(emulator), stream=True, timeout=5
        ) as response,
    ):
        assert response.status_code == 200, response.text
        yield (json.loads(line) for line in response.iter_lines(chunk_size=None, delimiter=b"\r\n") if line)


def v1_request(
    emulator: Emulator, path: str, *more: str, method: str = "GET", skew: int = 0, **form: str
) -> bytes:
    """The bytes of a request, signed by a clock that is so many seconds ahead."""
    auth = OAuth1(*emulator.oauth1, timestamp=str(int(time.time()) + skew))
    request = requests.Request(method, emulator.base_url + path, data=form or None, auth=auth)
    ready = request.prepare()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {emulator.base_url.removeprefix('http://')}"]
    headers: dict[str, Any] = dict(ready.headers)
    for name, value in headers.items():
        lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body or b""
    return "\r\n".join([*lines, *more, "", ""]).encode() + body
