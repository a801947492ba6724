"""The app's own connections to streams."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rxtweets.backoff import http_date
from rxtweets.endpoints import Endpoint, checks
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.messages import Connected
from rxtweets.rest import Api, JSONResponse, number, text, time

# Source for names, fields and limits: X's OpenAPI description, 2.167; the activity stream has no name.
_NAMES = {
    "/2/tweets/search/stream": "filtered_stream",
    "/2/tweets/sample/stream": "sample_stream",
    "/2/tweets/sample10/stream": "sample10_stream",
    "/2/tweets/firehose/stream": "firehose_stream",
    "/2/tweets/firehose/stream/lang/en": "firehose_stream_lang_en",
    "/2/tweets/firehose/stream/lang/ja": "firehose_stream_lang_ja",
    "/2/tweets/firehose/stream/lang/ko": "firehose_stream_lang_ko",
    "/2/tweets/firehose/stream/lang/pt": "firehose_stream_lang_pt",
    "/2/tweets/compliance/stream": "tweets_compliance_stream",
    "/2/users/compliance/stream": "users_compliance_stream",
    "/2/tweets/label/stream": "tweet_label_stream",
    "/2/likes/firehose/stream": "likes_firehose_stream",
    "/2/likes/sample10/stream": "likes_sample10_stream",
    "/2/likes/compliance/stream": "likes_compliance_stream",
}
_SAME_CONNECTION = 5.0
"""The most seconds between a connection's `connected_at` and the `Date` of the answer that opened it."""
_MOST_AT_ONCE = 100
_FIELDS = "client_ip,connected_at,disconnect_reason,disconnected_at,endpoint_name,id"


class ConnectionInfo(msgspec.Struct, frozen=True):
    """A connection of the app to a stream, open or closed; None for what the server doesn't say.

    If it doesn't say the `id`, that is empty, and the connection can't be closed by id.
    """

    id: str
    endpoint_name: str | None = None
    connected_at: datetime | None = None
    disconnected_at: datetime | None = None
    disconnect_reason: str | None = None
    client_ip: str | None = None


class ClosedConnections(msgspec.Struct, frozen=True):
    """The result of closing connections.

    Attributes:
        closed: how many were closed.
        failed: how many were not.
        errors: why not, by the connection's id, as far as the server says.
    """

    closed: int
    failed: int
    errors: dict[str, str]


class ConnectionsClient:
    """The app's own connections to streams: `StreamingClient.connections`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(
        self, *, status: Literal["active", "inactive", "all"] = "active", endpoints: str | Iterable[str] = ()
    ) -> Observable[ConnectionInfo]:
        """Each connection of *status*, and of *endpoints* (such as `filtered_stream`) if given.

        X decides which endpoints exist; only the form of a name is checked.

        Raises:
            ValueError: the status is unknown, or something can't be the name of an endpoint.
        """
        chosen = checks.choice("status", status, ("active", "inactive", "all"))
        params: Pairs = (
            ("status", chosen),
            ("max_results", "100"),
            ("connection.fields", _FIELDS),
        )
        if named := [_endpoint(name) for name in checks.items("endpoints", endpoints, "names")]:
            params += (("endpoints", ",".join(dict.fromkeys(named))),)
        return self._api.items("/2/connections", params, _connection)

    def close(
        self, *connections: str | ConnectionInfo, endpoint: str | None = None
    ) -> Observable[ClosedConnections]:
        """End up to 100 *connections*, given by id, or else all connections to *endpoint*.

        Raises:
            ValueError: neither is given, or both; or one is no id, or can't be the name of an endpoint.
        """
        checks.apart("close", connections)
        ids = [item.id if isinstance(item, ConnectionInfo) else item for item in connections]
        if bool(ids) == (endpoint is not None):
            raise ValueError("close() takes either ids or an endpoint's name; close_all() closes all")
        if endpoint == "all":
            raise ValueError("'all' isn't an endpoint; close_all() closes all connections")
        if endpoint is not None:
            return self._ended("/" + _endpoint(endpoint))
        checks.at_most("close", ids, _MOST_AT_ONCE, "connections")
        for item in ids:
            if not isinstance(item, str) or not item:
                raise ValueError(f"close() takes ids of connections as text, not {item!r}")
        return self._ended("", {"uuids": ids})

    def close_all(self) -> Observable[ClosedConnections]:
        """End all connections of the app."""
        return self._ended("/all")

    def end_stale(self, endpoint: Endpoint, connected: Connected) -> Observable[bool]:
        """End the connection to *endpoint* that began with *connected*, if X still has it in its list.

        After a connection has broken, X counts it for some seconds more and refuses the next one with
        `TooManyConnections`. The connection is known by the time at which it began; where another connection
        of the app to the same endpoint began within 5 s of it, none is ended. This is what
        `StreamingClient` does before a reconnect (`retry_with_backoff(end_stale=…)`).

        Returns:
            An Observable of one item: whether a connection was ended.
        """
        name = _NAMES.get(urlsplit(endpoint.request.url).path)
        began = http_date(connected.headers.get("Date", ""))
        if name is None or began is None:
            return reactivex.just(False)

        def is_it(connection: ConnectionInfo) -> bool:
            at = connection.connected_at
            timed = (
                at is not None and at.tzinfo is not None and abs(at.timestamp() - began) <= _SAME_CONNECTION
            )
            return bool(connection.id) and timed

        def end(found: list[ConnectionInfo]) -> Observable[bool]:
            if len(found) != 1:
                return reactivex.just(False)
            return self.close(found[0]).map(lambda result: result.closed == 1)

        return self.list(endpoints=[name]).pipe(ops.filter(is_it), ops.to_list(), ops.flat_map(end))

    def _ended(self, path: str, body: dict[str, Any] | None = None) -> Observable[ClosedConnections]:
        return self._api.call("DELETE", "/2/connections" + path, body=body).pipe(ops.map(_closed))


def _endpoint(name: object) -> str:
    return checks.form("endpoint", name, r"[a-z0-9_]+", "filtered_stream")


def _connection(item: dict[str, Any]) -> ConnectionInfo:
    return ConnectionInfo(
        id=text(item.get("id")) or text(item.get("uuid")) or "",
        endpoint_name=text(item.get("endpoint_name")),
        connected_at=time(item.get("connected_at")),
        disconnected_at=time(item.get("disconnected_at")),
        disconnect_reason=text(item.get("disconnect_reason")),
        client_ip=text(item.get("client_ip")),
    )


def _closed(answer: JSONResponse) -> ClosedConnections:
    data = answer.get_object("data")
    if not data.keys() & {"successful_kills", "failed_kills", "results"}:
        raise answer.unexpected("it doesn't say what became of the connections")
    results = answer.get_list("data", "results")
    errors = {
        text(item.get("uuid")) or text(item.get("id")) or "": text(item.get("error_message")) or "not closed"
        for item in results
        if not item.get("success")
    }
    failed = number(data.get("failed_kills", len(errors)))
    return ClosedConnections(number(data.get("successful_kills", len(results) - failed)), failed, errors)
