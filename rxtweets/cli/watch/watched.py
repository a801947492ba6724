"""The stream that is watched: filters that come and go, its items, and the figures of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import click
import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable
from reactivex.subject import ReplaySubject, Subject

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.cli.accounts import Account
from rxtweets.cli.side_by_side import Filter, Filters, filter_of, once
from rxtweets.endpoints.v2 import PostFields
from rxtweets.errors import FilterLimit
from rxtweets.messages import Post, Status
from rxtweets.rules import RulesRefused, validate

SAMPLE = "sample"
"""The name under which the sample is watched, as filters are."""

WINDOW = 60.0
"""Seconds over which filters and hashtags are counted."""

_MOST_TAGS = 20


class Row(NamedTuple):
    """A post, and the names of the filters that it matches."""

    post: Post | Status
    names: tuple[str, ...]


class Refused(NamedTuple):
    """The end of a filter that X refuses, or for which the app has no rule left."""

    name: str
    error: Exception


class Tags(NamedTuple):
    """The most frequent hashtags of the last minute."""

    counts: tw.Counts[str]


class Matches(NamedTuple):
    """The number of posts that each filter matched in the last minute."""

    counts: tw.Counts[str]


class Watched:
    """A stream to watch. Nothing is opened before `connect`.

    Attributes:
        rows: its items: a `Row` for a post, all others as they come, `Refused` for a filter that ended.
        figures: `Meter`, `Lag`, `Tags` and `Matches`, each once a second, and each `HubState`.

    Args:
        account: where it comes from.
        filters: what to begin with; none stands for the sample.
        fields: what to ask v2 for.
    """

    def __init__(self, account: Account, filters: Iterable[Filter], fields: PostFields) -> None:
        self.account = account
        self._fields = fields
        filters = list(filters)
        self._filters = Filters(account, filters, fields)
        self._sources: ReplaySubject[Observable[Any]] = ReplaySubject()
        self._removals: Subject[str] = Subject()
        self._has_sample = not filters
        if filters:
            for name in self.names:
                self._sources.on_next(self._source(name))
        else:
            self._sources.on_next(self._until_removed(SAMPLE, self.account.sample(self._fields)))
        self._stream = self._sources.pipe(ops.merge_all(), once, ops.publish())
        self.rows = self._stream.pipe(ops.map(self._row), ops.share())
        posts = self._stream.pipe(tw.of_type(Status, Post))
        self.figures: Observable[Any] = reactivex.merge(
            self._stream.pipe(ops.filter(lambda item: not isinstance(item, Refused)), tw.meter()),
            self._stream.pipe(tw.lag(WINDOW)),
            posts.pipe(tw.top(rxt.hashtags, _MOST_TAGS, WINDOW), ops.map(Tags)),
            self.rows.pipe(
                tw.counts(lambda row: row.names if isinstance(row, Row) else None, WINDOW), ops.map(Matches)
            ),
            self._filters.hub.state,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is watched, in order."""
        return (*((SAMPLE,) if self._has_sample else ()), *self._filters.names)

    def connect(self) -> abc.DisposableBase:
        """Open the stream; *rows* and *figures* have been subscribed to."""
        return self._stream.connect() or Disposable()

    def standing(self, texts: Iterable[str]) -> set[str]:
        """Return the names of what is in force, of filters by the *texts* that stand in `HubState`."""
        known = set(texts)
        found = {
            name
            for name in self._filters.names
            if all(str(part) in known for part in self._filters.parts(name))
        }
        return found | ({SAMPLE} if self._has_sample else set())

    def add(self, text: str) -> None:
        """Watch one more filter: a rule on v2, words on v1.1.

        Raises:
            ValueError: it is no filter, or is one already.
        """
        text = " ".join(text.split())
        if not text:
            raise ValueError("type what to match, such as: coffee")
        if text in self.names:
            raise ValueError("this is being watched already")
        if self.account.api == "v2":
            for problem in validate(text):
                raise ValueError(str(problem))
        try:
            one = filter_of(text, self.account.api)
        except click.UsageError as error:
            raise ValueError(error.message) from None
        self._filters.enter(one)
        try:
            source = self._source(one.name)
        except ValueError:
            self._filters.leave(one.name)
            raise
        self._sources.on_next(source)

    def remove(self, name: str) -> None:
        """Watch something no longer."""
        if name == SAMPLE:
            self._has_sample = False
        else:
            self._filters.leave(name)
        self._removals.on_next(name)

    def close(self) -> None:
        """End the hub; print a warning if rules may be left at X."""
        self._filters.close()

    def _row(self, item: Any) -> Any:
        if not isinstance(item, Post | Status):
            return item
        names = self._filters.names_of(item)
        return Row(item, tuple(names) if names or not self._has_sample else (SAMPLE,))

    def _source(self, name: str) -> Observable[Any]:
        parts = [self._filters.hub.filter(part) for part in self._filters.parts(name)]
        return self._until_removed(name, reactivex.merge(*parts))

    def _until_removed(self, name: str, source: Observable[Any]) -> Observable[Any]:
        def caught(error: Exception, _: Observable[Any]) -> Observable[Any]:
            if isinstance(error, RulesRefused | FilterLimit):
                return reactivex.just(Refused(name, error))
            return reactivex.throw(error)

        removed = self._removals.pipe(ops.filter(lambda other: other == name))
        return source.pipe(ops.catch(caught), ops.take_until(removed))
