"""CPU and bytes of `tw.record` a message, in each form, as a ratio to the chain without it; and of replays.

    frames → decode → record → subscribe

Each run is a process of its own, whose whole CPU time since the first frame counts, and the ratio of each
round is taken. The messages are 200 different ones in turn; zstd finds them all again, so that its size is
flattered: figures for that are of the first 200. A replay is one without waits, up to the bytes of a frame.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .corpus import corpus

TOTAL = 20_000
ROUNDS = 3
FORMS = [".jsonl", ".jsonl.gz", ".jsonl.zst"]
WORDS = {"v1": "v1.1 statuses of 5.5 kB", "v2": "v2 posts of 600 bytes"}


def main() -> None:
    """Measure and print the costs, their ratios, and the sizes."""
    with tempfile.TemporaryDirectory() as folder:
        for protocol, words in WORDS.items():
            frames = corpus(protocol)
            file = Path(folder) / protocol
            file.write_bytes(b"\n".join(frames))
            for form in FORMS:
                path = Path(folder) / f"{protocol}{form}"
                rounds = [_round(file, path) for _ in range(ROUNDS)]
                without, recorded, replayed = (
                    statistics.median(column) for column in zip(*rounds, strict=True)
                )
                ratios = sorted(with_ / without for without, with_, _ in rounds)
                path.unlink()
                _run(file, path, len(frames))
                share = path.stat().st_size / file.stat().st_size
                print(
                    f"record: {words}, {form}: {recorded - without:.1f} µs of CPU a message more than "
                    f"{without:.1f} µs without; ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to "
                    f"{ratios[-1]:.2f}); {share:.0%} of the bytes; {replayed:.1f} µs to replay",
                    flush=True,
                )


def _round(file: Path, path: Path) -> tuple[float, float, float]:
    """Microseconds of CPU a message: without the operator, with it, and of a replay."""
    path.unlink(missing_ok=True)
    return _run(file, None), _run(file, path), _run(None, path)


def _run(file: Path | None, path: Path | None, total: int = TOTAL) -> float:
    command = [sys.executable, "-m", __name__, str(file or ""), str(path or ""), str(total)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout) / total * 1e6


def _pipeline(file: str, path: str, total: int) -> float:
    import reactivex

    import rxtweets as rxt
    from rxtweets import operators as tw

    count = 0

    def on_next(item: object) -> None:
        nonlocal count
        count += 1

    sent = Path(file).read_bytes().split(b"\n") if file else []
    before = time.process_time()
    if not file:
        rxt.run(rxt.replay(path, speed=None), on_next)
    else:
        frames = (sent[number % len(sent)] for number in range(total))
        messages = reactivex.from_iterable(frames).pipe(tw.decode())
        rxt.run(messages.pipe(tw.record(path)) if path else messages, on_next)
    used = time.process_time() - before
    assert count == total, count
    return used


if __name__ == "__main__":
    print(_pipeline(sys.argv[1], sys.argv[2], int(sys.argv[3])))
