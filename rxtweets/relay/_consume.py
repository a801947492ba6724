"""`consume` with a group: a worker of it, as a cold Observable."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from functools import partial
from typing import Any, NamedTuple

from reactivex import Observable, abc

from rxtweets._printable import printable
from rxtweets._waiting import watcher
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import LogError, StreamError
from rxtweets.messages import Lifecycle, Redelivered

from ._nats.connection import Connection, Where
from ._nats.consumers import Delivery, open_pull
from ._nats.groups import From, Order, attempts, begin_attempt, begin_none, forget_attempts, open_group
from ._nats.letters import put_aside
from ._session import Beginning, Feed, Session, in_sessions

_LAG = 0.02
"""Seconds for which acknowledgements wait for others: to wake the loop is most of what one costs."""

_LONGEST_ERROR = 1000
"""The most characters that are kept of an exception."""

_LAST_WORDS = "its worker died in the last attempt"


class Settings(NamedTuple):
    """The arguments of `JetStream.consume`; *kinds* are names."""

    group: str
    kinds: list[str] | None
    from_: From
    attempts: int
    ahead: int
    redeliver_after: float
    order: Order


def consume(where: Where, settings: Settings, policy: BackoffPolicy) -> Observable[bytes | Lifecycle]:
    """Return the frames and events of a worker; see `JetStream.consume`."""
    return in_sessions(lambda: partial(_Worker, where, settings, Beginning()), policy)


class _Worker(Session):
    """One session of a worker: what it has done is acknowledged, and what isn't comes again."""

    def __init__(
        self, where: Where, settings: Settings, beginning: Beginning, observer: abc.ObserverBase[Any]
    ) -> None:
        super().__init__(where, observer)
        self._beginning = beginning
        self._settings = settings
        self._held: dict[str, Feed] = {}  # whose frames came and aren't acknowledged, by their reply
        self._done: deque[tuple[str, bytes]] = deque()  # what is to be acknowledged, and how
        self._lagging = False
        self._lag: asyncio.TimerHandle | None = None
        self._raised: BaseException | None = None
        self._connection: Connection
        self._period = min(1.0, settings.redeliver_after / 3)
        self._extended = 0.0
        self._context.run(watcher.set, self._watch)

    # On the thread that works:

    def _watch(self, error: BaseException) -> None:
        if threading.current_thread() is self._thread:  # others may run in copies of its context
            self._raised = error

    def _deliver(self, delivery: Delivery) -> None:
        if self._failure is not None:
            return  # it can't be acknowledged any more
        attempt, group = 1, self._settings.group
        if delivery.times > 1:
            try:
                begun = self._loop.result(self._begin(delivery))
            except StreamError as error:
                self._give_up(error)
                return
            if begun is None:
                return
            attempt, may_have_been = begun
            if may_have_been:
                self._observer.on_next(Redelivered(max(2, attempt)))
            if self._over:
                with contextlib.suppress(StreamError):
                    self._loop.result(forget_attempts(self._connection, group, delivery.sequence, attempt))
                return
        self._raised = None
        try:
            self._observer.on_next(delivery.frame)
        except BaseException as error:
            self._raised = error
            raise
        finally:
            raised, self._raised = self._raised, None
            if raised is None:
                self._acknowledge(delivery, b"+ACK")
                if delivery.times > 1:
                    with contextlib.suppress(StreamError):
                        self._loop.result(forget_attempts(self._connection, group, delivery.sequence))
            elif attempt < self._settings.attempts:
                if delivery.times == 1:  # else it is written down already
                    with contextlib.suppress(StreamError):
                        self._loop.result(begin_attempt(self._connection, group, delivery.sequence, 1))
                self._acknowledge(delivery, b"-NAK")
            else:
                self._put_aside(delivery, _words(raised), attempt)
            del raised  # its traceback holds this frame

    def _put_aside(self, delivery: Delivery, error: str, attempts: int) -> None:
        try:
            self._loop.result(put_aside(self._connection, self._settings.group, delivery, error, attempts))
            self._forget(delivery)
        except StreamError as failure:
            self._give_up(failure)

    def _give_up(self, failure: StreamError) -> None:
        """End the connection, unless it has ended: a frame it has would be held for as long as it lasts."""
        self._loop.call(partial(self._connection.end, failure))

    def _acknowledge(self, delivery: Delivery, how: bytes) -> None:
        with self._ready:
            self._done.append((delivery.reply, how))
            lagging, self._lagging = self._lagging, True
        if not (self._forget(delivery) or lagging):
            self._loop.call(self._wake_soon)

    def _forget(self, delivery: Delivery) -> bool:
        """Forget a frame, and return whether more are asked for because of that."""
        with self._ready:
            feed = self._held.pop(delivery.reply, None)
            return feed is not None and self._finish(feed)

    async def _begin(self, delivery: Delivery) -> tuple[int, bool] | None:
        """Write down an attempt at a frame that comes again; None if the frame went aside.

        Return the number of the attempt, and whether there may have been others. It isn't written down when
        a frame that comes for the first time is begun, which would cost more than all the rest. So if its
        worker died, it isn't known, and doesn't count.
        """
        group = self._settings.group
        written = await attempts(self._connection, group, delivery.sequence)
        begun = written or 0
        if begun >= self._settings.attempts:
            await put_aside(self._connection, group, delivery, _LAST_WORDS, begun)
            self._forget(delivery)
            return None
        await begin_attempt(self._connection, group, delivery.sequence, begun + 1)
        return begun + 1, written != 0

    # On the loop's thread:

    def _wake_soon(self) -> None:
        self._lag = asyncio.get_running_loop().call_later(_LAG, self._wake)

    def _came(self, feed: Feed, delivery: Delivery) -> None:
        with self._ready:
            self._held[delivery.reply] = feed
            super()._came(feed, delivery)

    async def _open(self, connection: Connection) -> None:
        self._connection, settings = connection, self._settings
        await self._beginning.open_stream(connection)
        consumers = await open_group(
            connection,
            settings.group,
            settings.kinds,
            self._beginning.place(settings.from_),
            settings.redeliver_after,
            settings.order,
        )
        deleted = LogError(f"the group {settings.group!r} of the log at {self._where.hosts()} was deleted")
        for consumer in consumers:
            feed = Feed(settings.ahead if settings.order is None else 1)
            came, unsent = partial(self._came, feed), partial(self._unsent, feed)
            feed.pull = await open_pull(connection, consumer, came, unsent, self._hear, deleted)
            self._feeds.append(feed)

    async def _tend(self, connection: Connection) -> None:
        if not self._over:  # what it gives back would come to it again
            await self._send_acknowledgements(connection)
        now = time.monotonic()
        if now > self._extended + self._settings.redeliver_after / 3:
            self._extended = now
            for reply in [*self._held]:
                await connection.send(reply, b"+WPI")

    async def _send_acknowledgements(self, connection: Connection) -> None:
        if self._lag is not None:
            self._lag.cancel()
        with self._ready:
            self._lagging = False
            done, self._done = self._done, deque()
        for reply, how in done:
            await connection.send(reply, how)

    async def _close(self, connection: Connection) -> None:
        """Give back what wasn't begun, for another worker to get at once."""
        await self._send_acknowledgements(connection)
        held = [Delivery(b"", reply) for reply in self._held]
        new = [one for one in held if one.times == 1]
        group = self._settings.group
        # Where it fails, it isn't known whether they were begun.
        await asyncio.gather(
            *(begin_none(connection, group, one.sequence) for one in new), return_exceptions=True
        )
        for one in held:
            await connection.send(one.reply, b"-NAK")


def _words(error: BaseException) -> str:
    text = printable(f"{type(error).__name__}: {error}"[: 4 * _LONGEST_ERROR])
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"
