"""The groups of a log: their durable consumers, and the attempts at messages."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from nats.js import api

from rxtweets.errors import LogDiffers, LogError

from .connection import Connection
from .failures import check_same, length
from .leases import if_last
from .stream import write
from .subjects import last_part

From = Literal["new", "start"] | datetime
Order = Literal["author", "log"] | None

_ADVICE = "Give those that it has, or name another group"


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
                    ("kinds", subjects.kinds(info.filter_subjects or []), subjects.kinds(filters)),
                    ("redeliver_after", length(info.ack_wait), length(redeliver_after)),
                ],
                _ADVICE,
            )
            continue
        for other in forms.keys() - {order} if partition in (None, 0) else ():
            if forms[other] and await _find_consumer(connection, next(iter(forms[other]))) is not None:
                differences = {"order": (str(other), str(order))}
                raise LogDiffers(f"the group {group!r} of {there}", differences, _ADVICE)
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


async def attempts(connection: Connection, group: str, sequence: int) -> int | None:
    """Return how many attempts at a message have begun; None if that isn't known."""
    subjects = connection.subjects
    request = connection.js.get_last_msg(subjects.stream, subjects.begun(group, sequence))
    last = await connection.find(request)
    return None if last is None else last_part(last.subject)


async def begin_attempt(connection: Connection, group: str, sequence: int, attempt: int) -> None:
    """Write down that an attempt at a message has begun."""
    await write(connection, connection.subjects.begun(group, sequence, attempt), b"")


async def begin_none(connection: Connection, group: str, sequence: int) -> None:
    """Write down that no attempt at a message has begun, unless more is known."""
    subjects = connection.subjects
    headers = if_last(0, subjects.begun(group, sequence))
    await write(connection, subjects.begun(group, sequence, 0), b"", headers)


async def forget_attempts(
    connection: Connection, group: str, sequence: int, attempt: int | str = "*"
) -> None:
    """Delete what was written down of one attempt at a message, or of all."""
    subjects = connection.subjects
    filter_ = subjects.begun(group, sequence, attempt)
    await connection.ask(connection.js.purge_stream(subjects.stream, subject=filter_))
