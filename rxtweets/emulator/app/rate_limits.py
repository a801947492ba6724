"""Counts of requests and connects: the rate limits of v2, and v1.1's 420 for too many connects."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from rxtweets.emulator.server.http import Request, Response, problem, v1_refusal, v2_refusal
from rxtweets.emulator.streams.source import Opening
from rxtweets.emulator.streams.stream import OpenStream

from .clock import Clock
from .limits import DAY, POWERSTREAM_RULES, WINDOW, Allowance

MINUTE, LONGEST_PENALTY = 60.0, 900.0
"""Seconds of v1.1's window and first penalty, and of the longest penalty; Twitter published none."""


class _Penalty(Struct):
    """The latest connects of an account of v1.1."""

    attempts: deque[float]
    length: float = 0.0
    until: float = 0.0


class RateLimiter:
    """The counts of what clients do, and the refusal of what is too much."""

    def __init__(self, clock: Clock, allowance: Allowance) -> None:
        self.allowance = allowance
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}
        self._latest: dict[tuple[str, str], float] = {}
        self._accounts: dict[str, _Penalty] = {}

    def reset(self) -> None:
        """Reset every count."""
        self._windows.clear()
        self._latest.clear()
        self._accounts.clear()

    # --- v2

    def check_request(self, method: str, endpoint: str) -> Response | None:
        """Count a request to an endpoint (its path in the table), and refuse it after too many."""
        limit = self.allowance.requests(method, endpoint)
        if limit is None:
            return None
        start, count = self._window(method, endpoint)
        now = self._clock.time()
        if count >= limit or self._too_soon(method, endpoint, now):
            return v2_refusal(429)
        self._latest[method, endpoint] = now
        self._windows[_counted(method, endpoint)] = (start, count + 1)
        return None

    def _too_soon(self, method: str, endpoint: str, now: float) -> bool:
        """Return whether an endpoint that takes one request a second has had one in this last second."""
        latest = self._latest.get((method, endpoint), 0.0)
        return self.allowance.one_a_second(method, endpoint) and 0 <= now - latest < 1

    def headers(
        self, method: str, endpoint: str, *, used_up: bool = False, until: float | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Return what an answer tells about the limit that its request counts against, as each does at X.

        Where nothing is counted that is X's figure, all of it left.

        Args:
            method: The request's method.
            endpoint: Its path in the table.
            used_up: Whether to say that nothing is left, whatever was counted.
            until: When the window is to end then, as a UNIX time; None is when it does.
        """
        limit = self.allowance.requests(method, endpoint) or self.allowance.published(method, endpoint)
        start, count = self._window(method, endpoint)
        return (
            ("x-rate-limit-limit", str(limit)),
            ("x-rate-limit-remaining", str(0 if used_up else max(0, limit - count))),
            ("x-rate-limit-reset", str(start + _length(endpoint) if until is None else math.ceil(until))),
        )

    def _window(self, method: str, endpoint: str) -> tuple[int, int]:
        """Return when the window began, in whole seconds as its end is told, and the requests in it."""
        now = self._clock.time()
        start, count = self._windows.get(_counted(method, endpoint), (int(now), 0))
        return (int(now), 0) if now - start >= _length(endpoint) else (start, count)

    def check_connections(
        self, request: Request, opening: Opening, open_: Iterable[OpenStream]
    ) -> Response | None:
        """Refuse one stream too many on the same endpoint and partition; replays count by themselves."""
        limit = self.allowance.connections(request.path)
        alike = [
            stream
            for stream in open_
            if stream.alive
            and stream.record.path == request.path
            and stream.feed.partition == opening.feed.partition
            and stream.finite == opening.finite
        ]
        if limit is None or len(alike) < limit:
            return None
        return problem(
            429,
            "ConnectionException",
            "This stream is currently at the maximum allowed connection limit.",
            "streaming-connection",
            connection_issue="TooManyConnections",
        )

    # --- v1.1

    def check_connect(self, request: Request, account: str) -> Response | None:
        """Count an account's connect, and refuse it with 420 where it is one too many."""
        limit = self.allowance.limits.attempts
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
        return v1_refusal(420, request.path)


def _counted(method: str, endpoint: str) -> tuple[str, str]:
    """Return the key that a request counts under: its method, but for Powerstream's rules any."""
    return ("any" if endpoint == POWERSTREAM_RULES else method, endpoint)


def _length(endpoint: str) -> int:
    """Return the seconds of a window of an endpoint."""
    return DAY if endpoint == POWERSTREAM_RULES else WINDOW
