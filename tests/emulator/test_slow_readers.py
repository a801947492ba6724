from __future__ import annotations

import math
import os
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import SAMPLE, V1_SAMPLE, RawStream, call, raw_get

QUEUE = 256 * 1024


def bulk() -> dict[str, str]:
    """A message of 200 KB that can't be compressed to less than half."""
    return {"bulk": os.urandom(100_000).hex()}


def waiting(emulator: Emulator) -> list[int]:
    """Return how many bytes wait for each reader."""
    return [stream["waiting"] for stream in call(emulator, "GET", "/emulator/state").json()["streams"]]


def send_until(emulator: Emulator, streams: int) -> None:
    """Send until only that many streams are left."""
    for _ in range(1000):
        if len(emulator.streams) <= streams:
            return
        emulator.send(bulk())
    pytest.fail("a reader that has stopped was not dropped")


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("path", [V1_SAMPLE, SAMPLE])
def test_a_reader_that_stops_is_dropped(path: str, gzip: bool) -> None:
    """When its queue is full, compressed or not; what the system still held can be read."""
    headers = ("Accept-Encoding: gzip",) if gzip else ()
    with (
        Emulator(rate=0, limits=Limits(queue=QUEUE)) as emulator,
        raw_get(emulator, path, *headers) as stream,
    ):
        emulator.wait_for_streams(1)
        send_until(emulator, 0)
        assert stream.rest()


def test_a_reader_that_stops_costs_no_more_than_its_queue() -> None:
    """However much the world says to others meanwhile, that is all that waits for it; then it is dropped."""
    with (
        Emulator(rate=math.inf, level="enterprise", limits=Limits(queue=QUEUE)) as emulator,
        raw_get(emulator, SAMPLE),
        raw_get(emulator, SAMPLE) as other,
    ):
        emulator.wait_for_streams(2)
        while len(queues := waiting(emulator)) == 2:
            assert max(queues) < 2 * QUEUE
            for _ in range(100):
                other.message()


def test_others_go_on_when_one_is_dropped() -> None:
    """A reader that keeps up hears everything, before and after."""
    with (
        Emulator(rate=0, limits=Limits(queue=QUEUE)) as emulator,
        raw_get(emulator, V1_SAMPLE),
        raw_get(emulator, SAMPLE) as other,
    ):
        emulator.wait_for_streams(2)
        for _ in range(1000):
            if len(emulator.streams) == 1:
                break
            emulator.send(bulk())
            assert "bulk" in other.message()
        emulator.publish("still here")
        assert other.message()["data"]["text"] == "still here"


def test_a_client_that_asked_is_warned_before() -> None:
    """FALLING_BEHIND, once in five minutes, with how full the queue is."""
    with (
        Emulator(rate=0, limits=Limits(queue=QUEUE)) as emulator,
        raw_get(emulator, f"{V1_SAMPLE}?stall_warnings=true") as stream,
    ):
        emulator.wait_for_streams(1)
        send_until_behind(emulator)
        emulator.publish("one more")
        emulator.publish("and another")
        warnings = [message["warning"] for message in rest_until_idle(stream) if "warning" in message]
        emulator.skew(301)
        send_until_behind(emulator)
        emulator.publish("one more")
        warnings += [message["warning"] for message in rest_until_idle(stream) if "warning" in message]
    assert [warning["code"] for warning in warnings] == ["FALLING_BEHIND"] * 2
    assert all(60 <= warning["percent_full"] <= 100 for warning in warnings)


def send_until_behind(emulator: Emulator) -> None:
    """Send until three quarters of the queue wait for the only reader."""
    for _ in range(10_000):
        emulator.send({"part": os.urandom(25_000).hex()})
        if waiting(emulator)[0] > 0.75 * QUEUE:
            return
    pytest.fail("nothing ever waited")


def rest_until_idle(stream: RawStream) -> list[Any]:
    """Return the messages that come until there is silence for half a second."""
    stream.sock.settimeout(0.5)
    found = []
    try:
        while True:
            found.append(stream.message())
    except TimeoutError:
        return found


def test_v2_names_the_slow_reader() -> None:
    """In the list of past connections."""
    with Emulator(rate=0, limits=Limits(queue=QUEUE)) as strict, raw_get(strict, SAMPLE):
        strict.wait_for_streams(1)
        send_until(strict, 0)
        (past,) = call(strict, "GET", "/2/connections?status=inactive").json()["data"]
    assert past["disconnect_reason"] == "slow_reader"


def test_one_message_larger_than_the_queue_is_no_slowness() -> None:
    """A reader that reads gets it, and what follows it."""
    with Emulator(rate=0, limits=Limits(queue=QUEUE)) as emulator, raw_get(emulator, V1_SAMPLE) as stream:
        emulator.wait_for_streams(1)
        emulator.send({"long": "x" * (8 * QUEUE)}, protocol="1.1")
        emulator.publish("after it")
        assert len(stream.message()["long"]) == 8 * QUEUE
        assert stream.message()["text"] == "after it"
