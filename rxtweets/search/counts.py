"""Counts of posts by minute, hour or day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from rxtweets.rest import JSONResponse, number, time

Granularity = Literal["minute", "hour", "day"]


class CountBucket(msgspec.Struct, frozen=True):
    """A number of posts from *start* on, before *end*; both are aware times."""

    start: datetime
    end: datetime
    count: int


class PostCounts(msgspec.Struct, frozen=True):
    """The number of posts that a query has.

    Attributes:
        total: all of them.
        buckets: by minute, hour or day, oldest first; the first and the last may be shorter than that.
    """

    total: int
    buckets: tuple[CountBucket, ...]


def merged(pages: Iterable[JSONResponse]) -> PostCounts:
    """Return the counts on all *pages* together.

    Raises:
        UnexpectedResponse: a page has no counts.
    """
    buckets: list[CountBucket] = []
    for page in pages:
        for item in page.page_items():
            start, end = time(item.get("start")), time(item.get("end"))
            if start is None or end is None:
                raise page.unexpected("it has counts without a time")
            # X's description has the second name, its answers the first.
            buckets.append(CountBucket(start, end, number(item.get("tweet_count", item.get("post_count")))))
    buckets.sort(key=lambda bucket: bucket.start)
    return PostCounts(sum(bucket.count for bucket in buckets), tuple(buckets))
