"""Run the benchmarks: `python -m tests.benchmarks [throughput] [memory] [imports] [filters]`, or all."""

from __future__ import annotations

import sys

from . import filters, imports, memory, throughput

BENCHMARKS = {
    "throughput": throughput.main,
    "memory": memory.main,
    "imports": imports.main,
    "filters": filters.main,
}

unknown = [name for name in sys.argv[1:] if name not in BENCHMARKS]
if unknown:
    sys.exit(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
for name in sys.argv[1:] or BENCHMARKS:
    BENCHMARKS[name]()
