from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through

_T = TypeVar("_T")


def of_type(*kinds: type[_T]) -> Callable[[Observable[Any]], Observable[_T]]:
    """Keep the items that are instances of one of *kinds*.

    ::

        ---s--k--d--s--s--|
           of_type(Delete)
        ---------d--------|

    Args:
        kinds: at least one class, such as `Status`; a base class keeps all classes derived from it.

    Raises:
        ValueError: no class is given, or something that isn't one.
    """
    if not kinds:
        raise ValueError("of_type needs at least one class to keep, such as of_type(Status)")
    for kind in kinds:
        if not isinstance(kind, type):
            raise ValueError(f"of_type takes classes, such as of_type(Status, Delete), not {kind!r}")
    wanted: type[_T] | tuple[type[_T], ...] = kinds[0] if len(kinds) == 1 else kinds

    def of_type_(source: Observable[Any]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next

            def on_next(item: Any) -> None:
                if isinstance(item, wanted):
                    forward(item)

            return subscribe_through(
                source, Callbacks(on_next, observer.on_error, observer.on_completed), scheduler
            )

        return StreamObservable(subscribe)

    return of_type_
