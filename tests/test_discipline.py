"""Connects come no earlier than the policy allows, by the log of the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import methodcaller
from typing import Any

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.emulator import Emulator, RequestRecord
from rxtweets.messages import Connected, Reconnecting
from tests.clients import client_on, stream_on
from tests.discipline import SCALED, Discipline
from tests.observing import Seen

SAMPLES = {"v1.1": "/1.1/statuses/sample.json", "v2": "/2/tweets/sample/stream"}


def request(at: float, status: int = 200) -> RequestRecord:
    """Return a connect to a stream."""
    return RequestRecord("GET", SAMPLES["v2"], {}, {}, b"", {}, status, at)


def test_a_breach_is_noticed() -> None:
    """An early connect, 51 in 15 minutes, and a refusal that the server wasn't told to answer."""
    discipline = Discipline(SCALED)
    now = time.monotonic() + 1
    for cause in (rxt.StreamDisconnected(), rxt.ServerError(503)):
        discipline.note(Reconnecting(delay=0.0, attempt=1, cause=cause), now)
    wait = SCALED.http.first
    discipline.check([request(now + wait)], SAMPLES["v2"])
    with pytest.raises(AssertionError, match=r"0\.045 s after a failure, not 0\.050 s"):
        discipline.check([request(now + wait - 0.005)], SAMPLES["v2"])
    spread = [request(now + 1 + 18.1 * number) for number in range(51)]
    discipline.check(spread, SAMPLES["v2"])
    with pytest.raises(AssertionError):
        discipline.check([*spread[:50], request(now + 900.0)], SAMPLES["v2"])
    discipline.check([request(now + 1, 429)], SAMPLES["v2"], refusals=1)
    with pytest.raises(AssertionError):
        discipline.check([request(now + 1, 429)], SAMPLES["v2"])


@pytest.mark.parametrize("protocol", SAMPLES)
def test_no_connect_is_early(emulator: Emulator, protocol: str) -> None:
    """After each kind of failure, one upon the other, a wait is as long as the policy asks for."""
    client: Any = (stream_on if protocol == "v1.1" else client_on)(emulator, policy=SCALED)
    discipline = Discipline(SCALED)
    seen = Seen(client.sample().pipe(ops.do_action(discipline.note)))
    refusal = methodcaller(
        "answer", 420 if protocol == "v1.1" else 429, times=2, headers={"x-rate-limit-reset": "1"}
    )
    faults: list[list[Callable[[Emulator], object]]] = [
        [methodcaller("close_streams")],
        [methodcaller("cut_streams")],
        [methodcaller("answer", 503, times=3), methodcaller("reset_streams")],
        [methodcaller("disconnect_streams")],
        [refusal, methodcaller("close_streams")],
        [methodcaller("answer", 503), methodcaller("close_streams")],
    ]
    for number, fault in enumerate(faults, 1):
        seen.wait(lambda _, number=number: connects(seen) >= number)  # type: ignore[misc]
        for act in fault:
            act(emulator)
    seen.wait(lambda _: connects(seen) > len(faults))
    seen.dispose()
    statuses = [one.status for one in emulator.requests]
    assert (statuses.count(503), sum(status in (420, 429) for status in statuses)) == (4, 2)
    discipline.check(emulator.requests, SAMPLES[protocol], refusals=2)
    kinds = {type(item.cause) for item in seen.items if isinstance(item, Reconnecting)}
    assert {rxt.StreamDisconnected, rxt.ConnectionFailed, rxt.ServerError, rxt.RateLimited} <= kinds


def connects(seen: Seen) -> int:
    return sum(isinstance(item, Connected) for item in seen.items)
