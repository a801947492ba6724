"""The rate over the last seconds, from counts seen at irregular times."""

from __future__ import annotations

from rxtweets.emulator.console.pace import Pace, Volume


def test_a_first_look_has_the_mean_since_the_beginning() -> None:
    """Nobody has looked before; and what has only begun isn't made more of than it is."""
    assert Pace(100.0).of(110.0, 50, 2000) == (5.0, 200.0)
    assert Pace(100.0).of(100.1, 5, 500) == (5.0, 500.0)


def test_a_pace_is_that_of_the_last_five_seconds() -> None:
    """Counts from more than five seconds ago are forgotten."""
    pace = Pace(0.0)
    for second in range(21):
        pace.of(float(second), 10 * second, 1000 * second)
    assert pace.of(25.0, 200, 20_000) == (0.0, 0.0)
    assert pace.of(30.0, 225, 20_000) == (5.0, 0.0)


def test_a_volume_is_of_each_second() -> None:
    """Seconds that nobody looked at share what came in them."""
    volume = Volume(0.0, seconds=4)
    volume.note(0.5, 3)
    volume.note(1.5, 5)
    volume.note(3.2, 25)
    assert list(volume.each) == [3, 2, 10, 10]


def test_a_look_after_a_long_time() -> None:
    """It has the sum of the parts' paces, and a second later its own."""
    pace = Pace(0.0)
    assert pace.of(100.0, 50, 2000, (20.0, 800.0)) == (20.0, 800.0)
    assert pace.of(100.5, 60, 2400, (20.0, 800.0)) == (20.0, 800.0)
    assert pace.of(102.0, 90, 3600, (20.0, 800.0)) == (20.0, 800.0)
    assert pace.of(103.0, 120, 4800, (20.0, 800.0)) == (70 / 3, 2800 / 3)
