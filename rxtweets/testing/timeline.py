"""Observables in virtual time."""

from __future__ import annotations

from typing import Any, NamedTuple

from reactivex import Observable
from reactivex.testing import TestScheduler

__all__ = ["Timeline", "timeline"]


class Timeline(NamedTuple):
    """The items and the end of an Observable, each with its virtual second.

    Attributes:
        items: the items.
        error: the error that ended it, or None.
        completed: the second it completed at, or None.
        ended: the second of the error, or None.
    """

    items: list[tuple[float, Any]]
    error: Exception | None
    ended: float | None
    completed: float | None

    def of(self, kind: type) -> list[tuple[float, Any]]:
        """Return the items that are instances of *kind*."""
        return [(at, item) for at, item in self.items if isinstance(item, kind)]


def timeline(observable: Observable[Any], seconds: float = 3600.0) -> Timeline:
    """Subscribe to *observable* at second 0 of virtual time, dispose after *seconds*, and return what it did.

    Everything runs on the calling thread, so its sources must not be threads of their own: use a
    `ScriptedTransport`, without `HOLD`.
    """
    scheduler = TestScheduler()
    items: list[tuple[float, Any]] = []
    errors: list[tuple[float, Exception]] = []
    completions: list[float] = []
    subscription = observable.subscribe(
        lambda item: items.append((scheduler.clock, item)),
        lambda error: errors.append((scheduler.clock, error)),
        lambda: completions.append(scheduler.clock),
        scheduler=scheduler,
    )
    scheduler.schedule_absolute(seconds, lambda *_: scheduler.stop())
    scheduler.start()
    subscription.dispose()
    ended, error = errors[0] if errors else (None, None)
    return Timeline(items, error, ended, completions[0] if completions else None)
