"""Subscribers slower than their stream, over real sockets: who waits, who is dropped, and what is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from reactivex import Observable
from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets._handoff import Overflow
from rxtweets.backoff import BackoffPolicy
from rxtweets.emulator import Emulator, Limits
from rxtweets.errors import StreamDisconnected, TooSlow
from rxtweets.messages import Connected, Disconnected, Dropped, Lifecycle, Status, StreamWarning
from rxtweets.testing import post_json, status_json
from tests.clients import client_on, stream_on
from tests.emulator import test_slow_readers as slow_readers
from tests.observing import PATIENCE, Seen

WORK = 0.01
"""Seconds that the subscriber takes for an item."""

TOTAL, BURST = 5000, 50
"""Messages in a second, and of these at once."""

QUEUE = Limits(queue=128 * 1024)
"""The server's queue for a client, which holds what comes in some hundredths of a second."""


def work(item: Any) -> None:
    threading.Event().wait(WORK)


def send(emulator: Emulator, build: Callable[..., bytes]) -> None:
    """Send 5,000 messages in a second, with the ids from 1."""
    bursts = [
        b"".join(build(id=number, id_str=str(number)) + b"\r\n" for number in range(first, first + BURST))
        for first in range(1, TOTAL, BURST)
    ]
    begun = time.monotonic()
    for number, burst in enumerate(bursts, 1):
        emulator.send(burst)
        threading.Event().wait(max(begun + number / len(bursts) - time.monotonic(), 0.0))


def numbers(item: Any) -> Iterable[int]:
    """Return the ids that an item tells of."""
    if isinstance(item, Dropped):
        return range(int(item.first.id), int(item.last.id) + 1)
    return () if isinstance(item, Lifecycle) else [int(item.id)]


@pytest.mark.parametrize("protocol", ["v1.1", "v2"])
@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "latest"])
def test_the_server_never_drops_who_drops(overflow: Overflow, protocol: str) -> None:
    """At 5,000 messages a second and 100 worked on, the session stands, and all are delivered or told."""
    handed_over = tw.observe_on(capacity=20, overflow=overflow)
    with Emulator(rate=0, limits=QUEUE) as emulator:
        client: Any = stream_on(emulator) if protocol == "v1.1" else client_on(emulator)
        stream: Observable[Any] = client.sample()
        until_last = ops.take_while(lambda item: TOTAL not in numbers(item), inclusive=True)
        seen = Seen(stream.pipe(until_last, handed_over, ops.do_action(work)))
        emulator.wait_for_streams(1)
        send(emulator, status_json if protocol == "v1.1" else post_json)
        seen.ended()
    assert seen.completed
    assert [type(item) for item in seen.items if isinstance(item, Lifecycle)].count(Connected) == 1
    assert [number for item in seen.items for number in numbers(item)] == [*range(1, TOTAL + 1)]
    assert handed_over.dropped == sum(item.count for item in seen.items if isinstance(item, Dropped))
    assert handed_over.dropped > TOTAL / 2
    assert handed_over.high_water == (1 if overflow == "latest" else 20)


def test_who_blocks_is_warned_and_dropped() -> None:
    """With "block" v1.1's warning and the end by the server come in the stream, behind what waited."""
    works = threading.Event()
    works.set()

    def work_or_wait(item: Any) -> None:
        assert works.wait(6 * PATIENCE)  # until megabytes fill what the system holds

    handed_over = tw.observe_on(capacity=20)
    with Emulator(rate=0, limits=Limits(queue=slow_readers.QUEUE)) as emulator:
        stream = stream_on(emulator, policy=BackoffPolicy.never()).sample()
        seen = Seen(stream.pipe(handed_over, ops.do_action(work_or_wait)))
        emulator.wait_for_streams(1)
        works.clear()
        slow_readers.send_until_behind(emulator)
        emulator.publish("behind a warning")
        works.set()
        seen.wait(lambda seen: seen.items and isinstance(seen.items[-1], Status))
        assert [item.code for item in seen.items if isinstance(item, StreamWarning)] == ["FALLING_BEHIND"]
        works.clear()
        slow_readers.send_until(emulator, 0)
        works.set()
        seen.ended()
    assert isinstance(seen.error, StreamDisconnected)
    assert isinstance(seen.items[-1], Disconnected)
    assert (handed_over.dropped, handed_over.high_water) == (0, 20)


def test_too_slow_closes_the_session() -> None:
    """With "error" the session is closed, and the error comes after what waited."""
    with Emulator(rate=0) as emulator:
        stream = client_on(emulator).sample().pipe(tw.posts())
        seen = Seen(stream.pipe(tw.observe_on(capacity=20, overflow="error"), ops.do_action(work)))
        emulator.wait_for_streams(1)
        send(emulator, post_json)
        seen.wait(lambda seen: isinstance(seen.error, TooSlow))
        assert isinstance(seen.items[-1], Dropped)
        numbered = [number for item in seen.items for number in numbers(item)]
        assert numbered == [*range(1, len(numbered) + 1)]
        assert len(numbered) > 20
        emulator.wait_for_streams(0, PATIENCE)
