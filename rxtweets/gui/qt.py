"""Delivery on Qt's thread, with PySide6 or PyQt6, and Qt's signals as Observables."""

from __future__ import annotations

import os
import signal as signals
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable

from ._frames import FRAME, Loop, observing
from ._signals import HEARTBEAT, end_at_ctrl_c, no_longer, wake_at_signals

__all__ = ["observe_on", "signal"]

BINDINGS = "PySide6", "PyQt6"


class QObject(Protocol):
    """A QObject of either binding."""

    def parent(self) -> Any: ...

    def thread(self) -> Any: ...


@observing("a window, a widget or any other QObject; by default the application.")
def observe_on(parent: QObject | None) -> Loop:
    """Deliver on Qt's thread, at most once per frame, through a bounded queue."""
    return _loop(parent)


def signal(signal: Any) -> Observable[Any]:
    """Return an object's signal, such as `button.clicked`, as an Observable.

    An item is the signal's argument, None if it has none, or a tuple if it has several. With PySide6, an
    optional argument, such as that of `clicked`, is left out. A subscriber's exception disposes the
    subscription, and is reported by `sys.excepthook`. It never completes: a destroyed object emits nothing.

    Call it and subscribe on Qt's thread; dispose on any.

    Raises:
        ValueError: *signal* isn't the signal of an object.
    """
    if not hasattr(signal, "connect"):
        raise ValueError(f"signal must be an object's signal, such as button.clicked, not {signal!r}")
    core, loop = _core(), _loop(None)

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def forward(*arguments: Any) -> None:
            try:
                observer.on_next(arguments if len(arguments) > 1 else next(iter(arguments), None))
            except BaseException as error:  # PyQt6 aborts if it leaves a slot.
                disconnect()
                loop.report(error)

        def disconnect() -> None:
            # `signal.disconnect` crashes if the object has been destroyed.
            core.QObject.disconnect(connection)

        def dispose() -> None:
            if threading.get_ident() == loop.thread:
                disconnect()
            elif not loop.ended:
                loop.call(disconnect)

        connection = signal.connect(forward)
        return Disposable(dispose)

    return StreamObservable(subscribe)


def _loop(parent: Any) -> _Loop:
    core = _core()
    application = core.QCoreApplication.instance()
    if parent is None:
        parent = application
    if not isinstance(parent, core.QObject):
        raise ValueError(f"parent must be a widget or another QObject of {core.__package__}, not {parent!r}")
    if parent.thread() != core.QThread.currentThread():
        raise RuntimeError("call this on the thread that the Qt object lives on")
    if parent is not application:
        _loop(application)  # hears of Ctrl-C
    loop = getattr(parent, "_rxtweets_loop", None)
    if loop is None or loop.ended:
        loop = parent._rxtweets_loop = _Loop(core, parent)
    return loop


def _core() -> Any:
    """Return the module QtCore of the binding that the application was made with."""
    imported = [core for each in BINDINGS if (core := sys.modules.get(f"{each}.QtCore"))]
    for core in imported:
        if core.QCoreApplication.instance() is not None:
            return core
    if not imported and not any(map(_can_import, BINDINGS)):
        raise ImportError("neither PySide6 nor PyQt6 is installed: pip install 'rxtweets[gui-qt]'")
    raise RuntimeError("there is no Qt application yet: create a QApplication first")


def _can_import(binding: str) -> bool:
    with suppress(ImportError):
        import_module(f"{binding}.QtCore")
        return True
    return False


class _Loop(Loop):
    """Is woken by a queued signal: of Qt's ways the one that takes any function, from any thread."""

    def __init__(self, core: Any, parent: Any) -> None:
        super().__init__()
        self._core = core
        self._lock = threading.RLock()  # `_waker` is there while it is held, unless `ended`
        self._parent = weakref.ref(parent)
        self._closing: Any = None
        self._pipe: tuple[int, int] | None = None
        self._waker = _waker(core)(parent, self)
        parent.destroyed.connect(self._waker.end)
        application = core.QCoreApplication.instance()
        application.aboutToQuit.connect(self._waker.end)
        if parent is application:
            end_at_ctrl_c(self._quit)
            self._notice_signals()
        elif parent.isWidgetType() or parent.isWindowType():
            self.watch(parent)

    def call(self, function: Callable[[], object]) -> None:
        with self._lock:
            if self.ended:
                raise RuntimeError("the parent has been destroyed")
            self._waker.called.emit(function)

    def later(self, seconds: float, function: Callable[[], object]) -> None:
        self._core.QTimer.singleShot(max(round(seconds * 1000), 1), function)

    def report(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._quit()
        elif isinstance(error, SystemExit):
            self._core.QCoreApplication.exit(error.code if isinstance(error.code, int) else 1)
        else:
            super().report(error)

    def end(self) -> None:
        """Dispose whatever is delivered here."""
        with self._lock:
            ended, self.ended = self.ended, True
        if ended:
            return
        super().end()
        self._waker.deleteLater()
        if self._pipe:
            self._notifier.setEnabled(False)
            no_longer(self._pipe[1])
            for each in self._pipe:
                os.close(each)
            self._pipe = None

    def watch(self, widget: Any) -> None:
        """Watch *widget*, which is the parent, or has it inside, and the window that it is in now."""
        for each in (widget, _window(widget)):
            each.installEventFilter(self._waker)

    def closing(self, window: Any) -> None:
        """Take note that *window* is asked to close, which it may refuse."""
        if self.ended:
            return
        level = self._level()

        def forget() -> None:
            if self._level() > level:  # it asks its user, in a dialog
                self.later(FRAME, forget)
            else:
                self._closing = None

        self._closing = window
        self.call(forget)

    def hidden(self, window: Any) -> None:
        """End if *window* is hidden since it closes, and the parent is inside."""
        if window is self._closing and (parent := self._parent()) and _window(parent) is window:
            self.end()

    def _level(self) -> int:
        """Return how many loops run, one inside the other."""
        return int(self._core.QThread.currentThread().loopLevel())

    def read(self) -> None:
        """Take the bytes that signals have left; Python has handled them before it comes here."""
        if self._pipe:
            os.read(self._pipe[0], 4096)

    def _notice_signals(self) -> None:
        """Let Python handle signals while the loop waits."""
        if sys.platform == "win32":  # which watches no pipe
            self._waker.startTimer(round(HEARTBEAT * 1000))
            return
        self._pipe = read, write = os.pipe()
        for each in self._pipe:
            os.set_blocking(each, False)
        kind = self._core.QSocketNotifier.Type.Read
        self._notifier = self._core.QSocketNotifier(read, kind, self._waker)
        self._notifier.activated.connect(self._waker.read)
        wake_at_signals(write)

    def _quit(self) -> bool:
        self._core.QCoreApplication.exit(128 + signals.SIGINT)
        return self._level() > 0


def _window(widget: Any) -> Any:
    return widget.window() if widget.isWidgetType() else widget


@cache
def _waker(core: Any) -> Any:
    """Return the class of the object that lives with a parent, on its thread."""
    signal = getattr(core, "Signal", None) or core.pyqtSignal
    kinds = core.QEvent.Type
    show, close, hide = kinds.Show, kinds.Close, kinds.Hide

    class Waker(core.QObject):  # type: ignore[misc]
        called = signal(object)

        def __init__(self, parent: Any, loop: _Loop) -> None:
            super().__init__(parent)
            self._loop = loop
            self.called.connect(self.call, core.Qt.ConnectionType.QueuedConnection)

        def call(self, function: Callable[[], object]) -> None:
            function()

        def read(self, *_: object) -> None:
            self._loop.read()

        def end(self, *_: object) -> None:
            self._loop.end()

        def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
            kind = event.type()
            if kind == show:
                self._loop.watch(watched)
            elif kind == close:
                self._loop.closing(watched)
            elif kind == hide:
                self._loop.hidden(watched)
            return False

        def timerEvent(self, _: object) -> None:  # noqa: N802
            self._loop.read()

    return Waker
