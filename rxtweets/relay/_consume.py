"""`consume`: a worker of a group, as a cold Observable of one session."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from contextvars import copy_context
from typing import Any, NamedTuple

from reactivex import Observable, abc

from rxtweets._observable import StreamObservable
from rxtweets._printable import printable
from rxtweets._waiting import listener, watcher
from rxtweets.errors import LogUnavailable, StreamError
from rxtweets.messages import Connected, Connecting, Disconnected, Lifecycle, Redelivered

from ._loop import loop_thread
from ._nats.connection import Connection, Where
from ._nats.groups import (
    Delivery,
    From,
    Order,
    Pull,
    attempts,
    begin_attempt,
    forget_attempts,
    open_group,
    open_pull,
)
from ._nats.letters import put_aside
from ._nats.stream import open_stream

_SILENCE = 15.0
"""Seconds without a sign of life, after which a log that was asked for messages is away: three heartbeats."""

_LAG = 0.02
"""Seconds for which acknowledgements wait for others: to wake the loop is most of what one costs."""

_LONGEST_ERROR = 1000
"""The most characters that are kept of an exception."""

_LAST_WORDS = "its worker died in the last attempt"

_numbers = itertools.count(1)


class Settings(NamedTuple):
    """The arguments of `JetStream.consume`; *kinds* are names."""

    group: str
    kinds: list[str] | None
    from_: From
    attempts: int
    ahead: int
    redeliver_after: float
    order: Order


class _Feed:
    """One of the group's consumers: what this worker has of it, and may have.

    Attributes:
        asked: for so many frames that haven't come.
        held: so many have come, and aren't acknowledged.
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


def consume(where: Where, settings: Settings) -> Observable[bytes | Lifecycle]:
    """Return the frames and events of one session; see `JetStream.consume`."""

    def subscribe(
        observer: abc.ObserverBase[bytes | Lifecycle], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return _Worker(where, settings, observer)

    return StreamObservable(subscribe)


class _Worker(abc.DisposableBase):
    """One session: frames come on the loop's thread, and are worked on on one of its own."""

    def __init__(self, where: Where, settings: Settings, observer: abc.ObserverBase[Any]) -> None:
        self._where = where
        self._settings = settings
        self._observer = observer
        self._ready = threading.Condition(threading.RLock())  # a signal handler may dispose while it is held
        self._queue: deque[Delivery | Lifecycle] = deque()
        self._held: dict[str, _Feed] = {}  # whose frames came and aren't acknowledged, by their reply
        self._done: deque[tuple[str, bytes]] = deque()  # what is to be acknowledged, and how
        self._lagging = False
        self._lag: asyncio.TimerHandle | None = None
        self._over = False  # nothing more is delivered
        self._idle = False  # and nothing is worked on
        self._failure: Exception | None = None
        self._raised: BaseException | None = None
        self._wake_up: asyncio.Event
        self._connection: Connection
        self._heard = 0.0
        context = copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        context.run(watcher.set, self._watch)
        self._thread = threading.Thread(
            target=context.run, args=[self._work], name=f"rxtweets-relay-{next(_numbers)}", daemon=True
        )
        self._loop = loop_thread.start(self._session, self.dispose)
        self._thread.start()

    def dispose(self) -> None:
        """Deliver nothing more, and give back what isn't done. On any thread, and returns at once."""
        with self._ready:
            self._over = True
            self._ready.notify()
        self._loop.call(self._wake)

    # On the thread that works:

    def _watch(self, error: BaseException) -> None:
        if threading.current_thread() is self._thread:  # others may run in copies of its context
            self._raised = error

    def _work(self) -> None:
        try:
            while (item := self._next()) is not None:
                if isinstance(item, Delivery):
                    self._work_on(item)
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
                if self._queue and (self._failure is None or isinstance(self._queue[0], Lifecycle)):
                    return self._queue.popleft()
                if self._failure is not None:
                    if not self._queue:
                        return None
                    self._queue.popleft()  # it can't be acknowledged any more
                    continue
                self._ready.wait()
        return None

    def _work_on(self, delivery: Delivery) -> None:
        attempt = 1
        if delivery.times > 1:
            try:
                attempt = self._loop.result(self._begin(delivery))
            except StreamError:
                return  # the connection is over
            if not attempt:
                return
            self._observer.on_next(Redelivered(attempt))
            if self._over:
                return
        self._raised = None
        try:
            self._observer.on_next(delivery.frame)
        except BaseException as error:
            self._raised = error
            raise
        finally:
            raised, self._raised = self._raised, None
            if raised is None:
                self._acknowledge(delivery, b"+ACK")
                if attempt > 1:
                    group = self._settings.group
                    with contextlib.suppress(StreamError):
                        self._loop.result(forget_attempts(self._connection, group, delivery.sequence))
            elif attempt < self._settings.attempts:
                self._acknowledge(delivery, b"-NAK")
            else:
                self._put_aside(delivery, _words(raised), attempt)
            del raised  # its traceback holds this frame

    def _put_aside(self, delivery: Delivery, error: str, attempts: int) -> None:
        with contextlib.suppress(StreamError):  # then it comes again, and goes aside when it does
            self._loop.result(put_aside(self._connection, self._settings.group, delivery, error, attempts))
            self._forget(delivery)

    def _acknowledge(self, delivery: Delivery, how: bytes) -> None:
        with self._ready:
            self._done.append((delivery.reply, how))
            lagging, self._lagging = self._lagging, True
        if not (self._forget(delivery) or lagging):
            self._loop.call(self._wake_soon)

    def _forget(self, delivery: Delivery) -> bool:
        """Forget a frame, and return whether more are asked for because of that."""
        with self._ready:
            feed = self._held.pop(delivery.reply, None)
            if feed is None:
                return False
            feed.held -= 1
            due = feed.free == feed.least
        if due:
            self._loop.call(self._wake)
        return due

    async def _begin(self, delivery: Delivery) -> int:
        """Return which attempt at a frame that comes again this is; 0 if it went aside."""
        group = self._settings.group
        begun = max(1, await attempts(self._connection, group, delivery.sequence))
        if begun >= self._settings.attempts:
            await put_aside(self._connection, group, delivery, _LAST_WORDS, begun)
            self._forget(delivery)
            return 0
        await begin_attempt(self._connection, group, delivery.sequence, begun + 1)
        return begun + 1

    # On the loop's thread:

    def _wake(self) -> None:
        event = getattr(self, "_wake_up", None)
        if event is not None:
            event.set()

    def _wake_soon(self) -> None:
        self._lag = asyncio.get_running_loop().call_later(_LAG, self._wake)

    async def _session(self) -> None:
        self._wake_up = asyncio.Event()
        connected = False
        self._put(Connecting())
        try:
            async with Connection(self._where, self._wake) as connection:
                self._connection = connection
                await open_stream(connection, create=True)
                settings = self._settings
                consumers = await open_group(
                    connection,
                    settings.group,
                    settings.kinds,
                    settings.from_,
                    settings.redeliver_after,
                    settings.order,
                )
                connected = True
                self._put(Connected(200, connection.headers))
                await self._read(connection, consumers)
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

    def _put(self, item: Delivery | Lifecycle) -> None:
        with self._ready:
            if not self._over:
                self._queue.append(item)
                self._ready.notify()

    def _fail(self, error: Exception) -> None:
        with self._ready:
            self._failure = error
            self._ready.notify()

    async def _open_feed(self, connection: Connection, consumer: str) -> _Feed:
        """Return one of the consumers, of which nothing has been asked yet."""
        feed = _Feed(self._settings.ahead if self._settings.order is None else 1)

        def came(delivery: Delivery) -> None:
            with self._ready:
                feed.asked -= 1
                feed.held += 1
                self._held[delivery.reply] = feed
                self._queue.append(delivery)
                self._ready.notify()

        def unsent(count: int | None) -> None:
            feed.asked = 0 if count is None else max(0, feed.asked - count)
            self._wake()

        feed.pull = await open_pull(connection, consumer, came, unsent, self._hear)
        return feed

    def _hear(self) -> None:
        self._heard = time.monotonic()

    async def _read(self, connection: Connection, consumers: list[str]) -> None:
        """Read on *connection* until the subscription or the connection is over."""
        self._hear()
        feeds = [await self._open_feed(connection, consumer) for consumer in consumers]
        loop = asyncio.get_running_loop()
        period = min(1.0, self._settings.redeliver_after / 3)
        extended = time.monotonic()
        timer = loop.call_later(period, self._wake)
        try:
            while True:
                self._wake_up.clear()
                connection.check()
                if not self._over:
                    await self._send_acknowledgements(connection)
                    await self._ask(feeds)
                elif self._idle:
                    for feed in feeds:  # before it gives back: what it has asked for would come to it again
                        await feed.pull.end()
                    await self._give_back(connection)
                    return
                now = time.monotonic()
                if any(feed.asked for feed in feeds) and now > self._heard + _SILENCE:
                    raise LogUnavailable(
                        f"nothing was heard of the log at {self._where.hosts()} for {_SILENCE:g} s"
                    )
                if now > extended + self._settings.redeliver_after / 3:
                    extended = now
                    for reply in [*self._held]:
                        await connection.send(reply, b"+WPI")
                if timer.when() <= loop.time():
                    timer = loop.call_later(period, self._wake)
                await self._wake_up.wait()
        finally:
            timer.cancel()

    async def _ask(self, feeds: list[_Feed]) -> None:
        if not any(feed.asked for feed in feeds):
            self._hear()
        for feed in feeds:
            free = feed.free
            if free >= feed.least:
                feed.asked += free
                await feed.pull.ask(free)

    async def _send_acknowledgements(self, connection: Connection) -> None:
        if self._lag is not None:
            self._lag.cancel()
        with self._ready:
            self._lagging = False
            done, self._done = self._done, deque()
        for reply, how in done:
            await connection.send(reply, how)

    async def _give_back(self, connection: Connection) -> None:
        """Give back what wasn't begun, for another worker to get at once."""
        await self._send_acknowledgements(connection)
        for reply in [*self._held]:
            await connection.send(reply, b"-NAK")


def _words(error: BaseException) -> str:
    text = printable(f"{type(error).__name__}: {error}"[: 4 * _LONGEST_ERROR])
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"
