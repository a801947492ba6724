"""v2's list of one's own connections, and how to end them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from rxtweets.emulator.app.records import EndedStream, EndReason, StreamRecord
from rxtweets.emulator.server.http import Request, Response, invalid_request, json_response
from rxtweets.emulator.streams.hub import StreamHub

from .params import PAGING, Check, meta, one_of, page, read_body, some_of, split, whole

# The names that X gives the endpoints. Source: X's OpenAPI description; it has none for the activity stream.
NAMES = {
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
_FIELDS = ("client_ip", "connected_at", "disconnect_reason", "disconnected_at", "endpoint_name", "id")
LISTED: dict[str, Check] = {
    **PAGING,
    "max_results": whole(1, 100),
    "status": one_of("active", "inactive", "all"),
    "endpoints": some_of(NAMES.values(), least=0),
    "connection.fields": some_of(_FIELDS),
}


class _Ended(Struct, frozen=True, forbid_unknown_fields=True):
    """The body that ends connections."""

    uuids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100)]


class ConnectionEndpoints:
    """``/2/connections/…``."""

    def __init__(self, hub: StreamHub) -> None:
        self._hub = hub

    def list_connections(self, request: Request) -> Response:
        endpoints = split(request.query.get("endpoints", ""))
        fields = split(request.query.get("connection.fields", ""))
        forms = self._forms(request.query.get("status", "active"))
        found = [form for form in forms if not endpoints or form["endpoint_name"] in endpoints]
        part, following = page(request, len(found), 10)
        shown = found[part]
        if fields:
            shown = [
                {name: value for name, value in form.items() if name in (*fields, "id")} for form in shown
            ]
        return json_response({"data": shown, "meta": meta(shown, following)})

    def _forms(self, status: str) -> Iterable[dict[str, str]]:
        if status in ("active", "all"):
            for stream in self._hub.streams.values():
                if stream.record.protocol == "2":
                    yield _form(stream.record)
        if status in ("inactive", "all"):
            for ended in reversed(self._hub.past):
                if ended.protocol == "2":
                    more = {"disconnected_at": _written(ended.ended), "disconnect_reason": ended.reason}
                    yield {**_form(ended), **more}

    def delete_uuids(self, request: Request) -> Response:
        asked = read_body(request, _Ended)
        return asked if isinstance(asked, Response) else self._end(asked.uuids)

    def delete_endpoint(self, request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        if name != "all" and name not in NAMES.values():
            message = f"The `endpoint_id` path parameter value is not one of [{','.join(NAMES.values())}]"
            return invalid_request(({"endpoint_id": [name]}, message))
        streams = self._hub.streams
        return self._end(
            [
                key
                for key, stream in streams.items()
                if stream.record.protocol == "2" and name in ("all", NAMES.get(stream.record.path))
            ]
        )

    def _end(self, uuids: Iterable[str]) -> Response:
        results: list[dict[str, Any]] = []
        for uuid in uuids:
            stream = self._hub.streams.get(uuid)
            if stream is None or stream.record.protocol != "2":
                results.append({"uuid": uuid, "success": False, "error_message": "Connection not found"})
                continue
            stream.disconnect(EndReason.OPERATOR)
            results.append({"uuid": uuid, "success": True})
        done = sum(result["success"] for result in results)
        return json_response(
            {"data": {"successful_kills": done, "failed_kills": len(results) - done, "results": results}}
        )


def _form(record: StreamRecord | EndedStream) -> dict[str, str]:
    return {
        "id": record.id,
        "endpoint_name": NAMES.get(record.path, record.path),
        "connected_at": _written(record.opened),
        "client_ip": record.client_ip,
    }


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
