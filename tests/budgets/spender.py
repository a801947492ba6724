"""A program that streams and searches within a budget until it is killed, its input ends, or all is spent."""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import reactivex
from reactivex import operators as ops
from reactivex.scheduler import TimeoutScheduler

import rxtweets as rxt
from rxtweets.budgets import budget as budgets
from rxtweets.messages import Connected
from tests.clients import QUICK

EXPANSIONS = ["author_id", "referenced_tweets.id", "attachments.media_keys"]


class Skewed(TimeoutScheduler):
    """The system's timers, with a clock that is off by some seconds, as the emulator's is.

    Attributes:
        skew: how far off it is.
    """

    skew = 0.0

    def __new__(cls) -> Skewed:
        return object.__new__(cls)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skew)


def main(url: str, token: str, path: str, skew: float, limit: int, seed: int) -> int:
    """Return 3 once the budget is spent, 0 when the input has ended; each line of that sets the clock."""
    budgets.COMPARE_EVERY = 2.0  # for the 5 minutes that a test can't wait
    rng, scheduler = random.Random(seed), Skewed()
    scheduler.skew = skew
    budget = rxt.Budget(posts=limit, path=path, warn_at=[])
    client = rxt.StreamingClient(rxt.BearerToken(token), base_url=url, policy=QUICK, budget=budget)
    ended, spent = threading.Event(), threading.Event()

    def expansions() -> list[str]:
        return rng.sample(EXPANSIONS, rng.randrange(len(EXPANSIONS) + 1))

    def search(_: object) -> Any:
        end = scheduler.now - timedelta(seconds=10.5)
        query, limit = rng.choice(["the", "a OR i", "the is:quote"]), rng.randrange(1, 200)
        found = client.search(query, limit=limit, end_time=end)
        return found.pipe(ops.catch(lambda error, _: refused(error)))

    def refused(error: Exception) -> Any:
        if not isinstance(error, rxt.StreamError):
            raise error
        return reactivex.empty()  # also when less is left than a page costs: the streams spend that

    def failed(error: Exception) -> None:
        if not isinstance(error, rxt.BudgetSpent):
            raise error
        spent.set()
        ended.set()

    def on_next(item: object) -> None:
        if isinstance(item, Connected):
            print("connected", flush=True)

    def watch_input() -> None:
        for line in sys.stdin:
            scheduler.skew = float(line)
            print(line, end="", flush=True)
        ended.set()

    threading.Thread(target=watch_input, daemon=True).start()
    parts: list[Any] = [client.sample(expansions=expansions()), client.filter(expansions=expansions())]
    for _ in range(2):
        pause = reactivex.defer(lambda _: reactivex.timer(rng.uniform(0.05, 0.5)))
        parts.append(pause.pipe(ops.flat_map(search), ops.repeat()))
    running = [part.subscribe(on_next, failed, scheduler=scheduler) for part in parts]
    ended.wait()
    for one in running:
        one.dispose()
    return 3 if spent.is_set() else 0


if __name__ == "__main__":
    url, token, path, skew, limit, seed = sys.argv[1:]
    sys.exit(main(url, token, path, float(skew), int(limit), int(seed)))
