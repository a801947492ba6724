"""Measure the cost per message of finding the filters that match, with many filters and with few.

Both indexes hold filters of which few match, and see the same messages in turn, in one process; what counts
is the ratio. Many filters ask for words that the messages do have, but seldom together.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence

from rxtweets import FilterIndex, FilterQuery
from rxtweets.messages import Status, decode

from .corpus import corpus

FEW, MANY = 100, 10_000
LIMIT = 3.0
ROUNDS = 15


def main() -> None:
    """Measure and print the ratios."""
    track()


def track() -> None:
    """v1.1's queries on statuses."""
    frames = corpus("v1")
    statuses = [message for message in map(decode, frames) if isinstance(message, Status)]
    common = [
        word for status in statuses for word in status.full_text.split() if word.isalnum() and len(word) > 4
    ]

    def indexed(count: int) -> FilterIndex[int]:
        chance = random.Random(count)
        index = FilterIndex[int]()
        for number in range(count):
            index.add(_query(chance, number, common), number)
        return index

    report("track", indexed, frames)


def _query(chance: random.Random, number: int, common: Sequence[str]) -> FilterQuery:
    kind = number % 8
    if kind < 2:
        return FilterQuery(track=" ".join(word[:10] for word in chance.sample(common, 3)))
    if kind < 4:
        return FilterQuery(track=f"{chance.choice(common)[:10]} rare{number}")
    if kind < 6:
        return FilterQuery(track=[f"#tag{number}", f"@name{number}"], languages=["en"])
    if kind < 7:
        return FilterQuery(follow=[chance.randrange(1, 10**9) for _ in range(10)])
    west, south = chance.uniform(-180, 179), chance.uniform(-90, 89)
    return FilterQuery(locations=(west, south, west + 0.1, south + 0.1))


def report(kind: str, indexed: Callable[[int], FilterIndex[int]], frames: Sequence[bytes]) -> None:
    """Measure indexes of few and of many filters on *frames*, in turn, and print how they compare."""
    indexes = [indexed(FEW), indexed(MANY)]
    matched = [sum(len(index.match(decode(frame))) for frame in frames) for index in indexes]
    rounds = [[_microseconds(index, frames) for index in indexes] for _ in range(ROUNDS)]
    few, many = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = sorted(many / few for few, many in rounds)
    print(
        f"filters, {kind}: {few:.1f} µs a message with {FEW:,} filters ({matched[0] / len(frames):.2f} match)"
        f", {many:.1f} µs with {MANY:,} ({matched[1] / len(frames):.2f} match); ratio "
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), limit {LIMIT:g}",
        flush=True,
    )


def _microseconds(index: FilterIndex[int], frames: Sequence[bytes]) -> float:
    """CPU a message, decoding left out."""
    messages = [decode(frame) for frame in frames]
    for message in messages:
        index.match(message)  # what they need of a message is decoded on first access
    start = time.process_time()
    for message in messages:
        index.match(message)
    return (time.process_time() - start) / len(messages) * 1e6


if __name__ == "__main__":
    main()
