"""The SOCKS handshake of PySocks, over a connection that is already there; needs the extra `socks`."""

from __future__ import annotations

import socket
from typing import Any

import socks

__all__ = ["negotiate"]


class _Connected(socket.socket):
    def connect(self, address: Any) -> None:
        """Do nothing: the connection to the proxy stands."""


class _Negotiating(socks.socksocket, _Connected):  # type: ignore[misc]  # PySocks has no types
    """PySocks' socket, whose own connect, which no other thread could end, is passed over."""


def negotiate(sock: socket.socket, destination: tuple[str, int], options: dict[str, Any]) -> socket.socket:
    """Have the proxy that *sock* is connected to connect to *destination*, by urllib3's *options* for it.

    *sock* is taken over, also by a failure.

    Raises:
        OSError: the proxy refused, or broke off; those of PySocks are OSErrors.
    """
    timeout = sock.gettimeout()
    negotiating = _Negotiating(sock.family, sock.type, sock.proto, fileno=sock.detach())
    try:
        negotiating.settimeout(timeout)
        negotiating.set_proxy(
            options["socks_version"],
            options["proxy_host"],
            options["proxy_port"],
            options["rdns"],
            options["username"],
            options["password"],
        )
        negotiating.connect(destination)
        connected = socket.socket(fileno=negotiating.detach())
    finally:
        negotiating.close()
    connected.settimeout(timeout)
    return connected
