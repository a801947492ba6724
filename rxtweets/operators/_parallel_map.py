from __future__ import annotations

import atexit
import contextvars
import inspect
import itertools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.internal import noop

from rxtweets._observable import StreamObservable
from rxtweets._waiting import listener
from rxtweets.errors import WorkerDied
from rxtweets.messages import Lifecycle

_T = TypeVar("_T")

_numbers = itertools.count(1)


def parallel_map(
    fn: Callable[[Any], _T],
    workers: int,
    *,
    ordered: bool = True,
    executor: Literal["thread", "process"] = "thread",
    on_error: Literal["end", "skip"] = "end",
) -> Callable[[Observable[Any]], Observable[_T | Lifecycle]]:
    """Call *fn* with each item on one of several threads or processes, and emit the results.

    ::

        -1-2-3----------|
           parallel_map(fn, 2)          fn takes longest for 1
        --------a-b-c---|
           parallel_map(fn, 2, ordered=False)
        ----b-c-a-------|

    Connection events bypass *fn*: in their place, or at once if the results aren't ordered.

    At most two items per worker are in flight, from their arrival to the delivery of their result. At that
    limit, reading stops, and a server that has to wait too long ends the stream.

    Results are delivered one after another on the operator's own thread, and so is the end, after everything
    in flight. An exception in the subscriber closes the session, as anywhere else.

    Disposing returns at once. It ends processes, even in the middle of a call; threads end after their
    current call.

    In processes:

    * *fn* is imported by its name, and so is the main program. It must start its streams under
      `if __name__ == "__main__":`.
    * A message is sent as its `raw` bytes and decoded there, so changes made by `structs.replace` are lost.
      Other items, and the results, are pickled.
    * Ctrl-C is ignored, since the program ends them.
    * Each subscription starts its own, which end with it or with the program.

    Args:
        fn: called with an item; on threads, on several at once.
        workers: how many threads or processes.
        ordered: whether each result waits for those of the items before it.
        executor: `"thread"` for work that waits, for a network, say; `"process"` for work that computes.
        on_error: what an exception in *fn* does. `"end"`: it ends the stream, without a reconnect. `"skip"`:
            `threading.excepthook` reports it, and the item has no result. A process that dies ends the stream
            in any case, with `WorkerDied`.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    if not callable(fn) or inspect.iscoroutinefunction(fn):
        raise ValueError(f"fn must be a function that takes one item and returns its result, not {fn!r}")
    if not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be the number of threads or processes, 1 or more, not {workers!r}")
    for name, value, choices in [
        ("executor", executor, ("thread", "process")),
        ("on_error", on_error, ("end", "skip")),
    ]:
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")

    make: Callable[[], _Worker] = partial(_Thread, fn)
    if executor == "process":
        from ._worker_process import WorkerProcess, importable

        make = partial(WorkerProcess, importable(fn))

    def parallel_map_(source: Observable[Any]) -> Observable[_T | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[_T | Lifecycle], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            flow = _Flow(observer, 2 * workers, ordered, on_error == "skip")
            if executor == "process":
                atexit.register(flow.at_exit)
            try:
                flow.start([make] * workers)
                flow.subscribe(source, scheduler)
            except BaseException:
                flow.dispose()
                raise
            return flow

        return StreamObservable(subscribe)

    return parallel_map_


class _Worker(Protocol):
    """A worker, used by one thread but for `cancel`."""

    def __call__(self, item: Any) -> Any:
        """Return the result for *item*, or raise an exception."""

    def cancel(self) -> None:
        """See to it that a call ends soon, if that is possible; on any thread."""

    def close(self) -> None:
        """End, between two calls."""


class _Thread:
    """The worker is the thread that calls it, and can't be stopped in a call."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self._fn = fn

    def __call__(self, item: Any) -> Any:
        return self._fn(item)

    def cancel(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Outcome(NamedTuple):
    """The call that tells the observer of an item, or of the end."""

    tell: Callable[[], Any]
    last: bool = False


class _Task:
    """An item in flight; without an outcome as long as it is being worked on."""

    __slots__ = ("item", "outcome")

    def __init__(self, item: Any, outcome: _Outcome | None = None) -> None:
        self.item = item
        self.outcome = outcome


class _Flow(abc.DisposableBase):
    """The items in flight of one subscription: from its source by the workers to its observer."""

    def __init__(self, observer: abc.ObserverBase[Any], limit: int, ordered: bool, skip: bool) -> None:
        self._observer = observer
        self._limit = limit
        self._ordered = ordered
        self._skip = skip
        self._context = contextvars.copy_context()
        self._context.run(listener.set, None)  # `run` doesn't wait for what is subscribed to on our threads
        self._threads: set[int] = set()
        self._source = SingleAssignmentDisposable()
        lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._room = threading.Condition(lock)
        self._work = threading.Condition(lock)
        self._ready = threading.Condition(lock)
        self._in_flight = 0
        self._todo: deque[_Task] = deque()
        self._results: deque[_Task] = deque()  # in the order of delivery; the first may still be worked on
        self._end: _Outcome | None = None  # to be told when nothing is in flight any more
        self._busy: set[_Worker] = set()
        self._over = False
        self._pid = os.getpid()

    def start(self, makers: Iterable[Callable[[], _Worker]]) -> None:
        """Start the workers, and the thread that delivers."""
        for make in makers:
            worker = make()
            try:
                self._start_thread(self._work_with, worker)
            except BaseException:
                worker.close()
                raise
        self._start_thread(self._deliver)

    def subscribe(self, source: Observable[Any], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to *source*."""
        self._source.disposable = source.subscribe(
            self._on_next,
            lambda error: self._finish(partial(self._observer.on_error, error)),
            lambda: self._finish(self._observer.on_completed),
            scheduler=scheduler,
        )

    def dispose(self) -> None:
        """Deliver nothing more, and end the source and the workers; from any thread."""
        with self._room:
            self._over = True
            self._todo.clear()
            self._results.clear()
            for worker in self._busy:
                worker.cancel()
            for condition in (self._room, self._work, self._ready):
                condition.notify_all()
        atexit.unregister(self.at_exit)
        self._source.dispose()

    def at_exit(self) -> None:
        """Dispose before the interpreter waits for worker processes; do nothing in a fork of this one."""
        if os.getpid() == self._pid:
            self.dispose()

    def _start_thread(self, target: Callable[..., None], *args: Any) -> None:
        def run() -> None:
            self._threads.add(threading.get_ident())
            self._context.copy().run(target, *args)

        threading.Thread(target=run, name=f"rxtweets-parallel_map-{next(_numbers)}", daemon=True).start()

    def _on_next(self, item: Any) -> None:
        """Take *item* once there is room for it."""
        with self._room:
            # What fn or the subscriber sends into the source doesn't wait: it is they who make room.
            if threading.get_ident() not in self._threads:
                while self._in_flight >= self._limit and not self._over:
                    self._room.wait()
            if self._over:
                return
            self._in_flight += 1
            if isinstance(item, Lifecycle):
                self._results.append(_Task(item, _Outcome(partial(self._observer.on_next, item))))
                self._ready.notify()
                return
            task = _Task(item)
            self._todo.append(task)
            if self._ordered:
                self._results.append(task)
            self._work.notify()

    def _finish(self, tell: Callable[[], Any]) -> None:
        with self._ready:
            self._end = _Outcome(tell, last=True)
            self._ready.notify()

    def _work_with(self, worker: _Worker) -> None:
        """Work until the end, on the thread of *worker*."""
        try:
            while self._do_one(worker):
                pass
        finally:
            worker.close()

    def _do_one(self, worker: _Worker) -> bool:
        with self._work:
            while not self._todo and not self._over:
                self._work.wait()
            if self._over:
                return False
            task = self._todo.popleft()
            self._busy.add(worker)
        outcome = self._outcome(worker, task.item)
        with self._ready:
            self._busy.discard(worker)
            task.outcome = outcome
            if not self._ordered:
                self._results.append(task)
            self._ready.notify()
        del task, outcome  # the traceback of an error holds this frame
        return True

    def _outcome(self, worker: _Worker, item: Any) -> _Outcome:
        on_error: Callable[[Any], Any] = self._observer.on_error
        try:
            try:
                return _Outcome(partial(self._observer.on_next, worker(item)))
            except Exception as raised:
                if not self._skip or isinstance(raised, WorkerDied):
                    raise
                threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), threading.current_thread()]))
                return _Outcome(noop)
        except BaseException as raised:
            return _Outcome(partial(on_error, raised), last=True)

    def _deliver(self) -> None:
        """Deliver until the end, on a thread of its own."""
        try:
            while (outcome := self._next_outcome()) is not None:
                if outcome.last:
                    self.dispose()  # before it is told: whoever hears of an error may subscribe anew
                    outcome.tell()
                    return
                outcome.tell()
                with self._room:
                    self._in_flight -= 1
                    self._room.notify()
        finally:
            self.dispose()

    def _next_outcome(self) -> _Outcome | None:
        """Wait for the next one, and return it; None after a disposal."""
        with self._ready:
            while not self._over:
                if self._results:
                    if self._results[0].outcome is not None:
                        return self._results.popleft().outcome
                elif self._end is not None and not self._in_flight:
                    return self._end
                self._ready.wait()
        return None
