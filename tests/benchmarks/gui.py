"""Windows under 2,000 items a second: redraws, the longest pause, and CPU against RxPY's own schedulers.

Each toolkit that is there has a window on a virtual screen. For 10 s it shows all that comes in a text, one
by one or in batches, while the redraws are counted, and a timer of 5 ms tells how long the loop was away. It
and its screen have priority over other programs, where that is allowed.

For the CPU a subscriber counts the items, with `observe_on` of the toolkit and with RxPY's and its scheduler
in turn, each run in a process of its own, whose whole CPU time counts, and the ratio of each pair is taken.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from typing import Any

from .priority import take_priority

SECONDS, PAIRS, SHORT = 10.0, 5, 3.0

MOST_PAUSE, LEAST_REDRAWS, MOST_CPU = 50, 30, 0.5
"""Milliseconds, a second, and the ratio."""

WAYS = "one by one", "in batches"

TICK = 0.005


def main() -> None:
    """Measure and print."""
    from tests.gui.toolkits import TOOLKITS, find
    from tests.screen import virtual_screen

    take_priority()
    with virtual_screen() as display:
        for toolkit in TOOLKITS:
            command, environment, reason = find(toolkit)
            if reason:
                print(f"gui, {toolkit}: not there: {reason}")
                continue
            run = partial(_run, toolkit, command, {**os.environ, **environment, "DISPLAY": display})
            for way in WAYS:
                facts = run(way, SECONDS)
                print(
                    f"gui, {toolkit}: {facts['count']:,} shown {way}: "
                    f"{facts['redraws']:.0f} redraws a second, at least {LEAST_REDRAWS}; "
                    f"longest pause {facts['pause']:.0f} ms, at most {MOST_PAUSE}; "
                    f"{facts['cpu']:.0f} % of a core",
                    flush=True,
                )
            pairs = [(run("ours", SHORT), run("rxpy", SHORT)) for _ in range(PAIRS)]
            ours = statistics.median(one["each"] for one, _ in pairs)
            whole = [pair for pair in pairs if pair[1]["count"] == pair[0]["count"]]
            if not whole:
                most = max(other["count"] for _, other in pairs)
                said = f"RxPY's scheduler delivers {most:,} of {pairs[0][0]['count']:,}"
            else:
                theirs = statistics.median(other["each"] for _, other in whole)
                ratios = sorted(one["each"] / other["each"] for one, other in whole)
                said = (
                    f"RxPY's {theirs:.1f} µs; ratio {statistics.median(ratios):.2f} "
                    f"({ratios[0]:.2f} to {ratios[-1]:.2f}, {len(whole)} pairs), limit {MOST_CPU}"
                )
            print(f"gui, {toolkit}: counted: {ours:.1f} µs of CPU an item, {said}", flush=True)


def _run(
    toolkit: str, command: list[str], environment: dict[str, str], way: str, seconds: float
) -> dict[str, Any]:
    done = subprocess.run(
        [*command, "-m", __name__, toolkit, way],
        env={**environment, "SECONDS": str(seconds)},
        stdout=subprocess.PIPE,
        check=True,
    )
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def _show(window: Any, way: str) -> dict[str, Any]:
    from tests.gui.scenarios import Numbers

    numbers = Numbers()
    count, longest, ticked = 0, 0.0, time.monotonic()

    def show(item: Any) -> None:
        nonlocal count
        items = item if isinstance(item, list) else [item]
        count += len(items)
        window.append(*items)

    def tick() -> None:
        nonlocal longest, ticked
        now = time.monotonic()
        longest, ticked = max(longest, now - ticked - TICK), now
        window.after(TICK, tick)

    def begin() -> None:
        nonlocal ticked
        ticked = time.monotonic()
        window.after(TICK, tick)
        observed = numbers.observable.pipe(window.observe_on(batches=way == "in batches"))
        observed.subscribe(show, on_completed=window.close)

    window.after(0.5, begin)
    redraws = window.redraws
    began, before = time.monotonic(), os.times()
    window.run()
    took, after = time.monotonic() - began - 0.5, os.times()
    cpu = after.user - before.user + after.system - before.system
    return {
        "count": count,
        "redraws": (window.redraws - redraws) / took,
        "pause": longest * 1000,
        "cpu": 100 * cpu / took,
    }


def _count(window: Any, way: str) -> dict[str, Any]:
    from reactivex import operators as ops

    from tests.gui.scenarios import SECONDS, Numbers

    numbers = Numbers()
    count = 0

    def on_next(_: int) -> None:
        nonlocal count
        count += 1

    operator = window.observe_on() if way == "ours" else ops.observe_on(window.rxpy())
    window.after(SECONDS + 2, window.close)  # RxPY's may not deliver the completion
    before = os.times()
    numbers.observable.pipe(operator).subscribe(on_next, print, lambda: window.after(0.0, window.close))
    window.run()
    after = os.times()
    numbers.disposed.set()
    cpu = after.user - before.user + after.system - before.system
    return {"count": count, "each": cpu / max(count, 1) * 1e6}


if __name__ == "__main__":
    toolkit, way = sys.argv[1:]
    window = importlib.import_module(f"tests.gui.windows.{toolkit}").Window()
    print(json.dumps((_show if way in WAYS else _count)(window, way)), flush=True)
    os._exit(0)  # RxPY's schedulers may leave what waits for ever
