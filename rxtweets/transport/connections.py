"""The `requests` adapter and urllib3's connections whose sockets are watched while they connect, too."""

from __future__ import annotations

import errno
import functools
import importlib.util
import os
import selectors
import socket
import sys
from collections.abc import Callable
from typing import Any

import urllib3
import urllib3.connection
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .chunked import ChunkedResponse
from .sockets import Sockets

_SOCKS_PORT = 1080
"""The port of a SOCKS proxy whose URL names none. Source: RFC 1928."""

if not hasattr(urllib3.HTTPResponse, "read1"):  # which tells the versions that this is tested with
    raise ImportError("rxtweets reads streams with urllib3 2.2.3 or later: pip install -U urllib3")


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


class _Watched(urllib3.connection.HTTPConnection):
    """A connection whose socket is watched from before it connects.

    Private parts of urllib3 that it uses, each held by tests/test_urllib3_parts.py: `_new_conn`, which it
    overrides, since urllib3's own makes a socket known only once it is connected; `_dns_host`, the host
    without the brackets of IPv6; `_socks_options`, by which urllib3's SOCKSProxyManager hands over the proxy.
    """

    response_class = ChunkedResponse

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
