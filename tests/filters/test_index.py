"""`FilterIndex`: which of many filters match one message."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import FilterIndex, FilterQuery
from rxtweets.messages import KeepAlive, Status

from .drawn import QUERIES, STATUSES
from .statuses import place, point, status


def filled(queries: Iterable[FilterQuery]) -> FilterIndex[int]:
    """An index of *queries* under their numbers."""
    index = FilterIndex[int]()
    for number, query in enumerate(queries):
        index.add(query, number)
    return index


@given(st.lists(QUERIES, max_size=12), st.sets(st.integers(0, 11)), st.lists(STATUSES, max_size=4))
def test_same_as_trying_each(queries: list[FilterQuery], gone: set[int], found: list[Status]) -> None:
    """The index finds the same filters as trying each, in the same order, also after removals."""
    index = filled(queries)
    kept = dict(enumerate(queries))
    for number in gone & kept.keys():
        index.remove(number)
        del kept[number]
    assert list(index) == list(kept)
    for message in found:
        assert index.match(message) == [number for number, query in kept.items() if query.matches(message)]


@pytest.mark.parametrize("width", [0.001, 0.02, 0.3, 1, 7, 44, 90, 179, 360])
def test_boxes_of_all_sizes(width: float) -> None:
    """Large boxes find small ones and the other way round, points on their edges too."""
    box = (0.0, 0.0, min(width, 180), min(width, 90))
    index = filled([FilterQuery(locations=box)])
    for west, south in [(0, 0), (box[2], box[3]), (box[2] / 3, box[3] / 2), (0, box[3])]:
        assert index.match(status("x", coordinates=point(west, south))) == [0]
        assert index.match(status("x", place=place(west, south, west, south))) == [0]
    assert index.match(status("x", place=place(-180, -90, 180, 90))) == [0]
    assert index.match(status("x", coordinates=point(-0.01, 0))) == []


def test_only_candidates_are_tried() -> None:
    """Of filters that need what a status hasn't none is tried, whatever else they share with it."""
    index = filled(FilterQuery(track=f"the only{n}") for n in range(1000))
    index.add(FilterQuery(follow=[7], track="zebra"), 1000)
    index.add(FilterQuery(locations=[(0, 0, 1, 1)]), 1001)
    message = status("The only5 word of the day", user={"id": 8}, coordinates=point(50, 50))
    assert index.match(message) == [5]
    assert index.candidates(message) <= 2


def test_punctuation_is_always_tried() -> None:
    """A filter that needs no word is tried on every status, and found."""
    index = filled([FilterQuery(track=":)"), FilterQuery(track="a")])
    assert index.match(status("so :)")) == [0]
    assert index.match(status("a")) == [1]


def test_keys() -> None:
    """A key has one filter; a removed one is free again; an unknown one can't be removed."""
    index = FilterIndex[str]()
    index.add(FilterQuery(track="a"), "one")
    with pytest.raises(ValueError, match="'one' has a filter"):
        index.add(FilterQuery(track="b"), "one")
    assert index.match(status("a b")) == ["one"]
    index.remove("one")
    assert (len(index), "one" in index, index.match(status("a"))) == (0, False, [])
    index.add(FilterQuery(track="b"), "one")
    assert (len(index), "one" in index, index.match(status("b"))) == (1, True, ["one"])
    with pytest.raises(KeyError):
        index.remove("two")
    assert repr(index) == "FilterIndex(1 filters)"


def test_other_messages_match_nothing() -> None:
    """A message of another kind than the filters' matches none."""
    index = filled([FilterQuery(track="a")])
    assert index.match(KeepAlive()) == []
    assert index.candidates(KeepAlive()) == 0


class Always:
    """A filter of another kind, with a promise that it doesn't keep."""

    def alternatives(self) -> list[frozenset[str]]:
        """Nothing is needed."""
        return [frozenset()]

    @staticmethod
    def read(message: object) -> Always | None:
        """A reading of any status."""
        return Always() if isinstance(message, Status) else None

    @property
    def features(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def holds(self, reading: object) -> bool:
        """Yes."""
        return True


def test_kinds_side_by_side() -> None:
    """Filters of different classes are in one index, each read in its own way, found in order of adding."""
    index = FilterIndex[int]()
    index.add(Always(), 0)
    index.add(FilterQuery(track="a"), 1)
    index.add(Always(), 2)
    assert index.match(status("a")) == [0, 1, 2]
    assert index.match(status("b")) == [0, 2]
