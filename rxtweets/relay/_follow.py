"""`consume` without a group: a reader of its own, as a cold Observable."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from reactivex import Observable, abc

from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import LogError, LogUnavailable
from rxtweets.messages import Lifecycle

from ._nats.connection import Connection, Where
from ._nats.consumers import INACTIVE, Delivery, delete_consumer, open_ephemeral, open_pull
from ._nats.groups import From
from ._nats.stream import Stream, open_stream
from ._session import Beginning, Feed, Session, in_sessions


class _Settings(NamedTuple):
    """The arguments of `JetStream.consume`; *kinds* are names."""

    kinds: list[str] | None
    from_: From
    ahead: int


class _Position(Beginning):
    """The place in a log that a subscription has got to.

    Attributes:
        after: the number in the log of what was delivered last, or was there before the beginning; or the
            time to begin at; None until it has been connected.
        created: when the stream was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.after: int | datetime | None = None
        self.created: datetime | None = None


def follow(
    where: Where, kinds: list[str] | None, from_: From, ahead: int, policy: BackoffPolicy
) -> Observable[bytes | Lifecycle]:
    """Return the frames and events of a reader without a group; see `JetStream.consume`."""
    settings = _Settings(kinds, from_, ahead)
    return in_sessions(lambda: partial(_Follower, where, settings, _Position()), policy)


class _Follower(Session):
    """One session. Nothing is acknowledged; the next one goes on behind what this one has delivered."""

    def __init__(
        self, where: Where, settings: _Settings, position: _Position, observer: abc.ObserverBase[Any]
    ) -> None:
        super().__init__(where, observer)
        self._settings = settings
        self._position = position
        self._consumer = ""
        self._received: int | datetime = 0  # as `_Position.after`, of what has come
        self._feed = Feed(settings.ahead)
        self._feeds.append(self._feed)

    # On the thread that delivers:

    def _deliver(self, delivery: Delivery) -> None:
        self._observer.on_next(delivery.frame)
        self._position.after = delivery.sequence
        self._finish(self._feed)

    # On the loop's thread:

    def _came(self, feed: Feed, delivery: Delivery) -> None:
        self._received = delivery.sequence
        super()._came(feed, delivery)

    async def _open(self, connection: Connection) -> None:
        position = self._position
        if position.after is None:
            stream = await position.open_stream(connection)
            place = position.place(self._settings.from_)
            position.after = place if isinstance(place, datetime) else {"new": stream.last, "start": 0}[place]
            position.created = stream.created
        else:
            stream = await open_stream(connection, LogError)
        self._received = position.after
        await self._open_consumer(connection, stream)

    async def _open_consumer(self, connection: Connection, stream: Stream) -> None:
        after, last = self._received, stream.last
        if stream.created != self._position.created or (isinstance(after, int) and after > last):
            raise LogError(
                f"the stream {self._where.stream!r} at {self._where.hosts()} isn't the one that was read: "
                f"it was created at {stream.created}, and ends at {last:,}"
            )
        self._consumer = await open_ephemeral(connection, self._settings.kinds, self._received)
        self._feed.pull = await open_pull(
            connection,
            self._consumer,
            partial(self._came, self._feed),
            partial(self._unsent, self._feed),
            self._hear,
            LogUnavailable(f"the log at {self._where.hosts()} has forgotten a reader without a group"),
        )

    async def _tend(self, connection: Connection) -> None:
        feed = self._feed
        # While a slow subscriber has enough nothing is asked for, and the server may forget who asked.
        idle = time.monotonic() - feed.pull.asked_at
        if not self._over and not feed.asked and feed.free >= feed.least and idle > INACTIVE / 2:
            await feed.pull.end()
            await self._close(connection)
            await self._open_consumer(connection, await open_stream(connection, LogError))

    async def _close(self, connection: Connection) -> None:
        await delete_consumer(connection, self._consumer)
