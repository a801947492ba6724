"""Delivery on the thread of wxPython, and its events as Observables."""

from __future__ import annotations

import signal
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable

from ._frames import Loop, observing
from ._signals import HEARTBEAT, end_at_ctrl_c

__all__ = ["events", "observe_on"]


class Window(Protocol):
    """A window of wx: a frame, a dialog, or a control inside."""

    def Bind(self, event: Any, handler: Callable[..., object]) -> None: ...  # noqa: N802

    def Unbind(self, event: Any, *, handler: Callable[..., object]) -> bool: ...  # noqa: N802


@observing("a frame, or any other window of wx; by default the application's top window.")
def observe_on(parent: Window | None) -> Loop:
    """Deliver on wx's thread, at most once per frame, through a bounded queue."""
    return _loop(parent)


def events(window: Window, binder: Any) -> Observable[Any]:
    """Return the events of a window or control, such as `wx.EVT_TEXT`, as an Observable.

    wx handles an event after its subscribers, and then drops it: copy what you need. It completes when the
    window is destroyed.

    Call it and subscribe on wx's thread; dispose on any.
    """
    import wx

    loop = _loop(window)

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def forward(event: Any) -> None:
            event.Skip()
            observer.on_next(event)

        def destroyed(event: Any) -> None:
            event.Skip()
            if not window or event.GetWindow() is window:
                observer.on_completed()

        def unbind() -> None:
            if window:  # False once it has been destroyed
                window.Unbind(binder, handler=forward)
                window.Unbind(wx.EVT_WINDOW_DESTROY, handler=destroyed)

        def dispose() -> None:
            if threading.get_ident() == loop.thread:
                unbind()
            elif not loop.ended:
                loop.call(unbind)

        window.Bind(binder, forward)
        window.Bind(wx.EVT_WINDOW_DESTROY, destroyed)
        return Disposable(dispose)

    return StreamObservable(subscribe)


def _loop(parent: Any) -> _Loop:
    import wx

    if parent is None:
        application = wx.GetApp()
        parent = application and application.GetTopWindow()
        if not parent:
            raise RuntimeError("there is no window to deliver to yet: create a wx.Frame first")
    if not isinstance(parent, wx.Window):
        raise ValueError(f"parent must be a window or control of wx, not {parent!r}")
    loop: _Loop | None = getattr(parent, "_rxtweets_loop", None)
    if loop is None:
        loop = parent._rxtweets_loop = _Loop(parent)
    return loop


class _Loop(Loop):
    """Is woken by an event to the application."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        import wx

        self._wx = wx
        self._parent = weakref.ref(parent)
        parent.Bind(wx.EVT_WINDOW_DESTROY, self._destroyed)
        # wx puts the system's own handler in place of Python's, which ends the process at once.
        if end_at_ctrl_c(self._quit, signal.SIG_DFL):
            self._beat()

    def call(self, function: Callable[[], object]) -> None:
        if self.ended:
            raise RuntimeError("the window has been destroyed")
        self._wx.CallAfter(function)

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        self._wx.CallLater(max(round(seconds * 1000), 1), function)

    def _destroyed(self, event: Any) -> None:
        event.Skip()
        parent = self._parent()
        # Not that of a control inside. A frame is false already, and comes as another object.
        if not parent or event.GetWindow() is parent:
            self.end()

    def _beat(self) -> None:
        """Let Python handle signals while the loop waits."""
        if not self.ended:
            self.later(HEARTBEAT, self._beat)

    def _quit(self) -> bool:
        application = self._wx.GetApp()
        running = bool(application) and application.IsMainLoopRunning()
        if running:
            application.ExitMainLoop()
        return running
