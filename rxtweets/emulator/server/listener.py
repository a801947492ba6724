"""The way in: takes clients from the listening sockets, and finds out how they speak."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from itertools import islice

from .tunnel import CONNECT, connect, peek
from .wire import REQUEST_TIMEOUT

MOST_WAITING = 512
"""Clients that may be between their connect and the end of their handshake."""
GRACE = 0.5
"""Seconds that a client has before another may take its place; as long, further ones wait in the queue."""
_DAWDLING = 1.0
"""Seconds for the rest of a word that could become CONNECT; later it is the beginning of any request."""
_QUEUE = 1024
_TLS = 0x16  # the first byte of a ClientHello, and of no request
_FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger("rxtweets.emulator")


class Listener:
    """A listener on a port. With a context, plain HTTP, TLS and tunnels to `names` come in by the same port.

    Clients that connect and stay silent, or never finish their handshake, lock nobody out: when there are
    too many of them, the one that has been there longest is dropped. When the process has no descriptors
    left, `make_room` is called, to drop connections that do nothing.
    """

    def __init__(
        self,
        connected: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext | None = None,
        names: frozenset[str] = frozenset(),
        make_room: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._connected = connected
        self._make_room = make_room
        self._context = context
        self._names = names
        self._loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []
        self._paused = False
        self._closed = False
        self._resuming: asyncio.TimerHandle | None = None
        # Who shakes hands, and since when, oldest first; and who was dropped there and isn't gone yet.
        self._waiting: dict[asyncio.Task[None], tuple[socket.socket, float]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """True while any client is between its connect and the end of its handshake."""
        return bool(self._waiting or self._leaving)

    def listen(self, host: str, port: int) -> int:
        """Listen on all addresses that `host` has here, and return the port."""
        try:
            for address in _addresses(host, port):
                with contextlib.suppress(_NoSuchAddress):
                    self._listening.append(_bound(address, port))
                    port = self._listening[-1].getsockname()[1]
            if not self._listening:
                raise OSError(errno.EADDRNOTAVAIL, f"{host!r} is no address of this machine")
        except BaseException:
            self.close()
            raise
        self._resume()
        return port

    def close(self) -> None:
        """Stop accepting and end the handshakes under way: `busy` until they are gone."""
        self._closed = True
        self._pause()
        for listening in self._listening:
            listening.close()
        self._listening.clear()
        for sock, _ in self._waiting.values():
            _shut(sock)

    def _pause(self, seconds: float | None = None) -> None:
        """Stop accepting, for so many seconds or until `_resume`."""
        self._paused = True
        for listening in self._listening:
            self._loop.remove_reader(listening)
        if seconds is not None:
            self._resuming = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._paused = False
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
        for listening in self._listening:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        while not self._paused:
            full = len(self._waiting) >= MOST_WAITING
            if full and not self._has_stale():
                self._pause(GRACE)
                return
            try:
                sock, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                log.warning("no client can be taken in for a second: %s", error.strerror)
                while self._has_stale():
                    self._drop_oldest()
                self._make_room(GRACE)
                self._pause(1)
                return
            sock.setblocking(False)
            # As asyncio does for sockets of its own making: else the second of two small writes waits 40 ms.
            with contextlib.suppress(OSError):  # where the client is gone already
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._let_in(sock))
            self._waiting[task] = sock, self._loop.time()
            task.add_done_callback(self._gone)
            if full:
                self._drop_oldest()

    def _has_stale(self) -> bool:
        """Return whether the client that has been shaking hands for longest has had its time."""
        return any(self._loop.time() - since >= GRACE for _, since in islice(self._waiting.values(), 1))

    def _drop_oldest(self) -> None:
        task = next(iter(self._waiting))
        sock, _ = self._waiting.pop(task)
        self._leaving.add(task)
        _shut(sock)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if self._waiting.pop(task, None) is None:
            return
        if self._paused and len(self._waiting) == MOST_WAITING - 1:
            self._resume()

    async def _let_in(self, sock: socket.socket) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                secure = self._context is not None and await self._speaks_tls(sock)
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError):  # which is the client's: gone, or out of time
                raise
            return
        with contextlib.suppress(OSError):  # a handshake that failed; the transport has closed the socket
            if secure:
                await self._loop.connect_accepted_socket(
                    self._connected, sock, ssl=self._context, ssl_handshake_timeout=REQUEST_TIMEOUT
                )
            else:
                await self._loop.connect_accepted_socket(self._connected, sock)

    async def _speaks_tls(self, sock: socket.socket) -> bool:
        """Open a tunnel if the client asks for one; return whether TLS comes next."""
        first = await self._first(sock)
        if first == CONNECT:
            await connect(self._loop, sock, self._names)
            first = await self._first(sock)
        return first[0] == _TLS

    async def _first(self, sock: socket.socket) -> bytes:
        """Return the first bytes a client sends, as many as tell how it speaks; they stay to be read."""
        until = self._loop.time() + _DAWDLING
        while True:
            first = await peek(self._loop, sock, len(CONNECT))
            if self._closed:
                raise ConnectionAbortedError
            if first == CONNECT or not CONNECT.startswith(first) or self._loop.time() > until:
                return first
            await asyncio.sleep(0.01)  # what is there stays readable, so there is no waiting for the rest


def _shut(sock: socket.socket) -> None:
    """End a connection whose socket belongs to the loop, or already to a transport, which see the end."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _NoSuchAddress(Exception):
    """The host has an address that this machine lacks, such as that of a protocol it doesn't speak."""


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bound(address: tuple[socket.AddressFamily, str], port: int) -> socket.socket:
    family, host = address
    try:
        sock = socket.create_server((host, port), family=family, backlog=_QUEUE)
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise _NoSuchAddress from error
        raise
    sock.setblocking(False)
    return sock
