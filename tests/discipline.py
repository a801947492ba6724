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


class Discipline:
    """Notes of what a stream says of its failures, to hold a server's log of its connects against them.

    Both are of one machine and one clock. A failure is noted before its wait begins, and a connect is in the
    log after it was made: however busy the machine is, a client that waits is never seen to be early.

    Args:
        policy: the client's.

    Attributes:
        since: when it was made.
        waits: the times in which no connect may come: from a failure for as long as the policy asks at least.
    """

    def __init__(self, policy: BackoffPolicy) -> None:
        self.since = time.monotonic()
        self.waits: list[tuple[float, float]] = []
        self._limit = policy.connects
        self._policy = replace(policy, jitter=0.0, connects=None)  # that limit is looked at by itself
        self._stood: float | None = None

    def note(self, item: Any, at: float | None = None) -> None:
        """Note an item of the stream, on the thread that brings it, as of now or of *at*."""
        at = time.monotonic() if at is None else at
        if isinstance(item, Connected):
            self._stood = at
        elif isinstance(item, Reconnecting):
            if self._stood is not None and at - self._stood >= self._policy.healthy_after:
                self._policy = self._policy.healthy()
            self._stood = None
            retries = [self._policy.next(item.cause, at, stale_ended=ended) for ended in (False, True)]
            retry = min((one for one in retries if one is not None), key=lambda one: one.delay)
            self.waits.append((at, at + retry.delay))
            self._policy = retry.policy

    def check(self, requests: Iterable[RequestRecord], path: str, refusals: int = 0) -> None:
        """Check the connects to *path* in a server's log, as `check_connects` does."""
        since = [one for one in requests if one.time >= self.since]
        check_connects(since, path, self.waits, self._limit, refusals)


def check_connects(
    requests: Iterable[RequestRecord],
    path: str,
    waits: Iterable[tuple[float, float]],
    limit: tuple[int, float] | None,
    refusals: int = 0,
) -> None:
    """Check that of the connects to *path* none is early, or one too many, or refused.

    Args:
        requests: the server's log.
        path: of a stream.
        waits: those of its subscriber.
        limit: the most connects, and the seconds in which they may be made; None for no limit.
        refusals: how many 420 and 429 the server was told to answer.
    """
    connects = [one for one in requests if one.path == path]
    times = [one.time for one in connects]
    if limit is not None:
        most, seconds = limit
        assert all(last - first > seconds for first, last in zip(times, times[most:], strict=False))
    assert sum(one.status in (420, 429) for one in connects) <= refusals
    # Windows stand beside the stream, which may break meanwhile.
    live = [one.time for one in connects if not {"start_time", "startTime"} & one.query.keys()]
    early = [(at, failed, free) for failed, free in waits for at in live if failed < at < free]
    assert not early, [
        f"{at - failed:.3f} s after a failure, not {free - failed:.3f} s" for at, failed, free in early
    ]
