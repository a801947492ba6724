"""The lines of the logger `rxtweets`: what becomes of a connection.

Nothing that a server wrote is in them, as it may be a post, or repeat what it was sent. So an error is its
class, with the status or the code that came, and the words of the operating system.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from .errors import ConnectionFailed, HTTPStatusError, StreamDisconnected, StreamError
from .messages import Connected, Connecting

# Without a NullHandler: no line is a warning, so none is shown before a program asks for them; and a handler
# here would silence the warnings of `rxtweets.compat` and `rxtweets.emulator`.
_log = logging.getLogger("rxtweets")

_current: ContextVar[str] = ContextVar("rxtweets_stream", default="")


def concerning(url: str) -> str:
    """Name *url* in all lines of this context from now on; return it without its query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    stream = f"{parts.scheme}://{host}{parts.path}"
    _current.set(stream)
    return stream


def logged(url: str, batches: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield the *batches* of a session on *url*, and log its beginning and its end."""
    stream = concerning(url)
    connected = False
    try:
        for batch in batches:
            event = batch[0]
            if isinstance(event, Connecting):
                _say(logging.DEBUG, "connecting", "connecting to %s", stream)
            elif isinstance(event, Connected):
                connected = True
                facts = {"status_code": event.status_code}
                _say(
                    logging.INFO, "connected", "connected to %s: HTTP %d", stream, event.status_code, **facts
                )
            yield batch
            if connected:
                break
        yield from batches  # which costs a message nothing
    except StreamError as error:
        if connected:
            _say_why("disconnected", "disconnected from %s: %s", stream, error=error)
        elif isinstance(error, HTTPStatusError):
            _say_why("refused", "refused by %s: %s", stream, error=error)
        else:
            _say_why("failed", "not connected to %s: %s", stream, error=error)
        raise
    except BaseException:  # the subscription was disposed, or its subscriber raised
        _say(logging.DEBUG, "closed", "closed %s", stream)
        raise
    _say(logging.INFO, "completed", "completed %s", stream)


def waiting(delay: float, attempt: int, error: StreamError) -> None:
    """Log a wait of *delay* seconds before reconnect *attempt*, after *error*."""
    facts = {"delay": delay, "attempt": attempt}
    _say_why("waiting", "waiting %.2f s before reconnect %d: %s", delay, attempt, error=error, **facts)


def gave_up(error: StreamError) -> None:
    """Log that no reconnect follows *error*."""
    facts = {"attempt": error.attempts}
    _say_why("gave_up", "giving up after %d reconnects: %s", error.attempts, error=error, **facts)


_NAMES = {"status_code": "HTTP ", "code": "code "}


def _say_why(event: str, template: str, *args: object, error: StreamError, **facts: object) -> None:
    why = _facts(error)
    words = [f"{_NAMES.get(name, '')}{fact}" for name, fact in why.items()]
    _say(logging.INFO, event, template, *args, ", ".join(words), **facts, **why)


def _say(level: int, event: str, template: str, *args: object, **facts: object) -> None:
    _log.log(level, template, *args, extra={"event": event, "stream": _current.get(), **facts})


def _facts(error: StreamError) -> dict[str, object]:
    """Return what *error* is, without the server's words."""
    facts: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, HTTPStatusError):
        facts["status_code"] = error.status_code
    elif isinstance(error, StreamDisconnected) and error.code is not None:
        facts["code"] = error.code
    elif isinstance(error, ConnectionFailed) and error.system:
        facts["system"] = error.system
    return facts
