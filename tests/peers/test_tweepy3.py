"""Tweepy 3.10, which asks for ``delimited=length`` on every stream."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import Popen
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .conftest import Run, said

pytestmark = pytest.mark.peers

SEED = 5
"""The emulator's: the first messages of a user stream have no event with a bare id in place of the user.

X has such events, and Tweepy 3 raises a TypeError for them.
"""


@pytest.mark.parametrize(
    ("method", "parameters", "path"),
    [
        ("filter", {"track": ["cat", "naïve 日本"], "stall_warnings": True}, "statuses/filter"),
        ("filter", {"follow": ["12", "783214"], "languages": ["en"]}, "statuses/filter"),
        ("filter", {"locations": [-122.75, 36.8, -121.75, 37.8]}, "statuses/filter"),
        ("sample", {"languages": ["en"], "stall_warnings": True}, "statuses/sample"),
        ("firehose", {}, "statuses/firehose"),
        ("retweet", {}, "statuses/retweet"),
        ("userstream", {"_with": "followings", "replies": "all", "track": ["cat"]}, "user"),
        ("sitestream", {"follow": [12, 783214]}, "site"),
    ],
)
def test_streams(emulator: Emulator, run: Run, method: str, parameters: dict[str, Any], path: str) -> None:
    """Every stream's messages arrive whole, and each is of a kind that Tweepy knows."""
    got = run("tweepy3", "tweepy3.py", method, parameters)
    assert "error" not in got
    assert sum(len(values) for values in got.values()) == 1 + 30  # with the connect
    assert len(got["for_user" if path == "site" else "status"]) >= 20
    asked = emulator.requests[-1]
    assert asked.path == f"/1.1/{path}.json"
    assert {**asked.query, **asked.form}["delimited"] == "length"


def test_a_user_stream_begins_with_the_friends(run: Run) -> None:
    """The list of friends comes, and statuses after it."""
    got = run("tweepy3", "tweepy3.py", "userstream", {})
    assert len(got["friends"]) == 1
    assert all(isinstance(friend, int) for friend in got["friends"][0])


def test_a_site_stream_tells_whose_each_message_is(run: Run) -> None:
    """The control message comes first, and envelopes for the users asked for."""
    got = run("tweepy3", "tweepy3.py", "sitestream", {"follow": [12, 783214]})
    assert len(got["control"]) == 1
    assert {int(message["for_user"]) for message in got["for_user"]} == {12, 783214}


@pytest.mark.parametrize(
    ("parameters", "keys", "status"),
    [
        ({}, {}, 406),
        ({"track": ["x" * 61]}, {}, 413),
        ({"track": ["cat"]}, {"ACCESS_TOKEN_SECRET": "wrong"}, 401),
    ],
)
def test_refusals(run: Run, parameters: dict[str, Any], keys: dict[str, str], status: int) -> None:
    """Wrong parameters and wrong signatures reach `on_error` with their status."""
    assert run("tweepy3", "tweepy3.py", "filter", parameters, **keys) == {"error": [status]}


@pytest.mark.parametrize("status", [403, 420, 429, 503])
def test_faults_on_request(emulator: Emulator, run: Run, status: int) -> None:
    """Tweepy 3 also meets the statuses that the emulator is told to answer with."""
    emulator.answer(status)
    assert run("tweepy3", "tweepy3.py", "sample", {}) == {"error": [status]}


def test_notices(emulator: Emulator, start: Callable[..., Popen[str]]) -> None:
    """Each kind of notice reaches its own method."""
    notices: dict[str, Any] = {
        "limit": {"track": 7, "timestamp_ms": "1"},
        "delete": {"status": {"id": 1, "id_str": "1", "user_id": 2, "user_id_str": "2"}},
        "scrub_geo": {"user_id": 1, "up_to_status_id": 2},
        "status_withheld": {"id": 1, "user_id": 2, "withheld_in_countries": ["DE"]},
        "user_withheld": {"id": 1, "withheld_in_countries": ["DE"]},
        "warning": {"code": "FALLING_BEHIND", "message": "Your connection is falling", "percent_full": 60},
        "direct_message": {"id": 1, "text": "hello", "sender": {"id": 1}, "recipient": {"id": 2}},
        "disconnect": {"code": 7, "stream_name": "s", "reason": "admin logout"},
    }
    emulator.rate = 0
    program = start("tweepy3", "tweepy3.py", "userstream", {})
    emulator.wait_for_streams(1, timeout=30)
    for kind, value in notices.items():
        emulator.send({kind: value})
    emulator.send({"limit": {"track": 8, "padding": "x" * 2000}})  # Tweepy reads on only by the half kilobyte
    got = said(program)
    assert got["limit"] == [7]
    assert got["delete"] == [[1, 2]]
    assert got["direct_message"] == ["hello"]
    for kind in ("scrub_geo", "status_withheld", "user_withheld", "warning", "disconnect"):
        assert got[kind] == [notices[kind]]
