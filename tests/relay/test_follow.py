"""Reading a log without a group: a look at it, which leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js import api
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.errors import LogError, LogUnavailable
from rxtweets.messages import Connected, Connecting, Delete, Disconnected, Lifecycle, Post, Reconnecting
from rxtweets.relay import JetStream
from tests.relay.conftest import MakeLog
from tests.relay.servers import Server, running
from tests.relay.working import PATIENCE, Worker, frames, post, read, write

_TICK = threading.Event()


def connected(worker: Worker, times: int = 1) -> None:
    """Wait until a worker has been connected that often."""
    worker.wait_for(lambda seen: sum(isinstance(item, Connected) for item in seen) >= times)


def consumers(server: Server, stream: str) -> list[api.ConsumerInfo]:
    """Return the stream's consumers, of groups and others."""

    async def ask() -> list[api.ConsumerInfo]:
        client = await nats.connect(server.url)
        found = await client.jetstream().consumers_info(stream)
        await client.close()
        return found

    return asyncio.run(ask())


def wait_until(done: Callable[[], object]) -> None:
    """Ask until it is so."""
    for _ in range(int(PATIENCE / 0.05)):
        if done():
            return
        _TICK.wait(0.05)
    raise AssertionError


def test_each_gets_all(make_log: MakeLog) -> None:
    """Every subscription gets every frame in order, and so does a group beside them."""
    wanted = [post(number) for number in range(300)]
    log = make_log()
    write(log, wanted[:100])
    old = log.consume(from_="start", ahead=7)
    group = Worker(log.consume("g", from_="start"))
    with group, Worker(old) as one, Worker(old) as another, Worker(log.consume()) as new:
        for each in (group, one, another, new):
            connected(each)
        write(make_log(), wanted[100:])
        for each in (group, one, another, new):
            each.wait_for(lambda seen: wanted[-1] in seen)
        group.wait_for(lambda seen: len(frames(seen)) == 300)
        [told] = log.status().pipe(ops.to_list()).run()
        assert [each.name for each in told.groups] == ["g"]
    assert frames(one.seen) == frames(another.seen) == wanted
    assert frames(new.seen) == wanted[100:]
    again = old.pipe(ops.filter(lambda item: isinstance(item, bytes)), ops.take(300), ops.to_list())
    assert again.run() == wanted


def test_kinds_and_times(log: JetStream) -> None:
    """It can be of some kinds of messages only, and begin at a time; letters and the like aren't in it."""
    delete = b'{"delete":{"status":{"id":3,"user_id":4}}}'
    write(log, [post(1)])
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            rxt.run(log.consume("g", from_="start", attempts=2), fail)
    assert len(log.dead_letters("g").pipe(ops.to_list()).run()) == 1
    write(log, [delete, b'{"limit":{"track":5}}'])
    log.retry_dead_letters("g").run()
    write(log, [post(2)])
    ago = datetime.now(UTC) - timedelta(days=1)
    with Worker(log.consume(from_=ago)) as all_, Worker(log.consume(kinds=[Post, Delete], from_=ago)) as some:
        for each in (all_, some):
            each.wait_for(lambda seen: post(2) in seen)
    assert frames(all_.seen) == [post(1), delete, b'{"limit":{"track":5}}', post(2)]
    assert frames(some.seen) == [post(1), delete, post(2)]
    with Worker(log.consume(from_=datetime.now(UTC) + timedelta(days=1))) as later:
        connected(later)
    assert frames(later.seen) == []


def fail(item: Any) -> None:
    if isinstance(item, bytes):
        raise ZeroDivisionError


def test_with_partitions(make_log: MakeLog) -> None:
    """A log that has partitions is read whole, in its order."""
    log = make_log(partitions=4)
    wanted = [post(number) for number in range(50)]
    write(log, wanted)
    with Worker(log.consume(from_="start")) as worker:
        worker.wait_for(lambda seen: wanted[-1] in seen)
    assert frames(worker.seen) == wanted


def test_an_exception_is_the_subscribers(log: JetStream) -> None:
    """An exception ends the subscription, and nothing comes again; another one begins anew."""
    write(log, [post(1), post(2)])
    items = log.consume(from_="start")
    seen: list[Any] = []

    def work(item: Any) -> None:
        seen.append(item)
        fail(item)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            rxt.run(items, work)
    assert frames(seen) == [post(1), post(1)]


def has_lost(times: int, seen: list[Any]) -> bool:
    """Return whether the connection was lost so often."""
    return sum(isinstance(item, Disconnected) for item in seen) >= times


def has_frame(frame: bytes, seen: list[Any]) -> bool:
    return frame in seen


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Behind a server that died and forgot it, nothing is missed or repeated; also of what is new."""
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, [post(0)])
        with Worker(log.consume(from_="start")) as old, Worker(log.consume()) as new:
            old.wait_for(lambda seen: post(0) in seen)
            connected(new)  # and has got nothing yet
            for number in (1, 2):
                server.kill()
                for each in (old, new):
                    each.wait_for(partial(has_lost, number))
                server.start()
                write(log, [post(10 * number), post(10 * number + 1)])
                for each in (old, new):
                    each.wait_for(partial(has_frame, post(10 * number + 1)))
    since = [post(10), post(11), post(20), post(21)]
    assert frames(old.seen) == [post(0), *since]
    assert frames(new.seen) == since
    events = [type(item) for item in new.seen if isinstance(item, Lifecycle)]
    assert events[:4] == [Connecting, Connected, Disconnected, Reconnecting]


def test_a_consumer_that_is_forgotten(server: Server) -> None:
    """If the server deletes the reader's consumer, as a failover may, that is told as a wait, and mended."""
    log = JetStream(server.url, stream="forgets")
    write(log, [post(1)])

    async def forget() -> None:
        client = await nats.connect(server.url)
        jetstream = client.jetstream()
        for info in await jetstream.consumers_info("forgets"):
            await jetstream.delete_consumer("forgets", info.name)
        await client.close()

    with Worker(log.consume(from_="start")) as worker:
        worker.wait_for(lambda seen: post(1) in seen)
        asyncio.run(forget())
        write(log, [post(2)])
        worker.wait_for(lambda seen: post(2) in seen)
    assert frames(worker.seen) == [post(1), post(2)]
    [cause] = [item.cause for item in worker.seen if isinstance(item, Disconnected)]
    assert isinstance(cause, LogUnavailable)


async def delete(server: Server, name: str) -> None:
    """Delete a stream."""
    client = await nats.connect(server.url)
    await client.jetstream().delete_stream(name)
    await client.close()


@pytest.mark.parametrize("anew", [0, 1, 5])
def test_a_stream_that_goes(server: Server, anew: int) -> None:
    """A stream that is deleted isn't made anew by its reader; one that others made isn't taken for it."""
    name = f"goes-{anew}"
    log = JetStream(server.url, stream=name)

    def handle(item: Any) -> None:
        if isinstance(item, Disconnected) and anew:  # before it connects again
            write(log, [post(number) for number in range(3, 3 + anew)])

    write(log, [post(1), post(2)])
    with Worker(log.consume(from_="start"), handle) as worker:
        worker.wait_for(lambda seen: post(2) in seen)
        asyncio.run(delete(server, name))
        error = worker.wait_for_error()
    assert type(error) is LogError
    assert ("isn't the one that was read" if anew else "isn't there") in str(error)
    assert frames(worker.seen) == [post(1), post(2)]


def test_a_stream_that_goes_unseen(server: Server) -> None:
    """It isn't taken for another either by a subscriber so slow that the server had forgotten it."""
    log = JetStream(server.url, stream="unseen")
    write(log, [post(number) for number in range(10)])
    begun, go = threading.Event(), threading.Event()

    def work(item: Any) -> None:
        if item == post(0):
            begun.set()
            go.wait(PATIENCE)

    with Worker(log.consume(from_="start", ahead=10), work) as worker:
        assert begun.wait(PATIENCE)
        wait_until(lambda: not consumers(server, "unseen"))
        asyncio.run(delete(server, "unseen"))
        write(log, [post(20)])
        go.set()
        assert "isn't the one that was read" in str(worker.wait_for_error())
    assert frames(worker.seen) == [post(number) for number in range(10)]


def test_a_slow_subscriber(server: Server) -> None:
    """A subscriber that doesn't take what comes has `ahead` frames; it goes on behind them, however late."""
    log = JetStream(server.url, stream="slow")
    wanted = [post(number) for number in range(60)]
    write(log, wanted)
    begun, go = threading.Event(), threading.Event()

    def work(item: Any) -> None:
        if item == wanted[0]:
            begun.set()
            go.wait(PATIENCE)

    async def purge() -> None:
        client = await nats.connect(server.url)
        await client.jetstream().purge_stream("slow", seq=31)  # the first 30
        await client.close()

    with Worker(log.consume(from_="start", ahead=10), work) as worker:
        assert begun.wait(PATIENCE)
        wait_until(lambda: not consumers(server, "slow"))  # as nothing is asked of it
        asyncio.run(purge())
        go.set()
        worker.wait_for(lambda seen: wanted[-1] in seen)
    assert frames(worker.seen) == wanted[:10] + wanted[30:]
    assert not any(isinstance(item, Disconnected) for item in worker.seen)


def test_nothing_is_left(server: Server) -> None:
    """A disposal deletes what the server has of a reader, and its group is left alone."""
    log = JetStream(server.url, stream="left")
    write(log, [post(1)])
    read(log, 1)
    with Worker(log.consume(from_="start")) as worker:
        worker.wait_for(lambda seen: post(1) in seen)
        assert len(consumers(server, "left")) == 2
    wait_until(lambda: [each.name for each in consumers(server, "left")] == ["g"])


PROGRAM = """
import os, signal, sys
import rxtweets as rxt
from rxtweets.relay import JetStream

def work(item):
    if isinstance(item, bytes):
        os.kill(os.getpid(), signal.SIGKILL)

rxt.run(JetStream(sys.argv[1], stream=sys.argv[2]).consume(from_="start"), work)
"""


def test_nothing_is_left_of_a_crash(server: Server) -> None:
    """The server forgets a reader that died, after seconds."""
    log = JetStream(server.url, stream="crash")
    write(log, [post(1)])
    run = subprocess.run([sys.executable, "-c", PROGRAM, server.url, "crash"], timeout=PATIENCE)
    assert run.returncode == -signal.SIGKILL
    wait_until(lambda: not consumers(server, "crash"))


@pytest.mark.parametrize("option", [{"order": "log"}, {"attempts": 5}, {"redeliver_after": 30.0}])
def test_what_needs_a_group(log: JetStream, option: dict[str, Any]) -> None:
    """An argument that only a group has is an error without one, that says so."""
    with pytest.raises(ValueError, match=f"{next(iter(option))} is of a group"):
        log.consume(**option)
