"""The leases of a log, and the terms that begin with them."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from nats.js import api
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from rxtweets._printable import printable
from rxtweets.errors import LogError
from rxtweets.relay.lease import Lease

from .connection import Connection
from .failures import ANSWER_TIMEOUT, LOST, UNDER_WAY
from .subjects import Subjects, number_of

_TIMEOUT = 2.0
"""Seconds for the answer to a lease, which is to be tried again before it runs out."""


class Leases:
    """The leases, in a bucket of keys beside the log's stream."""

    def __init__(self, connection: Connection, bucket: KeyValue) -> None:
        self._connection = connection
        self._bucket = bucket

    async def names(self) -> list[str]:
        """Return the names of all leases."""
        # Not by `KeyValue.keys`, which reads all values, and waits for ever for a server that dies meanwhile.
        connection = self._connection
        bucket = _bucket(connection.where.stream)
        prefix = f"$KV.{bucket}."  # Source: NATS's ADR-8
        info = await connection.ask(connection.js.stream_info(f"KV_{bucket}", subjects_filter=f"{prefix}>"))
        return [subject.removeprefix(prefix) for subject in info.state.subjects or {}]

    async def read(self, name: str) -> Lease:
        """Return a lease, as it was last written; an empty one if it never was, or was deleted by hand.

        Raises:
            LogError: it isn't one.
        """
        try:
            found = await self._connection.ask(self._bucket.get(name), but=KeyNotFoundError)
        except KeyNotFoundError as error:  # the next write depends on the revision of a deletion, too
            return Lease(revision=error.entry.revision if error.entry is not None else 0)
        try:
            lease = msgspec.json.decode(found.value or b"", type=Lease)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            where = self._connection.where
            raise LogError(
                f"the lease {printable(name)!r} of the log at {where.hosts()} wasn't written by rxtweets: "
                f"delete that key of the bucket {_bucket(where.stream)!r} ({error})"
            ) from error
        return msgspec.structs.replace(lease, revision=found.revision or 0)

    async def write(self, name: str, lease: Lease) -> int | None:
        """Write a lease, if its revision is the last one; return the next one, or None if it isn't."""
        request = self._bucket.update(name, msgspec.json.encode(lease), last=lease.revision)
        try:
            return await self._connection.ask(
                asyncio.wait_for(request, _TIMEOUT), but=KeyWrongLastSequenceError
            )
        except KeyWrongLastSequenceError:
            return None


async def open_leases(connection: Connection, replicas: int) -> Leases:
    """Return the log's leases, which are created with so many *replicas* if they aren't there."""
    found = await find_leases(connection)
    if found is not None:
        return found
    config = api.KeyValueConfig(_bucket(connection.where.stream), "Leases of rxtweets", replicas=replicas)
    return Leases(connection, await connection.ask(connection.js.create_key_value(config)))


async def find_leases(connection: Connection) -> Leases | None:
    """Return the log's leases; None if there never was any."""
    bucket = await connection.find(connection.js.key_value(_bucket(connection.where.stream)))
    return None if bucket is None else Leases(connection, bucket)


def _bucket(stream: str) -> str:
    return f"{stream}-leases"


class Term(NamedTuple):
    """A reader's term: each of its writes is stored only while no later one of the same lease has begun.

    Attributes:
        lease: the name of the lease.
        number: 1 for the first of the lease, 2 for the next.
        sequence: that of the term's message in the log.
    """

    lease: str
    number: int
    sequence: int

    def fence(self, subjects: Subjects, number: int) -> dict[str, str]:
        """Return the headers of a write with that *number*."""
        return if_last(self.sequence, subjects.fence(self.lease, number))


def if_last(sequence: int, filter_: str) -> dict[str, str]:
    """Return the headers of a write that depends on what is the last message that a filter finds."""
    return {
        "Nats-Expected-Last-Subject-Sequence": str(sequence),
        "Nats-Expected-Last-Subject-Sequence-Subject": filter_,
    }


async def last_term(connection: Connection, lease: str) -> Term:
    """Return the last term of a lease that has begun; one with the number 0 if none has."""
    subjects = connection.subjects
    last = await connection.find(connection.js.get_last_msg(subjects.stream, subjects.terms(lease)))
    return Term(lease, 0, 0) if last is None else Term(lease, number_of(last.subject), last.seq or 0)


async def begin_term(connection: Connection, before: Term) -> Term | None:
    """Begin the term after *before*, which can write nothing more then; None if that isn't the last."""
    js, subjects, number = connection.js, connection.subjects, before.number + 1
    filter_ = subjects.terms(before.lease)
    headers = {**if_last(before.sequence, filter_), "Nats-TTL": "never"}
    subject = subjects.term(before.lease, number)
    try:
        written = await connection.ask(js.publish(subject, b"", headers=headers, timeout=ANSWER_TIMEOUT))
    except LogError as error:
        if error.code in (LOST, UNDER_WAY):
            return None
        raise
    await connection.ask(js.purge_stream(subjects.stream, subject=filter_, keep=1))
    return Term(before.lease, number, written.seq)
