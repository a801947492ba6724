from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
import reactivex
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.errors import LeaseLost, LogError, Unauthorized
from rxtweets.messages import Connected, Leading, Post, StandingBy
from rxtweets.relay import JetStream
from tests.forked import PIPE, Program
from tests.relay.machines import Machines
from tests.relay.servers import Server, running
from tests.relay.working import PATIENCE, Worker

LEASE = 3.0
"""Seconds, as short as holds on a busy machine."""

HANDOVER = timedelta(seconds=2)
"""A moment, on a busy machine: the emulator has to notice that a connection was closed."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """One that has recovery, and would take a second connection."""
    with Emulator(rate=0, level="enterprise") as emulator:
        yield emulator


def reader(emulator: Emulator, log: JetStream, name: str = "reader", **options: Any) -> Worker:
    """Lead for the sample stream."""
    client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)

    def open_stream(checkpoint: rxt.Checkpoint) -> Any:
        return client.sample(recovery=rxt.Recovery(checkpoint=checkpoint))

    return Worker(log.lead(open_stream, name=name, lease=LEASE, **options))


def has(kind: type) -> Any:
    return lambda seen: any(isinstance(item, kind) for item in seen)


def texts(items: list[Any]) -> list[str]:
    return [item.text for item in items if isinstance(item, Post)]


def checking(log: JetStream) -> Worker:
    """A worker that collects the log's posts; what a reader passes on ends with its lease."""
    return Worker(log.consume("check", from_="start").pipe(tw.decode(), tw.posts()))


def assert_stored(worker: Worker, wanted: list[str]) -> None:
    """Wait until the log has so many posts, and assert that it has these, each once."""
    worker.wait_for(lambda seen: len(seen) >= len(wanted))
    assert sorted(texts(worker.seen)) == sorted(wanted)


def publish(emulator: Emulator, numbers: range, **options: Any) -> list[str]:
    wanted = [f"post {number}" for number in numbers]
    for text in wanted:
        emulator.publish(text, **options)
    return wanted


def assert_never_two(emulator: Emulator) -> None:
    """By its own list X has never had two connections at once, but for a moment in which they change."""
    client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
    spans = []
    for one in client.connections.list(status="all").pipe(ops.to_list()).run():
        assert one.connected_at is not None
        spans.append((one.connected_at, one.disconnected_at or datetime.now(UTC)))
    assert len(spans) > 1
    for (_, ended), (began, _) in itertools.pairwise(sorted(spans)):
        assert ended <= began + HANDOVER, spans


PROGRAM = """
import sys
import rxtweets as rxt
from rxtweets.messages import Lifecycle
from rxtweets.relay import JetStream

nats, stream, url, token, lease = sys.argv[1:]
client = rxt.StreamingClient(rxt.BearerToken(token), base_url=url)
rxt.run(
    JetStream(nats, stream=stream).lead(
        lambda checkpoint: client.sample(recovery=rxt.Recovery(checkpoint=checkpoint)), lease=float(lease)
    ),
    lambda item: print(type(item).__name__, getattr(item, "text", ""), flush=True),
)
"""


@contextmanager
def program(emulator: Emulator, server: Server) -> Iterator[Program]:
    """A reader in a process of its own."""
    arguments = [server.url, "x", emulator.base_url, emulator.bearer_token, str(LEASE)]
    with Program(["-c", PROGRAM, *arguments], stdout=PIPE) as started:
        try:
            yield started
        finally:
            started.kill()


def wait_for(program: Program, line: str) -> None:
    assert program.stdout is not None
    for said in program.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"it has ended without {line!r}")


def test_one_reads_at_a_time(emulator: Emulator, log: JetStream) -> None:
    """Of two readers one reads; when it ends, the other goes on at once, and brings what came meanwhile."""
    with reader(emulator, log) as one, checking(log) as stored:
        one.wait_for(has(Connected))
        with reader(emulator, log) as another:
            another.wait_for(has(StandingBy))
            wanted = publish(emulator, range(50))
            assert_stored(stored, wanted)
            one.dispose()
            wanted += publish(emulator, range(50, 100))
            another.wait_for(has(Connected))
            wanted += publish(emulator, range(100, 150))
            assert_stored(stored, wanted)


def test_a_reader_that_is_killed(emulator: Emulator, tmp_path: Path) -> None:
    """When the reader is killed, another one takes over, and the log has what came meanwhile, each once."""
    with running(tmp_path) as server, program(emulator, server) as first:
        log = JetStream(server.url, stream="x")
        wait_for(first, "Connected")
        with checking(log) as stored, reader(emulator, log) as second:
            wanted = publish(emulator, range(20))
            assert_stored(stored, wanted)
            second.wait_for(has(StandingBy))
            first.kill()
            wanted += publish(emulator, range(20, 40))
            second.wait_for(has(Connected))
            wanted += publish(emulator, range(40, 60))
            assert_stored(stored, wanted)
    assert_never_two(emulator)


def test_a_reader_that_stands_still(emulator: Emulator, tmp_path: Path) -> None:
    """A reader that is stopped, and goes on after its lease ran out, is disconnected, and stores nothing."""
    with running(tmp_path) as server, program(emulator, server) as first:
        log = JetStream(server.url, stream="x")
        wait_for(first, "Connected")
        with checking(log) as stored, reader(emulator, log) as second:
            second.wait_for(has(StandingBy))
            first.send_signal(signal.SIGSTOP)
            wanted = publish(emulator, range(20))  # they wait in its socket
            second.wait_for(has(Connected))
            wanted += publish(emulator, range(20, 40))
            assert_stored(stored, wanted)
            first.send_signal(signal.SIGCONT)
            wait_for(first, "StandingBy")
            wanted += publish(emulator, range(40, 60))
            assert_stored(stored, wanted)
    assert_never_two(emulator)


def test_the_log_refuses_an_earlier_term(emulator: Emulator, make_log: Any, server: Server) -> None:
    """A reader that doesn't know that another term has begun stores nothing, and closes its connection."""
    log = make_log()
    with reader(emulator, log) as one, checking(log) as stored:
        one.wait_for(has(Connected))
        wanted = publish(emulator, range(10))
        assert_stored(stored, wanted)
        begin_term(server, log, 1000)
        wanted += publish(emulator, range(10, 20))
        one.wait_for(refusals)
        told = one.seen.index(refusals(one.seen)[0])
        assert {*texts(one.seen[:told])} <= {*wanted[:10]}
        # The lease itself is still its own, and so it begins a term after that, and recovers.
        assert_stored(stored, wanted)
        assert [item.term for item in one.seen if isinstance(item, Leading)][-1] > 1000


def test_a_log_that_is_purged(emulator: Emulator, log: JetStream, server: Server) -> None:
    """A reader whose log is purged by hand begins another term, and misses nothing that comes after."""

    async def purge() -> None:
        client = await nats.connect(server.url)
        await client.jetstream().purge_stream(stream_of(log))
        await client.close()

    with reader(emulator, log) as one, checking(log) as stored:
        one.wait_for(has(Connected))
        assert_stored(stored, publish(emulator, range(10)))
        asyncio.run(purge())
        wanted = publish(emulator, range(10, 20))
        stored.wait_for(lambda seen: {*wanted} <= {*texts(seen)})
        assert sum(isinstance(item, Leading) for item in one.seen) > 1


def refusals(items: list[Any]) -> list[StandingBy]:
    return [
        item for item in items if isinstance(item, StandingBy) and "another reader writes" in str(item.cause)
    ]


def stream_of(log: JetStream) -> str:
    """Return the name of a log's stream."""
    return repr(log).partition("stream='")[2].rstrip("')")


def begin_term(server: Server, log: JetStream, number: int) -> None:
    """Begin a term, as another reader would."""

    async def write() -> None:
        client = await nats.connect(server.url)
        subject = f"{stream_of(log)}.term.reader.{number}" + ".0" * 10
        await client.jetstream().publish(subject, b"")
        await client.close()

    asyncio.run(write())


@pytest.mark.parametrize("silent", [False, True])
def test_a_reader_without_its_log(emulator: Emulator, tmp_path: Path, silent: bool) -> None:
    """A reader that can't renew its lease closes its connection to X; when the log is back, it recovers."""
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        with reader(emulator, log) as one:
            one.wait_for(has(Connected))
            wanted = publish(emulator, range(10))
            one.wait_for(lambda seen: len({*texts(seen)}) == 10)
            if silent:
                os.kill(server.pid, signal.SIGSTOP)
            else:
                server.kill()
            one.wait_for(has(StandingBy))
            assert isinstance(
                next(item.cause for item in one.seen if isinstance(item, StandingBy)), LeaseLost
            )
            tick = threading.Event()
            for _ in range(int(PATIENCE / 0.01)):
                if not emulator.streams:
                    break
                tick.wait(0.01)
            assert emulator.streams == ()
            wanted += publish(emulator, range(10, 20))
            if silent:
                os.kill(server.pid, signal.SIGCONT)
            else:
                server.start()
            with checking(log) as stored:
                assert_stored(stored, wanted)
    assert_never_two(emulator)


def partition(emulator: Emulator, log: JetStream, number: int) -> Worker:
    """Lead for one of the two partitions of posts in Japanese."""
    client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)

    def open_stream(checkpoint: rxt.Checkpoint) -> Any:
        return client.firehose(partition=number, lang="ja", recovery=rxt.Recovery(checkpoint=checkpoint))

    return Worker(log.lead(open_stream, name=f"partition-{number}", lease=LEASE))


def test_partitions_move(emulator: Emulator, log: JetStream) -> None:
    """Each partition has a lease of its own, and all that one reader had go on at another."""
    one, another = [partition(emulator, log, number) for number in (1, 2)], list[Worker]()
    try:
        for each in one:
            each.wait_for(has(Connected))
        another += [partition(emulator, log, number) for number in (1, 2)]
        for each in another:
            each.wait_for(has(StandingBy))
        wanted = publish(emulator, range(40), lang="ja")
        for each in one:
            each.dispose()
        for each in another:
            each.wait_for(has(Connected))
        wanted += publish(emulator, range(40, 80), lang="ja")
        with checking(log) as stored:
            assert_stored(stored, wanted)
    finally:
        for each in (*one, *another):
            each.dispose()


PARTITIONS = """
import sys
import reactivex
import rxtweets as rxt
from rxtweets.relay import JetStream

nats, url, token, lease = sys.argv[1:]
client, log = rxt.StreamingClient(rxt.BearerToken(token), base_url=url), JetStream(nats, stream="x")

def lead(number):
    def open_stream(checkpoint):
        return client.firehose(partition=number, lang="ja", recovery=rxt.Recovery(checkpoint=checkpoint))

    return log.lead(open_stream, name=f"partition-{number}", lease=float(lease))

rxt.run(reactivex.merge(lead(1), lead(2)), lambda item: print(type(item).__name__, flush=True))
"""


def test_a_partition_that_is_given_away(emulator: Emulator, tmp_path: Path) -> None:
    """A partition moves to a machine that has none, and the log has all that came meanwhile, each once."""
    wanted: list[str] = []
    with running(tmp_path) as server, ExitStack() as stack:
        log = JetStream(server.url, stream="x")
        for number in (1, 2):
            worker = stack.enter_context(partition(emulator, log, number))
            worker.wait_for(has(Connected))
        arguments = [server.url, emulator.base_url, emulator.bearer_token, str(LEASE)]
        other = stack.enter_context(Program(["-c", PARTITIONS, *arguments], stdout=PIPE))
        stack.callback(other.kill)
        moved = threading.Thread(target=wait_for, args=[other, "Connected"])
        moved.start()
        while moved.is_alive():
            wanted += publish(emulator, range(len(wanted), len(wanted) + 1), lang="ja")
            moved.join(0.05)
        wanted += publish(emulator, range(len(wanted), len(wanted) + 20), lang="ja")
        with checking(log) as stored:
            assert_stored(stored, wanted)
        assert other.poll() is None


def test_partitions_are_spread(tmp_path: Path) -> None:
    """Machines that come later get their share of the partitions, and share what one had that was killed."""
    with running(tmp_path) as server, ExitStack() as stack:
        machines = Machines(stack, server.url, "x", 3, lease=2.0)
        machines.start(1)
        machines.wait_for([3])
        machines.start(2)
        machines.wait_for([1, 1, 1])
        machines.kill()
        machines.wait_for([1, 2])


@pytest.mark.soak
def test_a_firehose_is_spread(tmp_path: Path) -> None:
    """Three machines share twenty partitions, however they come and go, and each then keeps what it has."""
    tick = threading.Event()
    with running(tmp_path) as server, ExitStack() as stack:
        machines = Machines(stack, server.url, "x", 20, lease=3.0)
        machines.start(3)
        machines.wait_for([6, 7, 7])
        machines.kill()
        machines.wait_for([10, 10])
        machines.start(1)
        machines.wait_for([6, 7, 7])
        before = {name: (lease.id, lease.since) for name, lease in machines.leases().items()}
        tick.wait(15.0)
        assert {name: (lease.id, lease.since) for name, lease in machines.leases().items()} == before


def test_a_final_error_gives_the_lease_back(emulator: Emulator, log: JetStream) -> None:
    """A reader that X refuses ends with the error, and another one needn't wait for its lease to run out."""
    client = rxt.StreamingClient(rxt.BearerToken("wrong"), base_url=emulator.base_url)
    with Worker(log.lead(lambda _: client.sample(), lease=3600)) as refused:
        assert isinstance(refused.wait_for_error(), Unauthorized)
        with reader(emulator, log) as one:
            one.wait_for(has(Connected))


def change_lease(server: Server, value: bytes | None) -> None:
    """Write the lease, or delete it, by hand."""

    async def change() -> None:
        client = await nats.connect(server.url)
        bucket = await client.jetstream().key_value("by-hand-leases")
        await (bucket.delete("reader") if value is None else bucket.put("reader", value))
        await client.close()

    asyncio.run(change())


def test_a_lease_that_is_changed_by_hand(server: Server) -> None:
    """One that was deleted is free, also while it is held; one that isn't one is an error that says so."""
    log = JetStream(server.url, stream="by-hand")

    def lead() -> Worker:
        return Worker(log.lead(lambda _: reactivex.never(), lease=LEASE))

    for value in (b"hello", b'{"id":"\xff"}'):
        with lead() as leading:
            leading.wait_for(has(Leading))
            change_lease(server, value)
            error = leading.wait_for_error()
        for said in (error, lead().wait_for_error()):
            assert type(said) is LogError
            assert "the lease 'reader' of the log at" in str(said)
            assert "wasn't written by rxtweets" in str(said)
        change_lease(server, None)
    with lead() as leading:
        leading.wait_for(has(Leading))
        change_lease(server, None)
        leading.wait_for(lambda seen: sum(isinstance(item, Leading) for item in seen) > 1)
    assert any(isinstance(item, StandingBy) for item in leading.seen)


@pytest.mark.parametrize("bucket", ["deleted", "purged"])
def test_leases_that_are_deleted_by_hand(server: Server, log: JetStream, bucket: str) -> None:
    """A reader notices that all leases are gone long before its own would have run out, and takes it anew."""

    async def delete() -> None:
        client = await nats.connect(server.url)
        name = f"{stream_of(log)}-leases"
        if bucket == "deleted":
            await client.jetstream().delete_key_value(name)
        else:
            await client.jetstream().purge_stream(f"KV_{name}")
        await client.close()

    with Worker(log.lead(lambda _: reactivex.never(), lease=20)) as leading:
        leading.wait_for(has(Leading))
        asyncio.run(delete())
        leading.wait_for(lambda seen: sum(isinstance(item, Leading) for item in seen) > 1)
    (lost,) = [item.cause for item in leading.seen if isinstance(item, StandingBy)]
    assert isinstance(lost, LeaseLost)
    assert str(lost) == "somebody has deleted the lease 'reader'"


def test_a_disposal_while_the_stream_is_made(log: JetStream) -> None:
    """A reader that gives its lease back before it has a stream doesn't open it after that."""
    making, go, opened = threading.Event(), threading.Event(), threading.Event()

    def open_stream(_: rxt.Checkpoint) -> Any:
        making.set()
        assert go.wait(PATIENCE)
        return reactivex.from_callable(opened.set)

    before = {*threading.enumerate()}
    with Worker(log.lead(open_stream, lease=3600)) as first:
        assert making.wait(PATIENCE)
        threads = [one for one in threading.enumerate() if one not in before]
        first.dispose()
        with Worker(log.lead(lambda _: reactivex.never(), lease=LEASE)) as second:
            second.wait_for(has(Leading))
            go.set()
            for thread in threads:
                if thread.name.startswith("rxtweets-relay-lead"):
                    thread.join(PATIENCE)
    assert not opened.is_set()


def test_a_function_that_opens_nothing(log: JetStream) -> None:
    """A function that fails, or returns no stream, is an error that says so."""
    with Worker(log.lead(lambda _: 1 / 0)) as failed:  # type: ignore[arg-type, return-value]
        assert isinstance(failed.wait_for_error(), ZeroDivisionError)
    with Worker(log.lead(lambda _: None)) as failed:  # type: ignore[arg-type, return-value]
        assert "takes an Observable" in str(failed.wait_for_error())


@pytest.mark.parametrize(
    "options",
    [{"name": "a b"}, {"lease": 0.5}, {"lease": "1"}, {"window": 0}, {"window": 1001}, {"policy": 1}],
)
def test_settings_of_lead_are_checked(log: JetStream, options: dict[str, Any]) -> None:
    """A wrong argument is an error that names it."""
    with pytest.raises(ValueError, match=next(iter(options))):
        log.lead(lambda _: rxt.replay("x"), **options)


def test_what_opens_is_checked(log: JetStream) -> None:
    """A stream in the place of the function that opens it is an error that says what is right."""
    with pytest.raises(ValueError, match="open is a function"):
        log.lead(rxt.replay("x"))  # type: ignore[arg-type]
