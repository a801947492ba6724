"""The plan of `rules.sync`: as a value, as requests, and what can't be asked for."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.rules import RuleError, RulesRefused, StreamRule, SyncPlan
from rxtweets.rules.management.sync import Swap
from tests.rules.clients import scripted


def test_a_plan_is_read_as_a_diff() -> None:
    """A replacement comes below the rule it replaces; each line has the tag and the id."""
    plan = SyncPlan(
        adds=(StreamRule("cat", "new"), StreamRule("ant\nbee")),
        deletes=(StreamRule("dog", None, "2"), StreamRule("cat", "old", "1")),
        keeps=(StreamRule("eel", None, "3"),),
    )
    assert str(plan).splitlines() == [
        "+ ant\\nbee",
        "- cat  (tag: old, id: 1)",
        "+ cat  (tag: new)",
        "- dog  (id: 2)",
        "2 to add, 2 to delete, 1 to keep",
    ]


@given(
    adds=st.integers(0, 350),
    swaps=st.integers(0, 150),
    deletes=st.integers(0, 350),
    spare=st.integers(0, 400),
)
def test_steps_never_go_over_the_limit(adds: int, swaps: int, deletes: int, spare: int) -> None:
    """Each rule is added or deleted once, by at most 100 a request, and never are there more than may be."""
    plan = SyncPlan(
        adds=tuple(StreamRule(f"a{i}") for i in range(adds))
        + tuple(StreamRule(f"s{i}", "new") for i in range(swaps)),
        deletes=tuple(StreamRule(f"s{i}", "old", f"1{i}") for i in range(swaps))
        + tuple(StreamRule(f"d{i}", None, f"2{i}") for i in range(deletes)),
    )
    if adds > deletes + spare:
        with pytest.raises(RulesRefused):
            list(plan.steps(spare))
        return
    count, values, done = 0, {rule.value for rule in plan.deletes}, []
    for kind, some in requests(plan, spare):
        assert 1 <= len(some) <= 100
        done += [(kind, rule) for rule in some]
        count += len(some) if kind == "add" else -len(some)
        assert count <= spare
        assert kind == "delete" or values.isdisjoint(rule.value for rule in some)
        if kind == "delete":
            values -= {rule.value for rule in some}
    assert len(done) == len(set(done))
    assert {rule for kind, rule in done if kind == "add"} == set(plan.adds)
    assert {rule for kind, rule in done if kind == "delete"} == set(plan.deletes)
    kinds = [kind for kind, rule in done if not rule.value.startswith("s")]
    assert adds > spare or kinds == ["add"] * adds + ["delete"] * deletes


def requests(plan: SyncPlan, room: int) -> Iterator[tuple[str, tuple[StreamRule, ...]]]:
    """Yield the rules that the requests of *plan* add or delete, in turn."""
    for step in plan.steps(room):
        if isinstance(step, Swap):
            yield from (("delete", step.old), ("add", step.new))
        else:
            yield step


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ("cat", {}, "a list of all desired rules, not a single one: 'cat'"),
    ([("cat", "a"), ("cat", "b")], {}, "a rule has one tag; 'cat' is listed with 'a' and with 'b'"),
    ([("cat", "a", "b")], {}, "a rule with its tag must be (value, tag)"),
    ([("cat", 5)], {}, "a rule with its tag must be (value, tag)"),
    ([7], {}, "a rule is text, a Rule or a StreamRule, not 7"),
    ([""], {}, "this one is empty"),
    (["x" * 2049], {}, "at most 2,048 characters"),
    ([("cat", "b-1")], {"tag_prefix": "a-"}, "'cat' has the tag 'b-1'"),
    (["cat"], {"tag_prefix": "a-"}, "every tag must start with it"),
]


@pytest.mark.parametrize(("desired", "options", "said"), REFUSED)
def test_refused_before_any_request(desired: Any, options: dict[str, Any], said: str) -> None:
    """An impossible list raises a ValueError with the reason at the call."""
    rules, transport = scripted()
    with pytest.raises(ValueError, match=re.escape(said)):
        rules.sync(desired, **options)
    assert not transport.sessions


def test_a_refusal_can_be_pickled() -> None:
    """RulesRefused survives pickling, and shows three rules of many."""
    refused = RulesRefused(tuple(RuleError("DuplicateRule", value=f"w{i}") for i in range(1005)))
    again = pickle.loads(pickle.dumps(refused))
    assert again.errors == refused.errors
    shown = "w0: DuplicateRule; w1: DuplicateRule; w2: DuplicateRule; and 1,002 more"
    assert str(again) == str(refused) == shown
