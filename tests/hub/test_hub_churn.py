"""Filters subscribed and disposed at random, with and without faults, against the emulator's own log."""

from __future__ import annotations

import itertools
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import rxtweets as rxt
from rxtweets.emulator import Emulator, Limits
from rxtweets.hub import HubState
from rxtweets.messages import Post, Status
from tests.observing import PATIENCE

from .hubs import States, query_hub, rules_hub

MakeHub = Callable[..., rxt.FilterHub]
BOTH = pytest.mark.parametrize("make", [rules_hub, query_hub])
WORDS = [f"word{n}" for n in range(12)]


class Filter:
    """One subscription, and what it should have got.

    Attributes:
        phrases: any of which a text must have, all of whose words.
        got: the ids of posts that came.
        must: the ids of posts that were sent while it was subscribed and in force.
        may: those that were sent while it was subscribed.
    """

    def __init__(self, hub: rxt.FilterHub, phrases: tuple[str, ...]) -> None:
        self.phrases = phrases
        self.got: list[int] = []
        self.must: list[int] = []
        self.may: set[int] = set()
        self.errors: list[Exception] = []
        self.subscription = hub.filter(track=list(phrases)).subscribe(self._on_next, self.errors.append)

    def matches(self, text: str) -> bool:
        words = text.split()
        return any(all(word in words for word in phrase.split()) for phrase in self.phrases)

    def is_in(self, state: HubState) -> bool:
        """Return whether it is in force."""
        standing = state.standing
        if standing and standing[0].startswith("FilterQuery("):
            text = str(rxt.FilterQuery(track=list(self.phrases)))
        else:
            text = " OR ".join(self.phrases)
        return state.connection == "connected" and text in standing

    def _on_next(self, item: Any) -> None:
        if isinstance(item, Post | Status):
            self.got.append(int(item.id))


class Churn:
    """Subscribes, disposes and publishes at random.

    A last filter that stands all the time tells when everything sent before has come.
    """

    def __init__(self, hub: rxt.FilterHub, states: States, emulator: Emulator, seed: int) -> None:
        self.hub, self.states, self.emulator = hub, states, emulator
        self.chance = random.Random(seed)
        self.live: list[Filter] = []
        self.over: list[Filter] = []
        self.fence = Filter(hub, ("fence",))
        self.most_streams = 0
        self.on_the_way: list[tuple[int, str]] = []
        states.settled()

    def step(self) -> None:
        chance = self.chance
        for _ in range(chance.randint(0, 3)):
            phrases = {" ".join(sorted(chance.sample(WORDS, chance.choice([1, 1, 2])))) for _ in range(2)}
            one = Filter(self.hub, tuple(sorted(phrases)))
            one.may.update(id for id, text in self.on_the_way if one.matches(text))
            self.live.append(one)
        for _ in range(chance.randint(0, 4)):
            self.publish(" ".join(chance.sample(WORDS, 3)))
        self.most_streams = max(self.most_streams, len(self.emulator.streams))
        if len(self.live) > 12 or chance.random() < 0.2:
            self.flush()
            for _ in range(chance.randint(1, len(self.live) or 1)):
                if self.live:
                    self.dispose(self.live.pop(chance.randrange(len(self.live))))

    def publish(self, text: str) -> None:
        post = self.emulator.compose(text)
        state = self.states.now
        for one in [*self.live, self.fence]:
            if one.matches(text):
                one.may.add(post.id)
                if one.is_in(state):
                    one.must.append(post.id)
        self.on_the_way.append((post.id, text))
        self.emulator.publish(post)

    def flush(self) -> None:
        """Wait until all that was sent has come."""
        for _ in range(200):
            self.publish("fence")
            end = time.monotonic() + PATIENCE / 100
            while time.monotonic() < end:
                if self.fence.got and self.fence.got[-1] == max(self.fence.may):
                    self.on_the_way.clear()
                    return
                threading.Event().wait(0.002)
        raise AssertionError(self.states.now)

    def dispose(self, one: Filter) -> None:
        one.subscription.dispose()
        self.over.append(one)

    def end(self) -> Iterator[Filter]:
        """Dispose all, and yield each filter that there was."""
        self.flush()
        for one in [*self.live, self.fence]:
            self.dispose(one)
        yield from self.over


def _check(churn: Churn, *, whole: bool) -> int:
    count = 0
    for one in churn.end():
        assert one.errors == []
        assert one.got == sorted(set(one.got))  # each once, in order
        assert set(one.got) <= one.may
        if whole:
            assert set(one.must) <= set(one.got)
        count += len(one.got)
    assert churn.most_streams == 1
    return count


def _run(
    make: MakeHub, emulator: Emulator, seconds: float, fault: Callable[[int], None] | None = None
) -> None:
    hub = make(emulator)
    with States(hub, emulator) as states:
        churn = Churn(hub, states, emulator, 1)
        end = time.monotonic() + seconds
        for number in itertools.count():
            if time.monotonic() > end:
                break
            churn.step()
            if fault is not None:
                fault(number)
        got = _check(churn, whole=fault is None)
        assert got > 20 * seconds
    refused = {request.status for request in emulator.requests} & {420, 429}
    assert fault is not None or not refused


@BOTH
def test_random_filters(make: MakeHub, emulator: Emulator) -> None:
    """Each gets exactly what matches it while it is in force, on one connection; nothing is left."""
    _run(make, emulator, 3.0)


@pytest.mark.soak
@BOTH
def test_random_filters_for_a_minute(make: MakeHub, emulator: Emulator) -> None:
    """The same for a minute."""
    _run(make, emulator, 60.0)


def _faults(emulator: Emulator, make: MakeHub, pause: float) -> Callable[[int], None]:
    chance = random.Random(2)
    path = "/2/tweets/search/stream" if make is rules_hub else "/1.1/statuses/filter.json"

    last = -math.inf

    def fault(number: int) -> None:
        nonlocal last
        if number < 20 or time.monotonic() < last + pause:
            return
        last = time.monotonic()
        kind = chance.choice(["reset", "close", "stream 503", "rules 503", "rules 429"])
        if kind == "reset":
            emulator.reset_streams()
        elif kind == "close":
            emulator.close_streams()
        elif kind == "stream 503":
            emulator.answer(503, path=path, times=1)
            emulator.reset_streams()
        elif kind == "rules 503":
            emulator.answer(503, path=f"{path}/rules", times=1)
        else:
            emulator.answer(429, path=f"{path}/rules", seconds=1)

    return fault


@BOTH
def test_random_filters_with_faults(make: MakeHub, emulator: Emulator) -> None:
    """With resets, 503s and 429s meanwhile nobody gets what isn't theirs, and all stands again in the end."""
    _run(make, emulator, 3.0, _faults(emulator, make, 1.0))


@pytest.mark.soak
@BOTH
def test_random_filters_with_faults_for_a_minute(make: MakeHub, emulator: Emulator) -> None:
    """The same for a minute."""
    # More faults would use up the connects that a policy makes at once.
    _run(make, emulator, 60.0, _faults(emulator, make, 8.0))


_OTHER = """
import sys, rxtweets as rxt
client = rxt.StreamingClient(rxt.BearerToken(sys.argv[2]), base_url=sys.argv[1])
hub = rxt.FilterHub(client, lease=2.0, wait=0.05)
for text in ("shared", "theirs"):
    hub.filter(text).subscribe(lambda item: print(type(item).__name__, getattr(item, "text", ""), flush=True))
hub.state.subscribe(lambda state: print("standing", len(state.standing), state.connection, flush=True))
sys.stdin.read()
"""


def test_another_process_and_its_death() -> None:
    """Hubs of two processes leave each other's rules alone; those of a killed one are removed."""
    with Emulator(rate=0, level="enterprise", limits=Limits.none()) as emulator:
        hub = rules_hub(emulator, lease=2.0)
        with States(hub, emulator) as states:
            mine = Filter(hub, ("shared",))
            states.settled()
            other = subprocess.Popen(
                [sys.executable, "-c", _OTHER, emulator.base_url, emulator.bearer_token],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONWARNINGS": "error"},
            )
            with other:
                assert other.stdout is not None
                lines = iter(other.stdout)
                assert any(line == "standing 2 connected\n" for line in lines)
                started = time.monotonic()
                while time.monotonic() < started + 3:  # longer than a lease
                    threading.Event().wait(0.1)
                    values = [rule.value for rule in emulator.rules]
                    assert {"shared", "(shared)", "theirs"} <= set(values)
                emulator.publish("shared")
                emulator.publish("theirs")
                assert any(line == "Post theirs\n" for line in lines)
                other.send_signal(signal.SIGKILL)
            ended = time.monotonic()
            while any(rule.value == "theirs" for rule in emulator.rules):
                assert time.monotonic() < ended + PATIENCE
                threading.Event().wait(0.1)
            assert [rule.value for rule in emulator.rules if "lease" not in (rule.tag or "")] == ["shared"]
            assert len(mine.got) == 1
            mine.subscription.dispose()


_ENDING = """
import sys, rxtweets as rxt
from rxtweets import operators as tw
from reactivex import operators as ops
client = rxt.StreamingClient(rxt.BearerToken(sys.argv[2]), base_url=sys.argv[1])
hub = rxt.FilterHub(client)
hub.filter("dog").subscribe(lambda item: None)
rxt.run(hub.filter("cat").pipe(tw.posts(), ops.take(1)), lambda post: print(post.text))
"""


def test_the_end_of_a_program_removes_its_rules() -> None:
    """A program that ends while filters are subscribed to leaves no rule."""
    with Emulator(rate=20) as emulator:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", _ENDING, emulator.base_url, emulator.bearer_token],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert done.stdout
        assert done.stderr == ""
        assert emulator.rules == ()
