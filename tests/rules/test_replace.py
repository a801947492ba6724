"""`rules.replace`: the new before the old, where that can be, and whatever becomes of a request."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator, Limits
from rxtweets.rules import RulesRefused, RuleUpdate, StreamRule, keyword
from tests.observing import Seen
from tests.rules.clients import client


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits.none()) as running:
        yield running


def tags(emulator: Emulator) -> list[tuple[str, str | None]]:
    return sorted((rule.value, rule.tag) for rule in emulator.rules)


def test_replace(emulator: Emulator) -> None:
    """The new come before the old goes, but for the old with another tag, which goes first."""
    rules = client(emulator)
    old: RuleUpdate = rules.add("cat", "dog", tag="old").run()
    cat, dog = old.rules
    update: RuleUpdate = rules.replace(cat, "kitten", keyword("tom") | keyword("cat"), tag="new").run()
    assert (update.created, update.deleted, update.errors) == (2, 1, ())
    assert changes(emulator)[-2:] == ["add", "delete"]
    update = rules.replace(dog.id or "", "puppy", StreamRule("dog", "new")).run()
    assert (update.created, update.deleted, update.errors) == (2, 1, ())
    assert changes(emulator)[-3:] == ["add", "delete", "add"]
    now = [("dog", "new"), ("kitten", "new"), ("puppy", None), ("tom OR cat", "new")]
    assert tags(emulator) == now
    again: RuleUpdate = rules.replace(dog, "puppy", StreamRule("dog", "new")).run()
    assert tags(emulator) == now
    assert (again.not_deleted, len(again.errors)) == (1, 1)
    by_value: RuleUpdate = rules.replace(StreamRule("puppy"), "whelp").run()
    assert (by_value.created, by_value.deleted) == (1, 1)
    before = len(changes(emulator))
    assert rules.replace(StreamRule("whelp"), "whelp").run() == RuleUpdate()
    assert len(changes(emulator)) == before


def test_replace_keeps_the_old_when_the_new_is_refused(emulator: Emulator) -> None:
    """A rule is not deleted for one that can't be had."""
    rules = client(emulator)
    rules.add("cat", "dog", tag="t").run()
    update: RuleUpdate = rules.replace(StreamRule("cat"), "((").run()
    assert [error.title for error in update.errors] == ["UnprocessableEntity"]
    taken: RuleUpdate = rules.replace(StreamRule("cat"), "dog").run()
    assert [error.title for error in taken.errors] == ["DuplicateRule"]
    assert tags(emulator) == [("cat", "t"), ("dog", "t")]


def changes(emulator: Emulator) -> list[str]:
    """Return the effect of each request that changed rules, in order."""
    return [
        next(iter(msgspec.json.decode(request.body)))
        for request in emulator.requests
        if request.method == "POST" and "dry_run" not in request.query
    ]


@pytest.mark.parametrize("request_number", range(4))
def test_lost_answer_to_replace(emulator: Emulator, request_number: int) -> None:
    """Whichever answer is lost, the new rule is there in the end and the old one isn't."""
    there: RuleUpdate = client(emulator).add("cat", tag="old").run()
    update: RuleUpdate = client(emulator, lost={request_number}).replace(*there.rules, "dog", tag="new").run()
    assert (update.created, update.deleted, update.errors) == (1, 1, ())
    assert [(rule.value, rule.tag) for rule in emulator.rules] == [("dog", "new")]


def test_a_failure_in_a_replacement_tells_what_was_done(emulator: Emulator) -> None:
    """The added rules come before the error of the deletion; doing it again finishes it."""
    there: RuleUpdate = client(emulator).add("cat").run()
    broken = client(emulator, lost={3}, policy=BackoffPolicy.never())
    seen = Seen(broken.replace(*there.rules, "dog")).ended()
    assert [rule.value for update in seen.items for rule in update.rules] == ["dog"]
    assert isinstance(seen.error, errors.ConnectionFailed)
    assert seen.error.__notes__ == ["before that 1 rules were added and 0 deleted"]
    again: RuleUpdate = client(emulator).replace(*there.rules, "dog").run()
    assert [rule.value for rule in again.rules] == ["dog"]
    assert [rule.value for rule in emulator.rules] == ["dog"]


def test_replace_where_there_is_no_room(emulator: Emulator) -> None:
    """At the limit the old goes first; more than may be are refused before that."""
    rules = client(emulator)
    rules.add(*(f"w{i}" for i in range(1000))).run()
    update: RuleUpdate = rules.replace(StreamRule("w1"), "cat").run()
    assert (update.created, update.deleted) == (1, 1)
    assert changes(emulator)[-2:] == ["delete", "add"]
    seen = Seen(rules.replace(StreamRule("w2"), "dog", "eel")).ended()
    assert isinstance(seen.error, RulesRefused)
    assert {"w2", "cat"} < {rule.value for rule in emulator.rules}
    assert len(emulator.rules) == 1000
