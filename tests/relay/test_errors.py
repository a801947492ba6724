from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
from reactivex import Subject
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import (
    ConnectionFailed,
    LogDiffers,
    LogError,
    LogUnauthorized,
    LogUnavailable,
    StreamError,
)
from rxtweets.messages import Delete, Dropped, Post, Reconnecting
from rxtweets.relay import JetStream
from tests.relay.conftest import MakeLog
from tests.relay.servers import Server, nobody, running
from tests.relay.working import PATIENCE, Worker, frames, post, read, write

NEVER = BackoffPolicy.never()

USERS = """
authorization { users = [
  { user: "all", password: "s3cret" }
  { user: "little", password: "s3cret", permissions: {
      publish: ["$JS.API.STREAM.INFO.*", "$JS.API.STREAM.CREATE.*"], subscribe: [">"] } }
] }
"""


def failure(log: JetStream) -> StreamError:
    """Return the error that both operators of *log* end with."""
    with pytest.raises(StreamError) as written:
        write(log, [post(1)], policy=NEVER)
    with pytest.raises(StreamError) as consumed:
        rxt.run(log.consume("g", policy=NEVER))
    assert type(written.value) is type(consumed.value)
    return consumed.value


def test_refused() -> None:
    """If nobody listens, the network has failed; the system's words are told."""
    with nobody() as url:
        error = failure(JetStream(url, stream="x"))
    assert isinstance(error, ConnectionFailed)
    assert str(error).startswith(f"no connection to the log at {url.removeprefix('nats://')}: ")
    assert "refused" in error.system.lower()


def test_unauthorized(tmp_path: Path) -> None:
    """Wrong credentials are refused, and shown nowhere; nor are right ones."""
    with running(tmp_path, config=USERS) as server:
        wrong = [
            JetStream(server.url, stream="x", user="all", password="wr0ng"),
            JetStream(server.url.replace("//", "//all:wr0ng@"), stream="x"),
            JetStream(server.url, stream="x", token="wr0ng"),
            JetStream(server.url, stream="x"),
        ]
        for log in wrong:
            error = failure(log)
            assert isinstance(error, LogUnauthorized)
            assert "wr0ng" not in f"{error!s} {error!r} {log!r}"
        log = JetStream(server.url.replace("//", "//all:s3cret@"), stream="x")
        assert write(log, [post(1)]) == [post(1)]
        assert frames(read(log, 1)) == [post(1)]
        assert repr(log) == f"JetStream('127.0.0.1:{server.port}', stream='x')"
        little = JetStream(server.url, stream="x", user="little", password="s3cret")
        error = failure(little)
        assert isinstance(error, LogUnauthorized)
        assert "Permissions Violation" in str(error) or "permissions violation" in str(error)


def test_no_jetstream(tmp_path: Path) -> None:
    """A server without JetStream is said to be that, and waited for by default."""
    with running(tmp_path, jetstream=False) as server:
        log = JetStream(server.url, stream="x")
        error = failure(log)
        assert isinstance(error, LogUnavailable)
        assert "nats-server needs -js" in str(error)
        with Worker(log.consume("g")) as worker:
            worker.wait_for(lambda seen: any(isinstance(item, Reconnecting) for item in seen))


def test_other_settings(make_log: MakeLog) -> None:
    """If the stream or the group is there, what differs is said, and nothing is changed."""
    write(make_log(keep=timedelta(days=7)), [post(1)])
    error = failure(make_log(keep=timedelta(days=8)))
    assert isinstance(error, LogDiffers)
    assert error.differences == {"keep": ("7 days", "8 days")}
    assert "keep is 7 days, not 8 days. Give the settings that it has, or none" in str(error)
    with pytest.raises(LogDiffers, match=r"replicas is 1, not 3; keep is 7 days, not 90 min\. "):
        write(make_log(keep=timedelta(minutes=90), replicas=3), [post(1)])
    assert pickle.loads(pickle.dumps(error)).differences == error.differences
    log = make_log(keep=timedelta(days=7))
    read(log, 1)
    with pytest.raises(LogDiffers, match=r"redeliver_after is 30 s, not 5\.5 s\. ") as caught:
        rxt.run(log.consume("g", redeliver_after=5.5))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(LogDiffers, match=r"kinds is all, not Delete, Post\. Give those that it has, or name"):
        rxt.run(log.consume("g", kinds=[Post, Delete]))


def test_a_stream_that_is_no_log(server: Server) -> None:
    """A stream that another program made for something else is said to be that."""
    asyncio.run(create(server.url, "others"))
    error = failure(JetStream(server.url, stream="others", keep=timedelta(days=1)))
    assert isinstance(error, LogDiffers)
    assert error.differences["subjects"] == ("['others.*']", "['others.>']")
    assert str(error).endswith(". It is no log: choose another name")


def test_too_many_replicas(make_log: MakeLog) -> None:
    """A server alone can't keep replicas, and says so."""
    with pytest.raises(LogError, match="replicas") as refused:
        write(make_log(replicas=3), [post(1)])
    assert type(refused.value) is LogError


def refusal(status: int, code: int, description: str) -> bytes:
    """Return what JetStream says of a request that it refuses."""
    return json.dumps({"error": {"code": status, "err_code": code, "description": description}}).encode()


@contextlib.contextmanager
def pretending(version: str, answer: bytes = b"") -> Iterator[str]:
    """A server that says that it is of a *version*, and gives each request the same *answer*."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    info = {"server_id": "x", "version": version, "headers": True, "max_payload": 1024}
                    connection.sendall(b"INFO " + json.dumps(info).encode() + b"\r\n")
                    number = b""
                    while data := connection.recv(4096):
                        if b"PING" in data:
                            connection.sendall(b"PONG\r\n")
                        if subscribed := re.search(rb"SUB \S+ +(\d+)", data):
                            number = subscribed[1]
                        if asked := re.search(rb"PUB \S+ (\S+) \d+", data):
                            kind, sizes = b"MSG", b"%d" % len(answer)
                            if answer.startswith(b"NATS/1.0"):
                                kind, sizes = b"HMSG", sizes + b" " + sizes
                            head = b" ".join([kind, asked[1], number, sizes])
                            connection.sendall(head + b"\r\n" + answer + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"nats://127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"NATS/1.0 503\r\n\r\n", "no JetStream answers .* or a leader is being elected"),
        (refusal(503, 10008, "JetStream system temporarily unavailable"), "temporarily unavailable"),
        (refusal(503, 10118, "stream is offline"), "stream is offline"),
        (refusal(500, 10047, "insufficient storage resources available"), "insufficient storage"),
    ],
    ids=["no leader", "no quorum", "offline", "full"],
)
def test_what_passes_is_waited_for(answer: bytes, words: str) -> None:
    """A cluster that elects a leader, or lacks servers or room, says so, and is waited for."""
    with pretending("2.11.0", answer) as url:
        log = JetStream(url, stream="x")
        error = failure(log)
        assert isinstance(error, LogUnavailable)
        assert re.search(words, str(error))
        with Worker(log.consume("g")) as worker:
            worker.wait_for(lambda seen: sum(isinstance(item, Reconnecting) for item in seen) > 1)


def test_too_old() -> None:
    """A server that lacks what a log needs is told by its version."""
    with pretending("2.9.10") as url:
        error = failure(JetStream(url, stream="x"))
    assert type(error) is LogError
    assert str(error) == "nats-server 2.9.10 is too old: a log needs 2.11 or later"


def test_a_full_disk(tmp_path: Path) -> None:
    """A log without room is waited for: what came passes on once there is room, and nothing is lost."""
    wanted = [post(number, "x" * 50_000) for number in range(30)]
    config = f'jetstream {{ store_dir: "{tmp_path}", max_file_store: 1MB }}'
    with running(tmp_path, jetstream=False, config=config) as server:
        log = JetStream(server.url, stream="x")
        with pytest.raises(LogUnavailable) as caught:
            write(log, wanted, policy=NEVER)
        assert "resource" in str(caught.value) or "storage" in str(caught.value)
        told = write(log, wanted, drop_after=0.1)
        [dropped] = [item for item in told if isinstance(item, Dropped)]
        assert dropped.count + len(frames(told)) == 30
        server.kill()
        (tmp_path / "server.conf").write_text(config.replace("1MB", "100MB"))
        server.start()
        assert write(log, wanted) == wanted
        assert sorted(frames(read(log, 30))) == sorted(wanted)


def test_a_message_that_is_too_long(tmp_path: Path) -> None:
    """A message that the server doesn't take is a final error that names the limit."""
    with running(tmp_path, config="max_payload: 2KB") as server:
        log = JetStream(server.url, stream="x")
        with pytest.raises(LogError, match=r"max_payload is 2,000|max_payload is 2,048") as caught:
            write(log, [post(1), post(2, "x" * 3000)])
        assert type(caught.value) is LogError


async def create(url: str, stream: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().add_stream(name=stream, subjects=[f"{stream}.*"])
    await client.close()


async def delete(url: str, stream: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().delete_stream(stream)
    await client.close()


def test_a_stream_that_goes(server: Server) -> None:
    """If the stream is deleted under a worker and a writer, it isn't made anew: both end, and say so."""
    log = JetStream(server.url, stream="goes")
    source: Subject[bytes] = Subject()
    with Worker(source.pipe(log.publish())) as writer, Worker(log.consume("g", from_="start")) as worker:
        source.on_next(post(1))
        for each in (writer, worker):
            each.wait_for(lambda seen: post(1) in seen)
        asyncio.run(delete(server.url, "goes"))
        source.on_next(post(2))
        for each, words in (
            (writer, "the stream 'goes' at .* isn't there"),
            (worker, "the group 'g' .* deleted"),
        ):
            error = each.wait_for_error()
            assert type(error) is LogError
            assert re.search(words, str(error))
    assert post(2) not in writer.seen


def test_a_stream_that_is_gone(server: Server) -> None:
    """Letters of a log that isn't there are an error, and create none."""
    log = JetStream(server.url, stream="nowhere")
    for _ in range(2):
        with pytest.raises(LogError, match=r"the stream 'nowhere' at .* isn't there"):
            log.dead_letters("g").pipe(ops.to_list()).run()


@pytest.mark.parametrize(
    ("servers", "options", "error", "words"),
    [
        ("127.0.0.1", {}, ValueError, "servers"),
        ("http://u:s3cret@127.0.0.1", {}, ValueError, "servers"),
        ([], {}, ValueError, "servers"),
        ("nats://x:port", {}, ValueError, "servers"),
        ("nats://x", {"stream": "a.b"}, ValueError, "stream"),
        ("nats://x", {"replicas": 0}, ValueError, "replicas"),
        ("nats://x", {"keep": timedelta(0)}, ValueError, "keep"),
        ("nats://x", {"keep": 5}, ValueError, "keep"),
        ("nats://x", {"passwort": "s3cret"}, TypeError, "no option 'passwort'; there are nkeys_seed, "),
    ],
)
def test_arguments_are_checked(
    servers: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A wrong argument is an error that names it, without secrets."""
    with pytest.raises(error, match=words) as caught:
        JetStream(servers, **{"stream": "x", **options})
    assert "s3cret" not in str(caught.value)
