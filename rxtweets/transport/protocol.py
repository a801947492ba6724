"""The protocol between `connect` and a transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from requests.auth import AuthBase

from rxtweets.endpoints import Request


class Head(NamedTuple):
    """The head of an HTTP response.

    Attributes:
        status_code: the HTTP status.
        headers: the headers, case-insensitive.
    """

    status_code: int
    headers: Mapping[str, str]


class Session(Protocol):
    """One HTTP exchange. One thread calls `open`, `read` and `close`; `shutdown` may come from any."""

    def open(self) -> Head:
        """Send the request, wait for the head of the response and return it.

        Raises ConnectionFailed, or StreamStalled when no head came within the stall timeout.
        """

    def read(self) -> bytes:
        """Return the next bytes of the body as soon as there are any, decoded.

        Returns `b""` at the body's end, and after `shutdown` at once, whatever has come meanwhile.

        Raises StreamDisconnected when the connection or compressed data end before the body does,
        ConnectionFailed and StreamStalled.
        """

    def shutdown(self) -> None:
        """End the connection and wake the thread that is blocked in `open` or `read`. Returns at once."""

    def close(self) -> None:
        """Release everything, on the thread that reads."""


class Transport(Protocol):
    """Makes sessions."""

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> Session:
        """Return a session that will send *request*, signed by *auth*. Does no I/O yet."""
