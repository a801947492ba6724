"""Posts through a log: from the emulator to a typed subscriber, beside nats-py alone, and to several workers.

All of it runs on this machine: the emulator, a server of NATS with one replica, the reader and the workers,
each in a process of its own. What is compared with nats-py is the CPU of one process that writes the same
messages, then reads and acknowledges them, since its first message.
"""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.relay.servers import running

from .corpus import corpus
from .emulator import serving

RATE = 5_000
"""The least posts a second from the emulator to the subscriber."""

RATIO = 1.5
"""The highest ratio to nats-py that we accept."""

FOUR = 1.8
"""The least that four workers are faster than one, as a factor, on two cores."""

SECONDS = 5.0
TOTAL = 20_000
PAIRS = 5
ITEMS = 6_000
STREAM = "benchmark"
_LAST = b',"text":"the last","edit_history_tweet_ids":[]}}'


def main() -> None:
    """Measure and print."""
    published, used = _pipeline("read")
    total = sum(used.values())
    print(
        f"relay: {published:,.0f} posts a second from the emulator to a subscriber, at least {RATE:,}; "
        f"{total:.0f} µs of CPU a post ({', '.join(f'{name} {part:.0f}' for name, part in used.items())}), "
        f"{2e6 / total:,.0f} a second of two cores",
        flush=True,
    )
    led, used = _pipeline("lead")
    print(
        f"relay: {led:,.0f} posts a second in the term of a reader that leads; {sum(used.values()):.0f} µs "
        f"of CPU a post, {sum(used.values()) / total:.2f} times as much",
        flush=True,
    )

    with tempfile.TemporaryDirectory() as folder:
        messages = Path(folder) / "messages"
        messages.write_bytes(b"\n".join(corpus("v2")))
        pairs = [(_alone("ours", messages), _alone("theirs", messages)) for _ in range(PAIRS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(mine / other for mine, other in pairs)
    print(
        f"relay: {TOTAL:,} messages of 600 bytes written, read and acknowledged: {ours:.0f} µs of CPU a "
        f"message, nats-py {theirs:.0f} µs; ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to "
        f"{ratios[-1]:.2f}), limit {RATIO}",
        flush=True,
    )

    one, four = _workers(1), _workers(4)
    print(
        f"relay: {ITEMS:,} messages with 1 ms of CPU each: {one:.2f} s by one worker, {four:.2f} s by four, "
        f"{one / four:.2f} times as fast, at least {FOUR}",
        flush=True,
    )


def _pipeline(program: str) -> tuple[float, dict[str, float]]:
    """Posts a second by a program that reads, and the microseconds of CPU a post of each process."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as server,
        serving(math.inf) as emulator,
    ):
        reader = _start(program, server.url, emulator.base_url, emulator.bearer_token)
        worker = _start("subscribe", server.url)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "warm\n"
        processes = {
            "emulator": emulator.pid,
            "server": server.pid,
            "reader": reader.pid,
            "subscriber": worker.pid,
        }
        before = {name: _used(pid) for name, pid in processes.items()}
        count = int(worker.stdout.readline())
        used = {name: (_used(pid) - before[name]) / count * 1e6 for name, pid in processes.items()}
        _said(worker)
        reader.kill()
        reader.communicate()
    return count / SECONDS, used


def _used(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _said(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return said


def _alone(side: str, messages: Path) -> float:
    """Microseconds of CPU a message."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        return float(_said(_start(side, server.url, str(messages)))) / TOTAL * 1e6


def _workers(count: int) -> float:
    """Seconds from the first message to the last, by so many workers; all is written before they begin."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        _said(_start("write", server.url, str(count)))
        workers = [_start("work", server.url) for _ in range(count)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("begin\n")
            worker.stdin.flush()
        spans = [tuple(map(float, _said(worker).split())) for worker in workers]
    assert sum(done for done, _, _ in spans) == ITEMS, spans
    return max(last for _, _, last in spans) - min(first for done, first, _ in spans if done)


def _read(url: str, base_url: str, token: str) -> None:
    import rxtweets as rxt
    from rxtweets.relay import JetStream

    client = rxt.StreamingClient(rxt.BearerToken(token), base_url=base_url)
    rxt.run(client.sample().pipe(JetStream(url, stream=STREAM).publish()))


def _lead(url: str, base_url: str, token: str) -> None:
    import rxtweets as rxt
    from rxtweets.relay import JetStream

    client = rxt.StreamingClient(rxt.BearerToken(token), base_url=base_url)
    rxt.run(JetStream(url, stream=STREAM).lead(lambda _: client.sample()))


def _subscribe(url: str) -> None:
    """Print that a second has passed since the first text, then how many come in the next ones."""
    from reactivex import operators as ops

    import rxtweets as rxt
    from rxtweets import operators as tw
    from rxtweets.relay import JetStream

    count, begun, warm = 0, math.inf, 0.0

    def goes_on(text: str) -> bool:
        nonlocal count, begun, warm
        now = time.monotonic()
        warm = warm or now + 1.0
        if now < warm:
            return True
        if begun == math.inf:
            begun = now
            print("warm", flush=True)
        count += bool(text)
        return now < begun + SECONDS

    posts = JetStream(url, stream=STREAM).consume("subscriber", ahead=1000).pipe(tw.decode(), tw.posts())
    rxt.run(posts.map(lambda post: post.text).pipe(ops.take_while(goes_on)))
    print(count, flush=True)


def _frames(path: str) -> list[bytes]:
    """TOTAL messages, each with an id of its own in 19 digits."""
    messages = Path(path).read_bytes().split(b"\n")
    heads = [message.partition(b'"id":"') for message in messages]
    found = []
    for number in range(TOTAL):
        before, name, after = heads[number % len(heads)]
        found.append(b"%s%s%019d%s" % (before, name, number, after[after.index(b'"') :]))
    return found


def _ours(url: str, path: str) -> None:
    import reactivex
    from reactivex import operators as ops

    import rxtweets as rxt
    from rxtweets.messages import Lifecycle
    from rxtweets.relay import JetStream

    frames = _frames(path)
    log = JetStream(url, stream=STREAM)
    before = time.process_time()
    rxt.run(reactivex.from_iterable(frames).pipe(log.publish()))
    read = log.consume("group", from_="start", ahead=1000)
    rxt.run(read.pipe(ops.filter(lambda item: not isinstance(item, Lifecycle)), ops.take(TOTAL)))
    print(time.process_time() - before)


def _theirs(url: str, path: str) -> None:
    import nats

    frames = _frames(path)

    async def run() -> None:
        client = await nats.connect(url)
        stream = client.jetstream(publish_async_max_pending=1000)
        await stream.add_stream(name=STREAM, subjects=[f"{STREAM}.>"])
        before = time.process_time()
        for number, frame in enumerate(frames):
            await stream.publish_async(f"{STREAM}.Post.{number}", frame)
        await stream.publish_async_completed()
        subscription = await stream.pull_subscribe(f"{STREAM}.*.*", durable="group")
        left = TOTAL
        while left:
            for message in await subscription.fetch(min(left, 1000)):
                await message.ack()
                left -= 1
        await client.flush()
        print(time.process_time() - before)
        await client.close()

    asyncio.run(run())


def _work(url: str) -> None:
    """Wait for a line, then print how many it did, and when it began the first and ended the last."""
    from reactivex import operators as ops

    import rxtweets as rxt
    from rxtweets.relay import JetStream

    times = []

    def work(item: object) -> None:
        if isinstance(item, bytes):
            times.append(time.monotonic())
            until = time.thread_time() + 0.001
            while time.thread_time() < until:
                pass
            times.append(time.monotonic())

    items = JetStream(url, stream=STREAM).consume("group", from_="start")
    print("ready", flush=True)
    sys.stdin.readline()
    rxt.run(items.pipe(ops.take_while(_goes_on)), work)
    print(len(times) // 2, min(times, default=0.0), max(times, default=0.0))


def _goes_on(item: object) -> bool:
    return not (isinstance(item, bytes) and item.endswith(_LAST))


def _write(url: str, workers: str) -> None:
    """Write the messages, and a last one for each worker."""
    import reactivex

    import rxtweets as rxt
    from rxtweets.relay import JetStream

    frames = [b'{"data":{"id":"%d","text":"x","edit_history_tweet_ids":[]}}' % n for n in range(ITEMS)]
    frames += [b'{"data":{"id":"%d"%b' % (ITEMS + n, _LAST) for n in range(int(workers))]
    rxt.run(reactivex.from_iterable(frames).pipe(JetStream(url, stream=STREAM).publish()))


if __name__ == "__main__":
    programs: dict[str, Callable[..., None]] = {
        "read": _read,
        "lead": _lead,
        "subscribe": _subscribe,
        "ours": _ours,
        "theirs": _theirs,
        "work": _work,
        "write": _write,
    }
    programs[sys.argv[1]](*sys.argv[2:])
