"""Machines that share the leases of a log, each of which is a program."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from rxtweets.errors import LogError
from rxtweets.relay import JetStream, Lease
from tests.forked import Program
from tests.relay.working import PATIENCE

_PROGRAM = """
import sys
import reactivex
import rxtweets as rxt
from rxtweets.relay import JetStream

nats, stream, count, lease = sys.argv[1:]
log = JetStream(nats, stream=stream)
led = [
    log.lead(lambda _: reactivex.never(), name=f"partition-{number}", lease=float(lease))
    for number in range(int(count))
]
rxt.run(reactivex.merge(*led))
"""


class Machines:
    """Programs that each read those of so many partitions that are theirs."""

    def __init__(self, stack: ExitStack, url: str, stream: str, partitions: int, lease: float) -> None:
        self.running: list[Program] = []
        self._stack = stack
        self._arguments = ["-c", _PROGRAM, url, stream, str(partitions), str(lease)]
        self._log = JetStream(url, stream=stream)

    def start(self, count: int) -> None:
        for _ in range(count):
            started = self._stack.enter_context(Program(self._arguments))
            self._stack.callback(started.kill)
            self.running.append(started)

    def kill(self) -> None:
        """Kill the one that was started first."""
        self.running.pop(0).kill()

    def leases(self) -> dict[str, Lease]:
        try:
            return self._log.status().run().leases
        except LogError:
            return {}  # it isn't there yet

    def shares(self) -> list[int]:
        """Return how many partitions each reads, the fewest first."""
        readers = [lease.reader.rpartition(":")[2] for lease in self.leases().values()]
        return sorted(readers.count(str(one.pid)) for one in self.running)

    def wait_for(self, shares: list[int]) -> None:
        tick = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            if (found := self.shares()) == shares:
                return
            tick.wait(0.1)
        raise AssertionError(found)
