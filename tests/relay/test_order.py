"""Groups that keep an order: of each author's messages, or of all."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.errors import LogDiffers, LogError
from rxtweets.messages import Delete, Post, decode
from rxtweets.relay import JetStream
from rxtweets.relay._publish import address
from rxtweets.testing import status_json
from tests.relay.conftest import MakeLog
from tests.relay.servers import running
from tests.relay.working import PATIENCE, Worker, frames, read, write


def by(author: int, number: int) -> bytes:
    """A post of an author."""
    return b'{"data":{"id":"%d","text":"x","author_id":"%d","edit_history_tweet_ids":[]}}' % (number, author)


def author_of(frame: bytes) -> str:
    message = decode(frame)
    assert isinstance(message, Post)
    return message.author_id or ""


class Work(NamedTuple):
    """A frame that a worker had, from when to when by the system's clock; *end* is 0 if it died."""

    frame: bytes
    begin: float
    end: float


PROGRAM = """
import os, signal, sys, time
import rxtweets as rxt
from rxtweets.relay import JetStream

done = 0

def work(item):
    global done
    if isinstance(item, bytes):
        print(item.decode(), time.monotonic(), sep="\\t", end="\\t", flush=True)
        if done == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        print(time.monotonic(), flush=True)
        done += 1

rxt.run(JetStream(sys.argv[1], stream="x").consume(
    "g", from_="start", order="author", redeliver_after=4.0), work)
"""


def test_each_authors_posts_are_in_order(tmp_path: Path) -> None:
    """Of each author one post is worked on at a time, and in order, by several workers of which one dies."""
    wanted = [by(number % 7, number) for number in range(100)]
    works: list[Work] = []
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x", partitions=4)
        write(log, wanted)
        command = [sys.executable, "-c", PROGRAM, server.url]
        dead = subprocess.run(command, capture_output=True, timeout=PATIENCE)
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        for line in dead.stdout.splitlines():
            frame, begin, end = line.split(b"\t")
            works.append(Work(frame, float(begin), float(end or 0)))
        lock = threading.Lock()

        def work(item: Any) -> None:
            if isinstance(item, bytes):
                begin = time.monotonic()
                threading.Event().wait(0.001)
                with lock:
                    works.append(Work(item, begin, time.monotonic()))

        consumed = JetStream(server.url, stream="x").consume("g", order="author", redeliver_after=4.0)
        workers = [Worker(consumed, work) for _ in range(3)]
        try:
            workers[0].wait_for(lambda _: {one.frame for one in works if one.end} >= {*wanted})
        finally:
            for worker in workers:
                worker.dispose()
    for author in {author_of(frame) for frame in wanted}:
        mine = sorted((one for one in works if author_of(one.frame) == author), key=lambda one: one.begin)
        # What the dead one had done and couldn't acknowledge any more comes again, before all else.
        assert [frame for frame, _ in groupby(one.frame for one in mine)] == [
            frame for frame in wanted if author_of(frame) == author
        ]
        assert all(one.end <= other.begin for one, other in pairwise(mine))


def test_what_failed_comes_first(make_log: MakeLog) -> None:
    """A frame that raised comes again before its author's next, until it goes aside; a retry comes, too."""
    log = make_log(partitions=3)
    write(log, [by(1, number) for number in range(4)])
    seen: list[Any] = []

    def explode(item: Any) -> None:
        seen.append(item)
        if item == by(1, 1):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            rxt.run(log.consume("g", from_="start", order="author", attempts=2), explode)
    assert frames(seen) == [by(1, 0), by(1, 1), by(1, 1)]
    assert frames(read(log, 2, order="author", attempts=2)) == [by(1, 2), by(1, 3)]
    assert len(log.retry_dead_letters("g").pipe(ops.to_list()).run()) == 1
    assert frames(read(log, 1, order="author", attempts=2)) == [by(1, 1)]


def test_the_order_of_the_log(log: JetStream) -> None:
    """A group may keep the order of all its frames; one that a worker left comes first."""
    wanted = [by(number, number) for number in range(30)]
    write(log, wanted)
    assert frames(read(log, 10, order="log")) == wanted[:10]
    assert frames(read(log, 20, order="log")) == wanted[10:]


def test_groups_without_an_order_get_partitions_too(make_log: MakeLog) -> None:
    """In a log with partitions each message is there once, and kinds can be told apart."""
    log = make_log(partitions=3)
    delete = b'{"delete":{"status":{"id":3,"user_id":4}}}'
    wanted = [by(1, 1), by(2, 2), delete, b"no JSON"]
    write(log, wanted)
    write(make_log(), wanted)  # another writer needn't know
    write(log, [by(3, 3)])
    assert frames(read(log, 5)) == [*wanted, by(3, 3)]
    assert frames(read(log, 1, "deletes", kinds=[Delete])) == [delete]
    assert {*frames(read(log, 3, "posts", kinds=[Post], order="author"))} == {by(1, 1), by(2, 2), by(3, 3)}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2**63), st.integers(1, 2**63))
def test_what_an_author_sends_has_one_key(author: int, number: int) -> None:
    """Posts, statuses and deletions of an author have the same key, whatever their ids."""
    delete = b'{"delete":{"status":{"id":%d,"user_id":%d}}}' % (number, author)
    status = status_json(id=number, user={"id": author})
    assert address(by(author, number)).key == address(delete).key == address(status).key


def test_what_an_order_needs(make_log: MakeLog) -> None:
    """Without partitions there is no order by author; neither partitions nor an order can be changed."""
    log = make_log()
    write(log, [by(1, 1)])
    with pytest.raises(LogError, match="has no partitions"):
        rxt.run(log.consume("g", order="author"))
    with pytest.raises(LogDiffers, match="partitions is None, not 4"):
        write(make_log(partitions=4), [by(1, 1)])
    read(log, 1)
    with pytest.raises(LogDiffers, match="order is None, not log"):
        rxt.run(log.consume("g", order="log"))
