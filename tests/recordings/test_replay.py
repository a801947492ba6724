"""`replay`: at which pace, on which thread, up to which line, and how it ends."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import os
import random
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Observable
from reactivex import operators as ops
from reactivex.scheduler import (
    CurrentThreadScheduler,
    EventLoopScheduler,
    ImmediateScheduler,
    ThreadPoolScheduler,
    VirtualTimeScheduler,
)
from reactivex.scheduler.eventloop import AsyncIOThreadSafeScheduler

import rxtweets as rxt
from rxtweets import aio
from rxtweets import operators as tw
from rxtweets.messages import Disconnected, Dropped, Reconnecting, decode
from rxtweets.testing import timeline
from tests.observing import Seen, dispose_quickly
from tests.recordings.recordings import FORMS, frames, open_files, recorded, replayed


def at_times(path: Path, *times: float) -> Path:
    """Record a frame at each of *times*."""
    sent = frames(len(times))
    lines = [f'{{"at":{at},"frame":{frame.decode()}}}' for at, frame in zip(times, sent, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def times(replay: Observable[Any]) -> list[float]:
    """The virtual seconds at which its items came."""
    seen = timeline(replay)
    assert seen.error is None
    assert seen.completed is not None
    return [at for at, _ in seen.items]


def test_the_pace(tmp_path: Path) -> None:
    """Frames come as far apart as they were recorded, or nearer by the speed, or at once."""
    path = at_times(tmp_path / "x.jsonl", 100.0, 101.5, 101.5, 110.0)
    for speed, due in (
        (1.0, [0, 1.5, 1.5, 10]),
        (2, [0, 0.75, 0.75, 5]),
        (0.5, [0, 3, 3, 20]),
        (None, [0] * 4),
    ):
        assert times(rxt.replay(path, speed=speed)) == pytest.approx(due, abs=1e-3)
    assert times(rxt.replay(path)) == pytest.approx([0, 1.5, 1.5, 10], abs=1e-3)


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    """A frame that came after the clock was set back comes at once, and the pace goes on from there."""
    path = at_times(tmp_path / "x.jsonl", 100.0, 50.0, 51.0)
    assert times(rxt.replay(path)) == pytest.approx([0, 0, 1], abs=1e-3)


def test_several_files(tmp_path: Path) -> None:
    """Files are replayed one after the other, without the time between them."""
    one = at_times(tmp_path / "1.jsonl", 5000.0, 5001.0)
    other = at_times(tmp_path / "2.jsonl", 10.0, 12.0)
    assert times(rxt.replay(one, other)) == pytest.approx([0, 1, 1, 3], abs=1e-3)


def test_a_slow_subscriber_gets_what_is_due_at_once(tmp_path: Path) -> None:
    """The waits don't add up to the work: a replay that fell behind catches up."""
    path = at_times(tmp_path / "x.jsonl", 0, 1, 2, 3, 4)
    scheduler = VirtualTimeScheduler()
    came: list[float] = []

    def work(_: object) -> None:
        came.append(scheduler.clock)
        scheduler.sleep(2.5 if len(came) == 1 else 0.1)

    rxt.replay(path).subscribe(work, scheduler=scheduler)
    scheduler.start()
    assert came == pytest.approx([0, 2.5, 2.6, 3, 4], abs=1e-3)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), "2", "fast"])
def test_a_wrong_speed_is_refused(speed: Any) -> None:
    """The speed is a number over 0, or None."""
    with pytest.raises(ValueError, match="speed"):
        rxt.replay("x.jsonl", speed=speed)


def test_cold(tmp_path: Path) -> None:
    """Nothing is opened before a subscription, and each begins anew."""
    replay = rxt.replay(tmp_path / "x.jsonl", speed=None)
    recorded(tmp_path / "x.jsonl", frames(3))
    for _ in range(2):
        assert Seen(replay).ended().items == frames(3)
    assert open_files() == []


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that isn't there is the stream's error."""
    error = Seen(rxt.replay(tmp_path / "x.jsonl")).ended().error
    assert isinstance(error, FileNotFoundError)
    assert error.filename == str(tmp_path / "x.jsonl")


# --- schedulers


def test_a_thread_of_its_own(tmp_path: Path) -> None:
    """Without a scheduler items come on a thread of the replay's, which ends with it."""
    seen = Seen(rxt.replay(recorded(tmp_path / "x.jsonl", frames(3)))).ended()
    (name,) = seen.threads
    assert name.startswith("rxtweets-replay-")


@pytest.mark.parametrize(
    "make",
    [CurrentThreadScheduler, ImmediateScheduler, EventLoopScheduler, lambda: ThreadPoolScheduler(2)],
    ids=["current thread", "immediate", "event loop", "pool"],
)
def test_any_scheduler(tmp_path: Path, make: Callable[[], Any]) -> None:
    """On any scheduler all frames come, in order, one after the other."""
    path = recorded(tmp_path / "x.jsonl", frames(20_000))
    scheduler = make()
    seen = Seen(rxt.replay(path, speed=None), scheduler).ended()
    assert seen.items == frames(20_000)
    if isinstance(scheduler, EventLoopScheduler):
        scheduler.dispose()
    if isinstance(scheduler, ThreadPoolScheduler):
        scheduler.executor.shutdown()


def test_a_loop_goes_on(tmp_path: Path) -> None:
    """A replay without waits lets the loop that it runs on do other work."""
    path = recorded(tmp_path / "x.jsonl", frames(50_000))

    async def main() -> tuple[int, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        scheduler = AsyncIOThreadSafeScheduler(asyncio.get_running_loop())
        count = len(await aio.to_list(rxt.replay(path, speed=None, scheduler=scheduler)))
        ticking.cancel()
        return count, ticks

    count, ticks = asyncio.run(main())
    assert count == 50_000
    assert ticks > 3


def test_run(tmp_path: Path) -> None:
    """`run` blocks until the last line."""
    got: list[Any] = []
    rxt.run(rxt.replay(recorded(tmp_path / "x.jsonl", frames(3)), speed=None), got.append)
    assert got == frames(3)


# --- disposal


def test_a_disposal_wakes_a_wait(tmp_path: Path) -> None:
    """Disposing ends a wait at once, closes the file, and leaves no thread."""
    seen = Seen(rxt.replay(at_times(tmp_path / "x.jsonl", 0.0, 1000.0))).count(1)
    assert len(open_files()) == 1
    dispose_quickly(seen.dispose)
    assert open_files() == []


def test_a_disposal_in_the_middle(tmp_path: Path) -> None:
    """Disposing under full flow, from the subscriber itself too, closes the file."""
    path = recorded(tmp_path / "x.jsonl.gz", frames(5000))
    taken = Seen(rxt.replay(path, speed=None).pipe(ops.take(10))).ended()
    assert taken.items == frames(10)
    seen = Seen(rxt.replay(path, speed=None)).count(1)
    seen.dispose()
    seen.wait(lambda _: open_files() == [])


def test_an_exception_of_the_subscriber(tmp_path: Path) -> None:
    """It ends the replay and closes the file; `run` raises it."""

    def fail(_: object) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        rxt.run(rxt.replay(recorded(tmp_path / "x.jsonl", frames(3))), fail)
    Seen(reactivex.never()).wait(lambda _: open_files() == [])


# --- cuts and damage


@cache
def whole(form: str) -> tuple[bytes, list[int]]:
    """A recording in this form, and how long its file was after each line."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{form}"
        sizes: list[int] = []
        rxt.run(
            reactivex.from_iterable(frames(120)).pipe(tw.record(path)),
            lambda _: sizes.append(path.stat().st_size),
        )
        return path.read_bytes(), sizes


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_cut_anywhere(form: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """All lines that were whole before a cut are replayed, and nothing else; appending then loses none."""
    content, sizes = whole(form)
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.mktemp("cut") / f"x{form}"
    path.write_bytes(content[:cut])
    got = replayed(path)
    before = sum(size <= cut for size in sizes)
    assert before <= len(got) <= before + 1
    assert got == frames(120)[: len(got)]
    assert replayed(recorded(path, [b"more"])) == [*got, b"more"]


def test_a_large_file_is_mended_in_place(tmp_path: Path) -> None:
    """The end of a plain file is cut off, or completed, without writing the file anew."""
    long = b"x" * 600_000
    for cut in (1, 20, 599_999):
        path = recorded(tmp_path / f"{cut}.jsonl", [*frames(3), long])
        path.write_bytes(path.read_bytes()[:-cut])
        before = path.stat()
        whole = [*frames(3), long] if cut == 1 else frames(3)
        assert replayed(recorded(path, [b"more"])) == [*whole, b"more"]
        assert os.path.samestat(path.stat(), before)
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"at":1.0,"fra')
    assert replayed(recorded(path, [b"more"])) == [b"more"]


@pytest.mark.parametrize("form", FORMS)
def test_a_cut_is_said(form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that ends in the middle of a line completes, and a warning says up to where it was replayed."""
    content, sizes = whole(form)
    path = tmp_path / f"x{form}"
    path.write_bytes(content[: (sizes[9] + sizes[10]) // 2])
    with caplog.at_level(logging.WARNING, "rxtweets"):
        assert replayed(path) == frames(10)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has no end, as after a crash or while it is recorded: nothing follows line 11"
    ]


def test_garbage_in_the_middle(tmp_path: Path) -> None:
    """A line that is nothing is an error with the file and the number of the line, after those before it."""
    path = recorded(tmp_path / "x.jsonl", frames(2))
    for garbage in (b"garbage", b'{"at":1.0,"frame":{"a":1}', b'{"at":1.0,"base64":"?"}', b"12", b"\xff\xfe"):
        broken = tmp_path / "broken.jsonl"
        broken.write_bytes(path.read_bytes() + garbage + b"\n" + path.read_bytes())
        seen = Seen(rxt.replay(broken, speed=None)).ended()
        assert seen.items == frames(2)
        assert isinstance(seen.error, ValueError)
        assert str(seen.error).startswith(f"{broken}, line 4: "), seen.error
    assert open_files() == []


EVENTS = [
    Disconnected(rxt.HTTPStatusError.of(429, {"a": "b"}, b"no")),
    Reconnecting(1.0, 1, rxt.ConnectionFailed("no")),
    Dropped(1, decode(frames(1)[0]), b"\xff"),
]


@pytest.fixture(scope="module")
def all_lines(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = recorded(tmp_path_factory.mktemp("all") / "x.jsonl", [*EVENTS, *frames(2), b"text", b"\xff"])
    return path.read_bytes()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_damage(all_lines: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """However a file is damaged, it is replayed, or ends with an error that names the line."""
    damaged = bytearray(all_lines)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.sampled_from([0, 1, 1, 5, 50]))
        new = data.draw(
            st.sampled_from([b"", b"0", b"null", b'"', b"{}", b"[]", b"1e999", b"\\ud800", b"\xff"])
        )
        damaged[start : start + length] = new
    path = tmp_path_factory.mktemp("damaged") / "x.jsonl"
    path.write_bytes(damaged)
    seen = timeline(rxt.replay(path, speed=None))
    if seen.error is not None:
        assert isinstance(seen.error, ValueError)
        assert str(seen.error).startswith(f"{path}, line ")


def test_a_wrong_event_in_the_middle(tmp_path: Path) -> None:
    """So is an event that lacks what it should say; one of a later version is left out."""
    path = tmp_path / "x.jsonl"
    cut = '{"error":"StreamDisconnected","arguments":["bye"],"attributes":{"cut":[]}}'
    for event in (
        '"event":"Connected"',
        '"event":"Disconnected","cause":{"error":"Path","arguments":[],"attributes":{}}',
        '"event":"Disconnected","cause":{"error":"FrameTooLong","arguments":["x"],"attributes":{}}',
        f'"event":"Disconnected","cause":{cut}',
    ):
        path.write_text(f'{{"at":1.0,"event":"News"}}\n{{"at":1.0,{event}}}\n')
        error = Seen(rxt.replay(path, speed=None)).ended().error
        assert isinstance(error, ValueError)
        assert f"{path}, line 2: " in str(error)


@pytest.mark.parametrize("form", FORMS[1:])
def test_damaged_compressed_data(form: str, tmp_path: Path) -> None:
    """Damage is an error with the file and a line near it, after whole lines before it."""
    content, sizes = whole(form)
    path = tmp_path / f"x{form}"
    middle = sizes[60]
    path.write_bytes(content[:middle] + bytes(80) + content[middle + 80 :])
    seen = Seen(rxt.replay(path, speed=None)).ended()
    assert seen.items == frames(120)[: len(seen.items)]
    assert isinstance(seen.error, ValueError)
    assert str(path) in str(seen.error)
    path.write_bytes(b"hello\n")
    assert "is damaged" in str(Seen(rxt.replay(path, speed=None)).ended().error)


def test_lines_as_other_programs_write_them_again(tmp_path: Path) -> None:
    """A recording that went through a JSON tool is replayed, with the frames that this made of them."""
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{ "frame": {"a":  1}, "at": 3 }\r\n\n{"event": "KeepAlive", "at": 4.5}', encoding="utf-8"
    )
    assert timeline(rxt.replay(path)).items == [(0.0, b'{"a":  1}'), (1.5, rxt.messages.KeepAlive())]


def test_packed_in_one_piece(tmp_path: Path) -> None:
    """A recording that was compressed afterwards is replayed, whatever its size."""
    sent = [bytes([65 + number % 26]) * 3_000_000 for number in range(3)]
    plain = recorded(tmp_path / "x.jsonl", sent)
    packed = tmp_path / "y.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert replayed(packed) == sent


def test_a_line_without_end(tmp_path: Path) -> None:
    """A file that unpacks to a line of any length ends with an error, and with little memory."""
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b" " * 70 * 1024 * 1024, 1))
    error = Seen(rxt.replay(path, speed=None)).ended().error
    assert isinstance(error, ValueError)
    assert str(error) == f"{path}, line 1: over 67,108,864 bytes"


def test_while_it_is_recorded(tmp_path: Path) -> None:
    """A file that is still being written is replayed up to its last line."""
    for form in FORMS:
        source: reactivex.Subject[bytes] = reactivex.Subject()
        seen = Seen(source.pipe(tw.record(tmp_path / f"x{form}")))
        for frame, number in zip(frames(5), itertools.count(1)):
            source.on_next(frame)
            assert replayed(tmp_path / f"x{form}") == frames(number)
        seen.dispose()


def test_many_disposals(tmp_path: Path) -> None:
    """Disposed at any moment, from another thread, a replay leaves no file and no thread."""
    path = recorded(tmp_path / "x.jsonl.zst", frames(2000))
    rng = random.Random(1)
    for _ in range(20):
        seen = Seen(rxt.replay(path, speed=rng.choice([None, 1e6])))
        threading.Event().wait(rng.random() * 0.005)
        seen.dispose()
    seen.wait(lambda _: open_files() == [])
