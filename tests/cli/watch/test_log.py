"""`rxtweets watch --log`: a log is watched where a stream is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from rxtweets.cli.logs import log_address
from rxtweets.cli.watch.sources import LogSource
from rxtweets.relay import JetStream
from rxtweets.testing import post_json, status_json
from tests.cli.command import Command
from tests.relay.servers import Server, running
from tests.relay.working import write

from .screens import run, showing


def test_posts_and_figures(server: Server) -> None:
    """The feed and the figures are those of a stream; what is watched has the log's name, and stays.

    That nothing comes for some seconds isn't told: a log has no keep-alives.
    """
    source = LogSource(log_address(f"{server.url}/x-filter"), "start")
    log = JetStream(server.url, stream="x-filter")
    first = post_json(id="1", text="a cup of tea #morning")
    write(log, [first, status_json(id=2, text="a status from long ago")])

    async def test() -> None:
        async with showing(source, (80, 24)) as screen:
            await screen.shows(
                r"rxtweets watch · the log x-filter at 127\.0\.0\.1:\d+ +● connected 0:0\d",
                "a cup of tea #morning",
                "a status from long ago",
                r"LOG +last minute",
                r"● x-filter .* 2\b",
                r"MESSAGES +2\b",
            )
            await asyncio.to_thread(write, log, [post_json(id="3", text="more tea")])
            await screen.shows("more tea", r"MESSAGES +3\b")
            assert not {"Add", "Remove"} & {*screen.lines()[-1].split()}
            await screen.press("a", "x", "question_mark")
            await screen.shows("Keys", "pause, and resume", "quit")
            assert "a filter" not in screen.text()
            await screen.shows(r"● connected \d:\d[4-9]")

    run(test)
    assert log.status().run().groups == ()


def test_a_log_that_goes_away(tmp_path: Path) -> None:
    """While the log is away that is shown, and then what came goes on, each post once."""
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, [post_json(id="1", text="the first post")])

        async def test() -> None:
            async with showing(LogSource(log_address(f"{server.url}/x"), "start"), (80, 24)) as screen:
                await screen.shows("the first post")
                server.kill()
                await screen.shows(r"(◍ reconnecting in \d+ s|◌ connecting)")
                server.start()
                await asyncio.to_thread(write, log, [post_json(id="2", text="the second post")])
                await screen.shows("the first post", "the second post", r"MESSAGES +2\b", "● connected")

        run(test)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--log", "nats://x/y", "--track", "cat"), "--track is for a stream of X's"),
        (("--log", "nats://x/y", "--file", "f"), "--file is for a stream of X's"),
        (("--log", "nats://x/y", "--ask", "tweet.fields=geo"), "--ask is for a stream of X's"),
        (("--log", "nats://x/y", "--emulator"), "--emulator is for a stream of X's"),
        (("--log", "nats://x/y", "--api", "v2"), "--api is for a stream of X's"),
        (("--log", "nats://x/y", "--credentials", "f"), "--credentials is for a stream of X's"),
        (("--log", "nats://x/y", "--budget", "5usd/day"), "--budget is for a stream of X's"),
        (("--log", "nats://u:s3cret@x"), "nats://HOST:4222/STREAM"),
        (("--log", "nats://x/y", "--from", "yesterday"), "neither new, start, nor a time"),
        (("--emulator", "--from", "start"), "--from goes with --log"),
        (("--emulator", "--language", "en"), "--language needs --track"),
    ],
)
def test_wrong_options(
    rxtweets: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """An option that doesn't go with a log is named; a log in the environment alone isn't watched."""
    monkeypatch.setenv("RXTWEETS_LOG", "nats://127.0.0.1:1/elsewhere")
    for stream in (sys.__stdin__, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    ended = rxtweets("watch", *arguments)
    assert ended.status == 2
    assert said in ended.err
    assert "s3cret" not in ended.err
