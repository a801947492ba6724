"""Several connections as one stream: redundant ones, and partitions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Subject
from requests.auth import AuthBase

import rxtweets as rxt
from rxtweets import Recovery
from rxtweets.emulator import Emulator
from rxtweets.endpoints import Request
from rxtweets.messages import (
    Connected,
    Connecting,
    Disconnected,
    Failed,
    Gap,
    KeepAlive,
    Leg,
    Post,
    Reconnecting,
    decode,
)
from rxtweets.recovery.core import to_time
from rxtweets.testing import Script, post_json, timeline
from rxtweets.testing.transport import ScriptedSession
from tests.clients import client_on, over
from tests.observing import Seen

from .outages import QUICK

TOLD = Recovery(by=())
"""Nothing is asked for, so that each outage of a connection is a gap of it."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A silent emulator at the level that has several connections, with a rule."""
    with Emulator(rate=0, level="enterprise") as emulator:
        client_on(emulator).rules.add("cat").run()
        yield emulator


def texts(seen: Seen) -> list[str]:
    return [item.text for item in seen.items if isinstance(item, Post)]


def legs(seen: Seen, kind: type) -> list[tuple[int, tuple[int, ...]]]:
    """Return whose events of a kind came, and which connections stood then."""
    return [
        (item.number, item.standing)
        for item in seen.items
        if isinstance(item, Leg) and isinstance(item.happened, kind)
    ]


def two(emulator: Emulator) -> Seen:
    """Two connections to the filtered stream, both of which stand."""
    client = client_on(emulator, policy=QUICK)
    seen = Seen(rxt.redundant(client.filter(recovery=TOLD), client.filter(recovery=TOLD)))
    seen.wait(lambda seen: len(legs(seen, Connected)) == 2)
    return seen


def test_each_message_comes_once(emulator: Emulator) -> None:
    """Whichever brings it, and events say whose they are."""
    seen = two(emulator)
    for number in range(20):
        assert emulator.publish(f"cat {number}") == 2
    emulator.keep_alive_now()
    seen.wait(lambda seen: sum(isinstance(item, KeepAlive) for item in seen.items) == 2)
    seen.dispose()
    assert texts(seen) == [f"cat {number}" for number in range(20)]
    assert legs(seen, Connected)[-1][1] == (1, 2)


def test_either_may_break_without_a_gap(emulator: Emulator) -> None:
    """While one reconnects the other brings all there is, and the gap of the one isn't the stream's."""
    seen = two(emulator)
    for number in range(4):
        emulator.close_streams(stream=emulator.streams[0].id)
        emulator.publish(f"cat {number}")
        reconnected = partial(lambda count, seen: len(legs(seen, Connected)) == count, 3 + number)
        seen.wait(reconnected)
    seen.wait(lambda seen: len(texts(seen)) == 4)
    seen.dispose()
    assert texts(seen) == [f"cat {number}" for number in range(4)]
    broken = legs(seen, Disconnected)
    assert {leg for leg, _ in broken} == {1, 2}
    assert all(standing == (3 - leg,) for leg, standing in broken)


NOON = 1_764_244_800.0


def gap(since: float, until: float) -> Gap:
    return Gap(to_time(NOON + since), to_time(NOON + until), "test")


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [(20, 30, False), (5, 30, True), (20, 90, True), (70, 80, True), (20, 59, False)],
)
def test_a_gap_of_one_is_told_if_no_other_stood(since: float, until: float, told: bool) -> None:
    """Another one covers it if it stood from before until after, less the 10 s that a post is on its way."""
    one: Subject[Any] = Subject()
    other: Subject[Any] = Subject()
    scheduler = reactivex.testing.TestScheduler()
    seen: list[Any] = []
    merged = rxt.redundant(one, other)
    merged.subscribe(seen.append, scheduler=scheduler)
    for at, leg, item in (
        (10, other, Connected(200, {})),
        (70, other, Disconnected(rxt.StreamDisconnected())),
        (75, other, Connected(200, {})),
        (95, one, gap(since, until)),
    ):
        scheduler.schedule_absolute(NOON + at, lambda *_, leg=leg, item=item: leg.on_next(item))
    scheduler.start()
    assert any(isinstance(item.happened, Gap) for item in seen) is told


@given(
    brought=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12)), max_size=40),
)
def test_all_of_any_once(brought: list[tuple[int, int]]) -> None:
    """Of all that three connections bring each message comes once, the first time."""
    subjects: list[Subject[Any]] = [Subject() for _ in range(3)]
    seen: list[str] = []
    rxt.redundant(*subjects).subscribe(lambda item: seen.append(item.id))
    for leg, number in brought:
        subjects[leg].on_next(decode(post_json(id=str(number))))
    assert seen == list(dict.fromkeys(str(number) for _, number in brought))


def test_one_that_fails_for_good(emulator: Emulator) -> None:
    """It is told and the other goes on; the last one's error is the stream's."""
    seen = two(emulator)
    for left in (1, 0):
        emulator.answer(401)
        emulator.close_streams(stream=emulator.streams[0].id)
        if left:
            seen.wait(lambda seen: legs(seen, Failed))
            emulator.publish("cat")
            seen.wait(lambda seen: texts(seen) == ["cat"])
    assert isinstance(seen.ended().error, rxt.Unauthorized)
    assert [len(standing) for _, standing in legs(seen, Failed)] == [1, 0]


@pytest.mark.parametrize("streams", [(), (reactivex.never(),), (reactivex.never(), "stream")])
def test_what_redundant_takes(streams: Any) -> None:
    """Two Observables or more."""
    with pytest.raises(ValueError, match="redundant takes"):
        rxt.redundant(*streams)


def test_finite_streams_complete() -> None:
    """When the last one has."""
    merged = rxt.redundant(reactivex.of(1, 2), reactivex.of(3))
    assert timeline(merged).completed is not None


# --- partitions

CALLS: list[tuple[Callable[..., Any], int]] = [
    (lambda client, partition="all", **options: client.sample10(partition=partition, **options), 2),
    (lambda client, partition="all", **options: client.firehose(partition=partition, **options), 20),
    (
        lambda client, partition="all", **options: client.firehose(partition=partition, lang="en", **options),
        8,
    ),
    (lambda client, partition="all", **options: client.likes(partition=partition, **options), 20),
    (
        lambda client, partition="all", **options: client.compliance("users", partition=partition, **options),
        4,
    ),
]


@pytest.mark.parametrize(("call", "count"), CALLS)
def test_each_partition_has_a_connection(emulator: Emulator, call: Callable[..., Any], count: int) -> None:
    """All of them, whose states are told one by one."""
    seen = Seen(call(client_on(emulator, policy=QUICK)))
    seen.wait(lambda seen: len(legs(seen, Connected)) == count)
    emulator.wait_for_streams(count)
    assert {stream.params["partition"] for stream in emulator.streams} == {str(n + 1) for n in range(count)}
    assert sorted(leg for leg, _ in legs(seen, Connected)) == [*range(1, count + 1)]
    assert legs(seen, Connected)[-1][1] == tuple(range(1, count + 1))
    seen.dispose()


@pytest.mark.parametrize(("call", "count"), CALLS)
@pytest.mark.parametrize("wrong", [0, 21, True, "ALL", "1", None, 1.0])
def test_a_wrong_partition(call: Callable[..., Any], count: int, wrong: Any) -> None:
    """The error names all that would be right."""
    with pytest.raises(ValueError, match=f'partition is "all" or a whole number from 1 to {count}, not'):
        call(rxt.StreamingClient(None), partition=wrong)


def test_partitions_bring_all_posts_once(emulator: Emulator) -> None:
    """Each post is in one of them, and a broken one is recovered like any stream."""
    seen = Seen(client_on(emulator, policy=QUICK).sample10(partition="all", recovery=Recovery()))
    seen.wait(lambda seen: len(legs(seen, Connected)) == 2)
    for number in range(20):
        emulator.publish(f"post {number}")
    seen.wait(lambda seen: len(texts(seen)) == 20)
    emulator.answer(503, times=1_000_000)
    emulator.close_streams()
    emulator.wait_for_streams(0)
    for number in range(20, 40):
        emulator.publish(f"post {number}")
    emulator.clear_faults()
    seen.wait(lambda seen: len(texts(seen)) == 40)
    seen.dispose()
    assert sorted(texts(seen)) == sorted(f"post {number}" for number in range(40))


def test_one_partition_that_fails_ends_the_stream(emulator: Emulator) -> None:
    """The error says which one it was; nothing else goes on."""
    emulator.answer(403, path="/2/tweets/sample10/stream")
    error = Seen(client_on(emulator).sample10(partition="all")).ended().error
    assert isinstance(error, rxt.Forbidden)
    assert "and with it the stream" in error.__notes__[0]
    emulator.wait_for_streams(0)


def test_one_partition_that_fails_is_told_if_that_is_wanted(emulator: Emulator) -> None:
    """The other ones go on."""
    emulator.answer(403, path="/2/tweets/sample10/stream")
    seen = Seen(client_on(emulator).sample10(partition="all", tolerant=True))
    seen.wait(lambda seen: legs(seen, Failed) and legs(seen, Connected))
    for number in range(20):
        emulator.publish(f"post {number}")
    seen.wait(lambda seen: len(texts(seen)) > 2)
    assert seen.error is None
    seen.dispose()


class Closing:
    """A transport whose sessions end as soon as they have begun."""

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> ScriptedSession:
        return ScriptedSession(Script(), request, auth, stall_timeout)


def test_all_partitions_together_keep_to_the_limit() -> None:
    """Twenty that break at once again and again make at most 50 connects in any 15 minutes."""
    made = timeline(over(Closing()).firehose(partition="all"), 4_000.0)
    connects = [at for at, leg in made.of(Leg) if isinstance(leg.happened, Connecting)]
    assert len(connects) > 200
    assert all(later - before > 900.0 for before, later in zip(connects, connects[50:], strict=False))
    waits = [later - before for before, later in itertools.pairwise(connects[25:])]
    assert max(waits) < 120.0
    told = [leg for _, leg in made.of(Leg) if isinstance(leg.happened, Reconnecting)]
    assert {leg.number for leg in told} == {*range(1, 21)}


def test_a_checkpoint_is_for_one_partition(tmp_path: Any) -> None:
    """For all together it is refused."""
    recovery = Recovery(checkpoint=rxt.Checkpoint(tmp_path / "progress"))
    with pytest.raises(ValueError, match="for one partition"):
        rxt.StreamingClient(None).firehose(partition="all", recovery=recovery)
