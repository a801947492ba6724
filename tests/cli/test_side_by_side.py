"""Several filters side by side, on one connection of either protocol."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator, Limits

from .command import PATIENCE, Command, Running, in_a_terminal, running

FILTERED = {"v1": "/1.1/statuses/filter.json", "v2": "/2/tweets/search/stream"}
RULES = "/2/tweets/search/stream/rules"
CATS_AND_DOGS = ("filter", "--track", "cat", "--and-track", "dog")

APIS = pytest.mark.parametrize("api", ["v1", "v2"])


@pytest.fixture
def quiet(emulator: Emulator) -> Emulator:
    """Return the emulator, which only publishes what a test does."""
    emulator.rate = 0
    return emulator


def wait_for_both(emulator: Emulator, command: Running) -> None:
    """Wait until cats and dogs come: on a slow machine, v1.1 may be asked for cats alone at first."""
    for text in ("cat", "dog"):
        while not emulator.publish(text):
            pass
        command.line()


@APIS
def test_each_post_names_its_filters(quiet: Emulator, api: str) -> None:
    """A post that matches two filters is shown once and names both; all share one connection."""
    with running(*CATS_AND_DOGS, "--api", api) as command:
        assert command.notice().startswith("# connected")
        wait_for_both(quiet, command)
        for text in ("a cat", "dog and cat", "a bird", "a dog"):
            quiet.publish(text)
        shown = [command.line() for _ in range(3)]
        assert [re.sub(r"^[\d:]+ | @\w+", "", line).strip() for line in shown] == [
            "[cat] a cat",
            "[cat] [dog] dog and cat",
            "[dog] a dog",
        ]
        ended = command.end(signal.SIGINT)
    assert ended == (130, "", "")
    *_, last = [request for request in quiet.requests if request.path == FILTERED[api]]
    assert api == "v2" or last.form["track"] == "cat,dog"
    assert quiet.rules == ()


@APIS
def test_json_names_them_too(quiet: Emulator, api: str) -> None:
    """--json adds one key to what was received."""
    with running(*CATS_AND_DOGS, "--api", api, "--json") as command:
        command.notice()
        wait_for_both(quiet, command)
        quiet.publish("dog and cat")
        post = json.loads(command.line())
        command.end(signal.SIGINT)
    assert post.pop("matching_filters") == ["cat", "dog"]
    assert "dog and cat" in (post["text"] if api == "v1" else post["data"]["text"])


@APIS
def test_a_limit_counts_posts(rxtweets: Command, emulator: Emulator, api: str) -> None:
    """--limit counts each post once, and the rules are removed at the end."""
    ended = rxtweets(*CATS_AND_DOGS, "--and-track", "cat,dog", "--api", api, "--limit", "7")
    assert (ended.status, len(ended.out.splitlines())) == (0, 7), ended.err
    assert all("[cat,dog]" in line for line in ended.out.splitlines())
    assert ended.err.count("# connected") == 1
    assert emulator.rules == ()


@APIS
def test_all_kinds_of_filters(quiet: Emulator, api: str) -> None:
    """Users, boxes and words may stand beside each other, and a language holds for all of them."""
    options = ("--and-follow", "42", "--and-locations=1,2,3,4", "--language", "en", "--language", "es")
    with running("filter", "--and-track", "cat", *options, "--api", api) as command:
        command.notice()
        quiet.publish("cat", lang="de")
        quiet.publish("cat", lang="es")
        quiet.publish("hello", lang="en", author=42)
        assert [" ".join(command.line().split()[1::2]) for _ in range(2)] == ["[cat] cat", "[42] hello"]
        command.end(signal.SIGINT)


def test_a_file_of_rules(quiet: Emulator, tmp_path: Path) -> None:
    """Each line of a file is a filter; in TOML the tag is its name, which several may share (v2)."""
    plain, toml = tmp_path / "plain", tmp_path / "rules.toml"
    plain.write_text("cat OR lynx\n\n-is:retweet  dog\n")
    toml.write_text("".join(f"[[rule]]\nvalue = '{word}'\ntag = 'birds'\n" for word in ("wren", "owl")))
    for file, texts, marks in (
        (plain, ("a lynx", "a dog"), ["[cat OR lynx]", "[-is:retweet dog]"]),
        (toml, ("a wren", "wren and owl"), ["[birds]", "[birds]"]),
    ):
        with running("filter", "--file", str(file)) as command:
            command.notice()
            for text in texts:
                quiet.publish(text)
            assert [command.line()[9:].partition(" @")[0] for _ in texts] == marks
            command.end(signal.SIGINT)


def test_a_file_of_words(rxtweets: Command, emulator: Emulator) -> None:
    """On v1.1 lines are words as --track takes them; those that only a rule can say are refused."""
    ended = rxtweets("filter", "--file", "-", "--api", "v1", "--limit", "3", stdin=b"red panda,koala\n")
    assert (ended.status, ended.out.count("[red panda,koala]")) == (0, 3), ended.err
    before = emulator.requests
    for line in ("cat has:images", "cat OR dog", "cat -dog"):
        ended = rxtweets("filter", "--file", "-", "--api", "v1", stdin=line.encode())
        assert (ended.status, ended.out) == (1, "")
        assert ended.err == f"Error: -: {line!r} is a rule, which needs v2; v1.1 tracks words\n"
    assert emulator.requests == before


def test_a_refused_filter(quiet: Emulator) -> None:
    """A filter that X refuses is told once, and the others go on."""
    with running(*CATS_AND_DOGS, "--and-rule", "foo:bar", "--unchecked") as command:
        told = [command.notice(), command.notice()]
        assert sorted(told)[0].startswith("# X refuses foo:bar: ")
        assert sorted(told)[1].startswith("# connected")
        quiet.publish("a dog")
        assert "[dog]" in command.line()
        assert command.end(signal.SIGINT).err == ""


def test_every_filter_refused(rxtweets: Command, emulator: Emulator) -> None:
    """When no filter is left, that is an error."""
    ended = rxtweets("filter", "--and-rule", "foo:bar", "--and-rule", "foo:baz", "--unchecked")
    assert (ended.status, ended.out, emulator.rules) == (1, "", ())
    assert re.fullmatch(r"(# X refuses foo:ba[rz]: .*\n){2}Error: no filter is left\n", ended.err)


def test_more_filters_than_rules() -> None:
    """Filters for which the app has no rule left beside the hub's own are told, and the others go on."""
    rules = [f"--and-rule={word} has:media" for word in ("cat", "dog", "bird")]
    with Emulator(rate=0, limits=Limits(rules=2)) as emulator:
        with running("filter", *rules, env=emulator.env()) as command:
            told = sorted(command.notice() for _ in range(3))
            assert told[0].startswith("# connected")
            for word, line in zip(("bird", "dog"), told[1:], strict=True):
                assert line.startswith("# the app may have 2 rules")
                assert f"none for '{word} " in line
            assert command.end(signal.SIGINT) == (130, "", "")
        assert emulator.rules == ()


def test_more_than_a_request_asks_for(rxtweets: Command, emulator: Emulator) -> None:
    """More words than v1.1 tracks are an error, and nothing is sent."""
    words = "\n".join(f"word{n}" for n in range(401))
    ended = rxtweets("filter", "--file", "-", "--api", "v1", stdin=words.encode())
    assert (ended.status, ended.out, emulator.requests) == (1, "", ())
    assert ended.err == "Error: track takes at most 400 phrases, got 401\n"


@APIS
def test_a_final_error(rxtweets: Command, emulator: Emulator, api: str) -> None:
    """An error of the connection is one line, however many filters there are."""
    emulator.answer(403, path=FILTERED[api])
    ended = rxtweets(*CATS_AND_DOGS, "--api", api)
    assert (ended.status, ended.out, emulator.rules) == (1, "", ())
    assert re.fullmatch(r"Error: HTTP 403 Forbidden.*\n", ended.err)


def test_reconnecting_is_told_once(quiet: Emulator) -> None:
    """Events of the connection are told once."""
    with running(*CATS_AND_DOGS) as command:
        assert command.notice() == "# connected to the v2 stream\n"
        quiet.close_streams()
        assert re.fullmatch(r"# reconnecting because .+\n", command.notice())
        assert command.notice() == "# connected to the v2 stream\n"
        assert command.end(signal.SIGTERM) == (143, "", "")
    assert quiet.rules == ()


def test_a_reader_that_leaves(emulator: Emulator) -> None:
    """Piped into something that stops reading, it ends quietly and removes its rules."""
    with running(*CATS_AND_DOGS) as command:
        assert command.process.stdout is not None
        command.line()
        command.process.stdout.close()
        command.process.stdout = None
        assert command.process.wait(PATIENCE) == 141
    assert emulator.rules == ()


def test_rules_that_stay_are_told(quiet: Emulator) -> None:
    """When its rules can't be removed, it says which tags they have."""
    with running(*CATS_AND_DOGS) as command:
        command.notice()
        quiet.answer(403, path=RULES)
        ended = command.end(signal.SIGTERM)
    assert (ended.status, ended.out) == (143, "")
    assert re.fullmatch(r"Warning: rules with tags that begin with rxtweets-hub: .*HTTP 403.*\n", ended.err)


def test_a_mistake_in_one(rxtweets: Command, emulator: Emulator) -> None:
    """A rule with a mistake is shown with its place, and nothing is sent."""
    ended = rxtweets(*CATS_AND_DOGS, "--and-rule", "cat has:imagse")
    assert (ended.status, ended.out, emulator.requests) == (1, "", ())
    assert "  cat has:imagse\n      ^^^^^^^^^^\n" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--and-rule", "cat", "--api", "v1"], "--rule needs v2"),
        (["--and-rule", "cat", "--language", "en"], "lang:en"),
        (["--and-track", "cat", "--api", "v1", "--ask", "tweet.fields=geo"], "--ask is for v2"),
        (["--and-track", ""], "all are empty"),
        (["--track", "cat", "--and-follow", "bob"], "follow takes numeric ids"),
        (["--and-track", "--json"], "'--and-track' requires an argument"),
        (["--and-trakc", "cat"], "--and-track"),
    ],
)
def test_wrong_options(rxtweets: Command, arguments: list[str], said: str) -> None:
    """Options that don't go together are explained, with status 2."""
    ended = rxtweets("filter", "--emulator", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), ("\n", "no rules in it")])
def test_wrong_files(rxtweets: Command, tmp_path: Path, content: str | None, said: str) -> None:
    """A file that isn't there, or has no filter, is an error of one line."""
    file = tmp_path / "filters"
    if content is not None:
        file.write_text(content)
    ended = rxtweets("filter", "--emulator", "--file", str(file))
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert said in ended.err


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_colour_for_each(no_color: str) -> None:
    """On a terminal each filter has a colour of its own, unless NO_COLOR is set."""
    names = {"coffee": 32, "tea": 33}
    arguments = ["filter", "--track", "coffee", "--and-track", "tea", "--emulator", "--limit", "20"]
    shown = in_a_terminal(arguments, 80, NO_COLOR=no_color)
    for name, hue in names.items():
        assert (f"\x1b[{hue}m[{name}]\x1b[0m" in shown) is not bool(no_color)
        assert f"[{name}]" in shown
