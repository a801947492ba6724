"""Requests that come in the wrong pieces, too many at once, never to their end, or as rubbish."""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.server import wire

from .clients import FILTERED, RULES, SAMPLE, V1_FILTER, V1_SAMPLE, call, raw_get
from .octets import FORM, JSON, TOKEN, assert_own_form, request, said, statuses

pytestmark = pytest.mark.usefixtures("nothing_logged")


def test_pipelined_requests_are_answered_in_turn(site: Emulator) -> None:
    """Pipelined requests are answered in order, up to one that can't be read."""
    one = request(site, f"GET {RULES} HTTP/1.1")
    missing = request(site, "GET /2/nothing HTTP/1.1")
    assert statuses(said(site, one + missing + one + b"rubbish\r\n\r\n" + one)) == [200, 404, 200, 400]


def test_what_is_pipelined_behind_a_stream_is_not_heard(site: Emulator) -> None:
    """A stream is the last answer of its connection."""
    with raw_get(site, SAMPLE) as stream:
        stream.sock.sendall(request(site, f"GET {RULES} HTTP/1.1") * 100)
        site.wait_for_streams(1)
        site.publish("still here")
        assert stream.message()["data"]["text"] == "still here"


@pytest.mark.parametrize(
    ("path", "length", "kind"),
    [
        (RULES, wire.LONGEST_BODY, JSON),
        (V1_FILTER, wire.LONGEST_FORM, FORM),
        (TOKEN, wire.LONGEST_FORM, FORM),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_beyond_all_bounds(site: Emulator, path: str, length: int, kind: str, chunked: bool) -> None:
    """413 in the path's own form, before any of it is sent, or as soon as there is too much of it."""
    if chunked:
        body = b"%x\r\n%b\r\n" % (length + 1, b"x" * (length + 1))
        data = request(site, f"POST {path} HTTP/1.1", kind, "Transfer-Encoding: chunked", body=body)
    else:
        data = request(site, f"POST {path} HTTP/1.1", kind, f"Content-Length: {length + 1}")
    heard = said(site, data, done=False)
    assert statuses(heard) == [413]
    assert_own_form(path, heard)


CHUNKED = b"POST /2/tweets/search/stream/rules HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
HALVES = [
    b"",
    b"\r\n",
    b"GET",
    b"GET /2/tweets/sample/stream HTTP/1.1\r\n",
    b"GET /2/tweets/sample/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bea",
    b"POST /1.1/statuses/filter.json HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\ntrack",
    CHUNKED + b"5\r\n{",
    CHUNKED + b"ffffffff\r\n{",
    CHUNKED + b"5\r\n{}\r\n0\r\n",
    b"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
]


@pytest.mark.parametrize("half", HALVES, ids=lambda half: repr(half)[-20:])
def test_half_a_request_is_forgotten(site: Emulator, half: bytes) -> None:
    """A client that goes away in the midst leaves nothing behind, whether it says goodbye or not."""
    before = len(site.requests)
    assert statuses(said(site, half)) in ([], [100], [400])
    host, port = site.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.sendall(half)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close by a reset
    assert call(site, "GET", RULES).status_code == 200
    assert len(site.requests) == before + 1


@pytest.mark.parametrize("half", HALVES, ids=lambda half: repr(half)[-20:])
def test_dawdlers_are_let_go(half: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that doesn't come to the end of its request is disconnected once patience is over."""
    monkeypatch.setattr(wire, "REQUEST_TIMEOUT", 0.1)
    with Emulator(rate=0) as emulator:
        assert statuses(said(emulator, half, done=False)) in ([], [100], [400])


def test_a_request_may_come_byte_by_byte(site: Emulator) -> None:
    """However small the pieces, it is the same request."""
    host, port = site.base_url.removeprefix("http://").split(":")
    body = b'{"add":[]}'
    data = request(site, f"POST {RULES} HTTP/1.1", JSON, "Connection: close", body=body)
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            sock.sendall(bytes([byte]))
        heard = b""
        while more := sock.recv(65536):
            heard += more
    assert statuses(heard) == [400]
    assert b"at least one rule" in heard


PATHS = (RULES, FILTERED, SAMPLE, V1_FILTER, V1_SAMPLE, TOKEN, "/", "/emulator/do", "/2/connections")
PARTS = [
    *(b"GET ", b"POST ", b"HEAD ", b"DELETE ", b"CONNECT ", b"PUT "),
    *(path.encode() for path in PATHS),
    *(b"?partition=1", b"?count=-5", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\n", b"\r\n\r\n"),
    *(b"Host: x\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(b"Content-Type: application/json\r\n", b"Content-Type: application/x-www-form-urlencoded\r\n"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\n", b"Accept-Encoding: gzip\r\n"),
    *(b"Authorization: ", b"Bearer ", b"OAuth ", b"Basic ", b'oauth_signature="', b'"', b",", b"=", b"%"),
    *(b"{", b"}", b"[", b"]", b'"add":', b'"value":', b"track=a", b"&", b"\x00", b"\xff"),
    *(b"5\r\n", b"0\r\n\r\n", b"-1"),
]


def rubbish() -> st.SearchStrategy[bytes]:
    """Parts of requests in any order, arbitrary bytes among them."""
    return st.lists(st.sampled_from(PARTS) | st.binary(max_size=8), max_size=30).map(b"".join)


@functools.cache  # a signature is another each time
def damaged(emulator: Emulator) -> st.SearchStrategy[bytes]:
    """Requests that are right but for some bytes left out, put in or changed."""
    form, rules = b"track=a&count=1&delimited=length", b'{"add":[{"value":"cat"}]}'
    whole = [
        request(emulator, f"GET {SAMPLE}?tweet.fields=lang HTTP/1.1"),
        request(emulator, f"POST {V1_FILTER} HTTP/1.1", FORM, body=form),
        request(emulator, f"POST {RULES}?dry_run=true HTTP/1.1", JSON, body=rules),
        request(emulator, f"GET {RULES}?max_results=5 HTTP/1.1") * 2,
        request(emulator, f"POST {TOKEN} HTTP/1.1", "Authorization: Basic eDp5", FORM, body=b"grant_type=x"),
    ]

    @st.composite
    def changed(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(st.sampled_from(whole)))
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(data) - 1))
            data[start : start + draw(st.integers(0, 6))] = draw(
                st.binary(max_size=4) | st.sampled_from(PARTS)
            )
        return bytes(data)

    return changed()


def assert_unbroken(emulator: Emulator, data: bytes) -> None:
    """It says what HTTP has for it, or nothing, and closes, and then answers the next as ever."""
    began = time.monotonic()
    heard = said(emulator, data)
    assert time.monotonic() - began < wire.LINGER + 1
    assert not [status for status in statuses(heard) if status >= 500 and status not in (501, 505)], heard
    assert statuses(said(emulator, request(emulator, f"GET {RULES} HTTP/1.1", "Connection: close"))) == [200]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none()) as emulator:
        yield emulator


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_rubbish(fuzzed: Emulator, data: st.DataObject) -> None:
    """Nothing that is sent gets a 500, a hang or a logged line."""
    assert_unbroken(fuzzed, data.draw(rubbish() | damaged(fuzzed)))


HELLO = b"\x16\x03\x01\x00\xa0\x01\x00\x00\x9c\x03\x03"
"""The beginning of a TLS handshake."""
TUNNEL = b"CONNECT api.x.com:443 HTTP/1.1\r\nHost: api.x.com:443\r\n\r\n"
OPENINGS = [b"", HELLO, TUNNEL, TUNNEL + HELLO, b"CONNECT ", b"CONNEC", TUNNEL[:-2], TUNNEL + TUNNEL]


@pytest.fixture(scope="module")
def secured() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none(), tls=("api.x.com",)) as emulator:
        yield emulator


@settings(max_examples=80, deadline=None)
@given(opening=st.sampled_from(OPENINGS), rest=rubbish() | st.binary(max_size=200))
def test_rubbish_where_tls_is_spoken(secured: Emulator, opening: bytes, rest: bytes) -> None:
    """Broken handshakes, broken requests for tunnels and rubbish in tunnels break nothing either."""
    assert_unbroken(secured, opening + rest)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(data=st.data())
def test_rubbish_for_long(fuzzed: Emulator, data: st.DataObject) -> None:
    """The same for minutes."""
    assert_unbroken(fuzzed, data.draw(rubbish() | damaged(fuzzed)))
