from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from rxtweets.emulator import X_HOSTS, Emulator, Limits

from .clients import SAMPLE
from .tls_clients import get, plain, secure, secure_stream

QUEUE = 256 * 1024


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A silent emulator that stands in for X's hosts, and has no patience with slow readers."""
    with Emulator(rate=0, tls=X_HOSTS, level="enterprise", limits=Limits(queue=QUEUE)) as emulator:
        yield emulator


def test_a_reader_that_stops_is_dropped(emulator: Emulator) -> None:
    """Data buffered by TLS counts towards the queue: a reader that stops is dropped, others go on."""
    with secure_stream(emulator, SAMPLE) as stream, secure_stream(emulator, SAMPLE) as other:
        sent = 0
        while len(emulator.streams) == 2:
            sent += 1
            assert sent < 1000
            emulator.send({"bulk": os.urandom(50_000).hex()})
            assert other.message()["bulk"]
        assert 0 < len(stream.rest()) < sent
        emulator.publish("still here")
        assert other.message()["data"]["text"] == "still here"


def test_a_message_larger_than_the_queue(emulator: Emulator) -> None:
    """A message larger than the queue arrives whole, and its reader is not dropped as slow."""
    with secure_stream(emulator, SAMPLE) as stream:
        emulator.send({"x": "y" * 3 * QUEUE})
        assert len(stream.message()["x"]) == 3 * QUEUE


def test_a_cut_inside_a_chunk_header(emulator: Emulator) -> None:
    """The half of a header is the last that comes, then TLS's own close_notify."""
    with secure_stream(emulator, SAMPLE) as stream:
        assert emulator.cut_streams(inside="chunk_header") == 1
        assert stream.sock.recv(100) == b"1f"
        assert stream.sock.recv(100) == b""


def test_a_client_that_resets(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A stream whose client vanishes is over, and nothing is logged."""
    with plain(emulator), secure(emulator) as sock:
        sock.sendall(get(emulator, SAMPLE))
        emulator.wait_for_streams(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    emulator.wait_for_streams(0)
    emulator.stop()
    assert caplog.records == []
