"""Periods of a budget: hours, days and months of UTC, in UNIX seconds."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

Per = Literal["hour", "day", "month"]

HOUR = 3600


class Span(NamedTuple):
    """A period, from `start` on and before `end`, in UNIX seconds; both are whole hours."""

    start: int
    end: int


def period_at(now: float, per: Per, reset_day: int = 1) -> Span:
    """Return the period that *now* is in.

    A month begins on *reset_day*, or on its last day if it has no such day.
    """
    hour = int(now // HOUR) * HOUR
    if per == "hour":
        return Span(hour, hour + HOUR)
    day = datetime.fromtimestamp(hour, UTC).replace(hour=0)
    if per == "day":
        return Span(_seconds(day), _seconds(day + timedelta(days=1)))
    start = _reset_in(day, reset_day)
    if start > day:
        start = _reset_in(day.replace(day=1) - timedelta(days=1), reset_day)
    after = start.replace(day=1) + timedelta(days=32)
    return Span(_seconds(start), _seconds(_reset_in(after, reset_day)))


def _reset_in(month: datetime, reset_day: int) -> datetime:
    return month.replace(day=min(reset_day, monthrange(month.year, month.month)[1]))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
