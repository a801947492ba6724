"""CPU of `rxtweets watch` on a terminal of 120 × 40, at 200 posts a second that all go through its filters.

The whole of the process counts, but for its first seconds: reading, matching, counting and drawing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from rxtweets.emulator import Emulator

RATE, WARM_UP, SECONDS = 200, 4.0, 20.0
MOST_CPU = 0.3
"""The share of a core."""


def main() -> None:
    """Measure and print it, for each of the protocols."""
    for api in ("v2", "v1"):
        # The server is another process: its CPU doesn't count.
        command = [sys.executable, "-m", __name__]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            variables = dict(line.split("=", 1) for line in server.stdout.readline().split())
            cpu, drawn = _measure(api, {**os.environ, **variables})
            server.communicate("")
        print(
            f"watch, {RATE} posts a second, {api}: {cpu:.3f} of a core, limit {MOST_CPU}; "
            f"{drawn / 1000:,.0f} kB a second for the terminal",
            flush=True,
        )


def _measure(api: str, env: dict[str, str]) -> tuple[float, float]:
    """Return the share of a core and the bytes a second that the terminal gets."""
    ours, its = os.openpty()
    termios.tcsetwinsize(its, (40, 120))
    command = [sys.executable, "-m", "rxtweets", "watch", "--api", api, "--track", "coffee", "--track", "tea"]
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with subprocess.Popen(command, env=env, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        written = 0

        def read() -> None:
            nonlocal written
            with contextlib.suppress(OSError):  # as Linux tells that the other side is closed
                while piece := os.read(ours, 65536):
                    written += len(piece)

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(WARM_UP)
        before, began, bytes_before = _cpu(process.pid), time.monotonic(), written
        time.sleep(SECONDS)
        cpu, took = _cpu(process.pid) - before, time.monotonic() - began
        drawn = (written - bytes_before) / took
        os.write(ours, b"q")
        process.wait()
        reader.join()
    os.close(ours)
    return cpu / took, drawn


def _cpu(process: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _serve() -> None:
    with Emulator(rate=RATE) as server:
        print(*(f"{name}={value}" for name, value in server.env().items()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
