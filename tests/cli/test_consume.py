"""`rxtweets consume` and `rxtweets dead-letters`, against a server of NATS."""

from __future__ import annotations

import itertools
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.relay import JetStream
from rxtweets.testing import post_json, status_json
from tests.relay.servers import Server, nobody
from tests.relay.working import write

from . import command
from .command import Command

_numbers = itertools.count(1)


@pytest.fixture
def log(server: Server, monkeypatch: pytest.MonkeyPatch) -> JetStream:
    """A log of the test's own, to which the environment points."""
    stream = f"cli-{next(_numbers)}"
    monkeypatch.setenv("RXTWEETS_LOG", f"{server.url}/{stream}")
    return JetStream(server.url, stream=stream)


def posts(*numbers: int) -> list[bytes]:
    return [post_json(id=str(number), text=f"post {number}") for number in numbers]


def test_a_group_goes_on(rxtweets: Command, log: JetStream) -> None:
    """Posts are printed as they were written, byte for byte; the next command prints what the first left."""
    wanted = posts(*range(6))
    write(log, wanted)
    first = rxtweets("consume", "--group", "g", "--from", "start", "--json", "--limit", "4")
    rest = rxtweets("consume", "--group", "g", "--json", "--limit", "2")
    assert (first.status, rest.status) == (0, 0), first.err + rest.err
    whole = rxtweets("consume", "--group", "o", "--from", "start", "--order", "log", "--limit", "6", "--json")
    assert whole.out.encode().splitlines() == wanted
    assert first.out.encode().splitlines() == wanted[:4]
    assert sorted(rest.out.encode().splitlines()) == wanted[4:]
    assert "# connected to the log cli-" in first.err


def test_without_a_group(rxtweets: Command, log: JetStream) -> None:
    """Each command prints all posts, and is no group that the log remembers."""
    wanted = posts(*range(6))
    write(log, wanted)
    for _ in range(2):
        ended = rxtweets("consume", "--from", "start", "--json", "--limit", "6")
        assert (ended.status, ended.out.encode().splitlines()) == (0, wanted), ended.err
    assert log.status().run().groups == ()


def test_forms(rxtweets: Command, log: JetStream) -> None:
    """Lines, tables and chosen keys are those of `filter`, of both protocols' posts."""
    write(log, [*posts(1), status_json(id=2, text="status 2")])
    line, status = rxtweets("consume", "--group", "a", "--from", "start", "--limit", "2").out.splitlines()
    assert line.endswith(" post 1")
    assert status.endswith(" status 2")
    table = rxtweets(
        "consume", "--group", "b", "--from", "start", "--limit", "1", "--csv", "--fields", "id,text"
    )
    assert table.out.splitlines() == ["id,text", "1,post 1"]
    keys = rxtweets("consume", "--group", "c", "--from", "start", "--limit", "2", "--json", "--fields", "id")
    assert list(map(json.loads, keys.out.splitlines())) == [{"id": "1"}, {"id": 2}]


def test_kinds_and_times(rxtweets: Command, log: JetStream) -> None:
    """A group may be of some kinds of messages, and begin at a time."""
    write(log, [status_json(id=1, text="no post"), *posts(2)])
    ago = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None).isoformat()
    ended = rxtweets("consume", "--group", "g", "--from", ago, "--kinds", "Post, Delete", "--limit", "1")
    assert (ended.status, ended.out[-7:]) == (0, "post 2\n"), ended.err


def explode(item: Any) -> None:
    if isinstance(item, bytes):
        raise ZeroDivisionError("one of\x1b[2J the worker's own")


def test_dead_letters(rxtweets: Command, log: JetStream) -> None:
    """Dead letters are listed with their errors, safe for a terminal; --retry sends them again, once.

    A group that isn't there is an error that names those that are.
    """
    for frame in (*posts(1), b"no JSON"):
        write(log, [frame])
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                rxt.run(log.consume("g", from_="start", attempts=2), explode)
    listed = rxtweets("dead-letters", "--group", "g")
    assert listed.status == 0, listed.err
    post, nonsense = listed.out.splitlines()
    assert r" 2 attempts, ZeroDivisionError: one of\x1b[2J the worker's own: @" in post
    assert post.endswith(" post 1")
    assert nonsense.endswith(": Undecodable no JSON")
    assert listed.err == "# 2 in all\n"
    letters = [json.loads(one) for one in rxtweets("dead-letters", "--group", "g", "--json").out.splitlines()]
    assert [(one["attempts"], one["frame"]) for one in letters] == [(2, posts(1)[0].decode()), (2, "no JSON")]
    again = rxtweets("dead-letters", "--group", "g", "--retry")
    assert (again.out, again.err) == (listed.out, "# 2 sent to the group again\n")
    none = rxtweets("dead-letters", "--group", "g")
    assert (none.status, none.out, none.err) == (0, "", "# 0 in all\n")
    wrong = rxtweets("dead-letters", "--group", "gg")
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err.endswith("has no group 'gg': there are g\n")
    assert rxtweets("consume", "--group", "g", "--limit", "1").out.endswith(" post 1\n")


def test_a_log_is_recorded(rxtweets: Command, log: JetStream, tmp_path: Path) -> None:
    """`record` writes what a log has, as a worker of a group, and prints it."""
    wanted = posts(1, 2, 3)
    write(log, wanted)
    path = tmp_path / "x.jsonl"
    address = os.environ["RXTWEETS_LOG"]
    options = ["--log", address, "--group", "archive", "--from", "start"]
    ended = rxtweets("record", str(path), *options, "--limit", "3", "--json")
    assert (ended.status, ended.out.encode().splitlines()) == (0, wanted), ended.err
    items = rxt.replay(path, speed=None).pipe(ops.to_list()).run()
    assert [item for item in items if isinstance(item, bytes)] == wanted
    for option in (["--group", "archive"], ["--from", "start"]):
        ended = rxtweets("record", str(path), *option, "--emulator")
        assert (ended.status, f"{option[0]} needs --log." in ended.err) == (2, True)
    whole = tmp_path / "whole.jsonl"
    ended = rxtweets("record", str(whole), "--log", address, "--from", "start", "--limit", "3", "--json")
    assert (ended.status, ended.out.encode().splitlines()) == (0, wanted), ended.err
    assert whole.read_text().count('"post ') == 3
    assert rxtweets("record", str(path), "--log", address, "--group", "g", "--track", "cat").status == 2


def test_a_log_that_is_away() -> None:
    """While nobody listens the command says so and goes on trying, until a signal ends it."""
    with nobody() as url, command.running("consume", "--log", f"{url}/x", "--group", "g") as consume:
        assert consume.notice().startswith("# reconnecting in 0.")
        assert consume.end(signal.SIGINT).status == 130


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--group", "g"], 2, "Missing option '--log'"),
        (["--log", "nats://u:s3cret@x", "--group", "g"], 2, "nats://HOST:4222/STREAM"),
        (["--log", "http://u:s3cret@x/y", "--group", "g"], 2, "nats://HOST:4222/STREAM"),
        (
            ["--log", "nats://u:s3cret@x:port/y", "--group", "g"],
            2,
            "a port that is no number from 1 to 65535",
        ),
        (["--log", "nats://u:s3cret@x:4222,/y"], 2, "a server in it has no name"),
        (["--log", "nats://x/y", "--order", "log"], 2, "order is of a group"),
        (["--log", "nats://x/y", "--group", "a.b"], 2, "group is a name of letters"),
        (["--log", "nats://x/y", "--group", "g", "--from", "yesterday"], 2, "neither new, start, nor a time"),
        (["--log", "nats://x/y", "--group", "g", "--kinds", "Posts"], 2, "there is no 'Posts': there are "),
        (["--log", "nats://x/y", "--group", "g", "--csv", "--fields", "nothing"], 2, "nothing"),
    ],
)
def test_wrong_arguments(rxtweets: Command, arguments: list[str], status: int, message: str) -> None:
    """Nothing is connected to; the error says what would be right, and has no password in it."""
    ended = rxtweets("consume", *arguments)
    assert ended.status == status, ended.err
    assert message in ended.err
    assert "s3cret" not in ended.err


def test_refusals_are_one_line(rxtweets: Command, server: Server) -> None:
    """A final error of the log is a line, and the status is 1; a log isn't made by listing its letters."""
    ended = rxtweets("dead-letters", "--log", f"{server.url}/nowhere", "--group", "g")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("Error: the stream 'nowhere' at ")
