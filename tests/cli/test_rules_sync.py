"""`rxtweets rules sync`, and the TOML file that it takes and `list` writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.cli.rule_files import from_toml, toml
from rxtweets.emulator import Emulator
from rxtweets.rules import RulesClient, RulesMissing, StreamRule

from .command import Command
from .test_rules import there

FILE = """
[[rule]]
value = "cat has:images -is:retweet"
tag = "cats"

[[rule]]
value = '"red panda"'
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_synced(rules: Command, emulator: Emulator, file: Path) -> None:
    """The plan is shown as a diff and carried out; doing it again changes nothing."""
    rules("add", "dog", '"red panda"')
    shown = rules("sync", str(file), "--dry-run")
    lines = shown.out.splitlines()
    assert lines[0] == "+ cat has:images -is:retweet  (tag: cats)"
    assert lines[1].startswith("- dog  (id: ")
    assert lines[2:] == ["1 to add, 1 to delete, 1 to keep"]
    assert there(emulator) == {("dog", None), ('"red panda"', None)}
    assert rules("sync", str(file)) == (0, shown.out + "done\n", "")
    assert there(emulator) == {("cat has:images -is:retweet", "cats"), ('"red panda"', None)}
    assert rules("sync", str(file)) == (0, "0 to add, 0 to delete, 2 to keep\n", "")


def test_listed_as_the_file(rules: Command, emulator: Emulator, file: Path) -> None:
    """`list --toml` writes the file that was synced, and an empty set as one that is read, too."""
    assert rules("list", "--toml").out == "rule = []\n"
    rules("sync", str(file))
    assert rules("list", "--toml").out == FILE.lstrip()


def test_synced_to_nothing(rules: Command, emulator: Emulator) -> None:
    """Only a file that says so deletes all; one without rules is a mistake."""
    rules("add", "dog")
    assert rules("sync", "-", stdin=b"").status == 1
    assert there(emulator) == {("dog", None)}
    assert rules("sync", "-", stdin=b"rule = []").status == 0
    assert emulator.rules == ()


def test_tag_prefix(rules: Command, emulator: Emulator) -> None:
    """With --tag-prefix the rules of others stay."""
    rules("add", "dog", "--tag", "theirs")
    rules("add", "cat", "--tag", "mine-1")
    ended = rules("sync", "-", "--tag-prefix", "mine", stdin=b'[[rule]]\nvalue = "ox"\ntag = "mine-2"')
    assert ended.status == 0, ended.err
    assert there(emulator) == {("dog", "theirs"), ("ox", "mine-2")}


def test_mistakes_change_nothing(rules: Command, emulator: Emulator) -> None:
    """A rule that X would refuse is told before anything is sent."""
    ended = rules("sync", "-", stdin=b'[[rule]]\nvalue = "cat has:imagse"')
    assert (ended.status, emulator.requests) == (1, ())
    assert "did you mean has:images?" in ended.err


def test_as_json(rules: Command, emulator: Emulator, file: Path) -> None:
    """--json prints the plan."""
    plan = json.loads(rules("sync", str(file), "--json").out)
    assert [len(plan[name]) for name in ("adds", "deletes", "keeps")] == [2, 0, 0]
    assert plan["adds"][0] == {"id": None, "value": "cat has:images -is:retweet", "tag": "cats"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "unknown key 'x'"),
        ("rule = 1", "[[rule]]"),
        ("rule = [1]", "rule 1 isn't a table"),
        ("[[rule]]", "rule 1 has no value="),
        ('[[rule]]\nvalue = "cat"\n[[rule]]\nvalue = 5', "rule 2: value has to be text"),
        ('[[rule]]\nvalue = "cat"\nlabel = "x"', "rule 1: unknown key 'label'"),
        ("[[rule", "]]"),
    ],
)
def test_what_is_no_such_file(rules: Command, text: str, said: str) -> None:
    """The error names the file, the rule in it and what is wrong."""
    ended = rules("sync", "-", stdin=text.encode())
    assert (ended.status, ended.err.count("\n")) == (1, 1), ended.err
    assert ended.err.startswith("Error: -: ")
    assert said in ended.err


@given(
    st.lists(st.tuples(st.text(min_size=1).filter(str.strip), st.none() | st.text(min_size=1)), min_size=1)
)
def test_whatever_is_written_is_read(listed: list[tuple[str, str | None]]) -> None:
    """Quotes, controls and any other characters come through the TOML file."""
    stored = [StreamRule(value.strip(), tag) for value, tag in listed]
    assert from_toml(toml(stored), "-") == stored


def test_missing_rules_are_named(
    rules: Command, emulator: Emulator, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should rules be missing in the end, the one line of the error has each of them, with its tag."""
    missing = tuple(StreamRule(f"word{n}", "old") for n in range(20))
    monkeypatch.setattr(
        RulesClient, "sync", lambda *_, **__: reactivex.throw(RulesMissing(missing, "HTTP 503"))
    )
    ended = rules("sync", str(file))
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert all(f"word{n}  (tag: old)".replace("  ", " ") in ended.err for n in range(20))
