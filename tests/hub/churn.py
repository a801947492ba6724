"""Filters subscribed and disposed at random, and what each should have got by the emulator's own log."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import rxtweets as rxt
from rxtweets import StreamStalled
from rxtweets.emulator import Emulator
from rxtweets.emulator.app.records import EndReason
from rxtweets.messages import Post, Reconnecting, Status
from rxtweets.rules import RulesRefused
from tests.observing import PATIENCE, Seen

from .hubs import States

if TYPE_CHECKING:
    from rxtweets.emulator.app.services import Services

_A, _B = [f"a{n}" for n in range(20)], [f"b{n}" for n in range(20)]
_PAIRS = [f"{a} {b}" for a in _A for b in _B]
FILTERS = [
    *[(pair,) for pair in _PAIRS[:100]],
    *zip(_PAIRS[100:200], _PAIRS[200:300], strict=True),
    *[(word,) for word in _A + _B],
]
"""The phrases of each filter, any of which a text must have. No two have one in common, so that the text of a
rule or of a query tells which it asks for; all of them are what a single query of v1.1 may have."""


FENCE = ("fence",)
"""The phrases of one more filter."""

_OWNERS = {phrase: frozenset(phrases) for phrases in [*FILTERS, FENCE] for phrase in phrases}

Filters = frozenset[frozenset[str]]
"""Filters, each by its phrases."""


class Sent(NamedTuple):
    """A post as the emulator sent it.

    Attributes:
        id: its id.
        text: its text.
        stream: the stream of the hub that it went to, if there was one.
        filters: those that it matches and the matching rules, or the query of the stream, ask for.
        theirs: the same of another hub.
    """

    id: int
    text: str
    stream: str | None
    filters: Filters
    theirs: Filters


def _matched(text: str, asked: list[list[str]]) -> Filters:
    """Return the filters that *text* matches, of those in any of the phrases *asked* for."""
    words = text.split()
    phrases = [*words, *map(" ".join, itertools.permutations(words, 2))]
    found = {_OWNERS[phrase] for phrase in phrases if phrase in _OWNERS}
    return frozenset(one for one in found if any(one.issubset(asked_for) for asked_for in asked))


class Send:
    """An action of the emulator: make a post and publish it, and tell who was to get it.

    Args:
        text: its text.
        tag: what the tag of a rule of the hub begins with; rules of any other are another's.
        fields: what the stream of the hub asks for; None where no other hub has a stream.
    """

    def __init__(self, text: str, tag: str, fields: str | None) -> None:
        self._text = text
        self._tag = tag
        self._fields = fields

    def perform(self, services: Services) -> Sent:
        post = services.world.compose(self._text)
        before = {stream: stream.messages for stream in services.hub.streams.values()}
        services.hub.publish(post)
        given = [stream.record for stream, count in before.items() if stream.messages > count]
        asked = [record.form["track"].split(",") for record in given if record.protocol == "1.1"]
        theirs: list[list[str]] = []
        fields = {record.params.get("tweet.fields") for record in given if record.protocol == "2"}
        book = services.rule_book
        for rule in [book.rules[key] for key in book.selector.matching(post)] if fields else ():
            phrases = rule.value.strip("()").split(" OR ")
            if not (rule.tag or "").startswith(self._tag):
                theirs += [phrases] * (fields != {self._fields})
            elif self._fields is None or self._fields in fields:
                asked.append(phrases)
        streams = [
            record.id
            for record in given
            if self._fields is None or record.params.get("tweet.fields") == self._fields
        ]
        stream = streams[-1] if streams else None
        return Sent(post.id, self._text, stream, _matched(self._text, asked), _matched(self._text, theirs))


class Watch:
    """An action of the emulator: note from now on how many streams are open whenever that changes."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def perform(self, services: Services) -> None:
        services.hub.on_change.append(lambda: self.counts.append(len(services.hub.streams)))


class GivenUp:
    """An action of the emulator: return the streams that a client has ended."""

    def perform(self, services: Services) -> frozenset[str]:
        return frozenset(one.id for one in services.hub.past if one.reason is EndReason.CLIENT)


class Filter:
    """One subscription, and what it should get.

    Attributes:
        phrases: any of which a text must have, all of whose words.
        got: the ids of posts that came.
        errors: the errors that came.
        stalls: how many connections were given up, by the events that came.
    """

    def __init__(self, hub: rxt.FilterHub, phrases: tuple[str, ...], log: list[Sent], arrived: int) -> None:
        self.phrases = phrases
        self.got: list[int] = []
        self.errors: list[Exception] = []
        self.stalls = 0
        self._log = log
        self._may_from, self._must_from = arrived, len(log)
        self._must_until = self._may_until = 0
        self._subscription = hub.filter(track=list(phrases)).subscribe(self._on_next, self.errors.append)

    def dispose(self, arrived: int) -> None:
        """Dispose the subscription when the first so many posts are sure to have arrived."""
        self._subscription.dispose()
        self._must_until, self._may_until = arrived, len(self._log)

    def check(self, matching: Iterable[tuple[int, Sent]], lost: Container[int]) -> int:
        """Return how many posts it had to get, if it got them, and no others but those on their way.

        Args:
            matching: the posts that match it, with their places in the log.
            lost: the ids of those that it didn't have to get.
        """
        assert self.errors == []
        may = [sent.id for at, sent in matching if self._may_from <= at < self._may_until]
        must = [
            sent.id
            for at, sent in matching
            if self._must_from <= at < self._must_until and sent.id not in lost
        ]
        got = set(self.got)
        assert self.got == [id for id in may if id in got]  # each once, in order, and no other
        assert got.issuperset(must), (self.phrases, len(must), len(self.got))
        return len(must)

    def _on_next(self, item: Any) -> None:
        if isinstance(item, Post | Status):
            self.got.append(int(item.id))
        elif isinstance(item, Reconnecting):
            self.stalls += isinstance(item.cause, StreamStalled)


class Churn:
    """Subscribes, disposes and publishes at random.

    A last filter that stands all the time tells when everything sent before has come.

    Attributes:
        meanwhile: what is called again and again.
        tag: what the tags of the hub's rules begin with.
        given_up: the number of connections that were ended by clients before the end.

    Args:
        hub: the hub.
        states: its states.
        emulator: what it is connected to.
        seed: of the random choices.
        most: how many filters there are at most.
        fields: the fields of posts that the hub asks for, where another hub asks for none.
    """

    def __init__(
        self,
        hub: rxt.FilterHub,
        states: States,
        emulator: Emulator,
        *,
        seed: int = 1,
        most: int = 200,
        fields: str | None = None,
    ) -> None:
        self.hub, self.states, self.emulator = hub, states, emulator
        self.chance = random.Random(seed)
        self.log: list[Sent] = []
        self.live: list[Filter] = []
        self.over: list[Filter] = []
        self.refused: list[Seen] = []
        self.most = most
        self.meanwhile: Callable[[Churn], None] = lambda churn: None
        self.tag = "rxtweets-hub:"
        self._fields = fields
        self._arrived = 0
        self.watch = Watch()
        emulator.do(self.watch)
        self.given_up = 0
        self._fence = Filter(hub, FENCE, self.log, 0)
        self._subscribe(most)
        states.settled()
        if fields is not None:
            self.tag = (emulator.rules[0].tag or "").rpartition(":")[0].removesuffix("lease")

    def step(self) -> None:
        """Subscribe to some, publish, and dispose some: half of the times when all that was sent has come."""
        chance = self.chance
        self.meanwhile(self)
        self._subscribe(chance.randint(0, min(12, self.most - len(self.live))))
        self.publish(chance.randint(0, 8))
        if chance.random() < 0.5:
            self.flush()
        if chance.random() < 0.5:
            for _ in range(chance.randint(0, 12)):
                self.dispose(self.live.pop(chance.randrange(len(self.live))))

    def _subscribe(self, times: int) -> None:
        for _ in range(times):
            self.live.append(Filter(self.hub, self.chance.choice(FILTERS), self.log, self._arrived))

    def publish(self, times: int) -> None:
        for _ in range(times):
            self.send(" ".join(self.chance.sample(_A, 3) + self.chance.sample(_B, 3)))

    def send(self, text: str) -> Sent:
        sent = self.emulator.do(Send(text, self.tag, self._fields))
        self.log.append(sent)
        return sent

    def refuse(self) -> None:
        """Subscribe to a filter that X refuses (v2)."""
        self.refused.append(Seen(self.hub.filter("has:images")))

    def flush(self) -> None:
        """Wait until all that was sent has come."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.meanwhile(self)
            sent = self.send("fence")
            again = time.monotonic() + (PATIENCE / 20 if sent.filters else 0.02)
            while time.monotonic() < again:
                if self._fence.got and self._fence.got[-1] == sent.id:
                    self._arrived = len(self.log)
                    return
                threading.Event().wait(0.001)
        raise AssertionError(self.states.now)

    @property
    def stalls(self) -> int:
        """The number of connections that the hub has said to give up."""
        return self._fence.stalls

    def dispose(self, one: Filter) -> None:
        one.dispose(self._arrived)
        self.over.append(one)

    def end(self) -> int:
        """Dispose all, once all have come into force and got something; return how many posts had to come."""
        self.states.settled(60.0)
        for one in self.live:
            while (sent := self.send(one.phrases[0])).stream is None:
                self.flush()
            assert frozenset(one.phrases) in sent.filters, (one.phrases, one.errors)
        self.flush()
        lost = self._lost()
        for one in [*self.live, self._fence]:
            self.dispose(one)
        for seen in self.refused:
            assert isinstance(seen.ended().error, RulesRefused)
        matching: dict[frozenset[str], list[tuple[int, Sent]]] = {}
        for at, sent in enumerate(self.log):
            for phrases in sent.filters:
                matching.setdefault(phrases, []).append((at, sent))
        return sum(one.check(matching.get(frozenset(one.phrases), []), lost) for one in self.over)

    def _lost(self) -> set[int]:
        """Return the posts that may have been on their way when the hub gave a connection up.

        On a busy machine a connection seems to stall that does not.
        """
        given_up = self.emulator.do(GivenUp())
        self.given_up = len(given_up)
        came = set(self._fence.got)
        last = {sent.stream: sent.id for sent in self.log if sent.id in came}
        return {
            sent.id for sent in self.log if sent.stream in given_up and sent.id > last.get(sent.stream, 0)
        }
