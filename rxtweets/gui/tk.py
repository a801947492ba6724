"""Delivery on Tk's thread, and Tk's events as Observables."""

from __future__ import annotations

import os
import threading
import tkinter
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable

from ._frames import FRAME, Loop, observing
from ._signals import no_longer, wake_at_signals

__all__ = ["events", "observe_on"]


@observing("the window, or any widget; by default the first window, as for tkinter's widgets.")
def observe_on(parent: tkinter.Misc | None) -> Loop:
    """Deliver on Tk's thread, at most once per frame, through a bounded queue."""
    return _loop(parent)


def events(widget: tkinter.Misc, sequence: str) -> Observable[tkinter.Event[tkinter.Misc]]:
    """Return the events of *widget* that match *sequence*, such as `"<KeyRelease>"`, as an Observable.

    They come after the widget itself has handled them, so an Entry already has its new text. It completes
    when the widget is destroyed. Other bindings stay as they are.

    Call it and subscribe on Tk's thread; dispose on any.
    """
    loop = _loop(widget)

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        root = widget.nametowidget(".")
        # Until Python 3.12 `unbind` removes the bindings of others, too: so this is a class of its own.
        tag = f"rxtweets-{id(observer)}"
        names = [
            widget.bind_class(tag, "<Destroy>", lambda _: observer.on_completed()),
            widget.bind_class(tag, sequence, observer.on_next, add=True),
        ]
        widget.bindtags((*widget.bindtags(), tag))

        def unbind() -> None:
            with suppress(tkinter.TclError):  # the widget has been destroyed
                for each in ("<Destroy>", sequence):
                    widget.unbind_class(tag, each)
                for name in names:
                    root.deletecommand(name)
                widget.bindtags([other for other in widget.bindtags() if other != tag])

        def dispose() -> None:
            if threading.get_ident() == loop.thread:
                unbind()
            elif not loop.ended:
                loop.call(unbind)

        return Disposable(dispose)

    return StreamObservable(subscribe)


_loops: dict[tkinter.Misc, _Loop] = {}
"""The loop of each widget that has one, until it is destroyed."""


def _loop(widget: tkinter.Misc | None) -> _Loop:
    if widget is None:
        widget = tkinter._get_default_root("deliver to a window")  # type: ignore[attr-defined]
    if not isinstance(widget, tkinter.Misc):
        raise ValueError(f"parent must be a window or widget of tkinter, not {widget!r}")
    if widget not in _loops:
        _loops[widget] = _Loop(widget)
    return _loops[widget]


class _Loop(Loop):
    """Is woken by a pipe, as only Tk's own thread may call it; on Windows, where Tk reads none, it polls."""

    def __init__(self, widget: tkinter.Misc) -> None:
        super().__init__()
        self._widget = widget
        self._calls: deque[Callable[[], object]] = deque()
        self._pipe: tuple[int, int] | None = None
        self._lock = threading.RLock()  # the pipe is open while it is held, unless `ended`
        if hasattr(widget.tk, "createfilehandler"):
            self._pipe = os.pipe()
            for each in self._pipe:
                os.set_blocking(each, False)
            widget.tk.createfilehandler(self._pipe[0], tkinter.READABLE, self._readable)
            wake_at_signals(self._pipe[1])
        else:
            self._poll()
        widget.bind("<Destroy>", self._destroyed, add=True)

    def call(self, function: Callable[[], object]) -> None:
        with self._lock:
            if self.ended:
                raise RuntimeError("the window has been destroyed")
            self._calls.append(function)
            if self._pipe:
                with suppress(BlockingIOError):  # it is full: Tk has yet to read
                    os.write(self._pipe[1], b"\0")

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        # `after` would report Ctrl-C, which has to end the loop.
        self._widget.tk.createtimerhandler(max(round(seconds * 1000), 1), function)

    def report(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            raise error
        if self.ended:
            super().report(error)
        else:
            root: Any = self._widget.nametowidget(".")
            root.report_callback_exception(type(error), error, error.__traceback__)

    def _readable(self, *_: object) -> None:
        assert self._pipe
        os.read(self._pipe[0], 4096)
        self._run()

    def _poll(self) -> None:
        if not self.ended:
            self.later(FRAME, self._poll)
            self._run()

    def _run(self) -> None:
        while self._calls:
            self._calls.popleft()()

    def _destroyed(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if event.widget is not self._widget:  # one inside
            return
        self.end()
        del _loops[self._widget]
        if self._pipe:
            self._widget.tk.deletefilehandler(self._pipe[0])
            no_longer(self._pipe[1])
            with self._lock:
                for each in self._pipe:
                    os.close(each)
            for other in _loops.values():
                if other._pipe:
                    wake_at_signals(other._pipe[1])
        # The last reference to a window must not be dropped on the thread of a source.
        del self._widget
        self._calls.clear()
