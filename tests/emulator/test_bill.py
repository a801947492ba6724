"""The bill: what is charged, and what happens at the cap and without credit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from reactivex import operators as ops

from rxtweets import errors
from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.prices import Prices
from tests.clients import client_on, stream_on
from tests.observing import Seen

EXPANSIONS = ["author_id", "referenced_tweets.id", "attachments.media_keys"]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, limits=Limits(connections=None)) as emulator:
        yield emulator


def bill(emulator: Emulator) -> dict[str, object]:
    """Return the console's bill."""
    found: dict[str, object] = requests.get(f"{emulator.base_url}/emulator/state", timeout=5).json()["bill"]
    return found


def test_what_expansions_bring_is_charged(emulator: Emulator) -> None:
    """Posts, users and media, each once a day, at X's prices; requests to counts each time."""
    client = client_on(emulator)
    seen = Seen(client.sample(expansions=EXPANSIONS).pipe(tw.posts()))
    emulator.wait_for_streams(1)
    old = emulator.compose("old", author=7)
    emulator.publish("new", author=7, quote=old)
    emulator.publish("newer", author=7, quote=old)
    seen.count(2).dispose()
    assert emulator.delivered == {"post": 3, "user": 1}
    assert emulator.charged == 0.025
    client.counts("cat").run()
    client.counts("cat", archive=True).run()
    assert emulator.delivered == {"post": 3, "user": 1, "counts_recent": 1, "counts_all": 1}
    assert emulator.charged == 0.04
    emulator.skew(60)
    assert client.search("new", expansions=EXPANSIONS).pipe(ops.count()).run() == 1
    assert emulator.charged == 0.04
    emulator.skew(86_400)
    end = datetime.now(UTC) + timedelta(hours=23)
    assert client.search("new", expansions=EXPANSIONS, end_time=end).pipe(ops.count()).run() == 1
    assert emulator.charged == 0.06


def test_events_are_charged_by_name(emulator: Emulator) -> None:
    """An event has the price of its name."""
    client = client_on(emulator)
    user = str(emulator.compose("x").author.id)
    for event in ("follow.follow", "profile.update.bio"):
        client.subscriptions.add(event, user_id=user).run()
    seen = Seen(client.activity().pipe(tw.of_type(object)))
    emulator.wait_for_streams(1)
    for _ in range(10):
        emulator.act("follow.follow", user=int(user))
        emulator.act("profile.update.bio", user=int(user))
    seen.count(20).dispose()
    assert emulator.delivered == {"follow.follow": 10, "profile.update.bio": 10}
    assert emulator.charged == 0.15


def test_prices_can_be_set() -> None:
    """The emulator's bill is by the prices given; an enterprise's has no dollars."""
    for level, dollars in (("pay_per_use", 3.0), ("enterprise", 0.0)):
        with Emulator(rate=0, level=level, prices=Prices(post=3.0)) as emulator:  # type: ignore[arg-type]
            seen = Seen(client_on(emulator).sample().pipe(tw.posts()))
            emulator.wait_for_streams(1)
            emulator.publish("a")
            seen.count(1).dispose()
            assert emulator.charged == dollars
            assert bill(emulator)["dollars"] == (dollars or None)


def test_streams_end_at_the_cap(emulator: Emulator) -> None:
    """All of v2's end, with the last post paid for; then streams and search are refused, counts are not."""
    with Emulator(rate=0, limits=Limits(posts_cap=3, connections=None)) as emulator:
        client = client_on(emulator)
        client.rules.add("cat").run()
        sample, filtered = Seen(client.sample().pipe(tw.posts())), Seen(client.filter().pipe(tw.posts()))
        emulator.wait_for_streams(2)
        assert [emulator.publish(text) for text in ("a", "b", "c", "d")] == [1, 1, 1, 0]
        assert isinstance(sample.ended().error, errors.UsageCapped)
        assert isinstance(filtered.ended().error, errors.UsageCapped)
        assert [post.text for post in sample.items] == ["a", "b", "c"]
        emulator.skew(60)
        assert isinstance(Seen(client.search("a")).ended().error, errors.UsageCapped)
        assert client.counts("a").run().total == 1
        assert client.usage().run().left == 0
        assert bill(emulator)["refusal"] == "cap"
        emulator.skew(86_400 * 32)
        Seen(client.sample()).count(1).dispose()


def test_without_credit_all_that_is_charged_is_refused() -> None:
    """The stream ends, and streams, search and counts are answered 402; rules and usage are not."""
    with Emulator(rate=0, credit=0.012) as emulator:
        client = client_on(emulator)
        seen = Seen(client.sample().pipe(tw.posts()))
        emulator.wait_for_streams(1)
        assert [emulator.publish(text) for text in ("a", "b", "c", "d")] == [1, 1, 1, 0]
        error = seen.ended().error
        assert isinstance(error, errors.CreditsDepleted)
        assert error.problem.title == "CreditsDepleted"
        for asked in (client.search("a"), client.counts("a")):
            assert isinstance(Seen(asked).ended().error, errors.CreditsDepleted)
        assert client.credits().run().total == -0.003
        assert client.usage().run().used == 3
        client.rules.add("cat").run()


def test_the_streams_of_v1_are_free() -> None:
    """X charges nothing for them, and they stand when the credit is used up."""
    with Emulator(rate=0, credit=0.0) as emulator:
        seen = Seen(stream_on(emulator).sample().pipe(tw.statuses()))
        emulator.wait_for_streams(1)
        emulator.publish("a")
        seen.count(1).dispose()
        assert emulator.charged == 0


def test_a_replay_ends_at_the_cap() -> None:
    """It goes no further than that."""
    with Emulator(rate=0, level="enterprise", limits=Limits(posts_cap=5)) as emulator:
        for number in range(20):
            emulator.publish(f"post {number}")
        start = datetime.now(UTC) - timedelta(minutes=2)
        client = client_on(emulator)
        client.rules.add("post").run()
        replayed = Seen(client.filter(start_time=start).pipe(tw.posts()))
        assert isinstance(replayed.ended().error, errors.UsageCapped)
        assert len(replayed.items) == emulator.delivered["post"] == 5


def test_the_console_has_the_bill(emulator: Emulator) -> None:
    """Each kind with its price, today's and the month's number, and the dollars."""
    seen = Seen(client_on(emulator).sample(expansions=EXPANSIONS).pipe(tw.posts()))
    emulator.wait_for_streams(1)
    emulator.publish("a")
    seen.count(1).dispose()
    kinds = [
        {"kind": "post", "today": 1, "month": 1, "price": 0.005, "dollars": 0.005},
        {"kind": "user", "today": 1, "month": 1, "price": 0.01, "dollars": 0.01},
    ]
    assert bill(emulator) == {
        "kinds": kinds, "dollars": 0.015, "posts": 1, "cap": 3_000_000, "credit": None, "refusal": None,
    }  # fmt: skip
    page = requests.get(emulator.base_url, timeout=5).text
    assert "<b>$0.015</b> this month · 1 of 3,000,000 posts" in page
