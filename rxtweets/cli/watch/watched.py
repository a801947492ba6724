"""A source, watched: its items of a source, and the figures of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Post, Status

from .sources import Refused, Source

WINDOW = 60.0
"""Seconds over which filters and hashtags are counted."""

_MOST_TAGS = 20


class Row(NamedTuple):
    """A post, and the names of the filters that it matches."""

    post: Post | Status
    names: tuple[str, ...]


class Tags(NamedTuple):
    """The most frequent hashtags of the last minute."""

    counts: tw.Counts[str]


class Matches(NamedTuple):
    """The number of posts that each filter matched in the last minute."""

    counts: tw.Counts[str]


class Watched:
    """A source that is watched. Nothing is opened before `connect`.

    Attributes:
        source: what comes, and under which names.
        rows: its items: a `Row` for a post, all others as they come.
        figures: `Meter`, `Lag`, `Tags` and `Matches`, each once a second, and each `HubState`.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._stream = source.stream.pipe(ops.publish())
        self.rows = self._stream.pipe(ops.map(self._row), ops.share())
        posts = self._stream.pipe(tw.of_type(Status, Post))
        self.figures: Observable[Any] = reactivex.merge(
            self._stream.pipe(ops.filter(lambda item: not isinstance(item, Refused)), tw.meter()),
            self._stream.pipe(tw.lag(WINDOW)),
            posts.pipe(tw.top(rxt.hashtags, _MOST_TAGS, WINDOW), ops.map(Tags)),
            self.rows.pipe(
                tw.counts(lambda row: row.names if isinstance(row, Row) else None, WINDOW), ops.map(Matches)
            ),
            source.states,
        )

    def connect(self) -> abc.DisposableBase:
        """Open the stream; *rows* and *figures* have been subscribed to."""
        return self._stream.connect() or Disposable()

    def _row(self, item: Any) -> Any:
        return Row(item, self.source.names_of(item)) if isinstance(item, Post | Status) else item
