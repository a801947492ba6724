"""The rate at which posts are generated, and for which streams."""

from __future__ import annotations

import math
import statistics
import threading
import time

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import RULES, SAMPLE, call, raw_get


def test_a_rate_of_zero_is_silence(emulator: Emulator) -> None:
    """At rate 0 only what is published by hand is sent."""
    with raw_get(emulator, SAMPLE) as stream:
        stream.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            stream.chunk()


def test_the_rate_is_kept() -> None:
    """The world makes about as many posts a second as asked for, as soon as the machine keeps up."""
    with Emulator(rate=400) as emulator, raw_get(emulator, SAMPLE) as stream:

        def half_a_second() -> bool:
            begun = time.monotonic()
            for _ in range(200):
                stream.message()
            return 0.4 <= time.monotonic() - begun <= 1

        assert any(half_a_second() for _ in range(10))


@pytest.mark.parametrize("rate", [-1, math.nan, -math.inf])
def test_a_rate_that_is_none_is_refused(emulator: Emulator, rate: float) -> None:
    """At construction and later, with an error that says what would be right."""
    with pytest.raises(ValueError, match="rate must be 0 or more posts a second"):
        Emulator(rate=rate)
    with pytest.raises(ValueError, match="must be 0 or more"):
        emulator.rate = rate
    assert emulator.rate == 0


def test_a_new_rate_counts_at_once() -> None:
    """A world whose next post was ten minutes away sends one now, and one set to 0 falls silent."""
    with Emulator(rate=1 / 600) as emulator, raw_get(emulator, SAMPLE) as stream:
        emulator.rate = 100
        assert emulator.rate == 100
        stream.message()
        emulator.rate = 0
        stream.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            stream.drain()


def test_nothing_is_generated_before_the_first_stream() -> None:
    """A world's time begins with its first stream."""
    with Emulator(rate=1000, seed=1) as emulator:
        first = emulator.compose("first")
        call(emulator, "GET", RULES)
        assert emulator.compose("second").ms == first.ms


def test_posts_go_on_after_the_last_stream_has_closed() -> None:
    """A client that comes back has missed some."""
    with Emulator(rate=100, seed=1) as emulator:
        with raw_get(emulator, SAMPLE) as stream:
            stream.message()
        emulator.wait_for_streams(0)
        left, deadline = emulator.compose("left").ms, time.monotonic() + 5
        while emulator.compose("now").ms < left + 100:
            assert time.monotonic() < deadline


def test_a_world_without_a_rate_answers_requests() -> None:
    """Generating posts as fast as it goes leaves time for requests."""
    with Emulator(rate=math.inf) as emulator, raw_get(emulator, SAMPLE) as stream:
        over = threading.Event()

        def read() -> None:
            while not over.is_set():
                stream.chunk()

        reader = threading.Thread(target=read)
        reader.start()
        took = []
        for _ in range(10):
            began = time.monotonic()
            assert call(emulator, "GET", RULES).status_code == 200
            took.append(time.monotonic() - began)
        over.set()
        reader.join()
    assert statistics.median(took) < 0.25


def test_a_world_without_a_rate_waits_for_its_reader() -> None:
    """A reader that pauses isn't dropped, however many posts could have been made meanwhile."""
    queue = 2**20
    limits = Limits(queue=queue, requests=None)
    with Emulator(rate=math.inf, limits=limits) as emulator, raw_get(emulator, SAMPLE) as stream:
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            assert call(emulator, "GET", RULES).status_code == 200
        read = 0
        while read < 3 * queue:
            read += len(stream.chunk())


def test_keep_alives_are_sent_in_silence_only() -> None:
    """A stream that has posts to send sends none."""
    with Emulator(rate=50, keep_alive=1) as emulator, raw_get(emulator, SAMPLE) as stream:
        assert b"\r\n" not in [stream.chunk() for _ in range(80)]
