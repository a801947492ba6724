"""`rxtweets search`, `counts` and `usage`, against an emulator."""

from __future__ import annotations

import json
import re

import pytest

from rxtweets.cli.past import chart
from rxtweets.emulator import Emulator

from .command import Command


@pytest.fixture(autouse=True)
def posts(emulator: Emulator) -> None:
    """Publish twelve posts, half a day apart for the clock, and let them be found."""
    emulator.rate = 0
    for n in range(12):
        emulator.publish(f"cat {n}", author="ada")
    emulator.skew(60)


def test_search(rxtweets: Command) -> None:
    """Posts are lines, newest first; stderr tells by what search differs from a stream."""
    ended = rxtweets("search", "cat -dog", "--limit", "3")
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    assert [re.fullmatch(r"\d\d:\d\d:\d\d @ada cat (\d+)", line)[1] for line in lines] == ["11", "10", "9"]  # type: ignore[index]
    assert "# no retweets are found, as the query has keywords" in ended.err


def test_search_as_json_and_csv(rxtweets: Command) -> None:
    """Each form of `filter` is there, and so are its fields."""
    ended = rxtweets("search", "from:ada", "--json", "--ask", "tweet.fields=source")
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert len(found) == 12
    assert all(one["data"]["source"] and one["includes"]["users"][0]["username"] == "ada" for one in found)
    ended = rxtweets("search", "from:ada", "--csv", "--fields", "id,author.username", "--limit", "1")
    assert ended.out.splitlines()[0] == "id,author.username"


def test_a_search_ends_unasked(rxtweets: Command, emulator: Emulator) -> None:
    """After 100 posts: each is charged."""
    for n in range(100):
        emulator.publish(f"cat {n}")
    emulator.skew(120)
    assert len(rxtweets("search", "cat").out.splitlines()) == 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "cat sample:10"), "search has no sample:"),
        (("search", "cat", "--since", "yesterday"), "start_time must be an aware datetime or text"),
        (("search", "cat", "--limit", "0"), "--limit"),
        (("counts", "cat ("), "parenthesis"),
        (("counts", "cat", "--granularity", "week"), "--granularity"),
        (("usage", "--days", "91"), "--days"),
    ],
)
def test_wrong_arguments(rxtweets: Command, arguments: tuple[str, ...], message: str) -> None:
    """They are usage errors, and nothing is sent."""
    ended = rxtweets(*arguments)
    assert ended.status == 2
    assert message in ended.err


def test_counts(rxtweets: Command) -> None:
    """A line for each day with a bar, and the total; or JSON."""
    ended = rxtweets("counts", "cat", env={"COLUMNS": "60"})
    assert ended.status == 0, ended.err
    *days, total = ended.out.splitlines()
    assert total == "12 posts in all, times in UTC"
    assert 7 <= len(days) <= 8
    assert all(re.match(r"20\d\d-\d\d-\d\d  +\d+", line) and len(line) <= 60 for line in days)
    assert any("█" in line for line in days)
    ended = rxtweets("counts", "cat", "--granularity", "hour", "--json")
    assert sum(json.loads(line)["count"] for line in ended.out.splitlines()) == 12


def test_usage(rxtweets: Command) -> None:
    """Posts that searches were delivered count, by day and app; then comes what is left of the cap."""
    rxtweets("search", "cat", "--limit", "12")
    ended = rxtweets("usage", "--days", "3")
    lines = ended.out.splitlines()
    assert len(lines) == 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d +12 █+", lines[2])
    assert re.fullmatch(r"app \d+: 12 posts", lines[3])
    assert lines[4] == "12 of 100,000,000 posts, reset on day 1 of the month"
    told = json.loads(rxtweets("usage", "--json").out)
    assert (told["used"], sum(told["days"].values())) == (12, 12)


def test_an_emulator_with_a_past(rxtweets: Command, emulator: Emulator) -> None:
    """With `--emulator` each command has a week to look at, made for what it asks, and no account."""
    empty = dict.fromkeys(emulator.env(), "")
    ended = rxtweets("search", "koala", "--emulator", "--limit", "5", "--json", env=empty)
    assert ended.status == 0, ended.err
    posts = [json.loads(line)["data"] for line in ended.out.splitlines()]
    assert len(posts) == 5
    assert all("koala" in post["text"].lower() for post in posts)
    ended = rxtweets("counts", "koala", "--emulator", env=empty)
    assert re.search(r"^\d\d+ posts in all", ended.out, re.MULTILINE)
    ended = rxtweets("usage", "--days", "3", "--emulator", env=empty)
    days = re.findall(r"^20\d\d-\d\d-\d\d +(\d+)", ended.out, re.MULTILINE)
    assert len(days) == 3
    assert min(map(int, days[:2])) >= 100  # the third may just have begun
    assert ended.out.count("█") > 20
    assert "1,000 of 3,000,000 posts" in ended.out
    ended = rxtweets("cost", "koala", "panda", "--emulator", env=empty)
    assert re.search(r"^ +\d+ .*all 2$", ended.out, re.MULTILINE)
    ended = rxtweets("search", "koala (", "--emulator", env=empty)
    assert (ended.status, ended.out) == (2, "")
    assert emulator.requests == ()


def test_a_chart_fits() -> None:
    """The longest bar takes what room there is, and the others their share, to an eighth of a character."""
    lines = chart(["a", "bb"], [1000, 130], 40)
    assert max(map(len, lines)) <= 40
    assert lines[0].count("█") > 7 * lines[1].count("█")
    assert chart([], [], 40) == []
    assert chart(["a"], [0], 40) == ["a  0"]
