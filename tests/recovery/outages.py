"""Outages on an emulator: a stream with recovery, and the exact posts of it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from reactivex import Observable
from reactivex import operators as ops

from rxtweets import Recovery, StreamingClient
from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.emulator import Emulator
from rxtweets.messages import Connected, Gap, Post, Recovered, Status
from tests.clients import client_on
from tests.discipline import SCALED, Discipline
from tests.observing import Seen

QUICK = BackoffPolicy(
    network=Curve(0.02), http=Curve(0.02), rate_limit=Curve(0.02), connects=None, jitter=0.0
)

AT_ONCE = Recovery(settle=0.0)
"""Searches wait for nothing: the emulator's clock is moved for them."""

LATER = 45.0
"""Seconds by which the emulator's clock is ahead when searches come, so that what was missed can be found."""


class Outages:
    """A subscription to a stream of *emulator* that is recovered, and its outages.

    A context manager, which disposes, and checks that no connect was early, one too many, or refused.

    Args:
        emulator: silent by itself.
        stream: makes the stream of a client; default the filtered one.
        client: default one whose policy is `SCALED`, which is what any other's is, too.
    """

    def __init__(
        self,
        emulator: Emulator,
        stream: Callable[[Any], Observable[Any]] = lambda client: client.filter(recovery=AT_ONCE),
        client: Any = None,
    ) -> None:
        self.emulator = emulator
        self.client: StreamingClient = client or client_on(emulator, policy=SCALED)
        self.away = 0.0
        self._stream = stream
        self._connects = 0
        self._discipline = Discipline(SCALED)

    def __enter__(self) -> Self:
        def on_item(item: object) -> None:
            self._discipline.note(item)
            if isinstance(item, Connected):
                self._connects += 1
                if self._connects > 1:
                    self.emulator.skew(self.away + LATER)

        self.seen = Seen(self._stream(self.client).pipe(ops.do_action(on_item)))
        self.wait_for(Connected, 1)
        (self._path,) = {stream.path for stream in self.emulator.streams}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seen.dispose()
        if error is None:
            self._discipline.check(self.emulator.requests, self._path)

    def outage(self, act: Callable[[], object], seconds: float = 0.0, path: str | None = None) -> None:
        """Do what *act* does without a connection, which lasts some *seconds* by the server's clock."""
        count = self.count(Connected)
        self.emulator.answer(503, times=1_000_000)
        self.emulator.close_streams(path=path)
        self.emulator.wait_for_streams(0)
        act()
        self.away = seconds
        self.emulator.skew(seconds)
        self.emulator.clear_faults()
        self.wait_for(Connected, count + 1)

    def publish(self, *texts: str) -> None:
        """Publish posts that the stream gets, and wait for them."""
        for text in texts:
            assert self.emulator.publish(text) >= 1
        self.seen.wait(lambda _: {*texts} <= {*self.texts()})

    def count(self, kind: type) -> int:
        """Return how many items of a kind came."""
        return sum(isinstance(item, kind) for item in self.seen.items)

    def wait_for(self, kind: type, count: int) -> list[Any]:
        """Wait for *count* items of a kind, and return all of them."""
        self.seen.wait(lambda _: self.count(kind) >= count)
        return [item for item in self.seen.items if isinstance(item, kind)]

    def texts(self, recovered: bool | None = None) -> list[str]:
        """Return the texts that came; of those that were *recovered* or not, if that is given."""
        return [
            item.text
            for item in self.seen.items
            if isinstance(item, Post | Status) and recovered in (None, item.recovered)
        ]

    @property
    def gaps(self) -> list[Gap]:
        """The gaps that were told."""
        return [item for item in self.seen.items if isinstance(item, Gap)]

    @property
    def recoveries(self) -> list[tuple[str, int]]:
        """The recoveries that are over: by which means, and the number of messages."""
        return [(item.by, item.posts) for item in self.seen.items if isinstance(item, Recovered)]

    def asked(self, *names: str, path: str = "/2/tweets/search/stream") -> list[dict[str, str]]:
        """Return those parameters with *names* that each request for the stream had."""
        return [
            {name: value for name, value in {**request.query, **request.form}.items() if name in names}
            for request in self.emulator.requests
            if request.path == path
        ]
