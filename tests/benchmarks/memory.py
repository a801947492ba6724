"""Memory of the pipeline over a million messages: it must be flat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .corpus import corpus
from .wire import serving

TOTAL = 1_000_000
STEP = 100_000


def main() -> None:
    """Run the pipeline over a million v2 posts and print what memory it held on the way."""
    with serving(corpus("v2"), TOTAL) as port:
        command = [sys.executable, "-m", __name__, str(port)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    held = [int(line) for line in answer.split()]
    print(
        f"memory: {held[0] / 1024:.1f} MiB after {STEP:,} posts, {held[-1] / 1024:.1f} MiB after {TOTAL:,}, "
        f"{max(held) / 1024:.1f} MiB at the most",
        flush=True,
    )


def resident() -> int:
    """KiB that this process holds in memory now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise OSError("no VmRSS in /proc/self/status")


def _pipeline(port: int) -> None:
    import rxtweets as rxt
    from rxtweets import operators as tw

    count = 0

    def on_next(post: rxt.messages.Post) -> None:
        nonlocal count
        count += 1
        if count % STEP == 0:
            print(resident(), flush=True)

    endpoint = rxt.Endpoint(rxt.Request("GET", f"http://127.0.0.1:{port}/"), 30.0, finite=True)
    rxt.run(rxt.connect(endpoint).pipe(tw.decode(), tw.retry_with_backoff(), tw.posts()), on_next)


if __name__ == "__main__":
    _pipeline(int(sys.argv[1]))
