from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from reactivex import Observable, abc

from rxtweets._observable import StreamObservable
from rxtweets._observer import broadcast_end

_T = TypeVar("_T")


def route(
    routes: Mapping[type, Callable[[Any], Any] | abc.ObserverBase[Any]],
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Hand each item to the handler for its kind; pass on items of other kinds.

    ::

        ---s--k--d--s--s--|
           route({Status: show, Delete: forget})
        ------k-----------|

    Args:
        routes: maps a class to a callable or an observer, such as a Subject. An item goes to the handler for
            its own class, or else to that for its nearest base class. Observers also receive the stream's
            error and completion.

    A handler that raises ends the stream with its exception, which isn't retried if `route` comes after
    `retry_with_backoff`, as it does on a client's streams.

    Raises:
        ValueError: *routes* isn't a mapping, a key isn't a class, or a handler can't take an item.
    """
    if not isinstance(routes, Mapping):
        raise ValueError(
            f"route takes a dict of classes and handlers, such as {{Status: show}}, not {routes!r}"
        )
    handlers: dict[type, Callable[[Any], Any]] = {}
    observers: list[abc.ObserverBase[Any]] = []
    for kind, handler in routes.items():
        if not isinstance(kind, type):
            raise ValueError(f"route takes classes, such as Status, as keys, not {kind!r}")
        if isinstance(handler, abc.ObserverBase):
            handlers[kind] = handler.on_next
            if handler not in observers:
                observers.append(handler)
        elif callable(handler):
            handlers[kind] = handler
        else:
            raise ValueError(
                f"the handler of {kind.__name__} is neither callable nor an observer: {handler!r}"
            )

    def route_(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next
            on_error, on_completed = broadcast_end([*observers, observer])
            found: dict[type, Callable[[Any], Any] | None] = {}

            def on_next(item: _T) -> None:
                kind = type(item)
                if kind not in found:
                    base = next((base for base in kind.__mro__ if base in handlers), None)
                    found[kind] = None if base is None else handlers[base]
                handler = found[kind]
                if handler is None:
                    forward(item)
                    return
                try:
                    handler(item)
                except Exception as raised:
                    on_error(raised)

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return StreamObservable(subscribe)

    return route_
