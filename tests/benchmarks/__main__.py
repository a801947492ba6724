"""Run all benchmarks or those named: `python -m tests.benchmarks throughput memory`; `BENCHMARKS` has all.

`peers` runs only when it is named: it installs other clients from the network, and rewrites a page of
the docs.
"""

from __future__ import annotations

import sys

from . import (
    aio,
    budget,
    distinct,
    emulator,
    filters,
    gui,
    hub,
    imports,
    memory,
    observe_on,
    peers,
    record,
    relay,
    rules,
    throughput,
    watch,
    windows,
)

BENCHMARKS = {
    "throughput": throughput.main,
    "memory": memory.main,
    "observe_on": observe_on.main,
    "aio": aio.main,
    "imports": imports.main,
    "distinct": distinct.main,
    "budget": budget.main,
    "filters": filters.main,
    "rules": rules.main,
    "hub": hub.main,
    "windows": windows.main,
    "watch": watch.main,
    "gui": gui.main,
    "emulator": emulator.main,
    "record": record.main,
    "relay": relay.main,
    "peers": peers.main,
}

unknown = [name for name in sys.argv[1:] if name not in BENCHMARKS]
if unknown:
    sys.exit(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
for name in sys.argv[1:] or [name for name in BENCHMARKS if name != "peers"]:
    BENCHMARKS[name]()
