"""Clients that speak TLS, and tunnel, with nothing but sockets and ssl."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

from rxtweets.emulator import Emulator

from .clients import RawStream


def plain(emulator: Emulator) -> socket.socket:
    """A connection to the emulator's port, on which nothing has been said."""
    host, port = emulator.base_url.rpartition("//")[2].split(":")
    return socket.create_connection((host, int(port)), timeout=20)  # a busy machine is slow


def trusting(emulator: Emulator) -> ssl.SSLContext:
    """A client's context that trusts the emulator's CA and no other."""
    return ssl.create_default_context(cafile=emulator.ca_file)


@contextlib.contextmanager
def secure(emulator: Emulator, name: str = "api.x.com", tunnel: bool = False) -> Iterator[ssl.SSLSocket]:
    """A TLS connection to that name at the emulator's port, or through it as by a proxy."""
    with plain(emulator) as sock:
        if tunnel:
            assert ask_for_tunnel(sock, f"{name}:443").startswith(b"HTTP/1.1 200 ")
        with trusting(emulator).wrap_socket(sock, server_hostname=name) as wrapped:
            yield wrapped


def ask_for_tunnel(sock: socket.socket, to: str) -> bytes:
    """Send CONNECT and return the head of the answer."""
    sock.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise EOFError(head)
        head += byte
    return head


def get(emulator: Emulator, target: str, *headers: str) -> bytes:
    """The bytes of a GET with the bearer token."""
    token = f"Authorization: Bearer {emulator.bearer_token}"
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: api.x.com", token, *headers, "", ""]).encode()


@contextlib.contextmanager
def secure_stream(
    emulator: Emulator, target: str, *headers: str, tunnel: bool = False
) -> Iterator[RawStream]:
    """A stream over TLS."""
    with secure(emulator, tunnel=tunnel) as sock:
        yield RawStream(sock, get(emulator, target, *headers))


def by_hand(sock: socket.socket, context: ssl.SSLContext, words: bytes) -> None:
    """Shake hands and send words, without an SSLSocket, which warns when the connection is gone just now."""
    read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(read, write, server_hostname="api.x.com")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(write.read())
            data = sock.recv(65536)
            if not data:
                return
            read.write(data)
    tls.write(words)
    sock.sendall(write.read())
