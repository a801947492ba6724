"""Random bytes through framing and decoding: nothing but messages and our own errors comes of them."""

from __future__ import annotations

import random
import resource

import pytest

from rxtweets.errors import StreamError
from rxtweets.framing import Framer, LengthFramer, LineFramer
from rxtweets.messages import Message, decode
from rxtweets.testing import post_json, status_json

_ALPHABETS = (
    bytes(range(256)),
    b'{}[]":,\\u0123456789aeflnrst \r\n',
    b'{"data":{"id":"1","text":"x"}}\r\n\x00\xff',
)


def strings(rng: random.Random) -> bytes:
    """Return random bytes: of some alphabet, or a message that was damaged."""
    kind = rng.randrange(4)
    if kind < len(_ALPHABETS):
        return bytes(rng.choices(_ALPHABETS[kind], k=rng.randrange(200)))
    whole = bytearray(rng.choice((post_json(), status_json())))
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(whole))
        whole[place : place + rng.randrange(4)] = bytes(rng.choices(_ALPHABETS[0], k=rng.randrange(4)))
    return bytes(whole) + b"\r\n"


@pytest.mark.parametrize("count", [3_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_random_bytes(count: int) -> None:
    """Each frame is a message, an error is ours, and memory is bounded."""
    rng = random.Random(count)
    framers: dict[type[Framer], Framer] = {LineFramer: LineFramer(2_000), LengthFramer: LengthFramer(2_000)}
    messages = failures = before = 0
    for number in range(count):
        data = strings(rng)
        for kind in framers:
            try:
                frames = framers[kind].feed(data)
            except StreamError:
                failures += 1
                frames = framers[kind].close().frames
                framers[kind] = kind(2_000)  # type: ignore[call-arg]
            for frame in frames:
                assert isinstance(decode(frame), Message)
                messages += 1
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 50_000  # kilobytes
    assert messages > count / 3
    assert failures
