"""Streams within a budget: in virtual time, and on the emulator."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable, Subject
from reactivex import operators as ops
from reactivex.scheduler import VirtualTimeScheduler

import rxtweets as rxt
from rxtweets import Budget, BudgetSpent
from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.management import DailyUsage, Usage
from rxtweets.messages import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    KeepAlive,
    Post,
    Reconnecting,
    decode,
)
from rxtweets.testing import HOLD, Script, post_json, status_json, timeline
from tests.clients import client_on, over, responses
from tests.observing import Seen

DAY = 86_400.0


def post(number: int) -> Any:
    return decode(post_json("a", id=str(number)))


def always(item: Any) -> Callable[[object], Any]:
    return lambda _: item


def posts(count: int, every: float = 1.0) -> Observable[Any]:
    """Posts 1, 2, …, so many seconds apart, on each subscription."""
    return numbered(0, every).pipe(ops.take(count))


def numbered(after: int, every: float) -> Observable[Any]:
    def nth(n: int) -> Any:
        return post(after + n + 1)

    return reactivex.interval(every).pipe(ops.map(nth))


def short(items: list[tuple[float, Any]]) -> str:
    """Items as a text: the last digit of a post, W for a warning, P for a pause."""
    letters: dict[type, str] = {BudgetWarning: "W", BudgetPaused: "P", KeepAlive: "k"}
    return "".join(item.id[-1] if isinstance(item, Post) else letters[type(item)] for _, item in items)


def test_it_ends_with_the_post_that_reaches_the_limit() -> None:
    """After warnings at the marks; the session is closed, and the error says when it goes on."""
    budget = Budget(posts=4, warn_at=[0.5, 0.7])
    closed: list[float] = []
    source = posts(9).pipe(ops.finally_action(lambda: closed.append(0)))
    seen = timeline(source.pipe(tw.within(budget)))
    assert short(seen.items) == "12W3W4"
    assert isinstance(seen.error, BudgetSpent)
    assert seen.error.until == datetime(1970, 1, 2, tzinfo=UTC)
    assert str(seen.error) == (
        "the budget of 4 posts a day is spent: it came to 4 posts; "
        "the next day begins at 1970-01-02 00:00 UTC"
    )
    assert seen.ended == 4.0
    assert closed
    warning = seen.of(BudgetWarning)[0][1]
    assert str(warning) == "2 posts of the budget of 4 posts a day are spent"
    assert budget.left(5) == 0


def test_it_opens_nothing_when_it_is_spent() -> None:
    """The next subscription ends at once."""
    budget = Budget(posts=1)
    timeline(posts(1).pipe(tw.within(budget)))
    opened: list[int] = []
    source = reactivex.defer(lambda _: opened.append(1) or posts(1))  # type: ignore[func-returns-value]
    seen = timeline(source.pipe(tw.within(budget)))
    assert isinstance(seen.error, BudgetSpent)
    assert seen.items == []
    assert opened == []


def test_it_pauses_until_the_period_turns() -> None:
    """The session is closed, and another one opened in the next hour; the marks begin anew."""
    budget = Budget(posts=4, per="hour", warn_at=[0.5], at_limit="pause")
    sessions: list[float] = []
    source = reactivex.defer(lambda scheduler: _noted(sessions, scheduler))
    seen = timeline(source.pipe(tw.within(budget)), 2 * 3600)
    assert short(seen.items) == "12W34P56W78P"
    assert sessions == [0.0, 3600.0]
    (first, pause), _ = seen.of(BudgetPaused)
    assert (first, pause.until) == (4.0, datetime(1970, 1, 1, 1, tzinfo=UTC))
    said = "the budget of 4 posts an hour is spent; the stream goes on at 1970-01-01 01:00 UTC"
    assert str(pause) == said
    assert seen.error is None


def _noted(sessions: list[float], scheduler: Any) -> Observable[Any]:
    sessions.append(scheduler.clock)
    return numbered(4 * len(sessions) - 4, 1.0)


def test_a_long_pause_looks_at_the_clock() -> None:
    """A month is waited for, and says nothing meanwhile."""
    budget = Budget(posts=1, per="month", at_limit="pause")
    sessions: list[float] = []
    source = reactivex.defer(lambda scheduler: _noted(sessions, scheduler))
    seen = timeline(source.pipe(tw.within(budget)), 40 * DAY)
    assert short(seen.items) == "1P5P"
    assert sessions == [0.0, 31 * DAY]


def test_a_disposal_ends_a_pause() -> None:
    """Nothing is opened any more, and no thread waits."""
    budget = Budget(posts=1, at_limit="pause")
    subject = Subject[Any]()
    seen = Seen(subject.pipe(tw.within(budget)))
    subject.on_next(post(1))
    assert isinstance(seen.items[-1], BudgetPaused)
    seen.dispose()
    assert not subject.observers


def test_all_streams_of_a_budget_count_together() -> None:
    """A post that comes twice counts once, and a stream without posts ends with its next keep-alive."""
    budget = Budget(posts=3)
    quiet = reactivex.interval(20.0).pipe(ops.map(lambda _: KeepAlive()), tw.within(budget))
    busy = posts(2).pipe(tw.within(budget))
    other = posts(9, 1.5).pipe(tw.within(budget))
    streams = [one.pipe(ops.materialize(), ops.timestamp()) for one in (quiet, busy, other)]
    found = timeline(reactivex.merge(*streams)).items
    ends = [(at, type(note.value.exception)) for at, note in found if note.value.kind == "E"]
    assert ends == [(4.5, BudgetSpent), (20.0, BudgetSpent)]


def test_what_is_no_resource_passes() -> None:
    """Statuses, lifecycle events and anything else cost nothing."""
    budget = Budget(posts=1)
    items = [decode(status_json()), KeepAlive(), "text", Connected(200, {})]
    assert [item for _, item in timeline(reactivex.of(*items).pipe(tw.within(budget))).items] == items
    assert budget.left(0) == 1


def test_books_that_cannot_be_written_end_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an OSError: a limit that isn't kept is none."""
    monkeypatch.setattr("rxtweets.budgets.books._WAIT", 0.01)
    path = tmp_path / "books"
    budget = Budget(posts=5, path=path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        seen = timeline(posts(9).pipe(tw.within(budget)))
    assert isinstance(seen.error, OSError)
    assert len(seen.items) <= 1


def test_a_subscribers_exception_is_its_own() -> None:
    """It closes the session, and what came by then is counted."""
    budget = Budget(posts=5)
    subject = Subject[Any]()
    error = KeyError("mine")

    def fail(_: object) -> None:
        raise error

    subject.pipe(tw.within(budget)).subscribe(fail)
    with pytest.raises(KeyError):
        subject.on_next(post(1))
    assert not subject.observers
    assert budget.left() == 4


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.01, 0.3, 2.0])), max_size=40),
    st.integers(1, 10),
    st.sampled_from(["end", "pause"]),
)
def test_never_more_than_the_limit(delivered: list[tuple[int, float]], limit: int, at_limit: Any) -> None:
    """Of distinct posts no more than the limit come in a period, however they come; all come before it."""
    budget = Budget(posts=limit, at_limit=at_limit)
    at, notes = 0.0, []
    for number, wait in delivered:
        at += wait
        notes.append(reactivex.timer(at).pipe(ops.map(always(post(number)))))
    seen = timeline(reactivex.merge(*notes).pipe(tw.within(budget)), 3000)
    came = [item.id for _, item in seen.of(Post)]
    assert len(set(came)) <= limit
    sent = [str(number) for number, _ in delivered]
    distinct = list(dict.fromkeys(sent))
    if len(distinct) >= limit:
        assert came == sent[: sent.index(distinct[limit - 1]) + 1]
        assert at_limit == "pause" or isinstance(seen.error, BudgetSpent)
    else:
        assert came == sent
    assert budget.spending(3000).spent == min(limit, len(distinct))


def test_x_is_asked_when_it_begins_and_every_5_minutes() -> None:
    """Its count is taken if it is larger, and seen so twice; its errors change nothing."""
    asked: list[float] = []

    def usage(scheduler: Any) -> Observable[Any]:
        asked.append(scheduler.clock)
        if len(asked) == 4:
            return reactivex.throw(rxt.ConnectionFailed("no network"))
        today = datetime.fromtimestamp(scheduler.clock, UTC).date()
        return reactivex.of(Usage(days=(DailyUsage(today, 500 + int(scheduler.clock / 10)),)))

    budget = Budget(posts=1_000)
    source = posts(100, 10.0).pipe(tw.within(budget, usage=lambda: reactivex.defer(usage)))
    assert timeline(source).error is None
    assert asked == [0.0, 10.0, 310.0, 610.0, 910.0]
    assert budget.spending(3600).spent == 600


@given(limit=st.integers(1, 30), transit=st.floats(0.0, 9.0), answer=st.floats(0.0, 9.0))
def test_what_is_on_its_way_is_not_taken_for_anothers(limit: int, transit: float, answer: float) -> None:
    """The limit is exact, however late posts come and X answers; a stream waits for X 2 seconds at most."""
    begun: list[float] = []

    def usage(scheduler: Any) -> Observable[Any]:
        def counted(_: object) -> Usage:
            sent = min(30, max((int(scheduler.clock - start) for start in begun), default=0))
            return Usage(days=(DailyUsage(datetime.fromtimestamp(0, UTC).date(), sent),))

        return reactivex.timer(answer).pipe(ops.map(counted))

    def source(scheduler: Any) -> Observable[Any]:
        begun.append(scheduler.clock)
        return posts(30).pipe(ops.delay(transit))

    budget = Budget(posts=limit)
    limited = reactivex.defer(source).pipe(tw.within(budget, usage=lambda: reactivex.defer(usage)))
    seen = timeline(limited)
    assert begun == [pytest.approx(min(answer, 2.0), abs=1e-5)]
    assert [item.id for _, item in seen.of(Post)] == [str(number + 1) for number in range(limit)]


def test_a_policy_does_not_retry_it() -> None:
    """Before `retry_with_backoff`, too."""
    budget = Budget(posts=1)
    limited: Observable[Any] = posts(3).pipe(tw.within(budget))
    seen = timeline(limited.pipe(tw.retry_with_backoff()))
    assert isinstance(seen.error, BudgetSpent)
    assert not seen.of(Reconnecting)


# --- on the emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits(connections=None)) as emulator:
        yield emulator


def test_a_clients_streams_and_searches_share_it(emulator: Emulator) -> None:
    """The limit holds over both, and X's own count is the same."""
    budget = Budget(posts=20, warn_at=[])
    client = client_on(emulator, budget=budget)
    seen = Seen(client.sample().pipe(tw.posts()))
    emulator.wait_for_streams(1)
    for number in range(15):
        emulator.publish(f"cat {number}")
    seen.count(15).dispose()
    emulator.wait_for_streams(0)
    for number in range(15, 40):
        emulator.publish(f"cat {number}")
    emulator.skew(60)
    found = Seen(client.search("cat")).ended()
    assert isinstance(found.error, BudgetSpent)
    assert budget.spending().spent == emulator.delivered["post"] == 15
    assert isinstance(Seen(client.search("cat", limit=10)).ended().error, BudgetSpent)


def test_a_search_takes_smaller_pages(emulator: Emulator) -> None:
    """As many posts as can be paid with the users they bring; then it ends, and keeps what was paid for."""
    for number in range(100):
        emulator.publish(f"cat {number}", author=number % 50 + 1)
    emulator.skew(60)
    budget = Budget(dollars=1)
    found = Seen(client_on(emulator, budget=budget).search("cat", expansions=["author_id"])).ended()
    assert isinstance(found.error, BudgetSpent)
    assert emulator.charged <= 1
    assert budget.spending().spent == pytest.approx(emulator.charged)
    sizes = [request.query["max_results"] for request in emulator.requests if "search" in request.path]
    assert sizes[0] == "66"
    assert len(found.items) == emulator.delivered["post"] > 66


def test_counts_are_paid_by_request(emulator: Emulator) -> None:
    """Requests to counts cost dollars, and are refused when these are spent."""
    client = client_on(emulator, budget=Budget(dollars=0.01))
    for _ in range(2):
        client.counts("cat").run()
    assert isinstance(Seen(client.counts("cat")).ended().error, BudgetSpent)
    assert emulator.charged == 0.01


def test_what_others_were_delivered_counts(emulator: Emulator) -> None:
    """The books are compared with X's when a stream begins, twice a second apart."""
    other = Seen(client_on(emulator).sample().pipe(tw.posts()))
    emulator.wait_for_streams(1)
    for number in range(5):
        emulator.publish(f"cat {number}")
    other.count(5).dispose()
    budget = Budget(posts=100)
    seen = Seen(client_on(emulator, budget=budget).sample())
    emulator.wait_for_streams(1)

    def is_known(_: Seen) -> bool:
        emulator.keep_alive_now()
        return budget.spending().elsewhere == 5

    seen.wait(is_known).dispose()


def test_a_search_compares_before_its_first_page(emulator: Emulator) -> None:
    """Posts that others were delivered are spent; without an answer it searches all the same."""
    for number in range(20):
        emulator.publish(f"cat {number}")
    emulator.skew(60)
    client_on(emulator).search("cat", limit=12).pipe(ops.to_list()).run()
    budget = Budget(posts=31)
    found = Seen(client_on(emulator, budget=budget).search("cat")).ended()
    assert (len(found.items), type(found.error)) == (19, BudgetSpent)
    *_, comparison, page = emulator.requests
    assert comparison.path == "/2/usage/tweets"
    assert page.query["max_results"] == "19"
    emulator.answer(403, path="/2/usage/tweets")
    found = Seen(client_on(emulator, budget=Budget(posts=31)).search("cat")).ended()
    assert (len(found.items), found.completed) == (20, True)


def test_a_page_counts_for_the_day_on_which_x_answered() -> None:
    """Not for that on which it was asked for first, or on which it was read."""
    answer = {"data": [{"id": "1", "text": "cat"}], "meta": {"result_count": 1}}
    for date, days in (("Thu, 01 Jan 1970 23:59:59 GMT", [1, 0]), ("Fri, 02 Jan 1970 00:00:01 GMT", [0, 1])):
        scheduler = VirtualTimeScheduler(initial_clock=DAY - 1)
        budget = Budget(posts=100, compare=False)
        page = Script(json.dumps(answer).encode(), headers={"date": date})
        over(responses(Script(status=503), page), budget=budget).search("cat").subscribe(scheduler=scheduler)
        scheduler.start()
        assert [budget.spending(now).spent for now in (DAY - 1, DAY + 60)] == days


def test_a_disposed_search_leaves_no_page_on_its_way(tmp_path: Path) -> None:
    """Nor does one whose page fails."""
    path = tmp_path / "books"
    transport = responses(Script(HOLD), Script(status=402))
    client = over(transport, budget=Budget(posts=100, path=path, compare=False))
    seen = Seen(client.search("cat"))
    transport.wait_for(1)
    assert Budget(posts=100, path=path).left() == 0
    seen.dispose()
    assert Budget(posts=100, path=path).left() == 100
    assert isinstance(Seen(client.search("cat")).ended().error, rxt.CreditsDepleted)
    assert Budget(posts=100, path=path).left() == 100


def test_the_filters_of_a_hub_share_it(emulator: Emulator) -> None:
    """All end with the connection that brings them."""
    hub = rxt.FilterHub(client_on(emulator, budget=Budget(posts=2)))
    both = [Seen(hub.filter(text).pipe(tw.posts())) for text in ("cat", "dog")]
    emulator.wait_for_streams(1)

    def has_ended(seen: Seen) -> bool:
        emulator.publish("a cat and a dog")
        return seen.error is not None

    for seen in both:
        seen.wait(has_ended)
        assert isinstance(seen.error, BudgetSpent)
        assert len(seen.items) <= 2
    hub.close()


def test_they_are_recorded(tmp_path: Path) -> None:
    """Events of a budget come back from a recording, and its error from a pickle."""
    path = str(tmp_path / "stream.jsonl")
    limited: Observable[Any] = posts(9).pipe(tw.within(Budget(posts=2, at_limit="pause")))
    recorded = timeline(limited.pipe(tw.record(path)), 10)
    replayed = timeline(rxt.replay(path, speed=None).pipe(tw.decode()))
    assert short(recorded.items) == short(replayed.items) == "1W2P"
    assert recorded.of(BudgetPaused)[0][1] == replayed.of(BudgetPaused)[0][1]
    error = Budget(posts=1).error()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_client_takes_a_budget_only() -> None:
    """Anything else is named."""
    with pytest.raises(ValueError, match="budget is a Budget"):
        over(responses(), budget=5)
    with pytest.raises(ValueError, match="budget is a Budget"):
        tw.within(5)  # type: ignore[arg-type]


def test_a_clients_stream_pauses() -> None:
    """It is closed at the limit, and opened anew when the day turns."""
    frames = b"\r\n".join(post_json("a", id=str(number)) for number in range(3)) + b"\r\n"
    transport = responses(Script(frames), Script(b"\r\n"))
    client = over(transport, budget=Budget(posts=2, at_limit="pause", compare=False))
    seen = timeline(client.sample(), DAY + 10)
    assert [at for at, _ in seen.of(Connected)][:2] == [0.0, DAY]
    assert len(seen.of(Post)) == 2
