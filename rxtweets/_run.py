from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.internal import noop

from ._observable import block

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
    with contextlib.suppress(KeyboardInterrupt):
        block(source, on_next or noop)
