from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import raw_get

FIREHOSE = "/2/tweets/firehose/stream"


@pytest.mark.parametrize(
    ("path", "count"),
    [(FIREHOSE, 20), (f"{FIREHOSE}/lang/en", 8), ("/2/tweets/sample10/stream", 2)],
)
def test_partitions_split_the_volume_without_overlap(path: str, count: int) -> None:
    """All together have every post once, each has its share, and only what is its own when read alone."""
    with Emulator(rate=0, seed=11, level="enterprise") as emulator, ExitStack() as open_:
        streams = [
            open_.enter_context(raw_get(emulator, f"{path}?partition={n}")) for n in range(1, count + 1)
        ]
        shares: Counter[int] = Counter()
        posts = [emulator.compose(f"{n}", lang="en") for n in range(25 * count)]
        assert [emulator.publish(post) for post in posts] == [1] * len(posts)
        emulator.close_streams()
        homes: dict[str, int] = {}
        for number, stream in enumerate(streams, 1):
            while data := stream.chunk():
                homes[data.decode().split('"text":"')[1].split('"')[0]] = number
                shares[number] += 1
    assert len(homes) == sum(shares.values()) == len(posts)
    assert min(shares.values()) >= 5
    with Emulator(rate=0, seed=11, level="enterprise") as emulator, raw_get(emulator, f"{path}?partition=1"):
        alone = [str(n) for n in range(25 * count) if emulator.publish(emulator.compose(f"{n}", lang="en"))]
    assert alone == [text for text, number in homes.items() if number == 1]


def test_a_slow_world_reaches_every_partition() -> None:
    """Posts that come at even times are split evenly too."""
    with (
        Emulator(rate=100, seed=1, level="enterprise", limits=Limits.none()) as emulator,
        ExitStack() as open_,
    ):
        streams = [open_.enter_context(raw_get(emulator, f"{FIREHOSE}?partition={n}")) for n in range(1, 21)]
        for stream in streams:
            assert stream.message()["data"]["id"]


@pytest.mark.parametrize("partitions", ["0", "5", "a", "1,9"])
def test_partitions_of_v1_out_of_range_are_refused(emulator: Emulator, partitions: str) -> None:
    """416, as for any range."""
    with raw_get(emulator, f"/1.1/statuses/firehose.json?partitions={partitions}") as stream:
        assert stream.status == 416


def test_partitions_of_v1_are_read_several_at_once(emulator: Emulator) -> None:
    """Two halves of the firehose, read one after the other, are the whole."""
    posts = [emulator.compose(str(n)) for n in range(40)]
    seen = Counter[str]()
    for partitions in ("1,2", "3,4"):
        with raw_get(emulator, f"/1.1/statuses/firehose.json?partitions={partitions}") as stream:
            count = sum(emulator.publish(post) for post in posts)
            seen.update(stream.message()["text"] for _ in range(count))
    assert seen == Counter({post.text: 1 for post in posts})
