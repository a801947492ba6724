from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import FILTERED, SAMPLE, V1_FILTER, add_rules, call, raw_get, v1_stream

SAMPLE10 = "/2/tweets/sample10/stream"
TEXT = "?tweet.fields=created_at"


@pytest.fixture
def emulator(enterprise: Emulator) -> Emulator:
    """A silent emulator at the level that has recovery."""
    return enterprise


def texts(stream: Any, count: int) -> list[str]:
    return [stream.message()["data"]["text"] for _ in range(count)]


def at(emulator: Emulator, seconds: float) -> str:
    """A time of the emulator's, some seconds from now, as v2 writes it."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}Z"


def past_posts(emulator: Emulator) -> None:
    """Posts of ten minutes ago, of two minutes ago, and of now."""
    for minutes in (10, 2, 0):
        emulator.skew(-60 * minutes)
        assert emulator.publish(f"cat {minutes}") == 0
        emulator.publish(f"dog {minutes}")


def test_backfill_replays_the_last_minutes_and_goes_on(emulator: Emulator) -> None:
    """Oldest first, only what the rules match, also what nobody was connected for; then live."""
    add_rules(emulator, "cat")
    past_posts(emulator)
    with raw_get(emulator, f"{FILTERED}?backfill_minutes=5") as stream:
        emulator.publish("live cat")
        assert texts(stream, 3) == ["cat 2", "cat 0", "live cat"]


def test_a_replay_counts_no_match_again(emulator: Emulator) -> None:
    """A post that is replayed counts as one match of its rule."""
    add_rules(emulator, "cat")
    emulator.publish("cat 1")
    for _ in range(2):
        with raw_get(emulator, f"{FILTERED}?backfill_minutes=5") as stream:
            assert texts(stream, 1) == ["cat 1"]
    (rule,) = call(emulator, "GET", "/emulator/state").json()["rules"]
    assert rule["matches"] == 1


def test_without_backfill_nothing_is_repeated(emulator: Emulator) -> None:
    """Neither left out nor 0."""
    past_posts(emulator)
    for target in (SAMPLE, f"{SAMPLE}?backfill_minutes=0"):
        with raw_get(emulator, target) as stream:
            emulator.publish("live")
            assert texts(stream, 1) == ["live"]


def test_a_post_counts_from_when_it_was_published(emulator: Emulator) -> None:
    """One composed long ago and sent now is among the last minute's."""
    emulator.skew(-600)
    old = emulator.compose("old")
    emulator.skew(0)
    emulator.publish("before")
    emulator.publish(old)
    with raw_get(emulator, f"{SAMPLE}?backfill_minutes=1") as stream:
        assert texts(stream, 2) == ["before", "old"]


@pytest.mark.parametrize("partition", [1, 2])
def test_a_window_is_replayed_and_then_ends(emulator: Emulator, partition: int) -> None:
    """start_time and end_time bound it; the body is complete; what is posted meanwhile is not in it."""
    past_posts(emulator)
    seen = []
    query = f"{TEXT}&start_time={at(emulator, -300)}&end_time={at(emulator, -60)}"
    with raw_get(emulator, f"{SAMPLE10}{query}&partition={partition}") as stream:
        emulator.publish("live")
        while data := stream.chunk():
            seen.append(data)
    whole = b"".join(seen).decode()
    assert "cat 10" not in whole
    assert "cat 0" not in whole
    assert "live" not in whole
    (past,) = call(emulator, "GET", "/2/connections?status=inactive").json()["data"]
    assert past["disconnect_reason"] == "replay_finished"


def test_a_window_without_an_end_ends_now(emulator: Emulator) -> None:
    """start_time alone replays up to the present."""
    add_rules(emulator, "cat")
    past_posts(emulator)
    with raw_get(emulator, f"{FILTERED}?start_time={at(emulator, -300)}") as stream:
        assert texts(stream, 2) == ["cat 2", "cat 0"]
        assert stream.chunk() == b""


def test_a_replay_is_a_connection_of_another_kind(emulator: Emulator) -> None:
    """Two live ones leave room for a window."""
    add_rules(emulator, "cat")
    window = f"{FILTERED}?start_time={at(emulator, -300)}"
    with raw_get(emulator, FILTERED), raw_get(emulator, FILTERED), raw_get(emulator, window) as replay:
        assert (replay.status, replay.chunk()) == (200, b"")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("backfill_minutes=6", "backfill_minutes"),
        ("end_time={-60}", "end_time"),
        ("start_time={60}", "start_time"),
        ("start_time={-60}&end_time={60}", "end_time"),
        ("start_time={-60}&end_time={-120}", "start_time"),
        ("start_time={-90000}", "start_time"),
        ("start_time=2026-13-01T00:00:00Z", "start_time"),
        ("start_time=yesterday", "start_time"),
        ("start_time={-60}&backfill_minutes=1", "backfill_minutes"),
    ],
)
def test_a_past_that_cannot_be_had_is_refused(emulator: Emulator, query: str, name: str) -> None:
    """400, and the parameter that is wrong is named."""
    add_rules(emulator, "cat")
    before, _, rest = query.partition("{")
    while rest:
        seconds, _, rest = rest.partition("}")
        before += at(emulator, float(seconds))
        more, _, rest = rest.partition("{")
        before += more
    answer = call(emulator, "GET", f"{FILTERED}?{before}")
    assert answer.status_code == 400
    assert name in answer.json()["errors"][0]["parameters"]


def test_sample_has_no_window(emulator: Emulator) -> None:
    """The sample stream takes backfill_minutes, but no start_time or end_time."""
    assert call(emulator, "GET", f"{SAMPLE}?start_time={at(emulator, -60)}").status_code == 400


@pytest.fixture
def remembering() -> Iterator[Emulator]:
    """An emulator that has published cats and dogs, and remembers five posts."""
    with Emulator(rate=0, limits=Limits(history=5)) as emulator:
        for n in range(4):
            emulator.publish(f"cat {n}")
            emulator.publish(f"dog {n}")
        yield emulator


@pytest.mark.parametrize(("count", "expected"), [("1", ["cat 3"]), ("150000", ["cat 2", "cat 3"])])
def test_a_count_replays_the_last_that_match(remembering: Emulator, count: str, expected: list[str]) -> None:
    """A positive count replays that many statuses, or all that are remembered, and goes on live."""
    with v1_stream(remembering, V1_FILTER, track="cat", count=count) as messages:
        remembering.publish("live cat")
        seen = [message["text"] for message in itertools.islice(messages, len(expected) + 1)]
    assert seen == [*expected, "live cat"]


def test_a_negative_count_ends_after_the_past(remembering: Emulator) -> None:
    """A stream with a negative count ends cleanly after the replay, with a disconnect message."""
    with v1_stream(remembering, V1_FILTER, track="cat", count="-2") as messages:
        *found, last = messages
    assert [message["text"] for message in found] == ["cat 2", "cat 3"]
    assert last["disconnect"]["code"] == 9


def test_a_large_replay_neither_blocks_nor_loses_its_order() -> None:
    """Others are served while it goes on, and what is posted meanwhile comes after it, each post once."""
    with Emulator(rate=0, seed=3) as emulator:
        for n in range(3000):
            emulator.publish(f"{n} " + "x" * 120)
        with (
            raw_get(emulator, "/1.1/statuses/firehose.json?count=3000") as stream,
            raw_get(emulator, SAMPLE) as other,
        ):
            emulator.publish("3000 live")
            assert other.message()["data"]["text"] == "3000 live"
            numbers = [int(stream.message()["text"].split()[0]) for _ in range(3001)]
    assert numbers == list(range(3001))


def test_a_replay_waits_while_the_streams_are_stalled(emulator: Emulator) -> None:
    """A stall delays the past; it doesn't lose it."""
    for n in range(3):
        emulator.publish(f"post {n}")
    emulator.stall()
    with raw_get(emulator, f"{SAMPLE}?backfill_minutes=5") as stream:
        emulator.wait_for_streams(1)
        emulator.publish("published during the stall")
        emulator.resume()
        assert texts(stream, 4) == ["post 0", "post 1", "post 2", "published during the stall"]


def test_the_world_is_remembered_too() -> None:
    """Generated posts are replayed as they were sent the first time."""
    with Emulator(rate=500, seed=5, level="enterprise") as emulator:
        with raw_get(emulator, SAMPLE) as stream:
            first = [stream.message()["data"] for _ in range(50)]
        emulator.wait_for_streams(0)
        with raw_get(emulator, f"{SAMPLE}?backfill_minutes=5") as stream:
            assert [stream.message()["data"] for _ in range(50)] == first
