"""The posts that clients of v2 have been delivered, once a UTC day, as X counts and charges them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from .clock import Clock

LONGEST = 90
"""Days that are kept. Source: X's OpenAPI description, `days`."""

RESET_DAY = 1
"""The day of the month on which the period of the cap begins. X gives each account its own."""


class UsageBook:
    """The counts of posts by day.

    A post that comes again on the same UTC day isn't counted again, as long as it is among the last
    `remembered` ones that were delivered that day.
    """

    def __init__(self, clock: Clock, remembered: int) -> None:
        self._clock = clock
        self._remembered = remembered
        self._today = date.min
        self._delivered: dict[int, None] = {}
        self._days: dict[date, int] = {}

    def count(self, ids: Iterable[int]) -> None:
        """Count the posts with these ids as delivered now."""
        today = self._date()
        if today != self._today:
            self._today = today
            self._delivered.clear()
            self._days = {day: n for day, n in self._days.items() if today - day < timedelta(LONGEST)}
        delivered = self._delivered
        for post_id in ids:
            if post_id in delivered:
                continue
            delivered[post_id] = None
            self._days[today] = self._days.get(today, 0) + 1
            if len(delivered) > self._remembered:
                del delivered[next(iter(delivered))]

    def daily(self, days: int) -> list[tuple[date, int]]:
        """Return the counts of the last days, today's last."""
        today = self._date()
        dates = (today - timedelta(ago) for ago in reversed(range(days)))
        return [(day, self._days.get(day, 0)) for day in dates]

    def period(self) -> int:
        """Return the posts since the cap was last reset."""
        today = self._date()
        return sum(self._days.get(today - timedelta(ago), 0) for ago in range(today.day - RESET_DAY + 1))

    def _date(self) -> date:
        return datetime.fromtimestamp(self._clock.time(), UTC).date()
