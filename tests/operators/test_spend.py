"""The running bill, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex import operators as ops

from rxtweets import Prices
from rxtweets import operators as tw
from rxtweets.messages import decode
from rxtweets.operators import Bill, RuleBill, Spend
from rxtweets.testing import activity_json, post_json, timeline

DAY = 86_400.0


def post(id: str, user: str | None = None, *rules: str) -> Any:
    """Return a post by a user, which rules of these ids match."""
    users = [{"id": user, "name": user, "username": user}] if user else []
    matching = [{"id": rule, "tag": rule * 2} for rule in rules]
    return decode(post_json("a", id=id, matching_rules=matching, includes={"users": users}))


def bills(source: Observable[Any], seconds: float = 100.0, **options: Any) -> list[Spend]:
    return [item for _, item in timeline(source.pipe(tw.spend(**options)), seconds).items]


def at(*items: tuple[float, Any]) -> Observable[Any]:
    return reactivex.merge(*(reactivex.timer(when).pipe(ops.map(always(item))) for when, item in items))


def always(item: Any) -> Callable[[object], Any]:
    return lambda _: item


def test_each_resource_once() -> None:
    """Each second's bill, and that of all so far; a repetition costs nothing."""
    one, two = post("1", "7"), post("2", "7")
    first, second, end = bills(at((0.2, one), (1.2, two), (1.4, one), (2.2, "x")))
    assert first.last == first.total == Bill(1.0, {"post": 1, "user": 1}, 0.015)
    assert second.last == Bill(1.0, {"post": 1}, 0.005)
    assert second.total == Bill(2.0, {"post": 2, "user": 1}, 0.02)
    assert end.last.dollars == 0
    assert second.last.dollars_per_hour == 18


def test_a_new_day_charges_again() -> None:
    """At midnight UTC."""
    found = bills(at((DAY - 1, post("1")), (DAY - 0.5, post("1")), (DAY + 1, post("1"))), 2 * DAY, every=DAY)
    assert found[-1].total.kinds == {"post": 2}


def test_by_rule() -> None:
    """A post that two rules match is in both bills, and once in the whole one; the dearest rule is first."""
    (found,) = bills(at((0.1, post("1", "7", "a", "b")), (0.2, post("2", "7", "b"))))
    assert found.rules == (RuleBill("b", "bb", 2, 0.02), RuleBill("a", "aa", 1, 0.015))
    assert found.total.dollars == 0.02


def test_an_event_without_a_price_is_told() -> None:
    """It costs as much as the dearest."""
    events = [decode(activity_json(name, event_uuid=str(n))) for n, name in enumerate(["dm.sent", "new.one"])]
    (found,) = bills(reactivex.of(*events))
    assert found.total == Bill(0.0, {"dm.sent": 1, "new.one": 1}, 0.01)
    assert found.unpriced == ("new.one",)


def test_prices_are_the_users() -> None:
    """Given, they are used."""
    (found,) = bills(reactivex.of(post("1")), prices=Prices(post=2.0))
    assert found.total.dollars == 2.0


def test_it_remembers_so_many() -> None:
    """After these a repetition is charged once more."""
    (found,) = bills(reactivex.of(post("1"), post("2"), post("1"), post("3"), post("1")), remembered=2)
    assert found.total.kinds == {"post": 4}


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=40))
def test_the_bill_is_that_of_what_is_distinct(came: list[tuple[int, int]]) -> None:
    """Of any stream, however often each comes."""
    (found,) = bills(reactivex.of(*(post(str(id), f"u{user}") for id, user in came)))
    ids, users = {id for id, _ in came}, {user for _, user in came}
    assert found.total.dollars == pytest.approx(len(ids) * 0.005 + len(users) * 0.01)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"prices": 5}, "prices must be Prices"),
        ({"remembered": 0}, "remembered must be the number"),
        ({"every": 0}, "every must be a number of seconds"),
    ],
)
def test_arguments_are_checked(options: Any, wrong: str) -> None:
    """Each one that is wrong is named."""
    with pytest.raises(ValueError, match=wrong):
        tw.spend(**options)
