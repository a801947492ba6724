"""The resources that clients of v2 have been delivered, once a UTC day, as X counts and charges them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Literal

from rxtweets.prices import Prices

from .clock import Clock

LONGEST = 90
"""Days that are kept. Source: X's OpenAPI description, `days`."""

_EPOCH = date(1970, 1, 1).toordinal()

RESET_DAY = 1
"""The day of the month on which the period of the cap begins. X gives each account its own."""

Resources = tuple[tuple[str, int | str], ...]
"""Things that X charges, each a kind and an id."""

Refusal = Literal["cap", "credit"]
"""The thing that is used up."""


class UsageBook:
    """The counts of resources by day and kind, and what they cost.

    A resource that comes again on the same UTC day isn't counted again, as long as it is among the last
    `remembered` ones that were delivered that day.

    Args:
        clock: The time.
        remembered: Resources that are remembered.
        cap: Posts that may be delivered in a month.
        prices: The prices; None where nothing is charged.
        credit: Dollars to pay with; None for as many as it takes.
    """

    def __init__(
        self,
        clock: Clock,
        remembered: int,
        cap: int,
        prices: Prices | None = None,
        credit: float | None = None,
    ) -> None:
        self.cap = cap
        self.prices = prices
        self.on_refusal: list[Callable[[], None]] = []
        """Called when something was delivered and the cap or the credit is used up."""
        self._credit = credit
        self._charged = 0.0
        self._clock = clock
        self._remembered = remembered
        self._today = date.min
        self._delivered: dict[tuple[str, int | str], None] = {}
        self._days: dict[date, Counter[str]] = {}
        self._counts: Counter[str] = Counter()  # of today
        self._posts = 0  # of the period

    def count(self, resources: Iterable[tuple[str, int | str]]) -> None:
        """Count resources, each a kind and an id, as delivered now."""
        counts = self._begin_day()
        delivered, new = self._delivered, 0
        for resource in resources:
            if resource in delivered:
                continue
            delivered[resource] = None
            self._add(resource[0], counts)
            new += 1
            if len(delivered) > self._remembered:
                del delivered[next(iter(delivered))]
        if new and self.refusal() is not None:
            for callback in self.on_refusal:
                callback()

    def count_request(self, kind: str) -> None:
        """Count a request that is charged itself: each time."""
        self._add(kind, self._begin_day())

    def _begin_day(self) -> Counter[str]:
        """Return what was delivered today, to be added to."""
        today = self._date()
        if today != self._today:
            self._today = today
            self._delivered.clear()
            self._days = {day: n for day, n in self._days.items() if today - day < timedelta(LONGEST)}
            self._posts = self.period()["post"]
            self._counts = self._days.setdefault(today, Counter())
        return self._counts

    def _add(self, kind: str, counts: Counter[str]) -> None:
        counts[kind] += 1
        self._posts += kind == "post"
        self._charged += 0.0 if self.prices is None else self.prices.price(kind)

    def daily(self, days: int) -> list[tuple[date, int]]:
        """Return the counts of posts of the last days, today's last."""
        today = self._date()
        dates = (today - timedelta(ago) for ago in reversed(range(days)))
        return [(day, self._days.get(day, Counter())["post"]) for day in dates]

    def today(self) -> Counter[str]:
        """Return what was delivered today, by kind."""
        return self._days.get(self._date(), Counter())

    def period(self) -> Counter[str]:
        """Return what was delivered since the cap was last reset, by kind."""
        today = self._date()
        days = (today - timedelta(ago) for ago in range(today.day - RESET_DAY + 1))
        return sum((self._days.get(day, Counter()) for day in days), Counter())

    @property
    def charged(self) -> float:
        """Dollars charged since the start."""
        return round(self._charged, 6)

    @property
    def credit(self) -> float | None:
        """Dollars that are left, less than 0 where the last delivery cost more; None for no account of it."""
        return None if self._credit is None else round(self._credit - self._charged, 6)

    def refusal(self) -> Refusal | None:
        """Return what is used up, so that nothing more is delivered; None while all is well."""
        if self.credit is not None and self.credit <= 0:
            return "credit"
        self._begin_day()
        return "cap" if self._posts >= self.cap else None

    def _date(self) -> date:
        """Return the day in UTC; by its number, as each post asks for it."""
        return date.fromordinal(_EPOCH + int(self._clock.time() // 86_400))
