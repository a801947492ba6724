"""The decisions about outages: what is asked for, and that no moment is left out."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import HTTPStatusError
from rxtweets.endpoints import Endpoint, v1, v2
from rxtweets.messages import Gap, KeepAlive, Recovered, decode
from rxtweets.recovery.core import DELIVERY, Account, Core, Outage
from rxtweets.testing import post_json, status_json

FILTER = v2.filter()
REFUSED = HTTPStatusError.of(403)
BUSY = HTTPStatusError.of(503)
NOON = 1_764_244_800.0
UNTIMED = decode(b'{"limit":{"track":5}}')


def params(endpoint: Endpoint) -> dict[str, str]:
    """Return the parameters by which *endpoint* asks for the past."""
    asked = dict([*endpoint.request.params, *(endpoint.request.form or ())])
    return {name: value for name, value in asked.items() if name in ("backfill_minutes", "count")}


def post_at(seconds: float) -> Any:
    """A post of that time, by its id."""
    return decode(post_json(id=str(int(seconds * 1000 - 1288834974657) << 22)))


class Told:
    """One core and the calls on it, at local times that are the server's."""

    def __init__(self, endpoint: Endpoint = FILTER, **options: Any) -> None:
        self.core = Core(endpoint, options.pop("by", None), options.pop("account", Account()), **options)

    def connecting(self, at: float) -> dict[str, str]:
        return params(self.core.connecting(at, at))

    def connected(self, at: float) -> Outage | None:
        return self.core.connected({}, at, at)

    def session(self, start: float, last: float) -> dict[str, str]:
        """Connect at *start*, and hear for the last time at *last*; return what was asked for."""
        asked = self.connecting(start)
        self.connected(start)
        self.core.heard(last, KeepAlive())
        return asked


def test_nothing_is_asked_for_at_first() -> None:
    """The first connect has no parameter of recovery, and neither has one that follows a refusal."""
    told = Told()
    assert told.connecting(NOON) == {}
    assert told.connecting(NOON + 60) == {}
    assert told.connected(NOON + 61) is None


@pytest.mark.parametrize(
    ("silence", "minutes"),
    [(0.0, "1"), (47.0, "1"), (49.0, "2"), (287.0, "5"), (289.0, None), (7200.0, None)],
)
def test_minutes_reach_back_to_the_last_byte(silence: float, minutes: str | None) -> None:
    """As many as cover the outage, the 10 s that a post is on its way, and 2 s to connect; five at most."""
    told = Told()
    told.session(NOON, NOON + 1000)
    assert told.connecting(NOON + 1000 + silence).get("backfill_minutes") == minutes


@pytest.mark.parametrize("make", [post_at, lambda at: KeepAlive()])
def test_a_stream_that_lags_behind(make: Callable[[float], Any]) -> None:
    """The outage begins with what had come, as what waited for a slow reader is lost."""
    told = Told()
    told.connecting(NOON)
    told.connected(NOON)
    told.core.heard(NOON + 90, KeepAlive())  # which itself had waited
    told.core.heard(NOON + 100, post_at(NOON + 40))
    told.core.heard(NOON + 101, post_at(NOON + 39))  # not in order
    told.core.heard(NOON + 102, UNTIMED)
    assert told.connecting(NOON + 110) == {"backfill_minutes": "2"}
    told.connected(NOON + 110)
    assert told.core.backlog is not None
    assert told.core.backlog.outage == Outage(NOON + 40 - DELIVERY, NOON + 110)
    told.core.backlog = None
    told.core.heard(NOON + 200, make(NOON + 200))
    assert told.connecting(NOON + 200) == {"backfill_minutes": "1"}


def test_a_clock_that_is_behind() -> None:
    """A process that goes on from a checkpoint asks for a minute at least, whatever its clock says."""
    told = Told(since=NOON + 3600)
    assert told.connecting(NOON) == {"backfill_minutes": "1"}
    told = Told(v1.filter(track="cat"), since=NOON + 3600)
    assert told.connecting(NOON) == {"count": "100"}


def test_an_outage_is_measured_anew_for_each_connect() -> None:
    """Connects that fail ask for more as time passes; a session that stood ends that."""
    told = Told()
    told.session(NOON, NOON + 100)
    assert told.connecting(NOON + 100) == {"backfill_minutes": "1"}
    assert not told.core.refused(BUSY)
    assert told.connecting(NOON + 160) == {"backfill_minutes": "2"}
    assert told.connected(NOON + 160) is None
    assert told.core.backlog is not None
    assert told.core.backlog.outage == Outage(NOON + 100 - DELIVERY, NOON + 160)
    told.core.backlog = None  # it is through
    told.core.heard(NOON + 500, KeepAlive())
    assert told.connecting(NOON + 500) == {"backfill_minutes": "1"}


def test_a_backlog_that_breaks_off_is_asked_for_again() -> None:
    """The outage is the whole one until its backlog is through."""
    told = Told()
    told.session(NOON, NOON + 100)
    told.session(NOON + 110, NOON + 111)
    assert told.connecting(NOON + 150) == {"backfill_minutes": "2"}
    told.connected(NOON + 150)
    assert told.core.backlog is not None
    assert told.core.backlog.outage == Outage(NOON + 100 - DELIVERY, NOON + 150)


def test_a_refusal_is_remembered() -> None:
    """By the client, for all its streams; backfill and windows are one privilege."""
    account = Account()
    told = Told(account=account)
    told.session(NOON, NOON + 100)
    told.connecting(NOON + 100)
    assert told.core.refused(REFUSED)
    assert not told.core.refused(REFUSED)
    assert told.connected(NOON + 101) == Outage(NOON + 90, NOON + 101)
    assert told.core.means == ("search",)
    assert told.connecting(NOON + 200) == {}
    assert Told(account=account).core.means == ("search",)
    assert Told(v2.labels(), account=account).core.why_not == "HTTP 403 Forbidden"


@pytest.mark.parametrize("error", [BUSY, HTTPStatusError.of(429), HTTPStatusError.of(401), OSError()])
def test_other_failures_refuse_nothing(error: Exception) -> None:
    """An overloaded server says nothing about the account."""
    told = Told()
    told.session(NOON, NOON + 100)
    told.connecting(NOON + 100)
    assert not told.core.refused(error)
    assert told.core.means == ("backfill", "window", "search")


def test_a_stream_with_nothing_else_gets_five_minutes() -> None:
    """The sample has no windows: of a longer outage the last five minutes come, and the rest is told."""
    told = Told(v2.sample())
    told.session(NOON, NOON + 100)
    assert told.connecting(NOON + 3600) == {"backfill_minutes": "5"}
    assert told.connected(NOON + 3600) == Outage(NOON + 90, NOON + 3300)
    assert told.core.backlog is not None
    assert told.core.backlog.outage == Outage(NOON + 3300, NOON + 3600)


def test_a_server_that_tells_a_longer_outage() -> None:
    """A machine that slept learns by `Date` how long: what the minutes don't reach is asked for apart."""
    told = Told()
    told.core.connecting(5.0, NOON)
    told.core.connected({"date": formatdate(NOON, usegmt=True)}, 5.0, NOON)
    told.core.heard(65.0, KeepAlive())
    assert params(told.core.connecting(66.0, NOON + 61)) == {"backfill_minutes": "1"}
    beside = told.core.connected({"date": formatdate(NOON + 7200, usegmt=True)}, 66.0, NOON + 61)
    assert beside == Outage(NOON + 60 - DELIVERY, NOON + 7201 - 60)


def test_a_count_is_twice_what_the_rate_makes_likely() -> None:
    """v1.1 asks for a number of statuses; one that was too few is told."""
    told = Told(v1.filter(track="cat"))
    told.session(NOON, NOON + 50)
    for number in range(100):
        assert told.core.takes(decode(status_json(id=number + 1, id_str=str(number + 1))), str(number))
    assert told.connecting(NOON + 88) == {"count": str(100 + 2 * 2 * 50)}
    told.connected(NOON + 88)
    backlog = told.core.backlog
    assert backlog is not None
    old = int((NOON + 80) * 1000 - 1288834974657) << 22
    for number in range(300):
        assert backlog.takes(decode(status_json(id=old + number, id_str=str(old + number))))
    gap, recovered = backlog.told()
    assert isinstance(gap, Gap)
    assert isinstance(recovered, Recovered)
    assert gap.since.timestamp() == NOON + 40
    assert gap.until.timestamp() == pytest.approx(NOON + 80, abs=0.01)
    assert (gap.rules, gap.kinds, recovered.by) == ((), (), "count")


def test_what_was_delivered_is_known_by_its_id_and_its_time() -> None:
    """While all ids are known these decide; after that posts of before the outage are taken as delivered."""
    core, outage = Told().core, Outage(NOON, NOON + 60)
    before, within = post_at(NOON - 1), post_at(NOON + 1)
    assert core.takes(within, within.id)
    assert not core.takes_missed(within, within.id, outage)
    assert core.takes_missed(before, before.id, outage)
    core.seen.complete = False
    assert not core.takes_missed(post_at(NOON - 2), "1", outage)
    assert core.takes_missed(post_at(NOON + 2), "2", outage)


lengths = st.floats(0.0, 4000.0)
sessions = st.lists(
    st.tuples(
        lengths,  # without a connection
        st.lists(st.tuples(st.sampled_from([BUSY, REFUSED]), st.floats(0.0, 60.0)), max_size=3),
        lengths,  # until the last byte
        st.floats(0.0, 30.0),  # until that is noticed
        st.booleans(),  # whether the backlog comes through
        st.floats(-4000.0, 4000.0),  # by which the system's clock is set
    ),
    min_size=1,
    max_size=6,
)


@given(
    sessions=sessions, endpoint=st.sampled_from([FILTER, v2.sample(), v2.labels(), v1.links()]), ahead=lengths
)
def test_no_moment_is_left_out(sessions: list[Any], endpoint: Endpoint, ahead: float) -> None:
    """Each moment since the first connect was live, and 10 s ago, or is in a backlog or an outage."""
    core = Core(endpoint, None, Account())
    now, wall = NOON - ahead, 0.0  # the server's clock is right: it is *ahead* of this machine's
    covered: list[tuple[float, float]] = []
    first = 0.0
    for away, failures, stands, unnoticed, through, step in [*sessions, (1.0, [], 0.0, 0.0, True, 0.0)]:
        now += away
        asked = params(core.connecting(now, now + wall))
        for failure, wait in failures:
            if core.refused(failure):
                asked = {}
            else:
                now += wait
                asked = params(core.connecting(now, now + wall))
        server = now + ahead
        first = first or server
        outage = core.connected({"date": formatdate(server, usegmt=True)}, now, now + wall)
        covered += [outage] if outage is not None else []
        if core.backlog is not None:
            if minutes := asked.get("backfill_minutes"):
                assert core.backlog.outage.since >= server - 60 * int(minutes)  # so far the server reaches
            else:
                assert "count" in asked
            if through:
                covered.append(core.backlog.outage)
                core.backlog = None
        now += stands
        wall += step
        core.heard(now, KeepAlive())
        covered.append((server, now + ahead - DELIVERY))
        now += unnoticed
    reached = first
    for since, until in sorted(covered):
        if since <= reached + 0.001:
            reached = max(reached, until)
    assert reached >= server
