"""Counts within a sliding window, in bounded memory."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Generic

from ._periodic import STEP, seconds
from .snapshots import K

MOST_SLOTS = 10_000


def slots(window: float, every: float) -> int:
    """Return how many times *every* goes into *window*.

    Raises:
        ValueError: one of them is no number of seconds, or *window* no multiple of *every*, up to 10,000.
    """
    number = round(seconds("window", window) / seconds("every", every))
    if number < 1 or not math.isclose(number * every, window, rel_tol=1e-6):
        raise ValueError(
            f"window must be a multiple of every, such as {max(number, 1) * every:g}, not {window!r}"
        )
    if number > MOST_SLOTS:
        longest = f"{MOST_SLOTS:,} times every, so {MOST_SLOTS * every:g} s"
        raise ValueError(f"window must be at most {longest}, not {window!r}")
    return number


class _Slot(Generic[K]):
    """The counts of one slot of time.

    Attributes:
        counts: how often each key came, each too low by up to *error*.
        total: how many came, exactly.
        error: see there.
    """

    __slots__ = ("counts", "error", "total")

    def __init__(self) -> None:
        self.counts: dict[K, int] = {}
        self.total = 0
        self.error = 0


class SlidingCounts(Generic[K]):
    """The keys of the last complete slots of time, and how often each came.

    A counter is used for each key in each slot. When more than *capacity* are used, the fullest slots halve
    theirs, as a Misra-Gries summary does, in batches: all counts of a slot are lowered by its median, and
    those that are 0 then are dropped. Source: J. Misra and D. Gries, "Finding repeated elements", 1982;
    D. Anderson et al., "A high-performance algorithm for identifying frequent items in data streams", 2017.

    So counts are exact as long as the counters suffice. Else, with w slots, one is too low by less than
    3 (w + 1) / *capacity* of the total: a slot that is halved has more than 3/4 *capacity* / (w + 1)
    counters, half of which are lowered by as much as the error grows.

    Attributes:
        counts: of all complete slots together, each too low by up to *error*.
        total: how many keys came in them, exactly.
        error: see there.
        seconds: the length of the complete slots.

    Args:
        slots: how many slots the window has.
        every: the seconds of a slot; the first begins at 0.
        capacity: how many counters there may be.
    """

    def __init__(self, slots: int, every: float, capacity: float = math.inf) -> None:
        self.counts: dict[K, int] = {}
        self.total = 0
        self.error = 0
        self.seconds = 0.0
        self._every = every
        self._capacity = capacity
        self._used = 0
        self._most = slots
        self._complete: deque[_Slot[K]] = deque()
        self._slot: _Slot[K] = _Slot()
        self._number = 0

    def add(self, keys: Iterable[K], now: float) -> None:
        """Count *keys*."""
        self.advance(now)
        counts = self._slot.counts
        before = len(counts)
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
            self._slot.total += 1
        self._used += len(counts) - before
        while self._used > self._capacity:
            self._make_room()

    def advance(self, now: float) -> None:
        """Complete the slots that are over."""
        number = int((now + STEP) / self._every)
        if number > self._number:
            for _ in range(min(number - self._number, self._most + 1)):
                self._complete_slot()
            self._number = number
            self.seconds = min(number, self._most) * self._every

    def finish(self, now: float) -> None:
        """Complete the slots that are over, and the present one as it is, if it has begun."""
        self.advance(now)
        begun = now - self._number * self._every
        if begun > STEP or self._slot.total:
            self._complete_slot()
            self.seconds = min(self._number, self._most - 1) * self._every + begun

    def _complete_slot(self) -> None:
        """Complete the present slot, and forget the one that falls out of the window."""
        slot = self._slot
        for key, count in slot.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
        self.total += slot.total
        self.error += slot.error
        self._complete.append(slot)
        self._slot = _Slot()
        if len(self._complete) > self._most:
            slot = self._complete.popleft()
            for key, count in slot.counts.items():
                self._subtract(key, count)
            self.total -= slot.total
            self.error -= slot.error
            self._used -= len(slot.counts)

    def _subtract(self, key: K, count: int) -> None:
        left = self.counts[key] - count
        if left:
            self.counts[key] = left
        else:
            del self.counts[key]

    def _make_room(self) -> None:
        """Free an eighth of the counters, or more, from the fullest slots."""
        enough = self._used * 7 // 8
        for slot in sorted((*self._complete, self._slot), key=lambda slot: len(slot.counts), reverse=True):
            self._halve(slot)
            if self._used <= enough:
                break

    def _halve(self, slot: _Slot[K]) -> None:
        cut = sorted(slot.counts.values(), reverse=True)[len(slot.counts) // 2]
        if slot is not self._slot:
            for key, count in slot.counts.items():
                self._subtract(key, min(count, cut))
            self.error += cut
        kept = {key: count - cut for key, count in slot.counts.items() if count > cut}
        self._used -= len(slot.counts) - len(kept)
        slot.counts = kept
        slot.error += cut
