"""`run`, which subscribes and waits for the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.internal import noop

from ._observable import StreamObservable
from ._waiting import block

_T = TypeVar("_T")


def run(observable: Observable[_T], on_next: Callable[[_T], Any] | None = None) -> None:
    """Subscribe, and block until the stream ends; Ctrl-C disposes and returns.

    Args:
        observable: what to subscribe to.
        on_next: called with each item, on the thread it arrives on.

    Raises:
        Exception: the stream's error, or an exception that *on_next* or any other function in the chain
            raised; the subscription is disposed then, too.
        ValueError: *observable* is not an Observable.
    """
    source: Any = observable
    if not isinstance(source, abc.ObservableBase):
        hint = f": call it, {source.__name__}(…)" if callable(source) and hasattr(source, "__name__") else ""
        raise ValueError(f"run takes an Observable, such as client.sample(), not {source!r}{hint}")
    if not isinstance(source, StreamObservable):

        def subscribe(observer: Any, scheduler: Any) -> abc.DisposableBase:
            return observable.subscribe(observer, scheduler=scheduler)

        source = StreamObservable(subscribe)
    with contextlib.suppress(KeyboardInterrupt):
        block(source, on_next or noop)
