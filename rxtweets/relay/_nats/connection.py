"""A log, as it is given, and a connection to its servers."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from rxtweets.errors import LogError, LogUnauthorized, StreamError

from .credentials import check_paths, is_seed, with_files_read
from .failures import ANSWER_TIMEOUT, as_error, words
from .subjects import Subjects
from .transport import Transport

_T = TypeVar("_T")

OLDEST = (2, 11)
"""The oldest version of nats-server: before it, a write can't depend on the last one of another subject."""

_CONNECT_TIMEOUT = 5.0

_CLOSE_TIMEOUT = 1.0
"""Seconds in which a connection ends in order; else it is cut."""

_PING_INTERVAL = 10
"""Seconds between two pings; a server that leaves two unanswered is away."""

_CHECK = 0.25
"""Seconds after which it is looked whether a connection is still there, while an answer is waited for."""

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


def check_options(options: dict[str, Any]) -> None:
    """Check who connects, and by which TLS.

    Raises:
        TypeError: there is no such option.
        ValueError: *tls* is no context, *nkeys_seed_str* no seed, or something no path that is to be one.
    """
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise TypeError(f"JetStream has no option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
    if not isinstance(options.get("tls"), ssl.SSLContext | None):
        raise ValueError(f"tls is an ssl.SSLContext, not {options['tls']!r}")
    seed = options.get("nkeys_seed_str")
    if seed is not None and not (isinstance(seed, str) and is_seed(seed.strip().encode())):
        raise ValueError("nkeys_seed_str is the seed of a user, such as 'SUA…'")  # it isn't shown
    check_paths(options)


class Connection:
    """A connection to a log's servers, on the loop's thread.

    Attributes:
        headers: the server's version and name.
        failure: the error that ended it, once that has happened.
        where: the log.
        subjects: those of the log's stream, with its partitions once it is open.
        client: nats-py's.
        js: its JetStream.
    """

    def __init__(self, where: Where, ended: Callable[[], object]) -> None:
        self.headers: dict[str, str] = {}
        self.failure: StreamError | None = None
        self.where = where
        self.subjects = Subjects(where.stream)
        self._ended = ended
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.client = Client()
        self._transport = Transport(
            "tls" in where.options or any(urlsplit(server).scheme == "tls" for server in where.servers)
        )
        self.client._transport = self._transport
        self.js = self.client.jetstream(timeout=ANSWER_TIMEOUT)
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
            options = with_files_read(self.where.options)
            async with asyncio.timeout(_CONNECT_TIMEOUT * max(2, len(self.where.servers))):
                await self.client.connect(
                    servers=[*self.where.servers],
                    name="rxtweets",
                    allow_reconnect=False,  # the operators do that, and tell
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=_CONNECT_TIMEOUT,  # type: ignore[arg-type]
                    ping_interval=_PING_INTERVAL,
                    max_outstanding_pings=2,
                    skip_subject_validation=True,  # they are made here, or by the server
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                    **options,
                )
        except Exception as error:
            raise self.failed(error, connecting=True) from error
        version = self.client.connected_server_version
        self.headers = {
            "server": f"nats-server {version._server_version}",
            "server-name": str(self.client._server_info.get("server_name", "")),
        }
        if (version.major or 0, version.minor or 0) < OLDEST:
            raise LogError(
                f"{self.headers['server']} is too old: a log needs {'.'.join(map(str, OLDEST))} or later"
            )

    async def _close(self) -> None:
        self._ended = lambda: None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self.client.close()
        self._transport.abort()

    async def _on_error(self, error: Exception) -> None:
        self._said = error
        if "permissions violation" in str(error).lower():
            self.end(LogUnauthorized(f"the log's server refused: {words(error)}"))

    async def _on_closed(self) -> None:
        self.end(self.failed(self.client.last_error or nats.errors.ConnectionClosedError()))

    def end(self, failure: StreamError) -> None:
        """End it with an error, unless it has ended."""
        if self.failure is None:
            self.failure = failure
            self._lost.set_result(None)
            self._ended()

    def failed(self, error: BaseException, *, connecting: bool = False) -> StreamError:
        """Return what *error* of nats-py's means."""
        if isinstance(error, nats.errors.NoServersError) and self._said is not None:
            error = self._said
        where = self.where
        return as_error(error, where.stream, where.hosts(), self.client.max_payload, connecting)

    def check(self) -> None:
        """Raise the error that ended the connection, once that has happened."""
        if self.client.is_closed:  # where its last bytes couldn't be sent, nats-py doesn't tell
            self.end(self.failed(self.client.last_error or nats.errors.ConnectionClosedError()))
        if self.failure is not None:
            raise self.failure

    async def ask(
        self, request: Coroutine[Any, Any, _T], *, but: type[nats.errors.Error] | tuple[()] = ()
    ) -> _T:
        """Return the answer to a request.

        Raises:
            StreamError: there is none, or it is a refusal; *but* one of nats-py's is raised as it is.
        """
        try:
            return await self._unless_lost(request)
        except but:
            raise
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self.failed(error) from error

    async def find(self, request: Coroutine[Any, Any, _T]) -> _T | None:
        """Return the answer to a request; None if it is that there is no such thing.

        Raises:
            StreamError: there is no answer, or it is another refusal.
        """
        try:
            return await self.ask(request, but=NotFoundError)
        except NotFoundError:
            return None

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

    async def send(
        self, subject: str, data: bytes, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a message, and don't wait for any answer."""
        try:
            await self.client.publish(subject, data, reply=reply, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise self.failure or self.failed(error) from error
