"""The requests that recover an outage beside the live stream, one means after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Generator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops

from rxtweets._observable import StreamObservable, as_stream
from rxtweets._printable import amount
from rxtweets._schedulers import wall_clock
from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import Endpoint
from rxtweets.errors import Forbidden, HTTPStatusError, StreamError
from rxtweets.messages import (
    Connected,
    Gap,
    Lifecycle,
    MatchingRule,
    Post,
    Recovered,
    RecoveryEstimate,
    decode,
)
from rxtweets.operators import retry_with_backoff
from rxtweets.rest import RequestPace

from .core import Account, Core, Outage, to_time
from .identity import time_of
from .means import LONGEST_SEARCH, LONGEST_WINDOW, iso, with_window
from .policy import Recovery

if TYPE_CHECKING:
    from rxtweets.budgets import Budget
    from rxtweets.rules import StreamRule
    from rxtweets.search import PostCounts

    from .queries import Plan, Query

_WINDOW_SETTLES = 3.0
"""Seconds after a reconnect at which a window up to it lies in the past for sure, by the server's clock."""

_DATE = 1.0
"""Seconds by which a `Date` may be behind, so that an outage may seem to last so much longer."""

_Told = Gap | Recovered | RecoveryEstimate
Steps = Generator[Observable[Any] | _Told, Any, None]
_Asking = Generator[Observable[Any] | _Told, Any, str | None]


class Access(NamedTuple):
    """A client, as far as recovery needs one.

    Attributes:
        account: what is known of the means that X grants.
        session: opens one session on an endpoint, decoded.
        policy: which failure of a session waits how long.
        end_stale: as for `retry_with_backoff`.
        rules: lists the rules of the filtered stream; None on v1.1.
        search: searches posts; None on v1.1.
        counts: counts what a search would find; None on v1.1.
        budget: the limit on what is delivered; None for none.
    """

    account: Account
    session: Callable[[Endpoint], Observable[Any]]
    policy: BackoffPolicy
    end_stale: Callable[[Connected], Observable[bool]] | None = None
    rules: Callable[[], Observable[StreamRule]] | None = None
    search: Callable[..., Observable[Post]] | None = None
    counts: Callable[..., Observable[PostCounts]] | None = None
    budget: Budget | None = None

    def paced(self, pace: RequestPace) -> Access:
        """Return the same with sessions that begin when *pace* has room for them."""
        return self._replace(session=lambda endpoint: pace.keep(self.session(endpoint)))


class Bridge:
    """Recovers the outages of one subscription, one after the other.

    Args:
        endpoint: the stream.
        recovery: the policy.
        access: the client.
        core: the state of the subscription.
        deliver: takes a message of an outage; returns whether it is new.
        server_time: returns the server's time now.
        timer: where waits run.
        pace: the pace of further connections to the stream; None for no limit.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        recovery: Recovery,
        access: Access,
        core: Core,
        deliver: Callable[[Any, Outage], bool],
        server_time: Callable[[], float],
        timer: abc.SchedulerBase,
        pace: RequestPace | None,
    ) -> None:
        self._endpoint = endpoint
        self._recovery = recovery
        self._access = access
        self._core = core
        self._deliver = deliver
        self._server_time = server_time
        self._timer = timer
        self._pace = pace
        self._rules: Collection[str] | None = None

    def look_at_rules(self) -> Steps:
        """List the rules that stand, to know them when there is an outage."""
        if self._access.rules is not None:
            try:
                rules: list[StreamRule] = yield self._access.rules().pipe(ops.to_list())
            except StreamError:
                return  # then all that stand later count as having stood
            self._rules = {rule.value for rule in rules}

    def recover(self, outage: Outage) -> Steps:
        """Recover *outage* as far as the means reach, and tell the rest."""
        left, why = outage, self._core.why_not
        for by, reach, settle, ask in (
            ("window", LONGEST_WINDOW, _WINDOW_SETTLES, self._by_window),
            ("search", LONGEST_SEARCH, self._recovery.settle, self._by_search),
        ):
            if by not in self._core.means:
                continue
            wait = left.until - _DATE + settle - self._server_time()
            if wait > 0:
                yield reactivex.timer(wait, scheduler=self._timer)
            start = max(left.since, self._server_time() - reach)
            if start < left.until:
                refused = yield from ask(Outage(start, left.until))
                if refused is not None:
                    why = refused
                    continue
                left = Outage(left.since, start)
            if left.since >= left.until:
                return
            why = f"it is longer ago than X grants by {by}"
        yield Gap(*left.ends, why)

    def _by_window(self, outage: Outage) -> _Asking:
        latest, until, posts = outage.since, math.ceil(outage.until), 0

        def session(_: abc.SchedulerBase) -> Observable[Any]:
            # After a failure from where it was; a window comes oldest first.
            return self._access.session(with_window(self._endpoint, min(latest, until - 1), until))

        def take(item: Any) -> None:
            nonlocal latest, posts
            if not isinstance(item, Lifecycle):
                latest = max(latest, min(time_of(item) or latest, outage.until))
                posts += self._deliver(item, outage)

        stream = as_stream(reactivex.defer(session))
        if self._pace is not None:
            stream = self._pace.keep(stream)
        try:
            yield _through(stream.pipe(retry_with_backoff(self._access.policy.after_close())), take)
        except StreamError as error:
            if isinstance(error, Forbidden):
                self._access.account.refuse("window", error)
            return str(error)
        yield Recovered(*outage.ends, posts, "window")
        return None

    def _by_search(self, outage: Outage) -> _Asking:
        if self._access.rules is None or self._access.search is None:
            return self._core.why_not
        try:
            from .queries import plan  # brings the rule language

            rules: list[StreamRule] = yield self._access.rules().pipe(ops.to_list())
            asked = plan(rules, self._rules, outage)
        except (StreamError, ImportError) as error:
            return f"the rules can't be searched for: {error}"
        self._rules = {rule.value for rule in rules}
        if self._recovery.count_first and (refused := (yield from self._estimate(asked, outage))) is not None:
            return refused
        found: dict[str, tuple[Post, list[MatchingRule]]] = {}
        searched: list[MatchingRule] = []
        gaps: list[Gap] = []
        for query in asked.queries:
            failure = yield from self._search(query, outage.until, found, gaps)
            if failure is None:
                searched.append(query.rule)
            elif isinstance(failure, HTTPStatusError) and failure.status_code in (401, 402, 403, 404):
                self._access.account.refuse("search", failure)
                return str(failure)
        posts = sum(self._deliver(_with_rules(*found[id]), outage) for id in sorted(found, key=_number))
        yield from self._tell(outage, asked, searched, gaps)
        yield Recovered(*outage.ends, posts, "search")
        return None

    def _estimate(self, asked: Plan, outage: Outage) -> _Asking:
        """Tell what the searches will bring and cost at most; return why they aren't to be made, if so."""
        from rxtweets.prices import Prices, brought_by  # here, as most streams need none

        assert self._access.counts is not None
        posts = 0
        for query in asked.queries:
            counting = self._access.counts(
                query.text,
                granularity="day",
                start_time=iso(query.since),
                end_time=iso(math.ceil(outage.until)),
            )
            try:
                counts: PostCounts = yield counting
            except StreamError as error:
                if isinstance(error, HTTPStatusError) and error.status_code == 400:
                    continue  # a query that the account can't make: its search will tell
                return f"what a search would cost can't be told: {error}"
            posts += counts.total
        if self._recovery.max_posts is not None:
            posts = min(posts, self._recovery.max_posts)
        budget = self._access.budget
        prices = Prices() if budget is None else budget.prices
        kinds = ["post", *brought_by(_fields(self._endpoint).get("expansions", ()))]
        dollars = posts * math.fsum(map(prices.price, kinds))
        yield RecoveryEstimate(*outage.ends, posts, dollars)
        if budget is not None:
            left = budget.left(wall_clock(self._timer)())
            if (posts * kinds.count("post") if budget.unit == "posts" else dollars) > left:
                return (
                    f"it would bring {amount(posts, 'posts')} for {amount(dollars, 'dollars')}, and"
                    f" {amount(left, budget.unit)} of the budget are left"
                )
        return None

    def _search(
        self, query: Query, until: float, found: dict[str, tuple[Post, list[MatchingRule]]], gaps: list[Gap]
    ) -> Generator[Observable[Any], Any, StreamError | None]:
        """Add the posts of one rule to those *found*, and what of it couldn't be had to the *gaps*."""
        assert self._access.search is not None
        most = self._recovery.max_posts
        left = None if most is None else most - len(found)
        oldest, count, failure = until, 0, None

        def take(post: Post) -> None:
            nonlocal oldest, count
            rules = found.setdefault(post.id, (post, []))[1]
            if query.rule not in rules:  # which may have been searched for in parts
                rules.append(query.rule)
            oldest, count = min(oldest, time_of(post) or oldest), count + 1

        why = f"max_posts={most} is used up"
        if left is None or left > 0:
            search = self._access.search(
                query.text,
                start_time=iso(query.since),
                end_time=iso(math.ceil(until)),
                limit=left,
                **_fields(self._endpoint),
            )
            try:
                yield _through(search, take)
            except StreamError as error:
                failure, why = error, str(error)
            else:
                if left is None or count < left:
                    return None
        # A search comes newest first.
        gaps.append(Gap(to_time(query.since), to_time(oldest), why, (query.rule,)))
        return failure

    def _tell(
        self, outage: Outage, asked: Plan, searched: list[MatchingRule], gaps: list[Gap]
    ) -> Generator[Gap, Any, None]:
        yield from asked.told(outage, searched)
        yield from gaps


_FIELDS = ("tweet.fields", "user.fields", "media.fields", "poll.fields", "place.fields", "expansions")


def _fields(endpoint: Endpoint) -> dict[str, list[str]]:
    """Return the fields that the stream asks for, as a search takes them."""
    return {
        name.replace(".", "_"): values.split(",")
        for name, values in endpoint.request.params
        if name in _FIELDS
    }


def _with_rules(post: Post, rules: list[MatchingRule]) -> Post:
    """Return *post* as the stream would have sent it."""
    told = msgspec.json.encode([{"id": rule.id, "tag": rule.tag or ""} for rule in rules])
    whole = decode(post.raw[:-1] + b',"matching_rules":' + told + b"}")
    assert isinstance(whole, Post)
    return whole


def _number(id: str) -> int:
    return int(id) if id.isascii() and id.isdigit() else 0


def _through(source: Observable[Any], take: Callable[[Any], None]) -> Observable[None]:
    """Return an Observable that hands each item of *source* to *take* and emits None at the end.

    An exception of *take* is raised to its caller, as it is a subscriber's.
    """

    def subscribe(
        observer: abc.ObserverBase[None], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def done() -> None:
            observer.on_next(None)
            observer.on_completed()

        return source.subscribe(take, observer.on_error, done, scheduler=scheduler)

    return StreamObservable(subscribe)
