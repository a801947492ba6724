"""The errand "add a row of back-off": a curve and the errors that wait by it are all there is to write.

The file to touch is rxtweets/backoff.py: a name in `Kind`, a setting, a case in `_kind`.
"""

from __future__ import annotations

from typing import Any

from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.connection import connect
from rxtweets.errors import HTTPStatusError, StreamError, StreamStalled
from rxtweets.operators import retry_with_backoff
from rxtweets.testing import Script, ScriptedTransport, timeline
from tests.clients import ENDPOINT


class WithStalls(BackoffPolicy, frozen=True, kw_only=True):
    """A policy with a row of its own for stalls."""

    stall: Curve = Curve(2.0, times=3.0, cap=10.0)

    def _kind(self, error: StreamError) -> Any:
        return "stall" if isinstance(error, StreamStalled) else super()._kind(error)


def test_it_grows_apart_from_the_others() -> None:
    """The new kind has its own place on its own curve, and its limit; the others keep theirs."""
    policy: BackoffPolicy = WithStalls(jitter=0)
    waits = []
    stalled, busy = StreamStalled(30.0), HTTPStatusError.of(503)
    for error in (stalled, stalled, busy, stalled, busy):
        retry = policy.next(error, 0.0)
        assert retry is not None
        waits.append(retry.delay)
        policy = retry.policy
    assert waits == [2.0, 6.0, 5.0, 10.0, 10.0]
    limited = WithStalls(stall=Curve(1.0, max_attempts=0))
    assert limited.next(stalled, 0.0) is None
    assert limited.next(busy, 0.0) is not None


def test_retry_with_backoff_waits_by_it() -> None:
    """The operator needs no word of it."""
    transport = ScriptedTransport(*[Script(fails=StreamStalled(30.0))] * 2)
    policy = WithStalls(jitter=0, stall=Curve(2.0, max_attempts=1))
    seen = timeline(connect(ENDPOINT, transport=transport).pipe(retry_with_backoff(policy)))
    assert isinstance(seen.error, StreamStalled)
    assert [item.delay for _, item in seen.items if hasattr(item, "delay")] == [2.0]
