"""CPU per item of delivery on an asyncio loop at 2,000 items a second, against RxPY's thread-safe scheduler.

A thread pushes numbers into a Subject at an even pace, and a subscriber on the loop counts them. Each run is
a process of its own, whose whole CPU time counts, less what the pushing alone takes.

And the longest pause of a loop on which as many posts a second are delivered for 10 s, from an emulator in a
process of its own: how late a timer of 5 ms was at most, ahead of other programs where that is allowed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time

from rxtweets.emulator import Emulator

from .priority import take_priority

RATE = 2000
TOTAL = 6000

PAIRS = 5

SECONDS = 10

WAYS = {"observe_on": "aio.observe_on", "iterate": "aio.iterate"}
"""The ways of ours, by the words for them."""


def main() -> None:
    """Measure and print the ratios."""
    nothing = statistics.median(_measured("nothing") for _ in range(3))
    for way, name in WAYS.items():
        pairs = [(_measured(way) - nothing, _measured("rxpy") - nothing) for _ in range(PAIRS)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratios = sorted(our / their for our, their in pairs)
        print(
            f"aio: {TOTAL:,} items at {RATE:,} a second, {PAIRS} pairs: {name} {ours:.1f} µs, RxPY's "
            f"observe_on {theirs:.1f} µs of CPU an item; ratio {statistics.median(ratios):.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f}), limit 0.5",
            flush=True,
        )
    for way, name in WAYS.items():
        pause, posts = _pause(way)
        print(
            f"aio: {posts / SECONDS:,.0f} posts a second for {SECONDS} s by {name}: longest pause of the "
            f"loop {pause * 1e3:.0f} ms, limit 50",
            flush=True,
        )


def _pause(way: str) -> tuple[float, int]:
    """Seconds of the longest pause, and the number of posts."""
    with Emulator(rate=RATE, level="enterprise") as emulator:
        done = subprocess.run(
            [sys.executable, "-m", __name__, way, "posts"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **emulator.env()},
        )
    pause, posts = done.stdout.split()
    return float(pause), int(posts)


def _measured(way: str) -> float:
    """Microseconds of CPU an item."""
    command = [sys.executable, "-m", __name__, way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, seconds = done.stdout.split()
    assert int(count) == TOTAL, count
    return float(seconds) / TOTAL * 1e6


def _push(way: str) -> None:
    import asyncio

    from reactivex import Observable, Subject
    from reactivex import operators as ops
    from reactivex.scheduler.eventloop import AsyncIOThreadSafeScheduler

    from rxtweets import aio

    source: Subject[int] = Subject()
    never = threading.Event()
    count = 0

    def push() -> None:
        begun = time.monotonic()
        for item in range(TOTAL):
            source.on_next(item)
            never.wait(max(begun + (item + 1) / RATE - time.monotonic(), 0.0))
        source.on_completed()

    def on_next(item: int) -> None:
        nonlocal count
        count += 1

    async def run() -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def completed() -> None:
            loop.call_soon_threadsafe(done.set)

        pushing = threading.Thread(target=push)
        if way == "iterate":
            loop.call_soon(pushing.start)
            async for item in aio.iterate(source):
                on_next(item)
            return
        handed_over: Observable[int] = source
        if way == "observe_on":
            handed_over = source.pipe(aio.observe_on())
        elif way == "rxpy":
            handed_over = source.pipe(ops.observe_on(AsyncIOThreadSafeScheduler(loop)))
        handed_over.subscribe(on_next, on_completed=completed)
        pushing.start()
        await done.wait()

    before = os.times()
    asyncio.run(run())
    after = os.times()
    print(count, after.user - before.user + after.system - before.system)


def _tick(way: str) -> None:
    import asyncio

    import rxtweets as rxt
    from rxtweets import aio
    from rxtweets import operators as tw

    take_priority()
    count = 0

    def on_next(_: object) -> None:
        nonlocal count
        count += 1

    async def run() -> None:
        nonlocal count
        stream = rxt.StreamingClient(rxt.BearerToken.from_env()).sample().pipe(tw.posts())

        async def iterating() -> None:
            async for post in aio.iterate(stream):
                on_next(post)

        task = asyncio.create_task(iterating() if way == "iterate" else asyncio.sleep(SECONDS + 1))
        subscription = stream.pipe(aio.observe_on()).subscribe(on_next) if way == "observe_on" else None
        while not count:
            await asyncio.sleep(0.01)
        longest, count = 0.0, 0
        end = (now := time.monotonic()) + SECONDS
        while now < end:
            await asyncio.sleep(0.005)
            before, now = now, time.monotonic()
            longest = max(longest, now - before - 0.005)
        print(longest, count)
        task.cancel()
        if subscription is not None:
            subscription.dispose()

    asyncio.run(run())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _tick(sys.argv[1])
    else:
        _push(sys.argv[1])
