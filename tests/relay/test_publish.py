from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest
import reactivex
from reactivex import Subject
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.messages import Connected, Dropped, KeepAlive, Post, decode
from rxtweets.relay import JetStream
from tests.clients import client_on
from tests.relay.conftest import MakeLog
from tests.relay.servers import nobody, running
from tests.relay.working import PATIENCE, Worker, frames, post, read, write

ODD = [
    post(1, "héllo ✓ \\u2713"),
    b'{ "data" : {"id":"2", "text":"spaces stay"} }',
    b'{"delete":{"status":{"id":3,"user_id":4}}}',
    b'{"limit":{"track":5}}',
    b"no JSON \xff\x00",
    post(6, "x" * 100_000),
]


def test_bytes_stay(log: JetStream) -> None:
    """Messages pass on in their order, and are read as they were received, byte for byte."""
    assert write(log, ODD) == ODD
    assert frames(read(log, len(ODD))) == ODD


def test_messages_and_frames_are_the_same(log: JetStream) -> None:
    """A message is written as the frame that it was decoded from; events pass in their place, unwritten."""
    items = [KeepAlive(), decode(post(1)), Connected(200, {}), decode(post(2)), KeepAlive()]
    assert write(log, items) == items
    assert write(log, [post(1), post(3)]) == [post(1), post(3)]
    assert frames(read(log, 3)) == [post(1), post(2), post(3)]


def test_each_once(make_log: MakeLog) -> None:
    """If several write the same messages, at once and again, the log has each one once."""
    wanted = [post(number) for number in range(300)] + [b'{"limit":{"track":%d}}' % n for n in range(20)]
    written: list[list[Any]] = [[] for _ in range(3)]

    def writer(number: int) -> None:
        mine = random.Random(number).sample(wanted, len(wanted))
        written[number] = write(make_log(), mine)
        assert written[number] == mine

    threads = [threading.Thread(target=writer, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    write(make_log(), wanted)
    with Worker(make_log().consume("all", from_="start")) as worker:
        worker.wait_for(lambda seen: len(frames(seen)) >= len(wanted))
        write(make_log(), [post(1000)])
        worker.wait_for(lambda seen: post(1000) in seen)
    assert sorted(frames(worker.seen)) == sorted([*wanted, post(1000)])


def test_an_id_is_no_subject(log: JetStream) -> None:
    """An id that isn't a number can't write to another subject of the log."""
    evil = [
        b'{"data":{"id":"%s","text":"hello","edit_history_tweet_ids":[]}}' % part
        for part in (b"dead.g.1", b"*", b">", b"1 2", b"1\\r\\nPUB x 0", b"9" * 300)
    ]
    assert write(log, evil) == evil
    assert frames(read(log, len(evil), kinds=[Post])) == evil
    assert log.dead_letters("g").pipe(ops.to_list()).run() == []


def text_of(post: Post) -> str:
    return post.text


def test_two_readers(log: JetStream) -> None:
    """Two readers of one stream write each post once."""

    def reader() -> Worker:
        return Worker(client_on(emulator).sample().pipe(log.publish()))

    with Emulator(rate=0, limits=Limits(connections=2)) as emulator, reader() as one, reader() as another:
        for each in (one, another):
            each.wait_for(lambda seen: any(isinstance(item, Connected) for item in seen))
        for number in range(50):
            emulator.publish(f"post {number}")
        for each in (one, another):
            each.wait_for(lambda seen: sum(isinstance(item, Post) for item in seen) == 50)
    texts = log.consume("g", from_="start").pipe(tw.decode(), tw.posts(), ops.map(text_of))
    with Worker(texts) as worker:
        write(log, [post(1, "the last")])
        worker.wait_for(lambda seen: "the last" in seen)
    assert worker.seen == [*(f"post {number}" for number in range(50)), "the last"]


def test_a_log_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """While the log is away the source waits; once it is back all is written once, and passes on."""
    wanted = [post(number) for number in range(500)]
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        taken: list[bytes] = []
        seen: list[Any] = []
        half = threading.Event()

        def on_next(item: Any) -> None:
            seen.append(item)
            if len(seen) == 100:
                half.set()

        source = reactivex.from_iterable(wanted).pipe(ops.do_action(taken.append))
        thread = threading.Thread(target=lambda: rxt.run(source.pipe(log.publish(window=50)), on_next))
        thread.start()
        assert half.wait(PATIENCE)
        server.kill()
        assert len(taken) <= len(seen) + 51
        server.start()
        thread.join(PATIENCE)
        assert seen == wanted
        assert frames(read(log, 500)) == wanted


def test_dropped_is_told(tmp_path: Path) -> None:
    """Of a log that is away too long, what is dropped is told and counted; all else is written."""
    wanted = [post(number) for number in range(100)]
    with running(tmp_path) as server:
        log = JetStream(server.url, stream="x")
        write(log, [post(1000)])
        server.kill()
        source: Subject[Any] = Subject()
        with Worker(source.pipe(log.publish(window=10, drop_after=0.0))) as worker:
            for frame in wanted:
                source.on_next(frame)
            assert worker.seen == []
            server.start()
            worker.wait_for(lambda seen: len(frames(seen)) == 10)
        [told] = [item for item in worker.seen if isinstance(item, Dropped)]
        assert told == Dropped(90, wanted[0], wanted[89])
        assert worker.seen == [told, *wanted[90:]]
        assert frames(read(log, 11)) == [post(1000), *wanted[90:]]


def test_the_end_is_told_when_the_log_stays_away() -> None:
    """With a limit to the wait, a source that ends is followed by what was dropped, and by its end."""
    wanted = [post(1), post(2), post(3)]
    with nobody() as url:
        log = JetStream(url, stream="x")
        assert write(log, wanted, drop_after=0.1) == [Dropped(3, wanted[0], wanted[2])]


def test_a_disposal_writes_what_waits(log: JetStream) -> None:
    """All that was taken before a disposal is written, although it doesn't pass on any more."""
    wanted = [post(number) for number in range(200)]
    source: Subject[Any] = Subject()
    worker = Worker(source.pipe(log.publish()))
    for frame in wanted:
        source.on_next(frame)
    worker.dispose()
    assert frames(read(log, 200)) == wanted


def test_what_was_not_received_is_refused(log: JetStream) -> None:
    """An item without bytes as received is an error that says where the operator belongs."""
    with pytest.raises(ValueError, match=r"str has no bytes .*put log.publish\(\) before"):
        write(log, ["text"])


@pytest.mark.parametrize("options", [{"window": 0}, {"drop_after": -1}, {"drop_after": "1"}, {"policy": 1}])
def test_settings_of_publish_are_checked(log: JetStream, options: dict[str, Any]) -> None:
    """A wrong argument is an error that names it."""
    with pytest.raises(ValueError, match=next(iter(options))):
        log.publish(**options)
