from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets.errors import StreamDisconnected
from rxtweets.messages import (
    Disconnected,
    DisconnectMessage,
    Lifecycle,
    Message,
    StreamProblem,
)
from rxtweets.messages import decode as decode_frame


def decode() -> Callable[[Observable[Any]], Observable[Message | Lifecycle]]:
    """Turn frames (bytes) into typed messages; everything else passes as it is.

    A frame that cannot be decoded becomes an `Undecodable`, one of an unknown kind an `Unknown`; neither ends
    the stream. When the server says goodbye (v1.1's `disconnect`, v2's `operational-disconnect`) and then
    ends the stream, the `StreamDisconnected` that follows carries what it said.
    """

    def decode_(source: Observable[Any]) -> Observable[Message | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[Message | Lifecycle], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next
            goodbye: StreamDisconnected | None = None

            def explained(error: Exception) -> Exception:
                if goodbye is None or not isinstance(error, StreamDisconnected):
                    return error
                goodbye.__cause__ = error.__cause__
                return goodbye

            def on_next(item: Any) -> None:
                nonlocal goodbye
                if item.__class__ is not bytes:
                    if isinstance(item, Disconnected):
                        item = Disconnected(explained(item.cause))  # type: ignore[arg-type]
                    forward(item)
                    return
                message = decode_frame(item)
                if message.__class__ in _GOODBYES:
                    goodbye = _goodbye(message) or goodbye
                forward(message)

            def on_error(error: Exception) -> None:
                observer.on_error(explained(error))

            return source.subscribe(on_next, on_error, observer.on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return decode_


_GOODBYES = {DisconnectMessage, StreamProblem}


def _goodbye(message: Message) -> StreamDisconnected | None:
    if isinstance(message, DisconnectMessage):
        return StreamDisconnected(message.reason or "the server said goodbye", message.code)
    if isinstance(message, StreamProblem):
        return StreamDisconnected(message.detail or message.title or "the server reported a problem")
    return None
