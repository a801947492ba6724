"""The operators with a timer: what windows, meters and alarms have in common."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import reactivex
from reactivex import Observable, Subject
from reactivex import operators as ops
from reactivex.scheduler import (
    CurrentThreadScheduler,
    EventLoopScheduler,
    ImmediateScheduler,
    TimeoutScheduler,
    VirtualTimeScheduler,
)
from reactivex.scheduler.eventloop import AsyncIOThreadSafeScheduler
from reactivex.testing import TestScheduler

from rxtweets import operators as tw
from rxtweets.connection import connect
from rxtweets.testing import HOLD, Script, ScriptedTransport, timeline
from tests.clients import ENDPOINT
from tests.conftest import our_threads
from tests.observing import PATIENCE, Contract, Seen, dispose_quickly

Make = Callable[..., Callable[[Observable[Any]], Observable[Any]]]

OPERATORS: dict[str, Make] = {
    "top": lambda every, **options: tw.top(str, 3, 4 * every, every, **options),
    "counts": lambda every, **options: tw.counts(str, 4 * every, every, **options),
    "meter": lambda every, **options: tw.meter(every, **options),
    "lag": lambda every, **options: tw.lag(4 * every, every, **options),
    "volume_alarm": lambda every, **options: tw.volume_alarm(below=1, for_=10 * every, **options),
}
"""Each with the seconds between two ticks."""

SNAPSHOTS = [name for name in OPERATORS if name != "volume_alarm"]
"""Those that emit at each tick and at the end."""

operators = pytest.mark.parametrize("make", OPERATORS.values(), ids=OPERATORS)
snapshots = pytest.mark.parametrize("make", [OPERATORS[name] for name in SNAPSHOTS], ids=SNAPSHOTS)


untyped: Any = tw
"""For calls that a type checker refuses, too."""


class Boom(Exception):
    pass


@snapshots
def test_each_tick_and_the_completion(make: Make) -> None:
    """One comes every so many seconds from the first tick on, also of nothing, and one at the completion."""
    seen = timeline(reactivex.from_marbles("-----------a|", timespan=0.25).pipe(make(1.0)))
    assert [at for at, _ in seen.items] == [1.0, 2.0, 3.0]
    assert seen.completed == 3.0
    seen = timeline(reactivex.timer(2.5).pipe(ops.ignore_elements(), make(1.0)))
    assert [at for at, _ in seen.items] == [1.0, 2.0, 2.5]
    assert seen.completed == 2.5


@snapshots
def test_an_error(make: Make) -> None:
    """One comes before the error, which follows at once."""
    seen = timeline(reactivex.from_marbles("-a----#", timespan=0.25, error=Boom()).pipe(make(1.0)))
    assert [at for at, _ in seen.items] == [1.0, 1.5]
    assert isinstance(seen.error, Boom)
    assert seen.ended == 1.5


@snapshots
def test_nothing_at_all(make: Make) -> None:
    """A source that ends before it began gives one for no time at all."""
    seen = timeline(reactivex.empty().pipe(make(1.0)))
    assert [at for at, _ in seen.items] == [0.0]
    assert seen.completed == 0.0


@operators
def test_each_subscription_begins_anew(make: Make) -> None:
    """Two subscriptions to one Observable don't share their figures or their ticks."""
    source = reactivex.from_marbles("-a-a-a--|", timespan=0.25).pipe(make(0.5))
    once = timeline(source)
    assert timeline(source) == once
    twice = timeline(source.pipe(ops.repeat(2)))
    assert [item for _, item in twice.items] == 2 * [item for _, item in once.items]


@operators
def test_the_schedulers_clock_and_thread(make: Make) -> None:
    """The timer runs on the scheduler given, else on the subscriber's."""
    given, subscribers = TestScheduler(), TestScheduler()
    first = Seen(reactivex.never().pipe(make(1.0, scheduler=given)), subscribers)
    second = Seen(reactivex.never().pipe(make(1.0)), subscribers)
    given.advance_to(10.5)
    assert first.items != second.items == []
    subscribers.advance_to(10.5)
    assert first.items == second.items
    first.dispose()
    second.dispose()
    given.advance_to(100.0)
    assert first.items == second.items


@pytest.mark.parametrize("scheduler", [None, CurrentThreadScheduler(), ImmediateScheduler()])
@operators
def test_a_timer_thread(make: Make, scheduler: Any) -> None:
    """Without one, and with one that would tick only when the stream is over, the timer is a thread."""
    seen = Seen(reactivex.never().pipe(make(0.01)), scheduler).count(1)
    seen.dispose()
    assert all(name.startswith("Thread-") for name in seen.threads)


@pytest.mark.parametrize("scheduler", [CurrentThreadScheduler(), ImmediateScheduler()])
@operators
def test_schedulers_without_timers(make: Make, scheduler: Any) -> None:
    """A scheduler whose timer would wait for the stream is refused."""
    with pytest.raises(
        ValueError, match=rf"such as TimeoutScheduler\(\), not <.*\.{type(scheduler).__name__} object"
    ):
        make(1.0, scheduler=scheduler)


@operators
def test_an_event_loop(make: Make) -> None:
    """On an EventLoopScheduler all but the end comes on its thread."""
    with EventLoopScheduler() as scheduler:
        seen = Seen(reactivex.never().pipe(make(0.01, scheduler=scheduler))).count(1)
        seen.dispose()
    assert len(seen.threads) == 1


@operators
def test_asyncio(make: Make) -> None:
    """On a loop of asyncio all comes on the loop's thread; a disposal on another loop doesn't wait for it."""

    async def main() -> None:
        scheduler = AsyncIOThreadSafeScheduler(asyncio.get_running_loop())
        seen = Seen(reactivex.never().pipe(make(0.01)), scheduler)
        await asyncio.to_thread(seen.count, 1)

        async def dispose() -> None:
            seen.dispose()

        dispose_quickly(lambda: asyncio.run(dispose()))
        assert seen.threads == {threading.current_thread().name}

    asyncio.run(main())


class Early(VirtualTimeScheduler):
    """A scheduler whose timers are early, as those that count whole milliseconds are."""

    def schedule_relative(self, duetime: Any, action: Any, state: Any = None) -> Any:
        return super().schedule_relative(max(duetime - 0.0004, 0.0), action, state)


@snapshots
def test_a_timer_that_is_early(make: Make) -> None:
    """A tick that comes a little too early stands for its time, and no other follows for the same."""
    subject: Subject[str] = Subject()
    scheduler = Early()
    early = Seen(subject.pipe(make(1.0)), scheduler)
    exact_scheduler = TestScheduler()
    exact = Seen(subject.pipe(make(1.0)), exact_scheduler)
    for second in range(1, 6):
        subject.on_next("a")
        scheduler.advance_to(second - 0.0001)
        exact_scheduler.advance_to(second)
    assert early.items == exact.items
    assert len(exact.items) == 5


@snapshots
def test_a_late_tick(make: Make) -> None:
    """Ticks that a slow subscriber missed are left out; the next one comes when it is due."""
    scheduler = VirtualTimeScheduler()
    at: list[float] = []

    def work(item: Any) -> None:
        at.append(scheduler.to_seconds(scheduler.now))
        if len(at) == 2:
            scheduler.sleep(2.5)

    subscription = reactivex.never().pipe(make(1.0)).subscribe(work, scheduler=scheduler)
    scheduler.advance_to(3.5)
    scheduler.advance_to(7.5)
    subscription.dispose()
    assert at == [1.0, 2.0, 5.0, 6.0, 7.0]


@snapshots
@pytest.mark.parametrize("end", ["completion", "error"])
def test_a_slow_subscriber_delays_nothing(make: Make, end: str) -> None:
    """The source goes on while a subscriber is at work; the end comes after that, not beside it."""
    subject: Subject[str] = Subject()
    working, go_on = threading.Event(), threading.Event()

    def work(item: Any) -> None:
        if not working.is_set():
            working.set()
            assert go_on.wait(PATIENCE)

    contract = Contract(work)
    contract.subscribe(subject.pipe(make(0.01)))
    assert working.wait(PATIENCE)
    for _ in range(1000):
        subject.on_next("a")
    if end == "error":
        subject.on_error(Boom())
    else:
        subject.on_completed()
    assert (contract.items, contract.ended.is_set()) == (1, False)
    go_on.set()
    assert contract.ended.wait(PATIENCE)
    assert (contract.items, contract.breaches) == (2, [])


@operators
@pytest.mark.parametrize("end", ["completion", "error", "disposal"])
def test_the_contract_under_threads(make: Make, end: str) -> None:
    """With timer, source and disposal on a thread each: one call at a time, none after the end."""
    for number in range(20):
        subject: Subject[str] = Subject()
        contract = Contract()
        contract.subscribe(subject.pipe(make(0.001)))
        pause = threading.Event()

        def emit(subject: Subject[str] = subject, number: int = number, pause: Any = pause) -> None:
            for count in range(50):
                subject.on_next(f"{count}")
                if count % 10 == number % 10:
                    pause.wait(0.003)
            if end == "completion":
                subject.on_completed()
            elif end == "error":
                subject.on_error(Boom())

        source = threading.Thread(target=emit)
        source.start()
        if end == "disposal":
            pause.wait(0.001 * number)
            contract.dispose()
        source.join(PATIENCE)
        if end != "disposal":
            assert contract.ended.wait(PATIENCE)
        assert contract.breaches == []


@operators
def test_disposal(make: Make) -> None:
    """A disposal closes the session and ends the timer's thread at once."""
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    seen = Seen(connect(ENDPOINT, transport=transport).pipe(make(60.0)))
    transport.wait_for(1)
    dispose_quickly(seen.dispose)
    for thread in our_threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert transport.sessions[0].closed
    assert seen.items == []


@snapshots
def test_an_exception_at_once(make: Make) -> None:
    """A subscriber that raises while it subscribes gets its exception, and no timer goes on."""

    def at_once(observer: Any, scheduler: Any = None) -> Any:
        observer.on_completed()

    def raising(item: Any) -> None:
        raise Boom

    with pytest.raises(Boom):
        reactivex.create(at_once).pipe(make(60.0)).subscribe(raising)


@operators
def test_a_source_that_cannot_be_subscribed_to(make: Make) -> None:
    """An exception of the source on subscription is an `on_error`, and no timer goes on."""

    def broken(observer: Any, scheduler: Any = None) -> Any:
        raise Boom

    for source in (reactivex.create(broken), reactivex.create(broken).pipe(tw.of_type(object))):
        assert isinstance(Seen(source.pipe(make(60.0))).error, Boom)


class Refusing(TimeoutScheduler):
    """A scheduler that gets no more thread after so many."""

    left = 0

    def schedule_relative(self, duetime: Any, action: Any, state: Any = None) -> Any:
        if not self.left:
            raise RuntimeError("can't start new thread")
        self.left -= 1
        return super().schedule_relative(duetime, action, state)


@operators
@pytest.mark.parametrize("threads", [0, 1])
def test_no_thread_for_the_timer(make: Make, threads: int) -> None:
    """A timer that gets no thread is an error of the stream, not silence."""
    scheduler = Refusing()
    scheduler.left = threads
    seen = Seen(reactivex.never().pipe(make(0.001, scheduler=scheduler))).ended()
    assert str(seen.error) == "can't start new thread"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda: tw.meter(0), "every must be a number of seconds above 0, such as 1.0, not 0"),
        (lambda: tw.meter(float("inf")), "every must be a number of seconds above 0, such as 1.0, not inf"),
        (lambda: untyped.meter("1"), "every must be a number of seconds above 0, such as 1.0, not '1'"),
        (lambda: untyped.meter(timedelta(1)), "not datetime.timedelta"),
        (lambda: untyped.meter(True), "every must be a number of seconds above 0, such as 1.0, not True"),
        (lambda: tw.lag(-60), "window must be a number of seconds above 0, such as 1.0, not -60"),
        (lambda: tw.lag(60, 0), "every must be a number of seconds above 0, such as 1.0, not 0"),
        (lambda: tw.lag(10, 4), "window must be a multiple of every, such as 8, not 10"),
        (lambda: tw.lag(1e9, 1.0), "window must be at most 10,000 times every, so 10000 s, not 1000000000.0"),
        (lambda: tw.counts(str, 1, 60), "window must be a multiple of every, such as 60, not 1"),
        (lambda: tw.counts(str, capacity=0), "capacity must be the number of counters, 1 or more, not 0"),
        (lambda: untyped.counts(str, capacity=1.5), "1 or more, not 1.5"),
        (lambda: tw.top(str, 0), "n must be the number of keys to emit, 1 or more, not 0"),
        (lambda: untyped.top(str, "9"), "n must be the number of keys to emit, 1 or more, not '9'"),
        (lambda: untyped.meter(scheduler=print), "scheduler must be one of RxPY's that runs beside"),
        (lambda: untyped.top("hashtags"), "key must be a function of an item, such as rxt.hashtags, not"),
        (lambda: tw.volume_alarm(), "volume_alarm needs a bound, such as below=0.1"),
        (lambda: tw.volume_alarm(below=-1), "below must be a number of messages a second"),
        (lambda: untyped.volume_alarm(above="9"), "above must be a number of messages a second"),
        (lambda: tw.volume_alarm(below=2, above=1), "below must be less than above: 2 and 1"),
        (lambda: tw.volume_alarm(below=2, for_=0), "for_ must be a number of seconds above 0"),
    ],
)  # fmt: skip
def test_mistakes(mistake: Callable[[], Any], said: str) -> None:
    """An argument that can't be right is refused by its name, with what would be right."""
    with pytest.raises(ValueError, match=re.escape(said)):
        mistake()
