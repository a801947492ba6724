"""`Budget`: a limit on what all streams and searches that share it are delivered."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple, Protocol, get_args

import msgspec

from rxtweets.errors import BudgetSpent
from rxtweets.messages import BudgetPaused, BudgetWarning
from rxtweets.prices import Prices, Resource, brought_by

from .books import Books, Totals
from .period import HOUR, Per, Span, period_at

WRITE_EVERY = 0.05
"""Seconds after which what was counted is written with the next message."""
TAIL = 0.25
"""Seconds after which it is written without one."""
READ_EVERY = 1.0
"""Seconds after which what other processes wrote is read, if nothing was written."""
COMPARE_EVERY = 300.0
"""Seconds between two comparisons with X's usage."""
CONFIRM_AFTER = 1.0
"""Seconds after which a difference is looked at again: what was on its way has come by then."""
_MOST_LOOKS = 6
_DOLLAR = 1_000_000
"""Dollars are counted in millionths, so that sums are exact."""


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a budget.

    Attributes:
        spent: the posts or dollars used in the period so far.
        limit: the posts or dollars that it may use.
        unit: `"posts"` or `"dollars"`.
        per: the kind of period.
        start: when the period began, an aware time (UTC).
        end: when the next one begins.
        counts: the resources that were delivered in it, by kind, each once per UTC day; those on a page for
            which a killed program was waiting count in full until X's own count is known.
        elsewhere: posts that X counts beyond these, such as those of other programs.
    """

    spent: float
    limit: float
    unit: Literal["posts", "dollars"]
    per: Per
    start: datetime
    end: datetime
    counts: dict[str, int]
    elsewhere: int

    @property
    def left(self) -> float:
        """The posts or dollars that are left, at least 0."""
        return max(0, self.limit - self.spent)


class Page(NamedTuple):
    """A page of a search that is on its way: how many posts it may have, and its entries in the books."""

    size: int
    entries: tuple[int, ...]


class _Daily(Protocol):
    @property
    def day(self) -> date: ...
    @property
    def posts(self) -> int: ...


class Used(Protocol):
    """The account's usage, as `client.usage()` returns it."""

    @property
    def used(self) -> int | None: ...
    @property
    def cap_reset_day(self) -> int | None: ...
    @property
    def days(self) -> tuple[_Daily, ...]: ...


class Budget:
    """A limit on the posts or dollars that X may deliver in an hour, a day or a month.

    It counts what is delivered to all streams and searches that share it: those of the clients created with
    it (`StreamingClient(auth, budget=budget)`) or before a `tw.within(budget)`, on any threads; and with a
    *path*, those of other processes with the same file, and of earlier ones. A resource counts once per UTC
    day, as X charges it.

    A stream ends, or pauses, with the message that reaches the limit. X also charges for what it has sent by
    then and wasn't read yet: less than a second's delivery, and a search page that is on its way. What was
    counted is in the file within a quarter of a second, and a process that is killed loses no more than that.
    The page that it was waiting for counts in full until X's own count is known.

    Args:
        posts: the limit in posts, counting included ones.
        dollars: the limit in dollars, instead of *posts*.
        per: `"hour"`, `"day"` or `"month"`, in UTC; a month begins on the day on which X resets the usage,
            once that is known, else on the first.
        path: the file of the books, an SQLite database on a local disk; created if it doesn't exist. None:
            the books end with the process.
        prices: what things cost; default `Prices()`.
        warn_at: fractions of the limit, between 0 and 1, at which each stream emits `BudgetWarning`.
        at_limit: `"end"`: a stream ends with `BudgetSpent`, which isn't retried; `"pause"`: after a
            `BudgetPaused`, it is closed until the next period begins. Searches always end.
        compare: whether to compare the books of a day or month with X's own count of the project's posts,
            before a stream (for 2 seconds at most) or a search begins and every 5 minutes; then the larger
            one counts.

    Raises:
        ValueError: an argument isn't what it should be.
        OSError: the file can't be opened, or isn't a budget's.
    """

    def __init__(
        self,
        *,
        posts: int | None = None,
        dollars: float | None = None,
        per: Per = "day",
        path: str | os.PathLike[str] | None = None,
        prices: Prices | None = None,
        warn_at: Iterable[float] = (0.5, 0.8, 0.95),
        at_limit: Literal["end", "pause"] = "end",
        compare: bool = True,
    ) -> None:
        if (posts is None) == (dollars is None):
            raise ValueError("a budget has a limit in posts or in dollars: Budget(dollars=5, per='day')")
        limit = posts if dollars is None else dollars
        kind = int if dollars is None else (int, float)
        if not isinstance(limit, kind) or isinstance(limit, bool) or not 0 < limit < math.inf:
            name = "posts is a whole number" if dollars is None else "dollars is a number"
            raise ValueError(f"{name} above 0, not {limit!r}")
        if per not in get_args(Per):
            raise ValueError(f"per is one of {', '.join(get_args(Per))}, not {per!r}")
        if at_limit not in ("end", "pause"):
            raise ValueError(f"at_limit is 'end' or 'pause', not {at_limit!r}")
        self.warn_at = tuple(sorted(set(warn_at)))
        if wrong := [mark for mark in self.warn_at if not 0 < mark < 1]:
            raise ValueError(f"warn_at are parts of the limit, such as 0.8, not {wrong[0]!r}")
        self.unit: Literal["posts", "dollars"] = "posts" if dollars is None else "dollars"
        self.limit = limit
        self.per = per
        self.prices = prices or Prices()
        self.at_limit = at_limit
        self.compare = compare and per != "hour"
        self._most = round(limit if dollars is None else dollars * _DOLLAR)
        self._costs: dict[str, int] = {}
        self._lock = threading.Lock()
        self._books = Books(path)
        self._pending: dict[Resource, None] = {}
        self._requests: list[str] = []
        self._come: list[int] = []  # entries of pages
        self._unwritten = 0
        self._hour = -HOUR
        self._span = Span(-1, -1)
        self._totals = Totals(Counter(), 0, Counter(), Counter(), 0)
        self._spent = 0
        self._next_mark = 0.0
        self._written = self._compared = -math.inf
        self._looks: list[tuple[int, int]] = []  # differences to X's count, with and without awaited pages
        self._counts_at_once = True  # a difference; later, it may be on its way

    def __repr__(self) -> str:
        return f"Budget({self.unit}={self.limit!r}, per={self.per!r})"

    def spending(self, now: float | None = None) -> Spending:
        """Return what was spent in the current period, or in that of *now* (UNIX seconds).

        Raises:
            OSError: the books can't be written or read.
        """
        with self._lock:
            self._write(time.time() if now is None else now)
            return Spending(
                counts=dict(+(self._totals.counts + self._totals.lost)),
                elsewhere=self._totals.elsewhere,
                start=_utc(self._span.start),
                end=_utc(self._span.end),
                spent=self._amount(),
                limit=self.limit,
                unit=self.unit,
                per=self.per,
            )

    def left(self, now: float | None = None) -> float:
        """Return the posts or dollars that are left: see `spending`."""
        return self.spending(now).left

    # --- for operators and searches

    def count(self, resources: Iterable[Resource], now: float) -> float:
        """Count what was delivered at *now* (UNIX seconds); return the part of the limit that is spent.

        Raises:
            OSError: the books can't be written.
        """
        with self._lock:
            self._counts_at_once = False
            self._turn(now)
            pending, costs = self._pending, self._costs
            for resource in resources:
                if resource not in pending:
                    pending[resource] = None
                    kind = resource[0]
                    self._unwritten += costs[kind] if kind in costs else self._cost(kind)
            since = now - self._written
            reached = self._spent + self._unwritten >= self._next_mark * self._most
            if since >= READ_EVERY or since < 0 or (pending and (since >= WRITE_EVERY or reached)):
                self._write(now)
            return (self._spent + self._unwritten) / self._most

    def count_request(self, kind: str, now: float) -> None:
        """Count a request that is charged itself."""
        with self._lock:
            self._turn(now)
            self._requests.append(kind)
            self._write(now)

    def write(self, now: float) -> None:
        """Write what was counted.

        Raises:
            OSError: it can't be written.
        """
        with self._lock:
            if self._pending or self._come:
                self._write(now)

    def period(self) -> Span:
        """Return the period of what was counted last."""
        return self._span

    def next_mark(self, part: float) -> float:
        """Return the next of `warn_at` after *part*, or 1."""
        return next((mark for mark in self.warn_at if mark > part), 1.0)

    def warning(self) -> BudgetWarning:
        """Return what a stream says at a mark."""
        return BudgetWarning(self._amount(), self.limit, self.unit, self.per, _utc(self._span.end))

    def pause(self) -> BudgetPaused:
        """Return what a stream says that is closed until the next period."""
        return BudgetPaused(self._amount(), self.limit, self.unit, self.per, _utc(self._span.end))

    def error(self) -> BudgetSpent:
        """Return the error that a stream or a search ends with."""
        return BudgetSpent(self._amount(), self.limit, self.unit, self.per, _utc(self._span.end))

    def reserve(self, most: int, least: int, expansions: Iterable[str], now: float) -> Page:
        """Return how many posts a page may have, *most* at most, and note in the books that it is on its way.

        Each of *expansions* is taken to bring one resource with each post.

        Raises:
            BudgetSpent: not even *least* posts can be paid.
            OSError: the books can't be read.
        """
        kinds = Counter(["post", *brought_by(expansions)])
        with self._lock:
            self._write(now)
            with self._books.transaction():
                self._read(now)
                each = self._worth(kinds) or 1
                left = self._most - self._spent - self._worth(self._totals.awaited)
                size = min(most, left // each)
                if size < least:
                    raise self.error()
                expected = Counter({kind: size * count for kind, count in kinds.items()})
                return Page(size, self._books.expect(expected, now))

    def settle(self, page: Page, resources: Iterable[Resource], now: float) -> None:
        """Count what a page has brought, which is on its way no longer; nothing, if it hasn't come.

        Raises:
            OSError: the books can't be written.
        """
        with self._lock:
            self._turn(now)
            self._pending.update(dict.fromkeys(resources))
            self._come += page.entries
            self._write(now)

    def is_comparison_due(self, now: float) -> bool:
        """Return whether to compare with X's usage, and take it for done."""
        with self._lock:
            every = CONFIRM_AFTER if self._looks else COMPARE_EVERY
            due = self.compare and now - self._compared >= every
            if due:
                self._compared = now
            return due

    def compare_with(self, usage: Used, now: float) -> None:
        """Count what X has delivered and isn't in the books.

        A difference counts when it is there a second time: what is on its way is in X's count, and not yet in
        the books. Before the first stream has begun, it counts at once: the process before this one may have
        been killed.

        Raises:
            OSError: they can't be written.
        """
        with self._lock:
            if self.per == "month" and usage.cap_reset_day is not None and 1 <= usage.cap_reset_day <= 31:
                self._books.reset_day = usage.cap_reset_day
            self._write(now)
            today = _utc(now).date()
            posts = usage.used if self.per == "month" else None
            for daily in usage.days if self.per == "day" else ():
                posts = daily.posts if daily.day == today else posts
            if posts is not None:
                self._look(posts, now)

    # --- with the lock

    def _look(self, posts: int, now: float) -> None:
        """Note how far X's count is above the books once that is confirmed, or have it looked at again.

        Pages on their way may be in X's count or not, so of several looks those count at which they were few.
        """
        totals, known = self._totals, self._totals.elsewhere
        difference = posts - totals.counts["post"]
        self._looks.append((difference, difference - totals.awaited["post"]))
        again, at_once = len(self._looks) > 1, self._counts_at_once
        self._counts_at_once = False
        at_most = max(0, *(one for one, _ in self._looks[-2:]))
        at_least = sorted(one for _, one in self._looks)[-2:][0]
        confirmed = known
        if again and at_most < known:
            confirmed = at_most
        elif again or at_once:
            confirmed = max(known, at_least)
        is_sure = max(0, difference) == confirmed and (again or confirmed == known)
        is_last = is_sure or len(self._looks) == _MOST_LOOKS
        if confirmed != known or (is_last and totals.lost["post"]):
            self._books.note_elsewhere(self.per, self._span, confirmed, totals.last_lost)
            self._write(now)
        if is_last:
            self._looks.clear()

    def _cost(self, kind: str) -> int:
        cost = self._costs.get(kind)
        if cost is None:
            in_dollars = self.unit == "dollars"
            cost = round(self.prices.price(kind) * _DOLLAR) if in_dollars else int(kind == "post")
            self._costs[kind] = cost
        return cost

    def _worth(self, resources: Counter[str]) -> int:
        return sum(count * self._cost(kind) for kind, count in resources.items())

    def _turn(self, now: float) -> None:
        """Begin another hour, if it is one: what is pending belongs to the one before."""
        if not self._hour <= now < self._hour + HOUR:
            self._write(now)

    def _write(self, now: float) -> None:
        """Write what is pending, under the hour in which it came, and read what all have spent by now."""
        if self._pending or self._requests or self._come:
            self._books.add(self._hour, self._pending, self._requests, self._come)
            self._pending.clear()
            self._requests.clear()
            self._come.clear()
            self._unwritten = 0
        self._read(now)

    def _read(self, now: float) -> None:
        """Read what all have spent by now."""
        self._hour = int(now // HOUR) * HOUR
        reset_day = self._books.reset_day if self.per == "month" else 1
        span = period_at(now, self.per, reset_day)
        if span != self._span:
            self._span = span
            self._looks.clear()
        self._totals = totals = self._books.totals(self.per, span, now)
        spent = self._worth(totals.counts) + self._worth(totals.lost)
        self._spent = spent + totals.elsewhere * self._cost("post")
        self._next_mark = self.next_mark(self._spent / self._most)
        self._written = now

    def _amount(self) -> float:
        return self._spent if self.unit == "posts" else self._spent / _DOLLAR


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
