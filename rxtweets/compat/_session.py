"""One stream, from its start to its end, forwarded to a listener."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from requests.auth import AuthBase

from rxtweets.backoff import BackoffPolicy, Retry
from rxtweets.connection import connect
from rxtweets.endpoints import Endpoint
from rxtweets.errors import (
    HTTPStatusError,
    StreamDisconnected,
    StreamError,
    StreamStalled,
)
from rxtweets.messages import Connected, Disconnected, KeepAlive, Message
from rxtweets.operators import decode, retry_with_backoff
from rxtweets.transport import Transport

from ._loop import Loop


class Client(Protocol):
    """The `Stream` that a session calls."""

    listener: Any

    def on_closed(self, resp: Any) -> None: ...


class Session:
    """The chain of `rxtweets.Stream`, read on the thread that calls `play`, where the listener is called.

    Args:
        client: the stream whose listener is called.
        endpoint: what to connect to.
        auth: the credentials.
        policy: the back-off between sessions.
        transport: how to connect.
        on_end: called with this session when it is over, before the listener hears of an exception.
    """

    def __init__(
        self,
        client: Client,
        endpoint: Endpoint,
        auth: AuthBase | None,
        policy: BackoffPolicy,
        transport: Transport,
        on_end: Callable[[Session], None],
    ) -> None:
        self._client = client
        self._on_end = on_end
        self._answered: StreamError | None = None
        self._failure: Exception | None = None
        self._loop = Loop()
        settings = {**msgspec.structs.asdict(policy), "also_retry": (HTTPStatusError,)}
        asking = _ListenerPolicy(goes_on=self._goes_on, **settings)
        chain = connect(endpoint, auth, transport=transport).pipe(decode(), retry_with_backoff(asking))
        self._subscription = chain.subscribe(self._forward, self._fail, scheduler=self._loop)

    def play(self) -> None:
        """Block until the stream is over.

        Raises what the listener raised, or the error that ended the stream, once `on_exception` has heard of
        it; nothing for an end that `on_error` or `on_timeout` has heard of.
        """
        try:
            self._loop.run()
            if self._failure is not None:
                raise self._failure
        except Exception as error:
            self.stop()
            self._client.listener.on_exception(error)
            raise
        finally:
            self.stop()

    def stop(self) -> None:
        """End the stream, from any thread; `play` then returns, and no call begins."""
        self._subscription.dispose()
        self._on_end(self)

    def _forward(self, item: object) -> None:
        listener = self._client.listener
        answer: object = None
        if isinstance(item, Message):
            # Tweepy's raw data ends with the line end, and programs write it to a file of lines.
            answer = listener.on_data(item.raw.decode("utf-8", "replace") + "\r\n")
        elif isinstance(item, KeepAlive):
            answer = listener.keep_alive()
        elif isinstance(item, Connected):
            answer = listener.on_connect()
        elif isinstance(item, Disconnected) and isinstance(item.cause, StreamDisconnected):
            self._client.on_closed(None)
        if answer is False:
            self.stop()

    def _goes_on(self, error: StreamError) -> bool:
        """Return whether the listener wants to go on after *error*."""
        listener = self._client.listener
        if isinstance(error, HTTPStatusError):
            answer = listener.on_error(error.status_code)
        elif isinstance(error, StreamStalled):
            answer = listener.on_timeout()
        else:
            return True
        self._answered = error
        return answer is not False

    def _fail(self, error: Exception) -> None:
        if error is not self._answered:
            self._failure = error


class _ListenerPolicy(BackoffPolicy, frozen=True, kw_only=True):
    """A policy that asks before anything else, and retries every HTTP error for which the answer is True."""

    goes_on: Callable[[StreamError], bool]

    def next(self, error: Exception, now: float, *, stale_ended: bool = False) -> Retry | None:
        if isinstance(error, StreamError) and not self.goes_on(error):
            return None
        return super().next(error, now, stale_ended=stale_ended)
