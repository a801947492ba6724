"""The volume of what is sent in each of the last seconds, and the present pace."""

from __future__ import annotations

from collections import deque

SPAN = 5.0
"""Seconds over which a pace is taken."""
_APART = 0.2
_LEAST = 1.0


class Volume:
    """Messages sent in each of the last seconds; of the time when nobody looked it has the mean."""

    def __init__(self, since: float, seconds: int = 60) -> None:
        self.each: deque[int] = deque([0] * seconds, maxlen=seconds)
        self._second = int(since)
        self._total = 0

    def note(self, now: float, total: int) -> None:
        """Take in the total sent up to now."""
        passed, new = int(now) - self._second, total - self._total
        mean = new // max(passed, 1)
        self.each.extend([mean] * min(passed, len(self.each)))
        if not passed:
            self.each[-1] += new
        self._second, self._total = int(now), total


class Pace:
    """Messages and bytes a second: over the last five, since it was looked at, or `since` it began."""

    def __init__(self, since: float) -> None:
        self._seen = deque([(since, 0, 0)])

    def of(
        self, now: float, messages: int, size: int, parts: tuple[float, float] | None = None
    ) -> tuple[float, float]:
        """Return the pace, by the totals of messages and bytes up to now.

        *parts* is the sum of the paces of parts. It is taken in the first second after nobody has looked for
        long, rather than a mean of all that time.
        """
        if parts is not None:
            if now - self._seen[-1][0] > SPAN:
                self._seen = deque([(now, messages, size)])
            if now - self._seen[0][0] < _LEAST:
                return parts
        if now - self._seen[-1][0] >= _APART:
            self._seen.append((now, messages, size))
        while len(self._seen) > 1 and self._seen[1][0] <= now - SPAN:
            self._seen.popleft()
        then, before, size_before = self._seen[0]
        seconds = max(now - then, _LEAST)
        return (messages - before) / seconds, (size - size_before) / seconds
