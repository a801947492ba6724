"""The bytes that faults put on a socket."""

from __future__ import annotations

import json
import math
import socket
import time
import zlib
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator

from .clients import SAMPLE, V1_SAMPLE, bearer, raw, raw_get
from .tls_clients import secure_stream

BOTH = pytest.mark.parametrize("path", [V1_SAMPLE, SAMPLE])


def everything(sock: socket.socket, begun: bytes) -> tuple[bytes, str]:
    """The bytes up to the connection's end, and which end it was."""
    data = bytearray(begun)
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            return bytes(data), "RST"
        if not more:
            return bytes(data), "FIN"
        data += more


def ended(emulator: Emulator, path: str, how: str, inside: str | None, *headers: str) -> tuple[bytes, str]:
    """A stream's bytes after the head, when it has been ended so."""
    with raw_get(emulator, path, *headers) as stream:
        end: Any = getattr(emulator, f"{how}_streams")
        assert end(inside=inside) == 1
        emulator.wait_for_streams(0)
        return everything(stream.sock, stream.unread)


@BOTH
@pytest.mark.parametrize(("how", "end"), [("cut", "FIN"), ("reset", "RST")])
def test_ends_inside_a_message(emulator: Emulator, path: str, how: str, end: str) -> None:
    """The chunk's size says more than comes, and what comes is half a post."""
    data, seen = ended(emulator, path, how, "message")
    size, begun = data.split(b"\r\n", 1)
    assert seen == end
    assert len(begun) in (int(size, 16) // 2, int(size, 16) // 2 + 1)
    assert begun.startswith(b"{")
    assert b'"' in begun


@BOTH
@pytest.mark.parametrize(("how", "end"), [("cut", "FIN"), ("reset", "RST")])
def test_ends_inside_a_character(emulator: Emulator, path: str, how: str, end: str) -> None:
    """The last byte is the first of a character of three."""
    data, seen = ended(emulator, path, how, "character")
    assert (seen, data[-1:]) == (end, "日".encode()[:1])
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        data.decode()


@BOTH
@pytest.mark.parametrize(("how", "end"), [("cut", "FIN"), ("reset", "RST")])
def test_ends_inside_a_chunk_header(emulator: Emulator, path: str, how: str, end: str) -> None:
    """The size is begun and not ended."""
    assert ended(emulator, path, how, "chunk_header") == (b"1f", end)


@BOTH
@pytest.mark.parametrize("inside", ["message", "character"])
def test_a_clean_end_after_half_a_message(emulator: Emulator, path: str, inside: str) -> None:
    """The chunks are whole, the message isn't."""
    with raw_get(emulator, path) as stream:
        assert getattr(emulator, "close_streams")(inside=inside) == 1  # noqa: B009
        part = stream.chunk()
        assert stream.chunk() == b""
        assert part.startswith(b"{")
        with pytest.raises(ValueError):
            json.loads(part)


@BOTH
@pytest.mark.parametrize("how", ["close", "cut", "reset"])
def test_truncated_gzip(emulator: Emulator, path: str, how: str) -> None:
    """The compressed data never end; with a cut and a reset, not even the message does."""
    data, end = ended(emulator, path, how, "gzip", "Accept-Encoding: gzip")
    inflate = zlib.decompressobj(wbits=31)
    body, rest = b"", data
    while rest and not rest.startswith(b"0\r\n"):
        size, rest = rest.split(b"\r\n", 1)
        body += inflate.decompress(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    assert not inflate.eof
    assert body.endswith(b"}\r\n") == (how == "close")
    assert rest == (b"0\r\n\r\n" if how == "close" else b"")
    assert end == ("RST" if how == "reset" else "FIN")


@pytest.mark.parametrize("inside", ["gzip", "chunk_header"])
def test_what_no_stream_has_can_not_be_cut(emulator: Emulator, inside: Any) -> None:
    """A cut inside data that no stream has is an error that says what a client must ask for."""
    request = f"GET {SAMPLE} HTTP/1.0\r\nAuthorization: {bearer(emulator)['Authorization']}\r\n\r\n"
    with raw(emulator, request.encode()):
        with pytest.raises(ValueError, match=r"no open stream .*: a client must"):
            emulator.cut_streams(inside=inside)
        assert len(emulator.streams) == 1


@pytest.mark.parametrize("inside", ["message", "character"])
def test_without_chunks(emulator: Emulator, inside: Any) -> None:
    """To a client of HTTP/1.0 the part of the message is all that comes."""
    request = f"GET {SAMPLE} HTTP/1.0\r\nAuthorization: {bearer(emulator)['Authorization']}\r\n\r\n"
    with raw(emulator, request.encode()) as stream:
        assert emulator.cut_streams(inside=inside) == 1
        data, end = everything(stream.sock, stream.unread)
        assert (data[:1], end) == (b"{", "FIN")
        with pytest.raises(ValueError):
            json.loads(data)


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_over_tls(how: str) -> None:
    """Half a message comes, then the connection's end, which Python's ssl doesn't tell from a reset."""
    with Emulator(rate=0, tls=["api.x.com"]) as emulator, secure_stream(emulator, SAMPLE) as stream:
        getattr(emulator, f"{how}_streams")(inside="message")
        size = int(stream.until(b"\r\n"), 16)
        data, _ = everything(stream.sock, stream.unread)
        assert 0 < len(data) < size


def test_a_head_that_is_never_ended(emulator: Emulator) -> None:
    """The bytes given come, and then nothing; not even a close."""
    emulator.mute(head="HTTP/1.1 200 OK\r\nContent-Ty")
    host, port = emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.sendall(f"GET {SAMPLE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        seen = b""
        while len(seen) < 27:
            seen += sock.recv(100)
        assert seen == b"HTTP/1.1 200 OK\r\nContent-Ty"
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_refusals_for_a_time(emulator: Emulator) -> None:
    """`seconds` go by the emulator's clock, however many requests come."""
    emulator.answer(503, seconds=60)
    for _ in range(3):
        with raw_get(emulator, SAMPLE) as stream:
            assert stream.status == 503
    emulator.skew(61)
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12])
def test_every_code_of_v1(emulator: Emulator, code: int) -> None:
    """The message tells code, stream and reason, and the stream ends cleanly."""
    with raw_get(emulator, V1_SAMPLE) as stream, raw_get(emulator, SAMPLE):
        assert emulator.disconnect_streams(code=code) == 1
        said = stream.message()["disconnect"]
        assert (said["code"], bool(said["reason"]), "stream_name" in said) == (code, True, True)
        assert stream.chunk() == b""


@pytest.mark.parametrize(
    "kind",
    [
        "OperationalDisconnect",
        "UpstreamOperationalDisconnect",
        "ForceDisconnect",
        "UpstreamUncleanDisconnect",
        "SlowReader",
        "InternalError",
        "ClientApplicationStateDegraded",
        "InvalidRules",
    ],
)
def test_every_type_of_v2(emulator: Emulator, kind: str) -> None:
    """The problem names the type, and the stream ends cleanly."""
    with raw_get(emulator, SAMPLE) as stream, raw_get(emulator, V1_SAMPLE):
        assert emulator.disconnect_streams(type=kind) == 1
        (said,) = stream.message()["errors"]
        assert (said["title"], said["disconnect_type"]) == ("operational-disconnect", kind)
        assert said["type"].endswith("/operational-disconnect")
        assert stream.chunk() == b""


@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("path", [f"{V1_SAMPLE}?delimited=length", SAMPLE])
def test_a_line_of_ten_megabytes(emulator: Emulator, path: str, valid: bool) -> None:
    """All of it comes, byte for byte as long as said, and what was published meanwhile comes after it."""
    with raw_get(emulator, path) as stream:
        assert emulator.send_long_line(valid=valid) == 1
        emulator.publish("after")
        line = b""
        while not line.endswith(b"\r\n") or line.count(b"\r\n") < 1 + ("delimited" in path):
            line += stream.chunk()
        length, _, line = line.partition(b"\r\n") if "delimited" in path else (b"", b"", line)
        assert len(line) == 10 * 1024 * 1024 == int(length or len(line))
        if valid:
            said = json.loads(line)
            assert len(said.get("data", said)["text"]) > 10_000_000
        assert b"after" in stream.chunk()
        state = requests.get(f"{emulator.base_url}/emulator/state", timeout=5).json()
        assert state["bytes"] >= state["streams"][0]["bytes"] > 10 * 1024 * 1024


def test_a_stall_with_keep_alives() -> None:
    """Messages are held, blank lines aren't; other paths go on, and a stream opened later is stalled too."""
    with Emulator(rate=0, keep_alive=0.01) as emulator, raw_get(emulator, V1_SAMPLE) as other:
        assert emulator.stall(keep_alives=True, path=SAMPLE) == 0
        with raw_get(emulator, SAMPLE) as stream:
            assert emulator.publish("for v1 only") == 1
            assert other.message()["text"] == "for v1 only"
            assert [stream.chunk() for _ in range(3)] == [b"\r\n"] * 3
            emulator.resume()
            assert emulator.publish("for both") == 2
            assert stream.message()["data"]["text"] == "for both"


def test_fragments(emulator: Emulator) -> None:
    """Every chunk has the size asked for at most, and together they are the message."""
    with raw_get(emulator, f"{V1_SAMPLE}?delimited=length") as stream:
        assert emulator.fragment(3) == 1
        emulator.publish("日本 in pieces")
        line = b""
        while line.count(b"\r\n") < 2:
            chunk = stream.chunk()
            assert 0 < len(chunk) <= 3
            line += chunk
        assert json.loads(line.split(b"\r\n")[1])["text"] == "日本 in pieces"
        emulator.clear_faults()
        emulator.publish("whole")
        assert stream.chunk().endswith(b"}\r\n")


def test_duplicates(emulator: Emulator) -> None:
    """With a share of 1 every message comes twice, some of them later."""
    with raw_get(emulator, SAMPLE) as stream:
        emulator.duplicate(1.0)
        for number in range(20):
            emulator.publish(str(number))
        emulator.clear_faults()
        seen = [stream.message()["data"]["text"] for _ in range(40)]
        assert sorted(seen) == sorted([str(number) for number in range(20)] * 2)
        assert any(one != two for one, two in zip(seen[::2], seen[1::2], strict=True))


def test_another_order(emulator: Emulator) -> None:
    """Nothing is lost or moved further than the window, and a quiet stream isn't held back for long."""
    with raw_get(emulator, SAMPLE) as stream:
        emulator.reorder(8)
        for number in range(20):
            emulator.publish(str(number))
        begun = time.monotonic()
        seen = [int(stream.message()["data"]["text"]) for _ in range(20)]
        assert time.monotonic() - begun < 3
        assert sorted(seen) == list(range(20)) != seen
        assert all(abs(place - number) < 8 for place, number in enumerate(seen))


def test_disorder_of_what_is_replayed_and_sent_by_hand() -> None:
    """Every message is duplicated and reordered but the disconnect message, which stays last."""
    with Emulator(rate=0, level="enterprise") as emulator:
        for number in range(10):
            emulator.publish(str(number))
        emulator.duplicate(1.0)
        emulator.reorder(5)
        with raw_get(emulator, f"{SAMPLE}?backfill_minutes=1") as stream:
            seen = [int(stream.message()["data"]["text"]) for _ in range(20)]
            assert sorted(seen) == sorted([*range(10)] * 2) != seen
            for number in range(10):
                emulator.send({"sent": number})
            emulator.disconnect_streams()
            sent = [stream.message()["sent"] for _ in range(20)]
            assert sorted(sent) == sorted([*range(10)] * 2) != sent
            assert "errors" in stream.message()
            assert stream.chunk() == b""


def test_a_seed_repeats_the_disorder() -> None:
    """The same seed duplicates and reorders the same messages."""

    def seen(seed: int) -> bytes:
        with Emulator(rate=math.inf, seed=seed) as emulator:
            emulator.duplicate(0.3)
            emulator.reorder(10)
            with raw_get(emulator, V1_SAMPLE) as stream:
                return b"".join(stream.chunk() for _ in range(100))

    assert seen(3) == seen(3) != seen(4)


def test_garbage_is_sent_between_messages(emulator: Emulator) -> None:
    """The choice has bytes that are no UTF-8, NULs, HTML, and JSON of no use; messages go on after it."""
    with raw_get(emulator, SAMPLE) as stream:
        assert emulator.send_garbage() == 1
        emulator.publish("after")
        lines = []
        while b"after" not in (line := stream.chunk()):
            lines.append(line)
        assert any(b"\x00" in line for line in lines)
        assert any(b"<html>" in line for line in lines)
        assert any(b"\xff\xfe" in line for line in lines)
        assert max(map(len, lines)) > 50_000
