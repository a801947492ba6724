"""`JetStream.status`, at moments that are held."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
import reactivex

import rxtweets as rxt
from rxtweets.messages import Leading
from rxtweets.relay import GroupStatus, JetStream, LogStatus
from tests.relay.working import PATIENCE, Worker, post, write


def wait_for(log: JetStream, done: Any) -> LogStatus:
    """Wait for a status of which *done*: servers tell a moment later what has happened."""
    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        status = log.status().run()
        if done(status):
            return status
        tick.wait(0.05)
    raise AssertionError(status)


def wait_for_group(log: JetStream, **wanted: int) -> None:
    """Wait until the only group is as *wanted*."""
    group = GroupStatus(name="g", **wanted)
    wait_for(log, lambda status: status.groups == (group,))


def test_groups(log: JetStream) -> None:
    """The status of a group tells what waits, is worked on, comes again, is done, and went aside."""
    write(log, [post(number) for number in range(1, 6)])
    for again in (0, 1):

        def fail(item: Any, again: int = again) -> None:
            if item == post(2):
                wait_for_group(log, waiting=3, unacknowledged=1, redelivered=again, done=1, dead=0)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            rxt.run(log.consume("g", from_="start", order="log", attempts=2), fail)
    with Worker(log.consume("g", from_="start", order="log", attempts=2)) as worker:
        worker.wait_for(lambda seen: post(5) in seen)
        wait_for_group(log, waiting=0, unacknowledged=0, redelivered=0, done=5, dead=1)
    assert post(2) not in worker.seen
    log.retry_dead_letters("g").run()
    wait_for_group(log, waiting=1, unacknowledged=0, redelivered=0, done=5, dead=0)


def test_leases(log: JetStream) -> None:
    """A lease says who reads, its revision grows while it is alive; given back, it says that nobody does."""
    with Worker(log.lead(lambda _: reactivex.never(), name="mine", lease=2)) as worker:
        worker.wait_for(lambda seen: any(isinstance(item, Leading) for item in seen))
        first = log.status().run().leases["mine"]
        assert first.reader.endswith(f":{os.getpid()}")
        assert (first.id != "", first.seconds) == (True, 2)
        wait_for(log, lambda status: status.leases["mine"].revision > first.revision)
    last = wait_for(log, lambda status: status.leases["mine"].id == "").leases["mine"]
    assert (last.reader, last.time) == ("", first.time)
