"""CPU per item of `tw.observe_on`, against RxPY's; and its memory with a subscriber at half the speed.

For the CPU a Subject pushes numbers and a subscriber counts them. Both operators run in turn, each run in a
process of its own, whose whole CPU time since the first number counts, and the ratio of each pair is taken.
The limit is for numbers that are pushed as fast as they can be. Of 5,000 a second, five at once, most of the
cost is to wake a thread, and to wait for the next five.

For the memory five million v2 posts come over a socket, and the subscriber takes one for two that were read.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time

from .corpus import corpus
from .memory import resident
from .wire import serving

RATE, BURST = 5000, 5

TOTALS = {"limit 0.15": 100_000, "at 5,000 a second": 10_000}
"""The numbers that are pushed, by the words for what is measured."""

PAIRS = 7

POSTS = 5_000_000
STEP = 500_000
CAPACITY = 10_000


def main() -> None:
    """Measure and print the ratios, and the memory."""
    for pace, total in TOTALS.items():
        pairs = [(_measured("ours", pace), _measured("rxpy", pace)) for _ in range(PAIRS)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = sorted(our / their for our, their in pairs)
        print(
            f"observe_on: {total:,} items, {PAIRS} pairs: ours {ours:.1f} µs, RxPY's {theirs:.1f} µs of CPU "
            f"an item; ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), {pace}",
            flush=True,
        )
    with serving(corpus("v2"), POSTS) as port:
        *steps, sums = _run("memory", str(port)).splitlines()
    held = [int(step) / 1024 for step in steps]
    received, delivered, dropped = map(int, sums.split())
    print(
        f"observe_on: {received:,} posts received = {delivered:,} delivered + {dropped:,} told as dropped; "
        f"{held[0]:.1f} MiB after {STEP:,}, {held[-1]:.1f} MiB at the end, {max(held):.1f} MiB at the most",
        flush=True,
    )
    assert received == delivered + dropped == POSTS


def _run(*arguments: str) -> str:
    command = [sys.executable, "-m", __name__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _measured(side: str, pace: str) -> float:
    """Microseconds of CPU an item."""
    count, seconds = _run(side, pace).split()
    assert int(count) == TOTALS[pace], count
    return float(seconds) / int(count) * 1e6


def _push(side: str, pace: str) -> None:
    from reactivex import Subject
    from reactivex import operators as ops
    from reactivex.scheduler import EventLoopScheduler

    from rxtweets import operators as tw

    count = 0
    done = threading.Event()
    never = threading.Event()

    def on_next(item: int) -> None:
        nonlocal count
        count += 1

    source: Subject[int] = Subject()
    operator = tw.observe_on() if side == "ours" else ops.observe_on(EventLoopScheduler())
    source.pipe(operator).subscribe(on_next, on_completed=done.set)
    before = os.times()
    begun = time.monotonic()
    for item in range(TOTALS[pace]):
        source.on_next(item)
        if pace == "at 5,000 a second" and item % BURST == 0:
            never.wait(max(begun + item / RATE - time.monotonic(), 0.0))
    source.on_completed()
    done.wait()
    after = os.times()
    print(count, after.user - before.user + after.system - before.system)


def _half_speed(port: int) -> None:
    from reactivex import operators as ops

    import rxtweets as rxt
    from rxtweets import operators as tw

    received = delivered = dropped = 0
    never = threading.Event()

    def read(_: rxt.messages.Post) -> None:
        nonlocal received
        received += 1
        if received % STEP == 0:
            print(resident(), flush=True)

    def take(item: rxt.messages.Post | rxt.messages.Dropped) -> None:
        nonlocal delivered, dropped
        if isinstance(item, rxt.messages.Dropped):
            dropped += item.count
            return
        delivered += 1
        while 2 * delivered > received and received < POSTS:
            never.wait(0.001)

    endpoint = rxt.Endpoint(rxt.Request("GET", f"http://127.0.0.1:{port}/"), 30.0, finite=True)
    posts = rxt.connect(endpoint).pipe(tw.decode(), tw.posts(), ops.do_action(read))
    rxt.run(posts.pipe(tw.observe_on(capacity=CAPACITY, overflow="drop_oldest")), take)
    print(received, delivered, dropped)


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        _half_speed(int(sys.argv[2]))
    else:
        _push(*sys.argv[1:])
