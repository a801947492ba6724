from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
import requests

from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.app.limits import Level

from .asking import OPERATIONS, ask, real
from .clients import (
    FILTERED,
    RULES,
    SAMPLE,
    SUBSCRIPTIONS,
    V1_SAMPLE,
    add_rules,
    bearer,
    call,
    raw,
    raw_get,
    signed,
    v1_request,
    v1_stream,
)
from .described import required, streams

ACTIVITY = "/2/activity/stream"
FIREHOSE = "/2/tweets/firehose/stream"
USER, SITE = "/1.1/user.json", "/1.1/site.json"


@pytest.fixture
def strict() -> Iterator[Emulator]:
    """A silent emulator with limits that are soon reached."""
    limits = Limits(connects=3, requests=4, attempts=3, rules=2)
    with Emulator(rate=0, limits=limits) as emulator:
        yield emulator


def v1_status(emulator: Emulator, skew: int = 0) -> int:
    """Return the status of a connect signed by a clock with that skew; a stream is closed at once."""
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
    """Limits.none() lifts what is counted; queue and history stay, and others can be given."""
    free = Limits.none(queue=1000)
    assert (free.connections, free.connects, free.requests, free.attempts, free.messages) == (None,) * 5
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
    """However impatient a client has been, and it is over at once when faults are cleared."""
    assert [v1_status(strict) for _ in range(12)][3:] == [420] * 9
    strict.skew(890)
    assert v1_status(strict, 890) == 420
    strict.skew(890 + 901)
    assert v1_status(strict, 1791) == 200
    assert [v1_status(strict, 1791) for _ in range(4)][-1] == 420
    strict.clear_faults()
    assert v1_status(strict, 1791) == 200


def test_420_says_what_twitter_said(strict: Emulator) -> None:
    """A line of text, with the status line of old."""
    for _ in range(3):
        assert v1_status(strict) == 200
    with requests.Session() as session:
        answer = session.get(strict.base_url + V1_SAMPLE, auth=signed(strict), timeout=5)
    assert (answer.status_code, answer.reason) == (420, "Enhance Your Calm")
    assert answer.text == "Exceeded connection limit for user\r\n"


def test_ordered_faults_and_refused_credentials_do_not_count(strict: Emulator) -> None:
    """Only what the site itself answers to a known account is an attempt."""
    strict.answer(503, times=6)
    assert [v1_status(strict) for _ in range(6)] == [503] * 6
    with requests.Session() as session:
        for _ in range(6):
            assert session.get(strict.base_url + V1_SAMPLE, timeout=5).status_code == 401
    assert v1_status(strict) == 200


@pytest.mark.parametrize(("path", "told"), [(V1_SAMPLE, True), (SAMPLE, False)])
def test_what_is_withheld_is_counted(path: str, told: bool) -> None:
    """Above `messages` a second nothing is sent; v1.1 says how much by `limit` notices with the total."""
    limits = Limits(messages=2)
    with Emulator(rate=0, limits=limits) as emulator, raw_get(emulator, path) as stream:
        for second in (0, 1, 2):
            emulator.skew(second * 10 - time.time() % 1)  # so that no second ends in between
            assert sum(emulator.publish(f"post {second}-{n}") for n in range(5)) == 2
        seen = [stream.message() for _ in range(8 if told else 6)]
    totals = [message["limit"]["track"] for message in seen if "limit" in message]
    assert totals == ([3, 6] if told else [])


@pytest.mark.parametrize(
    ("path", "options", "most"),
    [
        (FILTERED, {}, 250),
        (FILTERED, {"level": "enterprise"}, 300),
        (FILTERED, {"seed": 1}, 300),
        (FILTERED, {"limits": Limits.none()}, 300),
        (ACTIVITY, {}, 250),
        (ACTIVITY, {"level": "enterprise"}, 250),
        (SAMPLE, {}, 300),
        (V1_SAMPLE, {}, 300),
    ],
)
def test_delivery_is_as_fast_as_the_level_has_it(path: str, options: Any, most: int) -> None:
    """250 posts a second on the filtered stream of pay-per-use, 250 events of activity; a seed lifts both."""
    with Emulator(rate=0, **options) as emulator:
        add_rules(emulator, "cat")
        asked = {"event_type": "post.create", "filter": {"keyword": "cat"}}
        assert call(emulator, "POST", SUBSCRIPTIONS, json=asked).status_code == 200
        with raw_get(emulator, path):
            emulator.wait_for_streams(1)
            cats = [{"do": "publish", "text": f"cat {n}"} for n in range(300)]
            skew = {"do": "skew", "seconds": -time.time() % 1}  # a second begins
            done = call(emulator, "POST", "/emulator/do", json=[skew, *cats]).json()["done"]
    assert sum(done[1:]) == most


# --- v2


class Row(NamedTuple):
    """A line of the documentation's table of endpoints."""

    method: str
    path: str
    requests: int
    connections: dict[Level, str]


def documented() -> list[Row]:
    """The endpoints, with what the documentation says that the emulator allows."""
    page = (Path(__file__).parents[2] / "docs/emulator/limits.md").read_text("utf-8")
    found = re.findall(r"^\| `([A-Z]+) (\S+)` \| (\d+)(?: \*)? \| (\S+) \| (\S+) \|$", page, re.MULTILINE)
    return [
        Row(method, path, int(most), {"pay_per_use": own, "enterprise": enterprise})
        for method, path, most, own, enterprise in found
    ]


ROWS = {f"{row.method} {row.path}": row for row in documented()}
STREAM_ROWS = {name: row for name, row in ROWS.items() if row.connections["enterprise"] != "—"}
PUBLISHED = {
    "GET /2/tweets/search/stream": 50,
    "GET /2/tweets/sample/stream": 50,
    "GET /2/tweets/sample10/stream": 100,
    "GET /2/activity/stream": 450,
    "GET /2/tweets/search/stream/rules": 450,
    "POST /2/tweets/search/stream/rules": 100,
    "GET /2/tweets/search/recent": 450,
    "GET /2/tweets/search/all": 300,
    "GET /2/tweets/counts/recent": 300,
    "GET /2/tweets/counts/all": 300,
    "GET /2/activity/subscriptions": 500,
    "POST /2/activity/subscriptions": 500,
    "PUT /2/activity/subscriptions/{subscription_id}": 500,
    "DELETE /2/activity/subscriptions/{subscription_id}": 500,
    "DELETE /2/connections/all": 25,
}
"""Requests in 15 minutes. Source: X's page "Rate limits"."""


def test_the_documented_limits_are_xs() -> None:
    """Every operation of X's description is in the table, with X's figure, or 50 where X publishes none."""
    assert {(row.path, row.method) for row in ROWS.values()} == set(OPERATIONS)
    assert {f"GET {path}" for path in streams()} == STREAM_ROWS.keys()
    assert {name: row.requests for name, row in ROWS.items()} == dict.fromkeys(ROWS, 50) | PUBLISHED


@pytest.mark.parametrize("name", ROWS)
def test_no_endpoint_takes_a_request_more_than_documented(name: str) -> None:
    """All answers count down, also those that refuse for another reason; the next one after them is 429."""
    row = ROWS[name]
    with Emulator(rate=0, level="enterprise") as emulator:
        connection = http.client.HTTPConnection(emulator.base_url.removeprefix("http://"), timeout=5)
        with closing(connection):
            told = []
            for n in range(row.requests + 1):
                if row.path == "/2/tweets/search/all":
                    emulator.skew(n)  # one a second
                told.append(_ask(connection, row, bearer(emulator)))
            now = time.time()
    *allowed, (status, limit, remaining, reset) = told
    assert 429 not in {answer[0] for answer in allowed}
    assert [answer[1:3] for answer in allowed] == [(row.requests, left) for left in range(row.requests)][::-1]
    assert (status, limit, remaining) == (429, row.requests, 0)
    assert now < reset <= now + 900
    assert {answer[3] for answer in allowed} == {reset}


def _ask(
    connection: http.client.HTTPConnection, row: Row, headers: dict[str, str]
) -> tuple[int, int, int, int]:
    """Return status, limit, remaining and reset of a request that opens no stream."""
    connection.request(row.method, real(row.path) + "?no-such-parameter", headers=headers)
    answer = connection.getresponse()
    answer.read()
    found = {name: int(answer.headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining", "reset")}
    return answer.status, found["limit"], found["remaining"], found["reset"]


@pytest.mark.parametrize("level", get_args(Level))
@pytest.mark.parametrize("name", STREAM_ROWS)
def test_no_stream_takes_a_connection_more_than_documented(name: str, level: Level) -> None:
    """The next gets TooManyConnections, until one has gone; streams of other levels are 403 at once."""
    row = STREAM_ROWS[name]
    path = row.path + ("?partition=1" if required(row.path, "GET") else "")
    with Emulator(rate=0, level=level) as emulator, ExitStack() as open_:
        add_rules(emulator, "cat")
        if row.connections[level] == "403":
            answer = ask(emulator, row.path, "GET", params=required(row.path, "GET"))
            assert (answer.status_code, answer.json()["title"]) == (403, "Client Forbidden")
            assert answer.json()["reason"] == "client-not-enrolled"
            assert answer.json()["type"] == "https://api.x.com/2/problems/client-forbidden"
            return
        most = int(row.connections[level])
        first, *_ = [open_.enter_context(raw_get(emulator, path)) for _ in range(most)]
        emulator.wait_for_streams(most)
        answer = ask(emulator, row.path, "GET", params=required(row.path, "GET"))
        assert (answer.status_code, answer.json()["title"]) == (429, "ConnectionException")
        assert answer.json()["connection_issue"] == "TooManyConnections"
        assert answer.json()["type"] == "https://api.x.com/2/problems/streaming-connection"
        assert answer.headers["x-rate-limit-remaining"] == str(row.requests - most - 1)
        other = FILTERED if row.path == SAMPLE else SAMPLE
        assert open_.enter_context(raw_get(emulator, other)).status == 200
        first.sock.close()
        emulator.wait_for_streams(most)
        assert open_.enter_context(raw_get(emulator, path)).status == 200


def test_each_partition_is_counted_for_itself(enterprise: Emulator) -> None:
    """Two connections on each of two partitions, and no third on either."""
    with ExitStack() as open_:
        paths = [f"{FIREHOSE}?partition={n}" for n in (1, 1, 2, 2, 2)]
        statuses = [open_.enter_context(raw_get(enterprise, path)).status for path in paths]
    assert statuses == [200] * 4 + [429]


@pytest.mark.parametrize("limits", [None, Limits.none()], ids=["counted", "not counted"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", RULES, 200),
        ("GET", SAMPLE, 503),
        ("GET", FIREHOSE, 403),
        ("GET", f"{RULES}?x=1", 400),
        ("GET", FILTERED, 409),
        ("POST", SAMPLE, 405),
        ("GET", "/2/nothing", 404),
    ],
)
def test_every_answer_tells_of_the_limit(method: str, path: str, status: int, limits: Limits | None) -> None:
    """Refusals, ordered ones, and 401, too."""
    with Emulator(rate=0, limits=limits) as emulator, requests.Session() as session:
        if status == 503:
            emulator.answer(503)
        answers = [call(emulator, method, path), session.request(method, emulator.base_url + path, timeout=5)]
    assert answers[0].status_code == status
    for answer in answers:
        limit, remaining, reset = (
            int(answer.headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining", "reset")
        )
        assert 0 < remaining <= limit
        assert time.time() < reset <= time.time() + 900


TOO_MANY = {"title": "ConnectionException", "connection_issue": "TooManyConnections"}
CAPPED = {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped"}


@pytest.mark.parametrize(
    ("order", "remaining", "ahead"),
    [
        ({}, 0, 900),
        ({"seconds": 30}, 0, 30),
        ({"headers": {"X-Rate-Limit-Remaining": "7"}}, 7, 900),
        ({"headers": {"x-rate-limit-reset": "1"}}, 0, None),
        ({"body": TOO_MANY}, 49, 900),
        ({"body": CAPPED, "seconds": 30}, 49, 900),
    ],
)
@pytest.mark.parametrize("limits", [Limits(), Limits.none()], ids=["counted", "not counted"])
def test_an_ordered_429_says_when_to_come_back(
    order: dict[str, Any], remaining: int, ahead: int | None, limits: Limits
) -> None:
    """Nothing is left until the order or the window ends, unless the order says otherwise."""
    with Emulator(rate=0, limits=limits) as emulator:
        with raw_get(emulator, SAMPLE) as stream:
            left = int(stream.headers["x-rate-limit-remaining"])
        before = int(time.time())
        emulator.answer(429, **order)
        answer = call(emulator, "GET", SAMPLE)
        emulator.clear_faults()
        assert answer.status_code == 429
        said = answer.headers
        assert said["x-rate-limit-limit"] == "50"
        assert int(said["x-rate-limit-remaining"]) == (left if remaining == 49 else remaining)
        if ahead is not None:
            assert before + ahead - 1 <= int(said["x-rate-limit-reset"]) <= time.time() + ahead + 1


def test_who_comes_back_at_the_reset_is_let_in() -> None:
    """The window ends at the second that the header tells, and not a moment later."""
    with Emulator(rate=0, limits=Limits(requests=1)) as emulator:
        reset = int(call(emulator, "GET", RULES).headers["x-rate-limit-reset"])
        emulator.skew(reset - time.time() - 2)
        assert call(emulator, "GET", RULES).status_code == 429
        emulator.skew(reset - time.time())
        assert call(emulator, "GET", RULES).status_code == 200


# --- the levels


def test_there_are_two_levels() -> None:
    """Others are refused, and named."""
    with pytest.raises(ValueError, match="level must be one of pay_per_use, enterprise, got 'pro'"):
        Emulator(level="pro")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [FILTERED, SAMPLE, ACTIVITY])
@pytest.mark.parametrize(
    "query", ["backfill_minutes=1", "start_time=2026-01-01T00:00:00Z", "end_time=2026-01-01T00:00:00Z"]
)
def test_recovery_is_for_enterprises(emulator: Emulator, path: str, query: str) -> None:
    """Pay-per-use is refused what it may not have, named; no minutes are nothing to ask for."""
    add_rules(emulator, "cat")
    if path == SAMPLE and "time" in query:
        return  # which it has at no level
    name, _, value = query.partition("=")
    answer = ask(emulator, path, "GET", params={name: value})
    assert (answer.status_code, answer.json()["title"]) == (403, "Client Forbidden")
    assert f"`{name}`" in answer.json()["detail"]
    with raw_get(emulator, f"{path}?backfill_minutes=0") as stream:
        assert stream.status == 200


@pytest.mark.parametrize("value", ['embedding:"x y"', "cat EMBEDDING_threshold:0.5 embedding:dogs"])
def test_embeddings_are_for_enterprises(emulator: Emulator, enterprise: Emulator, value: str) -> None:
    """Pay-per-use is told that the operator isn't in its packaging; a word of that name is a word."""
    refused = ask(
        emulator, RULES, "POST", json={"add": [{"value": value}, {"value": '"embedding:x"'}]}
    ).json()
    assert refused["meta"]["summary"]["created"] == 1
    (error,) = refused["errors"]
    assert error["type"] == "https://api.x.com/2/problems/invalid-rules"
    first = re.fullmatch(
        r"Reference to invalid operator '(\w+)'\. Operator is not available in current product or product"
        r" packaging\. \(at position (\d+)\)",
        error["details"][0],
    )
    assert first is not None
    assert value.lower().index(f"{first[1]}:") + 1 == int(first[2])
    assert add_rules(enterprise, value).status_code == 201


@pytest.mark.parametrize(
    ("level", "most", "length"), [("pay_per_use", 1000, 1024), ("enterprise", 25_000, 2048)]
)
def test_rules_are_as_many_and_as_long_as_the_level_has_them(level: Level, most: int, length: int) -> None:
    """One more, or a character more, is refused."""
    with Emulator(rate=0, level=level) as emulator:
        assert call(emulator, "GET", f"{RULES}/counts").json()["data"]["cap_per_project"] == str(most)
        longest = "a" * length
        assert add_rules(emulator, longest).status_code == 201
        assert add_rules(emulator, longest + "a").json()["errors"][0]["type"].endswith("invalid-rules")
        rules = [{"value": f"cat{n}"} for n in range(most)]
        assert call(emulator, "POST", RULES, json={"add": rules}).status_code == 422
        assert len(emulator.rules) == 1
        if level == "pay_per_use":
            assert call(emulator, "POST", RULES, json={"add": rules[1:]}).status_code == 201
            assert add_rules(emulator, "dog").status_code == 422


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
    """Reading the rules leaves writing them alone; 429 is the problem that X sends, and can be cleared."""
    answers = [call(strict, "GET", RULES) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[-1].json()["title"] == "Too Many Requests"
    assert add_rules(strict, "cat").status_code == 201
    strict.clear_faults()
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
