"""Which failure waits how long, as an immutable value: no clock, no thread, no Rx.

    policy = BackoffPolicy.standard()
    retry = policy.next(error, now)         # None: the error is final
    retry.delay, retry.policy               # seconds to wait; the policy to ask next time

`retry_with_backoff` is the operator that goes by it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from .errors import HTTPStatusError, RateLimited, StreamDisconnected, StreamError, UsageCapped

__all__ = ["BackoffPolicy", "Curve", "Retry"]

LONGEST_WAIT = 86_400.0
"""The longest wait in seconds, whatever a server asks for: one day, as no rate limit window is longer."""


class Curve(msgspec.Struct, frozen=True):
    """How the waits of one kind of failure grow: `wait → min(wait × times + plus, cap)`, from *first* on.

    Attributes:
        first: the first wait, in seconds.
        plus: seconds added each time.
        times: factor each time.
        cap: the longest wait, in seconds.
    """

    first: float
    plus: float = 0.0
    times: float = 1.0
    cap: float = LONGEST_WAIT

    def after(self, wait: float | None) -> float:
        """The wait that follows *wait* (None: there was none yet), in seconds."""
        return min(self.first if wait is None else wait * self.times + self.plus, self.cap)


class Retry(NamedTuple):
    """A policy's answer to a failure: wait *delay* seconds, then ask *policy* about the next failure."""

    delay: float
    policy: BackoffPolicy


class _Past(msgspec.Struct, frozen=True):
    """What has failed since the stream was last healthy."""

    attempts: int = 0
    since: float = 0.0
    dropped: bool = False
    network: float | None = None
    http: float | None = None
    rate_limit: float | None = None


class BackoffPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When to connect again after which failure; the default is X's own guidance.

    | what failed | first wait | grows | cap |
    |---|---|---|---|
    | an established stream dropped | none | then as the next row | |
    | the network, a stall, a frame too long | 250 ms | +250 ms | 16 s |
    | HTTP 5xx, 408 | 5 s | ×2 | 320 s |
    | HTTP 420, 429 | 60 s | ×2 | never before `x-rate-limit-reset` or `Retry-After` |

    Every other HTTP status, a usage cap, and whatever is no StreamError are final.
    Source: X's "Consuming streaming data" guide.

    Each kind keeps its own place on its curve until the stream has been healthy; `retry_with_backoff` then
    goes back to the policy it was given.

    Attributes:
        network: waits after failures of the network.
        http: waits after HTTP errors for which trying again makes sense.
        rate_limit: waits after 420 and 429.
        jitter: the most a wait is lengthened by at random, as a part of it; 0.1 is 10 %. Never shortens.
        healthy_after: seconds a stream must have stood before its failures are forgotten. 20 s keeps a server
            that accepts and closes at once under X's 50 connects in 15 minutes.
        max_attempts: reconnects without a healthy stream between them; None: no limit.
        max_total: seconds from the first failure to the last reconnect, with no healthy stream between
            them; None: no limit.
        give_up: called with the error; True makes it final.
        random: where jitter comes from: a number from 0 to 1.
    """

    network: Curve = Curve(0.25, plus=0.25, cap=16.0)
    http: Curve = Curve(5.0, times=2.0, cap=320.0)
    rate_limit: Curve = Curve(60.0, times=2.0)
    jitter: float = 0.1
    healthy_after: float = 20.0
    max_attempts: int | None = None
    max_total: float | None = None
    give_up: Callable[[StreamError], bool] | None = None
    random: Callable[[], float] = random.random
    past: _Past = _Past()

    def __post_init__(self) -> None:
        for name in ("network", "http", "rate_limit"):
            if not isinstance(getattr(self, name), Curve):
                raise ValueError(f"{name} is a Curve, such as Curve(5.0, times=2.0, cap=320.0)")
        for name in ("jitter", "healthy_after", "max_attempts", "max_total"):
            value = getattr(self, name)
            if value is None and name.startswith("max_"):
                continue
            if not isinstance(value, int | float) or not value >= 0:
                raise ValueError(f"{name} is a number of 0 or more, not {value!r}")
        if isinstance(self.give_up, type) or not (self.give_up is None or callable(self.give_up)):
            raise ValueError(
                "give_up is a function of the error, such as lambda error: isinstance(error, RateLimited), "
                f"not {self.give_up!r}"
            )

    @classmethod
    def standard(cls) -> BackoffPolicy:
        """X's own guidance, without limits."""
        return cls()

    @classmethod
    def never(cls) -> BackoffPolicy:
        """A policy to which every error is final."""
        return cls(max_attempts=0)

    @property
    def attempt(self) -> int:
        """How many reconnects this policy has allowed since the stream was last healthy."""
        return self.past.attempts

    def next(self, error: Exception, now: float) -> Retry | None:
        """What to do about *error*, at *now* in UNIX seconds; None when it is final."""
        past = self.past
        if not isinstance(error, StreamError) or not _retryable(error):
            return None
        if self.max_attempts is not None and past.attempts >= self.max_attempts:
            return None
        if self.give_up is not None and self.give_up(error):
            return None
        wait, failed = self._wait(error)
        delay = max(wait, _asked_for(error, now)) * (1.0 + self.jitter * self.random())
        since = past.since if past.attempts else now
        if self.max_total is not None and now + delay - since > self.max_total:
            return None
        failed = msgspec.structs.replace(failed, attempts=past.attempts + 1, since=since)
        return Retry(delay, msgspec.structs.replace(self, past=failed))

    def _wait(self, error: StreamError) -> tuple[float, _Past]:
        """The wait by the table, and the past with this failure in it."""
        past = self.past
        if isinstance(error, RateLimited):
            wait = self.rate_limit.after(past.rate_limit)
            return wait, msgspec.structs.replace(past, rate_limit=wait)
        if isinstance(error, HTTPStatusError):
            wait = self.http.after(past.http)
            return wait, msgspec.structs.replace(past, http=wait)
        if isinstance(error, StreamDisconnected) and not past.dropped:
            return 0.0, msgspec.structs.replace(past, dropped=True)
        wait = self.network.after(past.network)
        return wait, msgspec.structs.replace(past, network=wait)


def _retryable(error: StreamError) -> bool:
    if isinstance(error, UsageCapped):
        return False
    if isinstance(error, HTTPStatusError):
        return isinstance(error, RateLimited) or error.status_code >= 500 or error.status_code == 408
    return True


def _asked_for(error: StreamError, now: float) -> float:
    """The wait that the server's headers ask for, in seconds; 0 when they ask for none."""
    if not isinstance(error, HTTPStatusError):
        return 0.0
    asked = _retry_after(error.headers.get("retry-after", ""), now)
    if isinstance(error, RateLimited):
        asked = max(asked, _number(error.headers.get("x-rate-limit-reset", "")) - now)
    return min(max(asked, 0.0), LONGEST_WAIT)


def _retry_after(value: str, now: float) -> float:
    """`Retry-After` as seconds from *now*: it is a number of seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if seconds := _number(value):
        return seconds
    try:
        return parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
