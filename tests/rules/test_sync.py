"""`rules.sync`: from any rules to any others, with the fewest changes, finished by doing it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator, Limits
from rxtweets.rules import RulesClient, RulesRefused, StreamRule, SyncPlan, from_, keyword
from rxtweets.testing import HOLD, Script
from tests.observing import Seen
from tests.rules.clients import AT_ONCE, Trouble, all_of, bodies, client, scripted, troubled, until

Pairs = frozenset[tuple[str, str | None]]
PATH = "/2/tweets/search/stream/rules"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none()) as running:
        yield running


def start_with(emulator: Emulator, rules: Iterable[tuple[str, str | None]]) -> None:
    """Put exactly these rules there, without `sync`."""
    plain = client(emulator)
    if emulator.rules:
        plain.delete(*(rule.id for rule in emulator.rules)).run()
    new = [StreamRule(value, tag) for value, tag in rules]
    if new:
        plain.add(*new).run()


def pairs(rules: Iterable[Any]) -> Pairs:
    """Rules as they are compared: by value and tag."""
    return frozenset((rule.value, rule.tag) for rule in rules)


def changes(emulator: Emulator, since: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return the changes since that request: `add` with values or `delete` with ids, in order."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for request in emulator.requests[since:]:
        carried_out = request.method == "POST" and "dry_run" not in request.query
        if carried_out and request.status in (200, 201):
            ((kind, what),) = msgspec.json.decode(request.body).items()
            found.append((kind, tuple(what["ids"] if kind == "delete" else [rule["value"] for rule in what])))
    return found


sets = st.dictionaries(
    st.sampled_from(["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"]),
    st.sampled_from([None, "a", "b"]),
    max_size=8,
).map(lambda rules: frozenset(rules.items()))


@settings(max_examples=60, deadline=None)
@given(before=sets, after=sets)
def test_any_set_becomes_any_other(emulator: Emulator, before: Pairs, after: Pairs) -> None:
    """The rules are those desired, by the fewest adds and deletes; what is the same stays as it is."""
    start_with(emulator, before)
    ids = {(rule.value, rule.tag): rule.id for rule in emulator.rules}
    since = len(emulator.requests)
    rules = client(emulator)
    shown: SyncPlan = rules.sync(after, dry_run=True).run()
    assert pairs(emulator.rules) == before
    assert changes(emulator, since) == []
    done: SyncPlan = rules.sync(after).run()
    assert done == shown
    assert pairs(emulator.rules) == after
    added = [value for kind, values in changes(emulator, since) if kind == "add" for value in values]
    deleted = [one for kind, those in changes(emulator, since) if kind == "delete" for one in those]
    assert sorted(added) == sorted(value for value, _ in after - before)
    assert sorted(deleted) == sorted(ids[rule] for rule in before - after)
    assert pairs(done.keeps) == after & before
    again: SyncPlan = rules.sync(after).run()
    assert (again.adds, again.deletes, pairs(again.keeps)) == ((), (), after)


@settings(max_examples=100, deadline=None)
@given(
    before=sets,
    after=sets,
    number=st.integers(0, 7),
    trouble=st.sampled_from(["lost", "unsent", "busy", "held", "held back"]),
    repeats=st.booleans(),
)
def test_interrupted_it_is_finished_by_doing_it_again(
    emulator: Emulator, before: Pairs, after: Pairs, number: int, trouble: Trouble, repeats: bool
) -> None:
    """If one request fails, no rule that stays is lost, and the next sync finishes the job."""
    start_with(emulator, before)
    kept = {rule.id for rule in emulator.rules if (rule.value, rule.tag) in after}
    rules, reached = troubled(emulator, {number: trouble}, AT_ONCE if repeats else BackoffPolicy.never())
    seen = Seen(rules.sync(after))
    if trouble.startswith("held"):
        # The request in trouble waits until it is disposed, unless there are fewer requests.
        until(lambda: reached.is_set() or seen.completed)
        seen.dispose()
    else:
        seen.ended()
    emulator.clear_faults()
    assert kept <= {rule.id for rule in emulator.rules}
    assert seen.error is None or not repeats
    if seen.completed:
        assert pairs(emulator.rules) == after
    client(emulator).sync(after).run()
    assert pairs(emulator.rules) == after
    assert kept <= {rule.id for rule in emulator.rules}


def test_adds_before_deletes(emulator: Emulator) -> None:
    """Nothing is deleted before all that is new is there, but for another tag, added the moment after."""
    start_with(emulator, [("cat", "a"), ("dog", "a"), ("eel", "a")])
    since = len(emulator.requests)
    client(emulator).sync([("cat", "a"), ("dog", "b"), "ant", "bee"]).run()
    kinds = changes(emulator, since)
    assert [(kind, len(what)) for kind, what in kinds] == [
        ("add", 2),
        ("delete", 1),
        ("add", 1),
        ("delete", 1),
    ]
    assert kinds[0] == ("add", ("ant", "bee"))
    assert kinds[2] == ("add", ("dog",))


def test_where_there_is_no_room(emulator: Emulator) -> None:
    """With as many rules as there may be, only as much is deleted at a time as is then added."""
    old, new = [f"old{i}" for i in range(995)], [f"new{i}" for i in range(1000)]
    start_with(emulator, [(value, None) for value in old])
    since = len(emulator.requests)
    plan: SyncPlan = client(emulator).sync([*new[:-50], *old[:50]]).run()
    assert (len(plan.adds), len(plan.deletes), len(plan.keeps)) == (950, 945, 50)
    assert {rule.value for rule in emulator.rules} == {*new[:-50], *old[:50]}
    count = low = len(old)
    for kind, what in changes(emulator, since):
        count += len(what) if kind == "add" else -len(what)
        low = min(low, count)
    assert count == 1000
    assert low >= 900


def test_more_than_there_may_be(emulator: Emulator) -> None:
    """More rules than the limit are refused before anything is changed."""
    start_with(emulator, [("cat", "a"), ("dog", "b")])
    since = len(emulator.requests)
    seen = Seen(client(emulator).sync([f"w{i}" for i in range(1001)])).ended()
    assert isinstance(seen.error, RulesRefused)
    assert str(seen.error) == "RulesCapExceeded: of the 1,001 rules to add, 1 exceed the limit"
    seen = Seen(client(emulator).sync([(f"b{i}", "b") for i in range(1000)], tag_prefix="b")).ended()
    assert isinstance(seen.error, RulesRefused)
    assert changes(emulator, since) == []


def test_a_refused_rule_stops_it(emulator: Emulator) -> None:
    """Nothing is deleted when a rule can't be had; the error says which, and what was done before."""
    start_with(emulator, [("cat", "a")])
    seen = Seen(client(emulator).sync(["dog", "(("])).ended()
    assert isinstance(seen.error, RulesRefused)
    assert [error.value for error in seen.error.errors] == ["(("]
    assert str(seen.error).startswith("((: UnprocessableEntity: ")
    assert seen.error.__notes__ == ["before that 1 rules were added and 0 deleted"]
    assert seen.items == []
    assert pairs(emulator.rules) == {("cat", "a"), ("dog", None)}
    client(emulator).sync(["dog"]).run()
    assert pairs(emulator.rules) == {("dog", None)}


def test_only_tags_with_a_prefix(emulator: Emulator) -> None:
    """With a prefix the rules of others are neither counted as there nor touched."""
    theirs = [("cat", None), ("dog", "other"), ("eel", "app")]
    start_with(emulator, [*theirs, ("ant", "app-1"), ("bee", "app-2")])
    plan: SyncPlan = client(emulator).sync([("ant", "app-1"), ("gnu", "app-3")], tag_prefix="app-").run()
    assert pairs(plan.adds) == {("gnu", "app-3")}
    assert pairs(plan.deletes) == {("bee", "app-2")}
    assert pairs(emulator.rules) == {*theirs, ("ant", "app-1"), ("gnu", "app-3")}
    since = len(emulator.requests)
    seen = Seen(client(emulator).sync([("cat", "app-1"), ("fox", "app-1")], tag_prefix="app-")).ended()
    assert isinstance(seen.error, RulesRefused)
    assert "cat: DuplicateRule: it is there with the tag None" in str(seen.error)
    assert changes(emulator, since) == []
    client(emulator).sync([], tag_prefix="app-").run()
    assert pairs(emulator.rules) == frozenset(theirs)


def test_what_can_be_desired(emulator: Emulator) -> None:
    """Rules come as text, of the language, with a tag, or as they are listed, whose ids don't count."""
    start_with(emulator, [])
    wanted: list[Any] = [
        " cat ",
        keyword("dog") & from_("x"),
        (from_("y"), "t"),
        StreamRule("bee", "t", "123"),
        ("bee", "t"),
        ("eel", ""),
    ]
    client(emulator).sync(wanted).run()
    now = {("cat", None), ("dog from:x", None), ("from:y", "t"), ("bee", "t"), ("eel", None)}
    assert pairs(emulator.rules) == now
    rules = client(emulator)
    again: SyncPlan = rules.sync(all_of(rules.list())).run()
    assert not again.adds
    assert not again.deletes


def test_nothing_to_do_asks_once() -> None:
    """When all is as desired there is one request, the list."""
    rules, transport = scripted({"data": [{"id": "1", "value": "cat"}]})
    (plan,) = all_of(rules.sync(["cat"]))
    assert plan == SyncPlan(keeps=(StreamRule("cat", None, "1"),))
    assert len(transport.sessions) == 1


def test_others_changing_the_rules_do_not_matter() -> None:
    """A desired change that someone else made in between is as good."""
    rules, transport = scripted(
        {"data": [{"id": "1", "value": "cat"}]},
        {"data": {"project_rules_count": "1"}},
        {
            "meta": {"summary": {"created": 0, "not_created": 1}},
            "errors": [{"value": "dog", "id": "2", "title": "DuplicateRule"}],
        },
        {"data": [{"id": "2", "value": "dog"}]},
        {"meta": {"summary": {"deleted": 0, "not_deleted": 1}}, "errors": [{"title": "Invalid Request"}]},
        {"meta": {}},
    )
    (plan,) = all_of(rules.sync(["dog"]))
    assert (len(plan.adds), len(plan.deletes)) == (1, 1)
    assert bodies(transport) == [{"add": [{"value": "dog"}]}, {"delete": {"ids": ["1"]}}]


def test_without_a_limit_all_is_added_first() -> None:
    """Without a limit from the server, there is room."""
    rules, transport = scripted(
        {"data": [{"id": "1", "value": "cat"}]},
        {"data": {"client_app_rules_count": {"rule_count": 1}}},
        {"data": [{"id": "2", "value": "dog"}], "meta": {"summary": {"created": 1}}},
        Script(b'{"title":"Forbidden"}', status=403),
    )
    seen = Seen(rules.sync(["dog"])).ended()
    assert isinstance(seen.error, errors.Forbidden)
    assert seen.error.__notes__ == ["before that 1 rules were added and 0 deleted"]
    assert [next(iter(body)) for body in bodies(transport)] == ["add", "delete"]


def test_disposal_ends_it() -> None:
    """After a disposal nothing more is sent."""
    rules, transport = scripted({"data": []}, Script(HOLD))
    seen = Seen(rules.sync(["dog"]))
    until(lambda: len(transport.sessions) == 2 and transport.sessions[1].opened)
    seen.dispose()
    assert not seen.items
    assert seen.error is None
    assert len(transport.sessions) == 2


def test_a_client_is_a_value(emulator: Emulator) -> None:
    """The same Observable can be subscribed again: it looks at what is there then."""
    start_with(emulator, [])
    rules: RulesClient = client(emulator)
    syncing = rules.sync(["cat"])
    assert len(syncing.run().adds) == 1
    assert len(syncing.run().adds) == 0


@pytest.fixture(scope="module")
def crowded() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none(rules=200)) as running:
        yield running


@pytest.mark.parametrize("number", [2, 3, 4, 5, 12])
@pytest.mark.parametrize("trouble", ["lost", "unsent"])
def test_interrupted_where_there_is_no_room(crowded: Emulator, number: int, trouble: Trouble) -> None:
    """At the limit, too, it is finished by doing it again."""
    start_with(crowded, [(f"w{i}", "old") for i in range(200)])
    after = [(f"w{i}", "new" if i % 2 else "old") for i in range(100, 300)]
    rules, _ = troubled(crowded, {number: trouble}, BackoffPolicy.never())
    assert isinstance(Seen(rules.sync(after)).ended().error, errors.ConnectionFailed)
    client(crowded).sync(after).run()
    assert pairs(crowded.rules) == frozenset(after)
