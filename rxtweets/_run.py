"""`run`, which subscribes and waits for the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable
from reactivex.internal import noop

from ._observable import source_of
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
    source = source_of(observable, "run")
    with contextlib.suppress(KeyboardInterrupt):
        block(source, on_next or noop)
