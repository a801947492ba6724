"""The failures of NATS, as errors of rxtweets."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

import msgspec
import nats.errors
import nats.js.errors

from rxtweets._printable import printable
from rxtweets.errors import (
    ConnectionFailed,
    LeaseLost,
    LogDiffers,
    LogError,
    LogUnauthorized,
    LogUnavailable,
    StreamError,
)

ANSWER_TIMEOUT = 5.0
"""Seconds after which an answer doesn't come any more."""

WRITTEN = "maximum messages per subject exceeded"
"""The reason why the second message of a subject isn't stored. Source: nats-server's server/store.go."""

NO_STREAM = 10059
"""There is no such stream."""

LOST = 10071
"""A write expected another last message of a subject: of a term that isn't the last."""

UNDER_WAY = 10164
"""Another write that depends on the same filter is under way."""

_WAITED_FOR = {
    UNDER_WAY,
    10008,  # the cluster has no leader
    10009,  # no leader of the cluster, too
    10005,  # no suitable peers for placement: not enough of the cluster are up
    10023,  # insufficient resources
    10047,  # insufficient storage resources available
    10028,  # memory resources exceeded for account
    10002,  # account resources exceeded
    10118,  # the stream is offline
    10119,  # the consumer is offline
    10077,  # it couldn't be stored: the disk is full, say
}
# Source of these numbers: nats-server's server/errors.json.


class _Error(msgspec.Struct):
    err_code: int = 0
    code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


_answer = msgspec.json.Decoder(_Answer).decode


def as_error(
    error: BaseException, stream: str, hosts: str, max_payload: int, connecting: bool
) -> StreamError:
    """Return what *error* of nats-py's means: what it raised on the way to *stream* at *hosts*."""
    if isinstance(error, StreamError):
        return error
    if (
        isinstance(error, nats.errors.AuthorizationError | nats.errors.InvalidUserCredentialsError)
        or "authorization violation" in str(error).lower()
    ):
        return LogUnauthorized(f"the log at {hosts} refused the credentials")
    if isinstance(error, nats.errors.SecureConnWantedError):
        return LogError(f"the log at {hosts} has no TLS, and was to be connected to by it")
    if isinstance(error, OSError) and error.filename is not None:
        return LogUnauthorized(f"{error.filename}: {error.strerror}")
    if isinstance(error, nats.js.errors.APIError) and error.err_code is not None:
        kind = LogUnavailable if error.err_code in _WAITED_FOR else LogError
        return kind(f"the log at {hosts}: {error.description}", error.err_code)
    if isinstance(error, nats.errors.MaxPayloadError):
        return LogError(
            f"a message is longer than the log at {hosts} takes: nats-server's max_payload is "
            f"{max_payload:,} bytes"
        )
    if isinstance(error, nats.errors.NoRespondersError | nats.js.errors.NoStreamResponseError):
        return LogUnavailable(f"nobody answers for the stream {stream!r} at {hosts}")
    if isinstance(error, nats.js.errors.ServiceUnavailableError):
        return LogUnavailable(
            f"no JetStream answers at {hosts}: nats-server needs -js, or a leader is being elected"
        )
    if isinstance(error, TimeoutError | asyncio.TimeoutError) and not connecting:
        return LogUnavailable(f"no answer of the log at {hosts} in {ANSWER_TIMEOUT:g} s")
    told = words(error)
    return ConnectionFailed(
        f"{'no connection' if connecting else 'lost the connection'} to the log at {hosts}: {told}",
        system=told if isinstance(error, OSError) else "",
    )


def refusal(answer: bytes, hosts: str) -> StreamError | None:
    """Return why a message wasn't stored, of the answer to it; None if it was, now or earlier."""
    error = _answer(answer).error
    if error is None or error.description == WRITTEN:
        return None
    if error.err_code == LOST:
        return LeaseLost(f"another reader writes the log at {hosts} now", LOST)
    waited_for = error.err_code in _WAITED_FOR or error.code == 503
    return (LogUnavailable if waited_for else LogError)(
        f"the log at {hosts}: {printable(error.description)}", error.err_code
    )


def check_same(what: str, settings: list[tuple[str, object, object]], advice: str) -> None:
    """Check that each setting, the second, is what was asked for, the third.

    Raises:
        LogDiffers: one isn't; with the *advice*.
    """
    differing = {name: (str(there), str(asked)) for name, there, asked in settings if there != asked}
    if differing:
        raise LogDiffers(what, differing, advice)


def length(seconds: float | None) -> str:
    """Return a length of time in words; none and 0 are for ever."""
    if not seconds:
        return "for ever"
    for unit, one in ("days", 86400), ("h", 3600), ("min", 60):
        if seconds % one == 0:
            return f"{seconds / one:g} {unit if seconds > one else unit.rstrip('s')}"
    return f"{seconds:g} s"


def words(error: BaseException) -> str:
    """Return what *error* says, or its class where it says nothing."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and (error.errno or 0) > 0:
        assert error.errno is not None
        return os.strerror(error.errno)  # asyncio says only that a call has failed
    if isinstance(error, socket.gaierror) and error.strerror:
        return error.strerror  # without its number
    return printable(str(error).removeprefix("nats: ")) or type(error).__name__
