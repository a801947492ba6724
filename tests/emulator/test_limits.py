from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator, Limits

from .clients import (
    FILTERED,
    RULES,
    SAMPLE,
    V1_SAMPLE,
    add_rules,
    call,
    raw,
    raw_get,
    signed,
    v1_request,
    v1_stream,
)

FIREHOSE = "/2/tweets/firehose/stream"
USER, SITE = "/1.1/user.json", "/1.1/site.json"


@pytest.fixture
def strict() -> Iterator[Emulator]:
    """A silent emulator with limits that are soon reached."""
    limits = Limits(connects=3, requests=4, attempts=3, rules=2)
    with Emulator(rate=0, limits=limits) as emulator:
        yield emulator


def v1_status(emulator: Emulator, skew: int = 0) -> int:
    """What a connect is answered whose signature keeps to that clock; a stream is closed at once."""
    with raw(emulator, v1_request(emulator, V1_SAMPLE, skew=skew)) as stream:
        return stream.status


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"connections": 0}, "connections"),
        ({"queue": -1}, "queue"),
        ({"history": 1.5}, "history"),
        ({"messages": "10"}, "messages"),
        ({"rules": None}, "rules"),
        ({"attempts": True}, "attempts"),
    ],
)
def test_senseless_limits_are_refused(options: dict[str, Any], wrong: str) -> None:
    """The field is named, with what it was."""
    with pytest.raises(ValueError, match=f"{wrong} must be .*got {next(iter(options.values()))!r}"):
        Limits(**options)


def test_no_limits_still_bound_the_memory() -> None:
    """Limits.none() lifts what counts requests; queue and history stay, and others can be given."""
    free = Limits.none(queue=1000)
    assert (free.connections, free.connects, free.requests, free.attempts) == (None,) * 4
    assert (free.queue, free.history) == (1000, Limits().history)


# --- v1.1


@pytest.mark.parametrize(
    ("older", "newer"),
    [(V1_SAMPLE, V1_SAMPLE), (V1_SAMPLE, "/1.1/statuses/firehose.json"), (USER, USER)],
)
def test_a_newer_connection_ends_the_older(emulator: Emulator, older: str, newer: str) -> None:
    """The older hears `admin logout` under its own name, and then ends cleanly; the newer stays."""
    with v1_stream(emulator, older, "GET") as first, v1_stream(emulator, newer, "GET"):
        *_, last = first
        assert last["disconnect"] == {
            "code": 7,
            "stream_name": f"you-{older.removeprefix('/1.1/').removesuffix('.json')}",
            "reason": "admin logout",
        }
        assert [stream.path for stream in emulator.streams] == [newer]


def test_kinds_of_streams_stand_beside_each_other(emulator: Emulator) -> None:
    """A public stream, a user stream and site streams don't meet."""
    with (
        v1_stream(emulator, V1_SAMPLE, "GET"),
        v1_stream(emulator, USER, "GET"),
        v1_stream(emulator, SITE, follow="7"),
        v1_stream(emulator, SITE, follow="7"),
    ):
        emulator.wait_for_streams(4)


def test_connecting_too_often_is_420_and_grows(strict: Emulator) -> None:
    """One attempt too many in a minute costs one minute, and each attempt within it doubles the wait."""
    assert [v1_status(strict) for _ in range(5)] == [200, 200, 200, 420, 420]
    strict.skew(110)  # the fifth made it two minutes
    assert v1_status(strict, 110) == 420
    strict.skew(110 + 230)
    assert v1_status(strict, 340) == 420
    strict.skew(340 + 481)
    assert v1_status(strict, 821) == 200


def test_a_penalty_lasts_no_longer_than_15_minutes(strict: Emulator) -> None:
    """However impatient a client has been, and it is over at once when forgiven."""
    assert [v1_status(strict) for _ in range(12)][3:] == [420] * 9
    strict.skew(890)
    assert v1_status(strict, 890) == 420
    strict.skew(890 + 901)
    assert v1_status(strict, 1791) == 200
    assert [v1_status(strict, 1791) for _ in range(4)][-1] == 420
    strict.forgive()
    assert v1_status(strict, 1791) == 200


def test_420_says_what_twitter_said(strict: Emulator) -> None:
    """A line of text, with the status line of old."""
    for _ in range(3):
        assert v1_status(strict) == 200
    with requests.Session() as session:
        answer = session.get(strict.base_url + V1_SAMPLE, auth=signed(strict), timeout=5)
    assert (answer.status_code, answer.reason) == (420, "Enhance Your Calm")
    assert answer.text == "Exceeded connection limit for user\r\n"


def test_ordered_trouble_and_refused_credentials_do_not_count(strict: Emulator) -> None:
    """Only what the site itself answers to a known account is an attempt."""
    strict.answer(503, times=6)
    assert [v1_status(strict) for _ in range(6)] == [503] * 6
    with requests.Session() as session:
        for _ in range(6):
            assert session.get(strict.base_url + V1_SAMPLE, timeout=5).status_code == 401
    assert v1_status(strict) == 200


@pytest.mark.parametrize(("path", "told"), [(V1_SAMPLE, True), (SAMPLE, False)])
def test_what_is_withheld_is_counted(path: str, told: bool) -> None:
    """Above `messages` a second v1.1 sends `limit` notices with the total so far; v2 knows no such limit."""
    limits = Limits(messages=2)
    with Emulator(rate=0, limits=limits) as emulator, raw_get(emulator, path) as stream:
        for second in (0, 1, 2):
            emulator.skew(second * 10 - time.time() % 1)  # so that no second ends in between
            assert sum(emulator.publish(f"post {second}-{n}") for n in range(5)) == (2 if told else 5)
        seen = [stream.message() for _ in range(8 if told else 15)]
    totals = [message["limit"]["track"] for message in seen if "limit" in message]
    assert totals == ([3, 6] if told else [])


# --- v2


def test_a_connection_too_many_is_refused(emulator: Emulator) -> None:
    """Two on one endpoint; the third gets TooManyConnections, until one of them has gone."""
    add_rules(emulator, "cat")
    with ExitStack() as open_:
        first, _ = (open_.enter_context(raw_get(emulator, FILTERED)) for _ in range(2))
        with raw_get(emulator, FILTERED) as third:
            assert third.status == 429
            problem = json.loads(third.body())
        assert problem["title"] == "ConnectionException"
        assert problem["connection_issue"] == "TooManyConnections"
        assert problem["type"] == "https://api.x.com/2/problems/streaming-connection"
        with raw_get(emulator, SAMPLE) as other:
            assert other.status == 200
        emulator.wait_for_streams(2)
        first.sock.close()
        emulator.wait_for_streams(1)
        with raw_get(emulator, FILTERED) as again:
            assert again.status == 200


def test_each_partition_is_counted_for_itself(emulator: Emulator) -> None:
    """Two connections on each of two partitions, and no third on either."""
    with ExitStack() as open_:
        paths = [f"{FIREHOSE}?partition={n}" for n in (1, 1, 2, 2, 2)]
        statuses = [open_.enter_context(raw_get(emulator, path)).status for path in paths]
    assert statuses == [200] * 4 + [429]


def test_connects_are_counted_down_and_then_refused(strict: Emulator) -> None:
    """Every answer says how many are left and when the window ends; one too many is 429 until then."""
    began = time.time()
    seen = []
    for _ in range(4):
        with raw_get(strict, SAMPLE) as stream:
            seen.append((stream.status, stream.headers["x-rate-limit-remaining"]))
            reset = int(stream.headers["x-rate-limit-reset"])
            assert stream.headers["x-rate-limit-limit"] == "3"
    assert seen == [(200, "2"), (200, "1"), (200, "0"), (429, "0")]
    assert began + 898 <= reset <= time.time() + 901
    strict.skew(901)
    with raw_get(strict, SAMPLE) as stream:
        assert (stream.status, stream.headers["x-rate-limit-remaining"]) == (200, "2")


def test_other_requests_are_counted_by_endpoint_and_method(strict: Emulator) -> None:
    """Reading the rules leaves writing them alone; 429 is the problem that X sends, and can be forgiven."""
    answers = [call(strict, "GET", RULES) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[-1].json()["title"] == "Too Many Requests"
    assert add_rules(strict, "cat").status_code == 201
    strict.forgive()
    assert call(strict, "GET", RULES).headers["x-rate-limit-remaining"] == "3"


def test_an_endpoint_is_the_same_whatever_it_is_asked_for(strict: Emulator) -> None:
    """Ids within a path are not endpoints of their own."""
    paths = [f"/2/activity/subscriptions/{n}" for n in range(5)]
    assert [call(strict, "DELETE", path).status_code for path in paths] == [404] * 4 + [429]


def test_the_cap_of_rules_can_be_chosen(strict: Emulator) -> None:
    """One rule too many is refused, and the counts tell the cap."""
    assert add_rules(strict, "a", "b").status_code == 201
    assert add_rules(strict, "c").status_code == 422
    assert call(strict, "GET", f"{RULES}/counts").json()["data"]["cap_per_project"] == "2"


# --- what the list of connections tells


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda emulator, stream: stream.sock.close(), "client_disconnect"),
        (lambda emulator, stream: emulator.close_streams(), "server_disconnect"),
        (lambda emulator, stream: emulator.reset_streams(), "server_disconnect"),
        (lambda emulator, stream: call(emulator, "DELETE", "/2/connections/all"), "operator_disconnect"),
    ],
)
def test_past_connections_tell_why_they_ended(emulator: Emulator, end: Any, reason: str) -> None:
    """The list of inactive connections says what happened."""
    with raw_get(emulator, SAMPLE) as stream:
        end(emulator, stream)
        emulator.wait_for_streams(0)
    (past,) = call(emulator, "GET", "/2/connections?status=inactive").json()["data"]
    assert past["disconnect_reason"] == reason


def test_the_clock_is_the_same_everywhere(emulator: Emulator) -> None:
    """Skewed by an hour, dates go by it, and a right clock's signature is refused."""
    emulator.skew(3600)
    with raw_get(emulator, SAMPLE) as stream:
        listed = call(emulator, "GET", "/2/connections").json()["data"][0]
        ahead = emulator.streams[0].opened.timestamp() - time.time()
        assert 3590 < ahead < 3610
        assert listed["connected_at"].startswith(f"{emulator.streams[0].opened:%Y-%m-%dT%H:%M:%S}")
        assert 3590 < parsedate_to_datetime(stream.headers["date"]).timestamp() - time.time() < 3610
    with requests.Session() as session:
        assert session.get(emulator.base_url + V1_SAMPLE, auth=signed(emulator), timeout=5).status_code == 401
