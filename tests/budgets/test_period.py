"""Hours, days and months of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.budgets.period import Per, Span, period_at

NOW = st.floats(0, 4e9)
PER = st.sampled_from(["hour", "day", "month"])
RESET = st.integers(1, 31)


@given(NOW, PER, RESET)
def test_periods_follow_each_other(now: float, per: Per, reset: int) -> None:
    """Each time is in one period, which begins and ends with an hour; the next begins where it ends."""
    span = period_at(now, per, reset)
    assert span.start <= now < span.end
    assert span.start % 3600 == span.end % 3600 == 0
    assert period_at(span.end, per, reset).start == span.end
    assert period_at(span.end - 0.5, per, reset) == period_at(span.start, per, reset) == span


@given(NOW, RESET)
def test_a_month_begins_on_its_day(now: float, reset: int) -> None:
    """Or on the last one, in a month without it."""
    start = datetime.fromtimestamp(period_at(now, "month", reset).start, UTC)
    assert start.hour == 0
    assert start.day == reset or (start.day < reset and (start + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("per", "reset", "start", "end"),
    [
        ("hour", 1, "2026-03-01T14", "2026-03-01T15"),
        ("day", 1, "2026-03-01", "2026-03-02"),
        ("month", 1, "2026-03-01", "2026-04-01"),
        ("month", 2, "2026-02-02", "2026-03-02"),
        ("month", 31, "2026-02-28", "2026-03-31"),
    ],
)
def test_the_first_of_march(per: Per, reset: int, start: str, end: str) -> None:
    """Seen at 14:30."""
    now = datetime(2026, 3, 1, 14, 30, tzinfo=UTC).timestamp()
    assert period_at(now, per, reset) == Span(_at(start), _at(end))


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
