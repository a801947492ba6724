from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reactivex import Observable, abc

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through
from rxtweets.errors import HTTPStatusError, StreamDisconnected, StreamError
from rxtweets.framing import split_array, split_objects
from rxtweets.messages import (
    Connected,
    Disconnected,
    DisconnectMessage,
    Lifecycle,
    Message,
    StreamProblem,
    Undecodable,
    Unknown,
)
from rxtweets.messages import decode as decode_frame


def decode() -> Callable[[Observable[Any]], Observable[Message | Lifecycle]]:
    """Decode frames (bytes) into typed messages; pass everything else on unchanged.

    A frame that can't be decoded becomes an `Undecodable`, one of an unknown kind an `Unknown`; neither ends
    the stream. If a frame contains several objects, as servers have sent, or an array of objects, as
    Powerstream sends, each becomes a message of its own, with its own bytes as `raw`, and one that can't be
    decoded is an `Undecodable` among the others.

    If the server says why before it ends the stream, so does the error that follows: a goodbye (v1.1's
    `disconnect`, v2's `operational-disconnect`) becomes a `StreamDisconnected` of the class for its code, and
    a refusal in the body of a 200 (v2's `ConnectionException`) becomes the `HTTPStatusError` that it would
    have been with its own status.
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

            def unusual(message: Message) -> None:
                nonlocal goodbye
                goodbye = _goodbye(message, connected.headers if connected else {})
                forward(message)

            def on_next(item: Any) -> None:
                nonlocal connected, goodbye
                if type(item) is bytes:
                    message = decode_frame(item)
                    if type(message) in _UNUSUAL:
                        for part in _parts(message):
                            unusual(part)
                        return
                    if goodbye is not None:
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


_UNUSUAL: frozenset[type[Message]] = frozenset({DisconnectMessage, StreamProblem, Undecodable, Unknown})


def _parts(message: Message) -> Iterable[Message]:
    """Return the messages in the frame of *message*: itself, or several, of which the last may be cut.

    An array inside an array is one message.
    """
    if not isinstance(message, Undecodable | Unknown):
        return (message,)
    elements, rest = split_array(message.raw)
    if isinstance(message, Unknown) and not elements:
        return (message,)
    in_array = rest != message.raw
    objects, rest = split_objects(rest)
    whole = elements + objects
    parts = [*whole, rest] if rest else whole
    if whole if in_array else len(parts) > 1 and parts[-1].startswith(b"{"):
        return map(decode_frame, parts)
    return (message,)


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

Source for the names: X's OpenAPI 2.62; of them 2.167 has only invalid-request and internal-error.
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
