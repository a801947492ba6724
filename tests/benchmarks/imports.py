"""Measure what rxtweets, byte-compiled as pip installs it, adds to the imports of `reactivex` and `requests`.

It is the CPU of all that a program loads up to where it subscribes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 21
LIMIT_MS = 30.0

PROGRAM = """
import time
import reactivex.operators, requests
start = time.process_time()
import rxtweets as rxt
from rxtweets import operators as tw
rxt.StreamingClient(rxt.BearerToken("token")).sample().pipe(tw.posts())
rxt.run
print((time.process_time() - start) * 1000)
"""


def main() -> None:
    """Measure and print the milliseconds."""
    _milliseconds()  # leaves the byte code behind
    found = sorted(_milliseconds() for _ in range(ROUNDS))
    print(
        f"imports: {statistics.median(found):.1f} ms of CPU ({found[0]:.1f} to {found[-1]:.1f}) "
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
