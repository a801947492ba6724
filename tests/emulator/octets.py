"""Requests as bytes, and what is said to them."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit

from rxtweets.emulator import Emulator

SIGNED = "/1.1/user.json"
TOKEN = "/oauth2/token"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"


def said(emulator: Emulator, data: bytes, done: bool = True) -> bytes:
    """All that the emulator says to these bytes until it closes; `done` tells it that no more will come."""
    at = urlsplit(emulator.base_url)
    with socket.create_connection((at.hostname, at.port), timeout=5) as sock:
        sock.sendall(data)
        if done:
            sock.shutdown(socket.SHUT_WR)
        heard = b""
        while more := sock.recv(65536):
            heard += more
    return heard


def statuses(heard: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"(?:^|\r\n|\n|\})HTTP/1\.1 ([0-9]{3}) ", heard)]


def request(emulator: Emulator, line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request that is right but for what is given; the bearer token comes unless other credentials do."""
    given = [header.partition(":")[0].lower() for header in headers]
    own = [] if "host" in given else ["Host: x"]
    own += [] if "authorization" in given else [f"Authorization: Bearer {emulator.bearer_token}"]
    if body and not {"content-length", "transfer-encoding"} & {*given}:
        own.append(f"Content-Length: {len(body)}")
    return "\r\n".join([line, *own, *headers, "", ""]).encode("latin-1") + body


def assert_own_form(path: str, heard: bytes) -> None:
    """The answer has the form of its protocol's refusals."""
    head, _, body = heard.partition(b"\r\n\r\n")
    if path.startswith("/2/"):
        assert b"content-type: application/problem+json" in head
        assert {"title", "detail", "type"} <= json.loads(body).keys()
    elif path.startswith("/1.1/"):
        assert b"content-type: text/" in head
        assert body.endswith((b"</html>\n", b"\r\n"))
