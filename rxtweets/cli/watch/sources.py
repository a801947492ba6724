"""The sources of what is watched: filters of a stream, which come and go, or a log."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import click
import reactivex
from reactivex import Observable
from reactivex import operators as ops
from reactivex.subject import ReplaySubject, Subject

from rxtweets.cli.accounts import Account
from rxtweets.cli.logs import Log
from rxtweets.cli.side_by_side import Filter, Filters, filter_of, once
from rxtweets.endpoints.v2 import PostFields
from rxtweets.errors import FilterLimit
from rxtweets.hub.state import HubState
from rxtweets.messages import Post, Status
from rxtweets.rules import RulesRefused, validate

SAMPLE = "sample"
"""The name under which the sample is watched, as filters are."""

_HINTS = {
    "v2": "a rule in X's language: coffee has:images -is:retweet lang:en",
    "v1": "words: all of them have to be in a post; a comma is OR",
}


class Refused(NamedTuple):
    """The end of a filter that X refuses, or for which the app has no rule left."""

    name: str
    error: Exception


class Source(Protocol):
    """A source of what is watched. Nothing is opened before *stream* is subscribed to.

    Attributes:
        where: where it comes from.
        heading: the heading above the names.
        quiet: the seconds from which on it is told that nothing came, not even a keep-alive.
        stream: all that comes, and `Refused` for a filter that ended.
        states: each state of the hub, if there is one.
    """

    where: str
    heading: str
    quiet: float
    stream: Observable[Any]
    states: Observable[HubState]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is watched, in order."""
        ...

    def names_of(self, post: Post | Status) -> tuple[str, ...]:
        """Return the names under which a post is watched."""
        ...

    def standing(self, state: HubState) -> set[str]:
        """Return the names of what is in force, in a state of the hub."""
        ...


class LogSource(Source):
    """A log: all that is in it, from a place on."""

    heading = "Log"
    quiet = math.inf  # it has no keep-alives

    def __init__(self, log: Log, from_: Literal["new", "start"] | datetime) -> None:
        self.where = log.where
        self.stream = log.consume(None, from_=from_)
        self.states = reactivex.empty()
        self._name = log.stream

    @property
    def names(self) -> tuple[str, ...]:
        return (self._name,)

    def names_of(self, post: Post | Status) -> tuple[str, ...]:
        return self.names

    def standing(self, state: HubState) -> set[str]:
        return {self._name}


class FilterSource(Source):
    """Filters of one hub, and the sample.

    Attributes:
        hint: what a filter can be.

    Args:
        account: where they come from.
        filters: what to begin with; none stands for the sample.
        fields: what to ask v2 for.
    """

    heading = "Filters"
    quiet = 3.0

    def __init__(self, account: Account, filters: Iterable[Filter], fields: PostFields) -> None:
        self.where = account.where
        self.hint = _HINTS[account.api]
        self._api = account.api
        filters = list(filters)
        self._filters = Filters(account, filters, fields)
        self._sources: ReplaySubject[Observable[Any]] = ReplaySubject()
        self._removals: Subject[str] = Subject()
        self._has_sample = not filters
        if filters:
            for name in self.names:
                self._sources.on_next(self._source(name))
        else:
            self._sources.on_next(self._until_removed(SAMPLE, account.sample(fields)))
        self.stream = self._sources.pipe(ops.merge_all(), once)
        self.states = self._filters.hub.state

    @property
    def names(self) -> tuple[str, ...]:
        return (*((SAMPLE,) if self._has_sample else ()), *self._filters.names)

    def names_of(self, post: Post | Status) -> tuple[str, ...]:
        names = self._filters.names_of(post)
        return tuple(names) if names or not self._has_sample else (SAMPLE,)

    def standing(self, state: HubState) -> set[str]:
        known = set(state.standing)
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
            raise ValueError("type what to match, for example: coffee")
        if text in self.names:
            raise ValueError("already being watched")
        if self._api == "v2":
            for problem in validate(text):
                raise ValueError(str(problem))
        try:
            one = filter_of(text, self._api)
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
