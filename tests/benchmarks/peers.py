"""Measure rxtweets against a bare reader, Tweepy 3, Tweepy 4 and X's xdk, on the same bytes in the same run.

Each runs in an environment of its own (`PEERS_ENVIRONMENTS` names a folder that keeps them), as a program of
its users would be written and with its own defaults. They take turns, so that whatever else the machine does
meets all of them; ratios are those of each turn, and what counts is their median. The whole process counts,
from the start of Python to its end.

The results go to `docs/measured/peers.json`; `peers_page` makes the plot and the page's tables from that.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from tests.peers import environments

from . import peers_page
from .corpus import corpus
from .peers_page import LONGEST_STOP, Measured, Protocol, Ratio, Reader
from .wire import STAMP, falling_silent, serving, stamping

READERS = {
    "v2": {"bare": "a bare reader", "ours": "rxtweets", "tweepy4": "Tweepy", "xdk": "xdk"},
    "v1": {"bare": "a bare reader", "ours": "rxtweets", "tweepy3": "Tweepy"},
}
"""The modules of the readers of each protocol, and their names."""

DELIMITED = {"v2": False, "v1": True}
"""Tweepy 3 asks for the length before each message, so all readers of v1.1 do."""

TOTALS = {"v2": 200_000, "v1": 50_000}
RATE, SECONDS, WARM_UP = 100.0, 10, 100
"""Messages a second for the latency, how long, and how many first ones don't count."""

KEEP_ALIVE = {"v2": 20.0, "v1": 30.0}
"""Seconds between two blank lines on a silent stream. Source: X's guides to both streams."""

ROUNDS = 5
CPU_LIMITS = {("v2", "tweepy4"): 0.20, ("v2", "xdk"): 0.30, ("v1", "tweepy3"): 0.20}
LATENCY_LIMIT = 1.3


def main() -> None:
    """Measure, print the tables, and write the results, the plot and the page."""
    load = round(os.getloadavg()[1], 1)
    with _folder() as folder:
        interpreters = {name: Path(sys.executable) for name in ("bare", "ours")}
        for client in ("tweepy3", "tweepy4", "xdk"):
            interpreters[client] = environments.python(folder, client, os.environ)
        measured = Measured(
            date=datetime.date.today().isoformat(),
            machine=_machine(),
            load=load,
            rounds=ROUNDS,
            rate=RATE,
            protocols={protocol: _measure(protocol, interpreters) for protocol in READERS},
        )
    peers_page.write(measured)
    print(peers_page.tables(measured), flush=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    if kept := os.environ.get("PEERS_ENVIRONMENTS"):
        yield Path(kept).absolute()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores of {model or platform.machine()}, {platform.system()}, {python}"


def _measure(protocol: str, interpreters: Mapping[str, Path]) -> Protocol:
    names, delimited, total = READERS[protocol], DELIMITED[protocol], TOTALS[protocol]
    messages = corpus(protocol)
    stamped = _stamped(protocol, messages[0])
    count = int(RATE * SECONDS)

    def run(name: str, task: str, port: int, number: int) -> dict[str, Any]:
        return _run(interpreters[name], name, task, protocol, port, number)

    with serving(messages, total, delimited=delimited) as port:
        run("bare", "speed", port, total)  # a warm-up
        speeds = [{name: run(name, "speed", port, total) for name in names} for _ in range(ROUNDS)]
    # More than are read: some readers hand a message on only when the next one comes.
    with stamping(stamped, count + WARM_UP, RATE, delimited=delimited) as port:
        turns = [{name: run(name, "latency", port, count) for name in names} for _ in range(ROUNDS)]
    with falling_silent(stamped, KEEP_ALIVE[protocol], delimited=delimited) as port:
        stops = {name: run(name, "stop", port, LONGEST_STOP)["stop"] for name in names}
    latencies = [{name: _percentiles(turn[name]["delays"]) for name in names} for turn in turns]

    def ratio(of: str, rounds: list[tuple[float, float]], limit: float | None) -> Ratio:
        found = [ours / theirs for ours, theirs in rounds]
        return Ratio(
            of, round(statistics.median(found), 3), round(min(found), 3), round(max(found), 3), limit
        )

    return Protocol(
        bytes=round(sum(map(len, messages)) / len(messages)),
        messages=total,
        first=all(turn[name]["first"] for turn in turns for name in names),
        readers=[
            Reader(
                name=name,
                version=_version(interpreters[module], name),
                cpu=_median(speed[module]["cpu"] for speed in speeds),
                memory=_median(speed[module]["memory"] for speed in speeds),
                p50=_median(latency[module][0] for latency in latencies),
                p99=_median(latency[module][1] for latency in latencies),
                stop=stops[module],
            )
            for module, name in names.items()
        ],
        ratios=[
            *(
                ratio(
                    f"CPU, to {name}",
                    [(speed["ours"]["cpu"], speed[module]["cpu"]) for speed in speeds],
                    CPU_LIMITS.get((protocol, module)),
                )
                for module, name in names.items()
                if module != "ours"
            ),
            *(
                ratio(
                    f"latency {which}, to a bare reader",
                    [(latency["ours"][index], latency["bare"][index]) for latency in latencies],
                    LATENCY_LIMIT,
                )
                for index, which in enumerate(("p50", "p99"))
            ),
        ],
    )


def _stamped(protocol: str, message: bytes) -> bytes:
    """*message* with a text that the server replaces by the time."""
    said = msgspec.json.decode(message)
    (said if protocol == "v1" else said["data"])["text"] = STAMP.decode()
    return msgspec.json.encode(said)


def _run(python: Path, name: str, task: str, protocol: str, port: int, number: int) -> dict[str, Any]:
    command = [str(python), "-m", f"{__package__}.readers", name, task, protocol, str(port), str(number)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _version(python: Path, name: str) -> str:
    if name == "rxtweets":
        return version(name)
    package = {"a bare reader": "orjson"}.get(name, name.lower())
    program = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [str(python), "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def _percentiles(delays: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(delays[WARM_UP:], n=100)
    return cuts[49], cuts[98]


def _median(values: Iterator[float]) -> float:
    return round(statistics.median(values), 1)


if __name__ == "__main__":
    main()
