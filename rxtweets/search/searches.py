"""The requests of search and counts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar, Unpack

import reactivex
from reactivex import Observable, abc
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import as_stream
from rxtweets._schedulers import wall_clock
from rxtweets.backoff import BackoffPolicy
from rxtweets.budgets import Budget
from rxtweets.endpoints import checks, v2
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.messages import Post
from rxtweets.rest import REQUEST_POLICY, Api, JSONResponse, RequestPace, run_steps
from rxtweets.rules import Rule

from .counts import Granularity, PostCounts, merged
from .pages import posts_on, resources_on
from .query import check_apart, query_params

_T = TypeVar("_T")

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
    """

    def __init__(self, api: Api, policy: BackoffPolicy | None = None, budget: Budget | None = None) -> None:
        self._api = api
        self._budget = budget
        self._policy = policy or BackoffPolicy.standard()
        # Source of the limits: X's page "Rate limits".
        self._search = {False: RequestPace(450), True: RequestPace(300, gap=_SECOND)}
        self._counts = {False: RequestPace(300), True: RequestPace(300)}

    def posts(
        self,
        query: str | Rule,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        since_id: int | str | None = None,
        until_id: int | str | None = None,
        archive: bool = False,
        limit: int | None = None,
        **fields: Unpack[v2.PostFields],
    ) -> Observable[Post]:
        """Return the posts that a query finds; see `StreamingClient.search`."""
        check_apart(start_time=start_time, since_id=since_id)
        check_apart(end_time=end_time, until_id=until_id)
        params = query_params(query, start_time, end_time, since_id, until_id)
        params += v2.post_fields("search", fields)
        if limit is not None:
            checks.number("limit", limit, 1, 10**9)
        path = "/2/tweets/search/" + ("all" if archive else "recent")

        def work(now: Callable[[], float]) -> Generator[Observable[Any] | Post, Any, None]:
            left, largest, seen = limit, _LARGEST_PAGE[archive], set[str]()
            asked: Pairs | None = params
            while asked is not None:
                size = largest if left is None else min(max(left, _SMALLEST_PAGE), largest)
                with self._affordable(size, params, now) as page_size:
                    paged = (*asked, ("max_results", str(page_size)))
                    page: JSONResponse = yield self._api.call(
                        "GET", path, paged, policy=self._policy, pace=self._search[archive]
                    )
                    if self._budget is not None:
                        self._budget.count(resources_on(page), now())
                for post in posts_on(page):
                    yield post
                    if left is not None:
                        left -= 1
                        if left == 0:
                            return
                token = page.next_token(seen)
                asked = (*params, ("next_token", token)) if token else None

        return _at_the_time(work)

    @contextmanager
    def _affordable(self, size: int, params: Pairs, now: Callable[[], float]) -> Iterator[int]:
        """Yield how many posts the next page may have, and set them aside in the budget until it has come."""
        if self._budget is None:
            yield size
            return
        expansions = dict(params).get("expansions", "").split(",")
        page = self._budget.reserve(size, _SMALLEST_PAGE, expansions, now())
        try:
            yield page.size
        finally:
            self._budget.release(page)

    def counts(
        self,
        query: str | Rule,
        *,
        granularity: Granularity = "hour",
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        since_id: int | str | None = None,
        until_id: int | str | None = None,
        archive: bool = False,
    ) -> Observable[PostCounts]:
        """Return how many posts a query has; see `StreamingClient.counts`."""
        params = query_params(query, start_time, end_time, since_id, until_id)
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


def _at_the_time(
    work: Callable[[Callable[[], float]], Generator[Observable[Any] | _T, Any, None]],
) -> Observable[_T]:
    """Return `run_steps` of *work*, which is given the clock of the subscriber's scheduler."""

    def steps(scheduler: abc.SchedulerBase | None) -> Observable[_T]:
        now = wall_clock(scheduler or TimeoutScheduler.singleton())
        return run_steps(lambda: work(now))

    return as_stream(reactivex.defer(steps))  # type: ignore[no-any-return]
