"""What `requests` and urllib3 leave to be done for streams: sockets that another thread can shut down at any
moment of their life, and reading a chunked body as it comes at the cost of a slice a chunk.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import http.client
import importlib.util
import os
import selectors
import socket
import sys
import threading
from collections.abc import Callable
from io import BufferedIOBase
from typing import Any

import urllib3
import urllib3.connection
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_LONGEST_CHUNK_HEADER = 4096

_SOCKS_PORT = 1080
"""Where a SOCKS proxy is whose URL names no port. Source: RFC 1928."""

_LONGEST_HEAD = 500
"""The most lines of a response's head, informational answers (1xx) before it included."""

if not hasattr(urllib3.HTTPResponse, "read1"):
    raise ImportError("rxtweets reads streams with urllib3 2.2.3 or later: pip install -U urllib3")


class Sockets:
    """The sockets of one session, so that any thread can shut them down.

    Each is held as a duplicate: the original changes hands while a connection is made (TLS takes it over),
    but a shutdown reaches the connection through either. It wakes whoever waits for it to connect, to
    shake hands or to send something.

    A process that was forked shares its parent's connections: there, a shutdown lets go of them and leaves
    them as they are.
    """

    def __init__(self) -> None:
        self.shut = False
        self._process = os.getpid()
        self.connected = False
        self._lock = threading.RLock()  # a signal handler may shut down on the thread that holds it
        self._duplicates: list[socket.socket] = []
        self._connections: list[http.client.HTTPConnection] = []

    def watch(self, connection: http.client.HTTPConnection, sock: socket.socket) -> None:
        """Have *connection*'s *sock* shut down with the rest.

        Raises ConnectionAbortedError when they already are.
        """
        with self._lock:
            self.check()
            self._duplicates.append(sock.dup())
            self._connections.append(connection)

    def check(self) -> None:
        """Raise ConnectionAbortedError when they are shut down."""
        if self.shut:
            raise ConnectionAbortedError("the session is closed")

    def shut_down(self) -> None:
        """End what goes on on the sockets, at once. From any thread, any number of times."""
        self.shut = True
        if os.getpid() != self._process:
            return  # nor may the lock be taken, which a thread may hold that exists in the parent only
        with self._lock:
            for duplicate in self._duplicates:
                with contextlib.suppress(OSError):  # not connected, or no longer
                    duplicate.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Shut down, and give the descriptors back. Only from the thread that uses the sockets."""
        self.shut_down()
        with self._lock:
            for connection in self._connections:  # the pool it went back to would close it some time later
                connection.close()
            self._connections.clear()
            for duplicate in self._duplicates:
                duplicate.close()
            self._duplicates.clear()


class Adapter(HTTPAdapter):
    """A `requests` adapter, for one session, whose sockets are watched by *sockets*."""

    def __init__(self, sockets: Sockets) -> None:
        self._pools = {
            "http": _pool(HTTPConnectionPool, _HTTPConnection, sockets),
            "https": _pool(HTTPSConnectionPool, _HTTPSConnection, sockets),
        }
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.lower().startswith("socks") and importlib.util.find_spec("socks") is None:
            raise ValueError('a SOCKS proxy needs the extra "socks": pip install "rxtweets[socks]"')
        manager: Any = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pool(pool: type[HTTPConnectionPool], connection: type, sockets: Sockets) -> Callable[..., Any]:
    def make(*args: Any, **kwargs: Any) -> HTTPConnectionPool:
        made: Any = pool(*args, **kwargs)
        made.ConnectionCls = functools.partial(connection, sockets=sockets)
        return made  # type: ignore[no-any-return]

    return make


class _HeadReader:
    """Gives http.client the lines of a response's head, which it would take cut, and of any number.

    Source: RFC 9112, 8: a response whose head is not whole is incomplete.
    """

    def __init__(self, source: BufferedIOBase) -> None:
        self._source = source
        self._lines = 0
        self.close = source.close

    def readline(self, limit: int) -> bytes:
        line = self._source.readline(limit)
        self._lines += 1
        if self._lines > _LONGEST_HEAD:
            raise http.client.HTTPException(f"the response's head has more than {_LONGEST_HEAD} lines")
        if not line.endswith(b"\n") and len(line) < limit and (line or self._lines > 1):
            raise http.client.HTTPException("the connection was closed within the response's head")
        return line


class _ChunkedResponse(http.client.HTTPResponse):
    """A response whose `read1` takes all chunks that one system call brought, whole or in part.

    The standard one makes several calls for each chunk, and a stream has a chunk a message.
    """

    _ended = False
    _failure: http.client.HTTPException | None = None  # raised once what came before it is given out
    _left = 0  # bytes of the current chunk that have not come yet
    _header = b""  # the beginning of a chunk header whose end has not come yet
    _open = False  # whether the line end behind a chunk has not come yet

    def begin(self) -> None:
        source = self.fp
        self.fp = _HeadReader(source)  # type: ignore[assignment]
        try:
            super().begin()
            while 100 < self.status < 200 and self.status != 101:  # 103 Early Hints and such: more follows
                self.headers = self.msg = None  # type: ignore[assignment]
                super().begin()
        finally:
            if self.fp is not None:  # not closed, since there is no body
                self.fp = source

    def read1(self, n: int = -1) -> bytes:
        if not self.chunked or self.fp is None:
            return super().read1(n)
        while not self._ended:
            data: bytes = self.fp.read1(n)
            if not data:
                self._failure = http.client.IncompleteRead(b"")
                break
            if body := self._unchunked(data):
                return body
        self.close()
        if self._failure is not None:
            raise self._failure
        return b""

    def _unchunked(self, data: bytes) -> bytes:
        """The payload in *data*, the next bytes of the body as they were sent (RFC 9112, 7.1)."""
        pieces = []
        start = 0
        if self._left:
            pieces.append(data[: self._left])
            start = len(pieces[0])
            self._left -= start
            self._open = True
        elif self._header:
            data = self._header + data
            self._header = b""
        length = len(data)
        while start < length:
            end = data.find(b"\r\n", start)
            if end == start and self._open:
                self._open = False
                start += 2
                continue
            if end < 0:
                self._header = data[start:]
                if len(self._header) > _LONGEST_CHUNK_HEADER:
                    self._end("a chunk header without an end")
                break
            try:
                size = int(data[start:end], 16)
            except ValueError:
                size = _chunk_size(data[start:end])
            if size <= 0:
                self._end("" if size == 0 else f"not a chunk header: {data[start:end][:40]!r}")
                break
            start = end + 2
            end = start + size
            pieces.append(data[start:end])
            if end > length:
                self._left = end - length
            if data.startswith(b"\r\n", end):
                start = end + 2
            else:
                start = end
                self._open = True
        return b"".join(pieces)

    def _end(self, failure: str) -> None:
        self._ended = True
        if failure:
            self._failure = http.client.HTTPException(failure)


def _chunk_size(header: bytes) -> int:
    """The size in a chunk header with an extension; -1 when there is none."""
    try:
        return int(header.partition(b";")[0], 16)
    except ValueError:
        return -1


class _Watched(urllib3.connection.HTTPConnection):
    response_class = _ChunkedResponse

    def __init__(
        self, *args: Any, sockets: Sockets, _socks_options: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sockets = sockets
        self._socks = _socks_options  # named by urllib3's SOCKSProxyManager, which gives them

    def connect(self) -> None:
        super().connect()
        self._sockets.connected = True

    def _new_conn(self) -> socket.socket:
        # urllib3's own, but for the one line that makes the socket known before it connects.
        host, port = self._dns_host, self.port
        if self._socks is not None:
            host, port = self._socks["proxy_host"], self._socks["proxy_port"] or _SOCKS_PORT
        try:
            addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            reason = self._named(host, error)
            raise urllib3.exceptions.NewConnectionError(self, str(reason)) from reason
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in addresses:
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)  # fails where the system lacks the family
                self._sockets.watch(self, sock)
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                self._reach(sock, address)
            except OSError as error:
                if sock is not None:
                    sock.close()
                failure = error
            else:
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock if self._socks is None else self._through(sock, self._socks)
        reason = self._named(host, failure)
        raise urllib3.exceptions.NewConnectionError(self, str(reason)) from reason

    def _named(self, host: str, failure: Exception) -> Exception:
        """Return *failure* to reach *host*, with the host in it when it is a proxy's."""
        if self._socks is None and self.proxy is None:
            return failure
        return OSError(f"the proxy {host}: {getattr(failure, 'strerror', None) or failure}")

    def _through(self, sock: socket.socket, options: dict[str, Any]) -> socket.socket:
        """Have the SOCKS proxy at *sock* connect to the host."""
        from .socks import negotiate  # here, since it needs an extra

        try:
            return negotiate(sock, (self._dns_host, self.port), options)
        except OSError as error:
            reason = self._named(options["proxy_host"], getattr(error, "socket_err", None) or error)
            raise urllib3.exceptions.NewConnectionError(self, str(reason)) from reason

    def _reach(self, sock: socket.socket, address: Any) -> None:
        """Connect *sock*, unless the session is shut down before or meanwhile."""
        # In two steps: a shutdown before the connect has begun does nothing to it, one after that ends it.
        sock.setblocking(False)
        state = sock.connect_ex(address)
        self._sockets.check()
        if state in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_WRITE)
                if not selector.select(self.timeout):
                    raise TimeoutError(errno.ETIMEDOUT, f"no answer to a connect in {self.timeout:g} s")
            state = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state:
            raise OSError(state, os.strerror(state))
        self._sockets.check()
        sock.settimeout(self.timeout)


class _HTTPConnection(_Watched):
    pass


class _HTTPSConnection(_Watched, urllib3.connection.HTTPSConnection):
    pass
