"""What importing rxtweets costs over importing `reactivex` and `requests`."""

from __future__ import annotations

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
    found = sorted(
        float(subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout)
        for _ in range(ROUNDS)
    )
    print(
        f"imports: rxtweets takes {statistics.median(found):.1f} ms ({found[0]:.1f} to {found[-1]:.1f}) "
        f"over reactivex and requests, limit {LIMIT_MS:g} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
