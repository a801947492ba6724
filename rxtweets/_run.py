from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from ._observable import listener

_T = TypeVar("_T")


def run(observable: Observable[_T], on_next: Callable[[_T], Any] | None = None) -> None:
    """Subscribe, and block until the stream ends; Ctrl-C disposes and returns.

    Args:
        observable: what to subscribe to.
        on_next: called with each item, on the thread it arrives on.

    Raises:
        Exception: the stream's error, or what *on_next* or somebody else down the chain has raised; that
            disposes the subscription, too.
        ValueError: for an *observable* that is none.
    """
    source: Any = observable
    if not isinstance(source, abc.ObservableBase):
        hint = f": call it, {source.__name__}(…)" if callable(source) and hasattr(source, "__name__") else ""
        raise ValueError(f"run takes an Observable, such as client.sample(), not {source!r}{hint}")
    ends: SimpleQueue[BaseException | None] = SimpleQueue()  # a signal handler, too, may put into it
    subscription = SingleAssignmentDisposable()
    caller = threading.get_ident()

    def guarded(item: _T) -> None:
        try:
            if on_next is not None and ends.empty():
                on_next(item)
        except BaseException as error:
            ends.put(error)
            subscription.dispose()
            if threading.get_ident() == caller:  # `subscribe` has not returned; there is nothing to dispose
                raise

    failure: BaseException | None = None
    hearing = listener.set(ends.put)
    try:
        subscription.disposable = observable.subscribe(guarded, ends.put, lambda: ends.put(None))
        failure = _first(ends)
    except KeyboardInterrupt:
        pass
    finally:
        listener.reset(hearing)
        subscription.dispose()
    if failure is not None and not isinstance(failure, KeyboardInterrupt):
        raise failure


def _first(ends: SimpleQueue[_T]) -> _T:
    while True:
        with contextlib.suppress(Empty):
            return ends.get(timeout=0.5)  # an endless wait cannot be interrupted on Windows
