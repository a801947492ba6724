"""Requests as bytes, and what is said to them."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit

from oauthlib.oauth1 import Client

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
    """A request that is right but for what is given; the protocol's credentials come unless others do."""
    given = [header.partition(":")[0].lower() for header in headers]
    own = [] if "host" in given else ["Host: x"]
    own += (
        [] if "authorization" in given else [f"Authorization: {_credentials(emulator, line, headers, body)}"]
    )
    if body and not {"content-length", "transfer-encoding"} & {*given}:
        own.append(f"Content-Length: {len(body)}")
    return "\r\n".join([line, *own, *headers, "", ""]).encode("latin-1") + body


def _credentials(emulator: Emulator, line: str, headers: tuple[str, ...], body: bytes) -> str:
    """The bearer token; for v1.1 a signature, of as much as can be signed."""
    method, _, rest = line.partition(" ")
    target = rest.partition(" ")[0]
    if not target.startswith("/1.1/"):
        return f"Bearer {emulator.bearer_token}"
    client, uri = Client(*emulator.oauth1), f"http://x{target}"
    form = {"Content-Type": "application/x-www-form-urlencoded"} if FORM in headers else {}
    try:
        _, signed, _ = client.sign(uri, method, body.decode("utf-8", "replace") if form else None, form)
    except ValueError:
        _, signed, _ = client.sign(uri.partition("?")[0], method)
    return str(signed["Authorization"])


def assert_own_form(path: str, heard: bytes) -> None:
    """The answer has the form of its protocol's refusals."""
    head, _, body = heard.partition(b"\r\n\r\n")
    if path.startswith("/2/"):
        assert b"content-type: application/problem+json" in head
        assert {"title", "detail", "type"} <= json.loads(body).keys()
    elif path.startswith("/1.1/"):
        assert b"content-type: text/" in head
        assert body.endswith((b"</html>\n", b"\r\n"))
