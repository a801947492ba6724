"""Meters, lag and alarms, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from reactivex import Observable, Subject
from reactivex.scheduler import HistoricalScheduler
from reactivex.testing import TestScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Connected, Connecting, Disconnected, Dropped, KeepAlive, Reconnecting, decode
from rxtweets.operators import Lag, Meter, Volume, VolumeAlarm
from rxtweets.testing import Script, ScriptedTransport, delete_json, post_json, status_json, timeline

STATUS, POST, DELETE = map(decode, [status_json(), post_json(), delete_json()])
LOST = rxt.StreamDisconnected()
MARBLES: dict[str | float, Any] = {
    "s": STATUS,
    "p": POST,
    "d": DELETE,
    "k": KeepAlive(),
    "c": Connecting(),
    "C": Connected(200, {}),
    "D": Disconnected(LOST),
    "R": Reconnecting(1.0, 1, LOST),
    "x": Dropped(7, POST, POST),
}


def of(marbles: str, error: Exception | None = None) -> Observable[Any]:
    """Items a quarter of a second apart: messages and events by the letters above."""
    return reactivex.from_marbles(marbles, timespan=0.25, lookup=MARBLES, error=error)


# --- meter -------------------------------------------------------------------------------------------------


def metered(source: Observable[Any], seconds: float = 100.0) -> list[Meter]:
    return [item for _, item in timeline(source.pipe(tw.meter(1.0)), seconds).items]


def test_messages_and_bytes_by_kind() -> None:
    """Each second has its messages and the bytes of their JSON, by kind; the total goes on."""
    first, second, end = metered(of("-s-s-p-d-|"))
    size = len(STATUS.raw)
    assert first.last.kinds == first.total.kinds == (("Status", Volume(1.0, 2, 2 * size)),)
    assert second.last.kinds == (
        ("Post", Volume(1.0, 1, len(POST.raw))),
        ("Delete", Volume(1.0, 1, len(DELETE.raw))),
    )
    assert (first.last.messages, first.last.bytes) == (2, 2 * size)
    assert (second.last.seconds, second.total.seconds) == (1.0, 2.0)
    assert (second.total.messages, second.total.messages_per_second) == (4, 2.0)
    assert [kind for kind, _ in second.total.kinds] == ["Status", "Post", "Delete"]
    assert second.total.bytes_per_second == second.total.bytes / 2
    assert end.total.kinds == tuple(
        (kind, replace(volume, seconds=2.25)) for kind, volume in second.total.kinds
    )


def test_a_second_without_messages() -> None:
    """A second without messages has figures, of nothing."""
    first, second, _ = metered(of("-s-------|"))
    assert (second.last.messages, second.last.bytes, second.last.kinds) == (0, 0, ())
    assert second.last.messages_per_second == second.last.bytes_per_second == 0.0
    assert second.total.messages == first.total.messages == 1


def test_no_time_at_all() -> None:
    """The figures of no time are 0 a second."""
    (only,) = metered(reactivex.empty())
    assert (only.last.seconds, only.last.messages_per_second, only.last.bytes_per_second) == (0.0, 0.0, 0.0)


def test_frames_and_other_items() -> None:
    """Before `decode` the items are frames, and what isn't a message has no bytes."""
    (only,) = metered(reactivex.of(b"{}", "text", 7))
    assert [(kind, volume.messages, volume.bytes) for kind, volume in only.total.kinds] == [
        ("bytes", 1, 2),
        ("str", 1, 0),
        ("int", 1, 0),
    ]


def test_the_events_are_no_messages() -> None:
    """Keep-alives and the other events count as no message, whatever else they tell."""
    assert metered(of("-c-C-k-k-x-D-R|"))[-1].total.messages == 0


def test_gaps_and_reconnects() -> None:
    """A gap lasts from a disconnect to the next connect, over ticks, too; reconnects are counted."""
    #                   1   2   3   4   5
    items = metered(of("C---D-R---R-c-C---|"))
    assert [item.last.gap for item in items] == [0.0, 1.0, 1.0, 0.5, 0.0]
    assert [item.total.gap for item in items] == [0.0, 1.0, 2.0, 2.5, 2.5]
    assert [item.last.reconnects for item in items] == [0, 1, 1, 0, 0]
    assert items[-1].total.reconnects == 2


def test_the_first_connect_is_a_gap() -> None:
    """From the first request to its answer there is no connection; another request later is no gap."""
    items = metered(of("-c-C---c-C-|"))
    assert [item.last.gap for item in items] == [0.5, 0.0, 0.0]


def test_a_stream_without_events_has_no_gap() -> None:
    """Behind `tw.posts()` nothing is known of the connection, and no gap is made up."""
    assert [item.total.gap for item in metered(of("-p-----p-|"))] == [0.0, 0.0, 0.0]


def test_a_gap_that_goes_on() -> None:
    """A gap that has not ended counts up to now."""
    items = metered(of("--D-------|"))
    assert [item.total.gap for item in items] == [0.5, 1.5, 2.0]


def test_drops() -> None:
    """Dropped items are counted."""
    assert [item.last.dropped for item in metered(of("-x-x-----x|"))] == [14, 0, 7]
    assert metered(of("-x-x-----x|"))[-1].total.dropped == 21


def test_a_real_chain() -> None:
    """The figures of a stream that reconnects are those of its back-off."""
    transport = ScriptedTransport(
        Script(status=503), Script(status_json() + b"\r\n"), Script(status=503), Script(status=401)
    )
    policy = rxt.BackoffPolicy(jitter=0.0)
    stream = rxt.Stream(None, transport=transport, policy=policy)
    seen = timeline(stream.sample().pipe(tw.meter(1.0)))
    assert isinstance(seen.error, rxt.Unauthorized)
    last = seen.items[-1][1].total
    assert (last.messages, last.reconnects, last.dropped) == (1, 3, 0)
    assert last.gap == last.seconds == seen.ended == 15.0


@given(st.lists(st.sampled_from([*"spdkcCDRx-"]), max_size=40))
def test_the_total_is_the_sum(marbles: Sequence[str]) -> None:
    """Each total is the sum of all spans so far."""
    items = metered(of("-".join(marbles) + "|" if marbles else "|"))
    for number, item in enumerate(items):
        parts = [part.last for part in items[: number + 1]]
        for name in ("seconds", "messages", "bytes", "reconnects", "gap", "dropped"):
            assert getattr(item.total, name) == pytest.approx(sum(getattr(part, name) for part in parts))
        assert 0 <= item.last.gap <= item.last.seconds + 1e-6


# --- lag ---------------------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def id_of(seconds: float) -> int:
    """The id of a message posted so many seconds after noon."""
    return (round((NOON.timestamp() + seconds) * 1000) - 1288834974657) << 22


def lagged(items: Sequence[tuple[float, Any]], window: float = 2.0, until: float = 4.0) -> list[Lag]:
    """The lags from noon on, of items each at its second after noon."""
    subject: Subject[Any] = Subject()
    scheduler = HistoricalScheduler(NOON)
    seen: list[Lag] = []
    subscription = subject.pipe(tw.lag(window, 1.0)).subscribe(seen.append, scheduler=scheduler)
    for at, item in items:
        if at:
            scheduler.advance_to(datetime.fromtimestamp(NOON.timestamp() + at, UTC))
        subject.on_next(item)
    scheduler.advance_to(datetime.fromtimestamp(NOON.timestamp() + until, UTC))
    subscription.dispose()
    return seen


def status(posted: float) -> Any:
    return decode(status_json(id=id_of(posted)))


def post(posted: float) -> Any:
    return decode(post_json(id=str(id_of(posted))))


def test_lag_of_both_protocols() -> None:
    """The lag is the time now less that in the id, of statuses and posts, while they are in the window."""
    seen = lagged([(0.5, status(0.25)), (0.75, post(0.25)), (1.5, post(0.5))])
    assert [(lag.p50, lag.longest, lag.count, lag.seconds) for lag in seen] == [
        (0.25, 0.5, 2, 1.0),
        (0.5, 1.0, 3, 2.0),
        (1.0, 1.0, 1, 2.0),
        (None, None, 0, 2.0),
    ]


def test_percentiles() -> None:
    """Half, nine of ten and 99 of 100 messages were no later than the percentiles say."""
    (lag, *_) = lagged([(0.5, post(0.5 - n / 100)) for n in range(1, 101)])
    assert (lag.p50, lag.p90, lag.p99, lag.longest) == (0.5, 0.9, 0.99, 1.0)


@given(st.lists(st.floats(-5.0, 5000.0), min_size=1, max_size=50))
def test_percentiles_are_near(lags: list[float]) -> None:
    """Each percentile is that of the nearest rank, to 5 % or the millisecond that an id has."""
    (lag, *_) = lagged([(0.5, post(0.5 - late)) for late in lags], until=1.0)
    exact = sorted(lags)
    for share, found in ((0.5, lag.p50), (0.9, lag.p90), (0.99, lag.p99), (1.0, lag.longest)):
        rank = next(rank for rank in range(len(exact)) if rank + 1 >= share * len(exact))
        assert found == pytest.approx(exact[rank], rel=0.05, abs=0.001)


def test_other_items_have_no_lag() -> None:
    """Deletions, events, messages without an id and ids that are no numbers are ignored."""
    others = [
        DELETE,
        KeepAlive(),
        decode(post_json(id="")),
        decode(post_json(id="x1")),
        decode(post_json(id="9" * 5000)),
        decode(status_json(id=0)),
        "1",
    ]
    assert lagged([(0.5, item) for item in others])[0].count == 0


def test_the_clocks_error() -> None:
    """The clock is compared with the `Date` of the last connect, half a second being cut off on average."""
    date = format_datetime(datetime.fromtimestamp(NOON.timestamp() - 30, UTC), usegmt=True)
    early = format_datetime(datetime.fromtimestamp(NOON.timestamp() + 7, UTC), usegmt=True)
    seen = lagged(
        [
            (0.5, Connected(200, {"date": date})),
            (1.5, Connected(200, {"date": "soon"})),
            (2.5, Connected(200, {"date": early})),
        ],
    )
    assert [lag.clock_error for lag in seen] == [30.0, 30.0, -5.0, -5.0]
    assert lagged([(0.5, Connected(200, {}))])[0].clock_error is None


# --- alarms ------------------------------------------------------------------------------------------------


def alarms(marbles: str, **options: Any) -> list[tuple[float, str, float]]:
    """The alarms of items a second apart, over ten seconds."""
    source = reactivex.from_marbles(marbles, timespan=1.0, lookup=MARBLES)
    items = timeline(source.pipe(tw.volume_alarm(for_=10.0, **options)), 200.0).items
    return [(at, item.state, item.rate) for at, item in items]


def test_too_little() -> None:
    """Below the bound for so long, one alarm comes; one comes when it is over."""
    #                              |10       |20       |30       |40
    assert alarms("-p-p-p-p-p-p-p-----------------p-p-p-p-p-p-p|", below=0.2) == [
        (22.0, "below", 0.1),
        (34.0, "normal", 0.2),
    ]


def test_nothing_at_all() -> None:
    """Silence from the beginning is told after so many seconds, once."""
    assert alarms("-" * 60, below=0.1) == [(10.0, "below", 0.0)]
    assert alarms("-" * 60, above=0.1) == []


def test_too_much() -> None:
    """Above the bound for so long, one alarm comes; one comes when it is over."""
    assert alarms("-p-p-p-p-p-p-(ppp)-(ppp)-----p-----------", above=0.5) == []
    seen = alarms("-p-p-p-p-p-p-(p,p,p)-(p,p,p)-----------------", above=0.6)
    assert [state for _, state, _ in seen] == ["above", "normal"]


def test_from_one_bound_to_the_other() -> None:
    """A stream that goes from too much to nothing within a tick has an alarm for each."""
    seen = alarms("(" + ",".join("p" * 30) + ")" + "-" * 40, below=0.5, above=2.0)
    assert seen == [(10.0, "above", 3.0), (11.0, "below", 0.0)]


def test_the_connections_events_do_not_count() -> None:
    """Keep-alives and reconnects are no messages: a stream with nothing else is silent."""
    assert alarms("-k" * 20 + "-R-c-C-D" * 4, below=0.1) == [(10.0, "below", 0.0)]


def test_nothing_is_said_before_the_time_is_over() -> None:
    """In the first seconds the volume is not known yet, and nothing is said."""
    assert alarms("-p" * 4 + "|", below=9.0) == []
    assert alarms("-p" * 6 + "|", below=9.0) == [(10.0, "below", 0.5)]


@pytest.mark.parametrize("end", ["completion", "error"])
def test_nothing_is_said_at_the_end(end: str) -> None:
    """The end is no alarm."""
    source = of("-p-|" if end == "completion" else "-p-#", rxt.StreamDisconnected())
    seen = timeline(source.pipe(tw.volume_alarm(below=3.0, for_=0.5)))
    assert seen.items == [(0.5, VolumeAlarm("below", 2.0))]
    assert (seen.completed, seen.ended) == ((0.75, None) if end == "completion" else (None, 0.75))


shares = st.integers(1, 19).map(lambda twentieths: twentieths / 20)


@given(st.lists(st.booleans(), min_size=1, max_size=60), shares, shares)
def test_alarms_alternate(arrivals: list[bool], below: float, above: float) -> None:
    """Each alarm changes the state, and says truly whether the average over the time is within its bounds."""
    below, above = min(below, above), max(below, above) + 0.01
    subject: Subject[Any] = Subject()
    scheduler = TestScheduler()
    seen: list[tuple[float, VolumeAlarm]] = []
    operator = tw.volume_alarm(below=below, above=above, for_=10.0)
    subscription = subject.pipe(operator).subscribe(
        lambda item: seen.append((scheduler.clock, item)), scheduler=scheduler
    )
    for second, arrives in enumerate(arrivals):
        scheduler.advance_to(second + 0.5)
        if arrives:
            subject.on_next(POST)
    scheduler.advance_to(len(arrivals) + 0.5)
    subscription.dispose()
    state: Literal["below", "above", "normal"] = "normal"
    expected: Literal["below", "above", "normal"]
    for second in range(10, len(arrivals) + 1):
        rate = sum(arrivals[second - 10 : second]) / 10
        expected = "below" if rate < below else "above" if rate > above else "normal"
        if expected != state:
            assert seen.pop(0) == (second, VolumeAlarm(expected, rate))
            state = expected
    assert seen == []
