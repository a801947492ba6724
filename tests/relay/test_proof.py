"""The whole of it on a cluster: readers, workers and servers die, and each post is in the log once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.errors import StreamError
from rxtweets.messages import Post, Redelivered
from rxtweets.relay import JetStream, LogStatus
from tests.forked import DEVNULL, Program
from tests.relay.servers import Server
from tests.relay.test_lead import assert_never_two
from tests.relay.working import Worker

_T = TypeVar("_T")

READER = """
import sys
import rxtweets as rxt
from rxtweets.relay import JetStream

servers, url, token, lease = sys.argv[1:]
client = rxt.StreamingClient(rxt.BearerToken(token), base_url=url)
rxt.run(
    JetStream(servers.split(","), stream="x", replicas=3).lead(
        lambda checkpoint: client.sample(recovery=rxt.Recovery(checkpoint=checkpoint)), lease=float(lease)
    )
)
"""

WORKER = """
import os, sys
import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Post, Redelivered
from rxtweets.relay import JetStream

servers, path = sys.argv[1:]
file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
again = False

def work(item):
    global again
    if isinstance(item, Post):
        os.write(file, f"{item.text} {int(again)}\\n".encode())
    again = isinstance(item, Redelivered)

log = JetStream(servers.split(","), stream="x", replicas=3)
rxt.run(log.consume("shared", from_="start", redeliver_after=5.0).pipe(tw.decode()), work)
"""


class Cast:
    """The emulator, the cluster, readers, workers, and a thread that publishes."""

    def __init__(
        self, stack: ExitStack, folder: Path, cluster: list[Server], rate: float, lease: float
    ) -> None:
        self.cluster = cluster
        self.folder = folder
        self.log = JetStream([server.url for server in cluster], stream="x", replicas=3)
        self.servers = ",".join(server.url for server in cluster)
        # What came within the minutes that a reader asks for is to be there.
        limits = Limits(history=1_000_000, connects=None, requests=None, messages=None)
        self.emulator = stack.enter_context(Emulator(rate=0, level="enterprise", limits=limits))
        arguments = [self.servers, self.emulator.base_url, self.emulator.bearer_token, str(lease)]
        self.readers = [stack.enter_context(program(folder, ["-c", READER, *arguments])) for _ in range(2)]
        self._files = [folder / f"worker-{number}" for number in range(2)]
        self.workers = [
            stack.enter_context(program(folder, ["-c", WORKER, self.servers, str(path)]))
            for path in self._files
        ]
        self.alone = stack.enter_context(
            Worker(self.log.consume("alone", from_="start", redeliver_after=5.0).pipe(tw.decode()))
        )
        self.published = 0
        self.begun = 0.0
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish)
        stack.callback(self.stop)

    def _publish(self) -> None:
        while not self._stop.wait(0.002):
            # Posts that a busy machine was late for come together.
            for _ in range(self.published, int((time.monotonic() - self.begun) * self._rate)):
                self.emulator.publish(f"{self.published}")
                self.published += 1

    def start(self) -> None:
        self.begun = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def status(self) -> LogStatus | None:
        """Return the log's status, if it answers."""
        try:
            return self.log.status().run()
        except StreamError:
            return None

    def find(self, look: Callable[[LogStatus], list[_T]]) -> _T:
        """Wait until *look* finds something in the log's status, and return it."""
        found: list[_T] = []

        def is_there() -> bool:
            status = self.status()
            found[:] = look(status) if status else []
            return bool(found)

        self.wait_until(is_there)
        return found[0]

    def leader(self) -> Server:
        """Return the server that writes the log."""
        return self.find(
            lambda status: [one for number, one in enumerate(self.cluster) if status.leader == f"n{number}"]
        )

    def reader(self) -> Program:
        """Return the reader that leads."""
        return self.find(
            lambda status: [
                one
                for one in self.readers
                for lease in status.leases.values()
                if lease.reader.endswith(f":{one.pid}")
            ]
        )

    def behind(self) -> tuple[str, ...]:
        """Return the names of the servers that haven't all of the log."""
        return self.find(lambda status: [status.behind] if status.leader and status.replicas == 3 else [])

    def shared(self) -> list[tuple[str, bool]]:
        """Return what the workers of a group worked on, and whether it was marked as coming again."""
        lines = [line for path in self._files if path.exists() for line in path.read_text().splitlines()]
        return [(line.split()[0], line.endswith("1")) for line in lines]

    def wait_until(self, done: Callable[[], bool]) -> None:
        tick = threading.Event()
        for _ in range(3000):
            if done():
                return
            tick.wait(0.1)
        raise AssertionError(
            f"{self.published} published, {self.status()}, {(self.folder / 'warnings').read_text()[-2000:]}"
        )

    def go_on(self) -> None:
        """Wait until what is published from now on is in the log."""
        wanted = str(self.published)
        self.wait_until(lambda: any(is_post(item) and item.text == wanted for item in self.alone.seen))


def is_post(item: Any) -> bool:
    return isinstance(item, Post)


@contextmanager
def program(folder: Path, arguments: list[str]) -> Iterator[Program]:
    """A program that writes what it warns of to a file."""
    file = os.open(folder / "warnings", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        with Program(arguments, stdout=DEVNULL, stderr=file) as started:
            try:
                yield started
            finally:
                started.kill()
    finally:
        os.close(file)


def prove(
    folder: Path,
    cluster: list[Server],
    *,
    rate: float,
    seconds: float,
    lease: float,
    away: float,
) -> None:
    """Kill the server that leads, the reader, a worker, and two servers, in a run of so many *seconds*."""
    tick = threading.Event()
    with ExitStack() as stack:
        cast = Cast(stack, folder, cluster, rate, lease)
        cast.reader()
        cast.wait_until(lambda: len(cast.emulator.streams) == 1)
        cast.start()
        cast.go_on()
        pause = seconds / 5
        tick.wait(pause)
        dead = cast.leader()
        dead.kill()
        cast.go_on()
        cast.wait_until(lambda: cast.behind() == (f"n{cluster.index(dead)}",))
        dead.start()
        tick.wait(pause)
        cast.reader().kill()
        cast.go_on()
        tick.wait(pause)
        cast.workers[0].kill()
        tick.wait(pause)
        two = cluster[1:]
        for server in two:
            server.kill()
        tick.wait(away)
        for server in two:
            server.start()
        cast.go_on()
        tick.wait(pause)
        took = time.monotonic() - cast.begun
        cast.stop()
        print(f"{cast.published:,} posts in {took:.0f} s")
        wanted = [str(number) for number in range(cast.published)]
        cast.wait_until(lambda: {item.text for item in cast.alone.seen if is_post(item)} >= {*wanted})
        cast.wait_until(lambda: {text for text, _ in cast.shared()} >= {*wanted})
        cast.wait_until(lambda: cast.behind() == ())
        with Worker(cast.log.consume("check", from_="start", ahead=1000).pipe(tw.decode())) as check:
            check.wait_for(lambda seen: sum(map(is_post, seen)) >= len(wanted))
        assert_each_once(wanted, marked(check.seen))
        assert_each_once(wanted, marked(cast.alone.seen))
        assert_each_once(wanted, cast.shared())
        for one in (cast.readers[0], cast.readers[1]):
            one.send_signal(signal.SIGINT)
        assert_never_two(cast.emulator)


def marked(items: list[Any]) -> list[tuple[str, bool]]:
    """Return the texts of posts, and whether each was marked as coming again."""
    before = [None, *items]
    return [
        (item.text, isinstance(previous, Redelivered))
        for previous, item in zip(before, items, strict=False)
        if is_post(item)
    ]


def assert_each_once(wanted: list[str], worked: list[tuple[str, bool]]) -> None:
    """All of *wanted* were worked on, and none twice but for those marked as coming again."""
    assert {text for text, _ in worked} == {*wanted}
    unmarked = Counter(text for text, again in worked if not again)
    assert [text for text, count in unmarked.items() if count > 1] == []


@pytest.mark.soak
def test_five_minutes(tmp_path: Path, cluster: list[Server]) -> None:
    """Of 500 posts a second for 5 minutes each is in the log once, and each group has worked on all."""
    prove(tmp_path, cluster, rate=500.0, seconds=300.0, lease=10.0, away=20.0)


def test_seconds(tmp_path: Path, cluster: list[Server]) -> None:
    """The leading server, a reader, a worker and two servers die: all are once in the log, and worked on."""
    prove(tmp_path, cluster, rate=50.0, seconds=1.0, lease=3.0, away=1.0)
