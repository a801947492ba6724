"""v2's search of posts and its counts, over the posts that are remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rxtweets import rules as syntax
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.limits import Allowance
from rxtweets.emulator.app.usage import UsageBook
from rxtweets.emulator.server.http import Request, Response, invalid_request, json_response
from rxtweets.emulator.streams.history import History
from rxtweets.emulator.streams.matching import SearchMatcher
from rxtweets.emulator.world.model import Post

from .fields import SEARCH_LISTS, Fields, read_fields
from .forms import delivered, payload
from .params import (
    Check,
    anything,
    ids,
    length,
    meta,
    moment,
    one_of,
    read_moment,
    some_of,
    to_position,
    to_token,
    token,
    whole,
)
from .rules import detail_of

_LONGEST_QUERY = 4_096
_LARGEST_ID = 10**19
_LAST_POSITION = 2**37
"""The greatest position of a token, be it a time in UNIX seconds or a number of posts."""
_RANGE: dict[str, Check] = {
    "query": length(1, _LONGEST_QUERY),
    "start_time": moment,
    "end_time": moment,
    "since_id": ids(1, 1),
    "until_id": ids(1, 1),
    "next_token": token,
    "pagination_token": token,
}


def searched(largest: int) -> dict[str, Check]:
    """Return the parameters of a search with pages of so many posts at most."""
    return {
        **_RANGE,
        **{name: some_of(allowed) for name, allowed in SEARCH_LISTS.items()},
        "max_results": whole(10, largest),
        "sort_order": one_of("recency", "relevancy"),
    }


COUNTED: dict[str, Check] = {
    **_RANGE,
    "granularity": one_of("minute", "hour", "day"),
    "search_count.fields": anything,
}

_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)
_BEFORE_NOW = timedelta(seconds=30)
"""The time before now at which a search ends that doesn't say when. Source: X's page "Search Posts"."""
_LATEST_END = timedelta(seconds=10)
"""The time before now at which a search may end at the latest. Source: X's answers."""
_FIRST_POST = datetime(2006, 3, 21, tzinfo=UTC)
_MOST_LOOKED_AT = 20_000
"""Posts that one search looks at: it takes seconds to look at more. The rest is another page's."""
_BUCKETS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MOST_COUNTED = timedelta(days=31)
"""The time that a page of the archive's counts covers. Source: X's page "Post counts"."""


class _Range(Struct, frozen=True):
    """The posts to look among: from a time and before another, after a post and before another."""

    start: datetime
    end: datetime
    since_id: int
    until_id: int


class SearchEndpoints:
    """``/2/tweets/search/{recent,all}`` and ``/2/tweets/counts/{recent,all}``.

    Args:
        history: The posts.
        clock: The time; ranges go by the world's.
        allowance: The limits at the level of access.
        usage: The count of what was delivered.
        delay: Seconds until a post is found.
    """

    def __init__(
        self, history: History, clock: Clock, allowance: Allowance, usage: UsageBook, delay: float
    ) -> None:
        self._history = history
        self._clock = clock
        self._allowance = allowance
        self._usage = usage
        self._delay = delay
        self.recent = partial(self._search, archive=False)
        self.all = partial(self._search, archive=True)
        self.counts_recent = partial(self._count, archive=False)
        self.counts_all = partial(self._count, archive=True)

    def _search(self, request: Request, *, archive: bool) -> Response:
        fault = _both(request, "start_time", "since_id") or _both(request, "end_time", "until_id")
        asked = fault or self._asked(request, archive)
        if isinstance(asked, Response):
            return asked
        matcher, within = asked
        given, most = _position(request), int(request.query.get("max_results", 10))
        found: list[Post] = []
        following: int | None = None
        for looked, (number, post) in enumerate(self._posts(within, given)):
            if looked == _MOST_LOOKED_AT:
                following = number + 1
                break
            if matcher.finds(post):
                if len(found) == most:
                    following = number + 1
                    break
                found.append(post)
        fields = read_fields(request)
        self._usage.count(resource for post in found for resource in delivered(post, fields))
        return json_response(_page(found, fields, following))

    def _count(self, request: Request, *, archive: bool) -> Response:
        asked = self._asked(request, archive)
        if isinstance(asked, Response):
            return asked
        matcher, asked_for = asked
        step = _BUCKETS[request.query.get("granularity", "hour")]
        given = _position(request)
        end = asked_for.end if given is None else min(asked_for.end, _at(given * 1000))
        start = max(asked_for.start, end - _MOST_COUNTED) if archive else asked_for.start
        buckets: dict[datetime, int] = {}
        first = start
        while first < end:
            buckets[first] = 0
            first = _floor(first, step) + step
        for number, post in self._posts(replace(asked_for, start=start, end=end)):
            if matcher.finds(post):
                buckets[max(start, _floor(_at(self._history.time(number)), step))] += 1
        self._usage.count_request("counts_all" if archive else "counts_recent")
        return json_response(_counted(buckets, end, start if start > asked_for.start else None))

    def _asked(self, request: Request, archive: bool) -> Response | tuple[SearchMatcher, _Range]:
        """Return what a request looks for and where, or the refusal."""
        fault = _both(request, "next_token", "pagination_token")
        if fault is not None:
            return fault
        text = request.query["query"]
        usual = syntax.Limits.search(archive=archive)
        limits = replace(usual, length=_LONGEST_QUERY) if self._allowance.enterprise else usual
        problems = syntax.validate(text, limits)
        if problems:
            return invalid_request(
                *(
                    ({"query": [text]}, f"There were errors processing your request: {detail_of(problem)}")
                    for problem in problems
                )
            )
        within = self._range(request.query, archive)
        return within if isinstance(within, Response) else (SearchMatcher(syntax.parse(text)), within)

    def _range(self, query: Mapping[str, str], archive: bool) -> Response | _Range:
        now = _at(self._clock.world_ms()).replace(microsecond=0)
        earliest, latest = (_FIRST_POST if archive else now - _WEEK), now - _LATEST_END
        start, end = (read_moment(query.get(name, "")) for name in ("start_time", "end_time"))
        if start is not None and start < earliest:
            return _fault(query, "start_time", f"must be on or after {_written(earliest)}")
        if end is not None and end > latest:
            return _fault(query, "end_time", "must be a minimum of 10 seconds prior to the request time")
        end = end or now - _BEFORE_NOW
        if start is not None and start >= end:
            return _fault(query, "start_time", f"must be before {_written(end)}")
        start = start or max(earliest, end - (_MONTH if archive else _WEEK))
        since_id, until_id = (int(query.get(name, 0)) for name in ("since_id", "until_id"))
        return _Range(start, max(start, end), since_id, until_id or _LARGEST_ID + 1)

    def _posts(self, within: _Range, before: int | None = None) -> Iterator[tuple[int, Post]]:
        """Yield the posts of a range with their numbers, newest first, from the one numbered before that on.

        A post that was published twice comes once.
        """
        start, end = (int(one.timestamp() * 1000) for one in (within.start, within.end))
        end = min(end, self._clock.world_ms() - int(self._delay * 1000))
        history = self._history
        last = history.end if before is None else min(before, history.end)
        for number in reversed(range(history.start, last)):
            ms, post = history.time(number), history.get(number)
            if ms < start:
                return
            wanted = ms < end and within.since_id < post.id < within.until_id
            if wanted and history.is_latest(number):
                try:
                    yield number, post
                finally:
                    history.forget_forms(number)


def _page(found: list[Post], fields: Fields, following: int | None) -> dict[str, Any]:
    payloads = [payload(post, fields) for post in found]
    includes: dict[str, dict[str, Any]] = {}
    for one in payloads:
        for kind, objects in one.get("includes", {}).items():
            known = includes.setdefault(kind, {})
            for thing in objects:
                known.setdefault(thing["media_key" if kind == "media" else "id"], thing)
    body: dict[str, Any] = {}
    if found:
        body["data"] = [one["data"] for one in payloads]
    if includes:
        body["includes"] = {kind: list(known.values()) for kind, known in includes.items()}
    if errors := [problem for one in payloads for problem in one.get("errors", ())]:
        body["errors"] = errors
    numbers = [post.id for post in found]
    ends = {"newest_id": str(max(numbers)), "oldest_id": str(min(numbers))} if found else {}
    token = None if following is None else to_token(following)
    return {**body, "meta": {**ends, **meta(found, token)}}


def _counted(buckets: dict[datetime, int], end: datetime, earlier: datetime | None) -> dict[str, Any]:
    """Return the counts; those before `earlier` are another page's.

    They have the names of X's description, and those that it had before, which clients read.
    """
    starts = [*map(_written, buckets)]
    data = [
        {"start": start, "end": following, "tweet_count": count, "post_count": count}
        for start, following, count in zip(
            starts, [*starts[1:], _written(end)], buckets.values(), strict=False
        )
    ]
    total = sum(buckets.values())
    told: dict[str, Any] = {"total_tweet_count": total, "total_post_count": total}
    if earlier is not None:
        told["next_token"] = to_token(int(earlier.timestamp()))
    return {"data": data, "meta": told}


def _position(request: Request) -> int | None:
    given = request.query.get("next_token") or request.query.get("pagination_token")
    return None if given is None else min(to_position(given), _LAST_POSITION)


def _both(request: Request, one: str, other: str) -> Response | None:
    """Return the refusal of two parameters of which at most one may be given."""
    given = {name: [request.query[name]] for name in (one, other) if name in request.query}
    if len(given) < 2:
        return None
    return invalid_request((given, f"At most one of `{one}`, `{other}` may be provided"))


def _fault(query: Mapping[str, str], name: str, why: str) -> Response:
    value = query[name]
    return invalid_request(({name: [value]}, f"Invalid '{name}':'{value}'. '{name}' {why}"))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _floor(time: datetime, step: timedelta) -> datetime:
    return time - (time - _FIRST_POST) % step


def _written(time: datetime) -> str:
    return f"{time.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
