"""The stream of a log: its settings, and writing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NamedTuple

import nats.errors
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import APIError

from rxtweets.errors import LogError, StreamError

from .connection import Connection, Where
from .failures import ANSWER_TIMEOUT, NO_STREAM, WRITTEN, check_same, length, refusal
from .leases import Term
from .subjects import FENCES, Subjects

_PARTITIONS = "rxtweets-partitions"
"""The key of a stream's metadata that says into how many partitions its messages are put."""

_NEEDED = (
    "subjects",
    "retention",
    "storage",
    "max_msgs_per_subject",
    "discard",
    "discard_new_per_subject",
    "allow_msg_ttl",
)
"""The settings without which a stream is no log."""


def _settings(where: Where) -> api.StreamConfig:
    """Return the settings of a new stream."""
    return api.StreamConfig(
        name=where.stream,
        description="A log of rxtweets",
        subjects=[Subjects(where.stream).all()],
        retention=api.RetentionPolicy.LIMITS,
        storage=api.StorageType.FILE,
        num_replicas=where.replicas or 1,
        max_age=where.keep.total_seconds() if where.keep is not None else 0,
        # A second message of a subject is refused, for as long as the first is kept.
        max_msgs_per_subject=1,
        discard=api.DiscardPolicy.NEW,
        discard_new_per_subject=True,
        allow_msg_ttl=True,  # for what is never to be forgotten
        metadata={_PARTITIONS: str(where.partitions)} if where.partitions else None,
    )


class Stream(NamedTuple):
    """A stream, as it is now.

    Attributes:
        created: when it was; one that is made anew under its name may count from 1 again.
        last: the number of the message that was written last; 0 if none ever was.
        replicas: on how many servers each message is kept.
    """

    created: datetime | None
    last: int
    replicas: int


async def open_stream(connection: Connection, missing: type[LogError] | None) -> Stream:
    """See to it that the stream is there, with what a log needs and was asked for; return it.

    Raises:
        LogDiffers: it has others.
        LogError: it isn't there: an error of the class *missing*; by None it is created, or can't be.
    """
    where, asked = connection.where, _settings(connection.where)
    info = await connection.find(connection.js.stream_info(where.stream))
    if info is None:
        if missing is not None:
            raise missing(f"the stream {where.stream!r} at {where.hosts()} isn't there", NO_STREAM)
        info = await connection.ask(connection.js.add_stream(asked))
    there = info.config
    partitions = int((there.metadata or {}).get(_PARTITIONS, "0"))
    connection.subjects = Subjects(where.stream, partitions)
    what = f"the stream {where.stream!r} at {where.hosts()}"
    check_same(
        what,
        [(name, getattr(there, name), getattr(asked, name)) for name in _NEEDED],
        "It is no log: choose another name",
    )
    settings: list[tuple[str, object, object]] = []
    if where.replicas is not None:
        settings.append(("replicas", there.num_replicas, where.replicas))
    if where.keep is not None:
        settings.append(("keep", length(there.max_age), length(where.keep.total_seconds())))
    if where.partitions is not None:
        settings.append(("partitions", partitions or None, where.partitions))
    check_same(
        what,
        settings,
        "Give the settings that it has, or none; `nats stream edit` changes replicas and keep (its max-age)",
    )
    return Stream(info.created, info.state.last_seq, there.num_replicas or 1)


async def last_message(connection: Connection) -> bytes | None:
    """Return the message that was written last; None for an empty log."""
    subjects = connection.subjects
    found = await connection.find(connection.js.get_last_msg(subjects.stream, subjects.messages()))
    return None if found is None else found.data


async def write(
    connection: Connection, subject: str, frame: bytes, headers: dict[str, str] | None = None
) -> None:
    """Write a message and wait until it is stored; do nothing if its subject has been written already."""
    request = connection.js.publish(subject, frame, headers=headers, timeout=ANSWER_TIMEOUT)
    try:
        await connection.ask(request, but=APIError)
    except APIError as error:
        if error.description != WRITTEN:
            raise connection.failed(error) from error


async def writer(
    connection: Connection, answered: Callable[[int, StreamError | None], object], term: Term | None = None
) -> Callable[[int, str, bytes], Coroutine[Any, Any, None]]:
    """Return a function that sends a message with a number, a subject and its bytes, and doesn't wait.

    *answered* is called with the number, and with None once it is stored, else with why it isn't: a
    `LeaseLost` if the *term* is over.
    """
    inbox = connection.client.new_inbox()
    skipped = len(inbox) + 1
    hosts = connection.where.hosts()
    conditions = [] if term is None else [term.fence(connection.subjects, one) for one in range(FENCES)]

    async def on_answer(message: Msg) -> None:
        number = int(message.subject[skipped:])
        data = message.data
        if not data:  # a status without a body
            answered(number, connection.failed(nats.errors.NoRespondersError()))
        else:
            answered(number, refusal(data, hosts) if b'"error"' in data else None)

    await connection.ask(connection.client.subscribe(f"{inbox}.*", cb=on_answer))

    async def send(number: int, subject: str, frame: bytes) -> None:
        condition = conditions[number % FENCES] if conditions else None
        await connection.send(subject, frame, f"{inbox}.{number}", condition)

    return send
