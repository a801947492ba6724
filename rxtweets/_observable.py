"""The Observable that streams and operators return."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from reactivex import ConnectableObservable, GroupedObservable, Observable, abc
from reactivex.disposable import Disposable

from ._observer import ClosingObserver
from ._schedulers import on_trampoline
from ._waiting import run_to_last, wait_for_last

_T = TypeVar("_T")


class StreamObservable(Observable[_T]):
    """An Observable that closes a subscription when one of its callbacks raises.

    Whatever `pipe` and the fluent methods make of it is one, too.
    """

    if not TYPE_CHECKING:  # RxPY's own signatures hold

        def subscribe(self, on_next=None, on_error=None, on_completed=None, *, scheduler=None):
            """Subscribe callbacks or an observer, as RxPY does.

            Raises:
                BaseException: an exception that a callback raised before this returned.
            """
            observer = ClosingObserver(on_next, on_error, on_completed)

            def begin() -> None:
                try:
                    opened = self._subscribe_core(observer, scheduler)
                except Exception as error:
                    if observer.stopped:
                        raise
                    observer.on_error(error)
                else:
                    observer.opened(_disposable(opened))

            on_trampoline(begin)  # as in RxPY, so that it can be disposed once it runs
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
            "an Observable calls you, it can't be iterated over itself: write `for item in "
            "rxt.iterate(observable)`, rxt.run(observable, handle) or observable.subscribe(handle); "
            "observable.pipe(ops.to_list()).run() collects what is finite"
        )

    def __aiter__(self) -> NoReturn:
        raise TypeError(
            "an Observable calls you, it can't be iterated over itself: write `async for item in "
            "aio.iterate(observable)`, with `from rxtweets import aio`"
        )

    def run(self, scheduler: abc.SchedulerBase | None = None) -> _T:
        """Block until completion and return the last item; Ctrl-C disposes."""
        return run_to_last(self, scheduler)

    def __await__(self) -> Generator[Any, None, _T]:
        """Wait for completion in asyncio and return the last item; cancellation disposes."""
        return wait_for_last(self)


def source_of(observable: Observable[_T], caller: str) -> StreamObservable[_T]:
    """Return *observable* as a StreamObservable.

    Raises:
        ValueError: it isn't an Observable; *caller* is who takes one.
    """
    source: Any = observable
    if not isinstance(source, abc.ObservableBase):
        hint = f": call it, {source.__name__}(…)" if callable(source) and hasattr(source, "__name__") else ""
        raise ValueError(f"{caller} takes an Observable, such as client.sample(), not {source!r}{hint}")
    if isinstance(source, StreamObservable):
        return source
    return StreamObservable(lambda observer, scheduler: source.subscribe(observer, scheduler=scheduler))


def _disposable(opened: Any) -> abc.DisposableBase:
    """Return what a subscribe function returned as a disposable; it may be a callable, or None."""
    return opened if hasattr(opened, "dispose") else Disposable(opened)


class Callbacks(NamedTuple):
    """The callbacks of a stage that only forwards, in the place of an observer."""

    on_next: Callable[[Any], Any]
    on_error: Callable[[Exception], Any]
    on_completed: Callable[[], Any]


def subscribe_through(
    source: Observable[Any], stage: Callbacks, scheduler: abc.SchedulerBase | None
) -> abc.DisposableBase:
    """Subscribe a *stage* that forwards to a `ClosingObserver`, without another one in between.

    That one ends the whole subscription when a callback raises or the stream ends, and drops what comes
    after the end; an item that gets as far as the stage meanwhile must do no harm there.
    """
    if isinstance(source, StreamObservable):
        return _disposable(source._subscribe_core(stage, scheduler))  # type: ignore[arg-type]
    return source.subscribe(*stage, scheduler=scheduler)


class StreamGroup(StreamObservable[_T], GroupedObservable[Any, _T]):
    """A GroupedObservable that is a StreamObservable."""


class _StreamConnectable(StreamObservable[_T], ConnectableObservable[_T]):
    """A StreamObservable that connects as another ConnectableObservable does, and together with it."""

    def __init__(self, connectable: ConnectableObservable[_T]) -> None:
        super().__init__(connectable.source, connectable.subject)
        self._connectable = connectable

    def connect(self, scheduler: abc.SchedulerBase | None = None) -> abc.DisposableBase | None:
        """Connect, unless connected."""
        return self._connectable.connect(scheduler)


def as_stream(result: Any) -> Any:
    """Convert an Observable of RxPY's to a StreamObservable; return anything else as it is."""
    if type(result) is Observable:
        return StreamObservable(result._subscribe_core)
    if type(result) is ConnectableObservable:
        return _StreamConnectable(result)
    return result


def _returning_a_stream(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        return as_stream(method(*args, **options))

    call.__doc__ = method.__doc__
    return call


# RxPY's methods that make an Observable without calling `pipe`.
for _name in (
    "__add__", "__getitem__", "__iadd__",
    "dematerialize", "exclusive", "pluck", "ref_count", "sum", "switch_latest",
):  # fmt: skip
    setattr(StreamObservable, _name, _returning_a_stream(getattr(Observable, _name)))
_StreamConnectable.auto_connect = _returning_a_stream(  # type: ignore[method-assign]
    ConnectableObservable.auto_connect
)


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
