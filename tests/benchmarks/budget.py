"""CPU of a budget on a stream, against the same stream without one.

    frames → decode → within(budget) → subscribe

Each run is a process of its own, whose whole CPU time counts. The posts have ids of the form that X gives
them, a thousand a second; the books are in a file, as for a budget that outlives its process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

TOTAL = 300_000
ROUNDS = 3
LIMIT = 6.0


def main() -> None:
    """Measure and print the times a post, and their ratio."""
    rounds = [[_measured(kind) for kind in ("without", "within")] for _ in range(ROUNDS)]
    without, within = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = sorted(run[1] / run[0] for run in rounds)
    print(
        f"budget: {within:.2f} µs a post within a budget, {without:.2f} µs without; ratio "
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), limit {LIMIT:g}",
        flush=True,
    )


def _measured(kind: str) -> float:
    """Microseconds of CPU a post."""
    command = [sys.executable, "-m", __name__, kind]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout) / TOTAL * 1e6


def _frames() -> Iterator[bytes]:
    for number in range(TOTAL):
        id = (int(1.6e12) + number) << 22 | (number % 32) << 12
        yield (
            b'{"data":{"id":"%d","text":"hello","author_id":"%d"},"includes":{"users":[{"id":"%d"}]}}'
            % (id, number % 5000, number % 5000)
        )


def _pipeline(kind: str, path: str) -> None:
    import reactivex

    import rxtweets as rxt
    from rxtweets import operators as tw

    count = 0

    def on_next(_: object) -> None:
        nonlocal count
        count += 1

    posts = reactivex.from_iterable(_frames()).pipe(tw.decode())
    budget = rxt.Budget(posts=10**9, path=path)
    (posts.pipe(tw.within(budget)) if kind == "within" else posts).subscribe(on_next)
    assert count == TOTAL, count


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        _pipeline(sys.argv[1], f"{folder}/books")
    used = os.times()
    print(used.user + used.system)
