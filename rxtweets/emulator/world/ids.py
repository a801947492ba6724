"""Ids that carry their time, as Twitter's Snowflakes do."""

from __future__ import annotations

from rxtweets.emulator.app.clock import Clock
from rxtweets.messages._time import EPOCH


class Snowflakes:
    """A generator of increasing ids that carry their time.

    Attributes:
        last: The last one, below which there is no further one.
    """

    def __init__(self, clock: Clock, worker: int = 0) -> None:
        self._clock = clock
        self._worker = worker % 1024
        self.last = 0

    def next(self, ms: int | None = None) -> int:
        """Return the next id: for now, or for a past time (unordered within its millisecond)."""
        now = self._clock.world_ms() if ms is None else ms
        made = (now - EPOCH) << 22 | self._worker << 12
        if ms is not None:
            self._worker = (self._worker + 1) % 1024
            return made
        self.last = max(made, self.last + 1)
        return self.last
