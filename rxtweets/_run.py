from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable
from reactivex.disposable import SingleAssignmentDisposable

_T = TypeVar("_T")


def run(observable: Observable[_T], on_next: Callable[[_T], Any] | None = None) -> None:
    """Subscribe, and block until the stream ends; Ctrl-C disposes and returns.

    Args:
        observable: what to subscribe to.
        on_next: called with each item, on the thread it arrives on.

    Raises:
        Exception: the stream's error, or what *on_next* raised, which also disposes the subscription.
    """
    done = threading.Event()
    subscription = SingleAssignmentDisposable()
    failures: list[BaseException] = []

    def end(failure: BaseException | None = None) -> None:
        if failure is not None:
            failures.append(failure)
        done.set()

    def guarded(item: _T) -> None:
        try:
            if on_next is not None and not done.is_set():
                on_next(item)
        except BaseException as error:
            end(error)
            subscription.dispose()

    try:
        subscription.disposable = observable.subscribe(guarded, end, end)
        while not done.wait(0.5):  # an endless wait cannot be interrupted on Windows
            pass
    except KeyboardInterrupt:
        pass
    finally:
        subscription.dispose()
    if failures:
        raise failures[0]
