"""Requests that are wrong in every way that a byte can be wrong."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator

from .clients import RULES, V1_FILTER, V1_SAMPLE
from .described import description
from .octets import TOKEN, assert_own_form, request, said, statuses

pytestmark = pytest.mark.usefixtures("nothing_logged")


LINES = {
    "": 400,
    "nonsense": 400,
    "GET": 400,
    "GET /": 400,
    "GET / HTTP/": 400,
    "GET / HTTP/1": 400,
    "GET / HTTP/x.y": 400,
    "GET / http/1.1": 400,
    "GET  / HTTP/1.1": 400,
    "GET\t/\tHTTP/1.1": 400,
    "G@T / HTTP/1.1": 400,
    "GET /2/\x00 HTTP/1.1": 400,
    "GET /2/\xff\xfe HTTP/1.1": 400,
    "GET /1.1/\xc3\xa9 HTTP/1.1": 400,
    f"GET {RULES} HTTP/2.0": 505,
    f"GET {V1_SAMPLE} HTTP/3.7": 505,
    "PRI * HTTP/2.0": 505,
    "OPTIONS * HTTP/1.1": 404,
    "GET * HTTP/1.1": 404,
    "GET 2/tweets HTTP/1.1": 404,
    "GET //2/tweets HTTP/1.1": 404,
    "GET /2/%00 HTTP/1.1": 404,
    "GET /2/%ff HTTP/1.1": 404,
    "GET /2/../1.1/statuses/filter.json HTTP/1.1": 404,
    f"GET {RULES}/ HTTP/1.1": 404,
    f"GET {RULES}%2f HTTP/1.1": 404,
    f"GET http://api.x.com{RULES} HTTP/1.1": 200,
    f"GET HTTPS://api.x.com{RULES}?max_results=5#part HTTP/1.1": 200,
    f"GET http://[::{RULES} HTTP/1.1": 200,
    f"GET ftp://x{RULES} HTTP/1.1": 404,
    f"get {RULES} HTTP/1.1": 405,
    f"FOO {RULES} HTTP/1.1": 405,
    f"{'X' * 5000} {V1_SAMPLE} HTTP/1.1": 405,
    f"GET {RULES}?{'&' * 50000} HTTP/1.1": 200,
    f"GET {RULES}?{'a' * 50000} HTTP/1.1": 400,
    f"GET {RULES}?{'a' * 90000} HTTP/1.1": 431,
    f"GET {RULES}?=&=1&a HTTP/1.1": 400,
    f"GET {RULES}?ids=%zz HTTP/1.1": 400,
    f"GET {RULES}?ids=%ff HTTP/1.1": 400,
    f"GET {RULES}?ids=%00 HTTP/1.1": 400,
    f"GET {V1_SAMPLE}?language=%ff HTTP/1.1": 406,
    f"GET {V1_SAMPLE}?filter_level=%00 HTTP/1.1": 406,
}


@pytest.mark.parametrize(("line", "status"), LINES.items(), ids=lambda value: repr(value)[:50])
def test_request_lines(site: Emulator, line: str, status: int) -> None:
    """Each gets a status; where the path could be read, in the form of the path's protocol."""
    heard = said(site, request(site, line, "Connection: close"))
    assert statuses(heard) == [status]
    if status in (404, 405, 406, 505):
        assert_own_form(line.split(" ")[1], heard)


HEADERS: dict[tuple[str, ...], int] = {
    ("Host: x", "Host: x"): 400,
    ("Host : x",): 400,
    ("nonsense",): 400,
    (": x",): 400,
    ("A: \x00",): 400,
    ("A: b\x7f\x01",): 200,
    ("Host:",): 200,
    ("Host: [[[",): 200,
    ("A: \xff\xfe",): 200,
    ("A: b\r\n folded",): 200,
    (f"A: {'x' * 90_000}",): 431,
    ("Connection: close, \x80, upgrade", "Upgrade: h2c", "HTTP2-Settings: AAA"): 200,
    ("Upgrade: websocket", "Connection: Upgrade, close"): 200,
    ("Expect: magic", "Connection: close"): 200,
    ("Accept-Encoding: ;;q=x,gzip;q=;,*;q=9", "Connection: close"): 200,
    ("Content-Length: +2",): 400,
    ("Content-Length: 0x2",): 400,
    ("Content-Length: 1, 2",): 400,
    ("Content-Length: 1", "Content-Length: 2"): 400,
    ("Content-Length:",): 400,
    ("Content-Length: \xb2",): 400,
    (f"Content-Length: {'9' * 19}",): 413,
    (f"Content-Length: {'9' * 4000}",): 400,
    ("Content-Length: 2", "Transfer-Encoding: chunked"): 400,
    ("Transfer-Encoding: gzip",): 501,
    ("Transfer-Encoding: chunked, chunked",): 501,
    ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"): 501,
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.items(), ids=lambda value: repr(value)[:50])
def test_headers(site: Emulator, headers: tuple[str, ...], status: int) -> None:
    """Contradictions and broken lines are refused; what is only odd is answered."""
    if status == 200 and not any("close" in header for header in headers):
        headers += ("Connection: close",)
    assert statuses(said(site, request(site, f"GET {RULES} HTTP/1.1", *headers))) == [status]


CHUNKS = {
    b"xyz\r\n{}": 400,
    b"-1\r\n{}": 400,
    b"2\r\n{}xx0\r\n\r\n": 400,
    b"f" * 21 + b"\r\n": 400,
    b"2;" + b"a" * 90_000: 431,
    b"0\r\n" + b"a: b\r\n" * 20_000: 431,
    b"0\r\nnonsense\r\n\r\n": 400,
}


@pytest.mark.parametrize(("body", "status"), CHUNKS.items(), ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("path", [RULES, V1_FILTER])
def test_chunks(site: Emulator, path: str, body: bytes, status: int) -> None:
    """A body that is no chunks is refused in the path's own form."""
    heard = said(
        site, request(site, f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked", body=body), done=False
    )
    assert statuses(heard) == [status]
    assert_own_form(path, heard)


PATHS = [
    *(
        path.replace("{subscription_id}", "1").replace("{endpoint_id}", "all")
        for path in description()["paths"]
    ),
    *(f"/1.1/statuses/{name}.json" for name in ("filter", "sample", "firehose", "links", "retweet")),
    *("/1.1/user.json", "/1.1/site.json", TOKEN, "/oauth/request_token", "/oauth/authorize"),
]


@pytest.mark.parametrize("path", PATHS)
def test_methods(site: Emulator, path: str) -> None:
    """Methods that a path doesn't have are 405, with those that it has; nothing follows the head of HEAD."""
    for method in ("HEAD", "OPTIONS", "TRACE", "PATCH", "get", "PROPFIND"):
        heard = said(site, request(site, f"{method} {path} HTTP/1.1", "Connection: close"))
        assert statuses(heard) == [405]
        assert b"\r\nallow: " in heard
        if method == "HEAD":
            assert heard.endswith(b"\r\n\r\n")
        else:
            assert_own_form(path, heard)
