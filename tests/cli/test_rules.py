"""`rxtweets rules` against an emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from rxtweets.testing import limit_json, post_json, status_json

from .command import Command

RULES = "/2/tweets/search/stream/rules"

NO_RULES = (0, "", "the app has no rules\n")
"""The result of `list` where there are none: nothing on stdout, which may be a pipe."""


def there(emulator: Emulator) -> set[tuple[str, str | None]]:
    return {(rule.value, rule.tag) for rule in emulator.rules}


def test_added_listed_deleted(rules: Command, emulator: Emulator) -> None:
    """Rules are added with a tag, listed with their ids, and deleted by id, text or tag."""
    added = rules("add", "cat has:images", '"red panda"', "-has:links dog", "--tag", "animals")
    assert added.status == 0, added.err
    listed = rules("list")
    assert listed == added
    assert [line.split("  ")[1:] for line in listed.out.splitlines()] == [
        ["cat has:images", "(tag: animals)"],
        ['"red panda"', "(tag: animals)"],
        ["-has:links dog", "(tag: animals)"],
    ]
    first = listed.out.split()[0]
    assert rules("delete", first, "--value", '"red panda"') == (0, "2 rules deleted\n", "")
    assert rules("delete", "--tag", "animals") == (0, "1 rule deleted\n", "")
    assert rules("list") == NO_RULES


def test_json(rules: Command, emulator: Emulator) -> None:
    """--json prints each rule as an object."""
    added = rules("add", "cat", "--json")
    assert json.loads(added.out)["value"] == "cat"
    assert json.loads(rules("list", "--json").out) == json.loads(added.out)
    assert json.loads(rules("counts", "--json").out)["rules"] == 1


def test_counts(rules: Command, emulator: Emulator) -> None:
    """The counts and limits of the app and of its project are printed."""
    rules("add", "cat")
    assert rules("counts").out == "app:     1 rule of 25,000\nproject: 1 rule of 25,000\n"


def test_mistakes_are_not_sent(rules: Command, emulator: Emulator) -> None:
    """A rule with a mistake keeps all of them from being added, unless it is to be sent unchecked."""
    ended = rules("add", "dog", "cat has:imagse")
    assert (ended.status, ended.out, emulator.requests) == (1, "", ())
    assert "cat has:imagse\n      ^^^^^^^^^^\n  did you mean has:images?" in ended.err
    ended = rules("add", "dog", "cat has:imagse", "--unchecked")
    assert (ended.status, there(emulator)) == (1, {("dog", None)})
    assert ended.err.startswith("Error: X refuses cat has:imagse: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("delete", "--tag", "none"), "no rule has the tag 'none'"),
        (("delete", "12345"), "Rule does not exist"),
        (("sync", "missing.toml"), "missing.toml: No such file"),
        (("test", "cat", "--on", "missing.jsonl"), "missing.jsonl: No such file"),
    ],
)
def test_errors_are_a_line(rules: Command, emulator: Emulator, arguments: tuple[str, ...], said: str) -> None:
    """A failure is one line on stderr, and status 1."""
    ended = rules(*arguments)
    assert (ended.status, ended.err.count("\n")) == (1, 1), ended.err
    assert ended.err.startswith("Error: ")
    assert said in ended.err


def test_refused_by_the_server(rules: Command, emulator: Emulator) -> None:
    """An answer that is no success is a line too."""
    emulator.answer(403, path=RULES)
    ended = rules("list")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("Error: HTTP 403 Forbidden")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add",), "at least one rule"),
        (("delete",), "Say which rules"),
        (("validate",), "at least one rule"),
        (("add", "cat", "--tga", "x"), "--tag"),
        (("add", "cat", "--tag", "--json"), "'--tag' requires an argument"),
        (("test", "cat", "--on", "--json"), "'--on' requires an argument"),
        (("delete", "abc"), "'abc' isn't an id, as rules list prints it"),
        (("from-track", "--language", "en"), "at least one of track, follow, locations"),
        (("from-track", "--follow", "bob"), "bob"),
        (("lsit",), "'list'"),
    ],
)
def test_wrong_options(rules: Command, emulator: Emulator, arguments: tuple[str, ...], said: str) -> None:
    """Without rules, with an option there isn't or with a value that is none, it is a wrong use."""
    ended = rules(*arguments)
    assert (ended.status, ended.out, emulator.requests) == (2, "", ())
    assert said in ended.err


def test_help_of_one_letter(rules: Command, emulator: Emulator) -> None:
    """-h is --help also where rules are taken that begin with -h, which still are rules."""
    for command in ("add", "validate", "explain", "test", "list", "delete", "sync", "counts", "from-track"):
        asked = rules(command, "-h")
        assert (asked.status, asked.err) == (0, "")
        assert asked == rules(command, "--help")
    assert rules("add", "-has:links dog").status == 0
    assert rules("validate", "--", "-h").status == 1


def test_wide_characters_are_pointed_at(rules: Command) -> None:
    """The caret stands below the mistake, however many code points make one emoji."""
    for before in ("👍🏽", "👩‍👩‍👧", "🇩🇪", "日", "❤️"):
        shown = rules("validate", f"{before} has:imagse").err.splitlines()
        assert shown[1:3] == [f"  {before} has:imagse", "  " + " " * 3 + "^" * 10]
    shown = rules("validate", "é has:imagse").err.splitlines()
    assert shown[2] == "  " + " " * 2 + "^" * 10


def test_emulator(rules: Command) -> None:
    """--emulator needs no credentials; its server knows no rules yet."""
    assert rules("list", "--emulator") == NO_RULES


def test_validated_offline(rules: Command) -> None:
    """Every rule with every problem, each with where it is and what would be right; 1 if there is any."""
    assert rules("validate", "cat", "-is:retweet cat") == (0, "ok  cat\nok  -is:retweet cat\n", "")
    ended = rules("validate", "cat", "fron:ada has:imagse", "-has:images")
    assert (ended.status, ended.out) == (1, "ok  cat\n")
    assert "  fron:ada has:imagse\n  ^^^^" in ended.err
    assert "did you mean has:images?" in ended.err
    assert ended.err.endswith("2 of 3 rules would be refused\n")
    assert rules("validate", "a" * 1025).status == 1
    assert rules("validate", "a" * 1025, "--enterprise").status == 0


def test_validated_from_files(rules: Command, tmp_path: Path) -> None:
    """A file has a rule a line, or is TOML; `-` is stdin. #-tags begin rules, not comments."""
    lines = tmp_path / "rules.txt"
    lines.write_text("#cat\n\n dog \n", encoding="utf-8")
    table = tmp_path / "rules.toml"
    table.write_text('[[rule]]\nvalue = "bird"\n', encoding="utf-8")
    assert rules("validate", "--file", str(lines)).out == "ok  #cat\nok  dog\n"
    assert rules("validate", "--file", str(table)).out == "ok  bird\n"
    assert rules("validate", "--file", "-", stdin=b"ox\n").out == "ok  ox\n"
    assert rules("validate", "-", stdin=table.read_bytes()).out == "ok  bird\n"
    assert rules("validate", "-", stdin=b"\n").status == 1
    assert rules("validate", "-", stdin=b"\xff").err == "Error: -: not UTF-8 text\n"


def test_validated_by_x(rules: Command, emulator: Emulator) -> None:
    """--remote has the server check as well, and adds nothing."""
    assert rules("validate", "cat", "--remote") == (0, "ok  cat\n", "")
    ended = rules("validate", "cat", "lang:en", "--remote")
    assert (ended.status, ended.out, emulator.rules) == (1, "ok  cat\n", ())
    assert "Error: X refuses lang:en" in ended.err


def test_validated_as_json(rules: Command) -> None:
    """--json prints each rule with its problems."""
    ended = rules("validate", "cat", "lang:en", "--json")
    good, bad = map(json.loads, ended.out.splitlines())
    assert (ended.status, good) == (1, {"value": "cat", "problems": [], "remote": []})
    (problem,) = bad["problems"]
    assert (problem["position"], problem["end"]) == (0, 7)


def test_explained(rules: Command) -> None:
    """The canonical text, what it means, and what to ask for."""
    ended = rules("explain", "(cat   OR(dog)) -is:retweet sample:10")
    assert ended.status == 0
    assert ended.out.startswith(
        "(cat OR dog) -is:retweet sample:10\n\nA post matches that\n  all of\n    at least one of\n"
        "      has the word “cat”\n      has the word “dog”\n    NOT: is a retweet\n"
    )
    assert "\n  tweet.fields=entities,note_tweet,referenced_tweets\n" in ended.out
    assert ended.out.endswith("Only X can evaluate: sample:\n")


def test_explained_though_refused(rules: Command) -> None:
    """A rule that X refuses is explained as far as it can be read, and the status is 1."""
    ended = rules("explain", "has:images")
    assert (ended.status, "has a photo" in ended.out) == (1, True)
    assert "X would refuse it:\nno operator here makes a rule" in ended.err
    ended = rules("explain", "cat (dog")
    assert (ended.status, ended.out) == (1, "")
    assert "cat (dog\n      ^" in ended.err


POSTS = b"\n".join(
    [
        post_json("a cat", id="1", lang="en"),
        b"",
        post_json("a dog", id="2", lang="en"),
        b"{nope",
        post_json("a cat", id="3"),
        limit_json(1),
    ]
)


def test_tested(rules: Command) -> None:
    """Posts that match and don't with the reasons, those that can't be told, and how many of each."""
    ended = rules("test", "cat lang:en", "--on", "-", stdin=POSTS)
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert [line[:3].strip() for line in lines[:6:2]] == ["yes", "no", "?"]
    assert lines[1].strip() == "cat: yes; lang:en: yes"
    assert lines[3].strip() == "cat: no; lang:en: yes"
    assert lines[5].strip() == "cat: yes; lang:en: cannot be told without tweet.fields=lang"
    assert lines[6:] == [
        "3 posts: 1 match, 1 don't, 1 can't be told",
        "  tweet.fields=lang would decide 1 post",
    ]
    assert ended.err.splitlines()[0].startswith("# line 4 skipped: it is not JSON")
    assert ended.err.splitlines()[1] == "# line 6 skipped: it is a Limit, not a post"


def test_tested_on_statuses(rules: Command) -> None:
    """Statuses of v1.1, as Powerstream sends them, are tested, too."""
    statuses = b"\n".join([status_json("a catapult", id=1), status_json("a dog", id=2)])
    ended = rules("test", "contains:tapu has:lang", "--on", "-", "--json", stdin=statuses)
    assert [(one["id"], one["verdict"]) for one in map(json.loads, ended.out.splitlines())] == [
        ("1", True),
        ("2", False),
    ]


def test_tested_with_all_fields(rules: Command) -> None:
    """--complete takes what is absent as empty; --seed lets sample: be told."""
    assert (
        "1 match, 2 don't, 0 can't"
        in rules("test", "cat lang:en", "--complete", "--on", "-", stdin=POSTS).out
    )
    assert "3 can't" in rules("test", "a sample:50", "--on", "-", stdin=POSTS).out
    assert "0 can't" in rules("test", "a sample:50", "--seed", "4", "--on", "-", stdin=POSTS).out


def test_tested_as_json(rules: Command) -> None:
    """--json prints a verdict a post, and the summary on stderr."""
    ended = rules("test", "cat lang:en", "--json", "--on", "-", stdin=POSTS)
    first, _, last = map(json.loads, ended.out.splitlines())
    assert (first["id"], first["verdict"], last["verdict"]) == ("1", True, None)
    assert last["unknown"] == ["tweet.fields=lang"]
    assert last["why"][0] == {"term": "cat", "verdict": True, "unknown": []}
    assert "3 posts: 1 match" in ended.err


def test_tested_on_no_posts(rules: Command) -> None:
    """A file without any post is an error, an empty one is not."""
    assert rules("test", "cat", "--on", "-", stdin=b"nope\n").status == 1
    assert rules("test", "cat", "--on", "-", stdin=b"").status == 0


def test_posts_drive_no_terminal(rules: Command) -> None:
    """The text of a post is shown without its control characters."""
    ended = rules("test", "cat", "--on", "-", stdin=post_json("\x1b]0;x\x07 \u202e cat"))
    assert all(line.isprintable() for line in ended.out.splitlines())


def test_translated(rules: Command) -> None:
    """Parameters of v1.1 become rules: a line each, JSON, or TOML for sync."""
    arguments = ("from-track", "red panda,c++", "--follow", "12", "--language", "en", "--language", "de")
    value = '(red panda OR "c++" OR from:12 OR to:12 OR retweets_of:12) (lang:en OR lang:de)'
    assert rules(*arguments) == (0, f"{value}\n", "")
    assert rules(*arguments, "--toml", "--tag", "t").out == f"[[rule]]\nvalue = '{value}'\ntag = \"t\"\n"
    assert json.loads(rules(*arguments, "--json").out) == {"id": None, "value": value, "tag": None}
    box = rules("from-track", "--locations", "-122.75,36.8,-121.75,37.8")
    assert box.out == "bounding_box:[-122.75 36.8 -121.75 37.8]\n"
    assert len(rules("from-track", ",".join(f"word{n}" for n in range(200))).out.splitlines()) == 3
    assert len(rules("from-track", *(f"word{n}" for n in range(200)), "--enterprise").out.splitlines()) == 2
