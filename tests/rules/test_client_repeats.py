"""Requests of the rules client that fail and are sent again, in virtual time and against the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from reactivex import Observable
from reactivex.scheduler import VirtualTimeScheduler

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator, Limits
from rxtweets.rules import REQUEST_POLICY, RuleError, RulesClient, RuleUpdate, StreamRule
from rxtweets.testing import Script
from tests.observing import Seen
from tests.rules.clients import all_of, client, scripted, until

LOST = Script(fails=errors.ConnectionFailed("reset"))
BUSY = Script(b'{"title":"Service Unavailable"}', status=503)
EMPTY: dict[str, Any] = {"meta": {"result_count": 0}}
DONE: dict[str, Any] = {"meta": {"summary": {"created": 1, "deleted": 1}}}
WITHOUT_JITTER = BackoffPolicy(
    network=REQUEST_POLICY.network,
    http=REQUEST_POLICY.http,
    max_attempts=REQUEST_POLICY.max_attempts,
    max_total=REQUEST_POLICY.max_total,
    jitter=0.0,
)

CALLS: list[tuple[Callable[[RulesClient], Observable[Any]], Any]] = [
    (lambda rules: rules.list(), EMPTY),
    (lambda rules: rules.counts(), {"data": {"project_rules_count": "1"}}),
    (lambda rules: rules.add("cat"), DONE),
    (lambda rules: rules.validate("cat"), DONE),
    (lambda rules: rules.delete(1), DONE),
    (lambda rules: rules.sync([]), EMPTY),
]


def timed(observable: Observable[Any]) -> tuple[Seen, float]:
    """Return its items and end, and the seconds of virtual time until then."""
    scheduler = VirtualTimeScheduler()
    seen = Seen(observable, scheduler)
    scheduler.start()
    return seen, scheduler.to_seconds(scheduler.now)


@pytest.mark.parametrize(("call", "answer"), CALLS)
def test_repeats(call: Callable[[RulesClient], Observable[Any]], answer: Any) -> None:
    """Every request is sent again after the network failed or the server was busy; nothing of it shows."""
    rules, transport = scripted(LOST, LOST, BUSY, answer, policy=WITHOUT_JITTER)
    expected = all_of(call(scripted(answer)[0]))
    seen, took = timed(call(rules))
    assert seen.completed
    assert seen.items == expected
    assert len(transport.sessions) == 4
    assert took == pytest.approx(0.25 + 0.5 + 1.0)


@pytest.mark.parametrize(
    ("answers", "kind", "tries"),
    [
        ([LOST] * 5, errors.ConnectionFailed, 5),
        ([BUSY] * 5, errors.ServerError, 5),
        ([Script(status=401)], errors.Unauthorized, 1),
        ([Script(status=422)], errors.HTTPStatusError, 1),
        ([Script(status=429, headers={"retry-after": "900"})], errors.RateLimited, 1),
        ([Script(status=429)] * 2, errors.RateLimited, 2),
    ],
)
def test_gives_up(answers: list[Script], kind: type[Exception], tries: int) -> None:
    """A request ends after five tries, before a wait of minutes, and at once for a final error."""
    rules, transport = scripted(*answers, policy=WITHOUT_JITTER)
    seen, took = timed(rules.add("cat"))
    assert isinstance(seen.error, kind)
    assert len(transport.sessions) == tries
    assert took <= 120


def test_each_page_has_its_own_tries() -> None:
    """A page that fails is asked for again, not those before it."""
    first = {"data": [{"id": "1", "value": "a"}], "meta": {"next_token": "x"}}
    second = {"data": [{"id": "2", "value": "b"}], "meta": {}}
    rules, transport = scripted(LOST, LOST, first, BUSY, BUSY, second)
    assert all_of(rules.list()) == [StreamRule("a", id="1"), StreamRule("b", id="2")]
    assert [dict(s.request.params).get("pagination_token") for s in transport.sessions] == [None] * 3 + [
        "x"
    ] * 3


def test_default_policy_is_its_own() -> None:
    """Requests go by `REQUEST_POLICY` unless told otherwise."""
    rules, transport = scripted(BUSY, EMPTY, policy=None)
    _, took = timed(rules.list())
    assert 1.0 <= took <= 1.0 + 0.1
    assert len(transport.sessions) == 2


def test_a_wait_can_be_left() -> None:
    """Disposing during a wait ends it: no request follows, and no timer is left."""
    slow = BackoffPolicy(max_attempts=1)
    rules, transport = scripted(Script(status=429), policy=slow)
    seen = Seen(rules.sync(["cat"]))
    until(lambda: transport.sessions and transport.sessions[0].closed)
    seen.dispose()
    assert not seen.error
    assert len(transport.sessions) == 1


def duplicate(value: str, id_: str | None) -> dict[str, Any]:
    return {"value": value, "title": "DuplicateRule"} | ({"id": id_} if id_ else {})


def refused(*errors_: dict[str, Any]) -> dict[str, Any]:
    count = len(errors_)
    return {"meta": {"summary": {"created": 0, "not_created": count, "invalid": count}}, "errors": errors_}


@pytest.mark.parametrize("known", [True, False])
def test_what_a_lost_try_added_counts(known: bool) -> None:
    """A duplicate after a repetition is a success with the wanted tag, and an error with another."""
    again = refused(duplicate("cat", "1" if known else None), duplicate("dog", "2" if known else None))
    there = {"data": [{"id": "1", "value": "cat", "tag": "t"}, {"id": "2", "value": "dog", "tag": "other"}]}
    rules, transport = scripted(LOST, again, there)
    (update,) = all_of(rules.add("cat", "dog", tag="t"))
    assert update == RuleUpdate(
        (StreamRule("cat", "t", "1"),),
        (RuleError("DuplicateRule", value="dog", id="2" if known else None),),
        created=1,
        not_created=1,
        valid=1,
        invalid=1,
    )
    assert transport.sessions[-1].request.params == ((("ids", "1,2"),) if known else ())


def test_a_duplicate_is_an_error_the_first_time() -> None:
    """Without a repetition nothing is held against what is there."""
    rules, transport = scripted(refused(duplicate("cat", "1")))
    (update,) = all_of(rules.add("cat"))
    assert (update.created, len(update.errors)) == (0, 1)
    assert len(transport.sessions) == 1


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none()) as running:
        yield running


@pytest.fixture
def rules(emulator: Emulator) -> RulesClient:
    """Return a client without rules that loses the first response to a test's requests."""
    client(emulator).sync([]).run()
    return client(emulator, lost={0})


def test_lost_answer_to_add(emulator: Emulator, rules: RulesClient) -> None:
    """The result of a request whose response was lost is as if it had come, refusals included."""
    update: RuleUpdate = rules.add("cat", "dog", "((", "cat", tag="t").run()
    assert [rule.value for rule in update.rules] == ["cat", "dog"]
    assert [rule.id for rule in update.rules] == [rule.id for rule in emulator.rules]
    assert [(error.title, error.value) for error in update.errors] == [
        ("UnprocessableEntity", "(("),
        ("DuplicateRule", "cat"),
    ]
    assert (update.created, update.not_created) == (2, 2)


def test_lost_answer_to_delete(emulator: Emulator, rules: RulesClient) -> None:
    """Rules deleted by a request whose response was lost count as deleted, by id and by value."""
    there: RuleUpdate = client(emulator).add("cat", "dog", "bird").run()
    update: RuleUpdate = rules.delete(*there.rules[:2], values=["bird"]).run()
    assert update == RuleUpdate(deleted=3)
    assert emulator.rules == ()


def test_policy_of_its_own(emulator: Emulator, rules: RulesClient) -> None:
    """`BackoffPolicy.never()` sends nothing twice."""
    seen = Seen(rules.with_policy(BackoffPolicy.never()).add("cat")).ended()
    assert isinstance(seen.error, errors.ConnectionFailed)
    assert len(emulator.rules) == 1


def test_a_repeated_dry_run_settles_nothing() -> None:
    """A duplicate that a repeated dry run finds was not added by it."""
    rules, transport = scripted(LOST, refused(duplicate("cat", "1")))
    (update,) = all_of(rules.validate("cat"))
    assert len(update.errors) == 1
    assert len(transport.sessions) == 2
