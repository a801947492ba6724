"""Many filters at once: which of them match a message, without trying each.

A filter says what a message must have for it to match: *alternatives*, each a set of *features* all of which
are needed. A message has a set of features: its words, its author, the cells of the map it stands in. The
index keeps every alternative under one of its features, and so looks up the features that a message has and
tries only the filters found there. The cost is that of the message and of its candidates, not of the filters.

Both kinds of filter, `FilterQuery` and the compiled rules of v2, go in: both have what `Indexable` says.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Feature", "Features", "FilterIndex", "Indexable"]

K = TypeVar("K", bound=Hashable)

Feature = Hashable
"""A property that a message has or lacks. Each kind of filter has its own: the other's never occur."""


class Features(Protocol):
    """The features that filters of one kind look at in a message, found once for all of them."""

    @property
    def features(self) -> AbstractSet[Feature]:
        """All features that the message has."""


class Indexable(Protocol):
    """The methods of a filter that can go into a `FilterIndex`."""

    def alternatives(self) -> Iterable[AbstractSet[Feature]]:
        """Return sets of features, one of which every matching message has completely.

        They may promise too little (a message that has one needn't match: `holds` decides), never too much.
        An empty set among them means that nothing is needed, and the filter is tried on every message. No set
        at all means that nothing matches. An AND of filters needs no product of their alternatives: those of
        its most selective part do.
        """

    @staticmethod
    def read(message: Any) -> Any:
        """Return the `Features` of *message*; None if filters of this kind match no such message.

        It is the same for all filters of a class, so the index calls it once a message.
        """

    def holds(self, features: Any) -> bool:
        """Return whether the message matches, by the features that `read` returned."""


_Rest = frozenset[Feature]

_ALONE: tuple[_Rest, ...] = (frozenset(),)
"""The features needed beside one that suffices: none."""


class _Held(Generic[K]):
    """A filter in the index: its key, its place in the order of adding, and what it is found under."""

    __slots__ = ("features", "filter", "key", "order")

    def __init__(self, key: K, filter: Indexable, order: int, features: tuple[Feature, ...]) -> None:
        self.key = key
        self.filter = filter
        self.order = order
        self.features = features


class _Kind(Generic[K]):
    """The filters of one class: by feature, those which need it and what each needs beside it."""

    __slots__ = ("always", "found_under")

    def __init__(self) -> None:
        self.found_under: dict[Feature, dict[_Held[K], tuple[_Rest, ...]]] = {}
        self.always: dict[_Held[K], None] = {}

    def put(self, key: K, filter: Indexable, order: int) -> _Held[K]:
        entries: dict[Feature, tuple[_Rest, ...]] = {}
        for needed in filter.alternatives():
            if not needed:
                held = _Held(key, filter, order, ())
                self.always[held] = None
                return held
            feature = min(needed, key=self._commonness)
            rest = _ALONE if len(needed) == 1 else (frozenset(needed) - {feature},)
            entries[feature] = entries[feature] + rest if feature in entries else rest
        held = _Held(key, filter, order, tuple(entries))
        for feature, rests in entries.items():
            self.found_under.setdefault(feature, {})[held] = rests
        return held

    def _commonness(self, feature: Feature) -> tuple[int, int]:
        """Return a sort key: fewer filters under a feature come first, then longer words, which are rarer."""
        return len(self.found_under.get(feature, ())), -len(feature) if isinstance(feature, str) else -6

    def take(self, held: _Held[K]) -> None:
        self.always.pop(held, None)
        for feature in held.features:
            holders = self.found_under[feature]
            del holders[held]
            if not holders:
                del self.found_under[feature]

    def candidates(self, features: AbstractSet[Feature]) -> Collection[_Held[K]]:
        present = self.found_under.keys() & features
        if not present:
            return self.always
        found = dict(self.always)
        for feature in present:
            for held, rests in self.found_under[feature].items():
                if held in found:
                    continue
                for rest in rests:
                    if rest <= features:
                        found[held] = None
                        break
        return found

    def __bool__(self) -> bool:
        return bool(self.found_under or self.always)


class FilterIndex(Generic[K]):
    """Filters, each under a key, and which of them match a message.

    It may be read and changed by one thread at a time.

    ::

        index = FilterIndex[str]()
        index.add(FilterQuery(track="python"), "snakes")
        index.match(status)  # ["snakes"], or []
    """

    def __init__(self) -> None:
        self._kinds: dict[type, _Kind[K]] = {}
        self._held: dict[K, _Held[K]] = {}
        self._added = 0

    def add(self, filter: Indexable, key: K) -> None:
        """Hold *filter* under *key*, any hashable value.

        Raises:
            ValueError: another filter has that key.
        """
        if key in self._held:
            raise ValueError(f"the key {key!r} has a filter; remove it first")
        self._held[key] = self._kinds.setdefault(type(filter), _Kind()).put(key, filter, self._added)
        self._added += 1

    def remove(self, key: K) -> None:
        """Forget the filter under *key*.

        Raises:
            KeyError: there is none.
        """
        held = self._held.pop(key)
        kind = self._kinds[type(held.filter)]
        kind.take(held)
        if not kind:
            del self._kinds[type(held.filter)]

    def match(self, message: object) -> list[K]:
        """Return the keys of the filters that match *message*, in the order in which they were added."""
        found: list[_Held[K]] = []
        for kind, filters in self._kinds.items():
            seen = _read(kind, message)
            if seen is not None:
                found += [held for held in filters.candidates(seen.features) if held.filter.holds(seen)]
        if len(found) > 1:
            found.sort(key=_by_order)
        return [held.key for held in found]

    def candidates(self, message: object) -> int:
        """Return how many filters `match` would try on *message*, the measure of what the index saves."""
        kinds = ((_read(kind, message), filters) for kind, filters in self._kinds.items())
        return sum(len(filters.candidates(seen.features)) for seen, filters in kinds if seen)

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def __repr__(self) -> str:
        return f"FilterIndex({len(self)} filters)"


def _read(kind: Any, message: object) -> Features | None:
    features: Features | None = kind.read(message)
    return features


def _by_order(held: _Held[Any]) -> int:
    return held.order
