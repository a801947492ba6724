"""An observer that closes its subscription when one of its callbacks raises.

RxPY disposes nothing when a callback raises. On the thread that reads, the exception would end that thread
and with it the session; on the thread of a timer or a scheduler it would not, and the session would go on
with nobody listening. So the observer disposes the subscription and raises the exception again, for whoever
reports exceptions on that thread. It doesn't call `on_error` with it, as what retries a stream must not retry
its subscriber.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reactivex import Subject, abc
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.internal import default_error, noop
from reactivex.scheduler import CurrentThreadScheduler

from ._waiting import listener, watcher


class ClosingObserver(abc.ObserverBase[Any]):
    """Forwards to the callbacks of one subscription, and disposes it at the end.

    An exception raised by a callback is an end, too. It propagates to the caller, except when `run` or
    `await` is waiting for this subscription: then it is raised there.

    Attributes:
        stopped: True once the end has come; nothing more is forwarded.

    Args:
        on_next: a callback, or an observer that takes the place of all three.
        on_error: by default, raises the error.
        on_completed: by default, does nothing.
    """

    __slots__ = ("_completed", "_error", "_next", "_report", "_subscription", "stopped")

    def __init__(self, on_next: Any, on_error: Any = None, on_completed: Any = None) -> None:
        if isinstance(on_next, Subject):
            on_next, on_error, on_completed = _feeding(on_next)
        elif isinstance(on_next, abc.ObserverBase) or callable(getattr(on_next, "on_next", None)):
            on_next, on_error, on_completed = on_next.on_next, on_next.on_error, on_next.on_completed
        self._next: Callable[[Any], Any] = on_next or noop
        self._error: Callable[[Exception], Any] = on_error or default_error
        self._completed: Callable[[], Any] = on_completed or noop
        self._subscription = SingleAssignmentDisposable()
        self.stopped = False
        self._report = listener.get()

    def opened(self, subscription: abc.DisposableBase) -> None:
        """Dispose *subscription* at the end; at once if that has come."""
        self._subscription.disposable = subscription

    def on_next(self, value: Any) -> None:
        if self.stopped:
            return
        try:
            self._next(value)
        except BaseException as error:
            if not self._close(error):
                raise

    def on_error(self, error: Exception) -> None:
        if not self.stopped:
            _tell(error)
            self._end(self._error, error)

    def on_completed(self) -> None:
        if not self.stopped:
            self._end(self._completed)

    def dispose(self) -> None:
        """Dispose the subscription, and stop forwarding.

        In this order: what is disposed learns of it before an item can be dropped here, so that a
        `Checkpoint` doesn't take one for acknowledged that nobody got.
        """
        try:
            self._subscription.dispose()
        finally:
            self.stopped = True

    def _end(self, callback: Callable[..., Any], *args: Any) -> None:
        self.stopped = True
        try:
            callback(*args)
        except BaseException as error:
            if not self._close(error):
                raise
        else:
            self._subscription.dispose()

    def _close(self, error: BaseException) -> bool:
        """Dispose after a callback raised *error*; return True if `run` or `await` is going to raise it."""
        _tell(error)
        self.dispose()
        trampoline = CurrentThreadScheduler.singleton()
        if not trampoline.schedule_required():
            # This thread is inside a `subscribe`, whose work RxPY's trampoline runs. Some of that, such as
            # `from_iterable`, catches *error* and calls `on_error`, which is ignored by now. So the
            # trampoline raises it afterwards. If *error* does get there, it drops what is scheduled.
            pending = [error]

            def raise_again(*_: Any) -> None:
                raise pending.pop()  # holding on to *error* would make a cycle with its traceback

            trampoline.schedule(raise_again)
            return False
        if self._report is None:
            return False
        self._report(error)
        return True


def _tell(error: BaseException) -> None:
    """Tell of *error* whoever watches for one here."""
    watch = watcher.get()
    if watch is not None:
        watch(error)


def _feeding(subject: Subject[Any]) -> tuple[Callable[..., None], ...]:
    """Return callbacks that feed *subject*; one subscriber's exception is the others' `on_error`."""

    def on_next(value: Any) -> None:
        try:
            subject.on_next(value)
        except BaseException as error:
            on_error(error)
            raise

    on_error, on_completed = broadcast_end([subject])
    return on_next, on_error, on_completed


def broadcast_end(
    observers: Iterable[abc.ObserverBase[Any]],
) -> tuple[Callable[[Any], None], Callable[[], None]]:
    """Return an `on_error` and an `on_completed` that notify every observer, even if one of them raises.

    Every subscriber of a Subject is notified, too. The last exception is raised once all have been.
    """

    def on_error(error: Any) -> None:
        _notify_all(observers, lambda observer: observer.on_error(error))

    def on_completed() -> None:
        _notify_all(observers, lambda observer: observer.on_completed())

    return on_error, on_completed


def _notify_all(
    observers: Iterable[abc.ObserverBase[Any]], notify: Callable[[abc.ObserverBase[Any]], None]
) -> None:
    failure: BaseException | None = None
    for observer in [*observers]:
        # A Subject notifies its subscribers only up to the first that raises.
        for each in [observer, *(observer.observers if isinstance(observer, Subject) else ())]:
            try:
                notify(each)
            except BaseException as error:
                failure = error
    try:
        if failure is not None:
            raise failure
    finally:
        del failure  # its traceback holds this frame
