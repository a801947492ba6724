"""Who may connect, and how often: the rate limits of v2, and v1.1's 420 for the impatient."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from .clock import Clock
from .feed import Feed
from .http.answers import Answer, Call, problem, v1_refusal, v2_refusal
from .limits import Limits
from .streams import OpenStream

WINDOW = 900
"""Seconds of a window of v2's rate limits. Source: X's documentation of rate limits."""

MINUTE, LONGEST_PENALTY = 60.0, 900.0
"""Seconds of v1.1's window and first penalty, and of the longest penalty; Twitter published none."""


class _Penalty(Struct):
    """What an account of v1.1 has done lately."""

    attempts: deque[float]
    length: float = 0.0
    until: float = 0.0


class Conduct:
    """Counts what clients do and refuses what is too much."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self.limits = limits
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._accounts: dict[str, _Penalty] = {}

    def forget(self) -> None:
        """Begin to count anew."""
        self._windows.clear()
        self._accounts.clear()

    # --- v2

    def spend(self, method: str, endpoint: str, stream: bool) -> Answer | None:
        """Count a request to an endpoint (its path in the table), and refuse it after too many."""
        limit = self._limit(stream)
        if limit is None:
            return None
        start, count = self._window(method, endpoint)
        if count >= limit:
            return v2_refusal(429)
        self._windows[method, endpoint] = (start, count + 1)
        return None

    def headers(self, method: str, endpoint: str, stream: bool) -> tuple[tuple[str, str], ...]:
        """What the answer to a request tells about the limit that it counts against."""
        limit = self._limit(stream)
        if limit is None:
            return ()
        start, count = self._window(method, endpoint)
        return (
            ("x-rate-limit-limit", str(limit)),
            ("x-rate-limit-remaining", str(max(0, limit - count))),
            ("x-rate-limit-reset", str(int(start) + WINDOW)),
        )

    def _limit(self, stream: bool) -> int | None:
        return self.limits.connects if stream else self.limits.requests

    def _window(self, method: str, endpoint: str) -> tuple[float, int]:
        now = self._clock.time()
        start, count = self._windows.get((method, endpoint), (now, 0))
        return (now, 0) if now - start >= WINDOW else (start, count)

    def crowded(self, call: Call, feed: Feed, open_: Iterable[OpenStream]) -> Answer | None:
        """Refuse one stream too many on the same endpoint and partition; replays count by themselves."""
        limit = self.limits.connections
        alike = [
            stream
            for stream in open_
            if stream.alive
            and stream.record.path == call.path
            and stream.feed.partition == feed.partition
            and stream.feed.finite == feed.finite
        ]
        if limit is None or len(alike) < limit:
            return None
        return problem(
            429,
            "ConnectionException",
            "This stream is currently at the maximum allowed connection limit"
            f" (of the emulator: Limits(connections={limit})).",
            "streaming-connection",
            connection_issue="TooManyConnections",
        )

    # --- v1.1

    def attempt(self, call: Call, account: str) -> Answer | None:
        """Count an account's connect, and refuse it with 420 where it is one too many."""
        limit = self.limits.attempts
        if limit is None:
            return None
        now = self._clock.time()
        known = self._accounts.setdefault(account, _Penalty(deque(maxlen=limit + 1)))
        known.attempts.append(now)
        if now < known.until:
            known.length = min(2 * known.length, LONGEST_PENALTY)
        elif len(known.attempts) > limit and now - known.attempts[0] < MINUTE:
            known.length = MINUTE
        else:
            return None
        known.until = now + known.length
        return v1_refusal(420, call.path)
