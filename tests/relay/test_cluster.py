"""A cluster of three servers, with three replicas."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import reactivex

import rxtweets as rxt
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import LogUnavailable, StreamError
from rxtweets.relay import JetStream
from tests.relay.servers import Server
from tests.relay.working import Worker, frames, post, write


@pytest.mark.soak
def test_no_quorum(cluster: list[Server]) -> None:
    """With two of three servers gone the log can't answer: that is said, or waited for; nothing is lost."""
    log = JetStream([server.url for server in cluster], stream="x", replicas=3)
    write(log, [post(1)])
    with Worker(log.consume("g", from_="start", redeliver_after=2.0)) as worker:
        worker.wait_for(lambda seen: post(1) in seen)
        for server in cluster[1:]:
            server.kill()
        with pytest.raises(StreamError) as caught:
            write(JetStream(cluster[0].url, stream="x", replicas=3), [post(2)], policy=BackoffPolicy.never())
        assert isinstance(caught.value, LogUnavailable)
        cluster[1].start()
        assert write(log, [post(2)]) == [post(2)]
        worker.wait_for(lambda seen: post(2) in seen)
    assert {*frames(worker.seen)} == {post(1), post(2)}


@pytest.mark.soak
def test_servers_that_die(cluster: list[Server]) -> None:
    """If a server dies, and then two others at once, the log has each message once; nobody misses any."""
    wanted = [post(number) for number in range(2000)]
    log = JetStream([server.url for server in cluster], stream="x", replicas=3)
    seen: list[Any] = []
    reached = {number: threading.Event() for number in (400, 800, 1200, 2000)}

    def on_next(item: Any) -> None:
        seen.append(item)
        if len(seen) in reached:
            reached[len(seen)].set()

    worker = Worker(log.consume("g", from_="start", redeliver_after=2.0))
    with worker, Worker(log.consume(from_="start")) as follower:
        source = reactivex.from_iterable(wanted).pipe(log.publish(window=20))
        thread = threading.Thread(target=lambda: rxt.run(source, on_next))
        thread.start()
        assert reached[400].wait(60)
        cluster[0].kill()
        assert reached[800].wait(60)
        cluster[0].start()
        cluster[1].kill()
        cluster[2].kill()
        cluster[1].start()
        assert reached[1200].wait(60)
        cluster[2].start()
        assert reached[2000].wait(60)
        thread.join(60)
        assert seen == wanted
        worker.wait_for(lambda items: {*frames(items)} >= {*wanted})
        follower.wait_for(lambda items: len(frames(items)) >= len(wanted))
    assert sorted(frames(follower.seen)) == sorted(wanted)
    again = Worker(log.consume("another", from_="start"))
    with again:
        write(log, [post(5000)])
        again.wait_for(lambda items: post(5000) in items)
    assert sorted(frames(again.seen)) == sorted([*wanted, post(5000)])
