"""Answers of v2, checked against X's OpenAPI description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

from rxtweets.emulator import Emulator, Limits

from .asking import ASKED, BODIES, NAMED, ONE, OPERATIONS, ask, real, status
from .clients import FILTERED, RULES, SAMPLE, SEARCH, SUBSCRIPTIONS, add_rules, call, raw_get, signed
from .described import faults_of_answer, required, streams

# --- refusals


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_credentials_are_asked_for(site: Emulator, path: str, method: str) -> None:
    """None, a wrong bearer token, and other schemes are refused with a described problem."""
    for header, expected in (
        ("", 401),
        ("Bearer nonsense", 401),
        ("Basic eDp5", 401),
        ("Digest x", 401),
        ("Bearer", 401),
    ):
        assert ask(site, path, method, headers={"Authorization": header}).status_code == expected
    with requests.Session() as session:
        answer = session.request(method, site.base_url + real(path), auth=signed(site), timeout=5)
    by_user = (path, method) in ((SUBSCRIPTIONS, "GET"), (SUBSCRIPTIONS, "POST"), (SEARCH, "GET"))
    assert (answer.status_code in (200, 400)) if by_user else (answer.status_code == 403)
    kind = answer.headers["content-type"]
    assert faults_of_answer(path, method, answer.status_code, kind, answer.content) == []


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize("limited", ["requests", "connects"])
def test_rates_are_limited_as_described(path: str, method: str, limited: str) -> None:
    """A request too many gets 429, a described problem."""
    with Emulator(rate=0, level="enterprise", limits=Limits(requests=1, connects=1)) as emulator:
        stream = path in streams()
        if stream != (limited == "connects"):
            return
        for _ in range(2):
            if stream:
                last = status(emulator, path, method, required(path, method))
            else:
                last = ask(emulator, path, method, params=required(path, method)).status_code
        assert last == 429


@pytest.mark.parametrize("path", streams())
def test_a_connection_too_many_is_refused_as_described(path: str) -> None:
    """429 with the problem of too many connections."""
    with Emulator(rate=0, level="enterprise", limits=Limits(connections=1)) as emulator:
        add_rules(emulator, "cat")
        query = "?partition=1" if required(path, "GET") else ""
        with raw_get(emulator, path + query) as first:
            assert first.status == 200
            answer = ask(emulator, path, "GET", params=required(path, "GET"))
            assert (answer.status_code, answer.json()["connection_issue"]) == (429, "TooManyConnections")


BROKEN: list[Any] = [None, [], "x", 1, {"nonsense": 1}]


@pytest.mark.parametrize(("path", "method"), BODIES)
@pytest.mark.parametrize(
    "body",
    [*BROKEN, b"", b"{", b"\xff", b'{"a":1', b'"\xed\xa0\x80"', b"[" * 9999],
    ids=lambda body: repr(body)[:20],
)
def test_bodies_without_sense_are_refused(site: Emulator, path: str, method: str, body: Any) -> None:
    """400 with what is wrong."""
    options = {"data": body, "json": None} if isinstance(body, bytes) else {"json": body}
    if body is None:
        options = {"data": b"null", "json": None}
    assert ask(site, path, method, **options).status_code == 400


@pytest.mark.parametrize(("path", "method"), BODIES)
@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/xml", "x"])
def test_bodies_of_another_type_are_refused(site: Emulator, path: str, method: str, kind: str) -> None:
    """The answer says which type it must be."""
    answer = ask(site, path, method, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "application/json" in answer.json()["errors"][0]["message"]


def test_there_is_no_filtered_stream_without_rules(emulator: Emulator) -> None:
    """409, as described."""
    assert ask(emulator, FILTERED, "GET").status_code == 409


def test_rules_beyond_the_cap_are_refused_as_described() -> None:
    """422, as described."""
    with Emulator(rate=0, limits=Limits(rules=1)) as emulator:
        assert ask(emulator, RULES, "POST", json={"add": [{"value": "a"}, {"value": "b"}]}).status_code == 422


# --- successes


def test_the_life_of_rules_is_as_described(emulator: Emulator) -> None:
    """Adding, dry runs, duplicates, unreadable rules, pages, counts, deleting by id, by value, and all."""

    def post(body: Any, query: str = "") -> requests.Response:
        return ask(emulator, RULES, "POST", json=body, params=query)

    ask(emulator, RULES, "GET")
    rules = [{"value": f"cat{n}", "tag": "t"} for n in range(5)]
    assert post({"add": rules}, "dry_run=true").status_code == 200
    assert post({"add": rules}).status_code == 201
    assert len(post({"add": [*rules, {"value": "("}, {"value": "dog"}]}).json()["errors"]) == 6
    page = ask(emulator, RULES, "GET", params={"max_results": "2"}).json()
    assert page["meta"]["next_token"]
    ask(emulator, RULES, "GET", params={"pagination_token": page["meta"]["next_token"]})
    ids = [rule["id"] for rule in page["data"]]
    assert len(ask(emulator, RULES, "GET", params={"ids": ",".join(ids)}).json()["data"]) == 2
    ask(emulator, f"{RULES}/counts", "GET")
    ask(emulator, f"{RULES}/counts", "GET", params={"rules_count.fields": "all_project_client_apps"})
    assert post({"delete": {"ids": [*ids, "1"], "values": ["dog", "x"]}}).json()["errors"]
    assert post({}, "delete_all=true").json()["meta"]["summary"]["deleted"] == 3


def test_the_life_of_connections_is_as_described(enterprise: Emulator) -> None:
    """Listing with each status and field, ending by id, by name, and all."""
    emulator = enterprise
    with raw_get(emulator, SAMPLE), raw_get(emulator, SAMPLE):
        emulator.wait_for_streams(2)
        assert len(ask(emulator, "/2/connections", "GET", params={"max_results": "1"}).json()["data"]) == 1
        uuids = [stream.id for stream in emulator.streams]
        ask(emulator, "/2/connections", "DELETE", json={"uuids": [uuids[0], "x"]})
        ask(emulator, NAMED, "DELETE")
    ask(emulator, "/2/connections/all", "DELETE")
    emulator.wait_for_streams(0)
    past = ask(emulator, "/2/connections", "GET", params={"status": "all"}).json()
    assert {one["id"] for one in past["data"]} == set(uuids)
    assert all(one["disconnect_reason"] for one in past["data"])


def test_the_life_of_subscriptions_is_as_described(emulator: Emulator) -> None:
    """Making, listing, changing, deleting one and several."""
    me, user = str(emulator.user_id), {"Authorization": f"Bearer {emulator.user_token}"}
    make: Callable[..., Any] = lambda **more: ask(  # noqa: E731
        emulator, SUBSCRIPTIONS, "POST", json={**ASKED, **more}, headers=user
    ).json()["data"]["subscription"]
    first, second = (
        make(tag="t", webhook_id="5"),
        make(event_type="mute.mute", filter={"user_id": me, "direction": "inbound"}),
    )
    assert second["filter"] == {"user_id": me}
    assert len(ask(emulator, SUBSCRIPTIONS, "GET").json()["data"]) == 2
    path = f"{SUBSCRIPTIONS}/{first['subscription_id']}"
    for method, body in (("PUT", {"tag": "new"}), ("PUT", {}), ("DELETE", None), ("DELETE", None)):
        answer = call(emulator, method, path, json=body)
        kind = answer.headers["content-type"]
        assert faults_of_answer(ONE, method, answer.status_code, kind, answer.content) == []
    assert answer.status_code == 404
    ids = {"ids": f"{second['subscription_id']},1"}
    assert ask(emulator, SUBSCRIPTIONS, "DELETE", params=ids).json()["errors"]


@pytest.mark.parametrize(("path", "method"), [(ONE, "PUT"), (ONE, "DELETE"), (NAMED, "DELETE")])
def test_parts_of_a_path_are_checked(site: Emulator, path: str, method: str) -> None:
    """An id that is none, and a name that no endpoint has, are invalid requests."""
    for part in ("x", "9" * 20, "1%00", "%FF", "1;2", "-1", " "):
        where = path.partition("{")[0] + quote(part, safe="%")
        answer = call(site, method, where, json=BODIES.get((path, method)))
        assert answer.status_code == 400, part
        kind = answer.headers["content-type"]
        assert faults_of_answer(path, method, 400, kind, answer.content) == []
