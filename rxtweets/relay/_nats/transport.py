"""The transport of a connection."""

from __future__ import annotations

import ssl
from typing import Any

import nats.errors
from nats.aio.transport import TcpTransport


class Transport(TcpTransport):
    """A connection, by TLS from its handshake on.

    nats-py's own ends with a warning of asyncio's, and not at all after a handshake that failed. Also, it
    sends the credentials unencrypted to a server that says that it has no TLS.
    """

    def __init__(self, needs_tls: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._needs_tls = needs_tls

    def __bool__(self) -> bool:
        return True  # or nats-py makes another one

    async def connect_tls(
        self, uri: Any, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: float
    ) -> None:
        assert self._io_writer is not None
        await self._io_writer.start_tls(
            ssl_context, server_hostname=uri, ssl_handshake_timeout=connect_timeout
        )

    def write(self, payload: bytes) -> None:
        """Write; what is written first has the credentials."""
        assert self._io_writer is not None
        if self._needs_tls and self._io_writer.get_extra_info("ssl_object") is None:
            raise nats.errors.SecureConnWantedError
        super().write(payload)  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """Cut it."""
        if self._io_writer is not None:
            self._io_writer.transport.abort()
