from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets._observable import StreamObservable
from rxtweets.errors import StreamDisconnected, StreamError
from rxtweets.framing import split_objects
from rxtweets.messages import (
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

    When the server says goodbye (v1.1's `disconnect`, v2's `operational-disconnect`) and then ends the
    stream, the `StreamDisconnected` that follows carries what it said.
    """

    def decode_(source: Observable[Any]) -> Observable[Message | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[Message | Lifecycle], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next
            goodbye: list[StreamDisconnected] = []  # the last one

            def explained(error: StreamError) -> StreamError:
                if goodbye and isinstance(error, StreamDisconnected):
                    goodbye[0].__cause__ = error.__cause__
                    return goodbye[0]
                return error

            def on_next(item: Any) -> None:
                if item.__class__ is bytes:
                    message = decode_frame(item)
                    if goodbye:
                        goodbye.clear()  # it went on all the same
                    if message.__class__ in _UNUSUAL:
                        if isinstance(message, Undecodable) and (parts := _unglued(item)):
                            for part in parts:
                                on_next(part)
                            return
                        goodbye[:] = _goodbye(message)
                    forward(message)
                elif isinstance(item, Disconnected):
                    forward(Disconnected(explained(item.cause)))
                else:
                    forward(item)

            def on_error(error: Exception) -> None:
                observer.on_error(explained(error) if isinstance(error, StreamError) else error)

            return source.subscribe(on_next, on_error, observer.on_completed, scheduler=scheduler)

        return StreamObservable(subscribe)

    return decode_


_UNUSUAL: frozenset[type[Message]] = frozenset({DisconnectMessage, StreamProblem, Undecodable})


def _unglued(frame: bytes) -> list[bytes]:
    """Return the JSON objects of a *frame* with several, the last perhaps cut; none for any other frame."""
    objects, rest = split_objects(frame)
    parts = [*objects, rest] if rest else objects
    return parts if len(parts) > 1 and parts[-1].startswith(b"{") else []


def _goodbye(message: Message) -> list[StreamDisconnected]:
    """What the end that follows *message* means, if it announces one."""
    if isinstance(message, DisconnectMessage):
        return [StreamDisconnected(message.reason or "the server said goodbye", message.code)]
    if isinstance(message, StreamProblem) and message.is_disconnect:
        return [StreamDisconnected(message.detail or message.title)]
    return []
