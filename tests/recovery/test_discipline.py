"""Recovery keeps to X's limits: connects of the stream and of its windows together."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from reactivex.testing import TestScheduler
from requests.auth import AuthBase

from rxtweets import BackoffPolicy, Recovery
from rxtweets.endpoints import Request
from rxtweets.testing import Script
from rxtweets.testing.transport import ScriptedSession
from tests.clients import over

NOON = 1_764_244_800.0


class Forgetful:
    """A server that ends each session at once, and whose clock is an hour later each time.

    Attributes:
        asked: when each session was asked for, and by which of the parameters of recovery.
    """

    def __init__(self, scheduler: TestScheduler) -> None:
        self.asked: list[tuple[float, frozenset[str]]] = []
        self._scheduler = scheduler

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> ScriptedSession:
        self.asked.append((self._scheduler.clock, frozenset(name for name, _ in request.params)))
        date = formatdate(NOON + 3600 * len(self.asked), usegmt=True)
        return ScriptedSession(Script(headers={"date": date}), request, auth, stall_timeout)


@pytest.mark.parametrize("policy", [BackoffPolicy(), BackoffPolicy(jitter=0.0, healthy_after=0.0)])
def test_windows_count_as_connects(policy: BackoffPolicy) -> None:
    """However often the stream breaks, and seems to for hours, 50 connects in 15 minutes are the most."""
    scheduler = TestScheduler()
    server = Forgetful(scheduler)
    stream = over(server, policy=policy).labels(recovery=Recovery())
    subscription = stream.subscribe(lambda _: None, scheduler=scheduler)
    scheduler.schedule_absolute(4000.0, lambda *_: scheduler.stop())
    scheduler.start()
    subscription.dispose()
    times = [at for at, _ in server.asked]
    windows = [asked for _, asked in server.asked if "start_time" in asked]
    assert len(times) > 100
    assert len(windows) > 10
    assert all(later - before > 900.0 for before, later in zip(times, times[50:], strict=False))
    assert server.asked[0] == (0.0, frozenset())
