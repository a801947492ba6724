"""Answers 2xx to the requests beside the streams that aren't what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from reactivex import Observable
from reactivex.scheduler import VirtualTimeScheduler

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.streams import StreamingClient
from rxtweets.testing import Script, ScriptedTransport
from tests.clients import over
from tests.observing import Seen

Call = Callable[[StreamingClient], Observable[Any]]

LISTS: dict[str, Call] = {
    "rules": lambda client: client.rules.list(),
    "connections": lambda client: client.connections.list(),
    "subscriptions": lambda client: client.subscriptions.list(),
}
CALLS: dict[str, Call] = {
    **LISTS,
    "rules.counts": lambda client: client.rules.counts(),
    "rules.add": lambda client: client.rules.add("cat"),
    "rules.validate": lambda client: client.rules.validate("cat"),
    "rules.delete": lambda client: client.rules.delete(1),
    "rules.replace": lambda client: client.rules.replace(1, "cat"),
    "rules.sync": lambda client: client.rules.sync(["cat"]),
    "connections.close": lambda client: client.connections.close("u"),
    "connections.close_all": lambda client: client.connections.close_all(),
    "subscriptions.add": lambda client: client.subscriptions.add("post.create", user_id=1),
    "subscriptions.update": lambda client: client.subscriptions.update(1, tag="t"),
    "subscriptions.delete": lambda client: client.subscriptions.delete(1),
}
HTML = b"<html><title>Sign in</title><p>Welcome to the hotel</p></html>"
WRONG: dict[str, tuple[Script, str]] = {
    "problems": (
        Script(b'{"errors":[{"title":"Forbidden","detail":"not yours"}]}'),
        "Forbidden: not yours",
    ),
    "empty object": (Script(b"{}"), "{}"),
    "list": (Script(b'[{"id":"1"}]'), "the body is a list and not an object"),
    "text": (Script(b'"ok"'), "the body is text and not an object"),
    "null": (Script(b"null"), "the body is null and not an object"),
    "page for people": (
        Script(HTML, headers={"Content-Type": "text/html; charset=utf-8"}),
        "the body is text/html, not JSON: Sign in Welcome to the hotel",
    ),
    "no content": (Script(status=204), "HTTP 204 No Content, but it has no body"),
    "data of another kind": (Script(b'{"data":5,"meta":{"result_count":1}}'), '"data":5'),
    "nested": (Script(b"[" * 10_000), "nested too deeply"),
}
CUT = [b"", b'{"data":[{"id":"1","val', b'{"meta":']


def ended(call: Call, *scripts: Script, policy: BackoffPolicy | None = None) -> tuple[Seen, int]:
    """Return the outcome and the number of requests sent, in virtual time."""
    transport, scheduler = ScriptedTransport(*scripts), VirtualTimeScheduler()
    seen = Seen(call(over(transport)), scheduler)
    scheduler.start()
    return seen, len(transport.sessions)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("script", "said"), WRONG.values(), ids=WRONG)
def test_an_answer_that_is_something_else(call: Call, script: Script, said: str) -> None:
    """An answer that isn't what was asked for is an error that says what came, and is never retried."""
    seen, requests = ended(call, script)
    assert isinstance(seen.error, errors.UnexpectedResponse)
    assert said in str(seen.error)
    assert ", but " in str(seen.error)
    assert (seen.items, requests) == ([], 1)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("body", CUT)
def test_an_answer_that_breaks_off(call: Call, body: bytes) -> None:
    """An answer that breaks off is a broken connection: repeated where requests are, never a success."""
    seen, requests = ended(call, *[Script(body)] * 5)
    assert isinstance(seen.error, errors.StreamDisconnected)
    assert "was cut off" in str(seen.error)
    assert seen.items == []
    assert requests == (5 if "rules" in call.__code__.co_names else 1)


PAGE = msgspec.json.encode({"data": [{"id": "1", "subscription_id": "1"}], "meta": {"next_token": "x"}})
LAST = b'{"data":[{"id":"2","subscription_id":"2"}],"meta":{"result_count":1}}'


@pytest.mark.parametrize("call", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize(("script", "said"), WRONG.values(), ids=WRONG)
def test_a_later_page_that_is_something_else(call: Call, script: Script, said: str) -> None:
    """The list ends with an error, and not as if it were whole."""
    seen, _ = ended(call, Script(PAGE), script)
    assert isinstance(seen.error, errors.UnexpectedResponse)
    assert said in str(seen.error)
    assert len(seen.items) == 1


def test_a_later_page_that_breaks_off() -> None:
    """A later page that breaks off is asked for again."""
    seen, requests = ended(LISTS["rules"], Script(PAGE), Script(CUT[1]), Script(LAST))
    assert seen.completed
    assert [rule.id for rule in seen.items] == ["1", "2"]
    assert requests == 3


@pytest.mark.parametrize("call", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize(
    "body",
    [
        b'{"meta":{"sent":"2026-11-01T10:00:00.000Z","result_count":0}}',
        b'{"data":[],"meta":{}}',
        b'{"meta":{}}',
    ],
)
def test_an_empty_list(call: Call, body: bytes) -> None:
    """The forms that X has for a list without items are no errors."""
    seen, _ = ended(call, Script(body))
    assert (seen.items, seen.completed) == ([], True)


@pytest.mark.parametrize("count", [3, "3"])
def test_items_that_are_counted_and_not_there(count: object) -> None:
    """A page that counts items and has none is no empty list."""
    seen, _ = ended(LISTS["rules"], Script(msgspec.json.encode({"meta": {"result_count": count}})))
    assert isinstance(seen.error, errors.UnexpectedResponse)


@pytest.mark.parametrize("call", LISTS.values(), ids=LISTS)
def test_problems_beside_the_items_of_a_list(call: Call) -> None:
    """All items come, of later pages, too; then an error tells that the list isn't whole."""
    first = msgspec.json.decode(PAGE) | {"errors": [{"title": "Unavailable", "detail": "one shard is down"}]}
    seen, _ = ended(call, Script(msgspec.json.encode(first)), Script(LAST))
    assert [item.id for item in seen.items] == ["1", "2"]
    assert isinstance(seen.error, errors.UnexpectedResponse)
    assert "a part of the list is missing: Unavailable: one shard is down" in str(seen.error)


@pytest.mark.parametrize("data", [{}, {"data": [{"id": "1", "value": "cat"}]}])
def test_what_is_asked_for_by_id_and_not_there(data: dict[str, Any]) -> None:
    """Of the rules with certain ids those come that there are; that others don't exist is no error."""
    missing = {"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}
    seen, _ = ended(
        lambda client: client.rules.list(1, 2), Script(msgspec.json.encode(data | {"errors": [missing]}))
    )
    assert seen.completed
    assert len(seen.items) == len(data)


def test_a_byte_order_mark() -> None:
    """A byte order mark before JSON is skipped."""
    seen, _ = ended(LISTS["rules"], Script(b"\xef\xbb\xbf" + LAST))
    assert [rule.id for rule in seen.items] == ["2"]


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        ({"successful_kills": 1, "failed_kills": 0}, (1, 0, {})),
        ({"results": [{"uuid": "u", "success": True}, {"id": "v"}]}, (1, 1, {"v": "not closed"})),
    ],
)
def test_closed_connections_survive_drift(data: dict[str, Any], closed: tuple[Any, ...]) -> None:
    """Counts and results each tell what the others don't."""
    seen, _ = ended(CALLS["connections.close"], Script(msgspec.json.encode({"data": data})))
    (item,) = seen.items
    assert (item.closed, item.failed, item.errors) == closed
