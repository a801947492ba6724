"""The account's usage: as X tells it, and as the emulator counts it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from reactivex import operators as ops

from rxtweets import errors
from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.management import Credits, DailyUsage, Usage
from rxtweets.testing import Script, timeline
from tests.clients import client_on, over, responses
from tests.observing import Seen


def test_usage_is_typed() -> None:
    """Counts are numbers, which X writes as text; days are sorted."""
    days = [
        {"date": "2026-11-02T00:00:00.000Z", "usage": "7"},
        {"date": "2026-11-01T00:00:00.000Z", "usage": "3"},
    ]
    data = {
        "cap_reset_day": 12,
        "project_cap": "3000000",
        "project_id": "55",
        "project_usage": "1000",
        "daily_project_usage": {"project_id": "55", "usage": days},
        "daily_client_app_usage": [{"client_app_id": "9", "usage": days[:1], "usage_result_count": 1}],
    }
    transport = responses({"data": data})
    (usage,) = (item for _, item in timeline(over(transport).usage(days=2)).items)
    first, second = DailyUsage(date(2026, 11, 1), 3), DailyUsage(date(2026, 11, 2), 7)
    assert usage == Usage("55", 3_000_000, 1_000, 12, (first, second), {"9": (second,)})
    assert usage.left == 2_999_000
    assert dict(transport.sessions[0].request.params)["days"] == "2"


def test_what_x_does_not_say_is_none() -> None:
    """Missing, null and strange values cost themselves only."""
    data = {
        "project_usage": None,
        "project_cap": "many",
        "daily_project_usage": {"usage": [{"date": "x"}, 5]},
    }
    (usage,) = (item for _, item in timeline(over(responses({"data": data})).usage()).items)
    assert usage == Usage()
    assert usage.left is None
    found = timeline(over(responses({"meta": {}})).usage())
    assert isinstance(found.error, errors.UnexpectedResponse)


@pytest.mark.parametrize("days", [0, 91, "7"])
def test_days_are_checked(days: Any) -> None:
    """X takes 1 to 90."""
    with pytest.raises(ValueError, match="days must be a whole number from 1 to 90"):
        over(responses()).usage(days)


def test_credits() -> None:
    """Dollars; an answer without any is none."""
    balance = {"free_balance": 0, "prepaid_balance": 12.5, "total_balance": 12.5}
    found = timeline(over(responses({"data": balance})).credits())
    assert [item for _, item in found.items] == [Credits(12.5, 12.5, 0.0)]
    assert isinstance(timeline(over(responses({"data": {}})).credits()).error, errors.UnexpectedResponse)


def test_an_account_without_credits_is_told_so() -> None:
    """404 is an error at once, with a note on what it means; other errors have none."""
    found = timeline(over(responses(Script(status=404))).credits())
    assert isinstance(found.error, errors.NotFound)
    assert "X tells this account no credit" in found.error.__notes__[0]
    other = timeline(over(responses(Script(status=401))).credits()).error
    assert not getattr(other, "__notes__", ())


def test_a_request_that_fails_is_sent_again() -> None:
    """As `rules.REQUEST_POLICY` says."""
    lost = Script(fails=errors.ConnectionFailed("reset"))
    assert timeline(over(responses(lost, {"data": {"project_id": "1"}})).usage()).items
    assert timeline(over(responses(lost, {"data": {"total_balance": 1}})).credits()).items


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, level="enterprise", limits=Limits.none(), credit=12.5) as emulator:
        yield emulator


def used(emulator: Emulator) -> int:
    """Return the posts of today."""
    usage: Usage = client_on(emulator).usage(days=1).run()
    (today,) = usage.days
    assert usage.apps == {usage.project_id: (today,)}
    return today.posts


def test_credits_of_the_emulator(emulator: Emulator) -> None:
    """They are what it was given; none is an account that is answered 404."""
    assert client_on(emulator).credits().run().total == 12.5
    with Emulator(rate=0) as other:
        assert isinstance(Seen(client_on(other).credits()).ended().error, errors.NotFound)


def test_each_post_counts_once_a_day_on_every_path(emulator: Emulator) -> None:
    """On two streams, in a replay, in a search and in another one, included ones too; the next day anew."""
    client = client_on(emulator)
    noon = (43_200 - time.time()) % 86_400  # so that no day ends meanwhile
    emulator.skew(noon)
    first, second = Seen(client.sample().pipe(tw.posts())), Seen(client.sample().pipe(tw.posts()))
    emulator.wait_for_streams(2)
    old = emulator.compose("old")
    for post in (old, emulator.compose("cat", quote=old), emulator.compose("cat too")):
        emulator.publish(post)
    for seen in (first, second):
        seen.count(3).dispose()
    emulator.wait_for_streams(0)
    assert used(emulator) == 3
    before = emulator.compose("before it all")
    emulator.publish(emulator.compose("cat three", reply_to=before))
    assert used(emulator) == 3  # nobody was there
    emulator.skew(noon + 60)
    assert client.search("cat").pipe(ops.count()).run() == 3
    assert used(emulator) == 4
    assert client.search("cat", expansions="referenced_tweets.id").pipe(ops.count()).run() == 3
    assert used(emulator) == 5
    assert client.counts("cat").run().total == 3
    today = datetime.now(UTC) + timedelta(seconds=noon)
    start = today - timedelta(minutes=2)
    replayed = client.sample10(partition=1, start_time=start).pipe(tw.posts())
    assert replayed.pipe(ops.count()).run() < 5
    assert used(emulator) == 5
    emulator.skew(noon + 86_400)
    assert used(emulator) == 0
    assert client.search("cat", end_time=today + timedelta(hours=23)).pipe(ops.count()).run() == 3
    assert used(emulator) == 3
    usage = client.usage(days=3).run()
    assert [one.posts for one in usage.days] == [0, 5, 3]


def test_what_is_not_sent_does_not_count(emulator: Emulator) -> None:
    """A post that a stalled stream doesn't get, or that it doesn't match, is not used."""
    client = client_on(emulator)
    client.rules.add("cat").run()
    seen = Seen(client.filter().pipe(tw.posts()))
    emulator.wait_for_streams(1)
    emulator.publish("a dog")
    emulator.stall()
    emulator.publish("a cat")
    assert used(emulator) == 0
    emulator.resume()
    emulator.publish("a cat")
    seen.count(1).dispose()
    assert used(emulator) == 1
