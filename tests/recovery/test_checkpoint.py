"""Progress in a file: what comes again after a restart, and what doesn't."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import Checkpoint, Recovery, TooSlow
from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.endpoints import v2
from rxtweets.messages import Post, Recovered, decode
from rxtweets.recovery import checkpoint as module
from rxtweets.recovery.core import DELIVERY, Outage
from rxtweets.testing import post_json
from tests.clients import client_on
from tests.observing import Seen

from .outages import Outages

FILTER = v2.filter()
NOWHERE = rxt.StreamingClient(None, base_url="http://127.0.0.1:9")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A silent emulator at the level that has recovery, with a rule."""
    with Emulator(rate=0, level="enterprise") as emulator:
        client_on(emulator).rules.add("cat").run()
        yield emulator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress"


def filtered(path: Path, **options: Any) -> Callable[[Any], Any]:
    """A stream whose progress is in a file."""
    return lambda client: client.filter(recovery=Recovery(checkpoint=Checkpoint(path, **options)))


def post(number: int) -> Post:
    made = decode(post_json(id=str(number)))
    assert isinstance(made, Post)
    return made


def test_a_restart_goes_on_where_the_last_one_stood(emulator: Emulator, path: Path) -> None:
    """No acknowledged message comes again, and all that was missed does; a new file asks for nothing."""
    with Outages(emulator, filtered(path)) as outages:
        outages.publish("cat 1", "cat 2")
    emulator.wait_for_streams(0)
    emulator.publish("cat 3")
    with Outages(emulator, filtered(path)) as outages:
        emulator.skew(2)  # a `Date` is in whole seconds, and what was posted in that one counts as missed
        outages.publish("cat 4")
        assert outages.texts() == ["cat 3", "cat 4"]
        assert outages.texts(recovered=True) == ["cat 3"]
        assert outages.recoveries == [("backfill", 1)]
        assert outages.asked("backfill_minutes") == [{}, {"backfill_minutes": "1"}]


def test_the_one_in_hand_comes_again(emulator: Emulator, path: Path) -> None:
    """A message that the subscriber raised for isn't acknowledged."""

    def handle(item: object) -> None:
        if isinstance(item, Post) and item.text == "cat 2":
            raise LookupError(item.text)

    def publish() -> None:
        emulator.wait_for_streams(1)
        emulator.publish("cat 1")
        emulator.publish("cat 2")

    publisher = threading.Thread(target=publish)
    publisher.start()
    with pytest.raises(LookupError):
        rxt.run(filtered(path)(client_on(emulator)), handle)
    publisher.join()
    emulator.wait_for_streams(0)
    with Outages(emulator, filtered(path)) as outages:
        outages.publish("cat 3")
        assert outages.texts() == ["cat 2", "cat 3"]


def test_a_take_acknowledges_what_it_took(emulator: Emulator, path: Path) -> None:
    """Disposing from within the subscriber's function loses nothing and repeats nothing."""
    for number in (1, 2, 3):
        stream = filtered(path)(client_on(emulator)).pipe(tw.posts(), ops.take(1))
        seen = Seen(stream)
        emulator.wait_for_streams(1)
        emulator.publish(f"cat {number}")
        seen.ended()
        assert [one.text for one in seen.items] == [f"cat {number}"]
        emulator.wait_for_streams(0)


def test_an_end_before_subscribe_has_returned(emulator: Emulator, path: Path) -> None:
    """A chain that has enough while it is still being subscribed acknowledges nothing more."""

    def slow(source: Observable[Any]) -> Observable[Any]:
        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            subscription = source.subscribe(observer, scheduler=scheduler)
            emulator.wait_for_streams(1)
            for number in (1, 2, 3):
                emulator.publish(f"cat {number}")
            tick, end = threading.Event(), time.monotonic() + 0.5
            while path.read_text().count("\na ") < 3 and time.monotonic() < end:
                tick.wait(0.01)
            return subscription

        return reactivex.create(subscribe)

    first = filtered(path)(client_on(emulator)).pipe(slow, tw.posts(), ops.take(1)).run()
    assert first.text == "cat 1"
    emulator.wait_for_streams(0)
    with Outages(emulator, filtered(path)) as outages:
        outages.publish("cat 4")
        outages.wait_for(Post, 3)
        assert sorted(outages.texts()) == ["cat 2", "cat 3", "cat 4"]


def test_an_interrupted_recovery_is_finished(emulator: Emulator, path: Path) -> None:
    """A process that ends while it recovers leaves the rest to the next one, also of what is long past."""
    with Outages(emulator, filtered(path)) as outages:
        outages.publish("cat 1")
    emulator.wait_for_streams(0)
    for number in (2, 3, 4):
        emulator.publish(f"cat {number}")
    emulator.skew(7200)
    stream = filtered(path)(client_on(emulator)).pipe(tw.posts())
    taken = Seen(stream.pipe(ops.filter(attrgetter("recovered")), ops.take(1))).ended()
    assert [one.text for one in taken.items] == ["cat 2"]
    emulator.wait_for_streams(0)
    emulator.skew(2 * 7200)
    with Outages(emulator, filtered(path)) as outages:
        outages.seen.wait(lambda _: [by for by, _ in outages.recoveries].count("window") == 2)
        assert sorted(outages.texts(recovered=True)) == ["cat 3", "cat 4"]


def test_acknowledged_by_hand(emulator: Emulator, path: Path) -> None:
    """Behind a queue the program says which messages are done, in any order; the others come again."""
    checkpoint = Checkpoint(path, automatic=False)
    stream: Callable[[Any], Any] = lambda client: client.filter(recovery=Recovery(checkpoint=checkpoint))  # noqa: E731
    with Outages(emulator, stream) as outages:
        outages.publish("cat 1", "cat 2", "cat 3")
        one, _, three = outages.wait_for(Post, 3)
        checkpoint.acknowledge(three)
        checkpoint.acknowledge(one)
    emulator.wait_for_streams(0)
    emulator.publish("cat 4")
    with Outages(emulator, stream) as outages:
        outages.wait_for(Post, 2)
        assert outages.texts() == ["cat 2", "cat 4"]
        for message in outages.wait_for(Post, 2):
            checkpoint.acknowledge(message)
        outages.publish("cat 5")
        outages.wait_for(Recovered, 1)
    emulator.wait_for_streams(0)
    with Outages(emulator, stream) as outages:
        outages.publish("cat 6")
        assert outages.texts() == ["cat 5", "cat 6"]


def test_a_file_is_for_one_subscription(emulator: Emulator, path: Path) -> None:
    """A second one is refused while the first goes on, and another stream always."""
    with Outages(emulator, filtered(path)):
        error = Seen(filtered(path)(client_on(emulator))).ended().error
        assert isinstance(error, BlockingIOError)
        assert "another subscription uses this checkpoint" in str(error)
    recovery = Recovery(checkpoint=Checkpoint(path))
    error = Seen(client_on(emulator).sample(recovery=recovery)).ended().error
    assert isinstance(error, ValueError)
    assert "it has that of /2/tweets/search/stream" in str(error)


@pytest.mark.parametrize(
    "text", ["hello\n", "\n", "{", "rxtweets-checkpoint 1 /2/tweets/search/stream\nnonsense\n"]
)
def test_files_that_are_none(path: Path, text: str) -> None:
    """Nothing is written over a file that is something else, and the error names it."""
    path.write_text(text)
    error = (
        Seen(
            rxt.StreamingClient(None, base_url="http://127.0.0.1:9").filter(
                recovery=Recovery(checkpoint=Checkpoint(path))
            )
        )
        .ended()
        .error
    )
    assert isinstance(error, ValueError)
    assert str(path) in str(error)
    assert path.read_text() == text


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The error comes as the stream's."""
    recovery = Recovery(checkpoint=Checkpoint(tmp_path / "none" / "progress"))
    error = (
        Seen(rxt.StreamingClient(None, base_url="http://127.0.0.1:9").filter(recovery=recovery)).ended().error
    )
    assert isinstance(error, FileNotFoundError)


def test_a_disk_that_is_full_ends_the_stream(
    emulator: Emulator, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An acknowledgement that can't be noted is an error; that message comes again."""
    with Outages(emulator, filtered(path)) as outages:
        outages.publish("cat 1")

        def full(*_: Any) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(module, "_write", full)
            emulator.publish("cat 2")
            assert isinstance(outages.seen.ended().error, OSError)
    emulator.wait_for_streams(0)
    with Outages(emulator, filtered(path)) as outages:
        outages.wait_for(Post, 1)
        assert outages.texts() == ["cat 2"]


def test_too_many_that_nobody_acknowledges(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are bounded: the stream ends with TooSlow."""
    monkeypatch.setattr(module, "CAPACITY", 3)
    journal = Checkpoint(path, automatic=False).open(FILTER)
    for number in range(3):
        journal.deliver(lambda _: None, post(number), str(number), 1.0)
    with pytest.raises(module.NotNoted) as caught:
        journal.deliver(lambda _: None, post(4), "4", 1.0)
    assert isinstance(caught.value.reason, TooSlow)
    journal.close()


def test_the_file_stays_small(path: Path) -> None:
    """It holds some seconds of messages, however many have come."""
    at = time.time()
    journal = Checkpoint(path).open(FILTER)
    for _ in range(20_000):
        at += 0.01
        key = str(int(at * 1000 - 1288834974657) << 22)
        journal.deliver(lambda _: None, None, key, at)
    assert path.stat().st_size < 500_000
    journal.close()
    progress = Checkpoint(path).open(FILTER)
    assert progress.progress.time == pytest.approx(at, abs=0.001)
    assert 1000 <= len(progress.progress.keys) <= 1010
    progress.close()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("note"), st.integers(1, 50)),
        st.tuples(st.just("began"), st.integers(0, 3)),
        st.tuples(st.just("ended"), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(steps=steps, cut=st.integers(0, 2000))
def test_any_cut_of_the_file(tmp_path_factory: pytest.TempPathFactory, steps: list[Any], cut: int) -> None:
    """Wherever a write was cut off, the lines before it count: never more is acknowledged than was."""
    path = tmp_path_factory.mktemp("cut") / "progress"
    journal = Checkpoint(path).open(FILTER)
    at, states = 1000.0, [journal.progress]
    sizes, missed, keys = [path.stat().st_size], dict[Outage, None](), dict[str, None]()
    for what, number in steps:
        outage = Outage(100.0 * number, 100.0 * number + 50)
        if what == "note":
            at += number
            journal.deliver(lambda _: None, None, f"like:{at}", at)
            keys[f"like:{at}"] = None
        elif what == "began":
            journal.began(outage)
            missed[outage] = None
        else:
            journal.ended(outage)
            missed.pop(outage, None)
        states.append(module.Progress(at if keys else None, tuple(missed), tuple(keys)))
        sizes.append(path.stat().st_size)
    journal.close()
    size = max(cut % (sizes[-1] + 1), sizes[0])
    os.truncate(path, size)
    expected = states[max(n for n, one in enumerate(sizes) if one <= size)]
    again = Checkpoint(path).open(FILTER)
    now = expected.time or 0.0
    oldest = min([now - DELIVERY, *(outage.since for outage in expected.missed)])
    assert (again.progress.time, again.progress.missed) == (expected.time, expected.missed)
    assert again.progress.keys == tuple(key for key in expected.keys if float(key[5:]) >= oldest)
    again.close()


PROGRAM = """
import os, sys
import rxtweets as rxt
from rxtweets.messages import Post

ledger = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
policy = rxt.BackoffPolicy(connects=None)
client = rxt.StreamingClient(rxt.BearerToken.from_env(), policy=policy)
stream = client.filter(recovery=rxt.Recovery(checkpoint=rxt.Checkpoint(sys.argv[1])))
rxt.run(stream, lambda item: isinstance(item, Post) and os.write(ledger, item.text.encode() + b"\\n"))
"""


def killed(emulator: Emulator, folder: Path, times: int, seed: int) -> None:
    """Kill a program at random, *times*, while posts come; check what it got of them."""
    rng = random.Random(seed)
    path, ledger = folder / "progress", folder / "ledger"
    ledger.touch()
    published, stop = list[str](), threading.Event()

    def publish() -> None:
        while not stop.wait(rng.uniform(0.0, 0.01)):
            text = f"cat {len(published)}"
            emulator.publish(text)
            published.append(text)

    def run() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM, str(path), str(ledger)]
        return subprocess.Popen(command, env={**os.environ, **emulator.env()})

    publisher = threading.Thread(target=publish)
    in_hand: set[str] = set()
    program = run()
    emulator.wait_for_streams(1, timeout=120)
    publisher.start()
    try:
        for _ in range(times):
            size = ledger.stat().st_size
            while ledger.stat().st_size == size:
                assert program.poll() is None
                stop.wait(0.01)
            stop.wait(rng.uniform(0.0, 0.3))
            program.kill()
            program.wait()
            in_hand.add(ledger.read_text().splitlines()[-1])
            emulator.wait_for_streams(0, timeout=120)
            program = run()
            emulator.wait_for_streams(1, timeout=120)
        stop.set()
        publisher.join()
        end = time.monotonic() + 60
        while not {*published} <= {*ledger.read_text().splitlines()}:  # windows come beside what is live
            assert program.poll() is None
            assert time.monotonic() < end, {*published} - {*ledger.read_text().splitlines()}
            threading.Event().wait(0.05)
    finally:
        stop.set()
        publisher.join()
        program.kill()
        program.wait()
    got = ledger.read_text().splitlines()
    assert {*published} == {*got}
    assert {text for text in got if got.count(text) > 1} <= in_hand


def test_killed_at_random(emulator: Emulator, tmp_path: Path) -> None:
    """Nothing acknowledged comes again after SIGKILL, but for the message in hand; nothing is lost."""
    killed(emulator, tmp_path, 5, seed=5)


@pytest.mark.soak
def test_killed_fifty_times(tmp_path: Path) -> None:
    """The same, 50 times."""
    from rxtweets.emulator import Limits

    with Emulator(rate=0, level="enterprise", limits=Limits.none(history=100_000)) as emulator:
        client_on(emulator).rules.add("cat").run()
        killed(emulator, tmp_path, 50, seed=50)


def test_policies_name_what_they_take() -> None:
    """A path is no checkpoint."""
    with pytest.raises(ValueError, match=r"checkpoint must be a Checkpoint\(path\), not 'progress'"):
        Recovery(checkpoint="progress")  # type: ignore[arg-type]
    assert repr(Checkpoint("progress")) == "Checkpoint('progress')"
