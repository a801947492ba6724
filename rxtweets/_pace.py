"""The pace of requests under a rate limit: a few at once, the others spread over the time that is left."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

WINDOW = 900.0
"""Seconds of a rate limit's window. Source: X's page "Rate limits"."""

_MARGIN = 1.0
"""Seconds by which requests stay clear of a window's end, as they travel at different speeds."""


class Pace:
    """The requests made under one limit, and the time at which the next one may be made.

    Where the server tells how many are left, that counts; until then the requests made here in the last 15
    minutes do. The first *burst* requests of a window may be made at once. The others are spread evenly, so
    that none waits for the end of the window. *reserve* requests of a window are kept for urgent ones, which
    are not spread. At least *gap* seconds lie between two that are not urgent.

    Attributes:
        limit: requests in 15 minutes.
        left: requests that the server says are left; None before it said so.
        resets_at: the time at which the window ends by the clock of this machine, in UNIX seconds; None
            before the server said so.
    """

    def __init__(self, limit: int, *, burst: float, reserve: int = 0, gap: float = 0.0) -> None:
        self.limit = limit
        self.left: int | None = None
        self.resets_at: float | None = None
        self._burst = burst
        self._reserve = reserve
        self._gap = gap
        self._made: deque[float] = deque()
        self._last = -math.inf

    @property
    def recent(self) -> tuple[float, ...]:
        """The times of the requests of the last 15 minutes, as of the last call, oldest first."""
        return tuple(self._made)

    def spend(self, now: float, *, urgent: bool = False) -> None:
        """Count a request made at *now*."""
        self._forget(now)
        self._made.append(now)
        if not urgent:
            self._last = now
        if self.left is not None and now < (self.resets_at or 0.0):
            self.left = max(0, self.left - 1)

    def read(self, headers: Mapping[str, str], now: float) -> None:
        """Take over what the *headers* of a response say about the limit."""
        limit, left, reset = (_number(headers.get(f"x-rate-limit-{name}")) for name in _NAMES)
        if left is None or reset is None:
            return
        self.limit = limit or self.limit
        self.left = left
        self.resets_at = now + reset - _server_time(headers, now) + _MARGIN

    def free_at(self, now: float, *, urgent: bool = False) -> float:
        """Return the time from which a request may be made; *urgent* ones may use up the window."""
        left, end = self._window(now)
        if not urgent:
            return max(now, max(self._last, now - WINDOW) + self.interval(now))
        return now if left > 0 else end

    def interval(self, now: float) -> float:
        """Return the seconds from one request that is not urgent to the next; the gap while many are left."""
        left, end = self._window(now)
        if left > 0 and self.limit - left < self._burst:
            return self._gap
        left -= math.ceil(self._reserve * min(1.0, max(0.0, end - now) / WINDOW))
        since = max(self._last, now - WINDOW)
        return max(self._gap, (end - since) / (max(left, 0) + 1))

    def _window(self, now: float) -> tuple[int, float]:
        """Return the requests that are left, and the time at which there are more."""
        self._forget(now)
        if self.left is None or self.resets_at is None:
            return self.limit - len(self._made), self._made[0] + WINDOW + _MARGIN if self._made else now
        return (self.limit, now) if now >= self.resets_at else (self.left, self.resets_at)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] + WINDOW + _MARGIN <= now:  # rounded as the window's end is
            self._made.popleft()


_NAMES = ("limit", "remaining", "reset")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def _server_time(headers: Mapping[str, str], now: float) -> float:
    """Return the time by the server's clock; *now* where it doesn't tell."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError, OSError):
        return now
