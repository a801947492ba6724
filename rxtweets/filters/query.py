"""The predicates of v1.1's filter as a value: checked, merged, and matched against statuses locally."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack, cast, get_args

from msgspec import Struct
from msgspec.structs import asdict, force_setattr

from rxtweets.endpoints.v1 import FilterLevel, Predicates, filter_form
from rxtweets.messages import Status

from .cells import Box, filter_cells
from .features import StatusFeatures
from .hits import BoxHit, Found, Hit, PhraseHit, UserHit
from .phrase import Phrase, Word, phrase

_LEVELS: tuple[str, ...] = (*get_args(FilterLevel), "high")
# Source: ISO 639-1's retired codes, which X still sends.
_RENAMED = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv"}

_Key: TypeAlias = tuple[
    frozenset[Any], frozenset[int], frozenset[Box], frozenset[str], str | None, int | None
]


class FilterQuery(Struct, frozen=True, kw_only=True, eq=False, dict=True, repr_omit_defaults=True):
    """A v1.1 filter: statuses that match any of *track*, *follow* and *locations*, as a value.

    *languages* and *filter_level* narrow these down.

    An emoji is a word of its own wherever it stands, so `🦔` matches `sleepy🦔`. X documents nothing here;
    one report has it that X wants a separator before it.

    The arguments, their limits and what is refused are those of `endpoints.v1.filter`. A query is immutable;
    two are equal if they ask for the same, in whatever order and case it was written.

    Attributes:
        track: the phrases as written.
        follow: ids of users.
        locations: boxes of west, south, east, north in degrees.
        languages: codes in lower case; empty for any language.
        filter_level: `low` or `medium`; None for any, which `none` is, too.
        count: earlier statuses to replay on connecting; it plays no part in matching.
    """

    track: tuple[str, ...] = ()
    follow: tuple[int, ...] = ()
    locations: tuple[Box, ...] = ()
    languages: tuple[str, ...] = ()
    filter_level: FilterLevel | None = None
    count: int | None = None

    if TYPE_CHECKING:

        def __init__(self, **predicates: Unpack[Predicates]) -> None: ...

    def __post_init__(self) -> None:
        form = dict(filter_form(**cast(Predicates, asdict(self))))
        degrees = map(float, _parts(form, "locations"))
        phrases = {found.key: found.text for found in map(phrase, _parts(form, "track"))}
        force_setattr(self, "track", tuple(phrases.values()))
        force_setattr(self, "follow", tuple(map(int, _parts(form, "follow"))))
        force_setattr(self, "locations", tuple(dict.fromkeys(zip(*[degrees] * 4, strict=True))))
        codes = dict.fromkeys(code.lower() for code in _parts(form, "language"))
        force_setattr(self, "languages", tuple(codes))
        if self.filter_level == "none":
            force_setattr(self, "filter_level", None)

    @cached_property
    def _phrases(self) -> tuple[Phrase, ...]:
        return tuple(map(phrase, self.track))

    @cached_property
    def _followed(self) -> frozenset[int]:
        return frozenset(self.follow)

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        return tuple(map(_language, self.languages))

    @cached_property
    def _key(self) -> _Key:
        """The parameters without order and case."""
        phrases = frozenset(found.key for found in self._phrases)
        matched = (phrases, self._followed, frozenset(self.locations))
        return (*matched, frozenset(self.languages), self.filter_level, self.count)

    def matches(self, status: Status) -> bool:
        """Return whether the filter sends *status*, as far as a status tells."""
        return self.holds(StatusFeatures(status))

    def why(self, status: Status) -> tuple[Hit, ...]:
        """Return each phrase, user and box that *status* matches by, and where; none if it doesn't match."""
        features = StatusFeatures(status)
        if not self.holds(features):
            return ()
        return (*self._phrase_hits(features), *self._user_hits(features), *self._box_hits(features))

    def __or__(self, other: FilterQuery) -> FilterQuery:
        """Return one query that matches whatever either matches.

        Raises:
            ValueError: no single query does: languages and filter level hold for everything in a query, so
                they must be the same in both, unless all else is, or one query matches all of the other's.
                Or the union is beyond a limit, or *count* differs.
        """
        if not isinstance(other, FilterQuery):
            return NotImplemented
        return _union(self, other)

    def covers(self, other: FilterQuery) -> bool:
        """Return whether this query surely matches all that *other* does; *count* has no part in it."""
        ours, theirs = self._key, other._key
        return (
            theirs[0] <= ours[0]
            and theirs[1] <= ours[1]
            and theirs[2] <= ours[2]
            and (not ours[3] or (bool(theirs[3]) and theirs[3] <= ours[3]))
            and (self.filter_level is None or _level(self.filter_level) <= _level(other.filter_level))
        )

    @staticmethod
    def read(message: object) -> StatusFeatures | None:
        """Return the features of *message* that queries look at; None if it is no status."""
        return StatusFeatures(message) if isinstance(message, Status) else None

    def alternatives(self) -> Iterator[frozenset[object]]:
        """Yield what a status needs to match, for a `FilterIndex`: words, a user, or a cell of the map."""
        for found in self._phrases:
            yield found.needs
        for user in self.follow:
            yield frozenset((user,))
        for box in self.locations:
            for cell in filter_cells(box):
                yield frozenset((cell,))

    def holds(self, features: StatusFeatures) -> bool:
        """Return whether the status with these *features* matches."""
        return self._admits(features.status) and (
            any(_is_in(found, features) for found in self._phrases)
            or next(self._user_hits(features), None) is not None
            or next(self._box_hits(features), None) is not None
        )

    def _admits(self, status: Status) -> bool:
        if self.filter_level is not None and _level(status.filter_level) < _level(self.filter_level):
            return False
        if not self._languages:
            return True
        lang = _language(status.lang or "")
        return any(lang == code or lang.startswith(f"{code}-") for code in self._languages)

    def _phrase_hits(self, features: StatusFeatures) -> Iterator[PhraseHit]:
        for found in self._phrases:
            if _is_in(found, features):
                yield PhraseHit(found.text, tuple(_places(found.words, features)))

    def _user_hits(self, features: StatusFeatures) -> Iterator[UserHit]:
        if self._followed:
            for user, role in features.users:
                if user in self._followed:
                    yield UserHit(user, role)

    def _box_hits(self, features: StatusFeatures) -> Iterator[BoxHit]:
        if self.locations and features.where is not None:
            (left, bottom, right, top), by = features.where
            for box in self.locations:
                west, south, east, north = box
                if left <= east and right >= west and bottom <= north and top >= south:
                    yield BoxHit(box, by)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, FilterQuery) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)


def _parts(form: dict[str, str], name: str) -> list[str]:
    return form[name].split(",") if name in form else []


def _level(name: str | None) -> int:
    return _LEVELS.index(name) if name in _LEVELS else 0


def _language(code: str) -> str:
    main, dash, rest = code.lower().partition("-")
    return _RENAMED.get(main, main) + dash + rest


def _is_in(found: Phrase, features: StatusFeatures) -> bool:
    if not found.needs <= features.features:
        return False
    return all(any(word.stands_in(written.text) for written in features.written) for word in found.wholes)


def _places(words: tuple[Word, ...], features: StatusFeatures) -> Iterator[Found]:
    for word in words:
        for written in features.written:
            if word.stands_in(written.text) if word.whole else word.folded in written.words:
                yield Found(word.text, written.field, written.part)


def _union(one: FilterQuery, other: FilterQuery) -> FilterQuery:
    if one.count != other.count:
        raise ValueError(
            f"a query has one count, and these have {one.count} and {other.count}: use the same for both, or "
            "open a stream for each"
        )
    for large, small in ((one, other), (other, one)):
        if large.covers(small):
            return large
    same_languages = one._key[3] == other._key[3]
    same_level = one.filter_level == other.filter_level
    if not (same_languages and same_level) and not (
        one._key[:3] == other._key[:3] and (same_languages or same_level)
    ):
        raise ValueError(
            f"no single query is the union of one with {_narrowing(one)} and one with {_narrowing(other)}, "
            "since these hold for all that a query tracks, follows and locates. Make them equal, or open a "
            "stream for each query, or connect without them and ask each query's matches()"
        )
    return FilterQuery(
        track=[
            found.text for found in {found.key: found for found in one._phrases + other._phrases}.values()
        ],
        follow=dict.fromkeys(one.follow + other.follow),
        locations=dict.fromkeys(one.locations + other.locations),
        languages=one.languages + other.languages,
        filter_level=min(one.filter_level, other.filter_level, key=_level),
        count=one.count,
    )


def _narrowing(query: FilterQuery) -> str:
    return f"languages={list(query.languages)!r}, filter_level={query.filter_level!r}"
