"""The groups of a log: their consumers, and the attempts at messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from rxtweets._printable import printable
from rxtweets.errors import LogDiffers, LogError, LogUnavailable

from .connection import Connection
from .failures import check_same
from .stream import write
from .subjects import last_part

From = Literal["new", "start"] | datetime
Order = Literal["author", "log"] | None

_HEARTBEAT = 5.0
"""Seconds of silence after which the server says that a request for messages stands."""

_PULL_EXPIRES = 30.0


async def open_group(
    connection: Connection,
    group: str,
    kinds: list[str] | None,
    from_: From,
    redeliver_after: float,
    order: Order,
) -> list[str]:
    """See to it that the group's consumers are there, and return their names.

    One that keeps an order has one message under way at a time.

    Raises:
        LogDiffers: they have other settings.
        LogError: the log has no partitions, and they are needed.
    """
    subjects = connection.subjects
    there = f"the stream {subjects.stream!r} at {connection.where.hosts()}"
    if order == "author" and not subjects.partitions:
        raise LogError(f"{there} has no partitions, by which authors are kept in order")
    forms: dict[Order, dict[str, int | None]] = {
        None: {group: None},
        "log": {f"{group}@log": None},
        "author": {f"{group}@{partition}": partition for partition in range(subjects.partitions)},
    }
    for name, partition in forms[order].items():
        info = await _find_consumer(connection, name)
        filters = subjects.of_group(group, kinds, partition)
        if info is not None:
            check_same(
                f"the group {group!r} of {there}",
                [
                    ("filter_subjects", sorted(info.filter_subjects or []), sorted(filters)),
                    ("ack_wait", info.ack_wait, redeliver_after),
                ],
            )
            continue
        for other in forms.keys() - {order} if partition in (None, 0) else ():
            if forms[other] and await _find_consumer(connection, next(iter(forms[other]))) is not None:
                raise LogDiffers(f"the group {group!r} of {there}", {"order": (str(other), str(order))})
        policy, time = api.DeliverPolicy.BY_START_TIME, from_ if isinstance(from_, datetime) else None
        if time is None:
            policy = api.DeliverPolicy.NEW if from_ == "new" else api.DeliverPolicy.ALL
        asked = api.ConsumerConfig(
            name=name,
            durable_name=name,
            deliver_policy=policy,
            opt_start_time=time,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=redeliver_after,
            max_ack_pending=100_000 if order is None else 1,
            max_deliver=-1,
            filter_subjects=filters,
        )
        await connection.ask(connection.js.add_consumer(subjects.stream, asked))
    return [*forms[order]]


async def _find_consumer(connection: Connection, name: str) -> api.ConsumerConfig | None:
    """Return the settings of a consumer, if it is there."""
    info = await connection.find(connection.js.consumer_info(connection.where.stream, name))
    return None if info is None else info.config


class Delivery(NamedTuple):
    """A message as a group gets it.

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


class Pull:
    """Requests for a consumer's messages."""

    def __init__(self, connection: Connection, consumer: str, inbox: str, subscription: Subscription) -> None:
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{connection.where.stream}.{consumer}"
        self._inbox = inbox
        self._subscription = subscription

    async def ask(self, count: int) -> None:
        """Ask for so many more messages, without waiting for them."""
        request = {
            "batch": count,
            "expires": int(_PULL_EXPIRES * 1e9),
            "idle_heartbeat": int(_HEARTBEAT * 1e9),
        }
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
) -> Pull:
    """Return a way to pull messages from a consumer.

    *came* is called with each, *unsent* with how many of those asked for don't come any more (None: none of
    all), and *heard* for every sign of life.
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
            group = consumer.partition("@")[0]
            connection.end(LogError(f"the group {group!r} of the log at {hosts} was deleted"))
        elif status not in ("100", "404", "408"):
            description = printable(headers.get(api.Header.DESCRIPTION, ""))
            connection.end(LogUnavailable(f"the log at {hosts}: {status} {description}"))
        elif status != "100":
            left = headers.get("Nats-Pending-Messages")
            unsent(int(left) if left is not None else None)

    subscription = await connection.ask(connection.client.subscribe(inbox, cb=on_message))
    return Pull(connection, consumer, inbox, subscription)


async def attempts(connection: Connection, group: str, sequence: int) -> int:
    """Return how many attempts at a message were written down; the first isn't."""
    subjects = connection.subjects
    request = connection.js.get_last_msg(subjects.stream, subjects.begun(group, sequence))
    last = await connection.find(request)
    return 0 if last is None else last_part(last.subject)


async def begin_attempt(connection: Connection, group: str, sequence: int, attempt: int) -> None:
    """Write down an attempt at a message."""
    await write(connection, connection.subjects.begun(group, sequence, attempt), b"")


async def forget_attempts(connection: Connection, group: str, sequence: int) -> None:
    """Delete what was written down of attempts at a message."""
    subjects = connection.subjects
    await connection.ask(connection.js.purge_stream(subjects.stream, subject=subjects.begun(group, sequence)))
