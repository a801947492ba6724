"""CONNECT: a program that is told to use a proxy asks for a tunnel to X's host, and gets one to here."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterable

import h11

from .authority import split
from .http import reason
from .wire import LINGER, LONGEST_HEAD

CONNECT = b"CONNECT "
_END = re.compile(rb"\r?\n\r?\n")


async def connect(loop: asyncio.AbstractEventLoop, sock: socket.socket, names: Iterable[str]) -> None:
    """Read the request for a tunnel and answer it. Nothing beyond is read: that is for who comes after.

    Raises ConnectionAbortedError when there is no tunnel and the client has been told why.
    """
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
    try:
        http.receive_data(await _head(loop, sock))
        request = http.next_event()
        assert isinstance(request, h11.Request)
        host = _host(request.target.decode("latin-1"))
    except (h11.RemoteProtocolError, ValueError) as error:
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        await _refuse(loop, sock, status, "CONNECT takes a host and a port, such as api.x.com:443")
        raise ConnectionAbortedError from error
    if host not in names:
        known = ", ".join(sorted(names))
        await _refuse(
            loop, sock, 403, f"There is no way from here to {host}; the emulator stands in for {known}"
        )
        raise ConnectionAbortedError
    await loop.sock_sendall(sock, b"HTTP/1.1 200 Connection established\r\n\r\n")


async def peek(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    """Return up to *size* bytes that the client has sent, once there are any; they stay to be read.

    Raises ConnectionAbortedError where nothing more will come.
    """
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock, wake)
    try:
        await ready
    finally:
        loop.remove_reader(sock)
    seen = sock.recv(size, socket.MSG_PEEK)
    if not seen:
        raise ConnectionAbortedError
    return seen


async def _head(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> bytes:
    head = bytearray()
    while True:
        before = len(head)
        head += await peek(loop, sock, LONGEST_HEAD)
        end = _END.search(head, max(0, before - 3))
        if end:
            del head[end.end() :]
        await loop.sock_recv(sock, len(head) - before)  # all of it is there
        if len(head) > LONGEST_HEAD:
            raise h11.RemoteProtocolError("the head is too long", error_status_hint=431)
        if end:
            return bytes(head)


async def _refuse(loop: asyncio.AbstractEventLoop, sock: socket.socket, status: int, why: str) -> None:
    body = f"{why}\r\n".encode()
    head = (
        f"HTTP/1.1 {status} {reason(status)}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    await loop.sock_sendall(sock, head.encode() + body)
    sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER):  # closed at once on unread data, it would be reset
            while await loop.sock_recv(sock, 65536):
                pass


def _host(target: str) -> str:
    """Return the host of `host:port`. Raises ValueError for anything else."""
    host, port = split(target)
    if port is None:
        raise ValueError(target)
    return host
