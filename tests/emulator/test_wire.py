from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, SAMPLE, V1_SAMPLE, add_rules, call, raw, raw_get


def test_a_chunk_holds_a_message(emulator: Emulator) -> None:
    """Each message comes in a chunk of its own, ended by CR LF."""
    with raw_get(emulator, SAMPLE) as stream:
        emulator.publish("one")
        emulator.publish("two")
        assert [stream.chunk()[-2:], stream.chunk()[-2:]] == [b"\r\n", b"\r\n"]
        assert stream.headers["transfer-encoding"] == "chunked"


def test_delimited_streams_say_the_length_first(emulator: Emulator) -> None:
    """With delimited=length the digits count the message with its CR LF."""
    with raw_get(emulator, f"{V1_SAMPLE}?delimited=length") as stream:
        emulator.publish("日本 measured")
        length, message = stream.chunk().split(b"\r\n", 1)
        assert int(length) == len(message)
        assert message.endswith(b"}\r\n")


def test_gzip_comes_out_message_by_message(emulator: Emulator) -> None:
    """Asked for, the stream is compressed, and each message can be read before the next is sent."""
    with raw_get(emulator, SAMPLE, "Accept-Encoding: br, gzip;q=0.8") as stream:
        assert stream.headers["content-encoding"] == "gzip"
        for text in ("one", "two", "three"):
            emulator.publish(text)
            assert stream.message()["data"]["text"] == text


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br"])
def test_gzip_comes_only_when_asked_for(emulator: Emulator, accepted: str) -> None:
    """No compression for a client that doesn't want it."""
    with raw_get(emulator, SAMPLE, f"Accept-Encoding: {accepted}") as stream:
        assert "content-encoding" not in stream.headers


def test_http_1_0_gets_no_chunks(emulator: Emulator) -> None:
    """A client of HTTP/1.0 reads the messages as they are."""
    request = f"GET {SAMPLE} HTTP/1.0\r\nAuthorization: Bearer {emulator.bearer_token}\r\n\r\n"
    with raw(emulator, request.encode()) as stream:
        assert "transfer-encoding" not in stream.headers
        emulator.publish("plain")
        assert stream.until(b"\r\n").startswith(b'{"data":{')


def test_keep_alives_are_blank_lines_at_the_interval() -> None:
    """On an idle stream a blank line comes each `keep_alive` seconds."""
    with Emulator(rate=0, keep_alive=0.02) as emulator, raw_get(emulator, SAMPLE) as stream:
        assert [stream.chunk() for _ in range(3)] == [b"\r\n"] * 3


def test_several_requests_on_one_connection(emulator: Emulator) -> None:
    """Finite answers leave the connection open for the next request."""
    request = (
        f"GET {FILTERED}/rules HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {emulator.bearer_token}\r\n\r\n"
    )
    with raw(emulator, request.encode() * 2) as stream:
        assert b'"result_count":0' in stream.body()
        stream.read_head()
        assert stream.status == 200
        assert b'"result_count":0' in stream.body()


def test_a_connection_kept_open_answers_at_once(lenient: Emulator) -> None:
    """No answer waits for the system's acknowledgement of its own beginning, which takes 40 ms."""
    headers = {"Authorization": f"Bearer {lenient.bearer_token}"}
    with requests.Session() as session:
        took = []
        for _ in range(20):
            began = time.monotonic()
            session.get(lenient.base_url + RULES, headers=headers)
            took.append(time.monotonic() - began)
    assert min(took[10:]) < 0.04  # the first are acknowledged at once; and a busy machine may delay some


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"DELETE /1.1/statuses/filter.json HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /2/tweets/sample/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 90_000 + b"\r\n\r\n", 431),
        (b"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"HEAD /2/tweets/search/stream/rules HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 404),
    ],
)
def test_bad_requests_are_answered(emulator: Emulator, request_: bytes, status: int) -> None:
    """Each kind of bad request is answered with a status at once."""
    with raw(emulator, request_) as stream:
        assert stream.status == status


def test_a_body_beyond_all_bounds_is_refused(emulator: Emulator) -> None:
    """A request of more than 8 MiB ends in 413."""
    head = b"POST /2/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with raw(emulator, head + chunk * 9) as stream:
        assert stream.status == 413


@pytest.mark.parametrize(
    ("length", "kind"),
    [(8 * 1024**2 + 1, "application/json"), (256 * 1024 + 1, "application/x-www-form-urlencoded")],
)
def test_a_body_announced_as_too_long_is_refused_before_it_comes(
    emulator: Emulator, length: int, kind: str
) -> None:
    """Content-Length is enough for the 413; nothing of the body need be sent."""
    head = f"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    with raw(emulator, head.encode()) as stream:
        assert stream.status == 413


def test_a_form_without_a_length_is_bounded_too(emulator: Emulator) -> None:
    """A form that comes in chunks ends in 413 once it is beyond 256 KiB."""
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    chunk = b"40001\r\n" + b"&" * 0x40001 + b"\r\n"
    with raw(emulator, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk) as stream:
        assert stream.status == 413


def test_a_body_is_waited_for(emulator: Emulator) -> None:
    """A client that expects 100-continue is told to go on."""
    request = b"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with raw(emulator, request) as stream:
        assert stream.status == 100


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"add":' + b"[" * 50_000,
        b'{"add":' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"delete":' + b'{"a":' * 400 + b"1" + b"}" * 401,
        b'{"event_type":"post.create","filter":' + b"[" * 400 + b"]" * 400 + b"}",
    ],
    ids=len,
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{FILTERED}/rules"), ("POST", "/2/activity/subscriptions"), ("DELETE", "/2/connections")],
)
def test_deeply_nested_json_is_refused(emulator: Emulator, method: str, path: str, body: bytes) -> None:
    """However deep, it is a request that makes no sense, and the answer is v2's for those."""
    answer = call(emulator, method, path, data=body)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/invalid-request")


@settings(max_examples=60, deadline=None)
@given(
    target=st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Zs"]), max_size=40),
    authorization=st.sampled_from(["Bearer x", "OAuth ", 'OAuth oauth_token="%%%"', "Basic !!", "Digest", ""])
    | st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Zs"]), max_size=40),
    body=st.binary(max_size=60),
    path=st.sampled_from(
        [
            "",
            "/1.1/statuses/filter.json",
            "/2/tweets/search/stream/rules",
            "/oauth/request_token",
            "/oauth2/token",
        ]
    ),
)
def test_no_request_breaks_it(target: str, authorization: str, body: bytes, path: str) -> None:
    """Arbitrary targets, credentials and bodies get an answer that is no 500."""
    head = (
        f"POST {path}?{target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with raw(_shared(), head.encode("latin-1") + body) as stream:
        assert 400 <= stream.status < 500


@settings(max_examples=60, deadline=None)
@given(
    body=st.binary(max_size=80)
    | st.text(max_size=80).map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["add", "delete", "ids", "values", "value", "tag", "uuids", "filter"]), inner
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_json_breaks_it(method: str, body: bytes) -> None:
    """Arbitrary JSON and rubbish get an answer that is no 500."""
    for path in (
        f"{FILTERED}/rules",
        "/2/activity/subscriptions",
        "/2/activity/subscriptions/1",
        "/2/connections",
    ):
        assert call(_shared(), method, path, data=body).status_code < 500


_STARTED: list[Emulator] = []


def _shared() -> Emulator:
    return _STARTED[0]


@pytest.fixture(autouse=True)
def shared_emulator(request: pytest.FixtureRequest) -> Iterator[None]:
    """One emulator for all examples of a property."""
    if not request.node.name.startswith("test_no_"):
        yield
        return
    with Emulator(rate=0) as emulator:
        _STARTED.append(emulator)
        yield
        _STARTED.clear()


def test_a_slow_reader_is_dropped() -> None:
    """A client that doesn't read is disconnected when its queue is full, so memory stays bounded."""
    with Emulator(rate=0) as emulator:
        host, port = emulator.base_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as sock:
            credentials = f"Authorization: Bearer {emulator.bearer_token}"
            sock.sendall(f"GET {SAMPLE} HTTP/1.1\r\nHost: x\r\n{credentials}\r\n\r\n".encode())
            emulator.wait_for_streams(1)
            for _ in range(40):
                emulator.send(b"x" * 1024 * 1024)
            emulator.wait_for_streams(0)


def test_a_gone_client_is_noticed(emulator: Emulator) -> None:
    """A stream is over as soon as its client closes."""
    add_rules(emulator, "cat")
    with raw_get(emulator, FILTERED) as stream:
        assert stream.status == 200
        emulator.wait_for_streams(1)
    emulator.wait_for_streams(0)
