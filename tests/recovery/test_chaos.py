"""Random faults on a hub's connection: each subscriber's ledger adds up."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest

import rxtweets as rxt
from rxtweets import Recovery
from rxtweets.emulator import Emulator, Limits
from rxtweets.messages import Gap, Post
from tests.hub.hubs import States
from tests.observing import Seen

from .outages import QUICK

WORDS = ("ant", "bee", "cat", "dog")


def cause_a_fault(emulator: Emulator, rng: random.Random) -> None:
    """Do something to the connection."""
    match rng.randrange(8):
        case 0:
            emulator.close_streams()
        case 1:
            emulator.reset_streams()
        case 2:
            with contextlib.suppress(ValueError):  # none is open
                emulator.cut_streams(inside=rng.choice(["message", "chunk_header", "character", None]))
        case 3:
            emulator.answer(503, times=rng.randint(1, 5))
            emulator.close_streams()
        case 4:
            emulator.disconnect_streams()
        case 5:
            emulator.send_garbage()
        case 6:
            emulator.fragment(rng.choice([7, 100]))
        case 7:
            emulator.send_long_line(2 * 2**20)


@pytest.mark.parametrize(
    ("seconds", "subscribers", "rate"),
    [(2.0, 5, 100.0), pytest.param(600.0, 20, 500.0, marks=pytest.mark.soak)],
)
def test_every_ledger_adds_up(seconds: float, subscribers: int, rate: float) -> None:
    """Under random faults each subscriber gets all posts of its filter, each once, and no gap is told."""
    rng = random.Random(16)
    limits = Limits.none(history=200_000)
    published: list[str] = []
    over = threading.Event()

    with Emulator(rate=0, level="enterprise", limits=limits) as emulator:

        def publish() -> None:
            while not over.wait(1 / rate):
                published.append(f"{rng.choice(WORDS)} {len(published)}")
                emulator.publish(published[-1])

        policy = rxt.BackoffPolicy(
            network=QUICK.network, http=QUICK.http, rate_limit=QUICK.rate_limit, connects=None
        )
        client = rxt.StreamingClient(
            rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url, policy=policy
        )
        hub = rxt.FilterHub(client, wait=0.05, recovery=Recovery())
        with States(hub, emulator) as states:
            seen = [
                (WORDS[n % len(WORDS)], Seen(hub.filter(WORDS[n % len(WORDS)]))) for n in range(subscribers)
            ]
            states.settled()
            emulator.wait_for_streams(1)
            publisher = threading.Thread(target=publish)
            publisher.start()
            end = threading.Event()
            timer = threading.Timer(seconds, end.set)
            timer.start()
            while not end.wait(rng.uniform(0.05, 0.3)):
                cause_a_fault(emulator, rng)
            over.set()
            publisher.join()
            timer.join()
            emulator.clear_faults()
            states.settled()
            for word, one in seen:
                wanted = [text for text in published if text.startswith(word)]
                one.wait(partial(has, wanted))
                assert texts(one).total() == len(wanted), word
                assert not [item for item in one.items if isinstance(item, Gap)]
            for _, one in seen:
                one.dispose()
            states.ended()
    assert len(published) > 20


def has(wanted: list[str], seen: Seen) -> bool:
    return {*wanted} <= texts(seen).keys()


def texts(seen: Seen) -> Counter[Any]:
    # Some faults send a message of their own.
    return Counter(item.text for item in seen.items if isinstance(item, Post) and item.text[:3] in WORDS)
