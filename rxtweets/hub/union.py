"""One query for many, and when to ask for it: no I/O, no clock.

planner = UnionPlanner(wait=2.0)
planner.want(FilterQuery(track="python"), now)
planner.next(now)               # a FilterQuery: connect with it, and say so with opened(…)
                                # a time: ask again then; None: nothing to do until something changes
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add, gt, sub

from rxtweets._pace import Pace
from rxtweets.endpoints._predicates import MOST_BOXES, MOST_PHRASES
from rxtweets.endpoints.v1 import MOST_FOLLOWED
from rxtweets.filters import FilterQuery

from .pace import FIRST_WAIT

CONNECTS = 50
"""Connects in 15 minutes that a hub makes at most. Source: X's rate limit of most streams."""

_MOST = MOST_PHRASES, MOST_FOLLOWED, MOST_BOXES
_BURST, _RESERVE = 12, 8
_SHRINK = 60.0
"""Seconds after which a connection that brings more than is wanted is replaced."""


def union(queries: Iterable[FilterQuery]) -> FilterQuery:
    """Return a query that matches what any of *queries* does; where languages differ, it has none.

    Raises:
        ValueError: no single request may ask for so much.
    """
    every = list(queries)
    languages = {frozenset(query.languages) for query in every}
    levels = {query.filter_level for query in every}
    return FilterQuery(
        track=list(dict.fromkeys(phrase for query in every for phrase in query.track)),
        follow=list(dict.fromkeys(user for query in every for user in query.follow)),
        locations=list(dict.fromkeys(box for query in every for box in query.locations)),
        languages=list(languages.pop()) if len(languages) == 1 else None,
        filter_level="low" if levels == {"low", "medium"} else levels.pop() if len(levels) == 1 else None,
    )


class UnionPlanner:
    """The queries that are wanted, the one that is connected with, and when to connect with another.

    Attributes:
        pace: the connects.
        current: the query of the newest connection; None while there is none.
    """

    def __init__(self, wait: float) -> None:
        self.pace = Pace(CONNECTS, burst=_BURST, reserve=_RESERVE)
        self.current: FilterQuery | None = None
        self._wait = wait
        self._wanted: dict[FilterQuery, None] = {}
        self._sizes = [0, 0, 0]  # of all that are wanted, at most
        self._uncovered: dict[FilterQuery, None] = {}
        self._pending_since = 0.0
        self._changed_at = 0.0
        self._larger_since: float | None = None

    @property
    def wanted(self) -> tuple[FilterQuery, ...]:
        """The wanted queries."""
        return tuple(self._wanted)

    @property
    def uncovered(self) -> tuple[FilterQuery, ...]:
        """Those that the newest connection doesn't ask for."""
        return tuple(self._uncovered)

    def want(self, query: FilterQuery, now: float) -> None:
        """Ask for *query* with the others.

        Raises:
            ValueError: no single request may ask for so much; nothing has changed.
        """
        if query in self._wanted:
            return
        sizes = list(map(add, self._sizes, _sizes(query)))
        if self.current is None or not self.current.covers(query):
            if any(map(gt, sizes, _MOST)):  # unless some of it is the same
                union([*self._wanted, query])
            self._changed_at = now
            if not self._uncovered and self._pending_since + self._wait <= now:
                self._pending_since = now
            self._uncovered[query] = None
        self._wanted[query] = None
        self._sizes = sizes

    def unwant(self, query: FilterQuery, now: float) -> None:
        """Ask for *query* no longer."""
        if query in self._wanted:
            del self._wanted[query]
            self._sizes = list(map(sub, self._sizes, _sizes(query)))
            if self._uncovered.pop(query, 0) == 0 and self._larger_since is None:
                self._larger_since = now

    def next(self, now: float, *, more_to_come: bool = False) -> FilterQuery | float | None:
        """Return the query to connect with now, or the time to ask again; None if there is nothing to do."""
        if not self._wanted:
            return None
        if self.current is None and not more_to_come:
            at = min(self._changed_at + FIRST_WAIT, self._pending_since + self._wait)
        elif self._uncovered:
            at = self._pending_since + self._wait
        elif self._larger_since is not None:
            at = self._larger_since + max(_SHRINK, 2 * self.pace.interval(now))
        else:
            return None
        at = max(at, self.pace.free_at(now))
        if at > now:
            return at
        wanted = union(self._wanted)
        if not self._uncovered and wanted == self.current:
            self._larger_since = None
            return None
        return wanted

    def opened(self, query: FilterQuery | None, now: float) -> None:
        """Take over that the newest connection asks for *query*; None: that there is none."""
        self.current = query
        self._larger_since = None
        self._uncovered = {
            wanted: None for wanted in self._wanted if query is None or not query.covers(wanted)
        }
        if self._uncovered:
            self._pending_since = self._changed_at = now


def _sizes(query: FilterQuery) -> tuple[int, int, int]:
    return len(query.track), len(query.follow), len(query.locations)
