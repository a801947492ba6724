"""The private parts of urllib3 and http.client that the transport uses: what is missing is named here."""

from __future__ import annotations

import http.client
import inspect
import io
import socket
from typing import Any

import pytest
import urllib3
import urllib3.connection
import urllib3.connectionpool
import urllib3.contrib.socks
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.transport.chunked import ChunkedResponse
from rxtweets.transport.connections import Adapter
from rxtweets.transport.sockets import Sockets

CONNECTIONS = [urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection]


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_a_connection_makes_its_socket_in_new_conn(kind: type[urllib3.connection.HTTPConnection]) -> None:
    """`connect` calls `_new_conn` for the socket, with nothing but self."""

    class Made(kind):  # type: ignore[misc, valid-type]
        def _new_conn(self) -> socket.socket:
            raise LookupError("asked for a socket")

    assert list(inspect.signature(kind._new_conn).parameters) == ["self"]
    with pytest.raises(LookupError, match="asked for a socket"):
        Made("127.0.0.1", 1).connect()


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_a_connection_has_the_host_to_look_up(kind: type[urllib3.connection.HTTPConnection]) -> None:
    """`_dns_host` is the host that the name is looked up for, `timeout` and `socket_options` are settings."""
    connection: Any = kind("api.x.com", 443, timeout=2.5)
    assert connection._dns_host == "api.x.com"
    assert connection.timeout == 2.5
    assert connection.socket_options


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_pool_makes_its_connections_from_connection_cls(scheme: str) -> None:
    """`pool_classes_by_scheme` of a manager and `ConnectionCls` of a pool decide what a connection is."""
    adapter = Adapter(Sockets())
    pool: Any = adapter.poolmanager.connection_from_host("127.0.0.1", 1, scheme)
    assert isinstance(pool, urllib3.connectionpool.HTTPConnectionPool)
    connection: Any = pool._new_conn()
    assert connection.response_class is ChunkedResponse
    adapter.close()


def test_a_socks_manager_hands_over_its_options() -> None:
    """SOCKSProxyManager gives its connections `_socks_options` with the six keys of the handshake."""
    manager = urllib3.contrib.socks.SOCKSProxyManager("socks5h://u:p@127.0.0.1:1080")
    options = manager.connection_pool_kw["_socks_options"]
    assert {"socks_version", "proxy_host", "proxy_port", "rdns", "username", "password"} <= options.keys()


class _Socket:
    """A socket that receives *head* together with the first of *pieces*, and then the others."""

    def __init__(self, head: bytes, *pieces: bytes) -> None:
        self.head = b"HTTP/1.1 200 OK\r\n" + head + b"".join(pieces[:1])
        self.pieces = iter(pieces[1:])

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self.head))

    def recv(self, size: int) -> bytes:
        return next(self.pieces, b"")


def test_a_response_reads_from_fp_and_its_socket() -> None:
    """http.client reads a head by `fp.readline`, and says by `chunked` how the body comes."""
    sock: Any = _Socket(b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n3\r\nd", b"ef\r\n0\r\n\r\n")
    response = ChunkedResponse(sock)
    assert response.fp is not None
    response.begin()
    assert (response.status, response.chunked) == (200, True)
    assert response.read1(100) == b"abcd"
    assert response.read1(100) == b"ef"
    assert response.read1(100) == b""


@given(
    payloads=st.lists(st.binary(min_size=1, max_size=40) | st.just(b'{"text":"one"}\r\n'), max_size=6),
    size=st.integers(1, 40),
    extension=st.sampled_from([b"", b";name=value"]),
)
def test_chunks_cut_anywhere(payloads: list[bytes], size: int, extension: bytes) -> None:
    """Read in pieces of any size, or a chunk each, a chunked body gives its payload."""
    chunks = [b"%x%s\r\n%s\r\n" % (len(payload), extension, payload) for payload in payloads]
    chunks.append(b"0\r\n\r\n")
    body = b"".join(chunks)
    for pieces in (chunks, [body[at : at + size] for at in range(0, len(body), size)]):
        response = ChunkedResponse(_Socket(b"Transfer-Encoding: chunked\r\n\r\n", *pieces))  # type: ignore[arg-type]
        response.begin()
        found = []
        while data := response.read1(100):
            found.append(data)
        assert b"".join(found) == b"".join(payloads)


def test_a_response_says_what_is_left_of_its_length() -> None:
    """http.client counts `length` down, and says nothing when the end comes before."""
    sock: Any = _Socket(b"Content-Length: 5\r\n\r\n", b"abc")
    response = ChunkedResponse(sock)
    response.begin()
    assert (response.read1(100), response.length) == (b"abc", 2)
    with pytest.raises(http.client.IncompleteRead):
        response.read1(100)


def test_urllib3_keeps_the_response_of_http_client() -> None:
    """`_original_response` of urllib3's response is http.client's, which is ours."""
    kept: Any = http.client.HTTPResponse(_Socket(b""))  # type: ignore[arg-type]
    made: Any = urllib3.HTTPResponse(b"", original_response=kept, preload_content=False)
    assert made._original_response is kept
