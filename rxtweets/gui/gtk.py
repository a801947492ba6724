"""Delivery on the thread of GTK 4, and its signals as Observables."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable

from ._frames import Loop, observing

__all__ = ["observe_on", "signal"]


class GObject(Protocol):
    """An object of GLib's, such as a widget."""

    def connect(self, detailed_signal: str, handler: Callable[..., object], *args: object) -> int: ...

    def disconnect(self, id: int) -> None: ...


@observing(
    "a window, a widget, which mustn't leave its window, or an application, until its shutdown; by "
    "default the application, if there is one."
)
def observe_on(parent: GObject | None) -> Loop:
    """Deliver on GTK's thread, at most once per frame, through a bounded queue."""
    return _loop(parent)


def signal(source: GObject, name: str) -> Observable[Any]:
    """Return a signal of a widget or another object, such as `"clicked"`, as an Observable.

    An item is the signal's argument besides the object, None if it has none, or a tuple if it has several. It
    never completes: a destroyed object emits nothing.

    Call it and subscribe on GTK's thread; dispose on any.
    """
    loop = _loop(None)

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def forward(_: object, *arguments: Any) -> None:
            observer.on_next(arguments if len(arguments) > 1 else next(iter(arguments), None))

        def disconnect() -> None:
            while handlers:
                source.disconnect(handlers.pop())

        def dispose() -> None:
            if threading.get_ident() == loop.thread:
                disconnect()
            else:
                loop.call(disconnect)

        handlers = [source.connect(name, forward)]
        return Disposable(dispose)

    return StreamObservable(subscribe)


def _is_widget(source: Any) -> bool:
    return hasattr(source, "get_root")


def _loop(parent: Any) -> _Loop:
    from gi.repository import Gio

    if parent is None:
        parent = Gio.Application.get_default()
        if parent is None:
            return _of_nobody()
    elif not _is_widget(parent) and not isinstance(parent, Gio.Application):
        raise ValueError(f"parent must be a window or widget of GTK 4, or an application, not {parent!r}")
    loop: _Loop | None = getattr(parent, "_rxtweets_loop", None)
    if loop is None or loop.ended:
        loop = parent._rxtweets_loop = _Loop(parent)
    return loop


@cache
def _of_nobody() -> _Loop:
    return _Loop(None)


class _Loop(Loop):
    """Is woken as idle, though with the priority of events, as GTK draws before all that is idle."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        from gi.repository import GLib

        self._glib = GLib
        # A window that is left to the end has its signal when Python is half gone.
        atexit.register(self.end)
        if _is_widget(parent):
            # A destroyed window isn't "destroy"ed as long as somebody has a reference to it.
            parent.connect("unrealize", self._gone)
        elif parent is not None:
            parent.connect("shutdown", self._gone)

    def call(self, function: Callable[[], object]) -> None:
        if self.ended:
            raise RuntimeError("the parent has been destroyed")
        self._glib.idle_add(_once, function, priority=self._glib.PRIORITY_DEFAULT)

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        self._glib.timeout_add(max(round(seconds * 1000), 1), _once, function)

    def end(self) -> None:
        """Dispose whatever is delivered here."""
        atexit.unregister(self.end)
        super().end()

    def _gone(self, _: object) -> None:
        if not self.ended:
            self.end()


def _once(function: Callable[[], object]) -> bool:
    function()
    return False
