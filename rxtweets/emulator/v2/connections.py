"""v2's list of one's own connections, and how to end them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rxtweets.emulator.http.answers import Answer, Call, invalid_request, json_answer, v2_refusal
from rxtweets.emulator.records import StreamRecord
from rxtweets.emulator.streams import OpenStream

from .fields import split
from .rules import page, sent

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

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


class ConnectionEndpoints:
    """``/2/connections/…``."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._past: deque[dict[str, str]] = deque(maxlen=200)
        site.on_stream_closed = self._ended

    def list_connections(self, call: Call) -> Answer:
        status = call.query.get("status", "active")
        endpoints = split(call.query.get("endpoints", ""))
        fields = split(call.query.get("connection.fields", ""))
        for name, values, allowed in (
            ("status", [status], ("active", "inactive", "all")),
            ("endpoints", endpoints, tuple(NAMES.values())),
            ("connection.fields", fields, _FIELDS),
        ):
            wrong = [value for value in values if value not in allowed]
            if wrong:
                message = (
                    f"The `{name}` query parameter value [{wrong[0]}] is not one of [{','.join(allowed)}]"
                )
                return invalid_request(({name: values}, message))
        found = [form for form in self._forms(status) if not endpoints or form["endpoint_name"] in endpoints]
        part = page(call, len(found), 100)
        if isinstance(part, Answer):
            return part
        shown = found[part[0]]
        if fields:
            shown = [
                {name: value for name, value in form.items() if name in (*fields, "id")} for form in shown
            ]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if part[1]:
            meta["next_token"] = part[1]
        return json_answer({"data": shown, "meta": meta})

    def _forms(self, status: str) -> Iterable[dict[str, str]]:
        if status in ("active", "all"):
            for stream in self._site.hub.streams.values():
                if stream.record.protocol == "2":
                    yield _form(stream.record)
        if status in ("inactive", "all"):
            yield from reversed(self._past)

    def _ended(self, stream: OpenStream) -> None:
        if stream.record.protocol == "2":
            now = sent(self._site.clock)
            form = _form(stream.record)
            self._past.append({**form, "disconnected_at": now, "disconnect_reason": stream.reason})

    def delete_uuids(self, call: Call) -> Answer:
        try:
            asked = call.json()
        except ValueError:
            asked = None
        uuids = asked.get("uuids") if isinstance(asked, dict) else None
        if not isinstance(uuids, list) or not uuids or not all(isinstance(item, str) for item in uuids):
            return invalid_request(
                ({"uuids": []}, "`uuids` must be a list of at least one id of a connection")
            )
        return self._end(uuids)

    def delete_endpoint(self, call: Call) -> Answer:
        name = call.path.rpartition("/")[2]
        if name != "all" and name not in NAMES.values():
            return v2_refusal(404)
        streams = self._site.hub.streams
        return self._end(
            [
                key
                for key, stream in streams.items()
                if stream.record.protocol == "2" and name in ("all", NAMES.get(stream.record.path))
            ]
        )

    def _end(self, uuids: Iterable[str]) -> Answer:
        results: list[dict[str, Any]] = []
        for uuid in uuids:
            stream = self._site.hub.streams.get(uuid)
            if stream is None or stream.record.protocol != "2":
                results.append({"uuid": uuid, "success": False, "error_message": "Connection not found"})
                continue
            self._site.say_goodbye(stream, "operator_disconnect")
            results.append({"uuid": uuid, "success": True})
        done = sum(result["success"] for result in results)
        return json_answer(
            {"data": {"successful_kills": done, "failed_kills": len(results) - done, "results": results}}
        )


def _form(record: StreamRecord) -> dict[str, str]:
    return {
        "id": record.id,
        "endpoint_name": NAMES.get(record.path, record.path),
        "connected_at": record.opened.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{record.opened.microsecond // 1000:03}Z",
        "client_ip": record.client_ip,
    }
