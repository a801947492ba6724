"""The distortion of one stream's messages: withheld, fragmented, duplicated, out of order."""

from __future__ import annotations

import random
from typing import Literal

QUIET = 0.5
"""Seconds after which messages held back are sent whatever comes."""
_LATEST = 5


class Distortion:
    """The changes that faults make to what a stream sends; none by default.

    `stalled` is what isn't sent, `fragment` the bytes of a chunk (0: a chunk a message), `share` the
    part of messages that is duplicated, `window` the number of messages that change places.
    """

    def __init__(self, rng: random.Random) -> None:
        self.stalled: Literal["", "messages", "all"] = ""
        self.fragment = 0
        self.share = 0.0
        self.window = 1
        self._rng = rng
        self._held: list[bytes] = []
        self._copies: list[tuple[int, bytes]] = []

    @property
    def active(self) -> bool:
        """True if messages have to go through `mix`."""
        return self.share > 0 or self.window > 1

    @property
    def pending(self) -> bool:
        """True if messages are held back."""
        return bool(self._held or self._copies)

    def mix(self, message: bytes) -> list[bytes]:
        """Take a message in, and return those to send now."""
        due = [copy for left, copy in self._copies if left <= 1]
        self._copies = [(left - 1, copy) for left, copy in self._copies if left > 1]
        self._held.append(message)
        if self.share and self._rng.random() < self.share:
            if self._rng.random() < 0.5:
                self._held.append(message)
            else:
                self._copies.append((self._rng.randint(2, _LATEST), message))
        if len(self._held) < self.window:
            return due
        return due + self._shuffled()

    def flush(self) -> list[bytes]:
        """Return the messages held back, and hold none any more."""
        copies = [copy for _, copy in self._copies]
        self._copies = []
        return self._shuffled() + copies

    def _shuffled(self) -> list[bytes]:
        held, self._held = self._held, []
        if self.window > 1:
            self._rng.shuffle(held)
        return held
