from __future__ import annotations

import json
import re
import signal
import socket
import threading
from pathlib import Path

import pytest

from rxtweets import __version__
from rxtweets.emulator import Emulator

from .command import PATIENCE, Command, in_a_terminal, run, running

FILTERED = "/2/tweets/search/stream"
RULES = f"{FILTERED}/rules"
LINE = re.compile(r"\d\d:\d\d:\d\d @\w+ .+")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_posts_are_lines(rxtweets: Command, api: str) -> None:
    """Each post is one line of time, author and text; stdout has nothing else."""
    ended = rxtweets("filter", "--track", "python", "--emulator", "--api", api, "--limit", "5")
    lines = ended.out.splitlines()
    assert (ended.status, len(lines)) == (0, 5)
    assert all(LINE.fullmatch(line) for line in lines)
    assert all("python" in line.lower() for line in lines)
    assert ended.err.startswith("# connected to the emulator at http://127.0.0.1:")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_sample_as_json(rxtweets: Command, api: str) -> None:
    """--json prints the JSON of each post, with its author, a line each."""
    ended = rxtweets("sample", "--emulator", "--api", api, "--limit", "3", "--json")
    posts = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.status, len(posts)) == (0, 3)
    if api == "v1":
        assert all(post["user"]["screen_name"] for post in posts)
    else:
        assert all(post["includes"]["users"][0]["username"] for post in posts)
        assert all(post["data"].keys() >= {"created_at", "lang", "text"} for post in posts)


def test_follow_locations_and_language(rxtweets: Command) -> None:
    """The other parameters select posts too."""
    box = ("--locations", "-122.75,36.8,-121.75,37.8")
    ended = rxtweets(
        "filter", "--emulator", *box, "--track", "python", "--language", "es", "--limit", "2", "--json"
    )
    assert ended.status == 0, ended.err
    assert {json.loads(line)["data"]["lang"] for line in ended.out.splitlines()} == {"es"}


def test_a_rule_in_plain_words(rxtweets: Command) -> None:
    """--rule takes X's rule language."""
    ended = rxtweets("filter", "--emulator", "--rule", "cat lang:en", "--limit", "2")
    assert (ended.status, len(ended.out.splitlines())) == (0, 2), ended.err


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_and_its_rules(emulator: Emulator, number: signal.Signals, status: int) -> None:
    """However it is asked to end, its rules go, those of others stay, and the status tells of the signal."""
    with running("filter", "--track", "python") as command:
        assert LINE.match(command.line())
        (rule,) = emulator.rules
        assert re.fullmatch(r"rxtweets-cli-[0-9a-f]{8}", rule.tag or "")
        ended = command.end(number)
    assert (ended.status, emulator.rules) == (status, ())
    assert "Traceback" not in ended.err
    emulator.wait_for_streams(0)


def test_a_signal_while_rules_are_added(emulator: Emulator) -> None:
    """Rules whose adding was never answered are looked for by their tag; a second Ctrl-C changes nothing."""
    emulator.mute(path=RULES)
    with running("filter", "--track", "python") as command:
        tick = threading.Event()
        while not emulator.requests:
            tick.wait(0.01)
        command.process.send_signal(signal.SIGINT)
        ended = command.end(signal.SIGINT)
    assert (ended.status, ended.err.strip(), emulator.rules) == (130, "", ())
    assert [request.method for request in emulator.requests] == ["POST", "GET"]


def test_rules_that_stay_are_told(emulator: Emulator) -> None:
    """When its rules can't be removed, it says which tag they have."""
    with running("filter", "--track", "python") as command:
        command.line()
        (rule,) = emulator.rules
        emulator.answer(403, path=RULES)
        ended = command.end(signal.SIGTERM)
    assert ended.status == 143
    assert f"Warning: rules with the tag {rule.tag} may remain at X: HTTP 403" in ended.err


def test_it_ends_while_nothing_comes(emulator: Emulator) -> None:
    """Ctrl-C works on a silent stream."""
    emulator.stall()
    with running("filter", "--track", "python") as command:
        assert "connected" in command.notice()
        assert command.end(signal.SIGINT).status == 130
    assert emulator.rules == ()


def test_it_ends_while_it_connects(emulator: Emulator) -> None:
    """Ctrl-C works while an answer is waited for."""
    emulator.mute(path="/2/tweets/sample/stream")
    with running("sample") as command:
        tick = threading.Event()
        while not emulator.requests:
            tick.wait(0.01)
        assert command.end(signal.SIGINT) == (130, "", "")


def test_rules_of_others_stay(rxtweets: Command, emulator: Emulator) -> None:
    """Posts that only another's rule matches are not shown; a rule that is there already is used and kept."""
    theirs = rxtweets("filter", "--rule", "cat", "--limit", "1")
    assert theirs.status == 0
    with running("filter", "--rule", "cat") as other:
        other.line()
        before = emulator.rules
        assert [rule.value for rule in before] == ["cat"]
        ended = rxtweets("filter", "--track", "python,cat", "--rule", "cat", "--limit", "5")
        assert ended.status == 0, ended.err
        # Not of quotes, which match by the text that they quote as well, nor of retweets of those.
        only = rxtweets("filter", "--rule", "python -is:quote -is:retweet", "--limit", "20")
        assert all("python" in line.lower() for line in only.out.splitlines())
        twin = rxtweets("filter", "--rule", "cat", "--limit", "2")
        assert (twin.status, len(twin.out.splitlines())) == (0, 2)
        assert emulator.rules == before
    assert emulator.rules == before  # killed, it could not remove its rule; nobody else has


def test_a_reader_that_leaves(emulator: Emulator) -> None:
    """Piped into something that stops reading, it ends quietly, with the status of a broken pipe."""
    with running("filter", "--track", "python") as command:
        assert command.process.stdout is not None
        command.line()
        command.process.stdout.close()
        command.process.stdout = None
        assert command.process.wait(PATIENCE) == 141
        assert command.process.stderr is not None
        assert command.process.stderr.read().startswith("# connected")
    assert emulator.rules == ()


def test_a_stream_that_is_refused(rxtweets: Command, emulator: Emulator) -> None:
    """A final error is one line, status 1, and no rule stays."""
    emulator.answer(403, path=FILTERED)
    ended = rxtweets("filter", "--track", "python")
    assert (ended.status, ended.out, emulator.rules) == (1, "", ())
    assert re.fullmatch(r"Error: HTTP 403 Forbidden.*\n", ended.err)


def test_a_refused_body_drives_no_terminal(rxtweets: Command, emulator: Emulator) -> None:
    """The server's text is shown without its control characters."""
    emulator.answer(403, path=FILTERED, body={"title": "no", "detail": "\x1b]0;x\x07 \x9b2J \u202e"})
    ended = rxtweets("filter", "--track", "python")
    assert ended.err.removesuffix("\n").isprintable()


@pytest.mark.parametrize("arguments", [["filter"], ["sample"], ["emulator"], ["filter", "--follow"], []])
def test_arguments_drive_no_terminal(rxtweets: Command, arguments: list[str]) -> None:
    """A script may pass on what came from the network: an error shows it without its controls."""
    ended = rxtweets(*arguments, "a\x1b]0;x\x07 \x9b2J \u202e")
    assert ended.status == 2
    assert all(line.isprintable() for line in ended.err.splitlines())
    assert r"\x1b]0;x\x07" in ended.err


def test_wrong_credentials(rxtweets: Command, emulator: Emulator) -> None:
    """A 401 is one line that does not show the token."""
    ended = rxtweets("sample", env={"X_BEARER_TOKEN": "not-the-token"})
    assert (ended.status, ended.out) == (1, "")
    assert re.fullmatch(r"Error: HTTP 401 Unauthorized.*\n", ended.err)
    assert "not-the-token" not in ended.err


def test_reconnecting_is_told(emulator: Emulator) -> None:
    """A dropped stream is taken up again; stderr says why, stdout has the posts only."""
    with running("sample") as command:
        assert command.notice() == "# connected to the v2 stream\n"
        command.line()
        emulator.close_streams()
        assert re.fullmatch(r"# reconnecting because .+\n", command.notice())
        assert command.notice() == "# connected to the v2 stream\n"
        command.end(signal.SIGINT)


def test_a_rule_that_x_refuses(rxtweets: Command, emulator: Emulator) -> None:
    """The error names the rule and what is wrong with it; the good rule beside it is removed."""
    ended = rxtweets("filter", "--rule", "foo:bar", "--rule", "cat", "--unchecked")
    assert (ended.status, emulator.rules) == (1, ())
    assert re.fullmatch(r"Error: X refuses the rule foo:bar: .*no operator foo:.*\n", ended.err)


def test_a_rule_with_a_mistake(rxtweets: Command, emulator: Emulator) -> None:
    """A rule with a mistake is shown with its place, and nothing is sent."""
    ended = rxtweets("filter", "--rule", "cat has:imagse", "--rule", "cat")
    assert (ended.status, ended.out, emulator.requests) == (1, "", ())
    assert "  cat has:imagse\n      ^^^^^^^^^^\n  did you mean has:images?\n" in ended.err
    assert "Error: X would refuse 1 rule" in ended.err


def test_more_is_asked_for(rxtweets: Command, emulator: Emulator) -> None:
    """--ask brings fields beside those that are shown; a name that X doesn't know is refused."""
    ask = ("--ask", "tweet.fields=source,geo", "--ask", "user.fields=verified")
    ended = rxtweets("sample", "--json", "--limit", "3", *ask)
    for line in ended.out.splitlines():
        post = json.loads(line)
        assert {"source", "lang"} <= post["data"].keys()
        assert {"username", "verified"} <= post["includes"]["users"][0].keys()
    for wrong in ("tweet.fields=gea", "geo"):
        assert rxtweets("sample", "--ask", wrong).status == 2


@pytest.mark.parametrize(("api", "times"), [("v1", 18), ("v2", 25)])  # v1.1 has no more than 280 characters
def test_posts_are_whole(emulator: Emulator, api: str, times: int) -> None:
    """A long post and a retweet of it are printed to their end, with what X escapes as it was written."""
    text = "python " + "salt & pepper " * times + "<end>"
    with running("filter", "--track", "python", "--api", api) as command:
        command.notice()
        long = emulator.compose(text)
        emulator.publish(long)
        emulator.publish(emulator.retweet(long))
        for before in ("", f"RT @{long.author.screen_name}: "):
            while "<end>" not in (line := command.line()):
                assert line
            assert line.partition(" @")[2].partition(" ")[2] == before + text + "\n"
        command.end(signal.SIGINT)


def test_controls_in_posts(emulator: Emulator) -> None:
    """A post can't drive the terminal, and its JSON can't either."""
    attack = "python \x1b]0;title\x07 \x9b2J a\nb\rc \u202edcba &lt;"
    for option in ((), ("--json",)):
        emulator.stall()
        with running("filter", "--track", "python", *option) as command:
            command.notice()
            emulator.resume()
            emulator.publish(attack)
            while "title" not in (line := command.line()):
                assert line
            assert line.removesuffix("\n").isprintable()
            if option:
                assert json.loads(line)["data"]["text"].startswith(attack[:20])
            command.end(signal.SIGINT)


def test_no_credentials(rxtweets: Command) -> None:
    """Without any it names the variables, and the way to do without."""
    ended = rxtweets("sample")
    assert ended.status == 1
    for word in ("X_BEARER_TOKEN", "X_CONSUMER_KEY", "X_ACCESS_TOKEN_SECRET", "--credentials", "--emulator"):
        assert word in ended.err
    assert ended.err.count("\n") == 1


def test_a_file_of_credentials(rxtweets: Command, emulator: Emulator, tmp_path: Path) -> None:
    """--credentials takes a file; one that others can read or that is not there is refused in one line."""
    file = tmp_path / "x.toml"
    file.touch(0o600)
    file.write_text(f'bearer_token = "{emulator.bearer_token}"\n')
    env = {"RXTWEETS_BASE_URL": emulator.base_url}
    assert rxtweets("sample", "--limit", "1", "--credentials", str(file), env=env).status == 0
    file.chmod(0o644)
    ended = rxtweets("sample", "--limit", "1", "--credentials", str(file), env=env)
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "chmod 600" in ended.err
    ended = rxtweets("sample", "--credentials", str(tmp_path / "none"))
    assert (ended.status, ended.err) == (1, f"Error: {tmp_path / 'none'}: No such file or directory\n")


def test_a_file_without_credentials(rxtweets: Command, tmp_path: Path) -> None:
    """The error has the names as they stand in a file."""
    file = tmp_path / "x.toml"
    file.touch(0o600)
    file.write_text('access_token = "a"\n')
    ended = rxtweets("sample", "--credentials", str(file))
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert f"no credentials in {file}: add bearer_token, or consumer_key and" in ended.err
    assert "X_" not in ended.err
    assert "use --emulator" in ended.err
    assert "use --emulator" in rxtweets("search", "cat", "--credentials", str(file)).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["filter", "--emulator"], "--track"),
        (["filter", "--emulator", "--api", "v1", "--rule", "cat"], "v2"),
        (["filter", "--emulator", "--rule", "cat", "--language", "en"], "lang:en"),
        (["sample", "--emulator", "--limit", "0"], "--limit"),
        (["sample", "--emulator", "--api", "v1", "--ask", "tweet.fields=geo"], "--ask is for v2"),
        (["filter", "python"], "Did you mean --track python?"),
        (["filter", "red panda", "has:images"], "--rule 'red panda has:images'?"),
        (["sample", "python"], "Did you mean: rxtweets filter --track python"),
        (["filter", "--track", "--json", "--emulator"], "'--track' requires an argument"),
        (["filter", "--track", "cat", "--credentials", "--emulator"], "but the option '--emulator' follows"),
        (["fitler"], "'filter'"),
        (["filter", "--trakc", "cat"], "--track"),
        (["emulator", "--keep-alive", "0"], "--keep-alive"),
        (["sample", "--limit", "many"], "'many' is not a valid integer."),
    ],
)
def test_wrong_options(rxtweets: Command, arguments: list[str], said: str) -> None:
    """Options that don't go together are explained, with status 2."""
    ended = rxtweets(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.parametrize("arguments", [[], ["rules"]])
def test_a_missing_command(rxtweets: Command, arguments: list[str]) -> None:
    """Without a command the help is shown on stderr as it is laid out, with status 2."""
    shown = rxtweets(*arguments, "--help").out
    assert "\n  rxtweets " in shown or "\n    rxtweets " in shown
    assert rxtweets(*arguments) == (2, "", shown)


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_wrong_parameters(rxtweets: Command, api: str) -> None:
    """A parameter's own check makes a wrong option of it on either protocol."""
    ended = rxtweets("filter", "--emulator", "--api", api, "--follow", "bob")
    assert (ended.status, ended.out) == (2, "")
    assert "\nError: follow takes numeric ids" in ended.err


def test_the_emulator_and_its_variables(rxtweets: Command) -> None:
    """The lines on stdout are what a shell needs: another command streams with them."""
    with running("emulator", "--rate", "max", "--seed", "3") as server:
        assert "http://127.0.0.1:" in server.notice()
        exports = dict(server.line().strip().removeprefix("export ").split("=", 1) for _ in range(6))
        assert rxtweets("sample", "--limit", "1", env=exports).status == 0
        assert rxtweets("sample", "--api", "v1", "--limit", "1", env=exports).status == 0
        assert server.end(signal.SIGINT).status == 0


@pytest.mark.parametrize("rate", ["fast", "-1", "nan"])
def test_a_wrong_rate(rxtweets: Command, rate: str) -> None:
    """The emulator's rate is a number or max, and anything else a wrong option."""
    ended = rxtweets("emulator", f"--rate={rate}")
    assert ended.status == 2
    assert "nor max" in ended.err


def test_a_port_in_use(rxtweets: Command) -> None:
    """A port in use is a one-line error and status 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = rxtweets("emulator", "--port", str(taken.getsockname()[1]))
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert ended.err.startswith("Error: can't listen on 127.0.0.1, port ")
    assert "in use" in ended.err


def test_help_and_version(rxtweets: Command) -> None:
    """The command shows its version, and the help of each subcommand."""
    assert rxtweets("--version").out == f"rxtweets, version {__version__}\n"
    for command in ("filter", "sample", "emulator"):
        assert "--" in rxtweets(command, "--help").out


@pytest.mark.parametrize(("hidden", "extra"), [("click", "cli"), ("h11", "emulator")])
def test_a_missing_extra(tmp_path: Path, hidden: str, extra: str) -> None:
    """Without an extra's packages it says what to install."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{hidden!r}] = None\n")
    ended = run("sample", "--emulator", env={"PYTHONPATH": str(tmp_path)}, anew=True)
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert f"pip install 'rxtweets[{extra}]'" in ended.err


def test_a_poor_encoding() -> None:
    """A character that the output's encoding lacks is shown as its code, and the stream goes on."""
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    ended = run("filter", "--track", "桜", "--emulator", "--limit", "2", env=env, anew=True)
    assert ended.status == 0
    assert "\\u685c" in ended.out


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_only_on_a_terminal(no_color: str) -> None:
    """A terminal gets colours and lines of its width, unless NO_COLOR is set."""
    arguments = ["filter", "--track", "python", "--emulator", "--limit", "3"]
    shown = in_a_terminal(arguments, 50, NO_COLOR=no_color)
    assert ("\x1b[" in shown) is not bool(no_color)
    plain = re.sub(r"\x1b\[\d*m|[^\r\n]*\r(?!\n)", "", shown)  # and without lines that were replaced
    posts = [text for text in plain.splitlines() if not text.startswith("#")]
    assert all(len(text) <= 50 for text in posts)
    assert any(text.startswith(" " * 9) for text in posts)
