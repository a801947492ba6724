"""Subscribers of a hub with recovery, in a process of their own, and the ledger of each.

`python -m tests.recovery.subscribers 20 300000` finds its emulator in the environment. It says `ready` when
all stand, and what its lines of input ask for: `memory`, the kilobytes it has, and, once all is published,
`ledgers`: an `Account` as JSON.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import Recovery
from rxtweets.hub import HubState
from rxtweets.messages import Gap, Post
from tests.conftest import open_sockets
from tests.discipline import Discipline

from .outages import QUICK

PATIENCE = 60.0
"""Seconds that nothing may come while something is missing, and that each other wait may last."""


class Account(msgspec.Struct):
    """The ledgers after all.

    Attributes:
        lost, repeated: how many posts.
        told: gaps and errors, as text.
        left: threads and sockets that are still there.
        examples: some of the lost and the repeated, each with the word that it was for.
        waits: the times in which no connect may come: see `Discipline`.
    """

    lost: int
    repeated: int
    told: list[str]
    left: list[str]
    examples: list[tuple[str, int]]
    waits: list[tuple[float, float]]


def words_of(number: int, count: int) -> tuple[str, str]:
    """Return the two of *count* words that a post has."""
    return f"word{number % count}", f"word{number // count % count}"


class Ledger:
    """A subscriber's account of each post: how often it came, in a byte."""

    def __init__(self, word: str, posts: Observable[Any], expected: bytes) -> None:
        self.word = word
        self.expected = expected
        self.counts = bytearray(len(expected))
        self.told: list[str] = []
        self.subscription = posts.subscribe(self._on_next, lambda error: self.told.append(repr(error)))

    def _on_next(self, item: Any) -> None:
        if isinstance(item, Gap):
            self.told.append(repr(item))
        elif isinstance(item, Post) and item.text.startswith("post "):  # some faults send one of their own
            self.counts[int(item.text.split()[1])] += 1

    def wrong(self) -> list[int]:
        """Return the posts that came too seldom or too often."""
        if self.counts == self.expected:
            return []
        return [
            n for n, (came, due) in enumerate(zip(self.counts, self.expected, strict=True)) if came != due
        ]


def memory() -> int:
    """Return the kilobytes of this process; 0 where the system doesn't say."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def await_(condition: Any, pause: threading.Event) -> None:
    """Wait until *condition* holds, or patience is at its end."""
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        pause.wait(0.05)


def main(count: int, most: int) -> None:
    """Subscribe, and answer the lines of stdin."""
    pause = threading.Event()
    threads, sockets = {*threading.enumerate()}, open_sockets()
    hub = rxt.FilterHub(rxt.StreamingClient(rxt.BearerToken.from_env(), policy=QUICK), recovery=Recovery())
    states: list[HubState] = []
    watching = hub.state.subscribe(lambda state: states.__setitem__(slice(None), [state]))
    discipline = Discipline(QUICK)
    ledgers: list[Ledger] = []
    for word in (f"word{number}" for number in range(count)):
        expected = bytes(word in words_of(number, count) for number in range(most))
        posts = hub.filter(word)
        if not ledgers:  # what becomes of the connection is told to each
            posts = posts.pipe(ops.do_action(discipline.note))
        ledgers.append(Ledger(word, posts, expected))
    await_(
        lambda: states and states[-1].connection == "connected" and states[-1].standing == states[-1].wanted,
        pause,
    )
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "memory\n":
            print(memory(), flush=True)
            continue
        came, until = -1, 0.0
        while any(ledger.wrong() for ledger in ledgers):
            if came != (came := sum(sum(ledger.counts) for ledger in ledgers)):
                until = time.monotonic() + PATIENCE  # a busy machine may take minutes for all
            elif time.monotonic() > until:
                break
            pause.wait(0.1)
        wrong = [(ledger, number) for ledger in ledgers for number in ledger.wrong()]
        lost = sum(ledger.counts[number] < ledger.expected[number] for ledger, number in wrong)
        for ledger in ledgers:
            ledger.subscription.dispose()
        await_(lambda: states[-1].connection == "closed", pause)
        hub.close()
        watching.dispose()
        await_(lambda: {*threading.enumerate()} <= threads and open_sockets() <= sockets, pause)
        left = [thread.name for thread in threading.enumerate() if thread not in threads]
        if (more := open_sockets() - sockets) > 0:
            left.append(f"{more} sockets")
        told = [text for ledger in ledgers for text in ledger.told]
        examples = [(ledger.word, number) for ledger, number in wrong[:9]]
        account = Account(lost, len(wrong) - lost, told, left, examples, discipline.waits)
        print(msgspec.json.encode(account).decode(), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
