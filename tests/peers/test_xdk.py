"""X's own client for Python, made from X's OpenAPI description: its models check all that they are sent."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator

from .conftest import Run

pytestmark = pytest.mark.peers

STREAMS = [
    "labels_compliance",
    "likes_compliance",
    "likes_firehose",
    "likes_sample10",
    "posts",
    "posts_compliance",
    "posts_firehose",
    "posts_firehose_en",
    "posts_firehose_ja",
    "posts_firehose_ko",
    "posts_firehose_pt",
    "posts_sample",
    "posts_sample10",
    "users_compliance",
]
"""All but `activity`, which has a test with its subscriptions."""


@pytest.mark.parametrize("everything", [False, True], ids=["defaults", "every-field"])
def test_streams(run: Run, everything: bool) -> None:
    """Every stream's messages pass the client's models, plain and with every field and expansion on offer."""
    got = run("xdk", "xdk_client.py", [STREAMS, everything, ["cat"]])
    assert "error" not in got, got["error"]
    assert "skipped" not in got, got["skipped"][:3]
    assert {name: len(got[name]) for name in STREAMS} == dict.fromkeys(STREAMS, 20)
    assert all(message["matching_rules"] for message in got["posts"])
    assert any("includes" in message for message in got["posts_sample"]) is everything


def test_rules(emulator: Emulator, run: Run) -> None:
    """Rules are tried, added, listed page by page, counted, and deleted by value and all at once."""
    got = run("xdk", "xdk_client.py", "rules")
    assert got["dry"][0]["created"] == 0
    assert got["added"] == [[["cat", "pets"], ["dog", None]]]
    assert got["pages"] == [[["cat"], ["dog"]]]
    assert got["deleted"] == [{"deleted": 1, "not_deleted": 0}] * 2
    assert got["counts"]
    assert emulator.rules == ()


def test_connections(run: Run) -> None:
    """Connections are listed by the names of their endpoints, and ended."""
    got = run("xdk", "xdk_client.py", "connections")
    assert got["connections"] == [["sample_stream"]]
    assert got["ended"][0]["failed_kills"] == 0


def test_activity(run: Run) -> None:
    """A subscription is made, its events arrive, and it is listed and deleted."""
    got = run("xdk", "xdk_client.py", "subscriptions")
    assert got["made"] == [["post.create", "mine"]]
    assert got["event"] == ["post.create"]
    assert got["subscriptions"] == [[True]]
    assert got["deleted"] == [True]
    assert "skipped" not in got


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "authentication_error"),
        (403, "authentication_error"),
        (429, "rate_limited"),
        (503, "server_error"),
    ],
)
def test_faults_on_request(emulator: Emulator, run: Run, status: int, kind: str) -> None:
    """The statuses that the emulator is told to give are what the client takes them for."""
    emulator.answer(status)
    assert run("xdk", "xdk_client.py", [["posts_sample"], False, []]) == {"error": [[kind, status]]}


def test_no_rules(run: Run) -> None:
    """A filtered stream without rules is refused with 409."""
    got = run("xdk", "xdk_client.py", [["posts"], False, []])
    assert got == {"error": [["client_error", 409]]}
