"""Memory and CPU of `tw.top` over a minute's window, of v2 posts that come at 1,000 a second.

The whole of a process counts: reading, decoding, finding the hashtags and counting them, with an output each
second. Hashtags are as frequent as on X, few often and most of them rarely, or in the flood all different.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time

import msgspec

from .corpus import corpus
from .memory import resident
from .wire import serving

RATE, SECONDS, WINDOW = 1_000, 75, 60.0
MOST_MEMORY, MOST_CPU = 60, 0.1
"""MB, and the share of a core."""

TAGS = 50_000


def main() -> None:
    """Measure and print memory and CPU."""
    rng = random.Random(1)
    ranked = [1 / rank for rank in range(1, TAGS + 1)]
    usual = [str(tag) for tag in rng.choices(range(TAGS), ranked, k=RATE * SECONDS)]
    different = [str(number) for number in range(RATE * SECONDS)]
    for name, tags in (("as on X", usual), ("all different", different)):
        posts = [msgspec.json.decode(frame) for frame in corpus("v2")]
        frames = []
        for number, tag in enumerate(tags):
            post = posts[number % len(posts)]
            words = f"{post['data']['text'][:100]} #tag{tag}"
            frames.append(msgspec.json.encode({**post, "data": {**post["data"], "text": words}}))
        with serving(frames, len(frames), SECONDS) as port:
            command = [sys.executable, "-m", __name__, str(port)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        *held, total, seen, cpu = map(float, answer.split())
        print(
            f"windows, hashtags {name}: {max(held) * 1.024e-3:.1f} MB at the most, limit {MOST_MEMORY}; "
            f"{cpu:.3f} of a core, limit {MOST_CPU}; {total:,.0f} in the last full window, "
            f"{seen:,.0f} posts in all",
            flush=True,
        )


def _pipeline(port: int) -> None:
    import rxtweets as rxt
    from rxtweets import operators as tw

    start = time.monotonic()
    began = time.process_time()
    count = 0
    full = 0

    def counted(post: rxt.messages.Post) -> tuple[str, ...]:
        nonlocal count
        count += 1
        return rxt.hashtags(post)

    def on_next(top: tw.Counts[str]) -> None:
        nonlocal full
        if top.seconds == WINDOW:
            full = top.total
        print(resident(), flush=True)

    endpoint = rxt.Endpoint(rxt.Request("GET", f"http://127.0.0.1:{port}/"), 30.0, finite=True)
    stream = rxt.connect(endpoint).pipe(tw.decode(), tw.retry_with_backoff(), tw.posts())
    rxt.run(stream.pipe(tw.top(counted, 10, WINDOW, 1.0)), on_next)
    print(full, count, (time.process_time() - began) / (time.monotonic() - start), flush=True)


if __name__ == "__main__":
    _pipeline(int(sys.argv[1]))
