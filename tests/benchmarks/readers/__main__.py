"""Measure one reader: `python -m tests.benchmarks.readers READER TASK PROTOCOL PORT NUMBER` prints JSON.

Only Python's own library is needed here: the readers' environments have no other.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.priority import take_priority


def speed(reader: Any, count: int) -> dict[str, Any]:
    """CPU of the whole process, in microseconds a message, and its memory at the most, in MiB."""
    left = count

    def on_text(text: str) -> bool:
        nonlocal left
        left -= bool(text)
        return not left

    reader.run(on_text)
    used = os.times()
    assert not left, f"{left} of {count} messages did not come"
    return {"cpu": (used.user + used.system) / count * 1e6, "memory": _most_memory()}


def latency(reader: Any, count: int) -> dict[str, Any]:
    """Microseconds from the server's write to the callback, for each message; its text is the time then."""
    first = take_priority()
    delays: list[float] = []

    def on_text(text: str) -> bool:
        delays.append((time.monotonic_ns() - int(text)) / 1000)
        return len(delays) == count

    reader.run(on_text)
    return {"delays": delays, "first": first}


def stop(reader: Any, longest: int) -> dict[str, Any]:
    """Seconds from the call that ends a silent stream until nothing is read; None for over *longest*."""
    arrived = threading.Event()

    def on_text(text: str) -> bool:
        arrived.set()
        return False

    reading = threading.Thread(target=reader.run, args=[on_text], daemon=True)
    reading.start()
    arrived.wait()
    reading.join(0.2)  # until it waits for the next message
    start = time.perf_counter()
    reader.stop()
    reading.join(longest)
    return {"stop": None if reading.is_alive() else time.perf_counter() - start}


def _most_memory() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM in /proc/self/status")


TASKS: dict[str, Callable[[Any, int], dict[str, Any]]] = {"speed": speed, "latency": latency, "stop": stop}

name, task, protocol, port, number = sys.argv[1:]
made = importlib.import_module(f"{__package__}.{name}").Reader(protocol, int(port))
print(json.dumps(TASKS[task](made, int(number))), flush=True)
os._exit(0)  # a reader that didn't stop would keep the process
