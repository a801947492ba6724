"""`connect` on real sockets: what arrives when, what fails how, and what a disposal leaves."""

from __future__ import annotations

import gzip
import select
import socket
import ssl
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import trustme

import rxtweets
from rxtweets.auth import BearerToken, OAuth1
from rxtweets.connection import connect, fetch
from rxtweets.endpoints import Endpoint, Request
from rxtweets.errors import (
    ConnectionFailed,
    HTTPStatusError,
    StreamDisconnected,
    StreamError,
    StreamStalled,
    Unauthorized,
)
from rxtweets.messages import Connected, Disconnected, KeepAlive
from rxtweets.transport import RequestsTransport

from .conftest import leftovers, open_sockets
from .observing import PATIENCE, Seen, dispose_quickly
from .servers import HEAD, Peer, Server, chunk, unanswering

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
        assert server.gone.acquire(timeout=1)
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
        monkeypatch.setattr("rxtweets._http.socket.socket", Slow)
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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of the tests' own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """TLS for a server on 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls_with_a_ca_bundle(authority: trustme.CA, server_context: ssl.SSLContext) -> None:
    """A CA bundle makes its certificates trusted, and a disposal wakes a read under TLS too."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    with authority.cert_pem.tempfile() as bundle, Server(answering(HEAD, body), server_context) as server:
        before = open_sockets()
        transport = RequestsTransport(ca_bundle=bundle)
        seen = Seen(connect(server.endpoint(), TOKEN, transport=transport)).count(4)
        dispose_quickly(seen.dispose)
        assert leftovers(before) == []
    assert seen.frames() == MESSAGES


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_tls_with_a_ca_bundle_of_the_environment(
    authority: trustme.CA, server_context: ssl.SSLContext, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What requests takes from the environment counts on this machine too, unless one is given."""
    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    with authority.cert_pem.tempfile() as bundle, Server(answering(HEAD, body), server_context) as server:
        monkeypatch.setenv(variable, bundle)
        assert Seen(connect(server.endpoint(), TOKEN)).count(4).frames() == MESSAGES
        with trustme.CA().cert_pem.tempfile() as other:
            given = RequestsTransport(ca_bundle=other)
            refused = Seen(connect(server.endpoint(), TOKEN, transport=given)).ended()
            assert isinstance(refused.error, ConnectionFailed)


def test_tls_through_a_proxy(authority: trustme.CA, server_context: ssl.SSLContext) -> None:
    """An https stream goes through a proxy's tunnel, and a disposal closes it all."""

    def tunnel(peer: Peer) -> None:
        host, port = peer.read_request().split()[1].split(b":")
        with socket.create_connection((host.decode(), int(port))) as upstream:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            sockets = [peer.sock, upstream]
            while True:
                for source in select.select(sockets, [], [], PATIENCE)[0]:
                    if not (data := source.recv(65536)):
                        return
                    sockets[1 - sockets.index(source)].sendall(data)

    body = b"".join(chunk(message + b"\r\n") for message in MESSAGES)
    # By another name than a loopback one, which no proxy would be used for.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("stream.example").configure_cert(context)
    with (
        authority.cert_pem.tempfile() as bundle,
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


def test_a_socks_proxy_is_refused() -> None:
    """A kind of proxy that cannot be disposed promptly is refused by name."""
    transport = RequestsTransport(proxies={"http": "socks5://127.0.0.1:1"})
    seen = Seen(connect(Endpoint(Request("GET", "http://x.invalid/"), 20.0), transport=transport)).ended()
    assert isinstance(seen.error, ValueError)
    assert "SOCKS" in str(seen.error)


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
    """Where IPv6 is off, a name that has an IPv6 address too is reached by the other one."""
    resolve, make = socket.getaddrinfo, socket.socket

    def both(*args: Any) -> Any:
        found = resolve(*args)
        return [(socket.AF_INET6, *found[0][1:4], ("::1", 0, 0, 0)), *found]

    def without_ipv6(family: int = -1, *args: Any, **options: Any) -> Any:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return make(family, *args, **options)

    with Server(silent) as server:
        monkeypatch.setattr("rxtweets._http.socket.getaddrinfo", both)
        monkeypatch.setattr("rxtweets._http.socket.socket", without_ipv6)
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
    """What a server says in its status line is shown short and without controls."""
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
    """Whatever a server sends, a stream ends with a StreamError, so that it is retried."""
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
    monkeypatch.setattr("rxtweets.connection._PROBLEM_TIMEOUT", 0.1)
    with Server(dribbling(b"503 Busy")) as server:
        seen = Seen(connect(server.endpoint())).ended()
    assert isinstance(seen.error, HTTPStatusError)
    assert seen.error.status_code == 503


def test_an_answer_that_dribbles_is_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `fetch` ends, even when bytes go on coming."""
    monkeypatch.setattr("rxtweets.connection.FETCH_TIMEOUT", 0.1)
    with Server(dribbling(b"200 OK")) as server:
        seen = Seen(fetch(Request("GET", server.base_url + "/"))).ended()
    assert isinstance(seen.error, StreamStalled)


def test_a_head_that_dribbles_is_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that never ends is given up."""
    monkeypatch.setattr("rxtweets.connection._HEAD_TIMEOUT", -19.9)

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
