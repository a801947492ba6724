"""The scheduler of the thread that calls: what is due when, whatever becomes of the clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rxtweets.compat._loop import Loop

PATIENCE = 10.0


class Stepped(Loop):
    """A loop on a wall clock that can be set."""

    step = timedelta(0)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.step


def ran(loop: Loop) -> bool:
    """Return True if `run` returns."""
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return not thread.is_alive()


@pytest.mark.parametrize("hours", [-1, 1])
def test_setting_the_clock_makes_nothing_late_or_early(hours: int) -> None:
    """Actions run in the order in which they are due, even if the system clock is set in between."""
    loop, order = Stepped(), list[str]()

    def note(name: str) -> Any:
        return lambda *_: order.append(name)

    loop.schedule_absolute(loop.now + timedelta(seconds=0.2), note("at a time"))
    loop.schedule_relative(0.1, note("in a moment"))
    loop.schedule_relative(3600.0 / 2, note("in half an hour")).dispose()
    loop.schedule(note("now"))
    loop.step = timedelta(hours=hours)
    loop.schedule_relative(0.3, note("last"))
    loop.schedule(note("at once"))
    assert ran(loop)
    assert order == ["now", "at once", "in a moment", "at a time", "last"]


def test_setting_the_clock_during_a_wait() -> None:
    """A wait that has begun is not made longer."""
    loop = Stepped()
    waited = threading.Event()

    def set_back(*_: object) -> None:
        loop.step = timedelta(hours=-1)

    loop.schedule_relative(0.05, set_back)
    loop.schedule_relative(0.15, lambda *_: waited.set())
    assert ran(loop)
    assert waited.is_set()


def test_a_time_is_the_wall_clocks() -> None:
    """`now` follows the clock, and a time that has passed is due at once."""
    loop, order = Stepped(), list[int]()
    loop.step = timedelta(days=-1)
    assert abs(loop.now - (datetime.now(UTC) - timedelta(days=1))) < timedelta(minutes=1)
    loop.schedule_absolute(loop.now - timedelta(days=9), lambda *_: order.append(1))
    loop.schedule_absolute(loop.now + timedelta(seconds=0.05), lambda *_: order.append(2))
    assert ran(loop)
    assert order == [1, 2]
