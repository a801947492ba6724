from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from rxtweets.emulator import X_HOSTS, Emulator

from .clients import RULES, SAMPLE, storm
from .tls_clients import ask_for_tunnel, by_hand, get, plain, secure, trusting

HELLO = bytes.fromhex("16030100c8010000c40303")
"""The beginning of a ClientHello, of which the rest never comes."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A silent emulator that stands in for X's hosts."""
    with Emulator(rate=0, tls=X_HOSTS, level="enterprise") as emulator:
        yield emulator


def read(sock: socket.socket) -> bytes:
    """All that comes until the connection's end."""
    answer = b""
    with suppress(ConnectionResetError):
        while data := sock.recv(65536):
            answer += data
    return answer


@pytest.mark.parametrize("to", ["api.x.com:443", "API.X.COM:443", "stream.twitter.com:8443", "127.0.0.1:1"])
def test_a_tunnel_to_its_names_leads_to_itself(emulator: Emulator, to: str) -> None:
    """CONNECT to a name, in any letters and at any port, is answered 200, and TLS follows."""
    name = to.partition(":")[0].lower()
    with plain(emulator) as sock:
        assert ask_for_tunnel(sock, to) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        with trusting(emulator).wrap_socket(sock, server_hostname=name) as wrapped:
            wrapped.sendall(get(emulator, RULES))
            assert wrapped.recv(12) == b"HTTP/1.1 200"


def test_a_tunnel_for_plain_http(emulator: Emulator) -> None:
    """A tunnel may carry plain HTTP."""
    with plain(emulator) as sock:
        ask_for_tunnel(sock, "api.x.com:80")
        sock.sendall(get(emulator, RULES))
        assert sock.recv(12) == b"HTTP/1.1 200"


def test_a_tunnel_that_is_asked_for_bit_by_bit(emulator: Emulator) -> None:
    """CONNECT is understood from single bytes, and what comes right behind it isn't lost."""
    request = b"CONNECT api.x.com:443 HTTP/1.1\r\nHost: api.x.com:443\r\n\r\n" + get(emulator, RULES)
    with plain(emulator) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(len(request)):
            sock.sendall(request[start : start + 1])
        assert sock.recv(13) == b"HTTP/1.1 200 "
        answer = sock.recv(65536)
        while b"result_count" not in answer:
            answer += sock.recv(65536)


@pytest.mark.parametrize("to", ["example.com:443", "api.x.com.example.com:443", "10.0.0.1:80", "[::2]:443"])
def test_no_tunnel_leads_elsewhere(emulator: Emulator, to: str) -> None:
    """CONNECT to another host is answered 403 with the names that there are, and the connection ends."""
    with plain(emulator) as sock:
        sock.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
        answer = read(sock)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert all(name.encode() in answer for name in X_HOSTS)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"CONNECT api.x.com HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT :443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT api.x.com:99999 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT api.x.com:443/path HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT you@api.x.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT api.x.com%2f:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT api.x.com:443#x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT [::1:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT  \xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT api.x.com:443 nonsense\r\n\r\n", 400),
        (b"CONNECT api.x.com:443 HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT api.x.com:443 HTTP/1.1\r\nHost: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_malformed_tunnel(emulator: Emulator, request_: bytes, status: int) -> None:
    """A malformed request for a tunnel is answered with the status for what is wrong."""
    with plain(emulator) as sock:
        sock.sendall(request_)
        assert read(sock).startswith(b"HTTP/1.1 %d " % status)


def test_without_tls_there_are_no_tunnels() -> None:
    """An emulator of plain HTTP answers CONNECT as a path that it hasn't got."""
    with Emulator(rate=0) as emulator, plain(emulator) as sock:
        sock.sendall(b"CONNECT api.x.com:443 HTTP/1.1\r\nHost: api.x.com:443\r\nConnection: close\r\n\r\n")
        assert sock.recv(10) == b"HTTP/1.1 4"


GARBAGE = {
    "plain words in TLS": HELLO[:1] + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a hello": HELLO,
    "one byte": HELLO[:1],
    "an alert": bytes.fromhex("15030300020228"),
    "noise": bytes(range(256)) * 300,
    "zeros": bytes(1000),
    "nothing": b"",
    "half a word": b"CONN",
    "half a tunnel": b"CONNECT api.x.com:443 HT",
    "half a request": b"GET / HT",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_without_a_word_in_the_log(
    emulator: Emulator, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Garbage from a client neither stops the emulator nor is logged."""
    caplog.set_level(logging.INFO)
    with plain(emulator) as sock:
        sock.sendall(garbage)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        read(sock)
    with secure(emulator) as sock:
        sock.sendall(get(emulator, RULES))
        assert sock.recv(12) == b"HTTP/1.1 200"
    emulator.stop()
    assert caplog.records == []


def test_garbage_after_the_handshake(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A TLS connection into which somebody speaks beneath the TLS ends, and nothing is logged."""
    with secure(emulator) as sock, socket.fromfd(sock.fileno(), sock.family, sock.type) as beneath:
        sock.sendall(get(emulator, SAMPLE))
        emulator.wait_for_streams(1)
        beneath.settimeout(5)
        beneath.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
        emulator.wait_for_streams(0)
    emulator.stop()
    assert caplog.records == []


def test_a_client_that_refuses_the_certificate(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A handshake that the client breaks off is the client's own affair."""
    for _ in range(3):
        with plain(emulator) as sock, pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(sock, server_hostname="api.x.com")
    emulator.stop()
    assert caplog.records == []


def silent(emulator: Emulator, sock: socket.socket) -> None:
    """Say nothing."""


def hello(emulator: Emulator, sock: socket.socket) -> None:
    sock.sendall(HELLO)


def half_a_word(emulator: Emulator, sock: socket.socket) -> None:
    sock.sendall(b"CONN")


def half_a_tunnel(emulator: Emulator, sock: socket.socket) -> None:
    sock.sendall(b"CONNECT api.x.com:443 HTTP/1.1\r\n")


def tunnelled(emulator: Emulator, sock: socket.socket) -> None:
    ask_for_tunnel(sock, "api.x.com:443")


def hello_in_a_tunnel(emulator: Emulator, sock: socket.socket) -> None:
    ask_for_tunnel(sock, "api.x.com:443")
    sock.sendall(HELLO)


def refused(emulator: Emulator, sock: socket.socket) -> None:
    sock.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
    sock.recv(12)


STAGES = [silent, hello, half_a_word, half_a_tunnel, tunnelled, hello_in_a_tunnel, refused]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_stop_ends_those_at_the_door(
    emulator: Emulator, stage: Callable[[Emulator, socket.socket], None]
) -> None:
    """At whatever point a client stands before its first request, a stop ends its connection, at once."""
    for _ in range(5):
        with ExitStack() as clients:
            socks = [clients.enter_context(plain(emulator)) for _ in range(3)]
            for sock in socks:
                stage(emulator, sock)
            stopping = threading.Thread(target=emulator.stop)
            stopping.start()
            stopping.join(5)
            assert not stopping.is_alive()
            for sock in socks:
                read(sock)
        emulator.start()


def test_a_stop_ends_tls_connections(emulator: Emulator) -> None:
    """Idle ones, streams, streams nobody reads and those just shaking hands are gone with it."""
    with ExitStack() as clients:
        idle = clients.enter_context(secure(emulator))
        for _ in range(2):
            stream = clients.enter_context(secure(emulator))
            stream.sendall(get(emulator, SAMPLE))
        emulator.wait_for_streams(2)
        for _ in range(6):
            emulator.send(b"x" * 1024 * 1024)
        stopping = threading.Thread(target=emulator.stop)
        stopping.start()
        stopping.join(5)
        assert not stopping.is_alive()
        with suppress(ConnectionError):
            assert idle.recv(1) == b""


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="the system doesn't list open descriptors")
def test_nothing_is_left_of_a_storm_of_clients(emulator: Emulator) -> None:
    """Stops while clients come in at all stages of TLS and tunnels leave no descriptor."""
    context = trusting(emulator)

    def attack() -> None:
        for stage in STAGES:
            with suppress(OSError, EOFError), plain(emulator) as sock:
                stage(emulator, sock)
        with suppress(OSError), plain(emulator) as sock:
            by_hand(sock, context, get(emulator, SAMPLE))

    storm(emulator, attack, 30)
    with secure(emulator) as sock:
        sock.sendall(get(emulator, RULES))
        assert sock.recv(12) == b"HTTP/1.1 200"
