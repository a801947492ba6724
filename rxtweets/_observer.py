"""The observer of a subscription that its own callbacks close by raising.

RxPY disposes nothing when a callback raises. On the thread that reads, the exception would end that thread
and with it the session; on the thread of a timer or a scheduler it would not, and the session would be read
on with nobody to hear it. So an exception of a callback closes the subscription, and then goes on as it was
to whoever reports exceptions on that thread. It is never an `on_error` of the same subscription: what retries
a stream must not retry it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reactivex import Subject, abc
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.internal import default_error, noop
from reactivex.scheduler import CurrentThreadScheduler

from ._run import listener


class ClosingObserver(abc.ObserverBase[Any]):
    """Forwards to the callbacks of one subscription until the end, and disposes it then.

    An exception of a callback is such an end. It is raised to the caller, unless somebody waits for this
    subscription in `run` or `await`, who gets it instead.

    Attributes:
        stopped: whether the end has come, so that nothing more is forwarded.

    Args:
        on_next: a callback, or an observer in place of all three.
        on_error: raises the error when it is None.
        on_completed: does nothing when it is None.
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
        """Have *subscription* disposed at the end; at once if that was."""
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
            self._end(self._error, error)

    def on_completed(self) -> None:
        if not self.stopped:
            self._end(self._completed)

    def dispose(self) -> None:
        """Forward nothing more, and dispose the subscription."""
        self.stopped = True
        self._subscription.dispose()

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
        """Dispose, as a callback has raised *error*; return whether somebody who waits has got it."""
        self.dispose()
        trampoline = CurrentThreadScheduler.singleton()
        if not trampoline.schedule_required():
            # RxPY is subscribing on this thread, and some of what it calls then, such as `from_iterable`,
            # makes an `on_error` of any exception, which nobody hears any more. Then the trampoline raises it
            # again, out of `subscribe`. If it gets there by itself, the trampoline drops what is scheduled.
            pending = [error]

            def raise_again(*_: Any) -> None:
                raise pending.pop()  # not *error*, whose traceback will hold this frame

            trampoline.schedule(raise_again)
            return False
        if self._report is None:
            return False
        self._report(error)
        return True


def _feeding(subject: Subject[Any]) -> tuple[Callable[..., None], ...]:
    """Return callbacks that feed *subject*, all of whose subscribers hear of it when one of them raises."""

    def on_next(value: Any) -> None:
        try:
            subject.on_next(value)
        except BaseException as error:
            on_error(error)
            raise

    on_error, on_completed = ending_all([subject])
    return on_next, on_error, on_completed


def ending_all(
    observers: Iterable[abc.ObserverBase[Any]],
) -> tuple[Callable[[Any], None], Callable[[], None]]:
    """Return an `on_error` and an `on_completed` that notify all *observers*, whichever of them raises.

    All subscribers of Subjects among them are notified, too. The last exception is raised afterwards.
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
        del failure  # whose traceback holds this frame
