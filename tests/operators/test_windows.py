"""Counts and the most frequent keys of a sliding window."""

from __future__ import annotations

import collections
import tracemalloc
from operator import attrgetter
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable, Subject
from reactivex.testing import TestScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.connection import connect
from rxtweets.messages import Connected
from rxtweets.operators import Counts
from rxtweets.testing import HOLD, Script, ScriptedTransport, post_json, timeline
from tests.clients import ENDPOINT
from tests.observing import Seen


def shown(source: Observable[Counts[Any]]) -> list[tuple[float, str]]:
    """The seconds and counts in short, `a2 b1`."""
    return [
        (at, " ".join(f"{key}{count}" for key, count in item.counts)) for at, item in timeline(source).items
    ]


def of(marbles: str) -> Observable[str]:
    """Items a quarter of a second apart."""
    return reactivex.from_marbles(marbles, timespan=0.25)


def identity(item: str) -> str:
    return item


def test_counts_slide() -> None:
    """Each time the counts are those of the last two seconds, the most frequent first."""
    source = of("-a-b-b-------------|").pipe(tw.counts(identity, 2.0, 1.0))
    assert shown(source) == [(1.0, "a1 b1"), (2.0, "b2 a1"), (3.0, "b1"), (4.0, ""), (4.75, "")]


def test_top_leaves_out_the_others() -> None:
    """Only the n most frequent are shown; of several as frequent the one first seen comes first."""
    source = of("-a-b-c-b-c-b-c-c-|").pipe(tw.top(identity, 2, 4.0, 1.0))
    assert shown(source) == [(1.0, "a1 b1"), (2.0, "b2 a1"), (3.0, "b3 c2"), (4.0, "c4 b3"), (4.25, "c4 b2")]


def test_an_item_at_a_tick_belongs_to_the_next() -> None:
    """Slots include their first moment and exclude their last."""
    assert shown(of("----a---|").pipe(tw.counts(identity, 1.0, 1.0))) == [(1.0, ""), (2.0, "a1")]


def test_the_length_of_the_window() -> None:
    """`seconds` says how much time the counts are of: less at the beginning, and after the last tick."""
    items = timeline(of("-a-a-a-a-a-a-a-|").pipe(tw.counts(identity, 2.0, 1.0))).items
    assert [(at, item.seconds, item.total) for at, item in items] == [
        (1.0, 1.0, 2),
        (2.0, 2.0, 4),
        (3.0, 2.0, 4),
        (3.75, 1.75, 3),
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (lambda item: item, "a2 b1"),
        (lambda item: [item, "x"], "x3 a2 b1"),
        (lambda item: {item}, "a2 b1"),
        (lambda item: (part for part in item), "a2 b1"),
        (lambda item: None if item == "a" else item, "b1"),
        (lambda item: [], ""),
        (lambda item: ord(item), "972 981"),
        (lambda item: [(item, 1)], "('a', 1)2 ('b', 1)1"),
        (str.encode, "b'a'2 b'b'1"),
    ],
)
def test_keys(key: Any, expected: str) -> None:
    """A key is one value or several; None and an empty list count nothing."""
    assert shown(of("-a-a-b-|").pipe(tw.counts(key, 2.0, 2.0)))[0][1] == expected


def test_keys_of_posts() -> None:
    """Hashtags, authors, languages and matched rules of messages can be counted, whatever else comes."""
    items = [
        Connected(200, {}),
        *map(
            rxt.messages.decode,
            [
                post_json("#a #b", author_id="1"),
                post_json("#B", author_id="2"),
                post_json("none", author_id="2"),
            ],
        ),
    ]
    source = reactivex.from_iterable(items)
    assert shown(source.pipe(tw.top(rxt.hashtags))) == [(0.0, "b2 a1")]
    posts = source.pipe(tw.posts())
    for key, expected in (
        (attrgetter("author_id"), "22 11"),
        (attrgetter("lang"), ""),
        (lambda post: [rule.tag for rule in post.matching_rules], "greetings3"),
    ):
        assert shown(posts.pipe(tw.counts(key))) == [(0.0, expected)]


class Boom(Exception):
    pass


def boom(item: Any) -> Any:
    raise Boom


def lazily_boom(item: Any) -> Any:
    yield item
    raise Boom


class Unhashable:
    __hash__ = None  # type: ignore[assignment]


class Rare:
    """A key that can be hashed so many times."""

    def __init__(self, times: int) -> None:
        self._times = times

    def __hash__(self) -> int:
        self._times -= 1
        if self._times < 0:
            raise Boom
        return 7


@pytest.mark.parametrize("operator", [tw.counts, tw.top])
@pytest.mark.parametrize(
    ("key", "error"),
    [(boom, Boom), (lazily_boom, Boom), (lambda _: Unhashable(), TypeError), (lambda _: [[]], TypeError)]
    + [(lambda _, times=times: Rare(times), Boom) for times in range(4)],
)  # fmt: skip
def test_an_exception_of_the_key(operator: Any, key: Any, error: type[Exception]) -> None:
    """An exception of the function, of what it returns, or of a key is an `on_error`; the session closes."""
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    source = connect(ENDPOINT, transport=transport).pipe(tw.of_type(bytes))
    seen = Seen(source.pipe(operator(key, window=0.02, every=0.01))).ended()
    assert isinstance(seen.error, error)
    transport_closed(transport)


def transport_closed(transport: ScriptedTransport) -> None:
    from tests.test_subscriber_errors import all_ended

    all_ended()
    assert transport.sessions[0].closed


times = st.integers(0, 80).map(lambda eighths: eighths / 8)
events = st.lists(st.tuples(times, st.integers(0, 9)), max_size=60).map(sorted)


@given(events, st.integers(1, 5), st.sampled_from([0.5, 0.75, 1.0, 3.0]))
def test_counts_are_exact(events: list[tuple[float, int]], slots: int, every: float) -> None:
    """With enough counters, each tick has exactly what came within the window before it."""
    window = slots * every
    for at, item in _fed(events, tw.counts(lambda key: key, window, every)):
        expected = collections.Counter(key for time, key in events if at - window <= time < at)
        assert dict(item.counts) == expected
        assert [count for _, count in item.counts] == sorted(expected.values(), reverse=True)
        assert (item.total, item.error) == (expected.total(), 0)


@given(events, st.integers(1, 5), st.integers(1, 20), st.integers(1, 4))
def test_counts_are_at_most_so_much_too_low(
    events: list[tuple[float, int]], slots: int, capacity: int, n: int
) -> None:
    """With too few counters, no count is too high, none too low by more than `error`, and that is bounded."""
    all_counts = _fed(events, tw.counts(lambda key: key, float(slots), 1.0, capacity=capacity))
    highest = _fed(events, tw.top(lambda key: key, n, float(slots), 1.0, capacity=capacity))
    for (at, item), (_, top) in zip(all_counts, highest, strict=True):
        expected = collections.Counter(key for time, key in events if at - slots <= time < at)
        counted = dict(item.counts)
        assert len(counted) <= capacity
        assert item.total == expected.total()
        assert item.error <= 3 * (slots + 1) * item.total / capacity
        for key, count in expected.items():
            assert count - item.error <= counted.get(key, 0) <= count
        assert counted.keys() <= expected.keys()
        assert top.counts == item.counts[:n]


def _fed(events: list[tuple[float, int]], operator: Any) -> list[tuple[float, Counts[int]]]:
    """The counts at each tick of the operator's in 20 seconds."""
    subject: Subject[int] = Subject()
    scheduler = TestScheduler()
    items: list[tuple[float, Counts[int]]] = []
    subscription = subject.pipe(operator).subscribe(
        lambda item: items.append((scheduler.clock, item)), scheduler=scheduler
    )
    for time, key in events:
        # As the source's thread may be before the timer's or behind it, half of what comes at a tick is.
        if time > scheduler.clock:
            scheduler.advance_to(time - 1e-3 if key % 2 else time)
            scheduler.sleep(time - scheduler.clock)
        subject.on_next(key)
    scheduler.advance_to(20.0)
    subscription.dispose()
    return items


def test_a_flood_of_different_keys() -> None:
    """Memory stays bounded when no two keys are the same, and a key that is frequent is still found."""
    subject: Subject[str] = Subject()
    scheduler = TestScheduler()
    last: list[Counts[str]] = []
    operator = tw.top(identity, 1, 4.0, 1.0, capacity=1_000)
    subscription = subject.pipe(operator).subscribe(last.append, scheduler=scheduler)
    held: list[int] = []
    tracemalloc.start()
    try:
        for second in range(12):
            for number in range(2_000):
                subject.on_next("often" if number % 50 == 0 else f"{second} {number}")
            scheduler.advance_to(second + 1.0)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    subscription.dispose()
    assert max(held) < 400_000
    assert max(held[6:]) < 1.2 * max(held[:6])
    item = last[-1]
    assert item.total == 8_000
    ((key, count),) = item.counts
    assert key == "often"
    assert 160 - item.error <= count <= 160
    assert 0 < item.error < 3 * 5 * item.total / 1_000


def test_a_snapshot_is_a_value() -> None:
    """A snapshot doesn't change with what comes later, and is equal and hashed by its figures."""
    items = [item for _, item in timeline(of("-a---a---|").pipe(tw.counts(identity, 4.0, 1.0))).items]
    assert items[0] == Counts((("a", 1),), 1, 1.0, 0)
    assert len(set(items)) == len(items)
    with pytest.raises(AttributeError):
        items[0].total = 7
