"""A session of a reader of a log, from its connection to its subscriber."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from reactivex import Observable, abc

from rxtweets._observable import StreamObservable
from rxtweets._schedulers import Subscribing
from rxtweets._waiting import listener
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import LogUnavailable, StreamError
from rxtweets.messages import Connected, Connecting, Disconnected, Lifecycle
from rxtweets.operators import retry_with_backoff

from ._loop import loop_thread
from ._nats.connection import Connection, Where
from ._nats.consumers import Delivery, Pull
from ._nats.failures import NO_STREAM
from ._nats.groups import From
from ._nats.stream import Stream, open_stream

_SILENCE = 15.0
"""Seconds without a sign of life, after which a log that was asked for messages is away: three heartbeats."""

_numbers = itertools.count(1)


class Feed:
    """A consumer, as this session reads it.

    Attributes:
        asked: for so many frames that haven't come.
        held: so many have come, and aren't done.
        least: so many are asked for together, at least.
    """

    def __init__(self, most: int) -> None:
        self.asked = 0
        self.held = 0
        self.least = (most + 1) // 2
        self._most = most
        self.pull: Pull

    @property
    def free(self) -> int:
        """For so many more may be asked."""
        return self._most - self.held - self.asked


class Beginning:
    """The place at which a subscription begins.

    Attributes:
        early: whether it was there before the stream, all of which is new to it then.
    """

    def __init__(self) -> None:
        self.early = False

    def place(self, from_: From) -> From:
        """Return where to begin, if asked to begin at *from_*."""
        return "start" if from_ == "new" and self.early else from_

    async def open_stream(self, connection: Connection) -> Stream:
        """Return the stream. One that isn't there is waited for: whoever writes it creates it."""
        try:
            return await open_stream(connection, LogUnavailable)
        except LogUnavailable as error:
            self.early = self.early or error.code == NO_STREAM
            raise


def in_sessions(
    begin: Callable[[], Callable[[abc.ObserverBase[Any]], Session]], policy: BackoffPolicy
) -> Observable[bytes | Lifecycle]:
    """Return a cold Observable of one session after the other.

    Each subscription calls *begin* once, and what that returns for each of its sessions.
    """

    def subscribe(
        observer: abc.ObserverBase[bytes | Lifecycle], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        make = begin()

        def open_session(
            observer: abc.ObserverBase[bytes | Lifecycle], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            return make(observer).start()

        sessions = StreamObservable(open_session).pipe(retry_with_backoff(policy))
        return sessions.subscribe(observer, scheduler=scheduler)

    return StreamObservable(subscribe)


class Session(abc.DisposableBase):
    """A session. Frames come on the loop's thread, and are delivered on one of its own."""

    _period = 1.0
    """Seconds after which `_tend` is called, at most."""

    def __init__(self, where: Where, observer: abc.ObserverBase[Any]) -> None:
        self._where = where
        self._observer = observer
        self._ready = threading.Condition(threading.RLock())  # a signal handler may dispose while it is held
        self._queue: deque[Delivery | Lifecycle] = deque()
        self._feeds: list[Feed] = []
        self._over = False  # nothing more is delivered
        self._idle = False  # and nothing is worked on
        self._subscribing = Subscribing()
        self._failure: Exception | None = None
        self._wake_up: asyncio.Event
        self._heard = 0.0
        self._context = copy_context()
        self._context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to

    def start(self) -> Session:
        """Open it."""
        self._thread = threading.Thread(
            target=self._context.run,
            args=[self._work],
            name=f"rxtweets-relay-{next(_numbers)}",
            daemon=True,
        )
        self._loop = loop_thread.start(self._run, self.dispose)
        self._thread.start()
        return self

    def dispose(self) -> None:
        """Deliver nothing more, and give back what isn't done. On any thread, and returns at once."""
        with self._ready:
            self._over = True
            self._ready.notify()
        self._subscribing.cancel()
        self._loop.call(self._wake)

    # On the thread that delivers:

    def _work(self) -> None:
        self._subscribing.wait()  # else frames that nobody gets would count as done
        try:
            while (item := self._next()) is not None:
                if isinstance(item, Delivery):
                    self._deliver(item)
                else:
                    self._observer.on_next(item)
        finally:
            failure, over = self._failure, self._over
            with self._ready:
                self._over = self._idle = True
            self._loop.call(self._wake)
        if failure is not None and not over:
            self._observer.on_error(failure)

    def _next(self) -> Delivery | Lifecycle | None:
        """Wait for what is next, and return it; None at the end."""
        with self._ready:
            while not self._over:
                if self._queue:
                    return self._queue.popleft()
                if self._failure is not None:
                    return None
                self._ready.wait()
        return None

    @abstractmethod
    def _deliver(self, delivery: Delivery) -> None:
        """Deliver a frame."""

    def _finish(self, feed: Feed) -> bool:
        """Be done with a frame, and return whether more are asked for because of that."""
        with self._ready:
            feed.held -= 1
            due = feed.free == feed.least
        if due:
            self._loop.call(self._wake)
        return due

    # On the loop's thread:

    @abstractmethod
    async def _open(self, connection: Connection) -> None:
        """Open the feeds."""

    @abstractmethod
    async def _tend(self, connection: Connection) -> None:
        """Do what is due before more frames are asked for."""

    @abstractmethod
    async def _close(self, connection: Connection) -> None:
        """Clean up after the last frame, with the feeds closed."""

    def _came(self, feed: Feed, delivery: Delivery) -> None:
        with self._ready:
            feed.asked -= 1
            feed.held += 1
            self._queue.append(delivery)
            self._ready.notify()

    def _unsent(self, feed: Feed, count: int | None) -> None:
        feed.asked = 0 if count is None else max(0, feed.asked - count)
        self._wake()

    def _hear(self) -> None:
        self._heard = time.monotonic()

    def _wake(self) -> None:
        event = getattr(self, "_wake_up", None)
        if event is not None:
            event.set()

    async def _run(self) -> None:
        self._wake_up = asyncio.Event()
        connected = False
        self._put(Connecting())
        try:
            async with Connection(self._where, self._wake) as connection:
                await self._open(connection)
                connected = True
                self._put(Connected(200, connection.headers))
                await self._read(connection)
        except StreamError as error:
            if connected:
                self._put(Disconnected(error))
            self._fail(error)
        except Exception as error:
            self._fail(error)
        finally:
            while not self._idle:  # it may need this loop
                self._wake_up.clear()
                await self._wake_up.wait()

    def _put(self, event: Lifecycle) -> None:
        with self._ready:
            if not self._over:
                self._queue.append(event)
                self._ready.notify()

    def _fail(self, error: Exception) -> None:
        with self._ready:
            self._failure = error
            self._ready.notify()

    async def _read(self, connection: Connection) -> None:
        """Read on *connection* until the subscription or the connection is over."""
        self._hear()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._period, self._wake)
        try:
            while True:
                self._wake_up.clear()
                connection.check()
                if self._over and self._idle:
                    for feed in self._feeds:  # what it has asked for would come to it again
                        await feed.pull.end()
                    await self._close(connection)
                    return
                await self._tend(connection)
                if not self._over:
                    await self._ask()
                if any(feed.asked for feed in self._feeds) and time.monotonic() > self._heard + _SILENCE:
                    raise LogUnavailable(
                        f"nothing was heard of the log at {self._where.hosts()} for {_SILENCE:g} s"
                    )
                if timer.when() <= loop.time():
                    timer = loop.call_later(self._period, self._wake)
                await self._wake_up.wait()
        finally:
            timer.cancel()

    async def _ask(self) -> None:
        if not any(feed.asked for feed in self._feeds):
            self._hear()
        for feed in self._feeds:
            free = feed.free
            if free >= feed.least:
                feed.asked += free
                await feed.pull.ask(free)
