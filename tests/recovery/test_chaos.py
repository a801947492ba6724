"""Random faults on a hub's connection: each subscriber's ledger adds up, and nothing grows."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any, NamedTuple

import msgspec
import pytest

from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.faults import actions
from tests.discipline import check_connects

from .subscribers import Account, words_of


def cause_a_fault(emulator: Emulator, rng: random.Random) -> str:
    """Do something to the connection, and return its name."""
    match rng.randrange(8):
        case 0:
            emulator.close_streams()
            return "close"
        case 1:
            emulator.reset_streams()
            return "reset"
        case 2:
            inside: Any = rng.choice(["message", "chunk_header", "character", None])
            with contextlib.suppress(ValueError):  # none is open
                emulator.cut_streams(inside=inside)
            return f"cut inside {inside}"
        case 3:
            emulator.answer(503, times=rng.randint(1, 5))
            emulator.close_streams()
            return "503"
        case 4:
            emulator.disconnect_streams()
            return "goodbye"
        case 5:
            emulator.send_garbage()
            return "garbage"
        case 6:
            emulator.fragment(rng.choice([7, 100]))
            return "fragments"
        case _:
            emulator.send_long_line(2 * 2**20)
            return "long line"


class Together(NamedTuple):
    """Publishes several posts in one call to the emulator's thread, which is dear where all threads work."""

    texts: list[str]

    def perform(self, services: Services) -> None:
        """Publish them."""
        for text in self.texts:
            actions.Publish(text=text).perform(services)


_TICK = 0.02
"""Seconds between two calls."""


class Publisher(threading.Thread):
    """Publishes numbered posts, each with two of some words, at a rate that it keeps on average."""

    def __init__(self, emulator: Emulator, words: int, rate: float, most: int) -> None:
        super().__init__()
        self.over = threading.Event()
        self._emulator = emulator
        self._words = words
        self._rate = rate
        self._most = most

    def run(self) -> None:
        start, published = time.monotonic(), 0
        while published < self._most and not self.over.wait(_TICK):
            due = min(self._most, int((time.monotonic() - start) * self._rate))
            self._emulator.do(Together([self._text(number) for number in range(published, due)]))
            published = due

    def _text(self, number: int) -> str:
        return " ".join(("post", str(number), *words_of(number, self._words)))


@pytest.mark.parametrize(
    ("seconds", "subscribers", "rate", "pause"),
    [(2.0, 5, 100.0, 0.3), pytest.param(600.0, 20, 500.0, 60.0, marks=pytest.mark.soak)],
)
def test_every_ledger_adds_up(seconds: float, subscribers: int, rate: float, pause: float) -> None:
    """Each subscriber gets each post of its filter once; no gap, no early connect, and nothing grows."""
    rng = random.Random(16)
    most = int(seconds * rate)
    faults: Counter[str] = Counter()
    with Emulator(rate=0, level="enterprise", limits=Limits.none(history=most)) as emulator:
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.recovery.subscribers", str(subscribers), str(most)],
            env={**os.environ, **emulator.env()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        said, answers = program.stdin, program.stdout
        assert said is not None
        assert answers is not None
        publisher = Publisher(emulator, subscribers, rate, most)

        def ask(question: str) -> str:
            print(question, file=said, flush=True)
            return answers.readline()

        try:
            assert answers.readline() == "ready\n"
            publisher.start()
            begun, before = time.monotonic(), 0
            while not publisher.over.wait(rng.uniform(0.1, 1) * pause) and publisher.is_alive():
                emulator.clear_faults()
                for _ in range(rng.randint(1, 3)):  # a later one breaks the recovery from the one before
                    faults[cause_a_fault(emulator, rng)] += 1
                    publisher.over.wait(rng.uniform(0, 0.2))
                if not before and time.monotonic() > begun + seconds / 2:  # all that is bounded is full
                    before = int(ask("memory"))
            took = time.monotonic() - begun
            emulator.clear_faults()
            before = before or int(ask("memory"))
            grown = int(ask("memory")) - before
            account = msgspec.json.decode(ask("ledgers"), type=Account)
            requests = emulator.requests
        finally:
            publisher.over.set()
            if publisher.ident is not None:
                publisher.join()
            program.kill()
            program.communicate()
    print(f"{most} posts in {took:.0f} s, {sum(faults.values())} faults, {before} kB {grown:+} kB")
    assert account == Account(0, 0, [], [], [], account.waits), faults
    assert account.waits
    check_connects(requests, "/2/tweets/search/stream", account.waits, limit=None)
    assert grown < 20_000
    assert faults
