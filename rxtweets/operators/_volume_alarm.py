from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from reactivex import Observable, abc

from rxtweets.messages import Lifecycle

from ._periodic import STEP, State, is_number, periodically, seconds
from ._sliding import SlidingCounts
from .snapshots import VolumeAlarm

_SLOTS = 10


def volume_alarm(
    *,
    below: float | None = None,
    above: float | None = None,
    for_: float = 60.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[VolumeAlarm]]:
    """Report when too little or too much comes, and when that is over.

    ::

        -m-m-m-----------m-m-m---
           volume_alarm(below=0.2, for_=10)
        ----------------B---N----     B: below, N: normal

    The volume is the average over the last *for_* seconds, checked ten times in that time on the timer's
    thread, even if nothing comes at all. There is no alarm in the first *for_* seconds, nor at the end of the
    stream. A wait for a reconnect counts like any other time: a stream that is down is silent.

    All items count as messages except connection events, such as keep-alives: `Lifecycle`.

    Args:
        below: messages a second, below which a `VolumeAlarm` with the state `"below"` comes.
        above: messages a second, above which one with the state `"above"` comes.
        for_: seconds.
        scheduler: where the timer runs; default the subscriber's, else a timer thread.

    Raises:
        ValueError: an argument isn't what it should be, there is no bound, or *below* isn't less than
            *above*.
    """
    for_ = seconds("for_", for_)
    for name, bound in (("below", below), ("above", above)):
        if bound is not None and (not is_number(bound) or bound < 0):
            raise ValueError(f"{name} must be a number of messages a second, such as 0.5, not {bound!r}")
    if below is None and above is None:
        raise ValueError("volume_alarm needs a bound, such as below=0.1")
    if below is not None and above is not None and below >= above:
        raise ValueError(f"below must be less than above: {below!r} and {above!r}")
    return periodically(for_ / _SLOTS, lambda _: _VolumeState(below, above, for_), scheduler)


class _VolumeState(State[VolumeAlarm]):
    def __init__(self, below: float | None, above: float | None, for_: float) -> None:
        self._below = below
        self._above = above
        self._for = for_
        self._sliding: SlidingCounts[None] = SlidingCounts(_SLOTS, for_ / _SLOTS)
        self._said = "normal"

    def add(self, found: Any, now: float) -> None:
        if not isinstance(found, Lifecycle):
            self._sliding.add((None,), now)

    def show(self, now: float) -> VolumeAlarm | None:
        self._sliding.advance(now)
        if now < self._for - STEP:
            return None
        rate = self._sliding.total / self._for
        state: Literal["below", "above", "normal"] = "normal"
        if self._below is not None and rate < self._below:
            state = "below"
        elif self._above is not None and rate > self._above:
            state = "above"
        if state == self._said:
            return None
        self._said = state
        return VolumeAlarm(state, rate)

    def last(self, now: float) -> VolumeAlarm | None:
        return None
