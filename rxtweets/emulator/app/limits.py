"""The limits on clients of the emulator: X's figures, and those set in their place."""

from __future__ import annotations

import math
from typing import Literal, get_args

from msgspec import UNSET, Struct, UnsetType, structs

from rxtweets import rules as syntax

Level = Literal["pay_per_use", "enterprise"]
"""X's levels of access."""

WINDOW, DAY = 900, 86_400
"""Seconds of a window of v2's rate limits, and of the window of Powerstream's rules.

Source: X's pages "Rate limits" and "Powerstream".
"""

UNPUBLISHED = 50
"""Requests in 15 minutes to an endpoint for which X publishes no figure: as for most of its streams."""


class LevelLimits(Struct, frozen=True):
    """The limits of a level. Source: X's pages "Rate limits", "Filtered stream" and "X Activity API".

    Attributes:
        connections: streams open at once on one endpoint, and partition of it.
        rules: rules of the filtered stream.
        rule_length: characters of a rule.
        subscriptions: subscriptions to activity.
        posts: posts a second of the filtered stream; None is as many as there are.
        posts_cap: posts that may be delivered in a month. An enterprise's is in its contract.
    """

    connections: int
    rules: int
    rule_length: int
    subscriptions: int
    posts: int | None
    posts_cap: int


def _level(
    rules: syntax.Limits, connections: int, subscriptions: int, posts: int | None, posts_cap: int
) -> LevelLimits:
    return LevelLimits(connections, rules.rules, rules.length, subscriptions, posts, posts_cap)


LEVELS: dict[Level, LevelLimits] = {
    "pay_per_use": _level(syntax.Limits.pay_per_use(), 1, 1_500, 250, 3_000_000),
    "enterprise": _level(syntax.Limits.enterprise(), 2, 75_000, None, 100_000_000),
}


class StreamLimits(Struct, frozen=True):
    """X's limits on one stream of v2.

    Attributes:
        connects: connects in 15 minutes.
        connections: streams open at once, at every level; None is as the level says.
        enterprise: whether it is for enterprises only.
    """

    connects: int = UNPUBLISHED
    connections: int | None = None
    enterprise: bool = False


_ENTERPRISE = StreamLimits(enterprise=True)
FILTERED, ACTIVITY = "/2/tweets/search/stream", "/2/activity/stream"
RULES, SUBSCRIPTIONS = f"{FILTERED}/rules", "/2/activity/subscriptions"
POWERSTREAM, POWERSTREAM_RULES = "/2/powerstream", "/2/powerstream/rules"

SEARCH_RECENT, SEARCH_ALL = "/2/tweets/search/recent", "/2/tweets/search/all"
COUNTS_RECENT, COUNTS_ALL = "/2/tweets/counts/recent", "/2/tweets/counts/all"
USAGE, CREDITS = "/2/usage/tweets", "/2/usage/credits"

STREAMS: dict[str, StreamLimits] = {
    FILTERED: StreamLimits(50),
    "/2/tweets/sample/stream": StreamLimits(50),
    ACTIVITY: StreamLimits(450, connections=2),
    "/2/tweets/sample10/stream": StreamLimits(100, enterprise=True),
    "/2/tweets/firehose/stream": _ENTERPRISE,
    "/2/tweets/firehose/stream/lang/en": _ENTERPRISE,
    "/2/tweets/firehose/stream/lang/ja": _ENTERPRISE,
    "/2/tweets/firehose/stream/lang/ko": _ENTERPRISE,
    "/2/tweets/firehose/stream/lang/pt": _ENTERPRISE,
    "/2/likes/firehose/stream": _ENTERPRISE,
    "/2/likes/sample10/stream": _ENTERPRISE,
    "/2/likes/compliance/stream": _ENTERPRISE,
    "/2/tweets/compliance/stream": _ENTERPRISE,
    "/2/users/compliance/stream": _ENTERPRISE,
    "/2/tweets/label/stream": _ENTERPRISE,
    POWERSTREAM: _ENTERPRISE,
}
"""X's limits on each of v2's streams. Source: X's page "Rate limits"."""

COUNTS = frozenset({COUNTS_RECENT, COUNTS_ALL})
CHARGED = COUNTS | {SEARCH_RECENT, SEARCH_ALL, *STREAMS}
"""Endpoints whose answers are charged."""

REQUESTS: dict[tuple[str, str], int] = {
    ("GET", RULES): 450,
    ("POST", RULES): 100,
    ("GET", f"{RULES}/counts"): UNPUBLISHED,
    ("GET", SUBSCRIPTIONS): 500,
    ("POST", SUBSCRIPTIONS): 500,
    ("DELETE", SUBSCRIPTIONS): UNPUBLISHED,
    ("PUT", f"{SUBSCRIPTIONS}/*"): 500,
    ("DELETE", f"{SUBSCRIPTIONS}/*"): 500,
    ("GET", "/2/connections"): UNPUBLISHED,
    ("DELETE", "/2/connections"): UNPUBLISHED,
    ("DELETE", "/2/connections/all"): 25,
    ("DELETE", "/2/connections/*"): UNPUBLISHED,
    ("GET", SEARCH_RECENT): 450,
    ("GET", SEARCH_ALL): 300,
    ("GET", COUNTS_RECENT): 300,
    ("GET", COUNTS_ALL): 300,
    ("GET", USAGE): 50,
    ("GET", CREDITS): UNPUBLISHED,
    **{(method, POWERSTREAM_RULES): 50 for method in ("GET", "POST", "DELETE")},
}
"""Requests in 15 minutes to each of v2's other endpoints; to Powerstream's rules, in a day and of all methods
together. Source: X's pages "Rate limits" and "Powerstream"."""

ONE_A_SECOND = {("GET", SEARCH_ALL)}
"""Endpoints that take one request a second at most. Source: X's page "Rate limits"."""

EVENTS = 250
"""Events a second of the activity stream, at every level. Source: X's page "Rate limits"."""


class Limits(Struct, frozen=True, kw_only=True):
    """The emulator's limits on its clients, if they should differ from X's.

    The default of each is X's figure for the endpoint and the level; None, if a field may be None, means no
    limit.

    Attributes:
        connections: streams that may be open at once on one endpoint of v2 (and one partition of it). Unless
            it is None, a newer connection of an account to v1.1 ends the older.
        connects: connects to a stream of v2 in 15 minutes.
        requests: requests to any other endpoint of v2 in 15 minutes, each method by itself; to Powerstream's
            rules in a day, all methods together.
        attempts: connects of an account to v1.1 within a minute; more get 420 for a minute, and for twice as
            long with each further attempt. Twitter published no figure: a client that follows its guidance
            makes 22 at most.
        rules: rules of the filtered stream.
        rule_length: characters of a rule.
        subscriptions: subscriptions to activity.
        queue: bytes that may wait for a reader before it is dropped.
        history: posts remembered for `count`, `backfill_minutes`, replayed windows, search and counts.
        posts_cap: posts that may be delivered in a month, before v2's streams end and search is refused.
        search_delay: seconds until search and counts know a post; 0 or more, fractions included.
        messages: messages a second of a stream; more are withheld, which v1.1 counts in `limit` notices. X
            has no figure for v1.1; on v2 it sends 250 posts a second on the filtered stream at the
            pay-per-use level, and 250 events a second on the activity stream; a world with a seed has
            neither, as the same seed sends the same bytes.

    Raises:
        ValueError: a limit isn't a whole number of at least 1, or None where it may be.
    """

    connections: int | UnsetType | None = UNSET
    connects: int | UnsetType | None = UNSET
    requests: int | UnsetType | None = UNSET
    attempts: int | None = 30
    rules: int | UnsetType = UNSET
    rule_length: int | UnsetType = UNSET
    subscriptions: int | UnsetType = UNSET
    queue: int = 8 * 1024 * 1024
    history: int = 10_000
    posts_cap: int | UnsetType = UNSET
    search_delay: float = 0.0
    messages: int | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        for field in structs.fields(self):
            value, optional = getattr(self, field.name), type(None) in get_args(field.type)
            if field.type is float:
                if not (isinstance(value, int | float) and 0 <= value < math.inf):
                    raise ValueError(f"{field.name} must be 0 or more seconds, got {value!r}")
                continue
            if value is UNSET or (value is None and optional):
                continue
            if type(value) is not int or value < 1:
                other = ", or None for no limit" if optional else ""
                raise ValueError(f"{field.name} must be a whole number of at least 1{other}, got {value!r}")

    @classmethod
    def none(cls, **others: int) -> Limits:
        """Return limits that count no connections, requests or messages, as for a load test.

        The `others` are as given. What the level doesn't include is still refused.
        """
        return cls(connections=None, connects=None, requests=None, attempts=None, messages=None, **others)


class Allowance:
    """The limits on clients of one emulator: X's at a level, and those set in their place.

    Args:
        level: The level.
        limits: The limits set.
        seeded: Whether a seed says every byte that streams send, so that no message may depend on the second
            in which it comes, unless the limits say so.

    Raises:
        ValueError: there is no such level.
    """

    def __init__(self, level: Level, limits: Limits, *, seeded: bool) -> None:
        if level not in get_args(Level):
            raise ValueError(f"level must be one of {', '.join(get_args(Level))}, got {level!r}")
        usual = LEVELS[level]
        self.level = level
        self.limits = limits
        self.enterprise = level == "enterprise"
        self.rules = usual.rules if limits.rules is UNSET else limits.rules
        self.rule_length = usual.rule_length if limits.rule_length is UNSET else limits.rule_length
        self.subscriptions = usual.subscriptions if limits.subscriptions is UNSET else limits.subscriptions
        self.posts_cap = usual.posts_cap if limits.posts_cap is UNSET else limits.posts_cap
        self._usual = usual
        self._seeded = seeded

    def requests(self, method: str, endpoint: str) -> int | None:
        """Return how many requests to an endpoint of v2 are allowed in 15 minutes, or None for no limit."""
        chosen = self.limits.connects if self._is_stream(method, endpoint) else self.limits.requests
        return self.published(method, endpoint) if chosen is UNSET else chosen

    def one_a_second(self, method: str, endpoint: str) -> bool:
        """Return whether an endpoint of v2 takes one request a second at most."""
        return (method, endpoint) in ONE_A_SECOND and self.limits.requests is not None

    def published(self, method: str, endpoint: str) -> int:
        """Return how many X allows."""
        if self._is_stream(method, endpoint):
            return STREAMS[endpoint].connects
        return REQUESTS.get((method, endpoint), UNPUBLISHED)

    def _is_stream(self, method: str, endpoint: str) -> bool:
        return method == "GET" and endpoint in STREAMS

    def connections(self, path: str) -> int | None:
        """Return how many streams of v2 may be open at once at a path, or None for no limit."""
        if self.limits.connections is not UNSET:
            return self.limits.connections
        return STREAMS[path].connections or self._usual.connections

    def messages(self, path: str) -> int | None:
        """Return how many messages a stream is sent in a second at most, or None for no limit."""
        if self.limits.messages is not UNSET:
            return self.limits.messages
        if self._seeded:
            return None
        return EVENTS if path == ACTIVITY else self._usual.posts if path == FILTERED else None

    def may_open(self, path: str) -> bool:
        """Return whether the level has that stream of v2."""
        return self.enterprise or not STREAMS[path].enterprise
