"""The app's own connections: seen and ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from requests.structures import CaseInsensitiveDict

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator
from rxtweets.endpoints import Endpoint, v2
from rxtweets.management import ClosedConnections, ConnectionInfo, ConnectionsClient
from rxtweets.messages import Connected
from rxtweets.testing import ScriptedTransport
from tests.clients import client_on, over, responses
from tests.observing import Seen


def scripted(*answers: Any) -> tuple[ConnectionsClient, ScriptedTransport]:
    transport = responses(*answers)
    return over(transport).connections, transport


def test_list() -> None:
    """Connections are typed, with all their fields asked for; what is missing is None."""
    whole = {
        "id": "u-1",
        "endpoint_name": "filtered_stream",
        "connected_at": "2026-11-01T10:00:00.000Z",
        "disconnected_at": "soon",
        "disconnect_reason": "client",
        "client_ip": "1.2.3.4",
    }
    connections, transport = scripted({"data": [whole, {"id": "u-2"}]}, {})
    assert Seen(connections.list(status="all", endpoints=["sample_stream"])).ended().items == [
        ConnectionInfo(
            "u-1", "filtered_stream", datetime(2026, 11, 1, 10, tzinfo=UTC), None, "client", "1.2.3.4"
        ),
        ConnectionInfo("u-2"),
    ]
    assert dict(transport.sessions[0].request.params) == {
        "status": "all",
        "max_results": "100",
        "connection.fields": "client_ip,connected_at,disconnect_reason,disconnected_at,endpoint_name,id",
        "endpoints": "sample_stream",
    }
    assert Seen(connections.list()).ended().items == []
    assert dict(transport.sessions[1].request.params)["status"] == "active"


def test_connections_of_a_later_version_of_x() -> None:
    """An endpoint that this library has never heard of is asked for and listed; the id has either name."""
    item = {"uuid": "u-1", "endpoint_name": "new_stream", "connected_at": None, "region": "x"}
    connections, transport = scripted({"data": [item, {"endpoint_name": 5}]})
    assert Seen(connections.list(endpoints=["new_stream", "new_stream"])).ended().items == [
        ConnectionInfo("u-1", "new_stream"),
        ConnectionInfo("", "5"),
    ]
    assert dict(transport.sessions[0].request.params)["endpoints"] == "new_stream"


BEGAN = Connected(200, CaseInsensitiveDict({"Date": "Sun, 01 Nov 2026 10:00:00 GMT"}))
FILTER = v2.filter(base_url="http://127.0.0.1:9")


def listed(number: int, connected_at: str | None) -> dict[str, Any]:
    return {"id": f"u-{number}", "endpoint_name": "filtered_stream", "connected_at": connected_at}


CLOSED = {"data": {"successful_kills": 1, "failed_kills": 0, "results": [{"success": True, "uuid": "u-1"}]}}


def test_end_stale() -> None:
    """The connection that began with the head of the answer is ended, and no other."""
    page = {
        "data": [listed(0, "2026-11-01T09:59:00Z"), listed(1, "2026-11-01T10:00:00.900Z"), listed(2, None)]
    }
    connections, transport = scripted(page, CLOSED)
    assert Seen(connections.end_stale(FILTER, BEGAN)).ended().items == [True]
    looked, ended = (session.request for session in transport.sessions)
    assert dict(looked.params)["endpoints"] == "filtered_stream"
    assert dict(looked.params)["status"] == "active"
    assert (ended.method, msgspec.json.decode(ended.json or b"")) == ("DELETE", {"uuids": ["u-1"]})


@pytest.mark.parametrize(
    ("endpoint", "began", "found"),
    [
        (FILTER, BEGAN, [listed(0, "2026-11-01T09:59:00Z")]),
        (FILTER, BEGAN, [listed(0, "2026-11-01T10:00:01Z"), listed(1, "2026-11-01T10:00:02Z")]),
        (FILTER, BEGAN, [listed(0, "2026-11-01T10:00:00"), listed(1, "soon")]),
        (FILTER, BEGAN, [{"connected_at": "2026-11-01T10:00:00Z"}]),
        (FILTER, Connected(200, {}), None),
        (FILTER, Connected(200, {"Date": "once"}), None),
        (FILTER, Connected(200, {"Date": f"Sun, 01 Nov {'9' * 20} 10:00:00 GMT"}), None),
        (v2.activity(base_url="http://127.0.0.1:9"), BEGAN, None),
    ],
)
def test_a_connection_that_is_not_known_for_sure_is_left(
    endpoint: Endpoint, began: Connected, found: list[dict[str, Any]] | None
) -> None:
    """With none or several that may be it, or no way to know, nothing is ended."""
    connections, transport = scripted(*([] if found is None else [{"data": found}]))
    assert Seen(connections.end_stale(endpoint, began)).ended().items == [False]
    assert len(transport.sessions) == (found is not None)


@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (lambda c: c.close("u-1", ConnectionInfo("u-2")), "/2/connections", {"uuids": ["u-1", "u-2"]}),
        (lambda c: c.close(endpoint="filtered_stream"), "/2/connections/filtered_stream", None),
        (lambda c: c.close(endpoint="new_stream"), "/2/connections/new_stream", None),
        (lambda c: c.close_all(), "/2/connections/all", None),
    ],
)
def test_close(call: Callable[[ConnectionsClient], Any], path: str, body: Any) -> None:
    """Connections are ended by id, by endpoint, or all, and those that were not are named."""
    results = [{"uuid": "u-1", "success": True}, {"uuid": "u-2", "success": False, "error_message": "gone"}]
    connections, transport = scripted(
        {"data": {"successful_kills": 1, "failed_kills": 1, "results": results}}
    )
    (closed,) = Seen(call(connections)).ended().items
    assert closed == ClosedConnections(1, 1, {"u-2": "gone"})
    request = transport.sessions[0].request
    assert (request.method, request.url) == ("DELETE", "http://127.0.0.1:9" + path)
    assert (request.json and msgspec.json.decode(request.json)) == body


def test_a_refusal_in_the_answer_is_an_error() -> None:
    """An answer without data is the error that it tells of."""
    connections, _ = scripted({"errors": [{"title": "Forbidden", "detail": "not yours"}]})
    error = Seen(connections.close_all()).ended().error
    assert isinstance(error, errors.HTTPStatusError)
    assert "not yours" in str(error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: c.list(status="open"), "status must be one of 'active', 'inactive', 'all', not 'open'"),
        (lambda c: c.list(endpoints="Filtered"), "a name such as 'filtered_stream', not 'Filtered'"),
        (lambda c: c.close(), "either ids or an endpoint's name; close_all() closes all"),
        (lambda c: c.close("u", endpoint="filtered_stream"), "either ids or an endpoint's name"),
        (lambda c: c.close(endpoint="../all"), "a name such as 'filtered_stream', not '../all'"),
        (lambda c: c.close(*["u"] * 101), "at most 100 connections, got 101"),
        (lambda c: c.close(endpoint="all"), "close_all() closes all connections"),
        (lambda c: c.close(["u"]), "not a list: write close(*…)"),
        (lambda c: c.close(5), "ids of connections as text, not 5"),
        (lambda c: c.close(ConnectionInfo("")), "ids of connections as text, not ''"),
    ],
)
def test_refused_before_any_request(call: Callable[[ConnectionsClient], Any], said: str) -> None:
    """A wrong argument is a ValueError that says what would be right."""
    connections, transport = scripted()
    with pytest.raises(ValueError, match=re.escape(said)):
        call(connections)
    assert not transport.sessions


def test_against_a_server(emulator: Emulator) -> None:
    """An open stream is listed, and ends when it is closed."""
    client = client_on(emulator, policy=BackoffPolicy.never())
    stream = Seen(client.sample()).count(1)
    (connection,) = Seen(client.connections.list()).ended().items
    assert connection.endpoint_name == "sample_stream"
    assert Seen(client.connections.close(connection)).ended().items == [ClosedConnections(1, 0, {})]
    assert isinstance(stream.ended().error, errors.StreamDisconnected)
    emulator.wait_for_streams(0)
    assert Seen(client.connections.list()).ended().items == []


def test_a_standing_stream_is_found_and_ended(emulator: Emulator) -> None:
    """By the time at which it began the server knows it."""
    client = client_on(emulator, policy=BackoffPolicy.never())
    seen = Seen(client.sample()).count(1)
    endpoint = v2.sample(base_url=emulator.base_url)
    assert Seen(client.connections.end_stale(endpoint, seen.items[0])).ended().items == [True]
    assert isinstance(seen.ended().error, errors.StreamDisconnected)
