"""CPU per message of the pipeline, against a bare socket reader that splits lines and calls `orjson.loads`.

    connect → decode → statuses()/posts() → map to the text → subscribe

Both read the same bytes from the same server, in turn, each run in a process
of its own, whose whole CPU time counts, start-up from byte code included. What is compared is the ratio of
each pair, so that a machine that drifts does not matter.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

LIMITS = {"v1": 0.85, "v2": 1.35}
"""The highest ratio that is wanted, by protocol."""

TOTALS = {"v1": 100_000, "v2": 500_000}
PAIRS = 7


def main() -> None:
    """Measure and print the ratios."""
    from .corpus import corpus  # here, as these import rxtweets, which the bare reader must not
    from .wire import serving

    for protocol, limit in LIMITS.items():
        messages = corpus(protocol)
        size = sum(map(len, messages)) / len(messages)
        with serving(messages, TOTALS[protocol]) as port:
            _measured("floor", protocol, port)  # a warm-up
            pairs = [
                (_measured("pipeline", protocol, port), _measured("floor", protocol, port))
                for _ in range(PAIRS)
            ]
        pipeline, floor = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        print(
            f"{protocol}: {size:,.0f} bytes a message, {TOTALS[protocol]:,} messages, {PAIRS} pairs: "
            f"pipeline {pipeline:.2f} µs, floor {floor:.2f} µs of CPU a message; "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), wanted {limit}",
            flush=True,
        )


def _measured(side: str, protocol: str, port: int) -> float:
    """Microseconds of CPU a message."""
    command = [sys.executable, "-m", __name__, side, protocol, str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    answer = run.stdout.split()
    count, seconds = int(answer[0]), float(answer[1])
    assert count == TOTALS[protocol], count
    return seconds / count * 1e6


def _floor(protocol: str, port: int) -> int:
    from .readers.bare import Reader

    count = 0
    for text in Reader(protocol, port).texts():
        count += bool(text)
    return count


def _pipeline(protocol: str, port: int) -> int:
    import rxtweets as rxt
    from rxtweets import operators as tw

    count = 0

    def on_next(text: str) -> None:
        nonlocal count
        count += bool(text)

    endpoint = rxt.Endpoint(rxt.Request("GET", f"http://127.0.0.1:{port}/"), 30.0, finite=True)
    messages = rxt.connect(endpoint).pipe(tw.decode())
    if protocol == "v1":
        texts = messages.pipe(tw.statuses()).map(lambda status: status.text)
    else:
        texts = messages.pipe(tw.posts()).map(lambda post: post.text)
    rxt.run(texts, on_next)
    return count


if __name__ == "__main__":
    side, protocol, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count = (_pipeline if side == "pipeline" else _floor)(protocol, port)
    used = os.times()
    print(count, used.user + used.system)
