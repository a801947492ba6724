"""The Observable that streams and operators return: a subscriber's exception closes the subscription.

RxPY disposes nothing when a callback raises. On the thread that reads, the exception would end that thread
and with it the session; on the thread of a timer or of a scheduler it would not, and the session would be
read on with nobody to hear it. So the first exception of its callbacks closes a subscription to one of these
Observables, and is then raised as it was, for whoever reports exceptions on that thread.

It is no `on_error` of the subscription that it came from: what retries a stream must not retry it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from contextvars import ContextVar, copy_context
from queue import Empty, SimpleQueue
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from reactivex import ConnectableObservable, GroupedObservable, Observable, Subject, abc
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.internal import SequenceContainsNoElementsError, default_error, noop
from reactivex.scheduler import CurrentThreadScheduler

_T = TypeVar("_T")

_Report = Callable[[BaseException], Any]

listener: ContextVar[_Report | None] = ContextVar("rxtweets_listener", default=None)
"""The function to report exceptions to, set while `run` or `await` waits in this context."""


class StreamObservable(Observable[_T]):
    """An Observable whose subscriptions are closed by an exception of their callbacks.

    Everything that `pipe` and the fluent methods make of one is one, too.
    """

    if not TYPE_CHECKING:  # RxPY's own signatures hold

        def subscribe(self, on_next=None, on_error=None, on_completed=None, *, scheduler=None):
            """Subscribe callbacks or an observer, as RxPY does."""
            observer = _observer(on_next, on_error, on_completed)

            def begin(*_: Any) -> None:
                try:
                    opened = self._subscribe_core(observer, scheduler)
                except Exception as error:
                    if not observer.fail(error):
                        raise
                else:
                    observer.opened(opened if hasattr(opened, "dispose") else Disposable(opened))

            # As in RxPY: what this schedules on the current thread begins when it can be disposed.
            trampoline = CurrentThreadScheduler.singleton()
            try:
                if trampoline.schedule_required():
                    trampoline.schedule(begin)
                else:
                    begin()
            except Carried as raised:
                _leave(raised, sys._getframe(), raised.report)
            return Disposable(observer.dispose)

        def pipe(self, *operators):
            """Apply *operators*, the first one first."""
            result = self
            for operator in operators:
                if _is_factory(operator):
                    name = operator.__name__
                    raise ValueError(f"pipe takes operators, which {name}(…) returns: call {name}")
                result = as_stream(operator(result))
            return result

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "an Observable calls you, it can't be iterated over: use rxt.run(observable, handle) or "
            "observable.subscribe(handle); observable.pipe(ops.to_list()).run() collects what is finite"
        )

    def run(self, scheduler: abc.SchedulerBase | None = None) -> _T:
        """Subscribe, block until the end and return the last item; Ctrl-C disposes."""
        last: list[_T] = []

        def on_next(item: _T) -> None:
            last[:] = [item]

        block(self, on_next, scheduler)
        if not last:
            raise SequenceContainsNoElementsError(_NO_LAST_ITEM)
        return last[0]

    def __await__(self) -> Generator[Any, None, _T]:
        """Wait in asyncio for the completion, and return the last item; a cancellation disposes."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        last: list[_T] = []

        def settle(error: BaseException | None = None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            elif last:
                future.set_result(last[0])
            else:
                future.set_exception(SequenceContainsNoElementsError(_NO_LAST_ITEM))

        def on_next(item: _T) -> None:
            last[:] = [item]

        def end(error: BaseException | None = None) -> None:
            loop.call_soon_threadsafe(settle, error)

        hearing = listener.set(end)
        try:
            subscription = self.subscribe(on_next, end, end)
        finally:
            listener.reset(hearing)
        try:
            return (yield from future)
        finally:
            subscription.dispose()


class _StreamConnectable(StreamObservable[_T], ConnectableObservable[_T]):
    """A ConnectableObservable whose subscriptions are closed by an exception of their callbacks."""


class _StreamGroup(StreamObservable[_T], GroupedObservable[Any, _T]):
    """A GroupedObservable whose subscriptions are closed by an exception of their callbacks."""


def block(
    source: abc.ObservableBase[_T],
    on_next: Callable[[_T], Any],
    scheduler: abc.SchedulerBase | None = None,
) -> None:
    """Subscribe, block until the stream ends, and dispose.

    Raises:
        BaseException: what ended it, Ctrl-C included, unless it completed.
    """
    ends: SimpleQueue[BaseException | None] = SimpleQueue()  # a signal handler, too, may put into it
    subscription = SingleAssignmentDisposable()
    subscribing: list[int] = []

    def guarded(item: _T) -> None:
        try:
            if ends.empty():
                on_next(item)
        except BaseException as error:
            ends.put(error)
            subscription.dispose()
            if threading.get_ident() in subscribing:  # there is nothing to dispose yet
                raise

    def begin() -> None:
        subscribing.append(threading.get_ident())
        hearing = listener.set(ends.put)
        try:
            subscription.disposable = source.subscribe(
                guarded, ends.put, lambda: ends.put(None), scheduler=scheduler
            )
        finally:
            listener.reset(hearing)
            subscribing.clear()

    def begin_elsewhere() -> None:
        try:
            begin()
        except BaseException as error:
            ends.put(error)

    try:
        if CurrentThreadScheduler.singleton().schedule_required():
            begin()
        else:  # What the subscription schedules on this thread would wait until this call has returned.
            context = copy_context()
            threading.Thread(target=context.run, args=[begin_elsewhere], daemon=True).start()
        failure = _first(ends)
    finally:
        subscription.dispose()
    if failure is not None:
        raise failure


def _first(ends: SimpleQueue[_T]) -> _T:
    while True:
        with contextlib.suppress(Empty):
            return ends.get(timeout=0.5)  # an endless wait cannot be interrupted on Windows


_NO_LAST_ITEM = (
    "it completed without an item, so there is no last one to return; "
    ".pipe(ops.to_list()) makes a list of all that comes, an empty one of nothing"
)

_KINDS: dict[type, type[StreamObservable[Any]]] = {
    Observable: StreamObservable,
    ConnectableObservable: _StreamConnectable,
    GroupedObservable: _StreamGroup,
}


def as_stream(result: Any) -> Any:
    """Return an Observable of RxPY's as one of ours, with the same state; anything else as it is."""
    kind = _KINDS.get(type(result))
    if kind is None:
        return result
    ours = kind.__new__(kind)
    ours.__dict__ = result.__dict__  # not a copy: connected through one of them is connected
    return ours


def _keeping(name: str) -> Callable[..., Any]:
    method = getattr(ConnectableObservable, name)

    def keep(*args: Any, **options: Any) -> Any:
        return as_stream(method(*args, **options))

    keep.__doc__ = method.__doc__
    return keep


# What makes an Observable of one without `pipe`.
for _name in (
    "__add__", "__getitem__", "__iadd__",
    "dematerialize", "exclusive", "pluck", "ref_count", "sum", "switch_latest",
):  # fmt: skip
    setattr(StreamObservable, _name, _keeping(_name))
_StreamConnectable.auto_connect = _keeping("auto_connect")  # type: ignore[method-assign]


def _is_factory(operator: Any) -> bool:
    """Return whether *operator* is a function that makes operators, such as `posts` itself."""
    return (
        isinstance(operator, FunctionType)
        and "<locals>" not in operator.__qualname__
        and (
            operator.__module__ == "reactivex.operators"
            or operator.__module__.startswith("rxtweets.operators.")
        )
    )


class Carried(BaseException):
    """Carries what a subscriber raised up to the next subscription of ours on this thread.

    On the way an `except Exception`, such as that in RxPY's `from_iterable`, would make an `on_error` of it.
    """

    def __init__(self, error: BaseException, report: _Report | None) -> None:
        super().__init__(error)
        self.error = error
        self.report = report


def original(raised: BaseException) -> BaseException:
    """Return what a subscriber raised, for what has come of it."""
    return raised.error if isinstance(raised, Carried) else raised


def _leave(raised: BaseException, frame: FrameType, report: _Report | None) -> None:
    """Carry what was raised in *frame* to the subscription of ours above; else tell *report*, or raise it."""
    error = original(raised)
    context = error.__context__
    try:
        if _ours_above(frame):
            raise Carried(error, report)
        if report is None:
            raise error
        report(error)
    finally:
        error.__context__ = context
        del raised, error, context, frame  # which the traceback would keep alive, and they it


def _ours_above(frame: FrameType) -> bool:
    """Return whether the thread is to return from *frame* to another subscription of ours."""
    return any(caller.f_code in _OURS for caller in _callers(frame))


def _an_on_error_above(frame: FrameType) -> bool:
    """Return whether RxPY makes an `on_error` of what *frame* raises, as nothing of ours carries it by."""
    for caller in reversed([*_callers(frame)]):
        if caller.f_code in _OURS:
            return False
        if caller.f_globals.get("__name__") in _MAKING_AN_ON_ERROR:
            return True
    return False


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


class _Observer(abc.ObserverBase[Any]):
    """The observer between a source and the callbacks of one subscription; forwards until the end."""

    __slots__ = ("_completed", "_error", "_next", "_report", "_stopped", "_subscription")

    def __init__(
        self,
        on_next: Callable[[Any], Any] | None,
        on_error: Callable[[Exception], Any] | None,
        on_completed: Callable[[], Any] | None,
    ) -> None:
        self._next = on_next or noop
        self._error = on_error or default_error
        self._completed = on_completed or noop
        self._subscription = SingleAssignmentDisposable()
        self._stopped = False
        self._report = listener.get()

    def opened(self, subscription: abc.DisposableBase) -> None:
        """Have *subscription* disposed at the end; at once if that was."""
        self._subscription.disposable = subscription

    def on_next(self, value: Any) -> None:
        if self._stopped:
            return
        try:
            self._next(value)
        except BaseException as raised:
            _leave(raised, sys._getframe(), self._closed_by(raised, sys._getframe()))

    def on_error(self, error: Exception) -> None:
        if not self._stopped:
            self._end(self._error, error)

    def on_completed(self) -> None:
        if not self._stopped:
            self._end(self._completed)

    def _end(self, callback: Callable[..., Any], *args: Any) -> None:
        self._stopped = True
        try:
            callback(*args)
        except BaseException as raised:
            _leave(raised, sys._getframe(), self._closed_by(raised, sys._getframe()))
        else:
            self._subscription.dispose()

    def fail(self, error: Exception) -> bool:
        """End with *error* of the source, which could not be subscribed to; False if it has ended before."""
        if self._stopped:
            return False
        self._end(self._error, error)
        return True

    def dispose(self) -> None:
        self._stopped = True
        self._subscription.dispose()

    def _closed_by(self, raised: BaseException, frame: FrameType) -> _Report | None:
        """Dispose, as a callback has raised in *frame*; return who is told of it, None to have it raised."""
        report = (raised.report if isinstance(raised, Carried) else None) or self._report
        if report is not None or not _an_on_error_above(frame):  # which would be in vain
            self.dispose()
        return report


_OURS = {_Observer.on_next.__code__, _Observer._end.__code__, StreamObservable.subscribe.__code__}
_MAKING_AN_ON_ERROR = {"reactivex.observable.fromiterable", "reactivex.observable.returnvalue"}
"""The modules of RxPY that call `on_error` with what those raise whom they call, as if it were their own."""


class _ForSubject(_Observer):
    """Passes on to a Subject, all of whose subscribers hear of the end, though one of them raises."""

    __slots__ = ("_subject",)

    def __init__(self, subject: Subject[Any]) -> None:
        super().__init__(subject.on_next, self._fail_all, self._complete_all)
        self._subject = subject

    def _closed_by(self, raised: BaseException, frame: FrameType) -> _Report | None:
        listened_to = not self._stopped
        report = super()._closed_by(raised, frame)
        if listened_to:
            try:
                self._fail_all(original(raised))
            except BaseException as again:
                if original(again) is not original(raised):
                    original(again).__context__ = original(raised)  # so that both are reported
                    _leave(again, frame, report)
        return report

    def _fail_all(self, error: Any) -> None:
        notify_all([self._subject], lambda observer: observer.on_error(error))

    def _complete_all(self) -> None:
        notify_all([self._subject], lambda observer: observer.on_completed())


def notify_all(
    observers: Iterable[abc.ObserverBase[Any]], notify: Callable[[abc.ObserverBase[Any]], None]
) -> None:
    """Notify all *observers*, and the subscribers of Subjects among them, of the end, though one raises."""
    every: list[abc.ObserverBase[Any]] = []
    for observer in observers:
        every.append(observer)
        if isinstance(observer, Subject):
            every.extend(observer.observers)  # those that it does not come to
    with ExitStack() as stack:
        for observer in reversed(every):
            stack.callback(notify, observer)


def _observer(on_next: Any, on_error: Any, on_completed: Any) -> _Observer:
    if isinstance(on_next, Subject):
        return _ForSubject(on_next)
    if isinstance(on_next, abc.ObserverBase) or callable(getattr(on_next, "on_next", None)):
        return _Observer(on_next.on_next, on_next.on_error, on_next.on_completed)
    return _Observer(on_next, on_error, on_completed)
