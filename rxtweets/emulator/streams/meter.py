"""The limit of messages in a second, and the count of those that it withholds."""

from __future__ import annotations


class Meter:
    """Lets `most` messages of each second pass, or all for None, and counts the others."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._second = 0
        self._passed = 0
        self._withheld = self._reported = 0

    def count(self, now: float) -> tuple[bool, int]:
        """Return whether one more may pass now, and the total withheld if a notice of it is due, else 0."""
        due = 0
        if int(now) != self._second:
            self._second, self._passed = int(now), 0
            if self._withheld > self._reported:
                due = self._reported = self._withheld
        self._passed += 1
        if self.most is None or self._passed <= self.most:
            return True, due
        self._withheld += 1
        return False, due
