"""`connect` on real sockets: what arrives when, what fails how, and what a disposal leaves."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import trustme

import rxtweets
from rxtweets.auth import BearerToken, OAuth1
from rxtweets.backoff import BackoffPolicy
from rxtweets.connection import connect, fetch
from rxtweets.endpoints import Endpoint, Request
from rxtweets.errors import (
    ConnectionFailed,
    HTTPStatusError,
    NotAStream,
    StreamDisconnected,
    StreamError,
    StreamStalled,
    Unauthorized,
)
from rxtweets.messages import Connected, Disconnected, KeepAlive
from rxtweets.transport import RequestsTransport

from .conftest import leftovers, open_sockets
from .observing import PATIENCE, Seen, dispose_quickly
from .servers import HEAD, Peer, Server, chunk, relay, socks, unanswering

MESSAGES = [b'{"text":"one"}', '{"text":"zwei 二 🐍"}'.encode(), b'{"text":"three"}']
WIRE = b"".join(message + b"\r\n" for message in MESSAGES)
TOKEN = BearerToken("secret-token-of-the-test")


def answering(*pieces: bytes) -> Callable[[Peer], None]:
    """A handler that reads the request, sends *pieces* and waits for the client to go."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(*pieces)
        peer.wait_for_close()

    return handle


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 1000])
def test_chunks_of_any_size(size: int) -> None:
    """Messages come out the same whether a chunk holds a byte, a part, or all of them."""
    chunks = [chunk(WIRE[at : at + size]) for at in range(0, len(WIRE), size)]
    for pieces in ([b"".join(chunks)], chunks):
        with Server(answering(HEAD, *pieces)) as server:
            seen = Seen(connect(server.endpoint())).count(4)
            seen.dispose()
        assert seen.frames() == MESSAGES


def test_every_cut_of_a_chunked_body() -> None:
    """A chunked body cut in two TCP segments anywhere, chunk headers included, gives the same messages."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES) + chunk(b"\r\n")
    cuts = iter(range(len(body) + 1))
    gates: list[threading.Semaphore] = []

    def handle(peer: Peer) -> None:
        cut = next(cuts)
        gate = threading.Semaphore(0)
        gates.append(gate)
        peer.read_request()
        peer.send(HEAD + body[:cut])
        gate.acquire(timeout=0.002)  # long enough for the first part to be read alone, most of the time
        peer.send(body[cut:])
        peer.wait_for_close()

    with Server(handle) as server:
        for cut in range(len(body) + 1):
            seen = Seen(connect(server.endpoint())).count(5)
            seen.dispose()
            assert seen.items[1:] == [*MESSAGES, KeepAlive()], cut


def test_a_body_without_chunks() -> None:
    """A plain body that ends with the connection works as well."""
    with Server(answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", WIRE)) as server:
        seen = Seen(connect(server.endpoint())).count(4)
        seen.dispose()
    assert seen.frames() == MESSAGES


@pytest.mark.parametrize("compressed", [False, True])
def test_each_message_comes_the_moment_it_is_sent(compressed: bool) -> None:
    """The next message is sent only after the one before was seen: none waits in a buffer."""
    arrived = threading.Semaphore(0)

    def handle(peer: Peer) -> None:
        peer.read_request()
        packer = zlib.compressobj(wbits=31)
        head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") if compressed else HEAD
        peer.send(head)
        for message in MESSAGES:
            data = message + b"\r\n"
            if compressed:
                data = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
            peer.send(chunk(data))
            assert arrived.acquire(timeout=PATIENCE)
        peer.wait_for_close()

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint()))
        for number in range(len(MESSAGES)):
            seen.count(number + 2)
            arrived.release()
        seen.dispose()
    assert seen.frames() == MESSAGES


def test_gzip_cut_at_every_byte() -> None:
    """A compressed body dribbled byte by byte, each byte a chunk, gives the same messages."""
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    packed = gzip.compress(WIRE)
    chunks = b"".join(chunk(packed[at : at + 1]) for at in range(len(packed)))
    with Server(answering(head, chunks)) as server:
        seen = Seen(connect(server.endpoint())).count(4)
        seen.dispose()
    assert seen.frames() == MESSAGES


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.send(HEAD)
    peer.wait_for_close()


def headless(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_close()


@pytest.mark.parametrize(("handle", "items"), [(silent, 1), (headless, 0)])
def test_dispose_while_the_server_is_silent(handle: Callable[[Peer], None], items: int) -> None:
    """`dispose()` returns at once under a blocked read, with and without a head, and leaves nothing."""
    with Server(handle) as server:
        before = open_sockets()
        seen = Seen(connect(server.endpoint())).count(items)
        assert server.accepted.acquire(timeout=PATIENCE)
        dispose_quickly(seen.dispose)
        assert server.gone.acquire(timeout=PATIENCE)
        assert leftovers(before) == []
    assert len(seen.items) == items
    assert seen.error is None


def test_dispose_while_connecting() -> None:
    """`dispose()` ends a connect that nobody answers."""
    with unanswering() as port:
        before = open_sockets()
        seen = Seen(connect(Endpoint(Request("GET", f"http://127.0.0.1:{port}/"), 20.0)))
        dispose_quickly(seen.dispose)
        assert leftovers(before) == []
    assert (seen.items, seen.error) == ([], None)


def test_dispose_at_the_moment_of_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disposal between the making of a socket and its connect ends the connect too."""
    reached, go = threading.Event(), threading.Event()
    begin = socket.socket.connect_ex

    class Slow(socket.socket):
        def connect_ex(self, address: Any) -> int:
            reached.set()
            go.wait(PATIENCE)
            return begin(self, address)

    with unanswering() as port:
        before = open_sockets()
        monkeypatch.setattr("rxtweets.transport.connections.socket.socket", Slow)
        seen = Seen(connect(Endpoint(Request("GET", f"http://127.0.0.1:{port}/"), 20.0)))
        assert reached.wait(PATIENCE)
        monkeypatch.undo()
        dispose_quickly(seen.dispose)
        go.set()
        assert leftovers(before) == []


def test_no_answer_to_a_connect() -> None:
    """A connect that nobody answers is given up after the connect timeout."""
    with unanswering() as port:
        endpoint = Endpoint(Request("GET", f"http://127.0.0.1:{port}/"), 20.0)
        seen = Seen(connect(endpoint, transport=RequestsTransport(connect_timeout=0.05))).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert "no answer to a connect in 0.05 s" in str(seen.error)


def test_five_hundred_rounds_leave_nothing() -> None:
    """Subscribing and disposing 500 times, at whatever moment, leaves threads and sockets as they were."""
    with Server(silent) as server:
        before = open_sockets()
        for round_ in range(500):
            seen = Seen(connect(server.endpoint()))
            if round_ % 2:
                seen.count(1)
            seen.dispose()
        assert leftovers(before) == []


def test_tls_with_a_ca_bundle(bundle: str, server_context: ssl.SSLContext) -> None:
    """A CA bundle makes its certificates trusted, and a disposal wakes a read under TLS too."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    with Server(answering(HEAD, body), server_context) as server:
        before = open_sockets()
        transport = RequestsTransport(ca_bundle=bundle)
        seen = Seen(connect(server.endpoint(), TOKEN, transport=transport)).count(4)
        dispose_quickly(seen.dispose)
        assert leftovers(before) == []
    assert seen.frames() == MESSAGES


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_tls_with_a_ca_bundle_of_the_environment(
    bundle: str, server_context: ssl.SSLContext, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CA bundle named in the environment also counts for loopback, unless the transport names one."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    with Server(answering(HEAD, body), server_context) as server:
        monkeypatch.setenv(variable, bundle)
        assert Seen(connect(server.endpoint(), TOKEN)).count(4).frames() == MESSAGES
        with trustme.CA().cert_pem.tempfile() as other:
            given = RequestsTransport(ca_bundle=other)
            refused = Seen(connect(server.endpoint(), TOKEN, transport=given)).ended()
            assert isinstance(refused.error, ConnectionFailed)


def test_a_ca_bundle_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the caller's mistake, which no retry mends: nothing is sent."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    seen = Seen(connect(Endpoint(Request("GET", "https://127.0.0.1:1/"), stall_timeout=5), TOKEN)).ended()
    assert isinstance(seen.error, ValueError)
    assert "the CA bundle /nowhere/ca.pem is not there" in str(seen.error)


def test_tls_through_a_proxy(authority: trustme.CA, bundle: str) -> None:
    """An https stream goes through a proxy's tunnel, and a disposal closes it all."""

    def tunnel(peer: Peer) -> None:
        host, port = peer.read_request().split()[1].split(b":")
        with socket.create_connection((host.decode(), int(port))) as upstream:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            relay(peer.sock, upstream)

    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    # By another name than a loopback one, which no proxy would be used for.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("stream.example").configure_cert(context)
    with (
        Server(answering(HEAD, body), context) as server,
        Server(lambda peer: tunnel(_towards(peer, server.port))) as proxy,
    ):
        before = open_sockets()
        transport = RequestsTransport(ca_bundle=bundle, proxies={"https": proxy.base_url})
        endpoint = Endpoint(Request("GET", "https://stream.example/"), 20.0)
        seen = Seen(connect(endpoint, TOKEN, transport=transport)).count(4)
        dispose_quickly(seen.dispose)
        assert server.gone.acquire(timeout=PATIENCE)
        assert proxy.gone.acquire(timeout=PATIENCE)
        assert leftovers(before) == []
    assert seen.frames() == MESSAGES
    assert b"secret-token" not in proxy.peers[0].request


def _towards(peer: Peer, port: int) -> Peer:
    """*peer*, whose CONNECT request is for this machine's *port* whatever it asked for."""
    peer.read_request()
    peer.request = b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port
    return peer


def test_tls_is_verified(server_context: ssl.SSLContext) -> None:
    """An unknown certificate is a ConnectionFailed, and the request is never sent."""
    with Server(silent, server_context) as server:
        seen = Seen(connect(server.endpoint(), TOKEN)).ended()
        assert isinstance(seen.error, ConnectionFailed)
        assert "certificate" in str(seen.error).lower()
        assert server.gone.acquire(timeout=PATIENCE)
        assert server.peers[0].request == b""


def test_dispose_during_a_tls_handshake() -> None:
    """A server that accepts and never shakes hands does not hold a disposal."""
    with Server(headless) as server:
        before = open_sockets()
        endpoint = Endpoint(Request("GET", server.base_url.replace("http:", "https:") + "/"), 20.0)
        seen = Seen(connect(endpoint))
        assert server.accepted.acquire(timeout=PATIENCE)
        dispose_quickly(seen.dispose)
        assert leftovers(before) == []


def test_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user agent names the version, the token is there, gzip is asked for, proxies are passed by."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with Server(silent) as server:
        seen = Seen(connect(server.endpoint(), TOKEN)).count(1)
        seen.dispose()
        request = server.peers[0].request
    assert f"User-Agent: rxtweets/{rxtweets.__version__}".encode() in request
    assert b"Authorization: Bearer secret-token-of-the-test" in request
    assert b"Accept-Encoding: gzip" in request


def test_a_proxy() -> None:
    """A proxy that is given is used for other hosts."""
    with Server(silent) as proxy:
        transport = RequestsTransport(proxies={"http": proxy.base_url}, gzip=False)
        endpoint = Endpoint(Request("GET", "http://x.invalid/"), 20.0)
        seen = Seen(connect(endpoint, transport=transport)).count(1)
        seen.dispose()
        assert proxy.peers[0].request.startswith(b"GET http://x.invalid/ HTTP/1.1")
        assert b"Accept-Encoding: identity" in proxy.peers[0].request


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "socks4a"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_socks_proxy(authority: trustme.CA, bundle: str, scheme: str, tls: bool) -> None:
    """A stream goes through a SOCKS proxy, with and without TLS, and a disposal closes it all."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("192.0.2.1").configure_cert(context)
    with (
        Server(answering(HEAD, body), context if tls else None) as server,
        Server(lambda peer: socks(peer, server.port)) as proxy,
    ):
        before = open_sockets()
        proxies = {"all": f"{scheme}://127.0.0.1:{proxy.port}"}
        transport = RequestsTransport(ca_bundle=bundle, proxies=proxies)
        # By an address that needs no look-up and that nobody has (RFC 5737): the proxy leads elsewhere.
        endpoint = Endpoint(Request("GET", f"{'https' if tls else 'http'}://192.0.2.1/"), 20.0)
        seen = Seen(connect(endpoint, transport=transport)).count(4)
        dispose_quickly(seen.dispose)
        assert server.gone.acquire(timeout=PATIENCE)
        assert proxy.gone.acquire(timeout=PATIENCE)
        assert leftovers(before) == []
    assert seen.frames() == MESSAGES


def test_a_socks_proxy_of_the_environment_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy is taken from the environment, resolves names itself, and is told who asks."""
    with Server(silent) as server, Server(lambda peer: socks(peer, server.port)) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://ada:lovelace@127.0.0.1:{proxy.port}")
        seen = Seen(connect(Endpoint(Request("GET", "http://x.invalid/"), 20.0))).count(1)
        seen.dispose()
        assert proxy.peers[0].request == b"ada:lovelace x.invalid:80"


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_that_is_not_there(scheme: str) -> None:
    """The error for a proxy that can't be reached names it."""
    with Server(silent) as server:
        proxies = {"all": f"{scheme}://127.0.0.1:{server.port}"}
    endpoint = Endpoint(Request("GET", "https://x.invalid/"), 20.0)
    seen = Seen(connect(endpoint, transport=RequestsTransport(proxies=proxies))).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert str(seen.error) == "x.invalid: the proxy 127.0.0.1: Connection refused"


def stuck(peer: Peer) -> None:
    peer.sock.recv(1)
    peer.wait_for_close()


def greeted(peer: Peer) -> None:
    peer.sock.recv(3)
    peer.send(b"\x05\x00")
    peer.wait_for_close()


def passed_on(peer: Peer) -> None:
    peer.sock.recv(3)
    peer.send(b"\x05\x00")
    peer.sock.recv(300)
    peer.send(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    peer.request = peer.sock.recv(1)
    peer.wait_for_close()


@pytest.mark.parametrize("stage", [stuck, greeted, passed_on])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_dispose_at_each_stage_of_a_socks_proxy(stage: Callable[[Peer], None], scheme: str) -> None:
    """A disposal ends a SOCKS handshake, and what comes after it, at once."""
    with Server(stage) as proxy:
        before = open_sockets()
        transport = RequestsTransport(proxies={"all": f"socks5h://127.0.0.1:{proxy.port}"})
        seen = Seen(connect(Endpoint(Request("GET", f"{scheme}://x.invalid/"), 20.0), transport=transport))
        assert proxy.accepted.acquire(timeout=PATIENCE)
        dispose_quickly(seen.dispose)
        assert proxy.gone.acquire(timeout=PATIENCE)
        assert leftovers(before) == []
    assert (seen.items, seen.error) == ([], None)


def test_dispose_while_connecting_to_a_socks_proxy() -> None:
    """A disposal ends a connect to a SOCKS proxy that nobody answers."""
    with unanswering() as port:
        before = open_sockets()
        transport = RequestsTransport(proxies={"all": f"socks5://127.0.0.1:{port}"})
        seen = Seen(connect(Endpoint(Request("GET", "http://x.invalid/"), 20.0), transport=transport))
        dispose_quickly(seen.dispose)
        assert leftovers(before) == []
    assert (seen.items, seen.error) == ([], None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            b"\x05\x00" + b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00",
            "0x05: Connection refused",
        ),
        (b"\x05\xff", ""),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ""),
        (b"\x05\x00\x05", ""),
    ],
)
def test_a_socks_proxy_that_refuses(answer: bytes, said: str) -> None:
    """A refusal or an early end by a SOCKS proxy is a ConnectionFailed that says so."""

    def handle(peer: Peer) -> None:
        peer.sock.recv(3)
        peer.send(answer)
        peer.sock.recv(300)

    with Server(handle) as proxy:
        transport = RequestsTransport(proxies={"all": f"socks5h://127.0.0.1:{proxy.port}"})
        seen = Seen(connect(Endpoint(Request("GET", "http://x.invalid/"), 20.0), transport=transport)).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert str(seen.error).startswith(f"x.invalid: the proxy 127.0.0.1: {said}")


def test_a_socks_proxy_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PySocks the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "socks", None)
    transport = RequestsTransport(proxies={"http": "socks5://127.0.0.1:1"})
    seen = Seen(connect(Endpoint(Request("GET", "http://x.invalid/"), 20.0), transport=transport)).ended()
    assert isinstance(seen.error, ValueError)
    assert 'pip install "rxtweets[socks]"' in str(seen.error)


@pytest.mark.parametrize("url", ["http://api.x.com/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/"])
def test_credentials_stay_off_plain_http(url: str) -> None:
    """Credentials for anything but loopback go over https only, and the error does not show them."""
    for auth in (TOKEN, OAuth1("key", "secret", "token", "secret")):
        seen = Seen(connect(Endpoint(Request("GET", url), 20.0), auth)).ended()
        assert isinstance(seen.error, ValueError)
        assert "https://" in str(seen.error)
        assert "secret" not in repr(seen.error)


@pytest.mark.parametrize("location", [b"http://127.0.0.1:1/", b"https://elsewhere.invalid/"])
def test_redirects_are_refused(location: bytes) -> None:
    """A redirect is an error with its status; the credentials go nowhere else."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    with Server(answering(head)) as server:
        seen = Seen(connect(server.endpoint(), TOKEN)).ended()
        assert isinstance(seen.error, HTTPStatusError)
        assert seen.error.status_code == 302


@pytest.mark.parametrize("after", [b"", HEAD, HEAD + chunk(b'{"text":"one"}\r\n')])
def test_stall(after: bytes) -> None:
    """Silence for the stall timeout is a StreamStalled, also before the head."""
    with Server(answering(after)) as server:
        seen = Seen(connect(server.endpoint(stall_timeout=0.05))).ended()
    assert isinstance(seen.error, StreamStalled)
    assert seen.error.timeout == 0.05
    if after:
        assert seen.items[-1] == Disconnected(seen.error)


def test_refused() -> None:
    """A refused connection is a ConnectionFailed that names the host, its cause chained."""
    with Server(silent) as server:
        endpoint = server.endpoint()
    seen = Seen(connect(endpoint)).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert "127.0.0.1" in str(seen.error)
    assert seen.error.__cause__ is not None


def test_an_unknown_name() -> None:
    """A name that does not resolve is a ConnectionFailed."""
    seen = Seen(connect(Endpoint(Request("GET", "http://nowhere.invalid/"), 20.0))).ended()
    assert isinstance(seen.error, ConnectionFailed)


END = b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (chunk(WIRE) + END, StreamDisconnected),
        (chunk(WIRE), StreamDisconnected),
        (chunk(WIRE) + b"1", StreamDisconnected),
        (chunk(WIRE) + b'ff\r\n{"half', StreamDisconnected),
        (chunk(WIRE) + b"nonsense\r\n", ConnectionFailed),
        (chunk(WIRE) + b"-5\r\n", ConnectionFailed),
        (chunk(WIRE) + b"f" * 20 + b"\r\n", ConnectionFailed),
        (chunk(WIRE) + b"f" * 9000, ConnectionFailed),
    ],
)
def test_ends(sent: bytes, error: type[StreamError]) -> None:
    """However a body ends, what came whole before is delivered, then Disconnected, then the error."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD, sent)

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, error)
    assert isinstance(seen.items[0], Connected)
    assert seen.items[1:] == [*MESSAGES, Disconnected(seen.error)]


def test_broken_gzip() -> None:
    """Garbage where gzip should be is a ConnectionFailed."""
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    with Server(answering(head, chunk(b"this is no gzip"))) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, ConnectionFailed)


def test_reset() -> None:
    """A reset is a ConnectionFailed."""
    go = threading.Event()

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD)
        go.wait(PATIENCE)
        peer.reset()

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint())).count(1)
        go.set()
        seen.ended()
    assert isinstance(seen.error, ConnectionFailed)


def test_a_finite_stream_completes_only_when_it_ended_whole() -> None:
    """A replayed window completes; one that is cut is a StreamDisconnected."""
    for ending, whole in ((END, True), (b"", False)):

        def handle(peer: Peer, ending: bytes = ending) -> None:
            peer.read_request()
            peer.send(HEAD, chunk(WIRE), ending)

        with Server(handle) as server:
            seen = Seen(connect(server.endpoint(finite=True))).ended()
        assert seen.frames() == MESSAGES
        assert seen.completed is whole
        assert isinstance(seen.error, StreamDisconnected) is not whole


def test_a_refusal_with_an_endless_body() -> None:
    """No more than 64 KiB of a refusal's body are read."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD.replace(b"200 OK", b"401 No"))
        while True:
            peer.send(chunk(b"x" * 1000))

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, Unauthorized)
    assert len(seen.error.problem.body) == 64 * 1024
    assert len(str(seen.error)) < 450


def test_a_refusal_whose_body_breaks_off() -> None:
    """The status counts, even when the body is cut."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\noverloa")

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, HTTPStatusError)
    assert (seen.error.status_code, seen.error.problem.body) == (503, "overloa")


def test_fetch() -> None:
    """`fetch` gives the whole answer once, and completes."""
    with Server(answering(HEAD, chunk(b"hello "), chunk(b"world"), END)) as server:
        seen = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert [item.body for item in seen.items] == [b"hello world"]
    assert seen.completed


def test_fetch_of_a_cut_answer_fails() -> None:
    """An answer that breaks off is no answer."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhal")

    with Server(handle) as server:
        seen = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert isinstance(seen.error, StreamDisconnected)


BASES = [
    "http://evil.example\\\\.localhost",
    "http://evil.example\\.localhost",
    "http://evil.example%2f.localhost",
    "http://evil.example;.localhost",
    "http://evil.example/.localhost",
    "http://127.0.0.1@evil.example",
    "http://evil.example#.localhost",
]


@pytest.mark.parametrize("base", BASES)
def test_no_spelling_of_an_address_sends_credentials_elsewhere(base: str) -> None:
    """An address that programs read differently is refused, by whichever way it comes in."""
    with pytest.raises(ValueError):
        rxtweets.StreamingClient(TOKEN, base_url=base).sample()
    seen = Seen(connect(Endpoint(Request("GET", base + "/"), 20.0), TOKEN)).ended()
    assert isinstance(seen.error, ValueError)


def test_a_family_that_the_system_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without IPv6, a name with an address of each kind is reached by IPv4."""
    resolve, make = socket.getaddrinfo, socket.socket

    def both(*args: Any) -> Any:
        found = resolve(*args)
        return [(socket.AF_INET6, *found[0][1:4], ("::1", 0, 0, 0)), *found]

    def without_ipv6(family: int = -1, *args: Any, **options: Any) -> Any:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return make(family, *args, **options)

    with Server(silent) as server:
        monkeypatch.setattr("rxtweets.transport.connections.socket.getaddrinfo", both)
        monkeypatch.setattr("rxtweets.transport.connections.socket.socket", without_ipv6)
        seen = Seen(connect(server.endpoint())).count(1)
        seen.dispose()
        monkeypatch.undo()


def test_early_hints() -> None:
    """Informational answers before the real one are passed over."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with Server(answering(hints + HEAD, chunk(WIRE))) as server:
        seen = Seen(connect(server.endpoint())).count(4)
        seen.dispose()
    assert seen.frames() == MESSAGES


def test_a_servers_bytes_do_not_reach_the_terminal() -> None:
    """The status line's text is shown shortened and without control characters."""
    with Server(answering(b"\x1b[2J\x1b]0;owned\x07" + b"x" * 50_000 + b"\r\n\r\n")) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert str(seen.error).isprintable()
    assert len(str(seen.error)) < 450


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Encoding: br\r\nContent-Length: 6",
        b"Transfer-Encoding: gzip, chunked",
    ],
)
def test_an_answer_that_cannot_be_read(headers: bytes) -> None:
    """Any bytes from a server end a stream with a StreamError, so that it is retried."""
    with Server(answering(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\nabcdef")) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert seen.frames() == []


def dribbling(status: bytes) -> Callable[[Peer], None]:
    """A handler whose answer's body never ends, byte by byte."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 1000000\r\n\r\n")
        tick = threading.Event()
        while not tick.wait(0.01):
            peer.send(b"x")

    return handle


def test_a_refusal_is_told_though_its_body_dribbles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status is known; its body is waited for a moment only."""
    monkeypatch.setattr("rxtweets._session_runner._PROBLEM_TIMEOUT", 0.1)
    with Server(dribbling(b"503 Busy")) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, HTTPStatusError)
    assert seen.error.status_code == 503


def test_an_answer_that_dribbles_is_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `fetch` ends, even when bytes go on coming."""
    monkeypatch.setattr("rxtweets._session_runner.RESPONSE_TIMEOUT", 0.1)
    with Server(dribbling(b"200 OK")) as server:
        seen = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert isinstance(seen.error, StreamStalled)


def test_a_head_that_dribbles_is_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that never ends is given up."""
    monkeypatch.setattr("rxtweets._session_runner._HEAD_TIMEOUT", -19.9)

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        tick = threading.Event()
        while not tick.wait(0.01):
            peer.send(b"X: y\r\n")

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint(stall_timeout=20.0))).ended()
    assert isinstance(seen.error, StreamStalled | ConnectionFailed)


def test_the_cause_of_a_failure_holds_no_credentials() -> None:
    """The chained exception of the HTTP library does not keep the signed request."""
    with Server(silent) as server:
        endpoint = server.endpoint()
    seen = Seen(connect(endpoint, TOKEN)).ended()
    assert seen.error is not None
    assert getattr(seen.error.__cause__, "request", None) is None


def ending(*pieces: bytes) -> Callable[[Peer], None]:
    """A handler that reads the request, sends *pieces* and closes."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(*pieces)

    return handle


GZIP_HEAD = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")


@pytest.mark.parametrize("finite", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_every_end_of_a_stream_says_what_is_lost(packed: bool, finite: bool) -> None:
    """Cut anywhere before a clean end, whole messages come out and a part of one is never passed over."""
    wire = b'{"a":1}\r\n{"b":"\xc3\xa4"}'
    whole = [b'{"a":1}', b'{"b":"\xc3\xa4"}']
    body = gzip.compress(wire) if packed else wire
    cuts = iter(range(len(body) + 1))

    def handle(peer: Peer) -> None:
        cut = next(cuts)
        peer.read_request()
        peer.send(GZIP_HEAD if packed else HEAD, chunk(body[:cut]) if cut else b"", END)

    with Server(handle) as server:
        for cut in range(len(body) + 1):
            seen = Seen(connect(server.endpoint(finite=finite))).ended()
            frames = seen.frames()
            assert frames == whole[: len(frames)]
            rest = wire[:cut] if not packed else b""
            if finite and (cut == len(body) or (not packed and cut in (0, 7, 8, 9))):
                assert seen.completed, cut
                assert packed or rest.count(b"}") == len(frames)
            else:
                assert isinstance(seen.error, StreamDisconnected)
                assert packed or (seen.error.cut is None) is (cut in (0, 7, 8, 9, len(body)))
                assert ("in the middle of a message" in str(seen.error)) is (seen.error.cut is not None)
                if packed and cut < len(body):
                    assert "compressed data" in str(seen.error)


@pytest.mark.parametrize(
    "end",
    [
        lambda peer: None,
        lambda peer: peer.send(b"1"),
        lambda peer: peer.send(b"nonsense\r\n"),
        lambda peer: peer.wait_for_close(),
    ],
    ids=["closed", "in a chunk header", "no chunk", "stall"],
)
def test_a_failure_says_that_it_came_within_a_message(end: Callable[[Peer], None]) -> None:
    """However a stream fails, the error tells how much there was of a message that is lost."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD, chunk(WIRE + b'{"half'))
        end(peer)

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint(stall_timeout=0.1))).ended()
    assert isinstance(seen.error, StreamError)
    assert seen.error.cut == 6
    assert str(seen.error).endswith(", in the middle of a message, of which 6 bytes had come")
    assert seen.items[1:] == [*MESSAGES, Disconnected(seen.error)]


def test_what_came_before_a_corruption_is_given_out() -> None:
    """Whole messages that come together with a fault of the compression come out before the error."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(WIRE) + packer.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 20
    with Server(answering(GZIP_HEAD, chunk(packed))) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert seen.frames() == MESSAGES
    assert isinstance(seen.error, ConnectionFailed)
    assert "compressed data is corrupt" in str(seen.error)


def test_dispose_under_a_compressed_flood() -> None:
    """A disposal ends at once what a few bytes decompress to, and little of it is held at any time."""
    flood = zlib.compressobj(9, wbits=31).compress(b"\n" * 50_000_000)
    reading = threading.Event()

    class Slow(Seen):
        def _on_next(self, item: Any) -> None:
            reading.set()

    before = max_memory()
    with Server(answering(GZIP_HEAD, chunk(flood))) as server:
        seen = Slow(connect(server.endpoint()))
        assert reading.wait(PATIENCE)
        threading.Event().wait(0.2)
        dispose_quickly(seen.dispose)
        assert server.gone.acquire(timeout=PATIENCE)
    assert max_memory() - before < 30_000


def max_memory() -> int:
    """The most memory that this process has had so far, in KiB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("kind", [b"text/html", b"Text/HTML; charset=utf-8", b"application/xhtml+xml", b""])
def test_a_page_is_no_stream(kind: bytes) -> None:
    """A 200 with a page of HTML is refused for good, and the error shows what it says."""
    head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Type: " + kind + b"\r\n" if kind else b"") + b"\r\n"
    with Server(ending(head + b"\r\n <!DOCTYPE html><p>Pay for <b>Wi-Fi</b>\r\n")) as server:
        seen = Seen(connect(server.endpoint())).ended()
        answer = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert isinstance(seen.error, NotAStream)
    assert str(seen.error).startswith("HTTP 200 OK: Pay for Wi-Fi (a stream begins with 200 and is JSON;")
    assert seen.frames() == []
    assert BackoffPolicy.standard().next(seen.error, 0.0) is None
    assert answer.completed


@pytest.mark.parametrize(
    "status", [b"201 Created", b"202 Accepted", b"204 No Content", b"205 Reset Content", b"206 Partial"]
)
def test_another_success_is_no_stream(status: bytes) -> None:
    """Only 200 begins a stream; any other success is refused for good, and is an answer to a request."""
    body = b"\r\n" if status.startswith(b"204") else b"Content-Length: 5\r\n\r\nhello"
    with Server(ending(b"HTTP/1.1 " + status + b"\r\n" + body)) as server:
        seen = Seen(connect(server.endpoint())).ended()
        answer = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert isinstance(seen.error, NotAStream)
    assert seen.error.status_code == int(status[:3])
    assert seen.items == []
    assert BackoffPolicy.standard().next(seen.error, 0.0) is None
    assert [item.status_code for item in answer.items] == [int(status[:3])]


def test_a_head_cut_anywhere_is_no_answer() -> None:
    """A connection that ends within the response's head has failed, wherever it is cut."""
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: y\r\n\r\n"
    cuts = iter(range(len(head) + 1))
    with Server(lambda peer: ending(head[: next(cuts)])(peer)) as server:
        for cut in range(len(head)):
            seen = Seen(connect(server.endpoint())).ended()
            assert isinstance(seen.error, ConnectionFailed), cut
            assert seen.items == [], cut
        seen = Seen(connect(server.endpoint())).ended()
        assert isinstance(seen.error, StreamDisconnected)


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]
)
def test_a_flood_of_informational_answers(interim: bytes) -> None:
    """Informational answers without end are given up after some hundred lines."""

    def handle(peer: Peer) -> None:
        peer.read_request()
        while True:
            peer.send(interim * 100)

    with Server(handle) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, ConnectionFailed)
    assert "more than 500 lines" in str(seen.error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("tls", [False, True])
def test_a_forked_process_leaves_its_parents_connection_alone(
    bundle: str, server_context: ssl.SSLContext, tls: bool
) -> None:
    """A disposal in a forked process ends nothing in its parent."""
    go = threading.Event()

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD)
        go.wait(PATIENCE)
        peer.send(chunk(WIRE))
        peer.wait_for_close()

    with Server(handle, server_context if tls else None) as server:
        seen = Seen(connect(server.endpoint(), transport=RequestsTransport(ca_bundle=bundle))).count(1)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of a fork beside threads, which is the matter
            child = os.fork()
        if child == 0:
            try:
                seen.dispose()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        go.set()
        seen.count(4).dispose()
    assert seen.frames() == MESSAGES


def test_blank_lines_for_chunks() -> None:
    """Blank lines where a chunk should be, which would say nothing for ever, end the stream."""
    with Server(answering(HEAD, chunk(WIRE), b"\r\n" * 100)) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert seen.frames() == MESSAGES
    assert isinstance(seen.error, ConnectionFailed)
    assert "not a chunk header" in str(seen.error)
