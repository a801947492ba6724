from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import StreamObservable, as_stream
from rxtweets._schedulers import later, unless_event_loop, wall_clock
from rxtweets.budgets import Budget
from rxtweets.budgets.budget import TAIL, Used
from rxtweets.budgets.period import Span
from rxtweets.messages import Lifecycle
from rxtweets.prices import Resource, resources

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets.budget")

_ANSWER_WITHIN = 2.0
"""Seconds that a stream waits for X's own count before it begins without."""
_SHORTEST_WAIT = 0.001
_LONGEST_WAIT = 3600.0
"""Seconds after which a pause looks at the clock again: the machine may have slept, the timer be early."""


def within(
    budget: Budget,
    *,
    usage: Callable[[], Observable[Used]] | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T | Lifecycle]]:
    """Count what comes against *budget*, and end or pause at its limit.

    ::

        --C--p--p--p--p--             C: Connected, p: a post
           within(Budget(posts=3))
        --C--p--p--Wp-x               W: BudgetWarning, x: BudgetSpent

    The message that reaches a mark or the limit is the last before the `BudgetWarning`, `BudgetPaused` or
    `BudgetSpent`. With `at_limit="pause"`, the source is disposed, and subscribed to again when the next
    period begins. If the budget is already spent, nothing is opened. What other streams and processes spend
    is noticed with the next item, keep-alives included.

    A client with a budget (`StreamingClient(auth, budget=budget)`) has this in each of its streams, behind
    `tw.retry_with_backoff`; before that, `BudgetSpent` isn't retried either.

    Args:
        budget: the limit, and the books.
        usage: called for X's own count, such as `client.usage`, to compare the books with it: before the
            source is subscribed to, which waits 2 seconds at most, and every 5 minutes. Its errors change
            nothing. None: no comparison.
        scheduler: where the timers run and which clock they use; default the subscriber's, else a timer
            thread and the system's time.

    Errors: `BudgetSpent`; an OSError if the books can't be written.

    Raises:
        ValueError: *budget* isn't a `Budget`.
    """
    if not isinstance(budget, Budget):
        raise ValueError(f"budget is a Budget, such as Budget(dollars=5, per='day'), not {budget!r}")

    def within_(source: Observable[_T]) -> Observable[_T | Lifecycle]:
        def subscribe(
            observer: abc.ObserverBase[_T | Lifecycle], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            timer = scheduler or unless_event_loop(scheduler_) or TimeoutScheduler.singleton()
            gate = _Gate(source, observer, budget, usage, timer, scheduler_)
            gate.open()
            return gate.all

        return StreamObservable(subscribe)

    return within_


class _Gate:
    """One subscription.

    Attributes:
        all: what its disposal ends.
    """

    def __init__(
        self,
        source: Observable[Any],
        observer: abc.ObserverBase[Any],
        budget: Budget,
        usage: Callable[[], Observable[Used]] | None,
        timer: abc.SchedulerBase,
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        self._current = SerialDisposable()  # the session, or the wait for the next period
        self._tail = SerialDisposable()
        self._asking = SerialDisposable()
        self.all = CompositeDisposable(self._current, self._tail, self._asking, Disposable(self._write))
        self._source = source
        self._observer = observer
        self._forward = observer.on_next
        self._budget = budget
        self._usage = usage
        self._timer = timer
        self._now = wall_clock(timer)
        self._scheduler = scheduler
        self._context = contextvars.copy_context()
        self._is_open = self._has_tail = False
        self._period: Span | None = None
        self._mark = 0.0

    def open(self) -> None:
        """Compare the books with X's count if that is due, then begin.

        Before that, nothing is on its way that is in X's count and not yet in the books.
        """
        comparison = self._comparison()
        if comparison is None:
            self._begin()
            return
        first = SingleAssignmentDisposable()
        self._current.disposable = first
        first.disposable = comparison.pipe(
            ops.timeout(_ANSWER_WITHIN, reactivex.empty(), self._timer)
        ).subscribe(on_completed=self._in_context(self._begin), scheduler=self._scheduler)

    def _begin(self) -> None:
        """Subscribe to the source, unless the budget is spent."""
        self._is_open = True
        session = SingleAssignmentDisposable()
        self._current.disposable = session
        self._count(())
        if self._is_open:
            session.disposable = self._source.subscribe(
                self._on_next, self._on_error, self._on_completed, scheduler=self._scheduler
            )

    def _on_next(self, item: Any) -> None:
        found = resources(item)
        self._count(found, item)
        if not self._is_open:
            return
        if not found:
            self._compare()
        elif not self._has_tail:
            self._has_tail = True
            self._compare()
            wait = SingleAssignmentDisposable()
            self._tail.disposable = wait
            later(self._timer, TAIL, self._write_tail, wait)

    def _count(self, found: Iterable[Resource], *items: Any) -> None:
        """Count, forward *items*, and say what mark that reaches, or end."""
        if not self._is_open:
            return
        try:
            part = self._budget.count(found, self._now())
        except OSError as error:
            self._close()
            self._observer.on_error(error)
            return
        for item in items:
            self._forward(item)
        if self._budget.period() is not self._period:
            self._period = self._budget.period()
            self._mark = self._budget.next_mark(0.0)
        if part < self._mark or any(getattr(item, "recovered", False) for item in items):
            return  # what is recovered was paid with the page that it is on, and all of that comes
        if part < 1:
            self._mark = self._budget.next_mark(part)
            self._forward(self._budget.warning())
            return
        self._close()
        if self._budget.at_limit == "end":
            self._observer.on_error(self._budget.error())
        else:
            self._forward(self._budget.pause())
            self._wait()

    def _close(self) -> None:
        """End the session."""
        self._is_open = False
        self._current.disposable = SingleAssignmentDisposable()

    def _wait(self) -> None:
        """Wait for the next period."""
        wait = SingleAssignmentDisposable()
        self._current.disposable = wait
        left = self._budget.period().end - self._now()
        later(
            self._timer, min(max(left, _SHORTEST_WAIT), _LONGEST_WAIT), self._in_context(self._resume), wait
        )

    def _in_context(self, work: Callable[[], None]) -> Callable[..., None]:
        """Return *work* to be called in the subscriber's context, on whatever thread."""
        return lambda *_: self._context.copy().run(work)

    def _resume(self) -> None:
        try:
            part = self._budget.count((), self._now())
        except OSError as error:
            self._observer.on_error(error)
            return
        if part < 1:
            self.open()
        else:  # the timer was early, or the clock was set back
            self._wait()

    def _on_error(self, error: Exception) -> None:
        self._write()
        self._observer.on_error(error)

    def _on_completed(self) -> None:
        self._write()
        self._observer.on_completed()

    def _write_tail(self, *_: Any) -> None:
        self._has_tail = False
        self._write()

    def _write(self) -> None:
        """Write what was counted. It stays to be written if that fails, and then the next message fails."""
        try:
            self._budget.write(self._now())
        except OSError as error:
            _log.warning("%s", error)

    def _compare(self) -> None:
        """Compare the books with X's count, if it is time to."""
        comparison = self._comparison()
        if comparison is not None:
            self._asking.disposable = comparison.subscribe(scheduler=self._scheduler)

    def _comparison(self) -> Observable[Any] | None:
        """Return what asks for X's own count and completes, whether it comes or not; None if it isn't due."""
        usage = self._usage
        if usage is None or not self._budget.is_comparison_due(self._now()):
            return None
        asked: Observable[Used] = reactivex.defer(lambda _: usage())
        comparison: Observable[Any] = as_stream(asked).pipe(
            ops.do_action(self._compared), ops.ignore_elements(), ops.catch(self._not_compared)
        )
        return comparison

    def _not_compared(self, error: Exception, _: Observable[Any]) -> Observable[Any]:
        _log.info("the budget isn't compared with X's usage: %s", error)
        return reactivex.empty()

    def _compared(self, usage: Used) -> None:
        try:
            self._budget.compare_with(usage, self._now())
        except OSError as error:
            _log.warning("%s", error)
