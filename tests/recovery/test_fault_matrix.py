"""Every kind of fault on every kind of account: the exact posts that were sent, delivered, repeated and told.

The emulator's own log says to how many streams each post was sent. In the ordinary run each fault meets one
account, in turn; `-m soak` tries all of them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import Any, NamedTuple

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import Recovery, RequestsTransport, _session_runner
from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.app.limits import Level
from rxtweets.endpoints import v1, v2
from rxtweets.messages import Activity, Connected, Disconnected, Gap, Post, Status
from tests.clients import client_on, stream_on
from tests.observing import Seen

from .outages import AT_ONCE, LATER, QUICK

STALL = 1.0
"""Seconds of silence that are a stall here."""


class Account(NamedTuple):
    """A protocol and a level of access.

    Attributes:
        level: of the emulator.
        path: of the stream.
        open: makes the stream of a client.
        prepare: asks for posts about cats.
        retweets: whether retweets are among the posts.
    """

    level: Level
    path: str
    open: Callable[[Any], Any]
    prepare: Callable[[Any], object] = lambda client: None
    retweets: bool = False


FILTERED, POWER, ACTIVITY = "/2/tweets/search/stream", "/2/powerstream", "/2/activity/stream"
FILTER = methodcaller("filter", recovery=AT_ONCE)
ACCOUNTS = {
    "v1.1": Account(
        "pay_per_use", "/1.1/statuses/filter.json", methodcaller("filter", track="cat", recovery=Recovery())
    ),
    "pay-per-use": Account(
        "pay_per_use", FILTERED, FILTER, lambda c: c.rules.add("cat -is:retweet -is:quote").run()
    ),
    "pay-per-use, retweets": Account(
        "pay_per_use", FILTERED, FILTER, lambda c: c.rules.add("cat").run(), retweets=True
    ),
    "enterprise": Account("enterprise", FILTERED, FILTER, lambda c: c.rules.add("cat").run(), retweets=True),
    "Powerstream": Account(
        "enterprise",
        POWER,
        methodcaller("powerstream", recovery=Recovery()),
        lambda c: c.powerstream_rules.add("cat").run(),
    ),
    "Activity": Account(
        "enterprise",
        ACTIVITY,
        methodcaller("activity", recovery=Recovery()),
        lambda c: c.subscriptions.add("post.create", keyword="cat").run(),
    ),
}


def ended(act: Callable[[Emulator], object]) -> Callable[[Emulator], None]:
    """Return a fault that ends the streams, and keeps the client away while posts come."""

    def fault(emulator: Emulator) -> None:
        emulator.answer(503, times=1_000_000)
        act(emulator)
        emulator.wait_for_streams(0)

    return fault


def answered(*answers: dict[str, Any]) -> Callable[[Emulator], None]:
    """Return a fault that ends the streams and refuses the next connects."""

    def fault(emulator: Emulator) -> None:
        for answer in answers:
            emulator.answer(**answer)
        emulator.close_streams()
        emulator.wait_for_streams(0)

    return fault


CROWDED = {
    "title": "ConnectionException",
    "connection_issue": "TooManyConnections",
    "type": "https://api.x.com/2/problems/streaming-connection",
}

FAULTS: dict[str, Callable[[Emulator], object]] = {
    "clean close": ended(methodcaller("close_streams")),
    "reset": ended(methodcaller("reset_streams")),
    "cut": ended(methodcaller("cut_streams")),
    "cut in a message": ended(methodcaller("cut_streams", inside="message")),
    "cut in a chunk header": ended(methodcaller("cut_streams", inside="chunk_header")),
    "cut in a character": ended(methodcaller("cut_streams", inside="character")),
    "truncated gzip": ended(methodcaller("close_streams", inside="gzip")),
    "stall": methodcaller("stall"),
    "goodbye": ended(methodcaller("disconnect_streams")),
    "head that never ends": lambda emulator: (
        emulator.mute(head="HTTP/1.1 200 OK\r\nContent-Ty"),
        ended(methodcaller("close_streams"))(emulator),
    ),
    "429 with a reset": answered({"status": 429, "headers": {"x-rate-limit-reset": "1"}}),
    "TooManyConnections": answered({"status": 429, "body": CROWDED, "headers": {"x-rate-limit-reset": "1"}}),
    "burst of 503": answered({"status": 503, "times": 8}),
    "garbage": methodcaller("send_garbage"),
    "10 MB line": methodcaller("send_long_line", 10 * 2**20),
}
WAYS = ("gzip", "plain")
OURS = re.compile(r"cat \d$")


def cells() -> Iterator[Any]:
    """Yield all combinations, marked but for one of each fault."""
    accounts, ways = itertools.cycle(ACCOUNTS), itertools.cycle((*WAYS, "gzip"))
    for fault in FAULTS:
        chosen = next(accounts), next(ways)
        for account, way in itertools.product(ACCOUNTS, WAYS):
            if fault == "truncated gzip" and way == "plain":
                continue
            ordinary = (account, way) == (chosen if fault != "truncated gzip" else (chosen[0], "gzip"))
            marks = () if ordinary else (pytest.mark.soak,)
            yield pytest.param(fault, account, way, marks=marks, id=f"{fault}, {account}, {way}")


def text_of(item: object) -> str | None:
    if isinstance(item, Activity):
        item = item.post
    return item.text if isinstance(item, Post | Status) else None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed soon."""
    for module in (v1, v2):
        monkeypatch.setattr(module, "STALL_TIMEOUT", STALL)
    monkeypatch.setattr(_session_runner, "_HEAD_TIMEOUT", STALL)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("fault", "account", "way"), [*cells()])
def test_cell(fault: str, account: str, way: str, request: pytest.FixtureRequest) -> None:
    """Nothing that the account has means for is lost or repeated; any other loss is in a gap of its kind."""
    kind = ACCOUNTS[account]
    with Emulator(rate=0, level=kind.level, keep_alive=STALL / 8, limits=Limits(attempts=None)) as emulator:
        options: Any = {"policy": QUICK, "transport": RequestsTransport(gzip=way == "gzip")}
        client = (stream_on if account == "v1.1" else client_on)(emulator, **options)
        kind.prepare(client)
        connects: list[object] = []

        def on_item(item: object) -> None:
            if isinstance(item, Connected):
                connects.append(item)
                if len(connects) == 2:
                    emulator.skew(LATER)  # so that searches find what was posted

        seen = Seen(kind.open(client).pipe(ops.do_action(on_item)))
        request.addfinalizer(seen.dispose)
        seen.wait(lambda _: connects)
        emulator.wait_for_streams(1)
        live: dict[str, int] = {}  # to how many streams the emulator sent each
        retweets: set[str] = set()

        def publish(*texts: str) -> None:
            for text in texts:
                post = emulator.compose(text)
                live[text] = emulator.publish(post)
                if kind.retweets:
                    again = emulator.retweet(post)
                    live[again.text] = emulator.publish(again)
                    retweets.add(again.text)

        publish("cat 1", "cat 2")
        seen.wait(lambda _: {*live} <= {text_of(item) for item in seen.items})
        FAULTS[fault](emulator)
        before = {*retweets}
        publish("cat 3", "cat 4")
        told = retweets - before if account == "pay-per-use, retweets" and fault != "garbage" else set[str]()
        if fault == "stall":
            seen.wait(lambda _: any(isinstance(item, Disconnected) for item in seen.items))
            emulator.resume()
        if fault != "garbage":
            emulator.clear_faults() if fault not in ("429 with a reset", "TooManyConnections") else None
            seen.wait(lambda _: len(connects) > 1)
        emulator.wait_for_streams(1)
        publish("cat 5")
        expected = {*live} - told
        seen.wait(lambda _: expected <= {text_of(item) for item in seen.items})
        if kind.path == FILTERED and kind.level == "pay_per_use" and len(connects) > 1:
            seen.wait(lambda _: any(isinstance(item, rxt.messages.Recovered) for item in seen.items))
        seen.dispose()
        statuses = Counter(one.status for one in emulator.requests if one.path == kind.path)
    # Some faults send a message of their own, which is no post.
    delivered = Counter(text for item in seen.items if (text := text_of(item)) and OURS.search(text))
    gaps = [item for item in seen.items if isinstance(item, Gap)]
    lost = {*live} - {*delivered}
    assert {*delivered} <= {*live}
    assert [text for text, count in delivered.items() if count > 1] == []
    assert lost <= told
    assert {gap.kinds for gap in gaps} <= ({("retweets",), ("quotes",)} if told else set())
    assert not lost or ("retweets",) in {gap.kinds for gap in gaps}
    assert not gaps or len(connects) > 1
    # No refusal was earned.
    assert statuses[429] <= 1
    assert statuses[420] == 0
    assert statuses.total() <= 50
