from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reactivex import Observable, abc

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through
from rxtweets.errors import HTTPStatusError, StreamDisconnected, StreamError
from rxtweets.framing import split_objects
from rxtweets.messages import (
    Connected,
    Disconnected,
    DisconnectMessage,
    Lifecycle,
    Message,
    StreamProblem,
    Undecodable,
)
from rxtweets.messages import decode as decode_frame


def decode() -> Callable[[Observable[Any]], Observable[Message | Lifecycle]]:
    """Turn frames (bytes) into typed messages; everything else passes as it is.

    A frame that cannot be decoded becomes an `Undecodable`, one of an unknown kind an `Unknown`; neither ends
    the stream. Several objects in one frame, as servers have glued them together, are a message each.

    When the server says why and then ends the stream, the error that follows says it, too: a goodbye (v1.1's
    `disconnect`, v2's `operational-disconnect`) is a `StreamDisconnected` of the class that belongs to its
    code, a refusal that came as the body of a 200 (v2's `ConnectionException`) the `HTTPStatusError` that it
    would have been with its own status.
    """

    def decode_(source: Observable[Any]) -> Observable[Message | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[Message | Lifecycle], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next
            connected: Connected | None = None
            goodbye: StreamError | None = None

            def explained(error: StreamError) -> StreamError:
                if goodbye is None or not isinstance(error, StreamDisconnected):
                    return error
                goodbye.__cause__, goodbye.cut = error.__cause__, error.cut
                return goodbye

            def on_next(item: Any) -> None:
                nonlocal connected, goodbye
                if type(item) is bytes:
                    message = decode_frame(item)
                    if type(message) in _UNUSUAL:
                        if isinstance(message, Undecodable) and (parts := _unglued(item)):
                            for part in parts:
                                on_next(part)
                            return
                        goodbye = _goodbye(message, connected.headers if connected else {})
                    elif goodbye is not None:
                        goodbye = None  # it went on all the same
                    forward(message)
                    return
                if isinstance(item, Connected):
                    connected = item
                elif isinstance(item, Disconnected):
                    item = Disconnected(explained(item.cause))
                forward(item)

            def on_error(error: Exception) -> None:
                observer.on_error(explained(error) if isinstance(error, StreamError) else error)

            def on_completed() -> None:
                finished = isinstance(goodbye, StreamDisconnected) and goodbye.finished
                if connected and goodbye is not None and not finished:
                    observer.on_error(goodbye)  # the server gave up a finite stream before its end
                else:
                    observer.on_completed()

            return subscribe_through(source, Callbacks(on_next, on_error, on_completed), scheduler)

        return StreamObservable(subscribe)

    return decode_


_UNUSUAL: frozenset[type[Message]] = frozenset({DisconnectMessage, StreamProblem, Undecodable})


def _unglued(frame: bytes) -> list[bytes]:
    """Return the JSON objects of a *frame* with several, the last perhaps cut; none for any other frame."""
    objects, rest = split_objects(frame)
    parts = [*objects, rest] if rest else objects
    return parts if len(parts) > 1 and parts[-1].startswith(b"{") else []


_STATUSES = {
    "TooManyConnections": 429,
    "ProvisioningSubscription": 503,
    "RuleConfigurationIssue": 409,
    "RulesInvalidIssue": 409,
    "streaming-connection": 429,
    "usage-capped": 429,
    "invalid-request": 400,
    "client-forbidden": 403,
    "unsupported-authentication": 403,
    "internal-error": 500,
}
"""The HTTP status that belongs to a `connection_issue`, or else to the last part of a problem's `type`.

Source for the names: X's OpenAPI 2.167.
"""


def _goodbye(message: Message, headers: Mapping[str, str]) -> StreamError | None:
    """Return what the end that follows *message* means."""
    if isinstance(message, DisconnectMessage):
        return StreamDisconnected.of(message.reason or "the server said goodbye", message.code)
    if not isinstance(message, StreamProblem):
        return None
    if not message.is_disconnect:
        kind = message.connection_issue or message.type.rpartition("/")[2]
        status = message.problem.status or _STATUSES.get(kind, 0)
        if status >= 400:
            return HTTPStatusError.of(status, headers, message.raw)
    return StreamDisconnected(message.detail or message.title or "the server sent a problem and closed")
