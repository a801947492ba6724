"""`rxtweets cost`, `--cost` and `--budget`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rxtweets import Budget
from rxtweets.emulator import Emulator

from .command import Command


@pytest.fixture(autouse=True)
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Start an emulator at the level that pays as it goes, with a past of 70 posts, 14 in Japanese."""
    with Emulator(rate=0) as emulator:
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        for n in range(70):
            emulator.publish(f"cat {n}", lang="en" if n % 5 else "ja")
        emulator.skew(60)
        yield emulator


def test_cost(rxtweets: Command, emulator: Emulator) -> None:
    """A line for each rule and one for all: a day and a month, in posts and dollars; notes say what it is."""
    ended = rxtweets("cost", "cat", "cat lang:ja")
    assert ended.status == 0, ended.err
    assert [line.split() for line in ended.out.splitlines()] == [
        ["posts/day", "posts/month", "$/day", "$/month", "rule"],
        ["10", "300", "0.05", "1.50", "cat"],
        ["2", "60", "0.01", "0.30", "cat", "lang:ja"],
        ["12", "360", "0.06", "1.80", "all", "2"],
    ]
    assert "# these are lower bounds" in ended.err
    assert "no retweets are found" in ended.err
    assert "these counts cost $0.01" in ended.err
    assert emulator.delivered == {"counts_recent": 2}


def test_cost_with_expansions(rxtweets: Command) -> None:
    """The most that they can cost, if every author is another one."""
    ended = rxtweets("cost", "cat", "--ask", "expansions=author_id")
    assert ended.out.splitlines()[1].split() == ["10", "300", "0.05", "1.50", "4.50", "cat"]
    assert "# at most" in ended.err


def test_cost_as_json(rxtweets: Command) -> None:
    """A rule that search can't count has null, and is told; alone it is an error."""
    ended = rxtweets("cost", "cat", "cat sample:10", "--json", "--ask", "expansions=author_id")
    assert ended.status == 0
    known, unknown = map(json.loads, ended.out.splitlines())
    assert known == pytest.approx(
        {"rule": "cat", "posts_per_day": 10, "dollars_per_day": 0.05, "most_per_day": 0.15}
    )
    assert unknown["posts_per_day"] is None
    ended = rxtweets("cost", "cat sample:10")
    assert ended.status == 1
    assert "# not counted: cat sample:10: " in ended.err


def test_rules_show_their_cost(rxtweets: Command, tmp_path: Path, emulator: Emulator) -> None:
    """On request, before they are added or compared."""
    ended = rxtweets("rules", "add", "cat", "--cost")
    assert ended.status == 0, ended.err
    assert "0.05" in ended.err
    assert "cat" in ended.out
    path = tmp_path / "rules.toml"
    path.write_text("[[rule]]\nvalue = 'cat lang:ja'\n", encoding="utf-8")
    ended = rxtweets("rules", "sync", str(path), "--cost", "--dry-run")
    assert "0.01" in ended.err
    assert emulator.rules[0].value == "cat"
    ended = rxtweets("rules", "add", "cat", "--cost", "--powerstream")
    assert ended.status == 2
    assert "--cost can't be used with --powerstream" in ended.err
    ended = rxtweets("rules", "add", "cat", "--cost", "--emulator")
    assert ended.status == 0
    assert "posts/month" in ended.err


def test_filter_within_a_budget(rxtweets: Command, emulator: Emulator, tmp_path: Path) -> None:
    """It ends at the limit, and says so; the next one opens nothing, as the books are kept."""
    emulator.rate = 200
    path = str(tmp_path / "books")
    arguments = ("filter", "--rule", "lang:en OR the", "--budget", "20posts/day", "--budget-file", path)
    ended = rxtweets(*arguments)
    assert ended.status == 1
    assert "# 10 posts of the budget of 20 posts a day are spent" in ended.err
    assert "the budget of 20 posts a day is spent" in ended.err.splitlines()[-1]
    assert len(ended.out.splitlines()) <= 20
    ended = rxtweets(*arguments)
    assert (ended.status, ended.out) == (1, "")
    assert Budget(posts=20, path=path).left() == 0


def test_the_books_are_the_users(rxtweets: Command) -> None:
    """Without a file there is one for all commands that have a budget."""
    assert rxtweets("search", "cat", "--limit", "10", "--budget", "1usd/day").status == 0
    ended = rxtweets("search", "cat lang:ja", "--limit", "10", "--budget", "0.1usd/day")
    assert ended.status == 1
    assert "the budget of $0.10 a day is spent" in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sample", "--budget", "5"), "'5' is not a limit such as 5usd/day"),
        (("sample", "--budget", "5usd/week"), "is not a limit such as"),
        (("sample", "--budget", "0usd/day"), "is not a limit such as"),
        (("sample", "--budget", "$5posts/day"), "is not a limit such as"),
        (("sample", "--budget", "1.5posts/day"), "the number of posts has to be whole"),
        (("sample", "--budget-file", "x"), "--budget-file needs --budget"),
        (("sample", "--api", "v1", "--budget", "$5/day"), "--budget is for v2"),
    ],
)
def test_wrong_limits(rxtweets: Command, arguments: tuple[str, ...], message: str) -> None:
    """They are usage errors."""
    ended = rxtweets(*arguments)
    assert ended.status == 2
    assert message in ended.err


@pytest.mark.parametrize("limit", ["$5/day", "5usd/day", "5 USD / day", "1,000posts/hour", "1post/month"])
def test_forms_of_a_limit(rxtweets: Command, emulator: Emulator, limit: str) -> None:
    """Dollars or posts, an hour, a day or a month."""
    emulator.rate = 100
    assert rxtweets("sample", "--limit", "1", "--emulator", "--budget", limit).status == 0
