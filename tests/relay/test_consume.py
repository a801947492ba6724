from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.errors import LogUnavailable
from rxtweets.messages import (
    Connected,
    Connecting,
    Delete,
    Disconnected,
    Lifecycle,
    Post,
    Reconnecting,
    Redelivered,
)
from rxtweets.relay import JetStream
from tests.relay.conftest import MakeLog
from tests.relay.servers import Server, running
from tests.relay.working import PATIENCE, Worker, frames, post, read, write


def test_a_group_shares(make_log: MakeLog) -> None:
    """Workers of one group get each frame once between them; another group gets all of them, too."""
    wanted = [post(number) for number in range(400)]
    write(make_log(), wanted[:1])
    workers = [Worker(make_log().consume("g", from_="start", ahead=10)) for _ in range(3)]
    try:
        for worker in workers:
            worker.wait_for(lambda seen: any(isinstance(item, Connected) for item in seen))
        write(make_log(), wanted)
        workers[0].wait_for(lambda _: sum(len(frames(each.seen)) for each in workers) >= 400)
    finally:
        for worker in workers:
            worker.dispose()
    assert sorted(item for worker in workers for item in frames(worker.seen)) == sorted(wanted)
    assert frames(read(make_log(), 400, "another")) == wanted


@pytest.mark.parametrize("group", ["g", None])
def test_a_worker_before_its_writer(make_log: MakeLog, group: str | None) -> None:
    """A worker that is there before the stream doesn't create it, says so, and gets all that is written."""
    wanted = [post(number) for number in range(20)]
    with Worker(make_log().consume(group)) as worker:
        worker.wait_for(lambda seen: any(isinstance(item, Reconnecting) for item in seen))
        told = next(item.cause for item in worker.seen if isinstance(item, Reconnecting))
        assert type(told) is LogUnavailable
        assert "isn't there" in str(told)
        write(make_log(keep=timedelta(hours=1)), wanted)
        worker.wait_for(lambda seen: len(frames(seen)) >= 20)
        assert frames(worker.seen) == wanted


def test_what_is_done_is_remembered(log: JetStream) -> None:
    """The next worker of a group begins with what the one before hadn't done, and gets nothing twice."""
    wanted = [post(number) for number in range(30)]
    write(log, wanted)
    assert frames(read(log, 10)) == wanted[:10]
    assert sorted(frames(read(log, 20))) == sorted(wanted[10:])


def test_an_end_before_subscribe_has_returned(log: JetStream) -> None:
    """A chain that has enough while it is still being subscribed to acknowledges nothing more."""
    wanted = [post(number) for number in range(20)]
    write(log, wanted)

    def slow(source: Observable[Any]) -> Observable[Any]:
        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            subscription = source.subscribe(observer, scheduler=scheduler)
            tick = threading.Event()
            while not any(group.unacknowledged == 20 for group in log.status().run().groups):
                tick.wait(0.01)
            return subscription

        return reactivex.create(subscribe)

    some = log.consume("g", from_="start").pipe(slow, ops.filter(lambda item: isinstance(item, bytes)))
    assert some.pipe(ops.take(3), ops.to_list()).run() == wanted[:3]
    assert sorted(frames(read(log, 17))) == sorted(wanted[3:])


def test_kinds(log: JetStream) -> None:
    """A group can be of some kinds of messages only."""
    delete = b'{"delete":{"status":{"id":3,"user_id":4}}}'
    write(log, [post(1), delete, post(2), b'{"limit":{"track":5}}'])
    assert frames(read(log, 2, "posts", kinds=[Post])) == [post(1), post(2)]
    assert frames(read(log, 3, "both", kinds=[Post, Delete])) == [post(1), delete, post(2)]


def test_beginnings(log: JetStream) -> None:
    """A new group begins with what is new, at the start, or at a time."""
    write(log, [post(1)])
    yesterday = log.consume("yesterday", from_=datetime.now(UTC) - timedelta(days=1))
    with Worker(log.consume("new")) as new, Worker(yesterday) as old:
        for worker in (new, old):
            worker.wait_for(lambda seen: any(isinstance(item, Connected) for item in seen))
        write(log, [post(2)])
        for worker in (new, old):
            worker.wait_for(lambda seen: post(2) in seen)
    assert frames(new.seen) == [post(2)]
    assert frames(old.seen) == [post(1), post(2)]


def explode(item: Any) -> None:
    if isinstance(item, bytes):
        raise ZeroDivisionError("one of the worker's own")


def subscriber(items: Observable[Any]) -> None:
    rxt.run(items, explode)


def operator(items: Observable[Any]) -> None:
    rxt.run(items.pipe(ops.map(explode)))


@pytest.mark.parametrize("fail", [subscriber, operator])
def test_what_failed_comes_again(log: JetStream, fail: Any) -> None:
    """A frame whose subscriber or operator raised isn't acknowledged: it comes again, and is marked."""
    write(log, [post(1)])
    with pytest.raises(ZeroDivisionError):
        fail(log.consume("g", from_="start"))
    assert read(log, 1)[2:] == [Redelivered(2), post(1)]


def test_a_frame_goes_aside(log: JetStream) -> None:
    """After so many attempts a frame goes aside with its error, and others go on; sent again, it is new."""
    write(log, [post(1), post(2)])
    seen: list[Any] = []

    def work(item: Any) -> None:
        if item == post(1):
            explode(item)
        seen.append(item)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            rxt.run(log.consume("g", from_="start", attempts=3, ahead=1), work)
    if not frames(seen):  # it may have come before the other came again
        seen += read(log, 1, attempts=3)
    assert frames(seen) == [post(2)]
    [letter] = log.dead_letters("g").pipe(ops.to_list()).run()
    assert (letter.frame, letter.attempts) == (post(1), 3)
    assert letter.error == "ZeroDivisionError: one of the worker's own"
    assert abs(datetime.now(UTC) - letter.at) < timedelta(minutes=1)
    assert log.dead_letters("another").pipe(ops.to_list()).run() == []
    assert log.retry_dead_letters("g").pipe(ops.to_list()).run() == [letter]
    assert log.dead_letters("g").pipe(ops.to_list()).run() == []
    assert read(log, 1, attempts=3)[2:] == [post(1)]
    with Worker(log.consume("another", from_="start")) as worker:
        write(log, [post(3)])
        worker.wait_for(lambda seen: post(3) in seen)
    assert frames(worker.seen) == [post(1), post(2), post(3)]


def test_what_was_not_begun_is_no_attempt(log: JetStream) -> None:
    """A frame that workers held and gave back comes as a new one, and goes aside after as many attempts."""
    wanted = [post(number) for number in range(6)]
    write(log, wanted)
    seen = [item for _ in range(5) for item in read(log, 1, attempts=2)]
    assert not any(isinstance(item, Redelivered) for item in seen)
    [left] = set(wanted) - set(frames(seen))
    tried: list[bytes] = []

    def fail(item: Any) -> None:
        tried.extend(frames([item]))
        explode(item)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            rxt.run(log.consume("g", attempts=2), fail)
    [letter] = log.dead_letters("g").pipe(ops.to_list()).run()
    assert (tried, letter.frame, letter.attempts) == ([left, left], left, 2)


PROGRAM = """
import os, signal, sys
import rxtweets as rxt
from rxtweets.messages import Lifecycle
from rxtweets.relay import JetStream

def work(item):
    if item == sys.argv[3].encode():
        os.kill(os.getpid(), signal.SIGKILL)
    if not isinstance(item, Lifecycle):
        print(item.decode(), flush=True)

rxt.run(JetStream(sys.argv[1], stream=sys.argv[2]).consume(
    "g", from_="start", attempts=2, redeliver_after=0.5), work)
"""


def test_a_worker_that_dies(tmp_path: Path) -> None:
    """A frame that kills its workers goes aside; what they held besides comes to others, and isn't lost."""
    wanted = [post(number) for number in range(20)]
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, wanted)
        done: list[bytes] = []
        for _ in range(3):  # it isn't known whether the first one had begun
            command = [sys.executable, "-c", PROGRAM, server.url, "x", wanted[5].decode()]
            run = subprocess.run(command, capture_output=True, timeout=PATIENCE)
            assert run.returncode == -signal.SIGKILL, run.stderr
            done += run.stdout.splitlines()
        with Worker(log.consume("g", attempts=2, redeliver_after=0.5)) as worker:
            worker.wait_for(lambda seen: {*done, *frames(seen)} >= {*wanted} - {wanted[5]})
        assert wanted[5] not in worker.seen
        [letter] = log.dead_letters("g").pipe(ops.to_list()).run()
        assert (letter.frame, letter.attempts) == (wanted[5], 2)
        assert "died" in letter.error


def test_slow_work_is_no_death(log: JetStream) -> None:
    """Frames of a worker that takes longer than the time for others to get them stay with it."""
    write(log, [post(1), post(2)])
    took = threading.Event()

    def work(item: Any) -> None:
        if item == post(1):
            took.wait(3.0)

    slow = log.consume("g", from_="start", redeliver_after=2.0)
    with Worker(slow, work) as one, Worker(slow, work) as another:
        one.wait_for(lambda _: len(frames(one.seen) + frames(another.seen)) >= 2)
        seen = [*one.seen, *another.seen]
    assert sorted(frames(seen)) == [post(1), post(2)]
    assert not any(isinstance(item, Redelivered) for item in seen)


def test_the_connection_is_told(tmp_path: Path) -> None:
    """A log that goes away and comes back is told in the stream; nothing is lost."""
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, [post(1)])
        with Worker(log.consume("g", from_="start")) as worker:
            worker.wait_for(lambda seen: post(1) in seen)
            server.kill()
            worker.wait_for(lambda seen: any(isinstance(item, Reconnecting) for item in seen))
            server.start()
            write(log, [post(2)])
            worker.wait_for(lambda seen: post(2) in seen)
    events = [type(item) for item in worker.seen if isinstance(item, Lifecycle)]
    assert events[:4] == [Connecting, Connected, Disconnected, Reconnecting]
    assert events[-2:] == [Connecting, Connected]
    assert [*dict.fromkeys(frames(worker.seen))] == [post(1), post(2)]
    connected = next(item for item in worker.seen if isinstance(item, Connected))
    assert connected.headers["server"].startswith("nats-server 2.")


def test_a_disposal_gives_back(log: JetStream) -> None:
    """Frames that a worker held and hadn't begun with go to another one at once."""
    write(log, [post(number) for number in range(50)])
    begun, go = threading.Event(), threading.Event()

    def work(item: Any) -> None:
        if isinstance(item, bytes):
            begun.set()
            go.wait(PATIENCE)

    worker = Worker(log.consume("g", from_="start", redeliver_after=3600.0), work)
    assert begun.wait(PATIENCE)
    worker.dispose()
    go.set()
    rest = read(log, 49, redeliver_after=3600.0)
    assert sorted(frames(rest)) == sorted(post(number) for number in range(1, 50))


def test_the_end_of_a_program(tmp_path: Path) -> None:
    """A program that ends at once after its last frame has acknowledged it, and says nothing."""
    program = (
        "import sys\nimport rxtweets as rxt\nfrom reactivex import operators as ops\n"
        "from rxtweets import operators as tw\nfrom rxtweets.relay import JetStream\n"
        "log = JetStream(sys.argv[1], stream='x')\n"
        "posts = log.consume('g', from_='start').pipe(tw.decode(), tw.posts(), ops.take(3))\n"
        "rxt.run(posts, lambda post: print(post.id))\n"
    )
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, [post(number) for number in range(5)])
        run = subprocess.run(
            [sys.executable, "-c", program, server.url], capture_output=True, timeout=PATIENCE
        )
        assert (run.stdout, run.stderr) == (b"0\n1\n2\n", b"")
        assert sorted(frames(read(log, 2))) == [post(3), post(4)]


@pytest.mark.parametrize(
    "options",
    [
        {"from_": "yesterday"},
        {"from_": datetime(2026, 1, 1)},
        {"attempts": 1},
        {"ahead": 0},
        {"redeliver_after": 0},
        {"kinds": []},
        {"kinds": ["Post"]},
        {"policy": 1},
    ],
)
def test_settings_of_consume_are_checked(log: JetStream, options: dict[str, Any]) -> None:
    """A wrong argument is an error that names it."""
    with pytest.raises(ValueError, match=next(iter(options))):
        log.consume("g", **options)
    with pytest.raises(ValueError, match="group"):
        log.consume("a.b")


def text_of(post: Post) -> str:
    return post.text


def test_typed_subscribers(log: JetStream) -> None:
    """The frames of a log are what `tw.decode` takes."""
    write(log, [post(1, "hello")])
    texts = log.consume("g", from_="start").pipe(tw.decode(), tw.posts(), ops.map(text_of))
    assert texts.pipe(ops.first()).run() == "hello"


async def limit(url: str, stream: str, messages: int) -> None:
    """Let a log take no more than so many messages; -1 for any number."""
    client = await nats.connect(url)
    js = client.jetstream()
    await js.update_stream((await js.stream_info(stream)).config.evolve(max_msgs=messages))
    await client.close()


def test_an_attempt_that_cannot_be_written_down(server: Server) -> None:
    """While the log takes no writes, a frame that comes again is waited with, and worked on afterwards."""
    log = JetStream(server.url, stream="full")
    write(log, [post(1)])
    with pytest.raises(ZeroDivisionError):
        rxt.run(log.consume("g", from_="start", redeliver_after=1.0), lambda item: 1 / (item != post(1)))
    asyncio.run(limit(server.url, "full", 2))  # the post, and the first attempt
    with Worker(log.consume("g", redeliver_after=1.0)) as worker:
        worker.wait_for(lambda seen: any(isinstance(item, Reconnecting) for item in seen))
        asyncio.run(limit(server.url, "full", -1))
        worker.wait_for(lambda seen: post(1) in seen)
    assert frames(worker.seen) == [post(1)]
