"""Tweepy 4: StreamingClient and its asynchronous sister."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import Popen
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .conftest import Run, said

pytestmark = pytest.mark.peers

EVERYTHING = {
    "tweet_fields": ["public_metrics", "entities", "geo", "context_annotations", "attachments", "created_at"],
    "expansions": ["author_id", "attachments.media_keys", "geo.place_id", "referenced_tweets.id"],
    "user_fields": ["public_metrics", "created_at", "verified"],
    "media_fields": ["url", "variants", "public_metrics"],
    "place_fields": ["geo", "full_name"],
}


def test_rules(emulator: Emulator, run: Run) -> None:
    """Rules are tried, added, refused, listed and deleted."""
    got = run("tweepy4", "tweepy4.py", "rules")
    assert got["dry"][0]["created"] == 0
    assert got["added"] == got["kept"] == [[["cat", "pets"], ["dog", None]]]
    assert got["refused"] == [["UnprocessableEntity"]]
    assert got["deleted"] == [{"deleted": 2, "not_deleted": 0}]
    assert got["left"] == [None]
    assert emulator.rules == ()


def test_filter(emulator: Emulator, run: Run) -> None:
    """Posts arrive with the rules that they match."""
    got = run("tweepy4", "tweepy4.py", "filter", {}, "cat", "dog -is:retweet")
    ids = {rule.id for rule in emulator.rules}
    assert len(got["post"]) == 30
    assert all(post["rules"] and {key for key, _ in post["rules"]} <= ids for post in got["post"])
    assert all(tag == "mine" for post in got["post"] for _, tag in post["rules"])


@pytest.mark.parametrize("method", ["filter", "sample"])
def test_fields_and_expansions(run: Run, method: str) -> None:
    """Requested fields and expansions arrive in the forms that Tweepy's models read."""
    got = run("tweepy4", "tweepy4.py", method, EVERYTHING, "cat")
    assert "exception" not in got
    assert len(got["post"]) == 30
    assert all(post["metrics"]["retweet_count"] >= 0 for post in got["post"])
    assert all(post["includes"]["users"] for post in got["post"])
    assert any("tweets" in post["includes"] for post in got["post"])


def test_no_rules(run: Run) -> None:
    """A filtered stream without rules is refused with 409."""
    assert run("tweepy4", "tweepy4.py", "filter", {}) == {"error": [409]}


@pytest.mark.parametrize("status", [403, 429, 503])
def test_faults_on_request(emulator: Emulator, run: Run, status: int) -> None:
    """The statuses that the emulator is told to give reach `on_request_error`."""
    emulator.answer(status)
    assert run("tweepy4", "tweepy4.py", "sample", {}) == {"error": [status]}


def test_wrong_token(run: Run) -> None:
    """A token that isn't the emulator's is refused with 401."""
    assert run("tweepy4", "tweepy4.py", "sample", {}, BEARER_TOKEN="wrong") == {"error": [401]}


def test_disconnect(emulator: Emulator, start: Callable[..., Popen[str]]) -> None:
    """The message that a stream is being closed reaches `on_errors`."""
    notice: dict[str, Any] = {"title": "operational-disconnect", "disconnect_type": "OperationalDisconnect"}
    emulator.rate = 0
    program = start("tweepy4", "tweepy4.py", "sample", {})
    emulator.wait_for_streams(1, timeout=30)
    emulator.send({"errors": [notice]})
    assert said(program)["errors"] == [["operational-disconnect"]]


def test_a_dropped_stream_is_opened_again(emulator: Emulator, start: Callable[..., Popen[str]]) -> None:
    """After a reset Tweepy comes back, and goes on."""
    emulator.rate = 0
    program = start("tweepy4", "tweepy4.py", "sample", {})
    emulator.wait_for_streams(1, timeout=30)
    emulator.reset_streams()
    emulator.rate = 400  # for whoever comes back
    got = said(program)
    assert len(got["connect"]) == 2
    assert len(got["post"]) == 30


def test_asynchronous(run: Run) -> None:
    """The asynchronous client reads the sample."""
    assert len(run("tweepy4", "tweepy4_async.py")["post"]) >= 10  # it ends with what it has read
