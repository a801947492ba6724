"""The means of recovery that each stream has, and how its request asks for them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from msgspec.structs import replace

from rxtweets.endpoints import Endpoint
from rxtweets.endpoints.v2 import POWERSTREAM_NAMES
from rxtweets.messages.lifecycle import Means

LONGEST_BACKFILL = 300.0
"""Seconds that `backfill_minutes` reaches back."""

LONGEST_WINDOW = 86_400.0 - 60.0
"""Seconds that a window reaches back, a minute less than X says, as asking takes time."""

LONGEST_SEARCH = 7 * 86_400.0 - 60.0
"""Seconds that a recent search reaches back, likewise."""

MOST_COUNTED = 150_000
"""Statuses that `count` may ask for."""

_MEANS: dict[str, tuple[Means, ...]] = {
    "/2/tweets/search/stream": ("backfill", "window", "search"),
    "/2/tweets/sample/stream": ("backfill",),
    "/1.1/statuses/filter.json": ("count",),
    "/1.1/statuses/firehose.json": ("count",),
    "/1.1/statuses/links.json": ("count",),
    "/1.1/statuses/retweet.json": ("count",),
}
"""Those of the streams that haven't what most of their version have."""

ASKING = {*POWERSTREAM_NAMES, *POWERSTREAM_NAMES.values(), "count"}
"""The parameters that ask for the past."""


def means_of(endpoint: Endpoint) -> tuple[Means, ...]:
    """Return the means that a stream has for accounts that may use all of them, in order of preference."""
    path = urlsplit(endpoint.request.url).path
    return _MEANS.get(path, ("backfill", "window") if path.startswith("/2/") else ())


def with_backfill(endpoint: Endpoint, minutes: int) -> Endpoint:
    """Return the stream that begins with the last *minutes*."""
    return _asking(endpoint, backfill_minutes=str(minutes))


def with_count(endpoint: Endpoint, count: int) -> Endpoint:
    """Return the stream that begins with the last *count* statuses."""
    return _asking(endpoint, count=str(count))


def with_window(endpoint: Endpoint, since: float, until: float) -> Endpoint:
    """Return the replay from *since* up to *until*, in whole seconds."""
    return replace(_asking(endpoint, start_time=iso(since), end_time=iso(until)), finite=True)


def _asking(endpoint: Endpoint, **params: str) -> Endpoint:
    camel = urlsplit(endpoint.request.url).path == "/2/powerstream"
    return endpoint.with_params(
        **{POWERSTREAM_NAMES.get(name, name) if camel else name: params[name] for name in params}
    )


def iso(seconds: float) -> str:
    """Return a time as v2 takes it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
