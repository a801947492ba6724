"""The rules client: adding, listing and deleting, with an error for each rule that is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from reactivex import operators as ops
from reactivex.abc import SchedulerBase
from reactivex.internal import SequenceContainsNoElementsError
from reactivex.scheduler import CurrentThreadScheduler, ImmediateScheduler, VirtualTimeScheduler

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator
from rxtweets.rules import RuleCounts, RuleError, RulesClient, RuleUpdate, StreamRule, from_, has, keyword
from rxtweets.testing import HOLD, Script
from tests.clients import client_on
from tests.observing import Seen
from tests.rules.clients import all_of, bodies, scripted

ADDED = {
    "data": [{"value": "cat", "tag": "t", "id": "1"}],
    "meta": {
        "sent": "2026-11-01T10:00:00.000Z",
        "summary": {"created": 1, "not_created": 2, "valid": 1, "invalid": 2},
    },
    "errors": [
        {
            "value": "dog",
            "id": "7",
            "title": "DuplicateRule",
            "type": "https://api.x.com/2/problems/duplicate-rules",
        },
        {"value": "((", "details": ["no (", "no )"], "title": "UnprocessableEntity", "type": "invalid-rules"},
    ],
}


def test_add_tells_of_every_rule() -> None:
    """The added rules, and the reasons for the others, come in one result."""
    rules, transport = scripted(ADDED)
    (update,) = all_of(rules.add("cat", StreamRule("dog", "mine"), "((", tag="t"))
    assert update == RuleUpdate(
        rules=(StreamRule("cat", "t", "1"),),
        errors=(
            RuleError(
                "DuplicateRule", value="dog", id="7", type="https://api.x.com/2/problems/duplicate-rules"
            ),
            RuleError("UnprocessableEntity", "no (; no )", "((", type="invalid-rules"),
        ),
        created=1,
        not_created=2,
        valid=1,
        invalid=2,
    )
    request = transport.sessions[0].request
    assert (request.method, request.url, request.params) == (
        "POST",
        "http://127.0.0.1:9/2/tweets/search/stream/rules",
        (),
    )
    assert msgspec.json.decode(request.json or b"") == {
        "add": [{"value": "cat", "tag": "t"}, {"value": "dog", "tag": "mine"}, {"value": "((", "tag": "t"}]
    }


def test_nothing_happens_without_a_subscriber() -> None:
    """The request is sent by each subscription, and by nothing else."""
    rules, transport = scripted(ADDED, ADDED)
    adding = rules.add("cat")
    assert not transport.sessions
    all_of(adding)
    all_of(adding)
    assert len(transport.sessions) == 2


def test_rules_of_the_language_are_sent_as_their_text() -> None:
    """A Rule can be given wherever text can."""
    rules, transport = scripted(ADDED, ADDED)
    all_of(rules.add(keyword("cat") & has("images"), from_("x") | from_("y"), tag="t"))
    all_of(rules.delete(values=[keyword("cat") & has("images")]))
    assert bodies(transport) == [
        {"add": [{"value": "cat has:images", "tag": "t"}, {"value": "from:x OR from:y", "tag": "t"}]},
        {"delete": {"values": ["cat has:images"]}},
    ]


def test_validate_changes_nothing() -> None:
    """Validation is the server's dry run."""
    rules, transport = scripted(ADDED)
    (update,) = all_of(rules.validate("cat", "((", tag="t"))
    assert (update.valid, update.invalid) == (1, 2)
    assert transport.sessions[0].request.params == (("dry_run", "true"),)


COUNTS: dict[str, Any] = {
    "cap_per_client_app": "1000",
    "cap_per_project": "1500",
    "client_app_rules_count": {"client_app_id": "9", "rule_count": 30},
    "project_rules_count": "1490",
    "all_project_client_apps": [
        {"client_app_id": "9", "rule_count": 30},
        {"client_app_id": "8", "rule_count": 1460},
    ],
}


@pytest.mark.parametrize(
    ("data", "counts", "room"),
    [
        (COUNTS, RuleCounts(30, 1000, 1490, 1500, {"9": 30, "8": 1460}), 10),
        (COUNTS | {"cap_per_project": None}, RuleCounts(30, 1000, 1490, None, {"9": 30, "8": 1460}), 970),
        (COUNTS | {"cap_per_project": 100}, RuleCounts(30, 1000, 1490, 100, {"9": 30, "8": 1460}), 0),
        ({"project_rules_count": 3}, RuleCounts(0, None, 3, None, {}), None),
    ],
)
def test_counts(data: dict[str, Any], counts: RuleCounts, room: int | None) -> None:
    """Counts are numbers whichever way they are written, and say how many more rules there can be."""
    rules, transport = scripted({"data": data})
    assert all_of(rules.counts()) == [counts]
    assert counts.room == room
    assert transport.sessions[0].request.url.endswith("/2/tweets/search/stream/rules/counts")


def test_dry_run() -> None:
    """A dry run says so to the server."""
    rules, transport = scripted(ADDED, ADDED)
    all_of(rules.add("cat", dry_run=True))
    all_of(rules.delete(1, dry_run=True))
    assert [session.request.params for session in transport.sessions] == [(("dry_run", "true"),)] * 2


@pytest.mark.parametrize(
    ("arguments", "values", "sent"),
    [
        ((1, "2", StreamRule("x", id="3")), (), {"ids": ["1", "2", "3"]}),
        ((StreamRule("cat"),), ("dog",), {"values": ["dog", "cat"]}),
        ((5,), ["dog"], {"ids": ["5"], "values": ["dog"]}),
    ],
)
def test_delete_takes_ids_rules_and_values(arguments: Any, values: Any, sent: dict[str, Any]) -> None:
    """A rule with an id goes by it, one without by its value."""
    rules, transport = scripted({"meta": {"summary": {"deleted": 1, "not_deleted": 0}}})
    (update,) = all_of(rules.delete(*arguments, values=values))
    assert update == RuleUpdate(deleted=1)
    assert msgspec.json.decode(transport.sessions[0].request.json or b"") == {"delete": sent}


def page(ids: range, token: str | None) -> dict[str, Any]:
    meta = {"result_count": len(ids)} | ({"next_token": token} if token else {})
    return {"data": [{"id": str(i), "value": f"v{i}"} for i in ids], "meta": meta}


def test_list_follows_the_pages() -> None:
    """All pages come as one sequence of rules, in order; an empty list completes without an item."""
    rules, transport = scripted(
        page(range(3), "a"), page(range(3, 4), "b"), page(range(4, 6), None), {"meta": {}}
    )
    assert all_of(rules.list()) == [StreamRule(f"v{i}", id=str(i)) for i in range(6)]
    assert [dict(session.request.params) for session in transport.sessions] == [
        {},
        {"pagination_token": "a"},
        {"pagination_token": "b"},
    ]
    assert all_of(rules.list(1, "2")) == []
    assert transport.sessions[-1].request.params == (("ids", "1,2"),)


@pytest.mark.parametrize("scheduler", [None, CurrentThreadScheduler(), ImmediateScheduler()])
def test_list_follows_any_number_of_pages(scheduler: SchedulerBase | None) -> None:
    """Six hundred pages, far more than calls can nest, wherever they are read."""
    rules, transport = scripted(
        *(page(range(n, n + 1), f"t{n}") for n in range(599)), page(range(599, 600), None)
    )
    seen = Seen(rules.list(), scheduler).ended()
    assert seen.error is None
    assert [rule.id for rule in seen.items] == [str(n) for n in range(600)]
    assert len(transport.sessions) == 600


@pytest.mark.parametrize("tokens", [["same", "same"], ["a", "b", "a"]])
def test_list_does_not_go_round_in_circles(tokens: list[str]) -> None:
    """A server that names a page a second time is asked no more; what came is given, and then an error."""
    rules, transport = scripted(*(page(range(n, n + 1), token) for n, token in enumerate(tokens)))
    seen = Seen(rules.list()).ended()
    assert type(seen.error) is errors.StreamError
    assert str(seen.error) == f"the pages repeat: next_token {tokens[-1]!r} came twice"
    assert len(seen.items) == len(transport.sessions) == len(tokens)


def test_list_ends_with_the_error_of_a_later_page() -> None:
    """A page that is refused is the error, after the rules of the pages before."""
    rules, _ = scripted(page(range(2), "a"), Script(b"", status=503), policy=BackoffPolicy.never())
    seen = Seen(rules.list()).ended()
    assert len(seen.items) == 2
    assert isinstance(seen.error, errors.ServerError)


def test_running_an_empty_list_says_what_to_do() -> None:
    """There is no last item of nothing: the error names the way to a list."""
    rules, _ = scripted({"meta": {"result_count": 0}}, {"meta": {"result_count": 0}})
    with pytest.raises(SequenceContainsNoElementsError, match=r"\.pipe\(ops\.to_list\(\)\)"):
        rules.list().run()
    assert rules.list().pipe(ops.to_list()).run() == []


def test_list_survives_drift() -> None:
    """A number for text, a missing field and an item that is no object don't lose the rest."""
    rules, _ = scripted(
        {"data": [{"id": 5, "value": "a", "tag": None}, 7, {"id": "6"}], "meta": {"next_token": None}}
    )
    assert all_of(rules.list()) == [StreamRule("a", id="5"), StreamRule("", id="6")]


def test_list_can_be_left() -> None:
    """Disposing while an answer is awaited ends the request."""
    rules, transport = scripted(page(range(2), "a"), Script(HOLD))
    seen = Seen(rules.list()).count(2)
    transport.wait_for(2)
    seen.dispose()
    assert not seen.completed
    assert seen.error is None


def test_list_asks_for_no_page_that_nobody_wants() -> None:
    """A subscriber that takes only items of the first page causes no second request."""
    rules, transport = scripted(page(range(2), "a"), page(range(2, 4), None))
    scheduler = VirtualTimeScheduler()
    seen = Seen(rules.list().pipe(ops.take(2)), scheduler)
    scheduler.start()
    assert seen.completed
    assert [rule.value for rule in seen.items] == ["v0", "v1"]
    assert len(transport.sessions) == 1


REFUSED: list[tuple[Callable[[RulesClient], object], str]] = [
    (lambda rules: rules.add(), "add() needs at least one rule"),
    (lambda rules: rules.add("ok", "  "), "a rule must say what to match; this one is empty"),
    (lambda rules: rules.add("x" * 2049), "at most 2,048 characters, not 2,049: xxx"),
    (lambda rules: rules.add(["a", "b"]), "a rule is text, a Rule or a StreamRule, not ['a', 'b']"),  # type: ignore[arg-type]
    (lambda rules: rules.validate(), "validate() needs at least one rule"),
    (lambda rules: rules.replace(1), "replace() needs at least one rule"),
    (lambda rules: rules.replace("cat", "dog"), "takes numeric ids such as 2244994945, not names: 'cat'"),
    (lambda rules: rules.add("a\ud800"), "a rule has a lone surrogate, '\\ud800', at 1: 'a\\ud800'"),
    (lambda rules: rules.add("a", tag="b\ud800"), "tag has a lone surrogate, '\\ud800', at 1: 'b\\ud800'"),
    (
        lambda rules: rules.add(StreamRule("a", "\udc00")),
        "the tag of a rule has a lone surrogate",
    ),
    (lambda rules: rules.add("a", tag=5), "tag must be text, not 5"),  # type: ignore[arg-type]
    (lambda rules: rules.add(StreamRule("a", 5)), "the tag of a rule must be text, not 5"),  # type: ignore[arg-type]
    (lambda rules: rules.delete(values=["a\ud800"]), "a rule has a lone surrogate"),
    (lambda rules: rules.delete(), "delete() needs at least one rule"),
    (lambda rules: rules.delete("cat"), "delete takes numeric ids such as 2244994945, not names: 'cat'"),
    (lambda rules: rules.delete("cat"), "to delete by a rule's text, use values=[…]"),
    (lambda rules: rules.delete(values="cat"), "write values=['cat']"),
    (lambda rules: rules.delete([StreamRule("cat")]), "not a list: write delete(*…), with a star"),  # type: ignore[arg-type]
    (lambda rules: rules.delete(rules.list()), "as a separate argument"),  # type: ignore[arg-type]
    (lambda rules: rules.list([1, 2]), "not a list: write list(*…)"),  # type: ignore[arg-type]
    (lambda rules: rules.list("cat"), "ids takes numeric ids"),
    (lambda rules: rules.list(*range(1, 1002)), "ids takes at most 1,000 ids, got 1,001"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said[:30] for _, said in REFUSED])
def test_refused_before_any_request(call: Callable[[RulesClient], object], said: str) -> None:
    """A wrong argument is a ValueError at the call that says what would be right."""
    rules, transport = scripted()
    with pytest.raises(ValueError, match=re.escape(said)):
        call(rules)
    assert not transport.sessions


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        (Script(b'{"title":"Unauthorized","detail":"no"}', status=401), errors.Unauthorized, "no"),
        (Script(b"HTTP 200 OK", status=200), errors.HTTPStatusError, "HTTP 200 OK"),
        (Script(b"[1]"), errors.HTTPStatusError, "200"),
        (
            Script(b'{"errors":[{"title":"Forbidden","detail":"no access"}]}'),
            errors.HTTPStatusError,
            "no access",
        ),
        (Script(fails=errors.ConnectionFailed("refused")), errors.ConnectionFailed, "refused"),
    ],
)
def test_errors(script: Script, kind: type[Exception], said: str) -> None:
    """A problem of the request rather than of a rule is the Observable's error."""
    rules, _ = scripted(script, policy=BackoffPolicy.never())
    error = Seen(rules.add("cat")).ended().error
    assert isinstance(error, kind)
    assert said in str(error)


def test_against_a_server(emulator: Emulator) -> None:
    """Rules are added, refused, listed and deleted by a real server; rules of others stay."""
    rules = client_on(emulator).rules
    others: RuleUpdate = rules.add("others").run()
    dry: RuleUpdate = rules.add("kitten", dry_run=True).run()
    assert (dry.valid, dry.created) == (1, 0)
    update: RuleUpdate = rules.add("cat", "others", "((", tag="mine").run()
    assert [(rule.value, rule.tag) for rule in update.rules] == [("cat", "mine")]
    assert [(error.title, error.value) for error in update.errors] == [
        ("DuplicateRule", "others"),
        ("UnprocessableEntity", "(("),
    ]
    assert update.errors[0].id == others.rules[0].id
    assert update.errors[1].detail
    assert all_of(rules.list()) == [*others.rules, *update.rules]
    deleted: RuleUpdate = rules.delete(*update.rules, 12345).run()
    assert (deleted.deleted, deleted.not_deleted) == (1, 1)
    assert "12345" in deleted.errors[0].detail
    assert rules.list().pipe(ops.to_list()).run() == list(others.rules)


def test_many_rules_come_in_pages(emulator: Emulator) -> None:
    """A real server's pages come out whole."""
    rules = client_on(emulator).rules
    update: RuleUpdate = rules.add(*(f"word{i}" for i in range(240))).run()
    assert update.created == 240
    assert len(all_of(rules.list())) == 240
    assert rules.counts().run().rules == 240
    assert all_of(rules.list(*(rule.id or "" for rule in update.rules[:3]))) == list(update.rules[:3])
