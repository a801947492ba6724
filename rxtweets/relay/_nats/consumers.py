"""Consumers: pulling messages from one, and those that last no longer than their reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from rxtweets._printable import printable
from rxtweets.errors import LogUnavailable, StreamError

from .connection import Connection

INACTIVE = 2.0
"""Seconds without a request after which the server deletes a consumer that isn't a group's."""

_HEARTBEAT = 5.0
"""Seconds of silence after which the server says that a request for messages stands."""

_PULL_EXPIRES = 30.0


class Delivery(NamedTuple):
    """A message as a consumer gets it.

    Attributes:
        frame: the bytes.
        reply: where to acknowledge it.
    """

    frame: bytes
    reply: str

    @property
    def times(self) -> int:
        """The number of times it has been sent to a worker, this time included."""
        return int(self._from_reply(4))

    @property
    def sequence(self) -> int:
        """Its number in the log."""
        return int(self._from_reply(5))

    def _from_reply(self, index: int) -> str:
        # $JS.ACK.<stream>.<consumer>.<count>.<sequence>.…; since 2.10 perhaps with a domain and an account
        # before the stream. Source: NATS's ADR-15.
        parts = self.reply.split(".")
        return parts[index if len(parts) == 9 else index + 2]


async def open_ephemeral(connection: Connection, kinds: list[str] | None, begin: int | datetime) -> str:
    """Create a consumer that acknowledges nothing, and return its name.

    It begins behind the message with the number *begin*, or at that time. The server keeps it in memory, and
    deletes it if nothing is asked of it for `INACTIVE` seconds.
    """
    policy, number, time_ = api.DeliverPolicy.BY_START_SEQUENCE, None, None
    if isinstance(begin, int):
        number = begin + 1
    else:
        policy, time_ = api.DeliverPolicy.BY_START_TIME, begin
    asked = api.ConsumerConfig(
        deliver_policy=policy,
        opt_start_seq=number,
        opt_start_time=time_,
        ack_policy=api.AckPolicy.NONE,
        mem_storage=True,
        inactive_threshold=INACTIVE,
        filter_subjects=connection.subjects.of_kinds(kinds),
    )
    return (await connection.ask(connection.js.add_consumer(connection.where.stream, asked))).name


async def delete_consumer(connection: Connection, name: str) -> None:
    """Delete a consumer, if it is there."""
    await connection.find(connection.js.delete_consumer(connection.where.stream, name))


class Pull:
    """Requests for a consumer's messages.

    Attributes:
        asked_at: the monotonic time of the last one.
    """

    def __init__(self, connection: Connection, consumer: str, inbox: str, subscription: Subscription) -> None:
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{connection.where.stream}.{consumer}"
        self._inbox = inbox
        self._subscription = subscription
        self.asked_at = time.monotonic()

    async def ask(self, count: int) -> None:
        """Ask for so many more messages, without waiting for them."""
        request = {
            "batch": count,
            "expires": int(_PULL_EXPIRES * 1e9),
            "idle_heartbeat": int(_HEARTBEAT * 1e9),
        }
        self.asked_at = time.monotonic()
        await self._connection.send(self._subject, msgspec.json.encode(request), self._inbox)

    async def end(self) -> None:
        """See to it that none comes any more."""
        await self._connection.ask(self._subscription.drain())  # type: ignore[no-untyped-call]


async def open_pull(
    connection: Connection,
    consumer: str,
    came: Callable[[Delivery], object],
    unsent: Callable[[int | None], object],
    heard: Callable[[], object],
    deleted: StreamError,
) -> Pull:
    """Return a way to pull messages from a consumer.

    *came* is called with each, *unsent* with how many of those asked for don't come any more (None: none of
    all), and *heard* for every sign of life. *deleted* is what the connection ends with if the consumer is.
    """
    inbox, hosts = connection.client.new_inbox(), connection.where.hosts()

    async def on_message(message: Msg) -> None:
        heard()
        headers = message.headers or {}
        status = headers.get(api.Header.STATUS) if not message.reply else None
        if status is None:
            came(Delivery(message.data, message.reply))
        elif status == "503":
            connection.end(connection.failed(nats.errors.NoRespondersError()))
        elif status == "409" and "deleted" in headers.get(api.Header.DESCRIPTION, "").lower():
            connection.end(deleted)
        elif status not in ("100", "404", "408"):
            description = printable(headers.get(api.Header.DESCRIPTION, ""))
            connection.end(LogUnavailable(f"the log at {hosts}: {status} {description}"))
        elif status != "100":
            left = headers.get("Nats-Pending-Messages")
            unsent(int(left) if left is not None else None)

    subscription = await connection.ask(connection.client.subscribe(inbox, cb=on_message))
    return Pull(connection, consumer, inbox, subscription)
