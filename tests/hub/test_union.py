"""The planner of v1.1's one query for many filters, without a network or a clock."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import FilterQuery
from rxtweets.hub.union import CONNECTS, UnionPlanner, union
from tests.filters.drawn import QUERIES, STATUSES


@given(st.lists(QUERIES, min_size=1, max_size=5), STATUSES)
def test_the_union_matches_whatever_one_does(queries: list[FilterQuery], status: object) -> None:
    """A status that one query matches the union matches, too."""
    joined = union(queries)
    if any(query.matches(status) for query in queries):  # type: ignore[arg-type]
        assert joined.matches(status)  # type: ignore[arg-type]


@given(QUERIES, QUERIES, STATUSES)
def test_what_covers_matches(one: FilterQuery, other: FilterQuery, status: object) -> None:
    """A query that covers another matches whatever that does."""
    if one.covers(other) and other.matches(status):  # type: ignore[arg-type]
        assert one.matches(status)  # type: ignore[arg-type]


def test_changes_wait_for_more() -> None:
    """The first query is asked for in 0.1 s, a change 2 s after its first, and what is covered never."""
    planner = UnionPlanner(2.0)
    planner.want(FilterQuery(track=["cat", "dog"]), 0.0)
    assert planner.next(0.0) == pytest.approx(0.1)
    first = planner.next(0.1)
    assert isinstance(first, FilterQuery)
    planner.pace.spend(0.1)
    planner.opened(first, 0.1)
    planner.want(FilterQuery(track="dog"), 5.0)
    assert planner.next(100.0) is None
    planner.want(FilterQuery(track="bird"), 100.0)
    planner.want(FilterQuery(track="fish"), 101.5)
    assert planner.next(101.5) == pytest.approx(102.0)
    assert planner.next(102.0) == FilterQuery(track=["cat", "dog", "bird", "fish"])


def test_the_first_come_together() -> None:
    """The first queries are asked for 0.1 s after the last of them, and at the latest 2 s after the first."""
    planner = UnionPlanner(2.0)
    for n in range(30):
        planner.want(FilterQuery(track=f"word{n}"), n * 0.08)
        at = planner.next(n * 0.08)
        assert at == pytest.approx(min(n * 0.08 + 0.1, 2.0)) if n < 25 else isinstance(at, FilterQuery)


def test_what_is_in_common_counts_once() -> None:
    """Queries that have much in common fit in one request, however much they are together."""
    planner = UnionPlanner(2.0)
    words = [f"word{n}" for n in range(400)]
    for n in range(5):
        planner.want(FilterQuery(track=words[n:]), 0.0)
    assert planner.next(1.0) == FilterQuery(track=words)
    for n in range(5):
        planner.unwant(FilterQuery(track=words[n:]), 1.0)
    planner.want(FilterQuery(track=[f"other{n}" for n in range(400)]), 1.0)


def test_one_too_many_changes_nothing() -> None:
    """A query with which no request can be made is a ValueError, and the others are asked for as before."""
    planner = UnionPlanner(2.0)
    most = FilterQuery(track=[f"word{n}" for n in range(400)])
    planner.want(most, 0.0)
    with pytest.raises(ValueError, match="400"):
        planner.want(FilterQuery(track="one more"), 0.0)
    assert planner.next(1.0) == most


def test_what_is_not_wanted_is_dropped_in_time() -> None:
    """A connection that brings more than is wanted is replaced after a minute."""
    planner = UnionPlanner(2.0)
    cat, dog = FilterQuery(track="cat"), FilterQuery(track="dog")
    for query in (cat, dog):
        planner.want(query, 0.0)
    planner.opened(cat | dog, 0.1)
    planner.unwant(dog, 10.0)
    assert planner.next(10.0) == pytest.approx(70.0)
    assert planner.next(70.0) == cat


def test_a_search_box() -> None:
    """An hour of five keys a second makes at most 50 connects in 15 minutes, and the last key waits 40 s."""
    planner = UnionPlanner(2.0)
    chance = random.Random(1)
    typed_words = [FilterQuery(track=f"q{number}") for number in range(1_000)]
    connects: list[float] = []
    now, longest, last = 0.0, 0.0, FilterQuery(track="q")

    def tick() -> None:
        nonlocal now
        now += 0.2
        query = planner.next(now)
        if isinstance(query, FilterQuery):
            connects.append(now)
            planner.pace.spend(now)
            planner.opened(query, now)

    while now < 3_600:
        for _ in range(chance.choice([5, 50, 300, 1_500])):
            planner.unwant(last, now)
            last = chance.choice(typed_words)
            planner.want(last, now)
            typed = now
            tick()
        while planner.uncovered:
            tick()
        longest = max(longest, now - typed)
    assert all(later - earlier > 900 for earlier, later in zip(connects, connects[CONNECTS:], strict=False))
    assert longest <= 40
