"""Every kind of fault on every kind of account: the exact posts that were sent, delivered, repeated and told.

The emulator's own log says to how many streams each post was sent, and that no connect came too early. In the
ordinary run each fault meets one account, in turn; `-m soak` tries all of them.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from operator import methodcaller
from typing import Any, NamedTuple

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import Recovery, RequestsTransport, _session_runner
from rxtweets.emulator import Emulator
from rxtweets.emulator.app.limits import Level
from rxtweets.emulator.faults.disconnects import CODES
from rxtweets.endpoints import v1, v2
from rxtweets.messages import Activity, Connected, Gap, Post, Reconnecting, Recovered, Status
from rxtweets.messages.lifecycle import Means
from tests.discipline import SCALED, Discipline
from tests.observing import Seen

from .outages import AT_ONCE, LATER

STALL = 2.0
"""Seconds of silence that are a stall, in the cells that are about one."""


class Account(NamedTuple):
    """A protocol and a level of access.

    Attributes:
        level: of the emulator.
        path: of the stream.
        by: the means that bring what was missed.
        open: makes the stream of a client.
        prepare: asks for posts about cats.
        kinds: what else is among the posts.
        lacking: what of that its means leave out.
        away: seconds that an outage lasts by the server's clock.
    """

    level: Level
    path: str
    by: Means
    open: Callable[[Any], Any]
    prepare: Callable[[Any], object] = lambda client: None
    kinds: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    away: float = 0.0


FILTERED, POWER, ACTIVITY = "/2/tweets/search/stream", "/2/powerstream", "/2/activity/stream"
FILTER = methodcaller("filter", recovery=AT_ONCE)
BOTH = ("retweets", "quotes")
ACCOUNTS = {
    "v1.1": Account(
        "pay_per_use",
        "/1.1/statuses/filter.json",
        "count",
        methodcaller("filter", track="cat", recovery=Recovery()),
    ),
    "pay-per-use": Account(
        "pay_per_use", FILTERED, "search", FILTER, lambda c: c.rules.add("cat -is:retweet -is:quote").run()
    ),
    "pay-per-use, retweets": Account(
        "pay_per_use",
        FILTERED,
        "search",
        FILTER,
        lambda c: c.rules.add("cat").run(),
        kinds=BOTH,
        lacking=BOTH,
    ),
    "enterprise": Account(
        "enterprise", FILTERED, "backfill", FILTER, lambda c: c.rules.add("cat").run(), kinds=BOTH
    ),
    "enterprise, after two hours": Account(
        "enterprise", FILTERED, "window", FILTER, lambda c: c.rules.add("cat").run(), kinds=BOTH, away=7200.0
    ),
    "Powerstream": Account(
        "enterprise",
        POWER,
        "backfill",
        methodcaller("powerstream", recovery=Recovery()),
        lambda c: c.powerstream_rules.add("cat").run(),
        kinds=("retweets",),
    ),
    "Activity": Account(
        "enterprise",
        ACTIVITY,
        "backfill",
        methodcaller("activity", recovery=Recovery()),
        lambda c: c.subscriptions.add("post.create", keyword="cat").run(),
    ),
}
V1, V2 = ("v1.1",), tuple(name for name in ACCOUNTS if name != "v1.1")
SHORTLY = tuple(name for name, account in ACCOUNTS.items() if not account.away)


class Network:
    """The way that the name `localhost` leads; a fault may change it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unknown = False
        self.port: int | None = None
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)

    def _resolve(self, host: Any, port: Any, *options: Any, **named: Any) -> Any:
        if host != "localhost":
            return self._real(host, port, *options, **named)
        if self.unknown:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._real("127.0.0.1", self.port or port, *options, **named)


class Cell:
    """A subscription to the stream of one account, and all that was sent and seen."""

    def __init__(self, kind: Account, emulator: Emulator, network: Network, client: Any) -> None:
        self.kind = kind
        self.emulator = emulator
        self.network = network
        self.connects = 0
        self.live: dict[str, int] = {}  # to how many streams the emulator sent each
        self.posts: dict[str, tuple[str, float]] = {}  # of which kind each is, and its time
        self.discipline = Discipline(SCALED)
        self.seen = Seen(kind.open(client).pipe(ops.do_action(self._on_item)))

    def _on_item(self, item: object) -> None:
        self.discipline.note(item)
        if isinstance(item, Connected):
            self.connects += 1
            if self.connects == 2:
                self.emulator.skew(self.kind.away + LATER)  # so that searches find what was posted

    def publish(self, *texts: str) -> None:
        """Publish posts, and of each a retweet and a quote if the account gets them."""
        for text in texts:
            post = self.emulator.compose(text)
            self._publish("posts", post)
            if "retweets" in self.kind.kinds:
                self._publish("retweets", self.emulator.retweet(post))
            if "quotes" in self.kind.kinds:
                self._publish("quotes", self.emulator.compose("see", quote=post))

    def _publish(self, kind: str, post: Any) -> None:
        self.posts[str(post.id)] = kind, post.ms / 1000
        self.live[str(post.id)] = self.emulator.publish(post)

    def delivered(self) -> Counter[str]:
        """Count those that came. Some faults send a message of their own, which is none of them."""
        ids = Counter(id_of(item) for item in self.seen.items)
        return Counter({id: ids[id] for id in self.posts if id in ids})

    def recovered(self) -> set[Means]:
        """Return the means of the recoveries that are over."""
        return {item.by for item in self.seen.items if isinstance(item, Recovered)}

    def wait_for_failures(self, error: type[rxt.StreamError], count: int) -> None:
        """Wait until so many sessions have failed with an *error*."""
        self.seen.wait(lambda _: self._failures(error) >= count)

    def _failures(self, error: type[rxt.StreamError]) -> int:
        return sum(isinstance(one, Reconnecting) and isinstance(one.cause, error) for one in self.seen.items)


def id_of(item: object) -> str | None:
    if isinstance(item, Activity):
        item = item.post
    return str(item.id) if isinstance(item, Post | Status) else None


Act = Callable[[Emulator], object]
During = Callable[[Cell], AbstractContextManager[None]]
CLOSE = methodcaller("close_streams")


class Fault(NamedTuple):
    """A fault, and what it leads to.

    Attributes:
        during: what is wrong while posts come.
        error: what sessions fail with meanwhile; None for nothing.
        times: how many of them do.
        final: whether that ends the stream.
        refusals: how many 420 or 429 the server is told to answer.
        accounts: who can meet it.
        ways: how the bytes come.
        tls: whether the server has TLS.
    """

    during: During
    error: type[rxt.StreamError] | None = rxt.StreamDisconnected
    times: int = 1
    final: bool = False
    refusals: int = 0
    accounts: tuple[str, ...] = tuple(ACCOUNTS)
    ways: tuple[str, ...] = ("gzip", "plain")
    tls: bool = False


@contextmanager
def away(cell: Cell, act: Act) -> Iterator[None]:
    """End the streams by *act*, and keep the client away."""
    cell.emulator.answer(503, times=1_000_000)
    act(cell.emulator)
    cell.emulator.wait_for_streams(0)
    yield
    cell.emulator.clear_faults()


def ended(act: Act, error: type[rxt.StreamError] = rxt.StreamDisconnected, **options: Any) -> Fault:
    """Return a fault that ends the streams by *act*."""
    return Fault(partial(away, act=act), error, **options)


def answered(error: type[rxt.StreamError], answer: Callable[[], dict[str, Any]], **options: Any) -> Fault:
    """Return a fault that ends the streams and refuses the next connects."""

    @contextmanager
    def during(cell: Cell) -> Iterator[None]:
        cell.emulator.answer(**answer())
        with away(cell, CLOSE):
            yield

    return Fault(during, error, **options)


@contextmanager
def stalled(cell: Cell) -> Iterator[None]:
    """Send nothing more on any stream."""
    cell.emulator.stall()
    yield
    cell.emulator.resume()


@contextmanager
def without_a_head(cell: Cell) -> Iterator[None]:
    """Send the next connect a part of a head, and no more."""
    cell.emulator.mute(head="HTTP/1.1 200 OK\r\nContent-Ty")
    with away(cell, CLOSE):
        yield


@contextmanager
def flooded(cell: Cell) -> Iterator[None]:
    """Send a line that is far too long."""
    cell.emulator.send_long_line(10 * 2**20)
    yield


@contextmanager
def littered(cell: Cell) -> Iterator[None]:
    """Send lines that are no messages."""
    cell.emulator.send_garbage()
    yield


@contextmanager
def closed(cell: Cell) -> Iterator[None]:
    """Let nobody listen at the address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # nobody else can have the port meanwhile
        cell.network.port = sock.getsockname()[1]
        cell.emulator.close_streams()
        cell.emulator.wait_for_streams(0)
        yield
        cell.network.port = None


@contextmanager
def unnamed(cell: Cell) -> Iterator[None]:
    """Let the host have no address."""
    cell.network.unknown = True
    cell.emulator.close_streams()
    cell.emulator.wait_for_streams(0)
    yield
    cell.network.unknown = False


@contextmanager
def untrusted(cell: Cell) -> Iterator[None]:
    """Let another server stand at the address, with a certificate of somebody else."""
    with Emulator(rate=0, tls=["localhost"]) as other:
        cell.network.port = int(other.base_url.rpartition(":")[2])
        cell.emulator.close_streams()
        cell.emulator.wait_for_streams(0)
        yield
        cell.network.port = None


def renew(emulator: Emulator) -> None:
    """End the token that the client has, and its streams."""
    emulator.renew_bearer_token()
    emulator.close_streams()


CROWDED = {
    "title": "ConnectionException",
    "connection_issue": "TooManyConnections",
    "type": "https://api.x.com/2/problems/streaming-connection",
}


def used_up() -> dict[str, Any]:
    """Return an answer that says when to come back: within two seconds."""
    reset = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 2)}
    return {"status": 429, "headers": reset}


FAULTS: dict[str, Fault] = {
    "clean close": ended(CLOSE),
    "reset": ended(methodcaller("reset_streams"), rxt.ConnectionFailed),
    "cut": ended(methodcaller("cut_streams")),
    "cut in a message": ended(methodcaller("cut_streams", inside="message")),
    "cut in a chunk header": ended(methodcaller("cut_streams", inside="chunk_header")),
    "cut in a character": ended(methodcaller("cut_streams", inside="character")),
    "truncated gzip": ended(methodcaller("close_streams", inside="gzip"), ways=("gzip",)),
    "stall": Fault(stalled, rxt.StreamStalled),
    "head that never ends": Fault(without_a_head, rxt.StreamStalled),
    "420": answered(rxt.RateLimited, lambda: {"status": 420}, refusals=1, accounts=V1),
    "429 with a reset": answered(rxt.RateLimited, used_up, refusals=1),
    "TooManyConnections": answered(
        rxt.TooManyConnections, lambda: {"status": 429, "body": CROWDED}, refusals=1, accounts=V2
    ),
    "burst of 503": answered(rxt.ServerError, lambda: {"status": 503, "times": 4}, times=4),
    "401 in mid-life": answered(rxt.Unauthorized, lambda: {"status": 401}, final=True, accounts=V1),
    "401 in mid-life, by a token that is renewed": ended(renew, accounts=V2),
    "operational-disconnect": ended(methodcaller("disconnect_streams"), accounts=V2),
    **{
        f"code {code}": ended(
            methodcaller("disconnect_streams", code=code),
            type(rxt.StreamDisconnected.of("", code)),
            final=code in (2, 6, 7),
            accounts=V1,
        )
        for code in CODES
    },
    "refused connect": Fault(closed, rxt.ConnectionFailed),
    "DNS failure": Fault(unnamed, rxt.ConnectionFailed),
    "TLS failure": Fault(untrusted, rxt.ConnectionFailed, tls=True),
    "garbage": Fault(littered, None),
    "10 MB line": Fault(flooded, rxt.FrameTooLong, accounts=SHORTLY),
}


def cells() -> Iterator[Any]:
    """Yield all combinations, marked but for one of each fault."""
    for turn, (name, fault) in enumerate(FAULTS.items()):
        ordinary = fault.accounts[turn % len(fault.accounts)], fault.ways[turn % len(fault.ways)]
        for account, way in itertools.product(fault.accounts, fault.ways):
            marks = () if (account, way) == ordinary else (pytest.mark.soak,)
            yield pytest.param(name, account, way, marks=marks, id=f"{name}, {account}, {way}")


def ordinary() -> list[tuple[str, str, str]]:
    """Return the combinations of the ordinary run."""
    return [cell.values for cell in cells() if not cell.marks]


def test_the_ordinary_run() -> None:
    """It has every fault, every account, and both ways of the bytes."""
    faults, accounts, ways = map(set, zip(*ordinary(), strict=True))
    assert (faults, accounts, ways) == ({*FAULTS}, {*ACCOUNTS}, {"gzip", "plain"})


@contextmanager
def running(account: str, way: str, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    """Start an emulator and a subscription to it, which has got two posts."""
    kind = ACCOUNTS[account]
    if fault.error is rxt.StreamStalled:
        for module in (v1, v2):
            monkeypatch.setattr(module, "STALL_TIMEOUT", STALL)
        monkeypatch.setattr(_session_runner, "_HEAD_TIMEOUT", STALL)
    hosts = ["localhost"] if fault.tls else []
    with Emulator(rate=0, level=kind.level, keep_alive=STALL / 20, tls=hosts) as emulator:
        options: Any = {
            "policy": SCALED,
            "base_url": emulator.base_url.replace("127.0.0.1", "localhost"),
            "transport": RequestsTransport(gzip=way == "gzip", ca_bundle=emulator.ca_file if hosts else None),
        }
        client: Any
        if account in V1:
            client = rxt.Stream(rxt.OAuth1(*emulator.oauth1), **options)
        else:
            client = rxt.StreamingClient(rxt.AppOnly(*emulator.oauth1[:2]), **options)
        kind.prepare(client)
        cell = Cell(kind, emulator, Network(monkeypatch), client)
        try:
            emulator.wait_for_streams(1)
            cell.publish("cat 1", "cat 2")
            cell.seen.wait(lambda _: cell.delivered().keys() == cell.live.keys())
            yield cell
        finally:
            cell.seen.dispose()


@pytest.mark.parametrize(("name", "account", "way"), [*cells()])
def test_cell(name: str, account: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the account has means for is lost or repeated; any other loss is in a gap of its kind."""
    fault, kind = FAULTS[name], ACCOUNTS[account]
    with running(account, way, fault, monkeypatch) as cell:
        came = {*cell.live}
        with fault.during(cell):
            cell.publish("cat 3", "cat 4")
            cell.emulator.skew(kind.away)
            if fault.final:
                cell.seen.ended()
            elif fault.error is not None:
                cell.wait_for_failures(fault.error, fault.times)
        missed = {*cell.live} - came
        lacking: set[str] = set()
        if fault.error is not None and not fault.final:
            lacking = {id for id in missed if cell.posts[id][0] in kind.lacking}
            cell.seen.wait(lambda _: cell.connects > 1)
            cell.emulator.wait_for_streams(1)
        if not fault.final:
            cell.publish("cat 5")
        expected = came if fault.final else {*cell.live} - lacking
        cell.seen.wait(lambda _: expected <= cell.delivered().keys())
        if cell.connects > 1:
            cell.seen.wait(lambda _: kind.by in cell.recovered())
        cell.seen.dispose()
        cell.discipline.check(cell.emulator.requests, kind.path, fault.refusals)
    delivered = cell.delivered()
    lost = {*cell.live} - delivered.keys()
    gaps = [item for item in cell.seen.items if isinstance(item, Gap)]
    assert [id for id, count in delivered.items() if count > 1] == []
    if fault.final:
        assert isinstance(cell.seen.error, fault.error or ())
        assert (lost, gaps, cell.connects) == (missed, [], 1)
        return
    assert cell.seen.error is None
    assert (cell.connects > 1) == (fault.error is not None)
    # What was sent to a stream just before it broke may have come.
    assert {id for id in lacking if not cell.live[id]} <= lost <= lacking
    assert {gap.kinds for gap in gaps} == {(cell.posts[id][0],) for id in lacking}
    for id in lost:
        lost_kind, at = cell.posts[id]
        assert any(
            gap.kinds == (lost_kind,) and gap.since.timestamp() <= at <= gap.until.timestamp() for gap in gaps
        )
