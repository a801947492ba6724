"""The emulator's time: the machine's, moved at will, and for a seeded world one that repeats itself."""

from __future__ import annotations

import time

GENESIS = 1_767_225_600_000
"""Unix milliseconds at which a seeded world begins: 2026-01-01T00:00:00Z."""


class Clock:
    """The time of the emulator's addresses and of the world behind them.

    The addresses (dates of responses, windows of limits, signatures) go by the machine's clock. So does the
    world (ids and times of posts), unless it has to be the same in every run: then it begins at `GENESIS` and
    moves on only by `advance`. `skew`, in seconds, moves both, as if the machine's clock were wrong.
    """

    def __init__(self, seeded: bool) -> None:
        self.skew = 0.0
        self.started = time.monotonic()
        """The time of the last start, on the monotonic clock."""
        self._seeded = seeded
        self._passed = 0.0

    def time(self) -> float:
        """Return the time at the emulator's addresses, in Unix seconds."""
        return time.time() + self.skew

    def world_ms(self) -> int:
        """Return the world's time, in Unix milliseconds."""
        if self._seeded:
            return GENESIS + int((self._passed + self.skew) * 1000)
        return int(self.time() * 1000)

    def advance(self, seconds: float) -> None:
        """Let that much time pass in a seeded world; any other's passes by itself."""
        self._passed += seconds
