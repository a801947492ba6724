"""Real servers on real sockets, for tests of what the network can do."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Self

from rxtweets.endpoints import Endpoint, Request

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """*data* as one HTTP chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.request = b""

    def read_request(self) -> bytes:
        """The head of the client's request; kept in `request`."""
        while b"\r\n\r\n" not in self.request:
            if not (data := self.sock.recv(65536)):
                break
            self.request += data
        return self.request

    def send(self, *pieces: bytes) -> None:
        """Send each of *pieces* by a call of its own."""
        for piece in pieces:
            self.sock.sendall(piece)

    def wait_for_close(self) -> None:
        """Return when the client has closed its side."""
        while self.sock.recv(65536):
            pass

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """A TCP server that runs *handle* for each connection, on a thread each.

    Attributes:
        accepted: released once for each connection accepted.
        gone: released once for each connection whose handler has returned.
        peers: the connections so far.
    """

    def __init__(self, handle: Callable[[Peer], None], context: ssl.SSLContext | None = None) -> None:
        self._handle = handle
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.peers: list[Peer] = []
        self.accepted = threading.Semaphore(0)
        self.gone = threading.Semaphore(0)
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"

    def endpoint(self, *, stall_timeout: float = 20.0, finite: bool = False) -> Endpoint:
        """An endpoint on this server."""
        return Endpoint(Request("GET", self.base_url + "/stream"), stall_timeout, finite=finite)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for peer in self.peers:
            peer.sock.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock)
        self.peers.append(peer)
        self.accepted.release()
        with contextlib.suppress(OSError):
            if self._context is not None:
                peer.sock = self._context.wrap_socket(sock, server_side=True)
            self._handle(peer)
        peer.sock.close()
        self.gone.release()


def relay(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either sends to the other until one of them ends."""
    sockets = [one, other]
    while True:
        for source in select.select(sockets, [], [], 10.0)[0]:
            if not (data := source.recv(65536)):
                return
            sockets[1 - sockets.index(source)].sendall(data)


def socks(peer: Peer, port: int) -> None:
    """Be a SOCKS proxy (4, 4a, 5) that connects to this machine's *port* whatever it is asked for.

    `peer.request` becomes what it was told, as `user:password host:port`.
    """
    said = peer.sock.makefile("rb")

    def text() -> bytes:
        return said.read(said.read(1)[0])

    def line() -> bytes:
        return b"".join(iter(lambda: said.read(1), b"\0"))

    with said:
        user = host = b""
        if said.read(1) == b"\x04":
            said.read(1)
            asked = struct.unpack(">H", said.read(2))[0]
            address = said.read(4)
            user = line()
            host = line() if address[:3] == b"\0\0\0" else socket.inet_ntoa(address).encode()
            granted = b"\x00\x5a" + bytes(6)
        else:
            methods = text()
            peer.send(b"\x05\x02" if 2 in methods else b"\x05\x00")
            if 2 in methods:
                said.read(1)
                user = text() + b":" + text()
                peer.send(b"\x01\x00")
            kind = said.read(4)[3]
            host = text() if kind == 3 else socket.inet_ntoa(said.read(4)).encode()
            asked = struct.unpack(">H", said.read(2))[0]
            granted = b"\x05\x00\x00\x01" + bytes(6)
    peer.request = b"%s %s:%d" % (user, host, asked)
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        peer.send(granted)
        relay(peer.sock, upstream)


@contextlib.contextmanager
def unanswering() -> Iterator[int]:
    """A port of this machine that accepts no connection and refuses none: its queue is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(3):
        sock = socket.socket()
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect(listener.getsockname())
        waiting.append(sock)
    try:
        yield listener.getsockname()[1]
    finally:
        for sock in [*waiting, listener]:
            sock.close()
