"""Several filters side by side, on one connection: their options, their names, and the posts of all."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import click
import reactivex
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets._printable import printable
from rxtweets.endpoints.v2 import PostFields
from rxtweets.errors import FilterLimit
from rxtweets.filters import FilterQuery
from rxtweets.hub.union import union
from rxtweets.messages import Post, Status
from rxtweets.rules import Limits, RulesRefused, RuleSyntaxError, StreamRule, from_filter, parse

from .accounts import Account, Api
from .parsing import FILE, options
from .predicates import filter_query, predicate_options
from .rule_files import rules_in

_Command = TypeVar("_Command", bound=Callable[..., Any])

_MOST_RECENT = 1_000
"""Items that are remembered so as to be shown once."""

_WORDS = {"keyword", "phrase", "hashtag", "mention", "cashtag"}
"""Operators of rules that v1.1's words have, too."""

plain_options = options(
    click.option(
        "--track", multiple=True, metavar="WORDS", help="Posts with all of these words; a comma means OR."
    ),
    predicate_options,
    click.option(
        "--rule", "rules", multiple=True, metavar="TEXT", help="Rule in X's rule language (v2 only)."
    ),
)

_options = options(
    plain_options,
    click.option("--and-track", multiple=True, metavar="WORDS", help="Another filter, shown side by side."),
    click.option("--and-follow", multiple=True, metavar="ID", help="The same, for a user."),
    click.option("--and-locations", multiple=True, metavar="W,S,E,N", help="The same, for a box."),
    click.option("--and-rule", multiple=True, metavar="TEXT", help="The same, for a rule (v2 only)."),
    click.option(
        "--file",
        "path",
        metavar="FILE",
        type=FILE,
        help="More filters, one per line or TOML with tags; - is stdin.",
    ),
)


class Filter(NamedTuple):
    """A filter: its name, and the parts of which it matches any."""

    name: str
    query: FilterQuery | None = None
    rules: tuple[str, ...] = ()

    def translated(self) -> list[str]:
        """Return the rules that match what the query does."""
        return [] if self.query is None else list(map(str, from_filter(self.query)))


def one_filter(
    track: Sequence[str] = (),
    follow: Sequence[str] = (),
    locations: Sequence[str] = (),
    rules: Sequence[str] = (),
    *,
    languages: Sequence[str],
) -> Filter:
    """Return the filter that these options make together, which has their values as its name.

    Raises:
        UsageError: v1.1's filter takes no such value.
    """
    query = filter_query(track, follow, locations, languages) if track or follow or locations else None
    return Filter(",".join((*track, *follow, *locations, *rules)), query, tuple(rules))


class Asked:
    """The options that say what to match: one filter, and more beside it.

    Raises:
        UsageError: v1.1's filter takes no such value.
        ValueError: the file has no rule in it.
        OSError: the file can't be read.
    """

    def __init__(
        self,
        track: Sequence[str],
        follow: Sequence[str],
        locations: Sequence[str],
        languages: Sequence[str],
        rules: Sequence[str],
        and_track: Sequence[str],
        and_follow: Sequence[str],
        and_locations: Sequence[str],
        and_rule: Sequence[str],
        path: str | None,
    ) -> None:
        make = partial(one_filter, languages=languages)
        self._plain = [make(track, follow, locations, rules)] if track or follow or locations or rules else []
        self._more = [
            *(make(track=(words,)) for words in and_track),
            *(make(follow=(user,)) for user in and_follow),
            *(make(locations=(box,)) for box in and_locations),
            *(make(rules=(rule,)) for rule in and_rule),
        ]
        self._lines = rules_in(path) if path is not None else []
        self._path = path or ""
        self._languages = languages

    def __bool__(self) -> bool:
        return bool(self._plain or self._more or self._lines)

    def on(self, api: Api) -> tuple[list[Filter], list[Filter]]:
        """Return the filter of the plain options, if there is one, and those beside it.

        Raises:
            UsageError: the options don't go together, or not with this protocol.
            ValueError: the file has a rule for v1.1.
        """
        more = [*self._more, *filters_of(self._lines, self._path, api, self._languages)]
        every = [*self._plain, *more]
        refuse_rules(api, [rule for one in every for rule in one.rules])
        if self._languages and all(one.query is None for one in every):
            raise click.UsageError(
                "--language needs --track, --follow or --locations; in a rule, use lang:en"
            )
        return self._plain, more


def refuse_rules(api: Api, rules: Sequence[str]) -> None:
    """Raise a UsageError if there are rules, and *api* takes none."""
    if rules and api == "v1":
        raise click.UsageError("--rule needs v2; on v1.1, use --track, --follow and --locations.")


def filter_options(command: _Command) -> _Command:
    """Add the options that say what to match; *command* gets a function that reads them, `asked`."""
    names = list(inspect.signature(Asked).parameters)

    @functools.wraps(command)
    def collected(*args: Any, **given: Any) -> Any:
        asked = partial(Asked, **{name: given.pop(name) for name in names})
        return command(*args, asked=asked, **given)

    return _options(collected)  # type: ignore[return-value]


def filters_of(
    lines: Iterable[StreamRule], path: str, api: Api, languages: Sequence[str]
) -> Iterator[Filter]:
    """Yield the filters of a file, each as `filter_of` makes it; a tag is a name.

    Raises:
        UsageError: v1.1 takes no such words.
        ValueError: the file has a rule for v1.1.
    """
    for line in lines:
        try:
            one = filter_of(line.value, api, languages)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        yield one._replace(name=line.tag or line.value)


def filter_of(text: str, api: Api, languages: Sequence[str] = ()) -> Filter:
    """Return the filter that *text* stands for: a rule on v2, words as `--track` takes them on v1.1.

    Raises:
        UsageError: v1.1 takes no such words.
        ValueError: it is a rule for v1.1.
    """
    if api == "v2":
        return Filter(text, rules=(text,))
    if _is_rule(text):
        raise ValueError(f"{text!r} is a rule, which needs v2; v1.1 tracks words")
    return one_filter((text,), languages=languages)


def _is_rule(text: str) -> bool:
    """Return whether *text* says what v1.1's words can't."""
    try:
        terms = list(parse(text).terms())
    except RuleSyntaxError:
        return False
    return "OR" in text.split() or any(negated or term.name not in _WORDS for term, negated in terms)


class Filters:
    """The filters of one hub, by name. They may change on one thread while posts come on others.

    Attributes:
        hub: what streams them.

    Raises:
        ValueError: together they are more than v1.1 can be asked for.
    """

    def __init__(self, account: Account, filters: Iterable[Filter], fields: PostFields) -> None:
        self._api = account.api
        self._parts: dict[str, tuple[FilterQuery | str, ...]] = {}
        self._names: dict[str, tuple[str, ...]] = {}  # by the text of a part
        for one in filters:
            self.enter(one)
        self.hub = _hub(account, max(map(len, self._names), default=0), fields)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._parts)

    def names_of(self, post: Post | Status) -> list[str]:
        """Return the names of the filters that *post* matches, in order."""
        found = {name for text in self.hub.matching(post) for name in self._names.get(text, ())}
        return [name for name in self._parts if name in found]

    def parts(self, name: str) -> tuple[FilterQuery | str, ...]:
        """Return what the hub is asked for by a filter."""
        return self._parts[name]

    def enter(self, one: Filter) -> None:
        """Have posts that *one* matches named after it. Filters of one name are one.

        Raises:
            ValueError: with it they are more than v1.1 can be asked for.
        """
        parts = dict.fromkeys((*self._parts.get(one.name, ()), *_parts(one, self._api)))
        self._change({**self._parts, one.name: tuple(parts)})

    def leave(self, name: str) -> None:
        """Forget a filter."""
        self._change({other: parts for other, parts in self._parts.items() if other != name})

    def _change(self, parts: dict[str, tuple[FilterQuery | str, ...]]) -> None:
        names: dict[FilterQuery | str, list[str]] = {}
        for name, its in parts.items():
            for part in its:
                names.setdefault(part, []).append(name)
        if self._api == "v1" and names:
            union(cast(Iterable[FilterQuery], names))  # now, not when some have been connected with
        self._parts, self._names = parts, {str(part): tuple(its) for part, its in names.items()}

    def close(self) -> None:
        """End the hub; print a warning if rules may be left at X."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", RuntimeWarning)
            self.hub.close()
        for warning in told:
            click.echo(f"Warning: {printable(str(warning.message))}", err=True)


class SideBySide(Filters):
    """The filters of one hub that are shown side by side, and stay the same."""

    def stream(self) -> Observable[Any]:
        """Return what comes for any of the filters, once.

        The error of a filter that X refuses comes as an item, and the others go on.

        Errors: those of the connection; ClickException when every filter has been refused.
        """
        parts = dict.fromkeys(part for name in self.names for part in self.parts(name))
        left = set(parts)

        def without(part: FilterQuery | str, error: Exception) -> Observable[Any]:
            left.discard(part)
            if not isinstance(error, RulesRefused | FilterLimit):
                return reactivex.throw(error)
            if left:
                return reactivex.just(error)
            return reactivex.concat(
                reactivex.just(error), reactivex.throw(click.ClickException("no filter is left"))
            )

        def one(part: FilterQuery | str) -> Observable[Any]:
            return self.hub.filter(part).pipe(ops.catch(lambda error, _: without(part, error)))

        return reactivex.merge(*map(one, parts)).pipe(once)


def _hub(account: Account, longest: int, fields: PostFields) -> rxt.FilterHub:
    if account.api == "v1":
        return rxt.FilterHub(rxt.Stream(account.auth, base_url=account.base_url))
    client = account.client()
    limits = Limits.pay_per_use()
    if longest > limits.length:
        limits = Limits.enterprise()
    return rxt.FilterHub(client, limits=limits, **fields)


def _parts(one: Filter, api: Api) -> Iterator[FilterQuery | str]:
    """Yield what a hub takes for a filter, in the words that it uses itself."""
    if api == "v1" and one.query is not None:
        yield one.query
        return
    yield from one.translated()
    for text in one.rules:
        try:
            yield str(parse(text))
        except RuleSyntaxError:  # it is sent unchecked
            yield text.strip()


def once(stream: Observable[Any]) -> Observable[Any]:
    """Forward each item once. Several filters of a hub get the same objects."""
    return reactivex.defer(lambda _: stream.pipe(ops.filter(_Once()), tw.distinct_by_id(_MOST_RECENT)))


class _Once:
    """A predicate: whether an item is no recent one. Several filters of a hub get the same objects."""

    def __init__(self) -> None:
        self._recent: dict[int, Any] = {}

    def __call__(self, item: Any) -> bool:
        if id(item) in self._recent:
            return False
        self._recent[id(item)] = item
        if len(self._recent) > _MOST_RECENT:
            del self._recent[next(iter(self._recent))]
        return True
