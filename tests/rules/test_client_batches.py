"""Many rules at once: batches, and what is told of them."""

from __future__ import annotations

from typing import Any

from rxtweets import errors
from rxtweets.testing import Script
from tests.observing import Seen
from tests.rules.clients import all_of, bodies, scripted


def created(count: int) -> dict[str, Any]:
    return {
        "data": [{"value": f"w{i}", "id": str(i)} for i in range(count)],
        "meta": {"summary": {"created": count}},
    }


def test_many_go_in_batches() -> None:
    """A request takes 100 rules; what came of all of them is one result."""
    rules, transport = scripted(created(100), created(100), created(50))
    (update,) = all_of(rules.add(*(f"w{i}" for i in range(250))))
    assert (update.created, len(update.rules)) == (250, 250)
    sent = [body["add"] for body in bodies(transport)]
    assert [len(batch) for batch in sent] == [100, 100, 50]
    assert [rule["value"] for batch in sent for rule in batch] == [f"w{i}" for i in range(250)]
    gone = {"meta": {"summary": {"deleted": 100}}}
    rules, transport = scripted(gone, gone)
    (update,) = all_of(rules.delete(*range(1, 151), values=(f"w{i}" for i in range(50))))
    assert update.deleted == 200
    assert [{name: len(held) for name, held in body["delete"].items()} for body in bodies(transport)] == [
        {"ids": 100},
        {"ids": 50, "values": 50},
    ]


def test_a_failure_between_batches_tells_what_was_done() -> None:
    """The results of earlier batches come before the error, and are in its notes."""
    rules, _ = scripted(created(100), Script(b'{"title":"Forbidden"}', status=403))
    seen = Seen(rules.add(*(f"w{i}" for i in range(250)))).ended()
    assert [update.created for update in seen.items] == [100]
    assert isinstance(seen.error, errors.Forbidden)
    assert seen.error.__notes__ == ["before that 100 rules were added and 0 deleted"]
