"""Streams in notebooks: the newest items below a cell, in place, until it is interrupted.

::

    from rxtweets import notebook

    notebook.show(client.sample().pipe(tw.posts()))

It needs IPython, which notebooks have; otherwise install the extra `notebook`.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from typing import Any

from reactivex import Observable
from reactivex.internal import noop

from ._iterate import Pull
from ._observable import source_of
from .messages import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    Connecting,
    Disconnected,
    Dropped,
    Lifecycle,
    Reconnecting,
)

__all__ = ["show"]

_FRAME = 0.1
"""Seconds from one drawing to the next: what costs is drawing, however many items come."""

_CAPACITY = 10_000
"""Items that may wait for the next drawing."""

_LINE = "opacity:.75;font-size:.92em;font-variant-numeric:tabular-nums;overflow-wrap:anywhere"


def show(observable: Observable[Any], *, rows: int = 10) -> None:
    """Show the newest items of a stream below the cell, in place, and block until it ends.

    Interrupting the cell closes the session, and returns. A status or post is shown as a card, anything else
    with an HTML form as that, and other items as their `repr`. The first line shows connection events, so
    keep them in the stream: `client.sample()` has them, but `tw.posts()` drops them. The output changes at
    most 10 times a second, and no item waits for it.

    Args:
        observable: what to subscribe to.
        rows: how many items to show.

    Raises:
        Exception: the stream's error.
        ImportError: there is no IPython.
        ValueError: an argument isn't what it should be.
    """
    if not isinstance(rows, int) or rows < 1:
        raise ValueError(f"rows must be the number of items to show, 1 or more, not {rows!r}")
    source = source_of(observable, "notebook.show")
    awake, rest = threading.Event(), threading.Event()
    here = threading.get_ident()
    pull: Pull[Any] = Pull(source, _CAPACITY, "drop_oldest", awake.set, lambda: threading.get_ident() == here)
    output = _Output(rows)
    update = _display(output)
    try:
        pull.subscribe(here=False)
        while True:
            awake.clear()
            while (item := pull.take(pull)) is not pull:
                output.take(item)
            if pull.closed:
                output.state = "ended"
                return
            update(output)
            while not awake.wait(0.5):  # an endless wait cannot be interrupted on Windows
                pass
            rest.wait(_FRAME)
    except KeyboardInterrupt:
        output.state = "interrupted"
    except Exception as error:
        output.state = f"failed: {error}"
        raise
    finally:
        pull.dispose()
        with contextlib.suppress(KeyboardInterrupt):  # pressed twice
            update(output)


def _display(output: _Output) -> Callable[[_Output], None]:
    """Show the output below the cell, and return what shows it anew."""
    try:
        from IPython import display
    except ImportError:
        raise ImportError(
            "notebook.show needs IPython, which notebooks include: pip install 'rxtweets[notebook]'"
        ) from None
    handle: Any = display.display(output, display_id=True)  # type: ignore[no-untyped-call]
    return handle.update if handle is not None else noop


class _Output:
    """An output of a cell: a line on the stream, and its newest items."""

    def __init__(self, rows: int) -> None:
        self.state = "waiting for the first item"
        self._items: deque[Any] = deque(maxlen=rows)
        self._count = 0

    def take(self, item: Any) -> None:
        if isinstance(item, Dropped):
            self._count += item.count
        elif isinstance(item, Lifecycle):
            self.state = _words(item) or self.state
        else:
            if not self._count and self.state.startswith("waiting"):
                self.state = "running"
            self._count += 1
            self._items.append(item)

    def __repr__(self) -> str:
        return "\n".join([self._line(), *map(repr, reversed(self._items))])

    def _repr_html_(self) -> str:
        items = "".join(map(_html, reversed(self._items)))
        return f'<div><div style="{_LINE}">{escape(self._line())}</div>{items}</div>'

    def _line(self) -> str:
        return f"{self._count:,} {'item' if self._count == 1 else 'items'}, {self.state}"


def _html(item: Any) -> str:
    made = getattr(item, "_repr_html_", None)
    html = made() if callable(made) else None
    if isinstance(html, str):
        return html
    text = item if isinstance(item, str) else repr(item)
    return f'<pre dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">{escape(text)}</pre>'


def _words(event: Lifecycle) -> str:
    match event:
        case Connecting():
            return "connecting"
        case Connected():
            return "live"
        case Disconnected(cause):
            return f"connection lost: {cause}"
        case Reconnecting(delay, attempt, cause):
            at = datetime.now() + timedelta(seconds=delay)
            return f"connects again at {at:%H:%M:%S}, attempt {attempt}, because of: {cause}"
        case BudgetWarning() | BudgetPaused():
            return str(event)
    return ""
