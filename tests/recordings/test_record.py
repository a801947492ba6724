"""`record`: what is written, in which form, and what happens where it can't be."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Subject
from reactivex import operators as ops
from reactivex.scheduler import VirtualTimeScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.messages import (
    Connected,
    Connecting,
    Disconnected,
    Dropped,
    Gap,
    KeepAlive,
    Leg,
    MatchingRule,
    Reconnecting,
    Recovered,
    RecoveryEstimate,
    decode,
)
from tests.forked import PIPE, Program
from tests.observing import Seen
from tests.recordings.recordings import FORMS, frames, open_files, recorded, replayed

ODD = [
    b"",
    b"hello",
    b"{",
    b'{"a":1}}',
    b'{"a":"\\ud800"}',
    b'{"a":\n1}\n',
    b' {"a": 1.50 } ',
    b"[1]",
    b'"text"',
    b"\xff{}",
    b'{"a":"\xff"}',
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
    '{"text":"\u2028\U0001f600"}'.encode(),
    b'{"at":1.5,"frame":{"a":1}}',
    b'{"event":"Recording","part":1}',
]
"""Frames that aren't what X sends."""

untyped: Any = tw


@pytest.fixture(params=FORMS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"posts{request.param}"


def test_a_hundred_thousand_messages(path: Path) -> None:
    """100,000 messages are replayed byte for byte."""
    sent = frames(100_000)
    assert replayed(recorded(path, sent)) == sent


def test_odd_frames(path: Path) -> None:
    """Frames are kept byte for byte whatever they are, before decoding and after it."""
    assert replayed(recorded(path, ODD)) == ODD
    assert replayed(recorded(path.with_name(f"2{path.name}"), map(decode, ODD[1:]))) == ODD[1:]


@settings(max_examples=100, deadline=None)
@given(frame=st.one_of(st.binary(), st.text().map(str.encode), st.binary().map(lambda b: b"{%b}" % b)))
def test_any_frame(tmp_path_factory: pytest.TempPathFactory, frame: bytes) -> None:
    """Any bytes come back as they were, and a line of a recording is a line of UTF-8."""
    path = recorded(tmp_path_factory.mktemp("any") / "any.jsonl", [frame])
    assert replayed(path) == [frame]
    assert path.read_text(encoding="utf-8").count("\n") == 2


def test_events(path: Path) -> None:
    """The events of the connection are replayed with all that they say, cookies excepted."""
    post = frames(1)[0]
    limited = rxt.HTTPStatusError.of(429, {"Retry-After": "3"}, b'{"title":"Too Many \xff"}')
    cut = rxt.StreamDisconnected("bye", 12)
    cut.cut = 5
    then = datetime(2026, 11, 27, 12, 0, 0, 5000, UTC)
    causes = [
        limited,
        cut,
        rxt.ConnectionFailed("refused", system="Connection refused"),
        rxt.StreamStalled(30.0),
        rxt.FrameTooLong(10),
        rxt.NotAStream(200, {}, b"<html>"),
        rxt.DuplicateStream("another", 7),
    ]
    sent = [
        Connecting(),
        Connected(200, {"Date": "today", "Set-Cookie": "secret"}),
        KeepAlive(),
        *(Disconnected(cause) for cause in causes),
        *(Reconnecting(1.5, 2, cause) for cause in causes),
        Dropped(2, decode(post), decode(post)),
        Dropped(1, post, b"\xff"),
        RecoveryEstimate(then, then, 5, 0.025),
        Recovered(then, then, 5, "search"),
        Gap(then, then, "search has no sample:", (MatchingRule(id="1", tag="a"),), ("retweets",)),
        Leg(2, Recovered(then, then, 5, "window"), (1, 3)),
    ]
    got = replayed(recorded(path, sent))
    assert list(map(type, got)) == list(map(type, sent))
    assert got[1].headers["date"] == "today"
    assert dict(got[1].headers) == {"Date": "today"}
    for was, came in zip(sent[3:17], got[3:17], strict=True):
        assert type(was.cause) is type(came.cause)  # type: ignore[attr-defined]
        assert str(was.cause) == str(came.cause)  # type: ignore[attr-defined]
    assert got[3].cause.headers["retry-after"] == "3"
    assert got[4].cause.cut == 5
    assert got[-5:] == sent[-5:]


def test_items_pass_unchanged_after_they_were_written(tmp_path: Path) -> None:
    """Each item is in the file when the subscriber gets it, and is the same object."""
    path = tmp_path / "posts.jsonl"
    source: Subject[Any] = Subject()
    passed: list[tuple[Any, bytes]] = []
    source.pipe(tw.record(path)).subscribe(lambda item: passed.append((item, path.read_bytes())))
    for item in (KeepAlive(), decode(frames(1)[0])):
        source.on_next(item)
        assert passed[-1][0] is item
        assert passed[-1][1].endswith(b"}\n")
    source.on_completed()
    assert len(path.read_bytes().splitlines()) == 3


def test_a_line_is_json(tmp_path: Path) -> None:
    """A line is an object of the time and the frame, which is an object, a string or base64."""
    scheduler = VirtualTimeScheduler(initial_clock=12.5)
    source: Subject[Any] = Subject()
    source.pipe(tw.record(tmp_path / "x.jsonl", scheduler=scheduler)).subscribe()
    for item in (b'{"a":1}', b"text", b"\xff", KeepAlive()):
        source.on_next(item)
    source.on_completed()
    read = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert read == [
        {"at": 12.5, "event": "Recording", "part": 1},
        {"at": 12.5, "frame": {"a": 1}},
        {"at": 12.5, "frame": "text"},
        {"at": 12.5, "base64": "/w=="},
        {"at": 12.5, "event": "KeepAlive"},
    ]


def test_the_compressed_forms_are_those_of_other_programs(tmp_path: Path) -> None:
    """gzip reads what was recorded as .gz."""
    with gzip.open(recorded(tmp_path / "x.jsonl.gz", frames(3)), "rb") as file:
        assert len(file.read().splitlines()) == 4


def test_a_file_is_appended_to(path: Path) -> None:
    """A recording goes on in a file that is there; the time between the two isn't replayed."""
    for part in (frames(4)[:2], frames(4)[2:]):
        scheduler = VirtualTimeScheduler(initial_clock=1000.0 * len(part[0]) + 50 * part[0][-5])
        recorded(path, part, scheduler=scheduler)
    assert replayed(path) == frames(4)


def test_posts_have_to_come_as_received(tmp_path: Path) -> None:
    """An item without its bytes is an error that says where to record."""
    for item in ("text", rxt.messages.Status(text="by hand")):
        seen = Seen(reactivex.of(item).pipe(tw.record(tmp_path / "x.jsonl")))
        assert isinstance(seen.error, ValueError)
        assert "client.sample().pipe(tw.record(path)" in str(seen.error)
    assert open_files() == []


@pytest.mark.parametrize("name", ["posts.json", "posts", "posts.gz", "posts.jsonl.bz2"])
def test_other_names_are_refused(name: str) -> None:
    """The name says the form."""
    with pytest.raises(ValueError, match=r"end in .jsonl, .jsonl.gz or .jsonl.zst"):
        tw.record(name)


def frame_of(pair: Any) -> bytes:
    return pair[1]  # type: ignore[no-any-return]


@pytest.mark.parametrize("rotate", [0, -1, "1 MB", timedelta(0), (1, 2.5), True])
def test_a_wrong_rotation_is_refused(rotate: Any) -> None:
    """Rotation is by bytes, by time or by both."""
    with pytest.raises(ValueError, match="rotate"):
        tw.record("x.jsonl", rotate=rotate)


def test_zstd_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra `zstd` the error names it, for recording and for replay."""
    for module in ("backports", "backports.zstd", "compression", "compression.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    for use in (lambda: tw.record("x.jsonl.zst"), lambda: rxt.replay("x.jsonl.zst")):
        with pytest.raises(ImportError, match=r"rxtweets\[zstd\]"):
            use()


# --- rotation


def test_rotation_by_size(path: Path) -> None:
    """Files are numbered, hold so many bytes and a line at most, and are replayed in order."""
    sent = [*frames(300), *(os.urandom(300) for _ in range(50))]
    recorded(path, sent, rotate=4000)
    recorded(path, sent, rotate=4000)
    files = sorted(path.parent.iterdir())
    assert len(files) > 5
    assert files[0].name == path.name.replace("posts", "posts.0001")
    assert all(file.stat().st_size < 4000 + 700 for file in files)
    assert replayed(path) == sent * 2


def test_rotation_by_time(tmp_path: Path) -> None:
    """A file takes what comes within its time, and the waits are replayed over all of them."""
    scheduler = VirtualTimeScheduler()
    path = tmp_path / "posts.jsonl"
    sent = frames(10)
    each_second = reactivex.zip(reactivex.interval(1.0), reactivex.from_iterable(sent))
    each_second.pipe(ops.map(frame_of), tw.record(path, rotate=timedelta(seconds=3))).subscribe(
        scheduler=scheduler
    )
    scheduler.start()
    counts = [len(file.read_bytes().splitlines()) - 1 for file in sorted(tmp_path.iterdir())]
    assert counts == [2, 3, 3, 2]
    seen = rxt.testing.timeline(rxt.replay(path))
    assert [item for _, item in seen.items] == sent
    assert [at for at, _ in seen.items] == pytest.approx([*range(1, 11)], abs=1e-3)


# --- what can't be written


def failing(path: Path, items: list[bytes] | None = None) -> tuple[Exception | None, bool]:
    """Record endlessly; return the error that came, and whether the source was disposed."""
    disposed = threading.Event()
    source = reactivex.from_iterable(items or frames(200)).pipe(
        ops.concat(reactivex.never()), ops.finally_action(disposed.set)
    )
    seen = Seen(source.pipe(tw.record(path))).wait(lambda seen: seen.error)
    return seen.error, disposed.is_set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk(path: Path) -> None:
    """No space is an error that names the file; before the first line nothing is subscribed to."""
    path.symlink_to("/dev/full")
    error, disposed = failing(path)
    assert isinstance(error, OSError)
    assert error.strerror == "No space left on device"
    assert error.filename == str(path)
    assert not disposed
    assert open_files() == []


def test_a_file_that_may_not_grow(path: Path) -> None:
    """Lines written before the disk was full are replayed, and a later recording goes on after them."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        error, disposed = failing(
            path, [b"%d" % number + os.urandom(100).hex().encode() for number in range(200)]
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert isinstance(error, OSError)
    assert error.filename == str(path)
    assert disposed
    whole = replayed(path)
    assert len(whole) >= 10
    assert replayed(recorded(path, frames(2))) == [*whole, *frames(2)]


def test_a_missing_folder(tmp_path: Path) -> None:
    """A file that can't be opened is the stream's error, and nothing is subscribed to."""
    subscribed: list[bool] = []
    source = reactivex.defer(lambda _: subscribed.append(True) or reactivex.never())  # type: ignore[func-returns-value]
    seen = Seen(source.pipe(tw.record(tmp_path / "none" / "x.jsonl")))
    assert isinstance(seen.error, FileNotFoundError)
    assert subscribed == []


def test_a_folder_in_place_of_the_file(path: Path) -> None:
    """So does what can't be written for another reason."""
    path.mkdir()
    assert isinstance(failing(path)[0], IsADirectoryError)


def test_a_folder_that_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was removed is noticed within a second of messages."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    folder = tmp_path / "there"
    folder.mkdir()
    source: Subject[bytes] = Subject()
    seen = Seen(source.pipe(tw.record(folder / "x.jsonl")))
    source.on_next(b"1")
    shutil.rmtree(folder)
    now[0] += 1.0
    source.on_next(b"2")
    assert isinstance(seen.error, FileNotFoundError)
    assert seen.items == [b"1"]
    assert open_files() == []


def test_one_writer(path: Path) -> None:
    """A second recording to the same file is refused while the first goes on."""
    source: Subject[bytes] = Subject()
    first = Seen(source.pipe(tw.record(path)))
    second = Seen(source.pipe(tw.record(path)))
    assert isinstance(second.error, BlockingIOError)
    assert second.error.filename == str(path)
    source.on_next(b"1")
    first.dispose()
    assert replayed(path) == [b"1"]


# --- ends


def test_files_are_closed(path: Path) -> None:
    """However a subscription ends, its file is closed and whole."""

    def end(subject: Subject[bytes], seen: Seen, how: str) -> None:
        match how:
            case "completion":
                subject.on_completed()
            case "error":
                subject.on_error(RuntimeError())
            case "disposal":
                seen.dispose()

    for how in ("completion", "error", "disposal"):
        source: Subject[bytes] = Subject()
        seen = Seen(source.pipe(tw.record(path)))
        source.on_next(b"1")
        assert len(open_files()) == 1
        end(source, seen, how)
        assert open_files() == []
    assert replayed(path) == [b"1"] * 3


def test_an_exception_of_the_subscriber(path: Path) -> None:
    """It closes the file as it closes the session."""

    def fail(_: bytes) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        reactivex.of(b"1", b"2").pipe(tw.record(path)).subscribe(fail)
    assert open_files() == []
    assert replayed(path) == [b"1"]


def test_a_disposal_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a write hangs, dispose returns; the file is closed when the write is over."""
    writing, go_on = threading.Event(), threading.Event()
    write = os.write

    def slow(fd: int, data: bytes) -> int:
        if b"slow" in data:
            writing.set()
            go_on.wait(10)
        return write(fd, data)

    monkeypatch.setattr(os, "write", slow)
    source: Subject[bytes] = Subject()
    seen = Seen(source.pipe(tw.record(tmp_path / "x.jsonl")))
    thread = threading.Thread(target=source.on_next, args=[b"slow"])
    thread.start()
    assert writing.wait(10)
    begun = time.perf_counter()
    seen.dispose()
    assert time.perf_counter() - begun < 5  # half of what the write would take
    assert len(open_files()) == 1
    go_on.set()
    thread.join(10)
    assert open_files() == []
    assert seen.items == []
    assert replayed(tmp_path / "x.jsonl") == [b"slow"]


def test_a_live_stream(path: Path, emulator: Emulator) -> None:
    """A stream of the emulator is replayed as it came, messages and events, over a reconnect."""
    emulator.rate = 500
    client = rxt.StreamingClient(
        rxt.BearerToken(emulator.bearer_token),
        base_url=emulator.base_url,
        policy=rxt.BackoffPolicy(after_drop=0.0),
    )
    seen = Seen(client.sample().pipe(tw.record(path)))
    seen.count(50)
    emulator.cut_streams()
    seen.wait(lambda seen: sum(isinstance(item, Connected) for item in seen.items) == 2).count(100)
    seen.dispose()
    again = replayed(path)
    live = [item.raw if isinstance(item, rxt.messages.Message) else item for item in seen.items]
    got = [item for item in again if not isinstance(item, Connecting)][: len(live)]
    assert [item for item in got if isinstance(item, bytes)] == [x for x in live if isinstance(x, bytes)]
    assert list(map(type, got)) == list(map(type, live))
    messages = reactivex.from_iterable(again).pipe(tw.decode(), tw.posts())
    assert Seen(messages).ended().items[0].text


KILLED = """
import itertools, reactivex, sys, rxtweets as rxt
from rxtweets import operators as tw
from tests.recordings.recordings import frames
sent = frames(1000)
endless = reactivex.from_iterable(itertools.cycle(sent)).pipe(tw.record(sys.argv[1]))
count = 0
def show(frame):
    global count
    count += 1
    if count % 100 == 0:
        print(count, flush=True)
rxt.run(endless, show)
"""


IMPORTED = ("rxtweets", "tests.recordings.recordings")


@pytest.mark.parametrize("after", [1, 7, 23])
def test_a_killed_recording(path: Path, after: int) -> None:
    """SIGKILL loses no line whose item had passed, and the next recording goes on after the whole lines."""
    with Program(["-c", KILLED, str(path)], imported=IMPORTED, stdout=PIPE) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(after)]
        process.kill()
        told += map(int, process.stdout.read().split())
    got = replayed(path)
    assert len(got) >= told[-1]
    sent = frames(1000)
    assert all(frame == sent[number % 1000] for number, frame in enumerate(got))
    assert replayed(recorded(path, [b"more"])) == [*got, b"more"]
