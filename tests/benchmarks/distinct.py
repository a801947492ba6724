"""CPU and memory of `distinct_by_id` with a million ids to remember, against a thousand.

    frames → decode → distinct_by_id(capacity) → subscribe

Each run is a process of its own, whose whole CPU time and memory count. The posts have ids of the form that
X gives them, a thousand a second, and every tenth comes twice.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

FEW, MANY = 1_000, 1_000_000
TOTAL = 3_000_000
ROUNDS = 3
LIMIT, LIMIT_MB = 2.0, 150


def main() -> None:
    """Measure and print the times an item, their ratio, and the memory."""
    rounds = [[_measured(capacity) for capacity in (0, FEW, MANY)] for _ in range(ROUNDS)]
    (without, _), (few, small), (many, large) = (
        [statistics.median(column) for column in zip(*runs, strict=True)]
        for runs in zip(*rounds, strict=True)
    )
    ratios = sorted(runs[2][0] / runs[1][0] for runs in rounds)
    print(
        f"distinct: {few:.2f} µs a post with {FEW:,} ids, {many:.2f} µs with {MANY:,}, "
        f"{without:.2f} µs without the operator; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), limit {LIMIT:g}; "
        f"{small:.0f} and {large:.0f} MB in all at the most, limit {LIMIT_MB} MB",
        flush=True,
    )


def _measured(capacity: int) -> tuple[float, float]:
    """Microseconds of CPU a post, and the most MB held."""
    command = [sys.executable, "-m", __name__, str(capacity)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, run.stdout.split())
    return seconds / TOTAL * 1e6, megabytes


def _frames() -> Iterator[bytes]:
    for number in range(TOTAL):
        fresh = _fresh(number)
        id = (int(1.6e12) + fresh) << 22 | (fresh % 32) << 12
        yield b'{"data":{"id":"%d","text":"hello"}}' % id


def _fresh(number: int) -> int:
    return number - number // 10


def _pipeline(capacity: int) -> None:
    import reactivex

    from rxtweets import operators as tw

    count = 0

    def on_next(_: object) -> None:
        nonlocal count
        count += 1

    posts = reactivex.from_iterable(_frames()).pipe(tw.decode())
    (posts.pipe(tw.distinct_by_id(capacity)) if capacity else posts).subscribe(on_next)
    assert count == (_fresh(TOTAL - 1) + 1 if capacity else TOTAL), count


if __name__ == "__main__":
    _pipeline(int(sys.argv[1]))
    used = os.times()
    print(used.user + used.system, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
