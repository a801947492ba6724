"""How many messages a second may pass, and what is withheld."""

from __future__ import annotations


class Meter:
    """Counts the messages of each second, of which `most` may pass, and those that may not."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._second = 0
        self._passed = 0
        self._withheld = self._told = 0

    def count(self, now: float) -> tuple[bool, int]:
        """Whether one more may pass now, and the total withheld where that is to be told."""
        owed = 0
        if int(now) != self._second:
            self._second, self._passed = int(now), 0
            if self._withheld > self._told:
                owed = self._told = self._withheld
        self._passed += 1
        if self.most is None or self._passed <= self.most:
            return True, owed
        self._withheld += 1
        return False, owed
