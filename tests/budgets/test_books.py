"""Bookkeeping: what is counted, against a model of it, over restarts and several processes."""

from __future__ import annotations

import resource
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rxtweets import Budget, BudgetSpent, Prices
from rxtweets.budgets.books import Books
from rxtweets.budgets.budget import Page
from rxtweets.budgets.period import period_at
from rxtweets.management import DailyUsage, Usage

RESOURCES = st.lists(st.tuples(st.sampled_from(["post", "user"]), st.integers(0, 30).map(str)), max_size=8)
DAY = 86_400.0


class Bookkeeping(RuleBasedStateMachine):
    """Two budgets with one file, that are used in turn, forgotten and made again, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "books"
        self.now = DAY * 100
        self.budgets: list[Budget] = [self.budget(), self.budget()]
        self.seen: set[tuple[str, str]] = set()
        self.hours: dict[int, Counter[str]] = {}
        self.pages: list[tuple[int, Page, int]] = []  # on their way, with who asked for them in which hour

    def budget(self) -> Budget:
        return Budget(posts=10**9, per="day", path=self.path, compare=False)

    @rule(which=st.integers(0, 1), found=RESOURCES)
    def deliver(self, which: int, found: list[tuple[str, str]]) -> None:
        self.budgets[which].count(found, self.now)
        self.note(found)

    def note(self, found: list[tuple[str, str]]) -> None:
        hour = int(self.now // 3600)
        for one in set(found) - self.seen:
            self.hours.setdefault(hour, Counter())[one[0]] += 1
        self.seen |= set(found)

    @rule(which=st.integers(0, 1), size=st.integers(10, 100))
    def ask_for_a_page(self, which: int, size: int) -> None:
        page = self.budgets[which].reserve(size, 10, ["author_id"], self.now)
        self.pages.append((which, page, int(self.now // 3600)))

    @precondition(lambda self: self.pages)
    @rule(found=st.none() | RESOURCES)
    def receive_a_page(self, found: list[tuple[str, str]] | None) -> None:
        which, page, _ = self.pages.pop(0)
        if found is None:
            self.budgets[which].settle(page, [], self.now)
        else:
            self.budgets[which].settle(page, found, self.now)
            self.note(found)

    @rule(which=st.integers(0, 1))
    def ask_for_counts(self, which: int) -> None:
        self.budgets[which].count_request("counts_recent", self.now)
        self.hours.setdefault(int(self.now // 3600), Counter())["counts_recent"] += 1

    @rule(seconds=st.sampled_from([0.01, 0.2, 5.0, 1800.0, 40_000.0]))
    def wait(self, seconds: float) -> None:
        for budget in self.budgets:  # as the streams' timers do
            budget.write(self.now)
        while self.pages and seconds > 1:
            self.receive_a_page(None)
        day = self.now // DAY
        self.now += seconds
        if self.now // DAY != day:
            self.seen.clear()

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        for budget in self.budgets:
            budget.write(self.now)
        if self.pages:  # those of others would be taken for lost, too, until they come
            self.budgets[not which] = self.budget()
        for _, page, hour in self.pages:
            self.hours.setdefault(hour, Counter()).update(post=page.size, user=page.size)
        self.pages.clear()
        self.budgets[which] = self.budget()

    @invariant()
    def the_books_are_right(self) -> None:
        for budget in self.budgets:
            budget.write(self.now)
        today = period_at(self.now, "day")
        expected = Counter[str]()
        for hour, counts in self.hours.items():
            if today.start <= hour * 3600 < today.end:
                expected += counts
        for budget in self.budgets:
            found = budget.spending(self.now)
            assert found.counts == dict(expected)
            assert found.spent == expected["post"]

    def teardown(self) -> None:
        self.budgets.clear()
        self.folder.cleanup()


def test_whatever_happens_the_books_are_right() -> None:
    """Two budgets with one file, made again at any time, count what a model counts."""
    run_state_machine_as_test(
        Bookkeeping, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )


def test_a_resource_counts_once_a_day(tmp_path: Path) -> None:
    """In a budget of an hour, too: X charges it no second time in the next one."""
    budget = Budget(posts=10, per="hour", path=tmp_path / "books")
    for now, spent in ((0, 1), (3600, 0), (DAY, 1)):
        budget.count([("post", "1"), ("post", "1")], now)
        assert budget.spending(now).spent == spent


def test_dollars_are_exact() -> None:
    """Sums of prices are those of decimal numbers."""
    budget = Budget(dollars=1, prices=Prices(user=0.1))
    assert [budget.count([("user", str(number))], 0) for number in range(10)][-1] == 1.0
    assert budget.spending(0).left == 0


def test_the_file_is_small_and_old_counts_go(tmp_path: Path) -> None:
    """Resources are kept for two days, counts for three months."""
    path = tmp_path / "books"
    budget = Budget(posts=10, path=path)
    for day in range(200):
        budget.count([("post", "1")], day * DAY)
        budget.write(day * DAY)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM seen").fetchone()[0] <= 2
        assert database.execute("SELECT count(*) FROM counts").fetchone()[0] <= 94
    database.close()


@pytest.mark.parametrize("content", [b"no database" * 100, None])
def test_another_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A file that is none of a budget is named, and stays as it is."""
    path = tmp_path / "file"
    if content is None:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE mine (x)")
        database.close()
        before = path.read_bytes()
    else:
        before = content
        path.write_bytes(content)
    with pytest.raises(OSError, match="file"):
        Budget(posts=1, path=path)
    if content is not None:
        assert path.read_bytes() == before
    with pytest.raises(OSError, match="books of a budget"):
        Budget(posts=1, path=tmp_path / "missing" / "file")


def test_a_failure_to_write_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an OSError, and what was counted is written once that is possible."""
    monkeypatch.setattr("rxtweets.budgets.books._WAIT", 0.05)
    path = tmp_path / "books"
    budget = Budget(posts=10, path=path)
    budget.count([("post", "0")], 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match=f"the books of a budget, {path}: database is locked"):
            budget.count([("post", "1")], 5)
        other.execute("COMMIT")
    assert budget.count([("post", "2")], 10) == 0.3


def usage(posts: int, day: float = 0, used: int | None = None, reset: int | None = None) -> Usage:
    """Return an account's usage on a day after 1970-01-01."""
    date = datetime.fromtimestamp(day * DAY, UTC).date()
    return Usage(used=used, cap_reset_day=reset, days=(DailyUsage(date, posts),))


def test_the_larger_count_counts() -> None:
    """X's own count if that is larger, with what comes after it; what others were delivered costs posts."""
    budget = Budget(dollars=1)
    budget.count([("post", "1"), ("user", "1")], 0)
    budget.compare_with(usage(5), 0)
    assert budget.spending(0).elsewhere == 0  # it may be on its way
    budget.compare_with(usage(5), 0)
    assert budget.spending(0).elsewhere == 4
    budget.compare_with(usage(3), 0)
    budget.compare_with(usage(5), 0)
    assert budget.spending(0).elsewhere == 4
    assert budget.spending(0).spent == pytest.approx(0.035)
    budget.count([("post", "2")], 1)
    budget.compare_with(usage(3), 1)
    assert budget.spending(1).spent == pytest.approx(0.04)
    for _ in range(2):
        budget.compare_with(usage(100, day=1), 1)
    assert budget.spending(1).spent == pytest.approx(0.04)
    assert budget.spending(DAY).spent == 0


def test_a_month_begins_when_x_says() -> None:
    """The day is learned from the usage, and kept in the file."""
    budget = Budget(posts=100, per="month")
    now = 20 * DAY
    budget.count([("post", "1")], now)
    assert budget.spending(now).start.day == 1
    for _ in range(2):
        budget.compare_with(usage(0, used=7, reset=12), now)
    found = budget.spending(now)
    assert (found.start.day, found.end.day, found.spent) == (12, 12, 7)


def test_an_hour_is_not_compared() -> None:
    """X counts by day."""
    assert not Budget(posts=1, per="hour").is_comparison_due(0)
    budget = Budget(posts=1)
    assert budget.is_comparison_due(0)
    assert not budget.is_comparison_due(299)
    assert budget.is_comparison_due(300)
    budget.compare_with(usage(5), 300)
    assert not budget.is_comparison_due(300.5)
    assert budget.is_comparison_due(301)
    budget.compare_with(usage(5), 301)
    assert not budget.is_comparison_due(600)
    assert not Budget(posts=1, compare=False).is_comparison_due(0)


def test_books_without_a_file_stay_bounded_in_memory() -> None:
    """Half a million resources take less than 30 MB: the rest is on the disk."""
    books = Books()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for start in range(0, 500_000, 5_000):
        books.add(0, (("post", f"18{number:017}") for number in range(start, start + 5_000)), ())
    assert books.totals("day", period_at(0, "day"), 0).counts == {"post": 500_000}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, "in posts or in dollars"),
        ({"posts": 1, "dollars": 1}, "in posts or in dollars"),
        ({"posts": 1.5}, "posts is a whole number above 0, not 1.5"),
        ({"posts": 0}, "posts is a whole number above 0"),
        ({"dollars": float("inf")}, "dollars is a number above 0"),
        ({"dollars": True}, "dollars is a number above 0"),
        ({"posts": 1, "per": "week"}, "per is one of hour, day, month, not 'week'"),
        ({"posts": 1, "at_limit": "stop"}, "at_limit is 'end' or 'pause', not 'stop'"),
        ({"posts": 1, "warn_at": [50]}, "warn_at are parts of the limit, such as 0.8, not 50"),
    ],
)
def test_arguments_are_checked(options: Any, wrong: str) -> None:
    """Each one that is wrong is named."""
    with pytest.raises(ValueError, match=wrong):
        Budget(**options)


def test_a_page_is_as_large_as_can_be_paid() -> None:
    """With what expansions bring, and with what other pages are waiting for."""
    budget = Budget(dollars=1)
    page = budget.reserve(100, 10, ["author_id"], 0)
    assert page.size == 66
    with pytest.raises(BudgetSpent):
        budget.reserve(100, 10, [], 0)
    budget.settle(page, [], 0)
    assert budget.reserve(100, 10, [], 0).size == 100


def test_what_is_on_its_way_is_no_difference() -> None:
    """A page that X has counted, and that hasn't come yet, is none; nor is a difference that is gone soon."""
    budget = Budget(posts=1_000)
    budget.compare_with(usage(0), 0)
    page = budget.reserve(100, 10, [], 0)
    for _ in range(3):
        budget.compare_with(usage(100), 0)
    budget.settle(page, [("post", str(number)) for number in range(100)], 0)
    budget.compare_with(usage(103), 0)
    budget.count([("post", str(number)) for number in range(200)], 0)
    budget.compare_with(usage(200), 0)
    assert budget.spending(0).spent == 200


def test_a_killed_programs_page_counts_in_full_until_xs_count_has_told(tmp_path: Path) -> None:
    """At once for the next program, with what expansions bring; X tells of posts alone."""
    killed = Budget(dollars=10, path=tmp_path / "books")
    killed.reserve(100, 10, ["author_id"], 0)
    killed.count([("post", "1")], 0)
    killed.write(0)
    budget = Budget(dollars=10, path=tmp_path / "books")
    assert budget.spending(0).counts == {"post": 101, "user": 100}
    assert budget.spending(0).spent == pytest.approx(101 * 0.005 + 1)
    budget.compare_with(usage(41), 0)
    assert budget.spending(0).counts == {"post": 1, "user": 100}
    assert budget.spending(0).spent == pytest.approx(41 * 0.005 + 1)
    assert budget.spending(DAY).spent == 0


def test_each_kind_of_period_has_its_own_comparison(tmp_path: Path) -> None:
    """A page that a budget of a day has settled counts in full for one of an hour: X tells nothing of it."""
    Budget(posts=1_000, path=tmp_path / "books").reserve(100, 10, [], 0)
    of_a_day = Budget(posts=1_000, path=tmp_path / "books")
    of_a_day.compare_with(usage(30), 0)
    assert of_a_day.spending(0).spent == 30
    assert Budget(posts=1_000, per="hour", path=tmp_path / "books").spending(0).spent == 100


def test_another_programs_page_is_set_aside_for_a_minute(tmp_path: Path) -> None:
    """It may not be searched for twice, and costs streams nothing yet; a minute later it was lost."""
    one, other = (Budget(posts=150, path=tmp_path / "books") for _ in range(2))
    page = one.reserve(100, 10, [], 0)
    assert other.spending(59).spent == 0
    assert other.reserve(100, 10, [], 59).size == 50
    assert other.spending(60).spent == 100
    assert one.spending(60).spent == 0
    one.settle(page, [("post", "1")], 61)
    assert one.spending(61).spent == other.spending(61).spent == 1
