"""The back-off as an immutable value, from a failure to a wait: no clock, no thread, no Rx.

::

    policy = BackoffPolicy.standard()
    retry = policy.next(error, now)         # None: the error is final
    retry.delay, retry.policy               # seconds to wait; the policy to ask next time

The operator `retry_with_backoff` applies it.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple, get_args

import msgspec

from .errors import (
    BudgetSpent,
    DuplicateStream,
    HTTPStatusError,
    LogError,
    LogUnavailable,
    RateLimited,
    StreamDisconnected,
    StreamError,
    TokenRevoked,
    TooManyConnections,
    UsageCapped,
)

__all__ = ["Attempt", "BackoffPolicy", "Curve", "Retry"]

LONGEST_WAIT = 86_400.0
"""The longest wait in seconds, jitter included, whatever a server asks for: one day, as no rate limit window
is longer."""

_MARGIN = 1.0
"""Seconds by which a connect stays clear of the limit on connects, as requests travel at different speeds."""

Kind = Literal["network", "http", "rate_limit"]
"""The kinds of failure that have a curve of their own, by the names of `BackoffPolicy`'s settings."""


def _is_over(limit: float | None, value: float) -> bool:
    return limit is not None and value > limit


def _check_number(name: str, value: object, *, none: bool) -> None:
    if none and value is None:
        return
    if not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a number, 0 or more, not {value!r}")


def _check_connects(value: object) -> None:
    match value:
        case None:
            return
        case (int(most), int() | float() as seconds) if most >= 2 and 0 < seconds <= LONGEST_WAIT - _MARGIN:
            return
    raise ValueError(
        "connects must be a number of connects, 2 or more, and the seconds in which they may be made, "
        f"less than a day, such as (50, 900); or None: not {value!r}"
    )


def _check_give_up(value: object) -> None:
    right = value is None or (callable(value) and not isinstance(value, type))
    if right and callable(value):
        try:
            inspect.signature(value).bind(None, None)
        except TypeError:
            right = False
        except ValueError:  # a function of C that doesn't tell
            pass
    if not right:
        raise ValueError(
            "give_up must be a function of the error and the attempt, such as "
            f"lambda error, attempt: isinstance(error, RateLimited), not {value!r}"
        )


def _check_errors(value: object) -> None:
    if not isinstance(value, tuple) or not all(
        isinstance(kind, type) and issubclass(kind, StreamError) for kind in value
    ):
        raise ValueError(
            f"also_retry must be a tuple of classes of errors, such as (DuplicateStream,), not {value!r}"
        )


class Curve(msgspec.Struct, frozen=True):
    """The growth of the waits after a kind of failure: `wait → min(wait × times + plus, cap)`, from *first*.

    Attributes:
        first: the first wait, in seconds.
        plus: seconds added each time.
        times: factor each time.
        cap: the longest wait, in seconds, before jitter.
        max_attempts: reconnects after failures of this kind without a healthy stream between them; None: no
            limit.
    """

    first: float
    plus: float = 0.0
    times: float = 1.0
    cap: float = LONGEST_WAIT
    max_attempts: int | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            _check_number(f"{name} of a Curve", getattr(self, name), none=name == "max_attempts")

    def after(self, wait: float | None) -> float:
        """Return the wait that follows *wait* (None: there was none yet), in seconds."""
        return min(self.first if wait is None else wait * self.times + self.plus, self.cap)


_AFTER_STALE = (1.0, 3.0, 9.0)
"""The waits, in seconds, while X still counts a connection that has been ended."""


class Attempt(NamedTuple):
    """A reconnect that a policy is about to allow.

    Attributes:
        kind: the kind of the failure before it.
        number: its number, from 1, among those after failures of this kind, since the stream was last
            healthy.
        total: its number, from 1, among all of them.
    """

    kind: Kind
    number: int
    total: int


class Retry(NamedTuple):
    """A policy's answer to a failure: wait *delay* seconds, then ask *policy* about the next failure."""

    delay: float
    policy: BackoffPolicy


class _Row(NamedTuple):
    """The number of retries after one kind of failure, and the last wait before one."""

    attempts: int = 0
    wait: float | None = None


class Past(msgspec.Struct, frozen=True):
    """The history: the times of the connects, and the failures since the stream was last healthy.

    `after_stale` is the number of waits for the server to count an ended connection no longer; None without
    one.
    """

    connects: tuple[float, ...] = ()
    attempts: int = 0
    since: float = 0.0
    dropped: bool = False
    rows: tuple[tuple[Kind, _Row], ...] = ()
    after_stale: int | None = None


_NOTHING = Past()


class BackoffPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that decides whether and when to reconnect after a failure; by default X's own guidance.

    ======================================  ==========  ====================  =====
    what failed                             first wait  grows                 cap
    ======================================  ==========  ====================  =====
    an established stream dropped           none        then as the next row
    the network, a stall, a frame too long  250 ms      +250 ms               16 s
    HTTP 5xx, 408                           5 s         ×2                    320 s
    HTTP 420, 429                           60 s        ×2                    none
    ======================================  ==========  ====================  =====

    After 420 and 429 it never connects before `x-rate-limit-reset` or `Retry-After`.

    `x-rate-limit-reset` counts if `x-rate-limit-remaining` is 0 or missing, by the clock of the response's
    `Date`. Every other HTTP status, a usage cap, `DuplicateStream`, `TokenRevoked`, `BudgetSpent`, and
    anything that isn't a StreamError are final. Source: X's "Consuming streaming data" guide.

    Each kind keeps its own place on its curve until the stream has been healthy.

    Attributes:
        network: waits after network failures.
        http: waits after HTTP errors that are worth retrying.
        rate_limit: waits after 420 and 429.
        after_drop: seconds to wait after the first drop of an established stream, before those of *network*.
        connects: the maximum number of connects of one subscription, and the seconds in which they may be
            made, whatever failed and however long its streams lasted; after half of them, the others are
            spread over the remaining time. None: no limit. Source for 50 in 900 s: X's rate limit on most
            streams.
        jitter: the most by which a curve's wait is lengthened at random, as a fraction of it from 0 to 1; 0.1
            is 10 %. It never shortens a wait.
        healthy_after: seconds for which a stream must stay up before its failures are forgotten.
        max_attempts: reconnects without a healthy stream between them; None: no limit. `Curve.max_attempts`
            limits those after one kind of failure.
        max_total: seconds from the first failure to the last reconnect, with no healthy stream between
            them; None: no limit.
        give_up: called with the error and the `Attempt` that would follow; True makes the error final.
        also_retry: classes of StreamError to retry although they are final by the rules above; HTTP errors
            wait like *http*, others like *network*.
        random: where jitter comes from: a number from 0 to 1.
        past: the connects and failures so far, which the methods below keep; leave it out.

    Raises:
        ValueError: a setting is of the wrong kind or out of range; it is named.
    """

    network: Curve = Curve(0.25, plus=0.25, cap=16.0)
    http: Curve = Curve(5.0, times=2.0, cap=320.0)
    rate_limit: Curve = Curve(60.0, times=2.0)
    after_drop: float = 0.0
    connects: tuple[int, float] | None = (50, 900.0)
    jitter: float = 0.1
    healthy_after: float = 20.0
    max_attempts: int | None = None
    max_total: float | None = None
    give_up: Callable[[StreamError, Attempt], bool] | None = None
    also_retry: tuple[type[StreamError], ...] = ()
    random: Callable[[], float] = random.random
    past: Past = _NOTHING

    def __post_init__(self) -> None:
        if self.past is not _NOTHING:
            return  # made from a policy that has been checked
        for name in get_args(Kind):
            if not isinstance(getattr(self, name), Curve):
                raise ValueError(f"{name} is a Curve, such as Curve(5.0, times=2.0, cap=320.0)")
        for name in ("after_drop", "jitter", "healthy_after", "max_attempts", "max_total"):
            _check_number(name, getattr(self, name), none=name.startswith("max_"))
        if self.jitter > 1:
            raise ValueError(
                f"jitter must be a fraction of the wait, from 0 to 1 (0.1 is 10 %), not {self.jitter!r}"
            )
        _check_connects(self.connects)
        _check_give_up(self.give_up)
        _check_errors(self.also_retry)

    @classmethod
    def standard(cls) -> BackoffPolicy:
        """Return X's own guidance, without limits on attempts."""
        return cls()

    @classmethod
    def never(cls) -> BackoffPolicy:
        """Return a policy to which every error is final."""
        return cls(max_attempts=0)

    @property
    def attempt(self) -> int:
        """The reconnects that this policy has allowed since the stream was last healthy."""
        return self.past.attempts

    def elapsed(self, now: float) -> float:
        """Return the seconds until *now* since the first failure after the stream was last healthy."""
        return now - self.past.since if self.past.attempts else 0.0

    def connecting(self, now: float) -> BackoffPolicy:
        """Return the policy that counts a connect at *now*, in UNIX seconds, towards `connects`."""
        if self.connects is None:
            return self
        recent = (*self.past.connects, now)[-self.connects[0] :]
        return self._with(msgspec.structs.replace(self.past, connects=recent))

    def healthy(self) -> BackoffPolicy:
        """Return the policy after the stream was healthy: all is forgotten but when it connected."""
        return self._with(Past(connects=self.past.connects))

    def after_close(self) -> BackoffPolicy:
        """Return the policy of a stream that begins when another may just have been closed.

        The server may count that for some seconds more: the first waits after `TooManyConnections` are 1, 3
        and 9 s.
        """
        return self._with(msgspec.structs.replace(self.past, after_stale=0))

    def next(self, error: Exception, now: float, *, stale_ended: bool = False) -> Retry | None:
        """Return what to do about *error* at *now*, in UNIX seconds; None when it is final.

        Args:
            error: what ended the session.
            now: the time it did.
            stale_ended: whether the dropped connection that the server still counted has just been ended
                there, so that trying again in a few seconds will do.
        """
        if not isinstance(error, StreamError) or not self._is_retried(error):
            return None
        past = self.past
        kind = self._kind(error)
        curve: Curve = getattr(self, kind)
        rows = dict(past.rows)
        row = rows.get(kind, _Row())
        attempt = Attempt(kind, row.attempts + 1, past.attempts + 1)
        if _is_over(self.max_attempts, attempt.total) or _is_over(curve.max_attempts, attempt.number):
            return None
        if self.give_up is not None and self.give_up(error, attempt):
            return None
        wait = curve.after(row.wait)
        reached: float | None = wait
        if isinstance(error, StreamDisconnected) and not past.dropped:
            wait, reached = self.after_drop, row.wait
            past = msgspec.structs.replace(past, dropped=True)
        elif isinstance(error, TooManyConnections) and (stale_ended or past.after_stale is not None):
            waits = past.after_stale or 0
            if waits < len(_AFTER_STALE):
                wait, reached = _AFTER_STALE[waits], row.wait
            past = msgspec.structs.replace(past, after_stale=waits + 1)
        asked = _asked_for(error, now)
        delay = min(max(wait, asked) + wait * self.jitter * self.random(), LONGEST_WAIT)
        delay = max(delay, self._free_at(now) - now)
        if _is_over(self.max_total, self.elapsed(now) + delay):
            return None
        since = past.since if past.attempts else now
        rows[kind] = _Row(attempt.number, reached)
        past = msgspec.structs.replace(past, rows=tuple(rows.items()), attempts=attempt.total, since=since)
        return Retry(delay, self._with(past))

    def _kind(self, error: StreamError) -> Kind:
        """Return the name of the setting whose curve *error* waits by."""
        if isinstance(error, RateLimited):
            return "rate_limit"
        return "http" if isinstance(error, HTTPStatusError) else "network"

    def _is_retried(self, error: StreamError) -> bool:
        if isinstance(error, self.also_retry):
            return True
        if isinstance(error, _FINAL):
            return False
        if isinstance(error, LogError):
            return isinstance(error, LogUnavailable)
        if isinstance(error, HTTPStatusError):
            return isinstance(error, RateLimited) or error.status_code >= 500 or error.status_code == 408
        return True

    def _free_at(self, now: float) -> float:
        """Return the time from which a session may be opened under the limit on connects.

        The first half of them may be made as fast as the waits allow. The rest are spread over the time until
        the first one no longer counts: with none left, an outage would be followed by minutes of waiting.
        """
        if self.connects is None:
            return now
        most, seconds = self.connects
        most -= 1  # a session connects twice when it finds that its app-only token has expired
        seconds += _MARGIN
        recent = [at for at in self.past.connects if at > now - seconds]
        count = len(recent)
        if count * 2 < most:
            return now
        if count >= most:
            return recent[count - most] + seconds
        return recent[-1] + (recent[0] + seconds - recent[-1]) / (most - count + 1)

    def _with(self, past: Past) -> BackoffPolicy:
        return msgspec.structs.replace(self, past=past)


_FINAL = (UsageCapped, DuplicateStream, TokenRevoked, BudgetSpent)


def _asked_for(error: StreamError, now: float) -> float:
    """Return the wait that the server's headers ask for, in seconds; 0 when they ask for none."""
    if not isinstance(error, HTTPStatusError):
        return 0.0
    headers = error.headers
    sent = http_date(headers.get("date", ""))
    server_now = now if sent is None else sent
    asked = _retry_after(headers.get("retry-after", ""), server_now)
    if isinstance(error, RateLimited) and (_number(headers.get("x-rate-limit-remaining", "")) or 0.0) <= 0:
        reset = _largest(headers.get("x-rate-limit-reset", ""))
        asked = max(asked, reset - server_now if reset is not None else 0.0)
    return min(max(asked, 0.0), LONGEST_WAIT)


def _retry_after(value: str, now: float) -> float:
    """Return `Retry-After` as seconds from *now*: it is a number of seconds or a date (RFC 9110, 10.2.3)."""
    seconds = _largest(value)
    if seconds is not None:
        return seconds
    date = http_date(value)
    return 0.0 if date is None else date - now


def http_date(value: str) -> float | None:
    """Return an HTTP date as UNIX seconds; None for what is none."""
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _largest(value: str) -> float | None:
    """Return the largest number in a header, which a server and a proxy may both have sent; None for none."""
    numbers = [number for part in value.split(",") if (number := _number(part)) is not None]
    return max(numbers, default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
