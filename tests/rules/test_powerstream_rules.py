"""The rules of Powerstream: its requests, what is read from its answers, and how few requests it takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from reactivex import operators as ops

from rxtweets import errors
from rxtweets.rules import (
    PowerstreamRulesClient,
    RuleError,
    RulesMissing,
    RulesRefused,
    RuleUpdate,
    StreamRule,
    from_,
    keyword,
    parse,
)
from rxtweets.testing import Script, ScriptedTransport
from tests.clients import over, responses
from tests.observing import Seen
from tests.rules.clients import AT_ONCE, all_of

URL = "http://127.0.0.1:9/2/powerstream/rules"


def scripted(*answers: Any) -> tuple[PowerstreamRulesClient, ScriptedTransport]:
    """Return a client whose requests get *answers* in turn, and its transport."""
    transport = responses(*answers)
    return over(transport).powerstream_rules.with_policy(AT_ONCE), transport


def sent(transport: ScriptedTransport) -> list[tuple[str, Any]]:
    """Return the method and the body of each request."""
    requests = [session.request for session in transport.sessions]
    assert {(request.url, request.params) for request in requests} == {(URL, ())}
    return [(one.method, msgspec.json.decode(one.json) if one.json else None) for one in requests]


def listed(*rules: tuple[str, str, str | None], left: int | None = None) -> Script:
    """Return a list of rules: id, value, tag; *left* requests are left."""
    data = [{"id": id, "value": value} | ({} if tag is None else {"tag": tag}) for id, value, tag in rules]
    headers = {} if left is None else {"x-rate-limit-remaining": str(left)}
    return Script(msgspec.json.encode({"data": {"rules": data}}), headers=headers)


def added(*rules: tuple[str, str]) -> Script:
    body = {"data": {"rules": [{"id": id, "value": value} for id, value in rules]}}
    return Script(msgspec.json.encode(body), status=201)


GONE = {"meta": {"summary": {"deleted": 1, "not_deleted": 0}}}


def test_list() -> None:
    """One request lists all rules, also where only some are asked for."""
    page = listed(("1", "cat", "pets"), ("2", "dog", None))
    rules, transport = scripted(page, page)
    assert all_of(rules.list()) == [StreamRule("cat", "pets", "1"), StreamRule("dog", None, "2")]
    assert all_of(rules.list(2, "7")) == [StreamRule("dog", None, "2")]
    assert sent(transport) == [("GET", None)] * 2


@pytest.mark.parametrize(
    "answer", [{"data": {"rules": []}}, {"data": {}}, {"data": []}, {"meta": {"result_count": 0}}]
)
def test_a_list_without_rules(answer: Any) -> None:
    """There may be none, whichever way that is told."""
    assert all_of(scripted(answer)[0].list()) == []
    with pytest.raises(errors.UnexpectedResponse, match="it is no list of rules"):
        scripted({"hello": 1})[0].list().run()


def test_add() -> None:
    """Rules are added with their tags, in the names of Powerstream's dialect, 100 a request."""
    rules, transport = scripted(added(("1", "cat"), ("2", "x")))
    (update,) = all_of(rules.add("cat", parse("has:video_link retweets_of_tweet_id:5"), tag="t"))
    assert update == RuleUpdate(
        (StreamRule("cat", None, "1"), StreamRule("x", None, "2")), created=2, valid=2
    )
    assert sent(transport) == [
        (
            "POST",
            {
                "rules": [
                    {"value": "cat", "tag": "t"},
                    {"value": "has:videos retweets_of_status_id:5", "tag": "t"},
                ]
            },
        )
    ]
    rules, transport = scripted(*(added((str(n), "w")) for n in range(3)))
    (update,) = all_of(rules.add(*(f"w{n}" for n in range(250))))
    assert (update.created, [len(body["rules"]) for _, body in sent(transport)]) == (3, [100, 100, 50])


def test_refused_rules() -> None:
    """Refused rules are told beside the added ones; a bare 201 says that all were added."""
    refused = {"value": "((", "title": "UnprocessableEntity", "details": ["no ("]}
    (update,) = all_of(scripted({"data": {"rules": []}, "errors": [refused]})[0].add("(("))
    assert update == RuleUpdate(
        errors=(RuleError("UnprocessableEntity", "no (", "(("),), not_created=1, invalid=1
    )
    (update,) = all_of(scripted(Script(b"{}", status=201))[0].add("cat"))
    assert update == RuleUpdate((StreamRule("cat"),), created=1, valid=1)
    with pytest.raises(errors.UnexpectedResponse, match="what became of the rules"):
        scripted({"hello": 1})[0].add("cat").run()


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ({"meta": {"summary": {"deleted": 2, "not_deleted": 1}}}, (2, 1)),
        ({"data": {"deleted": 2, "not_deleted": 1}}, (2, 1)),
        ({"deleted": "2", "not_deleted": "1"}, (2, 1)),
        ({"data": {"deleted": ["1", "2"], "not_deleted": []}}, (2, 0)),
    ],
)
def test_delete(answer: Any, counts: tuple[int, int]) -> None:
    """Rules are deleted by their ids, or else by their values; the counts are read wherever they stand."""
    rules, transport = scripted(answer)
    (update,) = all_of(rules.delete(1, StreamRule("dog", id="2")))
    assert (update.deleted, update.not_deleted) == counts
    assert sent(transport) == [("DELETE", {"ids": ["1", "2"]})]


def test_delete_by_value() -> None:
    """Ids and values go in requests of their own."""
    rules, transport = scripted(GONE, GONE)
    (update,) = all_of(rules.delete(1, values=["dog", from_("ada")]))
    assert update.deleted == 2
    assert sent(transport) == [
        ("DELETE", {"ids": ["1"]}),
        ("DELETE", {"rules": [{"value": "dog"}, {"value": "from:ada"}]}),
    ]
    with pytest.raises(errors.UnexpectedResponse, match="what became of the rules"):
        scripted({"hello": 1})[0].delete(1).run()


def test_sync_lists_once() -> None:
    """A sync is one list, one addition and one deletion, however the answers tell it."""
    rules, transport = scripted(listed(("1", "cat", None), ("2", "dog", None)), added(("3", "emu")), GONE)
    (plan,) = all_of(rules.sync(["cat", keyword("emu")]))
    assert str(plan).endswith("1 to add, 1 to delete, 1 to keep")
    assert sent(transport) == [
        ("GET", None),
        ("POST", {"rules": [{"value": "emu"}]}),
        ("DELETE", {"ids": ["2"]}),
    ]
    rules, transport = scripted(listed(("1", "cat", None)))
    (plan,) = all_of(rules.sync([], dry_run=True))
    assert len(plan.deletes) == len(transport.sessions) == 1


def test_a_new_tag_takes_two_requests() -> None:
    """Rules that get another tag are all deleted, then all added, without dry runs."""
    many = [(str(n), f"w{n}", "old") for n in range(60)]
    gone = {"meta": {"summary": {"deleted": 60}}}
    rules, transport = scripted(listed(*many, left=49), gone, added(*((id, value) for id, value, _ in many)))
    all_of(rules.sync([(value, "new") for _, value, _ in many]))
    assert [method for method, _ in sent(transport)] == ["GET", "DELETE", "POST"]


def test_nothing_is_replaced_with_too_few_requests_left() -> None:
    """A replacement that might not be finished today isn't begun."""
    rules, transport = scripted(listed(("1", "cat", "old"), left=2))
    with pytest.raises(RulesRefused, match="2 requests are left, and to replace a rule takes up to 3"):
        rules.sync([("cat", "new")]).run()
    assert len(transport.sessions) == 1


def test_a_replacement_that_fails_is_put_back() -> None:
    """A rule whose replacement fails is added again; where that fails, too, the error names it."""
    broken = [Script(status=503)] * 3
    rules, transport = scripted(listed(("1", "cat", "old")), GONE, *broken, listed(), added(("9", "cat")))
    seen = Seen(rules.replace(1, "cat", tag="new")).ended()
    assert isinstance(seen.error, errors.ServerError)
    assert sent(transport)[-1] == ("POST", {"rules": [{"value": "cat", "tag": "old"}]})
    rules, _ = scripted(listed(("1", "cat", "old")), GONE, *broken * 9)
    seen = Seen(rules.replace(1, "cat", tag="new")).ended()
    assert isinstance(seen.error, RulesMissing)
    assert seen.error.missing == (StreamRule("cat", "old"),)


def test_there_is_room_for_a_thousand() -> None:
    """Room is what the list leaves of 1,000: no request asks for it."""
    full = listed(*((str(n), f"w{n}", None) for n in range(1_000)))
    rules, transport = scripted(full)
    with pytest.raises(RulesRefused, match="of the 1 rules to add, 1 exceed the limit"):
        rules.sync([*(f"w{n}" for n in range(1_000)), "one more"]).run()
    assert len(transport.sessions) == 1


def test_the_days_requests_are_used_up() -> None:
    """The error says how many requests there are in a day, and when there are more."""
    headers = {
        "date": "Tue, 27 Oct 2026 12:00:00 GMT",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": "1793145600",
    }
    transport = responses(Script(b'{"title":"Too Many Requests"}', status=429, headers=headers))
    seen = Seen(over(transport).powerstream_rules.add("cat")).ended()
    assert isinstance(seen.error, errors.RateLimited)
    assert seen.error.__notes__ == [
        "Powerstream takes 50 requests a day for its rules, of every kind together; "
        "there are more from 2026-10-28 00:00 UTC on"
    ]
    assert len(transport.sessions) == 1


def test_it_has_no_dry_runs() -> None:
    """The methods that X has no request for aren't there."""
    rules, _ = scripted()
    assert not hasattr(rules, "validate")
    assert not hasattr(rules, "counts")
    with pytest.raises(TypeError, match="dry_run"):
        rules.add("cat", dry_run=True)  # type: ignore[call-arg]


def test_a_repeat_does_no_harm() -> None:
    """An addition that was carried out although its answer got lost counts as added."""
    twin = {"value": "cat", "id": "5", "title": "DuplicateRule"}
    rules, transport = scripted(
        Script(status=503), {"errors": [twin]}, listed(("5", "cat", None), ("6", "dog", None))
    )
    (update,) = all_of(rules.add("cat").pipe(ops.take(1)))
    assert (update.rules, update.errors) == ((StreamRule("cat", None, "5"),), ())
    assert [method for method, _ in sent(transport)] == ["POST", "POST", "GET"]
