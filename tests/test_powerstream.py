"""Powerstream with the library's client, against the emulator: both forms, both data centres, the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.backoff import Curve
from rxtweets.emulator import Emulator
from rxtweets.endpoints import v2
from rxtweets.messages import (
    Connected,
    ConnectionMetadata,
    Disconnected,
    Reconnecting,
    Status,
    StreamProblem,
    Undecodable,
)
from rxtweets.rules import Limits, StreamRule, validate
from tests.clients import QUICK, client_on
from tests.observing import Seen

PATH = "/2/powerstream"


@pytest.fixture(params=[False, True], ids=["bare", "arrays"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A silent emulator with a rule, which sends statuses in one of the two forms."""
    with Emulator(rate=0, level="enterprise", powerstream_arrays=request.param) as running:
        client_on(running).powerstream_rules.add("cat", tag="cats").run()
        yield running


def seen_on(emulator: Emulator, stream: Observable[Any]) -> Seen:
    seen = Seen(stream)
    emulator.wait_for_streams(1)
    return seen


def test_statuses_with_their_rules(emulator: Emulator) -> None:
    """Each is a Status with the rules that it matched, and its own bytes, whichever form it came in."""
    seen = seen_on(emulator, client_on(emulator).powerstream())
    emulator.publish("a cat", author="ada")
    emulator.publish("a dog")
    connected, status = seen.count(2).items
    seen.dispose()
    assert isinstance(connected, Connected)
    assert isinstance(status, Status)
    assert (status.full_text, status.user.screen_name) == ("a cat", "ada")
    (rule,) = emulator.powerstream_rules
    assert [(one.id, one.tag) for one in status.matching_rules] == [(rule.id, "cats")]
    assert status.raw.startswith(b'{"created_at"')
    assert status.mismatches == ()


def test_one_data_centre(emulator: Emulator) -> None:
    """The head and the first message name the data centre."""
    seen = seen_on(emulator, client_on(emulator).powerstream(local_dc_only=True))
    connected, metadata = seen.count(2).items
    seen.dispose()
    assert connected.headers["X-Powerstream-Datacenter"] == "atla"
    assert connected.headers["X-Powerstream-LocalDcOnly"] == "true"
    assert isinstance(metadata, ConnectionMetadata)
    assert metadata.datacenter == "atla"
    assert metadata.connected_at is not None
    assert abs(metadata.connected_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_both_coasts_merged(emulator: Emulator) -> None:
    """Two connections have every status between them, also where a third brings some of them again."""
    client = client_on(emulator)
    coasts = [client.powerstream(local_dc_only=True) for _ in range(2)]
    seen = Seen(reactivex.merge(*coasts, client.sample()).pipe(tw.statuses(), tw.distinct_by_id()))
    emulator.wait_for_streams(3)
    for n in range(50):
        emulator.publish(f"cat {n}")
    seen.count(50)
    seen.dispose()
    assert sorted(status.full_text for status in seen.items) == sorted(f"cat {n}" for n in range(50))


@pytest.mark.parametrize("name", ["backfill_minutes", "start_time", "end_time"])
def test_other_spellings_are_refused(emulator: Emulator, name: str) -> None:
    """A parameter as other streams spell it is a 400 that names Powerstream's own, and final."""
    endpoint = v2.powerstream(base_url=emulator.base_url).with_params(**{name: "2"})
    stream = rxt.connect(endpoint, rxt.BearerToken(emulator.bearer_token))
    seen = Seen(stream.pipe(tw.decode(), tw.retry_with_backoff())).ended()
    assert isinstance(seen.error, rxt.HTTPStatusError)
    assert seen.error.status_code == 400
    assert v2.POWERSTREAM_NAMES[name] in str(seen.error)


def test_backfill_and_a_window(emulator: Emulator) -> None:
    """The last minutes come first; a window completes."""
    emulator.skew(-120)
    emulator.publish("an old cat")
    emulator.skew(0)
    seen = seen_on(emulator, client_on(emulator).powerstream(backfill_minutes=3).pipe(tw.statuses()))
    emulator.publish("a new cat")
    seen.count(2)
    seen.dispose()
    assert [status.full_text for status in seen.items] == ["an old cat", "a new cat"]
    now = datetime.now(UTC)
    window = client_on(emulator).powerstream(
        start_time=now - timedelta(minutes=4), end_time=now - timedelta(minutes=1)
    )
    seen = Seen(window.pipe(tw.statuses())).ended()
    assert (seen.completed, [status.full_text for status in seen.items]) == (True, ["an old cat"])


def test_a_connection_that_is_cut_in_a_status(emulator: Emulator) -> None:
    """The statuses before it are delivered, the loss is told, and the stream goes on."""
    seen = seen_on(emulator, client_on(emulator, policy=QUICK).powerstream())
    emulator.publish("cat 1")
    seen.count(2)
    emulator.cut_streams(inside="message")
    seen.wait(lambda seen: sum(isinstance(item, Connected) for item in seen.items) == 2)
    emulator.wait_for_streams(1)
    emulator.publish("cat 2")
    seen.wait(lambda seen: isinstance(seen.items[-1], Status))
    seen.dispose()
    _, first, lost, again, _, second = seen.items
    assert [status.full_text for status in (first, second)] == ["cat 1", "cat 2"]
    assert isinstance(lost, Disconnected)
    assert isinstance(again, Reconnecting)
    assert lost.cause.cut


def test_what_the_library_must_live_through(emulator: Emulator) -> None:
    """Garbage is Undecodable or Unknown, a goodbye in an array is one, and statuses between them come."""
    seen = seen_on(emulator, client_on(emulator, policy=rxt.BackoffPolicy.never()).powerstream())
    emulator.send_garbage()
    emulator.publish("cat 1")
    emulator.send(b'[{"id":1,"text":"a cat","user":{}},{"id":2,"text":tru},{"limit":{"track":2}}]\r\n')
    emulator.publish("cat 2")
    emulator.disconnect_streams()
    seen.ended()
    assert isinstance(seen.error, rxt.StreamDisconnected)
    assert [item.full_text for item in seen.items if isinstance(item, Status)] == ["cat 1", "a cat", "cat 2"]
    broken = [item for item in seen.items if isinstance(item, Undecodable)]
    assert b'{"id":2,"text":tru}' in [item.raw for item in broken]
    assert any(isinstance(item, StreamProblem) for item in seen.items)


def test_recovery(emulator: Emulator) -> None:
    """Statuses missed while a connection was broken are asked for in Powerstream's spelling."""
    policy = rxt.BackoffPolicy(network=Curve(0.01), http=Curve(0.5), jitter=0.0)
    seen = seen_on(emulator, client_on(emulator, policy=policy).powerstream(recovery=rxt.Recovery()))
    emulator.publish("cat 1")
    seen.count(2)
    emulator.answer(503, times=1, path=PATH)
    emulator.cut_streams()
    emulator.wait_for_streams(0)
    emulator.publish("cat 2")
    emulator.wait_for_streams(1, 10)
    emulator.publish("cat 3")
    seen.wait(lambda seen: len({item.id for item in seen.items if isinstance(item, Status)}) == 3)
    seen.dispose()
    statuses = [item for item in seen.items if isinstance(item, Status)]
    assert sorted(status.full_text for status in statuses) == ["cat 1", "cat 2", "cat 3"]
    asked = [dict(one.query) for one in emulator.requests if one.path == PATH]
    assert "backfillMinutes" in {name for params in asked for name in params}


def test_a_recording(emulator: Emulator, tmp_path: Path) -> None:
    """A recording is replayed message by message, with the rules that were matched."""
    path = tmp_path / "cats.jsonl"
    stream = client_on(emulator).powerstream(local_dc_only=True)
    seen = seen_on(emulator, stream.pipe(tw.record(path), tw.messages()))
    while not emulator.publish("a cat"):
        pass
    seen.count(2)
    seen.dispose()
    again = rxt.replay(path, speed=None).pipe(tw.decode(), tw.messages(), ops.to_list()).run()
    assert again == seen.items
    status = again[1]
    assert isinstance(status, Status)
    assert [rule.tag for rule in status.matching_rules] == ["cats"]


def test_the_bill(emulator: Emulator) -> None:
    """A status of Powerstream counts as a post, once, in budgets and bills; the emulator counts the same."""
    budget = rxt.Budget(posts=2)
    stream = client_on(emulator, budget=budget).powerstream()
    seen = seen_on(emulator, stream)
    post = emulator.compose("cat 1")
    for one in (post, post, emulator.compose("cat 2")):
        emulator.publish(one)
    seen.ended()
    assert isinstance(seen.error, rxt.BudgetSpent)
    assert budget.spending().counts == emulator.delivered == {"post": 2}
    spent: rxt.operators.Spend = reactivex.from_iterable(seen.items).pipe(tw.spend()).run()
    assert spent.total.kinds == {"post": 2}
    assert [(rule.tag, rule.posts) for rule in spent.rules] == [("cats", 2)]


def test_rules_are_managed(emulator: Emulator) -> None:
    """Rules are added, synced and deleted; the filtered stream's stay."""
    client = client_on(emulator)
    client.rules.add("dog").run()
    rules = client.powerstream_rules
    update = rules.add("dog", rxt.rules.parse("has:video_link bird"), "#nope", tag="t").run()
    assert [rule.value for rule in update.rules] == ["dog", "has:videos bird"]
    assert [error.value for error in update.errors] == ["#nope"]
    plan = rules.sync([("dog", "new"), "cat", "emu"]).run()
    assert str(plan).endswith("3 to add, 3 to delete, 0 to keep")
    assert {(rule.value, rule.tag) for rule in emulator.powerstream_rules} == {
        ("dog", "new"),
        ("cat", None),
        ("emu", None),
    }
    assert rules.delete(values=["dog", "cat", "emu"]).run().deleted == 3
    assert rules.delete(values=["dog"]).run().not_deleted == 1
    assert (emulator.powerstream_rules, [rule.value for rule in emulator.rules]) == ((), ["dog"])
    assert Seen(client.powerstream()).ended().error.__class__ is rxt.NoRules


def test_a_thousand_rules_take_eleven_requests(emulator: Emulator) -> None:
    """All the rules that there may be are made the desired ones with a fifth of the day's requests."""
    desired = [StreamRule(f"w{n}", "t") for n in range(999)] + [StreamRule("cat", "cats")]
    assert not [rule for rule in desired if validate(rule.value, Limits.powerstream())]
    before = len(emulator.requests)
    client_on(emulator).powerstream_rules.sync(desired).run()
    assert len(emulator.powerstream_rules) == 1_000
    assert len(emulator.requests) - before == 11


def test_the_days_requests_are_used_up(emulator: Emulator) -> None:
    """The 51st request is refused, and the error says what the limit is and when it is reset."""
    rules = client_on(emulator).powerstream_rules
    for _ in range(49):
        rules.list().pipe(ops.to_list()).run()
    seen = Seen(rules.add("dog")).ended()
    assert isinstance(seen.error, rxt.RateLimited)
    (note,) = seen.error.__notes__
    assert note.startswith("Powerstream takes 50 requests a day for its rules, of every kind together; there")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert f"{tomorrow:%Y-%m-%d}" in note or f"{tomorrow - timedelta(minutes=1):%Y-%m-%d}" in note
