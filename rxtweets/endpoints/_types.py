"""What can be requested and connected to, as immutable values."""

from __future__ import annotations

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without credentials: those are added when it is sent, so its repr holds no secret.

    ``url`` is absolute and has no query; ``params`` is the query, in order. At most one of ``form``
    (sent as ``application/x-www-form-urlencoded``) and ``json`` (bytes already encoded, sent as
    ``application/json``) is there.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = None
    json: bytes | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """A stream that can be connected to: the request that opens it, and how its bytes are to be read.

    ``stall_timeout`` is in seconds: when nothing at all has come for so long, not even a keep-alive, the
    connection is dead. ``delimited`` says that the request asks for ``delimited=length``, so that each
    message follows its length.
    """

    request: Request
    stall_timeout: float
    delimited: bool = False
