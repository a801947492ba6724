"""A client's discipline: its connects, by the server's own log, held against its policy."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.emulator import RequestRecord
from rxtweets.messages import Connected, Reconnecting

SCALED = BackoffPolicy(
    network=Curve(0.04, plus=0.04, cap=2.0),
    http=Curve(0.05, times=2.0, cap=3.2),
    rate_limit=Curve(0.5, times=2.0),
    jitter=0.0,
)
"""Back-off that grows as X asks for it, from waits that a test can sit out, within X's limit on connects."""

MOST, SECONDS = 50, 900.0
"""Connects, and the seconds in which they may be made. Source: X's rate limit of most streams."""


class Discipline:
    """Notes of what a stream says of its failures, to hold a server's log of its connects against them.

    Both are of one machine and one clock. A failure is noted before its wait begins, and a connect is in the
    log after it was made: however busy the machine is, a client that waits is never seen to be early.

    Args:
        policy: the client's.
    """

    def __init__(self, policy: BackoffPolicy) -> None:
        # The limit on connects is looked at by itself.
        self._policy = replace(policy, jitter=0.0, connects=None)
        self._since = time.monotonic()
        self._notes: list[tuple[float, Any]] = []

    def note(self, item: object, at: float | None = None) -> None:
        """Note an item of the stream, on the thread that brings it, as of now or of *at*."""
        if isinstance(item, Connected | Reconnecting):
            self._notes.append((time.monotonic() if at is None else at, item))

    def check(self, requests: Iterable[RequestRecord], path: str, refusals: int = 0) -> None:
        """Check the connects to *path*: none is early, 50 in 15 minutes are the most, and none is refused.

        Args:
            requests: the server's log.
            path: of the stream, which had no other subscriber.
            refusals: how many 420 and 429 the server was told to answer.
        """
        log = [one for one in requests if one.time >= self._since]
        connects = [one for one in log if one.path == path]
        times = [one.time for one in connects]
        assert all(last - first > SECONDS for first, last in zip(times, times[MOST:], strict=False))
        assert sum(one.status in (420, 429) for one in connects) <= refusals
        ended = [
            one.time
            for one in log
            if (one.method, one.path[:15], one.status) == ("DELETE", "/2/connections", 200)
        ]
        live = [(one.time, None) for one in connects if not {"start_time", "startTime"} & one.query.keys()]
        policy, stood, failed, free = self._policy, None, 0.0, 0.0
        for at, item in sorted([*live, *self._notes], key=lambda entry: entry[0]):
            if item is None:
                assert at >= free, f"a connect {at - failed:.3f} s after a failure, not {free - failed:.3f} s"
            elif isinstance(item, Connected):
                stood = at
            else:
                if stood is not None and at - stood >= policy.healthy_after:
                    policy = policy.healthy()
                stale = any(failed < one < at for one in ended)
                retry = policy.next(item.cause, at, stale_ended=stale)
                assert retry is not None, item
                stood, failed, free, policy = None, at, at + retry.delay, retry.policy
