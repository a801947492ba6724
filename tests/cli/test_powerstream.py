"""`rxtweets powerstream`, and the rules of Powerstream, against an emulator."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rxtweets import Budget
from rxtweets.emulator import Emulator

from .command import Command, running

RULES = "/2/powerstream/rules"


def test_it_needs_nothing(rxtweets: Command) -> None:
    """On the emulator it streams by rules of its own, in the forms of `filter`."""
    ended = rxtweets("powerstream", "--track", "python", "--emulator", "--limit", "3")
    assert (ended.status, len(ended.out.splitlines())) == (0, 3), ended.err
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d @\w+ .*python.*", one, re.I) for one in ended.out.splitlines())
    ended = rxtweets(
        "powerstream", "--rule", "contains:pand", "--emulator", "--limit", "2", "--csv", "--fields",
        "user.screen_name,matching_rules.tag",
    )  # fmt: skip
    header, *rows = ended.out.splitlines()
    assert header == "user.screen_name,matching_rules.tag"
    assert len(rows) == 2
    assert "rxtweets-cli-" in rows[0]


def test_the_rules_that_are_there(rxtweets: Command, emulator: Emulator) -> None:
    """Without --track and the like it sends what the account's rules match, and changes none."""
    assert rxtweets("rules", "add", "python", "--powerstream", "--tag", "mine").status == 0
    ended = rxtweets("powerstream", "--local-dc-only", "--limit", "2", "--json")
    assert ended.status == 0, ended.err
    for line in ended.out.splitlines():
        assert [rule["tag"] for rule in json.loads(line)["matching_rules"]] == ["mine"]
    assert "# data centre: atla" in ended.err
    assert [rule.value for rule in emulator.powerstream_rules] == ["python"]
    assert [one.method for one in emulator.requests if one.path == RULES] == ["POST"]


def test_rules_of_its_own_go(emulator: Emulator) -> None:
    """The rules that it has added go when it is ended, which makes two requests."""
    with running("powerstream", "--rule", "python", "--backfill", "1") as command:
        assert command.line()
        (rule,) = emulator.powerstream_rules
        assert re.fullmatch(r"rxtweets-cli-[0-9a-f]{8}", rule.tag or "")
        ended = command.end(signal.SIGINT)
    assert (ended.status, emulator.powerstream_rules) == (130, ())
    assert [one.method for one in emulator.requests if one.path == RULES] == ["POST", "DELETE"]


def test_filters_side_by_side(emulator: Emulator, tmp_path: Path) -> None:
    """Those of --and-… and of a file stand beside the first, for the same two requests."""
    file = tmp_path / "filters.toml"
    file.write_text('[[rule]]\nvalue = "contains:pand"\ntag = "bears"\n', encoding="utf-8")
    emulator.rate = 0
    arguments = ("--track", "cat", "--and-rule", "cat OR dog", "--file", str(file))
    with running("powerstream", *arguments, "--json") as command:
        emulator.wait_for_streams(1, 30)
        for text in ("a cat", "a dog", "pandas"):
            emulator.publish(text)
        found = [json.loads(command.line())["matching_filters"] for _ in range(3)]
        command.end(signal.SIGINT)
    assert found == [["cat", "cat OR dog"], ["cat OR dog"], ["bears"]]
    assert [one.method for one in emulator.requests if one.path == RULES] == ["POST", "DELETE"]
    assert emulator.powerstream_rules == ()


def test_a_budget(rxtweets: Command, tmp_path: Path) -> None:
    """It ends when so many posts were delivered."""
    path = tmp_path / "books"
    ended = rxtweets(
        "powerstream", "--track", "python", "--emulator", "--budget", "5posts/day", "--budget-file", str(path)
    )
    assert ended.status == 1
    assert "the budget of 5 posts a day is spent" in ended.err
    assert Budget(posts=5, path=path).left() == 0


def test_a_window(rxtweets: Command, emulator: Emulator) -> None:
    """--since and --until replay a window; the command ends with it."""
    emulator.rate = 0
    rxtweets("rules", "add", "cat", "--powerstream")
    emulator.skew(-120)
    emulator.publish("a cat", author="ada")
    emulator.skew(0)
    now = datetime.now(UTC)
    since, until = ((now - timedelta(minutes=n)).isoformat() for n in (5, 1))
    ended = rxtweets("powerstream", "--since", since, "--until", until)
    assert (ended.status, ended.out[8:]) == (0, " @ada a cat\n"), ended.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--rule", "cat sample:10"), 1, "Powerstream has no sample:"),
        (("--track", "#cat"), 1, "Powerstream has no #hashtag"),
        (("--emulator",), 2, "say what to match"),
        (("--language", "en"), 2, "--language needs --track"),
        (("cat",), 2, "Did you mean --track cat?"),
        (("--rule", "cat", "--backfill", "6"), 2, "--backfill"),
        (("--since", "yesterday"), 2, "start_time must be an aware datetime or text"),
        (("--ask", "tweet.fields=id"), 2, "--ask"),
    ],
)
def test_wrong_arguments(
    rxtweets: Command, emulator: Emulator, arguments: tuple[str, ...], status: int, message: str
) -> None:
    """Nothing is sent, and the error says what would be right."""
    ended = rxtweets("powerstream", *arguments)
    assert ended.status == status, ended.err
    assert message in ended.err
    assert emulator.requests == ()


def test_managing_its_rules(rxtweets: Command, emulator: Emulator) -> None:
    """`rules --powerstream` adds, lists and deletes its rules, not those of the filtered stream."""
    added = rxtweets("rules", "add", "cat has:videos", "contains:anda", "--tag", "animals", "--powerstream")
    assert added.status == 0, added.err
    assert rxtweets("rules", "list", "--powerstream") == added
    assert emulator.rules == ()
    assert rxtweets("rules", "delete", "--tag", "animals", "--powerstream").out == "2 rules deleted\n"
    assert emulator.powerstream_rules == ()
    ended = rxtweets("rules", "list", "--powerstream", "--emulator")
    assert (ended.status, ended.out) == (0, "")


def test_sync_looks_once(rxtweets: Command, emulator: Emulator, tmp_path: object) -> None:
    """A sync of Powerstream's rules takes no more requests than it must."""
    file = f"{tmp_path}/rules.toml"
    with open(file, "w", encoding="utf-8") as rules:
        rules.write('[[rule]]\nvalue = "cat"\ntag = "cats"\n')
    ended = rxtweets("rules", "sync", file, "--powerstream")
    assert ended.out == "+ cat  (tag: cats)\n1 to add, 0 to delete, 0 to keep\ndone\n"
    assert [(one.method, one.path) for one in emulator.requests] == [("GET", RULES), ("POST", RULES)]
    ended = rxtweets("rules", "sync", file, "--powerstream", "--dry-run")
    assert ended.out.endswith("0 to add, 0 to delete, 1 to keep\n")


def test_the_dialect(rxtweets: Command, emulator: Emulator) -> None:
    """Rules are checked and explained in Powerstream's dialect."""
    assert rxtweets("rules", "validate", "contains:anda", "--powerstream").status == 0
    assert rxtweets("rules", "validate", "contains:anda").status == 1
    ended = rxtweets("rules", "validate", "#cat", "--powerstream")
    assert "Powerstream has no #hashtag" in ended.err
    ended = rxtweets("rules", "explain", "retweets_of_status_id:5", "--powerstream")
    assert ended.out.startswith("retweets_of_status_id:5\n")
    ended = rxtweets("rules", "validate", "cat", "--powerstream", "--remote")
    assert (ended.status, emulator.requests) == (2, ())


def test_the_days_requests_are_used_up(rxtweets: Command, emulator: Emulator) -> None:
    """The error says that there are 50 a day."""
    for _ in range(50):
        rxtweets("rules", "list", "--powerstream")
    ended = rxtweets("rules", "list", "--powerstream")
    assert ended.status == 1
    assert "Powerstream takes 50 requests a day for its rules" in ended.err
