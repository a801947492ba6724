"""Measure what importing rxtweets, byte-compiled as pip installs it, adds to `reactivex` and `requests`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 21
LIMIT_MS = 30.0

PROGRAM = """
import time
import reactivex, requests
start = time.perf_counter()
import rxtweets
print((time.perf_counter() - start) * 1000)
"""


def main() -> None:
    """Measure and print the milliseconds."""
    _milliseconds()  # leaves the byte code behind
    found = sorted(_milliseconds() for _ in range(ROUNDS))
    print(
        f"imports: rxtweets takes {statistics.median(found):.1f} ms ({found[0]:.1f} to {found[-1]:.1f}) "
        f"over reactivex and requests, limit {LIMIT_MS:g} ms",
        flush=True,
    )


def _milliseconds() -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    )
    return float(run.stdout)


if __name__ == "__main__":
    main()
