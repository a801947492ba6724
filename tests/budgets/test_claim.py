"""The claim: a budget's books against the emulator's own usage, over everything that happens to a program."""

from __future__ import annotations

import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rxtweets import Budget
from rxtweets.emulator import Emulator, Limits
from tests.clients import client_on
from tests.forked import PIPE, Program

DAY = 86_400
RATE = 250
"""Posts a second: the most that X sends to who pays as it goes."""
A_DAYS = 1_000
"""Posts that a day has at least: 1 % of it is more than what is on its way at midnight."""

IMPORTED = ("rxtweets.budgets.budget", "rxtweets.search", "tests.clients")
"""The modules that the programs find imported."""


class Run:
    """Programs that spend from one budget, one after the other."""

    def __init__(self, emulator: Emulator, path: Path, skew: float, limit: int, seed: int) -> None:
        self._emulator = emulator
        self._path = path
        self._skew = skew
        self._limit = limit
        self._rng = random.Random(seed)

    @contextmanager
    def program(self) -> Iterator[Program]:
        """Start one, and yield it as soon as it is connected or has ended; kill it in the end."""
        said = [
            self._emulator.base_url,
            self._emulator.bearer_token,
            str(self._path),
            str(self._skew),
            str(self._limit),
            str(self._rng.randrange(2**32)),
        ]
        with Program(
            ["-m", "tests.budgets.spender", *said], imported=IMPORTED, stdin=PIPE, stdout=PIPE
        ) as running:
            assert running.stdout is not None
            running.stdout.readline()
            try:
                yield running
            finally:
                running.kill()

    def settle(self) -> None:
        """Let no post be made until the books are as X's are; the searches go on."""
        self._emulator.rate = 0
        self.compare(within=0.002)

    def compare(self, *, within: float, days_ago: int = 0) -> None:
        """Wait until the posts of a day by the books are those by X's usage, but for a small part."""
        end, at_x, spent = time.monotonic() + 90.0, 0, -10.0
        while spent != pytest.approx(at_x, rel=within, abs=1):
            assert time.monotonic() < end, f"{at_x} posts at X, {spent} in the books, {days_ago} days ago"
            threading.Event().wait(0.05)
            at_x = posts_at_x(self._emulator)[-1 - days_ago]
            spent = spent_on(self._path, time.time() + self._skew - days_ago * DAY)

    def set_clocks(self, running: Program, skew: float) -> None:
        """Put a program's clock and X's forward or back."""
        assert running.stdin is not None
        assert running.stdout is not None
        self._skew = skew
        self._emulator.skew(skew)
        print(skew, file=running.stdin, flush=True)
        while running.stdout.readline().strip() != str(skew):
            pass

    def kill(self, times: int) -> None:
        """Kill so many programs at random, with duplicates and broken connections meanwhile."""
        for _ in range(times):
            with self.program() as running:
                threading.Event().wait(self._rng.uniform(0.0, 1.0))
                if self._rng.random() < 0.5:
                    self._emulator.cut_streams()
                    threading.Event().wait(self._rng.uniform(0.0, 0.5))
                running.send_signal(signal.SIGKILL)


def spent_on(path: Path, now: float) -> float:
    """Return the posts of the day that *now* is in, by the books."""
    return Budget(posts=1, path=path).spending(now).spent


def posts_at_x(emulator: Emulator) -> list[int]:
    """Return the posts of yesterday and today by the emulator's own usage."""
    return [one.posts for one in client_on(emulator).usage(2).run().days]


def until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        threading.Event().wait(0.05)


@contextmanager
def noon() -> Iterator[tuple[Emulator, float]]:
    """An emulator at the pay-per-use level with a past, at noon; and how far off its clock is."""
    limits = Limits(connects=None, requests=None, connections=None)
    skew = DAY / 2 - time.time() % DAY
    with Emulator(rate=0, limits=limits, keep_alive=0.5) as emulator:
        emulator.skew(skew - 60)
        for number in range(300):
            emulator.publish(f"the {number}")
        emulator.skew(skew)
        emulator.duplicate(share=0.1)
        client_on(emulator).rules.add("the OR a", "lang:ja").run()
        emulator.rate = RATE
        yield emulator, skew


def test_books_are_as_xs(tmp_path: Path) -> None:
    """Over streams, searches, repetitions, lost connections and SIGKILL: at most 1 % apart once compared."""
    with noon() as (emulator, skew):
        run = Run(emulator, tmp_path / "books", skew, 10**9, seed=5)
        run.kill(5)
        with run.program():
            until(lambda: posts_at_x(emulator)[-1] > A_DAYS, "posts", 120.0)
            emulator.rate = 0
            run.compare(within=0.01)


@pytest.mark.soak
def test_books_are_as_xs_over_midnight() -> None:
    """Over the turn of the UTC day, too, with 50 kills: at most 1 % apart on both days."""
    with tempfile.TemporaryDirectory() as folder:
        _over_midnight(Path(folder) / "books", kills=50)


def _over_midnight(path: Path, kills: int) -> None:
    with noon() as (emulator, skew):
        run = Run(emulator, path, skew, 10**9, seed=kills)
        run.kill(kills // 2)
        with run.program() as running:
            until(lambda: posts_at_x(emulator)[-1] > A_DAYS, "posts", 120.0)
            run.settle()
            midnight = time.time() + 3
            run.set_clocks(running, DAY - midnight % DAY)
            emulator.rate = 5  # those that a busy machine reads late come in the wrong day
            until(lambda: time.time() > midnight + 0.5, "midnight")
            run.compare(within=0.01, days_ago=1)  # once a page that was on its way at midnight has come
            emulator.rate = RATE
        run.kill(kills - kills // 2 - 1)
        with run.program() as last:
            until(lambda: posts_at_x(emulator)[-1] > A_DAYS, "posts", 120.0)
            emulator.rate = 0
            run.compare(within=0.01)
            assert last.stdin is not None
            last.stdin.close()
            assert last.wait(20) == 0
        at_x = posts_at_x(emulator)
        in_the_books = [spent_on(path, midnight + DAY - midnight % DAY + second) for second in (-1, 1)]
        print(f"before and after midnight: {at_x} posts at X, {in_the_books} in the books")
        assert min(at_x) > A_DAYS
        assert in_the_books == pytest.approx(at_x, rel=0.01)


@pytest.mark.parametrize("kills", [pytest.param(50, marks=pytest.mark.soak), 5])
def test_the_limit_holds(kills: int, tmp_path: Path) -> None:
    """No more than a second's delivery beyond it, also of a program that was killed before; then nothing."""
    limit = kills * 150 + 2_000  # so that the last one compares the books before it ends
    with noon() as (emulator, skew):
        run = Run(emulator, tmp_path / "books", skew, limit, seed=kills)
        run.kill(kills)
        with run.program() as last:
            assert last.wait(120) == 3
        first = emulator.delivered["post"]
        with run.program() as another:
            assert another.wait(60) == 3
        print(f"{first} posts at X, the limit is {limit}")
        assert limit * 0.99 <= first <= limit + RATE
        assert emulator.delivered["post"] == first
