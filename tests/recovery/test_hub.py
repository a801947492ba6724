"""The outages of a hub's connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.emulator import Emulator
from rxtweets.messages import Connected, Gap, Reconnecting, Recovered
from tests.discipline import Discipline
from tests.hub.hubs import QUICK, States, query_hub, rules_hub
from tests.observing import Seen

from .outages import AT_ONCE, LATER

PLAIN = "-is:retweet -is:quote"


def texts(seen: Seen, recovered: bool) -> list[str]:
    return [one.text for one in seen.items if hasattr(one, "text") and one.recovered is recovered]


def count(seen: Seen, kind: type) -> int:
    return sum(isinstance(item, kind) for item in seen.items)


@pytest.mark.parametrize("make", [rules_hub, query_hub])
def test_filters_get_what_they_missed(make: Callable[..., rxt.FilterHub], emulator: Emulator) -> None:
    """Each filter its own, once, marked; the end of the recovery is told to all."""
    hub = make(emulator, recovery=AT_ONCE)
    wanted = [
        f"{word} {PLAIN}" if make is rules_hub else rxt.FilterQuery(track=word) for word in ("cat", "dog")
    ]
    connects: list[object] = []

    def on_item(item: object) -> None:
        if isinstance(item, Connected):
            connects.append(item)
            if len(connects) == 2:
                emulator.skew(LATER)

    with States(hub, emulator) as states:
        cats, dogs = Seen(hub.filter(wanted[0]).pipe(ops.do_action(on_item))), Seen(hub.filter(wanted[1]))
        states.settled()
        cats.wait(lambda _: connects)
        emulator.publish("cat and dog 1")
        for seen in (cats, dogs):
            seen.wait(lambda seen: texts(seen, False))
        emulator.answer(503, times=1_000_000)
        emulator.close_streams()
        emulator.wait_for_streams(0)
        for text in ("cat 2", "dog 3", "bird 4", "cat and dog 5"):
            emulator.publish(text)
        emulator.clear_faults()
        emulator.wait_for_streams(1)
        cats.wait(lambda _: len(connects) == 2)
        emulator.publish("cat and dog 6")
        for seen in (cats, dogs):
            seen.wait(lambda seen: count(seen, Recovered) == 1)
            seen.wait(lambda seen: len(texts(seen, False)) == 2)
            assert texts(seen, False) == ["cat and dog 1", "cat and dog 6"]
            assert count(seen, Gap) == 0
        assert texts(cats, True) == ["cat 2", "cat and dog 5"]
        assert texts(dogs, True) == ["dog 3", "cat and dog 5"]
        cats.dispose()
        dogs.dispose()
        states.ended()


@pytest.mark.parametrize(
    ("make", "path"),
    [(rules_hub, "/2/tweets/search/stream"), (query_hub, "/1.1/statuses/filter.json")],
)
def test_filters_shorten_no_wait(make: Callable[..., rxt.FilterHub], path: str, emulator: Emulator) -> None:
    """Those that come while the stream waits are asked for when it is back, and no connect is early."""
    hub = make(emulator, recovery=AT_ONCE)
    discipline = Discipline(QUICK)
    with States(hub, emulator) as states:
        seen = Seen(hub.filter(track="cat").pipe(ops.do_action(discipline.note)))
        states.settled()
        seen.wait(lambda _: count(seen, Connected) == 1)
        emulator.answer(503, times=4)
        emulator.close_streams()
        more = []
        for number in range(1, 5):
            seen.wait(lambda _, number=number: count(seen, Reconnecting) > number)  # type: ignore[misc]
            more.append(Seen(hub.filter(track=f"dog{number}")))
        seen.wait(lambda _: count(seen, Connected) > 1)
        states.settled()
        discipline.check(emulator.requests, path)
        assert len(discipline.waits) >= 5
        for one in (seen, *more):
            one.dispose()
        states.ended()


def test_a_hub_takes_a_policy_for_its_stream() -> None:
    """One that the filtered stream hasn't, or beside backfill_minutes, is refused at once."""
    client = rxt.StreamingClient(None)
    with pytest.raises(ValueError, match="can't be recovered by count"):
        rxt.FilterHub(client, recovery=rxt.Recovery(by=("count",)))
    with pytest.raises(ValueError, match="a hub has no checkpoint"):
        rxt.FilterHub(client, recovery=rxt.Recovery(checkpoint=rxt.Checkpoint("progress")))
    with pytest.raises(ValueError, match="backfill_minutes can't be used with recovery="):
        rxt.FilterHub(client, recovery=rxt.Recovery(), backfill_minutes=2)
