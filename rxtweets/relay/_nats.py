"""NATS JetStream, as a log is kept in it. No other module knows NATS.

A log is one stream, and every subject in it is written once:

======================================  =================================================================
`log.Post.1234`                         a message: its kind and its id, or a digest where it has none
`log.dead.group.17`                     a dead letter: the message 17, which a group couldn't work on
`log.again.group.23`                    the dead letter 23, to be worked on again by that group
`log.begun.group.17.2`                  the second attempt of a group at the message 17
`log.term.reader.5.0.0.…`               the term 5 of the lease `reader`, in which one reader writes
`log.of.7.Post.1234`                    a message in the partition 7 of a log that has some
`log.again.group.23.7`                  the same of a dead letter
======================================  =================================================================

The leases are keys of a bucket beside it. All of it runs on the loop of `_loop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport
from nats.js import api
from nats.js.kv import KeyValue

from rxtweets._printable import printable
from rxtweets.errors import (
    ConnectionFailed,
    LeaseLost,
    LogDiffers,
    LogError,
    LogUnauthorized,
    LogUnavailable,
    StreamError,
)

from .lease import Lease
from .letter import DeadLetter
from .status import GroupStatus, LogStatus

_T = TypeVar("_T")

From = Literal["new", "start"] | datetime
Order = Literal["author", "log"] | None

OLDEST = (2, 11)
"""The oldest version of nats-server: before it, a write can't depend on the last one of another subject."""

ANSWER_TIMEOUT = 5.0
"""Seconds after which an answer doesn't come any more."""

_LEASE_TIMEOUT = 2.0
"""Seconds for the answer to a lease, which is to be tried again before it runs out."""

_CONNECT_TIMEOUT = 5.0

_CLOSE_TIMEOUT = 1.0
"""Seconds in which a connection ends in order; else it is cut."""

_PING_INTERVAL = 10
"""Seconds between two pings; a server that leaves two unanswered is away."""

_HEARTBEAT = 5.0
"""Seconds of silence after which the server says that a request for messages stands."""

_PULL_EXPIRES = 30.0

_CHECK = 0.25
"""Seconds after which it is looked whether a connection is still there, while an answer is waited for."""

_PARTITIONS = "rxtweets-partitions"
"""The key of a stream's metadata that says into how many partitions its messages are put."""

_WRITTEN = "maximum messages per subject exceeded"
"""The reason why the second message of a subject isn't stored. Source: nats-server's server/store.go."""

_LOST = 10071
"""A write expected another last message of a subject: of a term that isn't the last."""

_UNDER_WAY = 10164
"""Another write that depends on the same filter is under way."""

_WAITED_FOR = {
    _UNDER_WAY,
    10008,  # the cluster has no leader
    10009,  # no leader of the cluster, too
    10005,  # no suitable peers for placement: not enough of the cluster are up
    10023,  # insufficient resources
    10047,  # insufficient storage resources available
    10028,  # memory resources exceeded for account
    10002,  # account resources exceeded
    10118,  # the stream is offline
    10119,  # the consumer is offline
    10077,  # it couldn't be stored: the disk is full, say
}
# Source of these numbers: nats-server's server/errors.json.

_OPTIONS = {
    "user",
    "password",
    "token",
    "user_credentials",
    "nkeys_seed",
    "nkeys_seed_str",
    "tls",
    "tls_hostname",
    "tls_handshake_first",
}
"""The options of `nats.connect` that say who connects, and by which TLS."""

_SIGNING = {"user_credentials", "nkeys_seed", "nkeys_seed_str"}
"""The options that need the package `nkeys`."""


class Where(NamedTuple):
    """A log, and how to get to it."""

    servers: tuple[str, ...]
    stream: str
    replicas: int | None
    keep: timedelta | None
    partitions: int | None
    options: dict[str, Any]

    def hosts(self) -> str:
        """Return the hosts, without credentials."""
        return ", ".join(urlsplit(server).netloc.rpartition("@")[2] for server in self.servers)

    def config(self) -> api.StreamConfig:
        """Return the settings of a new stream."""
        return api.StreamConfig(
            name=self.stream,
            description="A log of rxtweets",
            subjects=[f"{self.stream}.>"],
            retention=api.RetentionPolicy.LIMITS,
            storage=api.StorageType.FILE,
            num_replicas=self.replicas or 1,
            max_age=self.keep.total_seconds() if self.keep is not None else 0,
            # A second message of a subject is refused, for as long as the first is kept.
            max_msgs_per_subject=1,
            discard=api.DiscardPolicy.NEW,
            discard_new_per_subject=True,
            allow_msg_ttl=True,  # for what is never to be forgotten
            metadata={_PARTITIONS: str(self.partitions)} if self.partitions else None,
        )


def check_options(options: dict[str, Any]) -> None:
    """Check who connects, and by which TLS.

    Raises:
        ImportError: an option needs a package that isn't installed.
        TypeError: there is no such option.
        ValueError: *tls* is no context.
    """
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise TypeError(f"JetStream has no option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
    if not isinstance(options.get("tls"), ssl.SSLContext | None):
        raise ValueError(f"tls is an ssl.SSLContext, not {options['tls']!r}")
    for name in sorted(_SIGNING & options.keys()):
        if importlib.util.find_spec("nkeys") is None:
            raise ImportError(f"{name} needs the package nkeys: pip install 'nats-py[nkeys]'")


class _Error(msgspec.Struct):
    err_code: int = 0
    code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


_answer = msgspec.json.Decoder(_Answer).decode


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

    def headers(self, stream: str, number: int) -> dict[str, str]:
        """Return the headers of a write with that *number*.

        A cluster has one write under way for each filter, so there are many that find the same message.
        """
        filter_ = f"{stream}.term.{self.lease}.*" + "".join(
            ".*" if number >> bit & 1 else ".0" for bit in range(_BITS)
        )
        return {
            "Nats-Expected-Last-Subject-Sequence": str(self.sequence),
            "Nats-Expected-Last-Subject-Sequence-Subject": filter_,
        }


_BITS = 10

MOST_UNDER_WAY = 1 << _BITS
"""The most writes of a term that are under way at a time."""


class Delivery(NamedTuple):
    """A message as a group gets it.

    Attributes:
        frame: the bytes.
        reply: where to acknowledge it.
    """

    frame: bytes
    reply: str
    subject: str

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


class _Transport(TcpTransport):
    """A connection, by TLS from its handshake on.

    nats-py's own ends with a warning of asyncio's, and not at all after a handshake that failed. Also, it
    sends the credentials unencrypted to a server that says that it has no TLS.
    """

    def __init__(self, needs_tls: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._needs_tls = needs_tls

    def __bool__(self) -> bool:
        return True  # or nats-py makes another one

    async def connect_tls(
        self, uri: Any, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: float
    ) -> None:
        assert self._io_writer is not None
        await self._io_writer.start_tls(
            ssl_context, server_hostname=uri, ssl_handshake_timeout=connect_timeout
        )

    def write(self, payload: bytes) -> None:
        """Write; what is written first has the credentials."""
        assert self._io_writer is not None
        if self._needs_tls and self._io_writer.get_extra_info("ssl_object") is None:
            raise nats.errors.SecureConnWantedError
        super().write(payload)  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """Cut it."""
        if self._io_writer is not None:
            self._io_writer.transport.abort()


class Connection:
    """A connection to a log's servers, on the loop's thread.

    Attributes:
        headers: the server's version and name.
        failure: the error that ended it, once that has happened.
        partitions: the number of the stream's partitions, once it is open; 0 for none.
    """

    def __init__(self, where: Where, ended: Callable[[], object]) -> None:
        self.headers: dict[str, str] = {}
        self.failure: StreamError | None = None
        self.partitions = 0
        self._where = where
        self._ended = ended
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = Client()
        self._transport = _Transport(
            "tls" in where.options or any(urlsplit(server).scheme == "tls" for server in where.servers)
        )
        self._client._transport = self._transport
        self._js = self._client.jetstream(timeout=ANSWER_TIMEOUT)
        self._said: Exception | None = None  # what nats-py told of a failure

    async def __aenter__(self) -> Connection:
        try:
            await self._connect()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT * max(2, len(self._where.servers))):
                await self._client.connect(
                    servers=[*self._where.servers],
                    name="rxtweets",
                    allow_reconnect=False,  # the operators do that, and tell
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=_CONNECT_TIMEOUT,  # type: ignore[arg-type]
                    ping_interval=_PING_INTERVAL,
                    max_outstanding_pings=2,
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                    **self._where.options,
                )
        except Exception as error:
            raise self._failed(error, connecting=True) from error
        version = self._client.connected_server_version
        self.headers = {
            "server": f"nats-server {version._server_version}",
            "server-name": str(self._client._server_info.get("server_name", "")),
        }
        if (version.major or 0, version.minor or 0) < OLDEST:
            raise LogError(
                f"{self.headers['server']} is too old: a log needs {'.'.join(map(str, OLDEST))} or later"
            )

    async def _close(self) -> None:
        self._ended = lambda: None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._client.close()
        self._transport.abort()

    async def _on_error(self, error: Exception) -> None:
        self._said = error
        if "permissions violation" in str(error).lower():
            self._end(LogUnauthorized(f"the log's server refused: {_words(error)}"))

    async def _on_closed(self) -> None:
        self._end(self._failed(self._client.last_error or nats.errors.ConnectionClosedError()))

    def _end(self, failure: StreamError) -> None:
        if self.failure is None:
            self.failure = failure
            self._lost.set_result(None)
            self._ended()

    def _failed(self, error: BaseException, *, connecting: bool = False) -> StreamError:
        """Return what *error* of nats-py's means."""
        hosts = self._where.hosts()
        said = self._said
        if isinstance(error, nats.errors.NoServersError) and said is not None:
            error = said
        if (
            isinstance(error, nats.errors.AuthorizationError | nats.errors.InvalidUserCredentialsError)
            or "authorization violation" in str(error).lower()
        ):
            return LogUnauthorized(f"the log at {hosts} refused the credentials")
        if isinstance(error, nats.errors.SecureConnWantedError):
            return LogError(f"the log at {hosts} has no TLS, and was to be connected to by it")
        if isinstance(error, OSError) and error.filename is not None:
            return LogUnauthorized(f"{error.filename}: {error.strerror}")
        if isinstance(error, nats.js.errors.APIError) and error.err_code is not None:
            kind = LogUnavailable if error.err_code in _WAITED_FOR else LogError
            return kind(f"the log at {hosts}: {error.description}", error.err_code)
        if isinstance(error, nats.errors.MaxPayloadError):
            return LogError(
                f"a message is longer than the log at {hosts} takes: nats-server's max_payload is "
                f"{self._client.max_payload:,} bytes"
            )
        if isinstance(error, nats.errors.NoRespondersError | nats.js.errors.NoStreamResponseError):
            return LogUnavailable(f"nobody answers for the stream {self._where.stream!r} at {hosts}")
        if isinstance(error, nats.js.errors.ServiceUnavailableError):
            return LogUnavailable(
                f"no JetStream answers at {hosts}: nats-server needs -js, or a leader is being elected"
            )
        if isinstance(error, TimeoutError | asyncio.TimeoutError) and not connecting:
            return LogUnavailable(f"no answer of the log at {hosts} in {ANSWER_TIMEOUT:g} s")
        words = _words(error)
        return ConnectionFailed(
            f"{'no connection' if connecting else 'lost the connection'} to the log at {hosts}: {words}",
            system=words if isinstance(error, OSError) else "",
        )

    def check(self) -> None:
        """Raise the error that ended the connection, once that has happened."""
        if self._client.is_closed:  # where its last bytes couldn't be sent, nats-py doesn't tell
            self._end(self._failed(self._client.last_error or nats.errors.ConnectionClosedError()))
        if self.failure is not None:
            raise self.failure

    async def ask(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Return the answer to a request.

        Raises:
            StreamError: there is none, or it is a refusal.
        """
        try:
            return await self._unless_lost(request)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def _unless_lost(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Return the answer to a request, and don't wait for it when the connection is over."""
        task: asyncio.Future[Any] = asyncio.ensure_future(request)
        both = [task, self._lost]
        try:
            while not (await asyncio.wait(both, timeout=_CHECK, return_when=asyncio.FIRST_COMPLETED))[0]:
                self.check()
        finally:
            if not task.cancel() and not task.cancelled():
                task.exception()  # which asyncio reports if nobody looks at it
        self.check()
        answer: _T = task.result()
        return answer

    async def _send(
        self, subject: str, data: bytes, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a message, and don't wait for any answer."""
        try:
            await self._client.publish(subject, data, reply=reply, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def open_stream(self, *, create: bool) -> None:
        """See to it that the stream is there, with what a log needs and was asked for.

        Raises:
            LogDiffers: it has others.
            LogError: it isn't there, and isn't to be created, or can't be.
        """
        where, asked = self._where, self._where.config()
        try:
            info = await self._unless_lost(self._js.stream_info(where.stream))
        except nats.js.errors.NotFoundError:
            if not create:
                raise LogError(f"the stream {where.stream!r} at {where.hosts()} is gone", 10059) from None
            await self.ask(self._js.add_stream(asked))
            self.partitions = where.partitions or 0
            return
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error
        there = info.config
        self.partitions = int((there.metadata or {}).get(_PARTITIONS, "0"))
        names = (
            *(
                "subjects",
                "retention",
                "storage",
                "max_msgs_per_subject",
                "discard",
                "discard_new_per_subject",
                "allow_msg_ttl",
            ),
            *(["num_replicas"] if where.replicas is not None else []),
            *(["max_age"] if where.keep is not None else []),
        )
        _check_same(
            f"the stream {where.stream!r} at {where.hosts()}",
            [
                *((name, getattr(there, name), getattr(asked, name)) for name in names),
                (
                    "partitions",
                    self.partitions,
                    self.partitions if where.partitions is None else where.partitions,
                ),
            ],
        )

    def subject(self, subject: str, key: int) -> str:
        """Return the subject of a message, of that below the log's and the key of its partition."""
        stream = self._where.stream
        return f"{stream}.of.{key % self.partitions}.{subject}" if self.partitions else f"{stream}.{subject}"

    def subjects(self, group: str, kinds: list[str] | None, partition: int | None = None) -> list[str]:
        """Return the subjects of the messages that a group gets, of all partitions or of one."""
        stream, one = self._where.stream, "*" if partition is None else partition
        messages, again = f"{stream}.", f"{stream}.again.{group}.*"
        if self.partitions:
            messages, again = f"{stream}.of.{one}.", f"{again}.{one}"
        return [*(f"{messages}{kind}.*" for kind in kinds or "*"), again]

    async def write(self, subject: str, frame: bytes, headers: dict[str, str] | None = None) -> None:
        """Write a message and wait until it is stored; do nothing if its subject has been written already."""
        try:
            await self._unless_lost(self._js.publish(subject, frame, headers=headers, timeout=ANSWER_TIMEOUT))
        except nats.js.errors.APIError as error:
            if error.description != _WRITTEN:
                raise self._failed(error) from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def writer(
        self, answered: Callable[[int, StreamError | None], object], term: Term | None = None
    ) -> Callable[[int, str, bytes], Coroutine[Any, Any, None]]:
        """Return a function that sends a message with a number, a subject and its bytes, and doesn't wait.

        *answered* is called with the number, and with None once it is stored, else with why it isn't: a
        `LeaseLost` if the *term* is over.
        """
        inbox = self._client.new_inbox()
        skipped = len(inbox) + 1
        stream = self._where.stream
        headers = [] if term is None else [term.headers(stream, one) for one in range(MOST_UNDER_WAY)]

        async def on_answer(message: Msg) -> None:
            number = int(message.subject[skipped:])
            data = message.data
            answered(number, None if data and b'"error"' not in data else self._refusal(data))

        await self.ask(self._client.subscribe(f"{inbox}.*", cb=on_answer))

        async def send(number: int, subject: str, frame: bytes) -> None:
            condition = headers[number % MOST_UNDER_WAY] if headers else None
            await self._send(subject, frame, f"{inbox}.{number}", condition)

        return send

    def _refusal(self, data: bytes) -> StreamError | None:
        error = _answer(data).error if data else None
        if error is None:  # a status without a body
            return self._failed(nats.errors.NoRespondersError())
        if error.description == _WRITTEN:
            return None
        if error.err_code == _LOST:
            return LeaseLost(f"another reader writes the log at {self._where.hosts()} now", _LOST)
        waited_for = error.err_code in _WAITED_FOR or error.code == 503
        return (LogUnavailable if waited_for else LogError)(
            f"the log at {self._where.hosts()}: {printable(error.description)}", error.err_code
        )

    async def open_leases(self, *, create: bool) -> KeyValue | None:
        """Return the log's leases; None if they aren't there, and aren't to be created."""
        bucket = f"{self._where.stream}-leases"
        try:
            return await self._unless_lost(self._js.key_value(bucket))
        except nats.js.errors.NotFoundError:
            if not create:
                return None
            info = await self.ask(self._js.stream_info(self._where.stream))
            replicas = info.config.num_replicas or 1
            config = api.KeyValueConfig(bucket, "Leases of rxtweets", replicas=replicas)
            return await self.ask(self._js.create_key_value(config))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def lease(self, leases: KeyValue, name: str) -> tuple[Lease | None, int]:
        """Return a lease, as it was last written, and its revision; 0 for one that never was."""
        try:
            found = await self._unless_lost(leases.get(name))
        except nats.js.errors.NotFoundError:
            return None, 0
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error
        return msgspec.json.decode(found.value or b"", type=Lease), found.revision or 0

    async def write_lease(self, leases: KeyValue, name: str, lease: Lease, revision: int) -> int | None:
        """Write a lease whose revision that is, and return its new one; None if it has another one."""
        try:
            async with asyncio.timeout(_LEASE_TIMEOUT):
                return await self._unless_lost(leases.update(name, msgspec.json.encode(lease), last=revision))
        except nats.js.errors.KeyWrongLastSequenceError:
            return None
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def last_term(self, lease: str) -> Term:
        """Return the last term of a lease that has begun; one with the number 0 if none has."""
        stream = self._where.stream
        try:
            last = await self._unless_lost(self._js.get_last_msg(stream, f"{stream}.term.{lease}.>"))
        except nats.js.errors.NotFoundError:
            return Term(lease, 0, 0)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error
        return Term(lease, int((last.subject or "").split(".")[3]), last.seq or 0)

    async def begin_term(self, before: Term) -> Term | None:
        """Begin the term after *before*, which can write nothing more then; None if that isn't the last."""
        stream, number = self._where.stream, before.number + 1
        filter_ = f"{stream}.term.{before.lease}.>"
        headers = {
            "Nats-Expected-Last-Subject-Sequence": str(before.sequence),
            "Nats-Expected-Last-Subject-Sequence-Subject": filter_,
            "Nats-TTL": "never",
        }
        subject = f"{stream}.term.{before.lease}.{number}" + ".0" * _BITS
        try:
            written = await self._unless_lost(
                self._js.publish(subject, b"", headers=headers, timeout=ANSWER_TIMEOUT)
            )
        except nats.js.errors.APIError as error:
            if error.err_code in (_LOST, _UNDER_WAY):
                return None
            raise self._failed(error) from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error
        await self.ask(self._js.purge_stream(stream, subject=filter_, keep=1))
        return Term(before.lease, number, written.seq)

    async def last_message(self) -> bytes | None:
        """Return the message that was written last; None for an empty log."""
        stream = self._where.stream
        subject = f"{stream}.of.*.*.*" if self.partitions else f"{stream}.*.*"
        try:
            return (await self._unless_lost(self._js.get_last_msg(stream, subject))).data
        except nats.js.errors.NotFoundError:
            return None
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def status(self) -> LogStatus:
        """Return what there is to say of the log."""
        stream = self._where.stream
        info = await self.ask(self._js.stream_info(stream, subjects_filter=f"{stream}.dead.>"))
        dead = Counter(subject.split(".")[2] for subject in info.state.subjects or {})
        consumers: list[api.ConsumerInfo] = []
        while True:
            some = await self.ask(self._js.consumers_info(stream, offset=len(consumers)))
            consumers += some
            if not some:
                break
        groups: dict[str, list[api.ConsumerInfo]] = {}
        for consumer in consumers:
            groups.setdefault(consumer.name.partition("@")[0], []).append(consumer)
        leases: dict[str, Lease] = {}
        bucket = await self.open_leases(create=False)
        if bucket is not None:
            with contextlib.suppress(nats.js.errors.NoKeysError):
                for name in await self._unless_lost(bucket.keys()):
                    lease, _ = await self.lease(bucket, name)
                    if lease is not None:
                        leases[name] = lease
        cluster = info.cluster
        peers = (cluster.replicas if cluster else None) or []
        return LogStatus(
            messages=info.state.messages,
            bytes=info.state.bytes,
            last=info.state.last_seq,
            leader=(cluster.leader if cluster else None) or "",
            replicas=info.config.num_replicas or 1,
            behind=tuple(peer.name or "" for peer in peers if peer.offline or not peer.current),
            leases=dict(sorted(leases.items())),
            groups=tuple(
                GroupStatus(
                    name=name,
                    waiting=sum(one.num_pending or 0 for one in group),
                    unacknowledged=sum(one.num_ack_pending or 0 for one in group),
                    redelivered=sum(one.num_redelivered or 0 for one in group),
                    done=min(one.ack_floor.stream_seq if one.ack_floor else 0 for one in group),
                    dead=dead[name],
                )
                for name, group in sorted(groups.items())
            ),
        )

    async def open_group(
        self, group: str, kinds: list[str] | None, from_: From, redeliver_after: float, order: Order
    ) -> list[str]:
        """See to it that the group's consumers are there, and return their names.

        One that keeps an order has one message under way at a time.

        Raises:
            LogDiffers: they have other settings.
            LogError: the log has no partitions, and they are needed.
        """
        there = f"the stream {self._where.stream!r} at {self._where.hosts()}"
        if order == "author" and not self.partitions:
            raise LogError(f"{there} has no partitions, by which authors are kept in order")
        forms: dict[Order, dict[str, int | None]] = {
            None: {group: None},
            "log": {f"{group}@log": None},
            "author": {f"{group}@{partition}": partition for partition in range(self.partitions)},
        }
        for name, partition in forms[order].items():
            info = await self._consumer(name)
            subjects = self.subjects(group, kinds, partition)
            if info is not None:
                _check_same(
                    f"the group {group!r} of {there}",
                    [
                        ("filter_subjects", sorted(info.filter_subjects or []), sorted(subjects)),
                        ("ack_wait", info.ack_wait, redeliver_after),
                    ],
                )
                continue
            for other in forms.keys() - {order} if partition in (None, 0) else ():
                if forms[other] and await self._consumer(next(iter(forms[other]))) is not None:
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
                filter_subjects=subjects,
            )
            await self.ask(self._js.add_consumer(self._where.stream, asked))
        return [*forms[order]]

    async def _consumer(self, name: str) -> api.ConsumerConfig | None:
        """Return the settings of a consumer, if it is there."""
        try:
            info: api.ConsumerInfo = await self._unless_lost(self._js.consumer_info(self._where.stream, name))
            return info.config
        except nats.js.errors.NotFoundError:
            return None
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error

    async def reader(
        self,
        consumer: str,
        came: Callable[[Delivery], object],
        unsent: Callable[[int | None], object],
        heard: Callable[[], object],
    ) -> tuple[Callable[[int], Coroutine[Any, Any, None]], Callable[[], Coroutine[Any, Any, None]]]:
        """Return a function that asks a consumer for so many more messages, and one after which none comes.

        *came* is called with each, *unsent* with how many of those asked for don't come any more (None: none
        of all), and *heard* for every sign of life.
        """
        inbox = self._client.new_inbox()

        async def on_message(message: Msg) -> None:
            heard()
            headers = message.headers or {}
            status = headers.get(api.Header.STATUS) if not message.reply else None
            if status is None:
                came(Delivery(message.data, message.reply, message.subject))
            elif status == "503":
                self._end(self._failed(nats.errors.NoRespondersError()))
            elif status == "409" and "deleted" in headers.get(api.Header.DESCRIPTION, "").lower():
                group = consumer.partition("@")[0]
                self._end(LogError(f"the group {group!r} of the log at {self._where.hosts()} was deleted"))
            elif status not in ("100", "404", "408"):
                description = printable(headers.get(api.Header.DESCRIPTION, ""))
                self._end(LogUnavailable(f"the log at {self._where.hosts()}: {status} {description}"))
            elif status != "100":
                left = headers.get("Nats-Pending-Messages")
                unsent(int(left) if left is not None else None)

        subscription = await self.ask(self._client.subscribe(inbox, cb=on_message))
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._where.stream}.{consumer}"

        async def pull(count: int) -> None:
            request = {
                "batch": count,
                "expires": int(_PULL_EXPIRES * 1e9),
                "idle_heartbeat": int(_HEARTBEAT * 1e9),
            }
            await self._send(subject, msgspec.json.encode(request), inbox)

        async def end() -> None:
            await self.ask(subscription.drain())  # type: ignore[no-untyped-call]

        return pull, end

    async def acknowledge(self, reply: str, how: bytes = b"+ACK") -> None:
        """Acknowledge a message, or say what else becomes of it; without waiting."""
        await self._send(reply, how)

    async def attempts(self, group: str, sequence: int) -> int:
        """Return how many attempts at a message were written down; the first isn't."""
        subject = f"{self._where.stream}.begun.{group}.{sequence}.*"
        try:
            last = await self._unless_lost(self._js.get_last_msg(self._where.stream, subject))
        except nats.js.errors.NotFoundError:
            return 0
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self._failed(error) from error
        return int((last.subject or "0").rpartition(".")[2])

    async def begin(self, group: str, sequence: int, attempt: int) -> None:
        """Write down an attempt at a message."""
        await self.write(f"{self._where.stream}.begun.{group}.{sequence}.{attempt}", b"")

    async def forget_attempts(self, group: str, sequence: int) -> None:
        """Delete what was written down of attempts at a message."""
        subject = f"{self._where.stream}.begun.{group}.{sequence}.*"
        await self.ask(self._js.purge_stream(self._where.stream, subject=subject))

    async def put_aside(self, group: str, delivery: Delivery, error: str, attempts: int) -> None:
        """Write a dead letter, and don't send its message to the group any more."""
        headers = {"Rxtweets-Error": json.dumps(error), "Rxtweets-Attempts": str(attempts)}
        subject = f"{self._where.stream}.dead.{group}.{delivery.sequence}"
        await self.write(subject, delivery.frame, headers)
        await self.acknowledge(delivery.reply, b"+TERM")

    async def letters(self, group: str) -> AsyncGenerator[DeadLetter]:
        """Yield the dead letters of a group, the oldest first."""
        stream, sequence = self._where.stream, 1
        while True:
            try:
                found = await self._unless_lost(
                    self._js.get_msg(stream, seq=sequence, subject=f"{stream}.dead.{group}.*", next=True)
                )
            except nats.js.errors.NotFoundError:
                return
            except (nats.errors.Error, OSError, TimeoutError) as error:
                raise self.failure or self._failed(error) from error
            headers = found.headers or {}
            assert found.seq is not None
            sequence = found.seq + 1
            yield DeadLetter(
                found.seq,
                found.time,  # type: ignore[arg-type]
                found.data or b"",
                json.loads(headers.get("Rxtweets-Error", '""')),
                int(headers.get("Rxtweets-Attempts", "0")),
            )

    async def send_again(self, group: str, letter: DeadLetter, key: int) -> None:
        """Send the message of a dead letter to the group again, and delete the letter."""
        subject = f"{self._where.stream}.again.{group}.{letter.sequence}"
        if self.partitions:
            subject = f"{subject}.{key % self.partitions}"
        await self.write(subject, letter.frame)
        await self.ask(self._js.delete_msg(self._where.stream, letter.sequence))


def _check_same(what: str, settings: list[tuple[str, object, object]]) -> None:
    differing = {name: (there, asked) for name, there, asked in settings if there != asked}
    if differing:
        raise LogDiffers(what, {name: (str(there), str(asked)) for name, (there, asked) in differing.items()})


def _words(error: BaseException) -> str:
    """Return what *error* says, or its class where it says nothing."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and (error.errno or 0) > 0:
        assert error.errno is not None
        return os.strerror(error.errno)  # asyncio says only that a call has failed
    return printable(str(error).removeprefix("nats: ")) or type(error).__name__
