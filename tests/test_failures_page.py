"""The page of failures: each row is what the errors and the policy say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rxtweets import operators as tw
from rxtweets.backoff import BackoffPolicy
from rxtweets.connection import connect
from rxtweets.emulator.faults.disconnects import CODES, TYPES
from rxtweets.errors import (
    ConnectionFailed,
    FrameTooLong,
    HTTPStatusError,
    StreamDisconnected,
    StreamError,
    StreamStalled,
)
from rxtweets.messages import Post
from rxtweets.operators._decode import _STATUSES
from rxtweets.testing import Script, ScriptedTransport, post_json, problem_json, timeline
from tests.clients import ENDPOINT

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "failures.md"
DESCRIPTIONS = Path(__file__).parent / "data" / "openapi"


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def shown(error: StreamError) -> list[str]:
    """Return an error and what the policy does about it, as the page has them."""
    retry = BackoffPolicy(jitter=0.0).next(error, 0.0)
    wait = "stops" if retry is None else f"{retry.delay:g} s" if retry.delay else "at once"
    return [type(error).__name__, wait]


@pytest.mark.parametrize("row", rows("Goodbyes of v1.1"), ids=lambda row: row[0])
def test_goodbyes_of_v1_1(row: list[str]) -> None:
    """A code is an error of its class, and leads to what the page says."""
    assert shown(StreamDisconnected.of("x", int(row[0]))) == row[2:]


def ended_by(frame: bytes) -> StreamError:
    """Return the error of a stream that ends with *frame*."""
    transport = ScriptedTransport(Script(frame + b"\r\n"))
    error = timeline(connect(ENDPOINT, transport=transport).pipe(tw.decode())).error
    assert isinstance(error, StreamError)
    return error


@pytest.mark.parametrize("row", rows("Goodbyes of v2"), ids=lambda row: row[0])
def test_goodbyes_of_v2(row: list[str]) -> None:
    """So does a type of disconnect, a connection issue, and a type of problem."""
    name, fields = row[0], dict[str, Any]()
    if name in TYPES:
        frame = problem_json(disconnect_type=name)
    else:
        fields = {"type": f"https://api.x.com/2/problems/{name}"}
        if "-" not in name:
            fields = {"connection_issue": name, "type": "https://api.x.com/2/problems/streaming-connection"}
        frame = problem_json("Problem", **fields)
    assert shown(ended_by(frame)) == row[1:]


@pytest.mark.parametrize("row", rows("Refusals"), ids=lambda row: row[0])
def test_refusals(row: list[str]) -> None:
    """A status is an error of its class, and leads to what the page says."""
    assert shown(HTTPStatusError.of(int(row[0]))) == row[1:]


def test_the_network() -> None:
    """The errors of the network lead to what the page says."""
    errors = (StreamDisconnected(), ConnectionFailed("x"), StreamStalled(30.0), FrameTooLong(1))
    waits = {type(error).__name__: shown(error) for error in errors}
    table = rows("The network")
    assert {row[1] for row in table} == {*waits}
    for row in table:
        assert waits[row[1]] == row[1:]


@pytest.mark.parametrize("code", [0, 8, 13, 99])
def test_other_codes(code: int) -> None:
    """A code that the page hasn't is taken like 1."""
    assert shown(StreamDisconnected.of("x", code)) == rows("Goodbyes of v1.1")[0][2:]


def test_other_types_of_disconnects() -> None:
    """A type that the page hasn't, such as X once had, is one of its class."""
    for name in ("PackageUpgraded", "Whatever"):
        assert shown(ended_by(problem_json(disconnect_type=name))) == ["StreamDisconnected", "at once"]


def problem_types() -> set[str]:
    """Return the types of problems in X's descriptions, without what they all begin with."""
    described = (path.read_text(encoding="utf-8") for path in DESCRIPTIONS.glob("*.json"))
    return {name for text in described for name in re.findall(r"/2/problems/([a-z-]+)", text)}


@pytest.mark.parametrize("name", sorted(problem_types() - {row[0] for row in rows("Goodbyes of v2")}))
def test_problems_with_a_part(name: str) -> None:
    """Any other type in X's descriptions is on the page, and beside `data` it ends nothing."""
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
    problem = {"title": "x", "detail": "x", "type": f"https://api.x.com/2/problems/{name}"}
    frame = post_json("hello", errors=[problem])
    transport = ScriptedTransport(Script(frame + b"\r\n"))
    seen = timeline(connect(ENDPOINT, transport=transport).pipe(tw.decode()))
    ((_, post),) = seen.of(Post)
    assert post.errors[0].type.endswith(name)
    assert str(seen.error) == str(StreamDisconnected())


def test_all_are_there() -> None:
    """The page has every code and every kind of problem that is known."""
    assert {int(row[0]) for row in rows("Goodbyes of v1.1")} == {*CODES} == {*range(1, 13)} - {8}
    assert {row[0] for row in rows("Goodbyes of v2")} == {*TYPES, *_STATUSES}
    finished = {code for code in CODES if StreamDisconnected.of("x", code).finished}
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(" and ".join(map(str, sorted(finished))) + " complete a stream that is finite", text)
