"""Hubs of both protocols against the emulator."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
import reactivex
from reactivex import Observable, Subject, abc
from reactivex import operators as ops
from reactivex.scheduler import VirtualTimeScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets import rules
from rxtweets.emulator import Emulator, Limits
from rxtweets.errors import FilterLimit
from rxtweets.hub import HubState
from rxtweets.hub import query_hub as query_hub_module
from rxtweets.messages import Connected, Delete, KeepAlive, Post, Status, StreamProblem
from rxtweets.rules import RulesRefused
from tests.observing import PATIENCE, Seen

from .hubs import QUICK, States, query_hub, rules_hub

if TYPE_CHECKING:
    from rxtweets.emulator.app.services import Services

MakeHub = Callable[..., rxt.FilterHub]
BOTH = pytest.mark.parametrize("make", [rules_hub, query_hub])


def _filter(hub: rxt.FilterHub, words: str) -> Any:
    """A filter of either protocol."""
    return hub.filter(track=words)


def _texts(seen: Seen) -> list[str]:
    return [item.text for item in seen.items if hasattr(item, "text")]


def _publish_until(emulator: Emulator, is_over: Callable[[], bool]) -> list[str]:
    """Publish texts about cats until a change is over, and then one about a bird, too; return them all."""
    texts: list[str] = []
    while not is_over():
        texts.append(f"cat {len(texts)}")
        emulator.publish(texts[-1])
    emulator.publish("cat and bird")
    return [*texts, "cat and bird"]


def _ended(seen: Seen) -> Exception:
    error = seen.ended().error
    assert error is not None
    return error


@BOTH
def test_filters_share_a_connection(make: MakeHub, emulator: Emulator) -> None:
    """Two merged filters are one connection, each gets what matches it, and both hear of the connection."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        cats, dogs = Seen(_filter(hub, "cat")), Seen(_filter(hub, "dog"))
        states.settled()
        assert len(emulator.streams) == 1
        for text in ("a cat", "a dog", "cat and dog", "a bird"):
            emulator.publish(text)
        cats.wait(lambda seen: len(_texts(seen)) == 2)
        dogs.wait(lambda seen: len(_texts(seen)) == 2)
        assert _texts(cats) == ["a cat", "cat and dog"]
        assert _texts(dogs) == ["a dog", "cat and dog"]
        for seen in (cats, dogs):
            assert isinstance(seen.items[0], Connected)
            seen.wait(lambda seen: any(isinstance(item, KeepAlive) for item in seen.items))
            seen.dispose()


@BOTH
def test_a_filter_joins_later(make: MakeHub, emulator: Emulator) -> None:
    """A filter that comes later gets Connected first, then its posts; others miss and repeat none."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        cats = Seen(_filter(hub, "cat"))
        states.settled()
        birds = Seen(_filter(hub, "bird"))
        birds.count(1)
        assert isinstance(birds.items[0], Connected)
        published = _publish_until(
            emulator,
            lambda: states.now.wanted == states.now.standing and states.now.connection == "connected",
        )
        birds.wait(lambda seen: _texts(seen) == ["cat and bird"])
        cats.wait(lambda seen: _texts(seen)[-1] == "cat and bird")
        assert _texts(cats) == published
        cats.dispose()
        birds.dispose()
        assert sum(request.path.endswith(("stream", "filter.json")) for request in emulator.requests) <= 2


def test_an_older_connection_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub ends an older connection that the server leaves open, and no status comes twice (v1.1)."""
    monkeypatch.setattr(query_hub_module, "_LONGEST_CHANGE", 0.5)
    with Emulator(rate=0, limits=Limits(connections=None)) as emulator:
        hub = query_hub(emulator)
        with States(hub, emulator) as states:
            cats = Seen(hub.filter(track="cat"))
            states.settled()
            birds = Seen(hub.filter(track="bird"))
            emulator.wait_for_streams(2)
            published = _publish_until(
                emulator, lambda: len(emulator.streams) == 1 and len(states.now.standing) == 2
            )
            birds.wait(_texts)
            cats.wait(lambda seen: _texts(seen)[-1] == "cat and bird")
            assert _texts(cats) == published
            cats.dispose()
            birds.dispose()


@BOTH
def test_switching_keeps_the_connection(make: MakeHub, emulator: Emulator) -> None:
    """From the last filter to the next, as switch_latest goes, the connection stands; then it closes."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        seen = Seen(_filter(hub, "cat"))
        states.settled()
        first = emulator.streams
        for _ in range(20):
            seen.dispose()
            seen = Seen(_filter(hub, "cat"))
        assert emulator.streams == first
        seen.dispose()
        states.ended()


@pytest.mark.parametrize("wrong", [RuntimeError("mine"), SystemExit(1)])
@BOTH
def test_a_subscriber_that_raises(
    make: MakeHub, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, wrong: BaseException
) -> None:
    """One that raises ends for itself alone, and is reported once."""
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))

    def raise_it(_: object) -> None:
        raise wrong

    hub = make(emulator)
    with States(hub, emulator) as states:
        good = Seen(_filter(hub, "cat"))
        _filter(hub, "cat").pipe(tw.messages()).subscribe(raise_it)
        states.settled()
        for number in range(5):
            emulator.publish(f"cat {number}")
        good.wait(lambda seen: len(_texts(seen)) == 5)
        assert reported == [wrong]
        good.dispose()


@BOTH
def test_run_raises_what_its_subscriber_raised(make: MakeHub, emulator: Emulator) -> None:
    """`run` raises it to its caller, and the others go on."""
    hub = make(emulator)

    def stop(_: object) -> None:
        raise KeyError("enough")

    with States(hub, emulator) as states:
        good = Seen(_filter(hub, "cat"))
        states.settled()
        timer = threading.Timer(0.2, lambda: emulator.publish("cat"))
        timer.start()
        with pytest.raises(KeyError):
            rxt.run(_filter(hub, "cat").pipe(tw.messages()), stop)
        timer.join()
        good.wait(lambda seen: len(_texts(seen)) == 1)
        good.dispose()


@BOTH
def test_which_filters_a_post_matches(make: MakeHub, emulator: Emulator) -> None:
    """The hub names all filters that a post matches, which of merged filters comes once for each."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        merged = reactivex.merge(*(_filter(hub, word) for word in ("cat", "dog", "bird")))
        seen = Seen(merged.pipe(tw.of_type(Post, Status), tw.distinct_by_id()))
        states.settled()
        cat, dog, bird = states.now.wanted
        for text in ("a cat", "cat and dog", "dog, bird"):
            emulator.publish(text)
        seen.count(3)
        assert [hub.matching(post) for post in seen.items] == [(cat,), (cat, dog), (dog, bird)]
        seen.dispose()


def test_filters_that_are_not_yet_in_force_v1(emulator: Emulator) -> None:
    """Filters that the connection which brought a post didn't ask for aren't named, not even later."""
    timer = VirtualTimeScheduler()
    hub = query_hub(emulator, wait=2.0, scheduler=timer)
    with States(hub, emulator) as states:
        cats = Seen(hub.filter(track="cat").pipe(tw.statuses()))
        timer.advance_by(2.0)
        cat = states.settled().wanted
        birds = Seen(hub.filter(track="bird").pipe(tw.statuses()))
        emulator.publish("cat and bird")
        early = cats.wait(_texts).items[-1]
        assert states.now.standing == cat != states.now.wanted
        assert hub.matching(early) == cat
        timer.advance_by(2.0)
        both = states.settled().wanted
        emulator.publish("cat, bird")
        late = birds.wait(_texts).items[-1]
        assert hub.matching(late) == both
        assert hub.matching(early) == cat
        for seen in (cats, birds):
            seen.dispose()


class PublishBeforeTheAnswer:
    """An action of the emulator: publish what a rule matches once it is added, and answer when that came.

    Args:
        value: the rule.
        text: what it matches.
        came: set when the text came.
    """

    def __init__(self, value: str, text: str, came: threading.Event) -> None:
        self._value, self._text, self._came = value, text, came

    def perform(self, services: Services) -> None:
        book = services.rule_book
        add = book.add

        def added(value: str, tag: str | None = None) -> Any:
            rule = add(value, tag)
            if value == self._value:
                services.hub.publish(services.world.compose(self._text))
                for stream in services.hub.streams.values():
                    stream.body._flush()  # as this holds the loop that would
                assert self._came.wait(PATIENCE)
            return rule

        setattr(book, "add", added)  # noqa: B010


def test_what_comes_before_the_answer_is_not_lost(emulator: Emulator) -> None:
    """A filter gets what its new rule matches also while X has not answered yet that it is added (v2)."""
    hub = rules_hub(emulator)
    came = threading.Event()
    with States(hub, emulator) as states:
        cats = Seen(hub.filter("cat"))
        states.settled()
        emulator.do(PublishBeforeTheAnswer("bird", "a bird", came))
        birds = Seen(hub.filter("bird").pipe(tw.posts(), ops.do_action(lambda _: came.set())))
        assert _texts(birds.wait(_texts)) == ["a bird"]
        assert states.settled().wanted == ("cat", "bird")
        assert _texts(cats) == []


def test_backfill_repeats_nothing() -> None:
    """After a reconnect with backfill each filter gets what it has missed, and nothing twice (v2)."""
    with Emulator(rate=0, level="enterprise") as emulator:
        hub = rules_hub(emulator, backfill_minutes=5)
        with States(hub, emulator) as states:
            cats = Seen(hub.filter("cat"))
            states.settled()
            emulator.publish("cat 1")
            cats.wait(_texts)
            emulator.close_streams()
            emulator.publish("cat 2")
            cats.wait(lambda seen: _texts(seen)[-1] == "cat 2")
            emulator.publish("cat 3")
            cats.wait(lambda seen: _texts(seen)[-1] == "cat 3")
            assert _texts(cats) == ["cat 1", "cat 2", "cat 3"]


@BOTH
def test_notices_and_deletions_go_to_all(make: MakeHub, emulator: Emulator) -> None:
    """Messages that are for no filter alone go to everybody."""
    hub = make(emulator)
    notice: Any = {"delete": {"status": {"id": 1, "id_str": "1", "user_id": 3, "user_id_str": "3"}}}
    if make is rules_hub:
        notice = {"errors": [{"title": "operational-disconnect", "type": "about:blank", "detail": "soon"}]}
    with States(hub, emulator) as states:
        every = [Seen(_filter(hub, word).pipe(tw.messages())) for word in ("cat", "dog")]
        states.settled()
        emulator.send(notice)
        for seen in every:
            assert isinstance(seen.count(1).items[0], Delete if make is query_hub else StreamProblem)


@BOTH
def test_the_state(make: MakeHub, emulator: Emulator) -> None:
    """The state tells what is wanted and in force, the connection and the requests left; none comes twice."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        seen = Seen(hub.state)
        assert seen.items == [HubState(requests_left=None if make is rules_hub else 50)]
        cats = [Seen(_filter(hub, "cat")) for _ in range(2)]
        states.settled()
        dog = Seen(_filter(hub, "dog"))
        state = states.wait(lambda state: len(state.standing) == 2 and state.connection == "connected")
        assert state.requests_left == (98 if make is rules_hub else 48)
        assert state.resets_at is not None
        assert timedelta(0) < state.resets_at - datetime.now(UTC) <= timedelta(minutes=15, seconds=1)
        for one in (*cats, dog):
            one.dispose()
        states.ended()
        assert seen.items[-1].connection == "closed"
        assert all(one != other for one, other in itertools.pairwise(seen.items))
        connections = [name for name, _ in itertools.groupby(state.connection for state in seen.items)]
        assert connections[:3] == ["closed", "connecting", "connected"]
        numbers = [(len(state.wanted), len(state.standing)) for state in seen.items]
        assert {(1, 0), (1, 1), (2, 1), (2, 2), (0, 0)} <= set(numbers)
        with pytest.raises(AttributeError):
            state.wanted = ()  # type: ignore[misc]


@BOTH
def test_everybody_is_told_each_state(make: MakeHub, emulator: Emulator) -> None:
    """One who begins to watch while the state changes takes no state from others."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        cats, first, second = Seen(_filter(hub, "cat")), Seen(hub.state), list[Seen]()
        states.settled()
        dogs = _filter(hub, "dog").pipe(ops.do_action(lambda _: second.append(Seen(hub.state))), ops.take(1))
        dogs.subscribe()  # gets Connected before anybody is told that it is wanted
        (state,) = second[0].items[:1]
        assert len(state.wanted) == 2
        first.wait(lambda seen: state in seen.items)
        cats.dispose()


@BOTH
def test_the_end_of_a_hub(make: MakeHub, emulator: Emulator) -> None:
    """At its end subscriptions complete and no rule and no connection is left; later ones get an error."""
    with make(emulator) as hub:
        with States(hub, emulator) as states:
            seen = [Seen(_filter(hub, "cat")), Seen(_filter(hub, "dog"))]
            states.settled()
            hub.close()
            assert all(one.completed for one in seen)
            assert emulator.rules == ()
        assert isinstance(_ended(Seen(_filter(hub, "cat"))), ValueError)


def test_rules_that_stay_are_told(emulator: Emulator) -> None:
    """A warning tells when the rules can't be removed at the end of a hub, and why."""
    hub = rules_hub(emulator)
    states = States(hub, emulator)
    seen = Seen(_filter(hub, "cat"))
    states.settled()
    emulator.answer(403, path="/2/tweets/search/stream/rules")
    with pytest.warns(RuntimeWarning, match=r"rxtweets-hub: may be left at X.* HTTP 403"):
        hub.close()
    assert seen.completed
    assert emulator.rules != ()


def test_requests_for_rules_that_fail_are_told(emulator: Emulator) -> None:
    """While a request for rules is tried again, the state says why a filter isn't in force yet."""
    hub = rules_hub(emulator)
    emulator.answer(503, path="/2/tweets/search/stream/rules", times=1)
    with States(hub, emulator) as states:
        told, seen = Seen(hub.state), Seen(hub.filter("cat"))
        assert states.settled().failure is None
        failures = [state for state in told.items if state.failure is not None]
        assert {(state.wanted, state.standing) for state in failures} == {(("cat",), ())}
        assert "503" in str(failures[0].failure)
        seen.dispose()


def test_a_refused_rule_is_its_own_subscribers_error(emulator: Emulator) -> None:
    """A rule that X refuses ends its own subscribers, and is told in the state."""
    hub = rules_hub(emulator)
    with States(hub, emulator) as states:
        good, bad = Seen(hub.filter("cat")), [Seen(hub.filter("has:images")) for _ in range(2)]
        for seen in bad:
            assert isinstance(_ended(seen), RulesRefused)
        states.settled()
        emulator.publish("cat")
        good.wait(_texts)
        assert [text for text, _ in states.now.refused] == ["has:images"]
        good.dispose()


@pytest.mark.parametrize("limit", [None, 1])
def test_every_filter_refused(limit: int | None) -> None:
    """When every filter was refused, or there is no room for one, the hub leaves nothing at X."""
    limits = Limits() if limit is None else Limits(rules=limit)
    with Emulator(rate=0, limits=limits) as emulator:
        hub = rules_hub(emulator)
        if limit is not None:
            client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
            client.rules.add("zebra").run()
        with States(hub, emulator) as states:
            for seen in [Seen(hub.filter(rule)) for rule in ("has:images", "has:links")]:
                assert isinstance(_ended(seen), RulesRefused if limit is None else FilterLimit)
            states.ended()


def test_nobody_talks_about_a_lease() -> None:
    """The emulator makes up posts for the hub's filters, and none for its lease."""
    with Emulator(rate=500) as emulator, rules_hub(emulator) as hub:
        posts = hub.filter("cat").pipe(tw.posts(), ops.take(200), ops.to_list()).run()
        assert any("cat" in post.text for post in posts)
        assert not any("rxtweets" in post.text for post in posts)


def test_equal_rules_are_one(emulator: Emulator) -> None:
    """Rules that are written differently and mean the same are one rule at X."""
    hub = rules_hub(emulator)
    with States(hub, emulator) as states:
        written: list[str | rules.Rule] = [
            "cat  has:images",
            " cat has:images ",
            rules.keyword("cat") & rules.has("images"),
        ]
        every = [Seen(hub.filter(rule)) for rule in written]
        states.settled()
        assert [rule.value for rule in emulator.rules if "lease" not in (rule.tag or "")] == [
            "cat has:images"
        ]
        for seen in every:
            seen.dispose()


def test_rules_of_others_stay(emulator: Emulator) -> None:
    """The rules that were there before stay, also one with the text of a filter."""
    client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
    client.rules.add("cat", "zebra", tag="by hand").run()
    before = emulator.rules
    hub = rules_hub(emulator)
    with States(hub, emulator) as states:
        cats = Seen(hub.filter("cat"))
        states.settled()
        emulator.publish("cat and zebra")
        cats.wait(lambda seen: _texts(seen) == ["cat and zebra"])
        cats.dispose()
    assert emulator.rules == before


def test_packed_filters_are_told_apart(emulator: Emulator) -> None:
    """Filters in one rule each get what matches them; what X refuses or can't be told here is not joined."""
    # What stands gives those that follow a second in which to be subscribed to together.
    hub = rules_hub(emulator, wait=1.0, pack=True, **rules.fields_for("cat", "cat has:hashtags", "from:ada"))
    texts = ["cat", "dog", "cat OR bird", "dog -cat", "sample:100 dog", "cat lang:zh-TW"]
    with States(hub, emulator) as states:
        assert isinstance(_ended(Seen(hub.filter("has:hashtags"))), RulesRefused)
        first = Seen(hub.filter("owl"))
        states.settled()
        every = [Seen(hub.filter(text)) for text in texts]
        states.settled()
        assert sorted(rule.value for rule in emulator.rules if "lease" not in (rule.tag or "")) == [
            "cat OR dog OR cat OR bird OR dog -cat",
            "cat lang:zh-TW",
            "owl",
            "sample:100 dog",
        ]
        for text in ("a cat", "a dog", "cat and dog", "a bird", "zebra", "cat dog end"):
            emulator.publish(text)
        every[0].wait(lambda seen: len(_texts(seen)) == 3)
        every[4].wait(lambda seen: len(_texts(seen)) == 3)
        assert [_texts(seen) for seen in every] == [
            ["a cat", "cat and dog", "cat dog end"],
            ["a dog", "cat and dog", "cat dog end"],
            ["a cat", "cat and dog", "a bird", "cat dog end"],
            ["a dog"],
            ["a dog", "cat and dog", "cat dog end"],
            [],
        ]
        for seen in (first, *every):
            seen.dispose()


def test_one_filter_too_many_v1(emulator: Emulator) -> None:
    """More than a single request can ask for is the newcomer's error, at once; the others stay."""
    hub = query_hub(emulator)
    with States(hub, emulator) as states:
        first = Seen(hub.filter(track=[f"word{n}" for n in range(400)]))
        states.settled()
        assert "400" in str(_ended(Seen(hub.filter(track="one more"))))
        emulator.publish("word7")
        first.wait(_texts)
        first.dispose()


def test_many_at_once_v1(emulator: Emulator) -> None:
    """As many filters as one request may ask for, subscribed within 0.1 s, are one request."""
    timer = VirtualTimeScheduler()
    hub = query_hub(emulator, scheduler=timer)
    with States(hub, emulator) as states:
        every = [Seen(hub.filter(track=f"word{n}")) for n in range(400)]
        before = emulator.requests
        timer.advance_by(0.1)
        states.settled()
        assert (len(before), len(emulator.requests)) == (0, 1)
        emulator.publish("word7 word399")
        for seen in (every[7], every[399]):
            seen.wait(_texts)
        for seen in every:
            seen.dispose()


@pytest.mark.parametrize(("took", "asked"), [(0.5, ["cat,dog,owl"]), (1.5, ["cat,dog", "cat,dog,owl"])])
def test_filters_that_are_merged_v1(emulator: Emulator, took: float, asked: list[str]) -> None:
    """They share the first connection, even if subscribing takes long, up to the wait of the hub."""
    timer = VirtualTimeScheduler()
    hub = query_hub(emulator, wait=2.0, scheduler=timer)

    def slowly(word: str) -> Observable[Any]:
        def subscribe(_: abc.SchedulerBase) -> Observable[Any]:
            timer.advance_by(took)
            return hub.filter(track=word)

        return reactivex.defer(subscribe)

    with States(hub, emulator) as states:
        seen = Seen(reactivex.merge(hub.filter(track="cat"), slowly("dog"), slowly("owl")))
        timer.advance_by(0.1)
        if len(asked) > 1:
            states.wait(lambda state: len(state.standing) == 2)
            timer.advance_by(2.0)
        states.settled()
        assert [request.form["track"] for request in emulator.requests] == asked
        seen.dispose()


def test_filters_that_no_query_joins_v1(emulator: Emulator) -> None:
    """Queries of different languages share a connection without languages, and are told apart here."""
    hub = query_hub(emulator)
    with States(hub, emulator) as states:
        english, any_ = Seen(hub.filter(track="cat", languages="en")), Seen(hub.filter(track="cat"))
        states.settled()
        emulator.publish("cat eins", lang="de")
        emulator.publish("cat one", lang="en")
        any_.wait(lambda seen: len(_texts(seen)) == 2)
        english.wait(lambda seen: len(_texts(seen)) == 1)
        english.dispose()
        any_.dispose()


@BOTH
def test_a_final_error_ends_all_and_the_next_begins_anew(make: MakeHub, emulator: Emulator) -> None:
    """An error that the policy calls final ends every subscription; then the hub serves again."""
    hub = make(emulator)
    with States(hub, emulator) as states:
        path = "/2/tweets/search/stream" if make is rules_hub else "/1.1/statuses/filter.json"
        emulator.answer(403, path=path, times=1)
        every = [Seen(_filter(hub, "cat")), Seen(_filter(hub, "dog"))]
        for seen in every:
            assert isinstance(_ended(seen), rxt.Forbidden)
        again = Seen(_filter(hub, "cat"))
        states.settled()
        again.dispose()


def _subscribe_often(make: MakeHub, emulator: Emulator, times: int) -> None:
    hub = make(emulator)
    with States(hub, emulator) as states:
        kept = Seen(_filter(hub, "cat"))
        states.settled()
        for number in range(times + 500):
            if number == 500:
                gc.collect()
                before, threads = sys.getallocatedblocks(), threading.active_count()
            _filter(hub, f"word{number % 50}").subscribe(lambda _: None).dispose()
            kept.items.clear()
        end = time.monotonic() + PATIENCE
        while True:
            gc.collect()
            blocks, more = sys.getallocatedblocks() - before, threading.active_count() - threads
            if (blocks < 5_000 and more <= 2) or time.monotonic() > end:  # those of a few filters that wait
                break
            kept.items.clear()
            threading.Event().wait(0.05)  # until a change of the connection is over
        assert (blocks < 5_000, more <= 2) == (True, True), (blocks, more)
        kept.dispose()


@BOTH
def test_memory_after_many_subscriptions(make: MakeHub, emulator: Emulator) -> None:
    """Subscriptions that come and go leave no memory and no threads behind."""
    _subscribe_often(make, emulator, 1_000)


@pytest.mark.soak
@BOTH
def test_memory_after_100_000_subscriptions(make: MakeHub, emulator: Emulator) -> None:
    """The same for 100,000."""
    _subscribe_often(make, emulator, 100_000)


def _client(emulator: Emulator, policy: rxt.BackoffPolicy | None = None) -> rxt.StreamingClient:
    token = rxt.BearerToken(emulator.bearer_token)
    return rxt.StreamingClient(token, base_url=emulator.base_url, policy=policy)


@pytest.mark.parametrize("count", [1, 4])
def test_rules_that_somebody_deletes_come_back(emulator: Emulator, count: int) -> None:
    """Rules that somebody deletes, all or one, are added again at the next reconnect, and nobody ends."""
    hub = rules_hub(emulator)
    words = ("cat", "dog", "bird")
    with States(hub, emulator) as states:
        every = [Seen(hub.filter(word)) for word in words]
        states.settled()
        _client(emulator).rules.delete(*[rule.id for rule in emulator.rules[-count:]]).run()
        emulator.reset_streams()
        states.wait(lambda state: state.connection != "connected")
        for word, seen in zip(words, every, strict=True):
            while not _texts(seen):
                states.settled()
                emulator.publish(word)
        for seen in every:
            assert seen.error is None
            seen.dispose()
        statuses = [request.status for request in emulator.requests if request.path.endswith("/stream")]
        assert (409 in statuses) == (count == 4)


def test_two_hubs_in_sequence() -> None:
    """The connection of a hub that was just disposed holds the next hub up for seconds, and ends nobody."""
    with Emulator(rate=0) as emulator:
        hubs = [rxt.FilterHub(_client(emulator)) for _ in range(2)]
        with States(hubs[0], emulator) as first, States(hubs[1], emulator) as second:
            cats = Seen(hubs[0].filter("cat"))
            first.settled()
            cats.dispose()
            dogs = Seen(hubs[1].filter("dog"))
            second.settled(4.0)
            assert not dogs.error
            statuses = [request.status for request in emulator.requests if request.path.endswith("/stream")]
            assert statuses == [200, 429, 200]
            dogs.dispose()


def _more_filters_than_rules(filters: int, most: int) -> None:
    with Emulator(rate=0, limits=Limits(messages=None, rules=most)) as emulator:
        hub = rules_hub(emulator, wait=1.0, **rules.fields_for("word"))
        with States(hub, emulator) as states:
            got: list[tuple[int, str]] = []
            texts = [f"cat{number} dog{number % 7}" for number in range(filters)]

            def subscribe(number: int) -> abc.DisposableBase:
                found = hub.filter(track=texts[number]).pipe(tw.posts())
                return found.subscribe(lambda post: got.append((number, post.text)))

            every = [subscribe(number) for number in range(filters)]
            fence = Seen(hub.filter(track="fence"))
            states.settled(60.0)
            assert len(states.now.standing) == filters + 1
            posts = [request for request in emulator.requests if request.method == "POST"]
            assert {request.status for request in posts} == {201}
            assert len(posts) < 20
            assert len(emulator.rules) <= most
            for number in range(0, filters, 50):
                emulator.publish(texts[number])
            emulator.publish("fence")
            fence.wait(_texts)
            assert got == [(number, texts[number]) for number in range(0, filters, 50)]
            fence.dispose()
            for one in every:
                one.dispose()


def test_more_filters_than_rules() -> None:
    """600 filters are in force on 120 rules after fewer than 20 requests, and each gets its posts alone."""
    _more_filters_than_rules(600, 120)


@pytest.mark.soak
def test_five_thousand_filters_on_a_thousand_rules() -> None:
    """So are 5,000 on 1,000."""
    _more_filters_than_rules(5_000, 1_000)


def test_the_warning_names_the_hub(emulator: Emulator) -> None:
    """Two streams of one account warn, and the warning says what to do instead; a hub's change doesn't."""
    hub = query_hub(emulator)
    stream = rxt.Stream(rxt.OAuth1(*emulator.oauth1), base_url=emulator.base_url, policy=QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with States(hub, emulator) as states:
            seen = [Seen(hub.filter(track="cat"))]
            states.settled()
            seen.append(Seen(hub.filter(track="dog")))
            states.settled()
            for one in seen:
                one.dispose()
    first = Seen(stream.filter(track="cat")).count(1)
    with pytest.warns(RuntimeWarning, match="FilterHub"):
        second = Seen(stream.filter(track="dog")).count(1)
    first.ended()
    second.dispose()


@BOTH
def test_bad_filters_are_refused_at_once(make: MakeHub, emulator: Emulator) -> None:
    """Anything else than a filter is a ValueError of the call, and says what is one."""
    hub = make(emulator)
    calls: list[Callable[[], object]] = [
        lambda: hub.filter(),
        lambda: hub.filter(cast(str, 42)),
        lambda: hub.filter("cat", track="dog"),
        lambda: hub.filter(track="cat", count=10),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"."):
            call()
    with pytest.raises(ValueError, match="a hub is of"):
        rxt.FilterHub("cat")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wait"):
        make(emulator, wait=0)


def test_a_search_box(emulator: Emulator) -> None:
    """A filter that changes with each key, through switch_latest, ends with what was typed last."""
    hub = rules_hub(emulator)
    keys: Subject[str] = Subject()
    with States(hub, emulator) as states:
        seen = Seen(keys.pipe(ops.map(lambda text: hub.filter(f"q{text}")), ops.switch_latest(), tw.posts()))
        for text in ("c", "ca", "cat"):
            keys.on_next(text)
        states.wait(lambda state: state.standing == ("qcat",))
        states.settled()
        emulator.publish("qcat")
        seen.wait(_texts)
        seen.dispose()
