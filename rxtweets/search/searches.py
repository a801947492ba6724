"""The requests of search and counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import reactivex
from reactivex import Observable, abc
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import as_stream
from rxtweets._schedulers import wall_clock
from rxtweets.backoff import BackoffPolicy, http_date
from rxtweets.budgets import Budget
from rxtweets.budgets.budget import Used
from rxtweets.endpoints import checks
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.messages import Post
from rxtweets.rest import REQUEST_POLICY, Api, JSONResponse, RequestPace, run_steps
from rxtweets.rules import Rule

from .counts import Granularity, PostCounts, merged
from .pages import posts_on, resources_on
from .query import check_apart, query_param

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets.budget")

_SMALLEST_PAGE = 10
_LARGEST_PAGE = {False: 100, True: 500}
"""Posts on a page of recent search, and of the archive's. Source: X's OpenAPI description, 2.167."""

_SECOND = 1.1
"""Seconds between two searches of the archive: the limit is one a second, and requests travel unevenly."""


class Searches:
    """The searches and counts of a client, whose rate limits they share.

    Args:
        api: the host and the credentials.
        policy: which failure of a page of a search waits how long; default `BackoffPolicy.standard()`.
        budget: the limit on what they are delivered.
        usage: called for X's own count, to compare the budget with.
    """

    def __init__(
        self,
        api: Api,
        policy: BackoffPolicy | None = None,
        budget: Budget | None = None,
        usage: Callable[[], Observable[Used]] | None = None,
    ) -> None:
        self._api = api
        self._budget = budget
        self._usage = usage
        self._policy = policy or BackoffPolicy.standard()
        # Source of the limits: X's page "Rate limits".
        self._search = {False: RequestPace(450), True: RequestPace(300, gap=_SECOND)}
        self._counts = {False: RequestPace(300), True: RequestPace(300)}

    def posts(
        self, query: str | Rule, options: Pairs, *, archive: bool, limit: int | None
    ) -> Observable[Post]:
        """Return the posts that a query finds; see `StreamingClient.search`.

        *options* are those of `endpoints.v2.range_of` and `endpoints.v2.post_fields`.
        """
        params = query_param(query) + options
        check_apart(options, "start_time", "since_id")
        check_apart(options, "end_time", "until_id")
        if limit is not None:
            checks.number("limit", limit, 1, 10**9)
        path = "/2/tweets/search/" + ("all" if archive else "recent")

        def work(now: Callable[[], float]) -> Generator[Observable[Any] | Post, Any, None]:
            left, largest, seen = limit, _LARGEST_PAGE[archive], set[str]()
            asked: Pairs | None = params
            while asked is not None:
                size = largest if left is None else min(max(left, _SMALLEST_PAGE), largest)
                page = yield from self._page(path, asked, size, self._search[archive], now)
                for post in posts_on(page):
                    yield post
                    if left is not None:
                        left -= 1
                        if left == 0:
                            return
                token = page.next_token(seen)
                asked = (*params, ("next_token", token)) if token else None

        return _at_the_time(work)

    def _page(
        self, path: str, params: Pairs, size: int, pace: RequestPace, now: Callable[[], float]
    ) -> Generator[Observable[Any], Any, JSONResponse]:
        """Ask for a page of so many posts, or of as many as the budget can pay, and count what comes."""

        def ask(size: int) -> Observable[JSONResponse]:
            paged = (*params, ("max_results", str(size)))
            return self._api.call("GET", path, paged, policy=self._policy, pace=pace)

        page: JSONResponse
        budget = self._budget
        if budget is None:
            page = yield ask(size)
            return page
        if budget.is_comparison_due(now()):
            yield from self._compare(budget, now)
        expansions = dict(params).get("expansions", "").split(",")
        asked = now()
        expected = budget.reserve(size, _SMALLEST_PAGE, expansions, asked)
        try:
            page = yield ask(expected.size)
        except BaseException:
            try:
                budget.settle(expected, (), now())
            except OSError as error:
                _log.warning("%s", error)
            raise
        budget.settle(expected, resources_on(page), _counted_at(page, asked, now()))
        return page

    def _compare(self, budget: Budget, now: Callable[[], float]) -> Generator[Observable[Any], Any, None]:
        """Compare the books with X's usage; errors change nothing."""
        try:
            if self._usage is not None:
                budget.compare_with((yield self._usage()), now())
        except Exception as error:
            _log.info("the budget isn't compared with X's usage: %s", error)

    def counts(
        self, query: str | Rule, options: Pairs, *, granularity: Granularity, archive: bool
    ) -> Observable[PostCounts]:
        """Return how many posts a query has; see `StreamingClient.counts`. *options*: as of `posts`."""
        params = query_param(query) + options
        params += (("granularity", checks.choice("granularity", granularity, ("minute", "hour", "day"))),)
        name = "all" if archive else "recent"
        path = f"/2/tweets/counts/{name}"

        def work(now: Callable[[], float]) -> Generator[Observable[Any] | PostCounts, Any, None]:
            pages, seen = list[JSONResponse](), set[str]()
            asked: Pairs | None = params
            while asked is not None:
                if self._budget is not None and self._budget.count((), now()) >= 1:
                    raise self._budget.error()
                page: JSONResponse = yield self._api.call(
                    "GET", path, asked, policy=REQUEST_POLICY, pace=self._counts[archive]
                )
                if self._budget is not None:
                    self._budget.count_request(f"counts_{name}", now())
                pages.append(page)
                token = page.next_token(seen)
                asked = (*params, ("next_token", token)) if token else None
            yield merged(pages)

        return _at_the_time(work)


def _counted_at(page: JSONResponse, asked: float, now: float) -> float:
    """Return when X has counted a page: when it answered, and midnight may have been since then."""
    answered = http_date(page.response.headers.get("date", ""))
    return now if answered is None else min(max(answered, asked), now)


def _at_the_time(
    work: Callable[[Callable[[], float]], Generator[Observable[Any] | _T, Any, None]],
) -> Observable[_T]:
    """Return `run_steps` of *work*, which is given the clock of the subscriber's scheduler."""

    def steps(scheduler: abc.SchedulerBase | None) -> Observable[_T]:
        now = wall_clock(scheduler or TimeoutScheduler.singleton())
        return run_steps(lambda: work(now))

    return as_stream(reactivex.defer(steps))  # type: ignore[no-any-return]
