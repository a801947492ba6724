"""Filters subscribed and disposed at random, with and without faults, against the emulator's own log."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rxtweets as rxt
from rxtweets import rules
from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.app.limits import Level
from rxtweets.endpoints import v1, v2
from tests.forked import PIPE, Program

from .churn import FILTERS, Churn
from .hubs import States, query_hub, rules_hub

MakeHub = Callable[..., rxt.FilterHub]
BOTH = pytest.mark.parametrize("make", [rules_hub, query_hub])
STREAMS = {rules_hub: "/2/tweets/search/stream", query_hub: "/1.1/statuses/filter.json"}


def _run(
    make: MakeHub, emulator: Emulator, seconds: float, fault: Faults | None = None, **options: Any
) -> Churn:
    """Have filters come and go for so many *seconds*, check what each got, and return what there was."""
    hub = make(emulator, **options)
    with States(hub, emulator) as states:
        churn = Churn(hub, states, emulator)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            churn.step()
            if fault is not None:
                fault(churn)
        emulator.clear_faults()
        churn.flush()  # a stall ends before
        must = churn.end()
        states.ended()
    assert must > 100 * seconds
    assert churn.watch.counts[-1] == 0
    if fault is None or make is rules_hub:  # a change of v1.1 may take over from one that stalls
        assert churn.given_up == churn.stalls
    if fault is None:
        assert {request.status for request in emulator.requests} <= {200, 201}
        assert all(sent.filters for sent in churn.log if sent.text == "fence")  # it stood all the time
    assert max(churn.watch.counts) == 1  # v1.1's older one is ended before the newer begins
    return churn


def _quick(level: Level = "pay_per_use", **others: Any) -> Emulator:
    """An emulator that lets a hub change its rules at once, as often as it likes."""
    limits = Limits(requests=None, connects=None, messages=None, **others)
    return Emulator(rate=0, keep_alive=0.2, level=level, limits=limits)


def _random_filters(make: MakeHub, seconds: float) -> None:
    with _quick() as emulator:
        options: dict[str, Any] = {"wait": min(2.0, seconds / 6)} if make is query_hub else {}
        churn = _run(make, emulator, seconds, **options)
        if make is rules_hub:
            assert churn.watch.counts == [1, 0]


@BOTH
def test_random_filters(make: MakeHub) -> None:
    """Each gets exactly what matches it while it is in force, on one connection; nothing is left."""
    _random_filters(make, 1.0)


@pytest.mark.soak
@BOTH
def test_random_filters_for_a_minute(make: MakeHub) -> None:
    """The same for a minute."""
    _random_filters(make, 60.0)


@pytest.mark.soak
def test_random_filters_within_the_limits_of_x() -> None:
    """The same for a minute with X's limits on requests, which earns no 429."""
    with Emulator(rate=0, keep_alive=0.5, limits=Limits(messages=None)) as emulator:
        churn = _run(rules_hub, emulator, 60.0)
        assert churn.watch.counts == [1, 0]


def _packed_filters(seconds: float) -> None:
    with _quick(rules=20) as emulator:
        churn = _run(rules_hub, emulator, seconds, **rules.fields_for("word"))
        assert churn.watch.counts == [1, 0]


def test_random_filters_that_are_packed() -> None:
    """Each gets exactly what matches it while it is in force where X allows fewer rules than filters."""
    _packed_filters(1.0)


@pytest.mark.soak
def test_random_filters_that_are_packed_for_a_minute() -> None:
    """The same for a minute."""
    _packed_filters(60.0)


class Faults:
    """One fault after the other, each when all that was sent has come, and the one before is healed."""

    def __init__(self, make: MakeHub, pause: float) -> None:
        kinds = ["reset", "close", "stall", "stream 503", "stream 429"]
        if make is rules_hub:
            kinds += ["rules 503", "rules 429", "refused"]
        self._kinds = itertools.cycle(kinds)
        self._path = STREAMS[make]
        self._pause = pause
        self._next = time.monotonic() + pause
        self._stalled: object = None

    def heal(self, churn: Churn) -> None:
        """End a stall once the hub has given the connection up."""
        if self._stalled is not None and churn.emulator.streams != self._stalled:
            churn.emulator.resume()
            self._stalled = None

    def __call__(self, churn: Churn) -> None:
        emulator = churn.emulator
        churn.meanwhile = self.heal
        if self._stalled is not None or time.monotonic() < self._next:
            return
        churn.flush()
        match next(self._kinds):
            case "reset":
                emulator.reset_streams()
            case "close":
                emulator.close_streams()
            case "stall":
                self._stalled = emulator.streams
                emulator.stall()
            case "stream 503":
                emulator.answer(503, path=self._path)
                emulator.close_streams()
            case "stream 429":
                emulator.answer(429 if self._path.startswith("/2/") else 420, path=self._path, seconds=0.5)
                emulator.reset_streams()
            case "rules 503":
                emulator.answer(503, path=f"{self._path}/rules", times=2)
            case "rules 429":
                emulator.answer(429, path=f"{self._path}/rules", seconds=1)
            case "refused":
                churn.refuse()
        self._next = time.monotonic() + self._pause


def _random_filters_with_faults(
    make: MakeHub, seconds: float, stall: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (v1, v2):
        monkeypatch.setattr(module, "STALL_TIMEOUT", stall)
    with _quick(attempts=None) as emulator:
        options: dict[str, Any] = {}
        pause = min(2.0, seconds / 8)
        if make is query_hub:  # whose changes wait for minutes when it has reconnected often
            options, pause = {"wait": 2.0}, seconds / 8
        churn = _run(make, emulator, seconds, Faults(make, pause), **options)
        assert churn.watch.counts.count(1) > 3


@BOTH
def test_random_filters_with_faults(make: MakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """With resets, stalls, 503s, 429s and refused rules meanwhile each gets whatever a connection brings."""
    _random_filters_with_faults(make, 2.4, 1.0, monkeypatch)


@pytest.mark.soak
@BOTH
def test_random_filters_with_faults_for_a_minute(make: MakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a minute."""
    _random_filters_with_faults(make, 60.0, 3.0, monkeypatch)  # v1.1 has few connects for early ones


_OTHER = """
import sys, rxtweets as rxt
client = rxt.StreamingClient(rxt.BearerToken(sys.argv[2]), base_url=sys.argv[1])
hub = rxt.FilterHub(client, lease=2.0, wait=0.05)
def say(line):
    print(f"{line}\\n", end="", flush=True)  # two threads write
def on_next(number):
    return lambda item: hasattr(item, "text") and say(f"{number} {item.id}")
for number, phrases in enumerate(sys.argv[3:]):
    hub.filter(track=phrases).subscribe(on_next(number))
hub.state.subscribe(lambda state: say(f"standing {len(state.standing)} {state.connection}"))
sys.stdin.read()
"""


def _two_processes(seconds: float, folder: Path) -> None:
    theirs = FILTERS[::12]
    written = folder / "got"
    with _quick(level="enterprise") as emulator:
        hub = rules_hub(emulator, lease=2.0, tweet_fields=["lang"])
        arguments = [emulator.base_url, emulator.bearer_token, *map(",".join, theirs)]
        with States(hub, emulator) as states:
            churn = Churn(hub, states, emulator, fields="lang")
            with (
                written.open("w") as file,
                subprocess.Popen(
                    [sys.executable, "-W", "error", "-c", _OTHER, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=file,
                ) as other,
            ):
                _step_until(churn, lambda: f"standing {len(theirs)} connected\n" in written.read_text())
                end = time.monotonic() + seconds
                _step_until(churn, lambda: time.monotonic() > end)
                for phrases in theirs:
                    last = churn.send(phrases[0])
                    assert frozenset(phrases) in last.theirs
                _step_until(churn, lambda: str(last.id) in written.read_text())
                other.send_signal(signal.SIGKILL)
            left = [rule for rule in emulator.rules if not (rule.tag or "").startswith(churn.tag)]
            assert len(left) > len(theirs)
            _step_until(churn, lambda: not {rule.id for rule in left} & {rule.id for rule in emulator.rules})
            end = time.monotonic() + seconds
            _step_until(churn, lambda: time.monotonic() > end)
            must = churn.end()
            states.ended()
    assert must > 100 * seconds
    assert {request.status for request in emulator.requests} <= {200, 201}
    assert max(churn.watch.counts) == 2
    got = [line.split() for line in written.read_text().splitlines() if line[0].isdigit()]
    for number, phrases in enumerate(theirs):
        ids = [int(id) for which, id in got if which == str(number)]
        assert ids == [sent.id for sent in churn.log if frozenset(phrases) in sent.theirs][: len(ids)]
        assert ids


def _step_until(churn: Churn, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        churn.step()
        threading.Event().wait(0.03)  # the other process needs the processor, too


def test_another_process_and_its_death(tmp_path: Path) -> None:
    """The same beside a hub of another process, whose rules are left alone until it was killed."""
    _two_processes(0.4, tmp_path)


@pytest.mark.soak
def test_another_process_and_its_death_in_a_minute(tmp_path: Path) -> None:
    """The same for a minute."""
    _two_processes(30.0, tmp_path)


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


_ENDING_SIDE_BY_SIDE = """
import sys, rxtweets as rxt
muted, other = sys.argv[1:3], sys.argv[3:]
for url, token in [muted, muted, other, muted]:
    hub = rxt.FilterHub(rxt.StreamingClient(rxt.BearerToken(token), base_url=url), wait=0.05)
    hub.filter("cat").subscribe(lambda item: None)
    hub.state.subscribe(lambda state: state.standing and print("standing", flush=True))
sys.stdin.read()
"""


def test_the_end_of_a_program_with_several_hubs() -> None:
    """A hub removes its rules at the end of a program also while X doesn't answer to its other hubs."""
    with Emulator(rate=0, limits=Limits(connections=None)) as muted, Emulator(rate=0) as other:
        arguments = [muted.base_url, muted.bearer_token, other.base_url, other.bearer_token]
        with Program(["-c", _ENDING_SIDE_BY_SIDE, *arguments], stdin=PIPE, stdout=PIPE) as program:
            try:
                assert program.stdout is not None
                assert program.stdin is not None
                while len(muted.rules) < 6 or len(other.rules) < 2:
                    assert program.stdout.readline() == "standing\n"
                muted.mute(path="/2/tweets/search/stream/rules", times=1_000)
                program.stdin.close()
                while other.rules:
                    assert program.poll() is None
                    threading.Event().wait(0.01)
            finally:
                program.kill()
