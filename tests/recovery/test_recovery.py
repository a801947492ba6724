"""Outages of a stream that is recovered: the exact posts that come, and what is told of the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import Any

import pytest

import rxtweets as rxt
from rxtweets import BackoffPolicy, Recovery
from rxtweets.emulator import Emulator, Limits
from rxtweets.messages import Connected, Gap, Post, Recovered, RecoveryEstimate
from tests.clients import client_on, stream_on
from tests.discipline import SCALED

from .outages import AT_ONCE, Outages

ASKING = ("backfill_minutes", "start_time", "end_time", "count")
DAY = 86_400.0


@pytest.fixture
def enterprise() -> Iterator[Emulator]:
    """A silent emulator at the level that has recovery."""
    with Emulator(rate=0, level="enterprise") as emulator:
        yield emulator


def with_rules(emulator: Emulator, **rules: str) -> Emulator:
    """Add rules by their tags."""
    client = client_on(emulator)
    for tag, value in rules.items():
        client.rules.add(value, tag=tag).run()
    return emulator


def test_backfill_brings_a_short_outage(enterprise: Emulator) -> None:
    """Each post once, marked, before what is live; what had come isn't repeated."""
    with Outages(with_rules(enterprise, a="cat")) as outages:
        outages.publish("cat 1", "cat 2")
        outages.outage(lambda: [enterprise.publish(text) for text in ("cat 3", "dog", "cat 4")])
        outages.publish("cat 5")
        assert outages.texts() == ["cat 1", "cat 2", "cat 3", "cat 4", "cat 5"]
        assert outages.texts(recovered=True) == ["cat 3", "cat 4"]
        assert (outages.recoveries, outages.gaps) == ([("backfill", 2)], [])
        assert {one.matching_rules[0].tag for one in outages.wait_for(Post, 5)} == {"a"}


def test_a_window_brings_a_long_outage(enterprise: Emulator) -> None:
    """It is asked for beside the live stream, once, up to the reconnect."""
    with Outages(with_rules(enterprise, a="cat")) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: enterprise.publish("cat 2"), seconds=7200)
        outages.publish("cat 3")
        outages.seen.wait(lambda _: ("window", 1) in outages.recoveries)
        assert sorted(outages.texts()) == ["cat 1", "cat 2", "cat 3"]
        assert outages.texts(recovered=True) == ["cat 2"]
        assert outages.gaps == []
        windows = [asked for asked in outages.asked(*ASKING) if "start_time" in asked]
        assert len(windows) == 1


def test_search_brings_an_outage_without_enterprise_access(emulator: Emulator) -> None:
    """Rule by rule: each post once, with all the rules that it matches, while live ones go on."""
    with_rules(emulator, cats="cat -is:retweet -is:quote", dogs="dog -is:retweet -is:quote")
    with Outages(emulator) as outages:
        outages.publish("cat 1")
        outages.outage(
            lambda: [emulator.publish(text) for text in ("cat 2", "bird", "dog and cat 3", "dog 4")]
        )
        outages.publish("cat 5")
        (recovered,) = outages.wait_for(Recovered, 1)
        assert sorted(outages.texts()) == ["cat 1", "cat 2", "cat 5", "dog 4", "dog and cat 3"]
        assert outages.texts(recovered=True) == ["cat 2", "dog and cat 3", "dog 4"]
        assert (recovered.by, recovered.posts, outages.gaps) == ("search", 3, [])
        tags = {post.text: [rule.tag for rule in post.matching_rules] for post in outages.wait_for(Post, 5)}
        assert tags["dog and cat 3"] == ["cats", "dogs"]
        assert tags["cat 2"] == ["cats"]
        ids = {rule.id for rule in emulator.rules}
        assert {rule.id for post in outages.wait_for(Post, 5) for rule in post.matching_rules} == ids


def test_a_budget_limits_what_a_recovery_costs(emulator: Emulator) -> None:
    """The search ends where the budget does, all that was paid comes, and the rest is told as a gap."""
    with_rules(emulator, cats="cat -is:retweet -is:quote")
    client = client_on(emulator, policy=SCALED, budget=rxt.Budget(posts=13, compare=False))
    with Outages(emulator, client=client) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: [emulator.publish(f"cat {number}") for number in range(2, 40)])
        (gap,) = outages.wait_for(Gap, 1)
        assert "the budget of 13 posts a day is spent" in gap.reason
        assert len(outages.texts(recovered=True)) == 12
        assert emulator.delivered["post"] == 13


def test_a_recovered_post_is_as_the_stream_sends_it(emulator: Emulator) -> None:
    """With the fields that the stream asks for, and with the same members."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    options: Any = {"tweet_fields": ["lang", "created_at"], "expansions": ["author_id"]}
    with Outages(emulator, lambda client: client.filter(recovery=AT_ONCE, **options)) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: emulator.publish("cat 2"))
        outages.wait_for(Recovered, 1)
        one, two = outages.wait_for(Post, 2)
        assert (one.recovered, two.recovered) == (False, True)
        assert two.json().keys() == one.json().keys()
        assert two.json()["data"].keys() == one.json()["data"].keys()
        assert two.author is not None
        assert two.json()["matching_rules"] == one.json()["matching_rules"]


def test_what_search_leaves_out_is_told_by_kind(emulator: Emulator) -> None:
    """Retweets of rules with keywords, quotes by what they quote, and rules that search can't take."""
    with_rules(emulator, all="cat", plain="dog -is:retweet -is:quote", by="from:1", sample="bird sample:50")
    with Outages(emulator) as outages:
        outages.publish("cat 1")

        def missed() -> None:
            cat = emulator.compose("cat 2")
            emulator.publish(cat)
            emulator.publish(emulator.retweet(cat))
            emulator.publish(emulator.compose("look at this", quote=cat))

        outages.outage(missed)
        (recovered,) = outages.wait_for(Recovered, 1)
        assert outages.texts() == ["cat 1", "cat 2"]
        told = {gap.kinds: [rule.tag for rule in gap.rules] for gap in outages.gaps}
        assert told == {(): ["sample"], ("retweets",): ["all"], ("quotes",): ["all"]}
        assert {(gap.since, gap.until) for gap in outages.gaps} == {(recovered.since, recovered.until)}
        assert "search has no sample:" in outages.gaps[0].reason


def test_a_refused_search_is_a_gap_of_its_rule(emulator: Emulator) -> None:
    """A query that is too long and has no alternatives is refused by X; the others are searched for."""
    long = " ".join(f"word{number:04}" for number in range(60)) + " -is:retweet -is:quote"
    with_rules(emulator, long=long, a="cat -is:retweet -is:quote")
    with Outages(emulator) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: [emulator.publish(text) for text in ("word0001", "cat 2")])
        outages.wait_for(Recovered, 1)
        assert outages.texts(recovered=True) == ["cat 2"]
        (gap,) = outages.gaps
        assert ([rule.tag for rule in gap.rules], gap.kinds) == (["long"], ())
        assert "at most 512" in gap.reason


def test_a_long_rule_is_searched_in_parts(emulator: Emulator) -> None:
    """It is split at its alternatives; a post comes once, with the rule once."""
    words = [f"word{number:04}" for number in range(60)]
    plain = "-is:retweet -is:quote"
    with_rules(emulator, long=f"({' OR '.join(words)}) {plain}", a=f"cat {plain}")
    with Outages(emulator) as outages:
        outages.publish("cat 1")
        missed = ["word0001", "word0059", "word0000 and word0059 and cat", "bird"]
        outages.outage(lambda: [emulator.publish(text) for text in missed])
        outages.wait_for(Recovered, 1)
        assert outages.texts(recovered=True) == missed[:3]
        assert outages.gaps == []
        tags = {post.text: [rule.tag for rule in post.matching_rules] for post in outages.wait_for(Post, 4)}
        assert (tags[missed[0]], tags[missed[2]]) == (["long"], ["long", "a"])


def test_what_a_recovery_will_cost_is_told_first(emulator: Emulator) -> None:
    """By counts and prices, expansions included, before anything is searched; then it comes."""
    with_rules(emulator, cats="cat -is:retweet -is:quote", dogs="dog -is:retweet -is:quote")
    recovery = Recovery(settle=0.0, count_first=True)
    options: Any = {"recovery": recovery, "expansions": ["author_id"]}
    with Outages(emulator, lambda client: client.filter(**options)) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: [emulator.publish(text) for text in ("cat 2", "dog 3", "cat and dog 4")])
        (told,) = outages.wait_for(RecoveryEstimate, 1)
        outages.wait_for(Recovered, 1)
        # X counts "cat 1", too, which came within the 10 s before, and "cat and dog 4" for both rules.
        assert (told.posts, told.dollars) == (5, pytest.approx(5 * (0.005 + 0.010)))
        assert len(outages.texts(recovered=True)) == 3
        items = outages.seen.items
        assert items.index(told) < min(i for i, one in enumerate(items) if getattr(one, "recovered", False))
        assert outages.gaps == []
        paths = [request.path for request in emulator.requests]
        assert paths.index("/2/tweets/counts/recent") < paths.index("/2/tweets/search/recent")


@pytest.mark.parametrize(("budget", "left"), [({"posts": 30}, "29 posts"), ({"dollars": 0.15}, r"\$0\.14")])
def test_a_recovery_that_the_budget_has_no_room_for(
    emulator: Emulator, budget: dict[str, Any], left: str
) -> None:
    """It isn't made, not even in part; the gap says what it would have cost, and what is left."""
    with_rules(emulator, cats="cat -is:retweet -is:quote")
    client = client_on(emulator, policy=SCALED, budget=rxt.Budget(**budget, compare=False))
    recovery = Recovery(settle=0.0, count_first=True)
    with Outages(emulator, lambda client: client.filter(recovery=recovery), client) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: [emulator.publish(f"cat {number}") for number in range(2, 40)])
        (gap,) = outages.wait_for(Gap, 1)
        assert re.search(
            rf"would bring 39 posts for \$0\.195?, and {left} of the budget are left", gap.reason
        )
        assert (outages.wait_for(RecoveryEstimate, 1)[0].posts, outages.recoveries) == (39, [])
        assert emulator.delivered["post"] == 1
        outages.publish("cat 40")


def test_a_refusal_is_found_out_once(emulator: Emulator) -> None:
    """By all streams of a client: what X has refused goes out no more."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    with Outages(emulator) as outages:
        outages.publish("cat 1")
        for number in (1, 2):
            outages.outage(lambda: emulator.publish("cat missed"))
            outages.wait_for(Recovered, number)
            emulator.skew(0)
        asked = outages.asked(*ASKING)
        assert asked[0] == {}
        assert [one for one in asked if one] == [{"backfill_minutes": "1"}] * len(
            [one for one in asked if one]
        )
        refused = [
            request.query
            for request in emulator.requests
            if request.path.endswith("/stream") and request.status == 403
        ]
        assert len(refused) == 1


def test_means_can_be_chosen(emulator: Emulator) -> None:
    """A program that knows the account's level spares it the refusal; with no means all is told."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    for by, told in ((("search",), [("search", 1)]), ((), [])):
        options: Any = {"recovery": Recovery(by=by, settle=0.0)}  # type: ignore[arg-type]
        with Outages(emulator, methodcaller("filter", **options)) as outages:
            outages.publish("cat 1")
            outages.outage(lambda: emulator.publish("cat 2"))
            outages.wait_for(Recovered if by else Gap, 1)
            assert outages.recoveries == told
            assert len(outages.gaps) == (not by)
        emulator.skew(0)
        emulator.wait_for_streams(0)
    assert all(request.status != 403 for request in emulator.requests)


def test_an_outage_without_means_is_one_gap(emulator: Emulator) -> None:
    """It holds all that was lost, and comes right after the reconnect."""
    with Outages(emulator, lambda client: client.sample(recovery=Recovery())) as outages:
        outages.publish("one")
        outages.outage(lambda: emulator.publish("two"))
        outages.publish("three")
        assert outages.texts() == ["one", "three"]
        (gap,) = outages.gaps
        assert (gap.rules, gap.kinds) == ((), ())
        assert "not available at your level" in gap.reason
        place = outages.seen.items.index(gap)
        assert isinstance(outages.seen.items[place - 1], Connected)
        assert gap.since < gap.until


@pytest.mark.parametrize("call", [
    methodcaller("sample", recovery=Recovery()),
    methodcaller("user", recovery=Recovery()),
    methodcaller("site", follow=[1], recovery=Recovery()),
], ids=["sample", "user", "site"])  # fmt: skip
def test_v1_1_without_count_is_told(emulator: Emulator, call: Callable[[Any], Any]) -> None:
    """The streams of v1.1 that have nothing of the past say when they had no connection."""
    with Outages(emulator, call, stream_on(emulator, policy=SCALED)) as outages:
        outages.outage(lambda: emulator.publish("lost"))
        (gap,) = outages.wait_for(Gap, 1)
        assert gap.reason == "there is no means to recover this stream"


def test_no_gap_is_told_where_no_connection_broke(emulator: Emulator) -> None:
    """A stream that stands says nothing about recovery."""
    with Outages(emulator, lambda client: client.sample(recovery=Recovery())) as outages:
        outages.publish("one", "two")
        assert (outages.gaps, outages.recoveries) == ([], [])


def test_what_a_backfill_does_not_reach_is_told(enterprise: Emulator) -> None:
    """The sample has nothing else, for an outage that turns out to be longer than was asked for."""
    with Outages(enterprise, lambda client: client.sample(recovery=Recovery())) as outages:
        outages.publish("one")
        outages.outage(lambda: enterprise.publish("two"), seconds=600)
        outages.publish("three")
        assert outages.texts() == ["one", "three"]
        (gap,) = outages.gaps
        assert 540 <= (gap.until - gap.since).total_seconds() <= 560
        assert outages.recoveries == [("backfill", 0)]


def test_beyond_a_day_and_a_week(enterprise: Emulator) -> None:
    """Of eight days search brings what a window doesn't reach, and the rest is told."""
    with_rules(enterprise, a="cat -is:retweet -is:quote")
    with Outages(enterprise) as outages:
        outages.publish("cat 1")

        def missed() -> None:
            for days in (0, 3, 7.9):
                enterprise.skew(days * DAY)
                enterprise.publish(f"cat of day {days}")

        outages.outage(missed, seconds=8 * DAY)
        outages.wait_for(Gap, 1)
        (gap,) = outages.gaps
        assert outages.texts(recovered=True) == ["cat of day 7.9", "cat of day 3"]
        assert outages.recoveries[-2:] == [("window", 1), ("search", 1)]
        assert 0.99 < (gap.until - gap.since).total_seconds() / DAY < 1.01


@pytest.mark.parametrize("name", ["filter", "firehose"])
def test_count_brings_what_v1_1_missed(emulator: Emulator, name: str) -> None:
    """The reconnect asks for a number of statuses, of which those that had come are dropped."""

    def stream(client: Any) -> Any:
        if name == "firehose":
            return client.firehose(recovery=Recovery())
        return client.filter(track="cat", recovery=Recovery())

    path = f"/1.1/statuses/{name}.json"
    with Outages(emulator, stream, stream_on(emulator, policy=SCALED)) as outages:
        outages.publish("cat 1", "cat 2")
        outages.outage(lambda: [emulator.publish(text) for text in ("cat 3", "cat 4")])
        outages.publish("cat 5")
        assert outages.texts() == ["cat 1", "cat 2", "cat 3", "cat 4", "cat 5"]
        assert outages.texts(recovered=True) == ["cat 3", "cat 4"]
        assert (outages.recoveries, outages.gaps) == ([("count", 2)], [])
        asked = outages.asked(*ASKING, path=path)
        assert asked[0] == {}
        assert all("count" in one for one in asked[1:])


def test_posts_that_cost_too_much_are_told(emulator: Emulator) -> None:
    """A recovery takes the newest posts of the first rules, as many as it may, and tells the others."""
    with_rules(emulator, cats="cat -is:retweet -is:quote", dogs="dog -is:retweet -is:quote")
    recovery = Recovery(settle=0.0, max_posts=2)
    with Outages(emulator, lambda client: client.filter(recovery=recovery)) as outages:
        outages.publish("dog 0")
        outages.outage(lambda: [emulator.publish(f"{one} {n}") for n in (1, 2, 3) for one in ("cat", "dog")])
        outages.wait_for(Recovered, 1)
        assert outages.texts(recovered=True) == ["cat 2", "cat 3"]
        assert [[rule.tag for rule in gap.rules] for gap in outages.gaps] == [["cats"], ["dogs"]]
        assert {gap.reason for gap in outages.gaps} == {"max_posts=2 is used up"}


def test_a_spent_budget_is_told(emulator: Emulator) -> None:
    """A search that the client's budget has no room for isn't made; the stream goes on."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    budget = rxt.Budget(posts=5, compare=False)
    with Outages(emulator, client=client_on(emulator, policy=SCALED, budget=budget)) as outages:
        outages.publish("cat 1")
        outages.outage(lambda: emulator.publish("cat 2"))
        outages.wait_for(Recovered, 1)
        outages.publish("cat 3")
        (gap,) = outages.gaps
        assert "budget" in gap.reason
        assert outages.texts() == ["cat 1", "cat 3"]
    assert not [one for one in emulator.requests if one.path.endswith("/search/recent")]


def test_a_rule_of_the_outage_is_searched_from_then_on(emulator: Emulator) -> None:
    """A new one brings nothing that was posted before it; one with another tag only is the same."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    with Outages(emulator) as outages:
        outages.publish("cat 1")
        outages.seen.wait(lambda _: any(one.path.endswith("/rules") for one in emulator.requests[1:]))

        def missed() -> None:
            emulator.publish("cat and dog 2")
            (old,) = emulator.rules
            outages.client.rules.delete(old.id).run()
            emulator.skew(20)
            with_rules(emulator, b="cat -is:retweet -is:quote", c="dog -is:retweet -is:quote")
            emulator.skew(40)
            emulator.publish("dog 3")

        outages.outage(missed, seconds=50)
        outages.wait_for(Recovered, 1)
        posts = outages.wait_for(Post, 3)[1:]
        assert [(post.text, [rule.tag for rule in post.matching_rules]) for post in posts] == [
            ("cat and dog 2", ["b"]),
            ("dog 3", ["c"]),
        ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": ["search"]}, "by must be a tuple of backfill, window, search, count"),
        ({"by": ("telepathy",)}, "such as \\('backfill',\\)"),
        ({"settle": -1}, "settle must be a number of seconds"),
        ({"max_posts": 0}, "max_posts must be a number, 1 or more"),
    ],
)
def test_wrong_policies(options: dict[str, Any], message: str) -> None:
    """Each is told by name."""
    with pytest.raises(ValueError, match=message):
        Recovery(**options)


def streams() -> list[tuple[Callable[[], Any], str]]:
    v1, v2 = rxt.Stream(None), rxt.StreamingClient(None)
    return [
        (lambda: v2.sample(recovery=Recovery(by=("search",))), "sample/stream can't be recovered by search"),
        (lambda: v2.labels(recovery=Recovery(by=("count",))), "it has backfill, window"),
        (lambda: v2.filter(recovery=Recovery(), backfill_minutes=1), "backfill_minutes can't be used"),
        (lambda: v2.powerstream(recovery=Recovery(), backfill_minutes=1), "backfillMinutes can't be used"),
        (lambda: v1.filter(track="x", count=5, recovery=Recovery()), "count can't be used"),
        (lambda: v2.filter(recovery=True), "recovery must be a Recovery"),  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(("call", "message"), streams())
def test_streams_that_cannot_be_recovered_so(call: Callable[[], Any], message: str) -> None:
    """It is told before anything is sent."""
    with pytest.raises(ValueError, match=message):
        call()


def test_an_exception_of_the_subscriber_ends_all_of_it(emulator: Emulator) -> None:
    """Also one that a recovered post causes: the live session closes, and `run` raises it."""
    with_rules(emulator, a="cat -is:retweet -is:quote")
    client = client_on(emulator, policy=BackoffPolicy())
    began: list[int] = []

    def handle(item: object) -> None:
        if isinstance(item, Connected):
            began.append(1)
            if len(began) == 1:
                emulator.close_streams()
                emulator.publish("cat 2")
            else:
                emulator.skew(60)
        if isinstance(item, Post) and item.recovered:
            raise LookupError(item.text)

    with pytest.raises(LookupError, match="cat 2"):
        rxt.run(client.filter(recovery=AT_ONCE), handle)
    emulator.wait_for_streams(0)


def test_limits_do_not_matter() -> None:
    """A search that is refused for its number of requests waits, and is made."""
    with Emulator(rate=0, limits=Limits(requests=3)) as emulator:
        with_rules(emulator, a="cat -is:retweet -is:quote")
        with Outages(emulator) as outages:
            outages.publish("cat 1")
            outages.outage(lambda: emulator.publish("cat 2"))
            outages.wait_for(Recovered, 1)
            assert outages.texts() == ["cat 1", "cat 2"]
