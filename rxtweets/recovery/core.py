"""The decisions about outages: when one begins and ends, and what to ask for. No I/O, no clock, no Rx.

All times are UNIX seconds: local ones of a clock that nobody sets, the others by the server's clock, which
the `Date` of its answers tells. Outages are measured by the latter, so that neither a wrong clock, nor one
that is set, nor a machine that sleeps makes one seem shorter than it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rxtweets.backoff import http_date
from rxtweets.endpoints import Endpoint
from rxtweets.errors import HTTPStatusError
from rxtweets.messages import Gap, KeepAlive, Recovered, Status
from rxtweets.messages.lifecycle import Means

from .identity import Seen, time_of
from .means import LONGEST_BACKFILL, MOST_COUNTED, means_of, with_backfill, with_count

DELIVERY = 10.0
"""Seconds that a post may be on its way. Source: X's page "Filtered stream", 6 to 7 s at p99."""

_CONNECTING = 2.0
"""Seconds that a connect may take, on top of the outage so far, where minutes are asked for."""

_REFUSALS = frozenset({400, 403, 406, 413, 416})
"""The statuses of answers to parameters that an account may not use."""


class Outage(NamedTuple):
    """A time of which messages may be missing."""

    since: float
    until: float

    @property
    def ends(self) -> tuple[datetime, datetime]:
        """Both ends, as events tell them."""
        return to_time(self.since), to_time(self.until)


def to_time(seconds: float) -> datetime:
    """Return an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


class Account:
    """The means that X has refused a client's account, as far as it has been asked."""

    def __init__(self) -> None:
        self.refused: dict[Means, str] = {}

    def refuse(self, by: Means, error: Exception) -> None:
        """Remember that the account has not these means."""
        for one in ("backfill", "window") if by == "backfill" else (by,):
            self.refused[one] = str(error)


class Backlog:
    """The part of the past that a stream begins with, until it is live."""

    def __init__(self, outage: Outage, live_from: float, by: Means, asked: int) -> None:
        self.outage = outage
        self._live_from = live_from
        self.posts = 0
        self._by = by
        self._asked = asked
        self._came = 0
        self._oldest = math.inf

    def takes(self, item: Any) -> bool:
        """Return whether a message is of the past; one that doesn't tell its time is taken as live."""
        at = time_of(item)
        if at is None or at >= self._live_from:
            return False
        self._came += item.__class__ is Status
        self._oldest = min(self._oldest, at)
        return True

    def is_over_with(self, item: Any) -> bool:
        """Return whether *item*, which isn't of the past, says that all of that has come."""
        return time_of(item) is not None

    def told(self) -> list[Gap | Recovered]:
        """Return what to tell once it is over."""
        since, until = self.outage.ends
        told: list[Gap | Recovered] = []
        if self._by == "count" and self._came >= self._asked and self._oldest > self.outage.since:
            reason = f"count={self._asked}, from the rate before, was too few"
            told.append(Gap(since, to_time(self._oldest), reason))
        return [*told, Recovered(since, until, self.posts, self._by)]


class Core:
    """The state of one subscription.

    Attributes:
        seen: the messages that came.
        reached: the server's time up to which messages have come, but for those on their way.
        backlog: what of the past the present session is beginning with; None when it is live.
        broken_off: the outage whose backlog broke off, until another one takes its place.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        by: tuple[Means, ...] | None,
        account: Account,
        since: float | None = None,
        seen: Seen | None = None,
    ) -> None:
        self.seen = seen or Seen()
        self.backlog: Backlog | None = None
        self._endpoint = endpoint
        self._account = account
        self._by = tuple(one for one in means_of(endpoint) if by is None or one in by)
        self._since = since  # of an outage that goes on
        self._first = since  # of all that this stream is to bring
        self.broken_off: Outage | None = None
        self._asked: tuple[Means, int] | None = None
        self._last: float | None = None  # local, of the last byte of a session
        self.reached = 0.0
        self._newest = 0.0  # of the messages since the last keep-alive
        self._tells_time = False  # messages of this session do
        self._connected_at = self._server_at = self._offset = 0.0
        self._connected = False
        self._statuses = 0
        self._stood = 0.0

    @property
    def means(self) -> tuple[Means, ...]:
        """The means that there are, as far as is known, in order of preference."""
        return tuple(one for one in self._by if one not in self._account.refused)

    @property
    def beside(self) -> bool:
        """True if there is a means that doesn't need the live stream, as far as is known."""
        return bool({"window", "search"} & {*self.means})

    @property
    def why_not(self) -> str:
        """The reason why there is no means at all."""
        refused = [self._account.refused[one] for one in self._by if one in self._account.refused]
        return refused[-1] if refused else "there is no means to recover this stream"

    def server_time(self, now: float, wall: float | None = None) -> float:
        """Return the server's time at the local time *now*.

        With the time of the system's clock, too, what passed while the machine slept counts.
        """
        at = self._server_at + now - self._connected_at if self._server_at else now
        return at if wall is None else max(at, wall + self._offset)

    def connecting(self, now: float, wall: float) -> Endpoint:
        """Return what to connect to."""
        self._connected = False
        if self.backlog is not None:  # it broke off
            self.broken_off = self.backlog.outage
            self._since, self.backlog = self.broken_off.since, None
        if self._last is not None:
            if self._since is None:
                self._since = max(self.reached - DELIVERY, self._first or 0.0)
            self._stood += self._last - self._connected_at
            self._last = None
        self._asked = None
        means = self.means
        if self._since is None:
            return self._endpoint
        missed = self.server_time(now, wall) + _CONNECTING - self._since
        minutes = max(1, math.ceil(missed / 60))  # less than none by a clock that is behind the server's
        if "backfill" in means:
            longest = int(LONGEST_BACKFILL / 60)
            if minutes <= longest or not self.beside:
                minutes = min(minutes, longest)
                self._asked = "backfill", minutes
                return with_backfill(self._endpoint, minutes)
        if "count" in means:
            rate = self._statuses / max(self._stood, 1.0)
            count = min(100 + math.ceil(2 * rate * max(missed, 0.0)), MOST_COUNTED)
            self._asked = "count", count
            return with_count(self._endpoint, count)
        return self._endpoint

    def refused(self, error: Exception) -> bool:
        """Return whether *error* refuses the means asked for, so that connecting without them may do."""
        if self._asked is None or self._connected or not isinstance(error, HTTPStatusError):
            return False
        if error.status_code not in _REFUSALS:
            return False
        self._account.refuse(self._asked[0], error)
        self._asked = None
        return True

    def connected(self, headers: Mapping[str, str], now: float, wall: float) -> Outage | None:
        """Note that a session stands; return what is to be asked for apart from it, if anything is."""
        date = http_date(headers.get("date", ""))
        server = self.server_time(now, wall) if date is None else date
        until = server if date is None else date + 1.0  # whole seconds, cut off
        since, self._since = self._since, None
        self._connected, self._connected_at, self._last = True, now, now
        self._server_at, self._offset = server, server - wall
        self.reached, self._newest, self._tells_time = server, server, False
        self._first = server if self._first is None else self._first
        if since is None or since >= until:
            return None
        outage = Outage(since, until)
        if self._asked is None:
            return outage
        by, amount = self._asked
        reached = max(since, until - 60.0 * amount) if by == "backfill" else since
        # A clock that agrees with the server's second is likely to be right about the rest, too. Only how
        # posts are marked goes by that, not what is asked for.
        live_from = min(max(wall, server), until)
        self.backlog = Backlog(Outage(reached, until), live_from, by, amount)
        return Outage(since, reached) if since < reached else None

    def heard(self, now: float, item: Any) -> None:
        """Note that *item* came, which is a message or a keep-alive.

        A message's time tells how far a stream has come that lags behind: what waits for a slow reader is
        lost with the connection. A keep-alive is sent when nothing waits.
        """
        self._last = now
        at = None if item.__class__ is KeepAlive else time_of(item)
        if at is not None:
            self._tells_time = True
            self.reached = self._newest = max(self._newest, min(at, self.server_time(now)))
        elif item.__class__ is KeepAlive or not self._tells_time:
            self.reached, self._newest = self.server_time(now), self._server_at

    def takes(self, item: Any, key: str | None) -> bool:
        """Return whether a message of the live session, with that key, hasn't come before."""
        self._statuses += item.__class__ is Status
        return key is None or self.seen.add(key)

    def takes_missed(self, item: Any, key: str | None, outage: Outage) -> bool:
        """Return whether a message of the past, with that key, is to be delivered."""
        if not self.seen.complete:
            at = time_of(item)
            if at is not None and at < outage.since:
                return False  # it came then, and may be forgotten
        return key is None or self.seen.add(key)
