"""Events of the connection, and items dropped, in the stream itself, in order with the messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from rxtweets._printable import allowance, amount
from rxtweets.errors import StreamError
from rxtweets.messages.post import MatchingRule

Means = Literal["backfill", "window", "search", "count"]
"""The ways to recover what a broken connection missed."""


class Lifecycle(Struct, frozen=True):
    """Base of what happens to a stream: connection events, and dropped items."""


class Connecting(Lifecycle, frozen=True):
    """A request for a stream is about to be sent: a wait before it, if there was one, is over."""


class Connected(Lifecycle, frozen=True):
    """The server responded with a stream.

    `status_code`: of the HTTP response. `headers`: its headers, by case-insensitive name.
    """

    status_code: int
    headers: Mapping[str, str]


class KeepAlive(Lifecycle, frozen=True):
    """A blank line: the server has nothing to say, and the connection is up."""


class Disconnected(Lifecycle, frozen=True):
    """The session is over, `cause` says why."""

    cause: StreamError


class Reconnecting(Lifecycle, frozen=True):
    """A new session follows in `delay` seconds.

    `attempt`: how many failures in a row came before it, from 1. `cause`: the last of them.
    """

    delay: float
    attempt: int
    cause: StreamError


class Dropped(Lifecycle, frozen=True):
    """Items were dropped here, since the subscriber was too slow or a log was unavailable for too long.

    `tw.observe_on` reports the former, `JetStream.publish` the latter. `count`: how many. `first` and `last`:
    the oldest and the newest of them, the same one if `count` is 1. The ids of posts say what to ask for
    again.
    """

    count: int
    first: Any
    last: Any


class Redelivered(Lifecycle, frozen=True):
    """A log redelivers the next message: a worker may have processed it before (`rxtweets.relay`).

    `attempt`: the number of this attempt to process it, as far as is known; 2 or more.
    """

    attempt: int


class StandingBy(Lifecycle, frozen=True):
    """Another reader holds the lease on a log (`JetStream.lead`), or this one has just lost it.

    `lease`: its name. `reader`: who holds it, as text; empty if nobody is known to. `cause`: why this reader
    has stopped; None if it hadn't begun.
    """

    lease: str
    reader: str
    cause: StreamError | None = None


class Leading(Lifecycle, frozen=True):
    """This reader now holds the lease on a log (`JetStream.lead`), and opens its stream.

    `lease`: its name. `term`: 1 for the first reader of it, 2 for the next.
    """

    lease: str
    term: int


class RecoveryEstimate(Lifecycle, frozen=True):
    """The most that a recovery by search can deliver, in advance: see `rxtweets.Recovery.count_first`.

    `since`, `until`: aware times, by the server's clock. `posts`: the sum of X's counts for all rules; a post
    that matches several rules is in the count of each. `dollars`: what these cost at the client's prices,
    with one resource for each expansion.
    """

    since: datetime
    until: datetime
    posts: int
    dollars: float


class Recovered(Lifecycle, frozen=True):
    """A recovery is over: what was missed from `since` to `until` has come, except what a `Gap` reports.

    `since`, `until`: aware times, by the server's clock. `posts`: how many messages that had not come before.
    `by`: the means.
    """

    since: datetime
    until: datetime
    posts: int
    by: Means


class Gap(Lifecycle, frozen=True):
    """Messages of the time from `since` to `until` may be missing, and can't be recovered.

    `since`, `until`: aware times, by the server's clock. `since` is 10 s before what came last, since a post
    can be in transit for that long. `reason`: why they can't be had, as text. `rules`: the rules of the
    filtered stream that it concerns; empty for all. `kinds`: what may be missing, `"retweets"` or `"quotes"`;
    empty for messages of every kind.
    """

    since: datetime
    until: datetime
    reason: str
    rules: tuple[MatchingRule, ...] = ()
    kinds: tuple[str, ...] = ()


class Failed(Lifecycle, frozen=True):
    """One of several connections has failed for good, with the error `cause`; it isn't opened again."""

    cause: Exception


class Leg(Lifecycle, frozen=True):
    """An event of one of several connections that are merged: see `rxtweets.redundant`.

    `number`: the connection, from 1, or the number of the partition. `happened`: the event. `standing`: the
    numbers of the connections that are up at that time.
    """

    number: int
    happened: Lifecycle
    standing: tuple[int, ...]


class _OfBudget(Lifecycle, frozen=True):
    spent: float
    limit: float
    unit: Literal["posts", "dollars"]
    per: Literal["hour", "day", "month"]
    until: datetime

    @property
    def _budget(self) -> str:
        return f"the budget of {allowance(self.limit, self.unit, self.per)}"


class BudgetWarning(_OfBudget, frozen=True):
    """A `Budget` has reached one of the marks at which it warns.

    `spent` and `limit`: posts or dollars, as `unit` says, in the hour, day or month that `per` names.
    `until`: when the next one begins, an aware time (UTC).
    """

    def __str__(self) -> str:
        return f"{amount(self.spent, self.unit)} of {self._budget} are spent"


class BudgetPaused(_OfBudget, frozen=True):
    """A `Budget` is spent: the session was closed, and another one follows at `until`, when the period ends.

    The attributes are those of `BudgetWarning`.
    """

    def __str__(self) -> str:
        return f"{self._budget} is spent; the stream goes on at {self.until:%Y-%m-%d %H:%M} UTC"
