"""Events of the connection, in the stream itself, in order with the messages."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rxtweets.errors import StreamError


class Lifecycle(Struct, frozen=True):
    """Base of the events of a connection."""


class Connecting(Lifecycle, frozen=True):
    """A request for a stream is about to be sent: a wait before it, if there was one, is over."""


class Connected(Lifecycle, frozen=True):
    """The server answered with a stream.

    `status_code`: of the HTTP response. `headers`: its headers, by case-insensitive name.
    """

    status_code: int
    headers: Mapping[str, str]


class KeepAlive(Lifecycle, frozen=True):
    """A blank line: the server has nothing to say and the connection stands."""


class Disconnected(Lifecycle, frozen=True):
    """The session is over, `cause` says why."""

    cause: StreamError


class Reconnecting(Lifecycle, frozen=True):
    """A new session follows in `delay` seconds.

    `attempt`: how many failures in a row came before it, from 1. `cause`: the last of them.
    """

    delay: float
    attempt: int
    cause: StreamError
