"""`publish`: the writer of a log, as an operator."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rxtweets._observable import StreamObservable
from rxtweets._waiting import listener
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import LeaseLost, LogError, LogUnavailable, StreamError
from rxtweets.messages import (
    Delete,
    Dropped,
    Lifecycle,
    Message,
    Post,
    ScrubGeo,
    Status,
    StatusWithheld,
    decode,
)

from ._loop import loop_thread
from ._nats.connection import Connection, Where
from ._nats.failures import ANSWER_TIMEOUT
from ._nats.leases import Term
from ._nats.stream import open_stream, writer

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets")

_LAST_WRITES = 4.0
"""Seconds after a disposal in which what waits is written."""

_numbers = itertools.count(1)


class Fence(NamedTuple):
    """The term in which a reader of several writes.

    Attributes:
        term: the term; a write is refused once a later one has begun.
        stored: called with each message that is stored, on the loop's thread.
        ended: called when nothing more is written.
    """

    term: Term
    stored: Callable[[Any], object]
    ended: Callable[[], object]


def publish(
    where: Where,
    window: int,
    drop_after: float | None,
    policy: BackoffPolicy,
    fence: Fence | None = None,
) -> Callable[[Observable[_T]], Observable[_T | Dropped]]:
    """Return the operator; see `JetStream.publish`."""

    def publish_(source: Observable[_T]) -> Observable[_T | Dropped]:
        def subscribe(
            observer: abc.ObserverBase[_T | Dropped], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            writer = _Writer(where, window, drop_after, policy, fence, observer)
            try:
                writer.subscribe(source, scheduler)
            except BaseException:
                writer.dispose()
                raise
            return writer

        return StreamObservable(subscribe)

    return publish_


class Address(NamedTuple):
    """The place of a message in a log: its subject below the log's, the key of its partition, its bytes."""

    subject: str
    key: int
    frame: bytes


def address(item: Any) -> Address:
    """Return where in a log a frame or a message belongs. The key of its partition is its author's.

    What X sends is in it only as digits: other characters have a meaning there.

    Raises:
        ValueError: the item has no bytes as received.
    """
    message = decode(item) if isinstance(item, bytes) else item
    if not isinstance(message, Message) or not message.raw:
        raise ValueError(
            f"a log keeps messages as they were received, and {type(item).__name__} has no bytes of that: "
            "put log.publish() before what makes something else of messages"
        )
    identity = str(message.id) if isinstance(message, Post | Status) else ""
    if not (identity.isascii() and identity.isdigit() and len(identity) <= 20):
        identity = hashlib.blake2b(message.raw, digest_size=16).hexdigest()
    author = str(_author(message) or identity)
    return Address(f"{type(message).__name__}.{identity}", crc32(author.encode()), message.raw)


def _author(message: Message) -> int | str | None:
    match message:
        case Post():
            return message.author_id
        case Status():
            return message.user.id
        case Delete() | ScrubGeo() | StatusWithheld():
            return message.user_id
    return None


class _Entry:
    """An item on its way: stored once `frame` is None."""

    __slots__ = ("frame", "item", "key", "number", "subject")

    def __init__(self, item: Any, number: int, subject: str, key: int, frame: bytes | None) -> None:
        self.item = item
        self.number = number
        self.subject = subject
        self.key = key
        self.frame = frame


class _Writer(abc.DisposableBase):
    """One subscription: from its source to the log, and on to its observer."""

    def __init__(
        self,
        where: Where,
        window: int,
        drop_after: float | None,
        policy: BackoffPolicy,
        fence: Fence | None,
        observer: abc.ObserverBase[Any],
    ) -> None:
        self._where = where
        self._fence = fence
        self._window = window
        self._drop_after = drop_after
        self._policy = policy
        self._observer = observer
        self._source = SingleAssignmentDisposable()
        lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._room = threading.Condition(lock)
        self._ready = threading.Condition(lock)
        self._entries: deque[_Entry] = deque()  # in their order; of the first ones, some are stored
        self._waiting: dict[int, _Entry] = {}  # those that aren't
        self._to_send: deque[_Entry] = deque()
        self._numbers = itertools.count()
        self._woken = False
        self._away_since: float | None = time.monotonic()  # until the log answers
        self._end: Callable[[], object] | None = None
        self._over = False  # nothing more is taken
        self._disposed_at: float | None = None
        self._more: asyncio.Event
        self._last_answer = 0.0
        context = copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        self._thread = threading.Thread(
            target=context.run,
            args=[self._deliver],
            name=f"rxtweets-relay-publish-{next(_numbers)}",
            daemon=True,
        )
        self._loop = loop_thread.start(self._write, self.dispose)
        self._thread.start()

    def subscribe(self, source: Observable[Any], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to *source*."""
        self._source.disposable = source.subscribe(
            self._on_next,
            lambda error: self._finish(partial(self._observer.on_error, error)),
            lambda: self._finish(self._observer.on_completed),
            scheduler=scheduler,
        )

    def dispose(self) -> None:
        """Deliver nothing more; what waits is written. On any thread, and returns at once."""
        with self._room:
            if self._disposed_at is None:
                self._disposed_at = time.monotonic()
            self._over = True
            self._room.notify_all()
            self._ready.notify_all()
        self._source.dispose()
        self._loop.call(self._wake)

    def _on_next(self, item: Any) -> None:
        """Take *item* once there is room for it."""
        if isinstance(item, Lifecycle):
            with self._ready:
                if not self._over:
                    self._entries.append(_Entry(item, -1, "", 0, None))
                    self._ready.notify()
            return
        try:
            where = address(item)
        except ValueError as error:
            self._finish(partial(self._observer.on_error, error))
            return
        with self._room:
            # What the subscriber sends into the source doesn't wait: it is it that makes room.
            if threading.current_thread() is not self._thread:
                while len(self._waiting) >= self._window and not self._over:
                    left = self._until_drop()
                    if left is not None and left <= 0:
                        self._drop_oldest()
                    else:
                        self._room.wait(left)
            if self._over:
                return
            entry = _Entry(item, next(self._numbers), *where)
            self._entries.append(entry)
            self._waiting[entry.number] = entry
            self._to_send.append(entry)
            woken, self._woken = self._woken, True
        if not woken:
            self._loop.call(self._wake)

    def _until_drop(self) -> float | None:
        """Return the seconds until items may be dropped; None if they never are."""
        if self._drop_after is None or self._away_since is None:
            return self._drop_after
        return self._away_since + self._drop_after - time.monotonic()

    def _drop_oldest(self) -> None:
        """Put a `Dropped` in the place of the oldest item that isn't stored."""
        number = next(iter(self._waiting))
        entry = self._waiting.pop(number)
        entry.frame = None
        index = self._entries.index(entry)
        before = self._entries[index - 1] if index else None
        if before is not None and isinstance(before.item, Dropped) and before.number >= 0:
            told = before.item
            before.item = Dropped(told.count + 1, told.first, entry.item)
            del self._entries[index]
        else:
            _log.warning("messages are dropped, as the log at %s is away", self._where.hosts())
            entry.item = Dropped(1, entry.item, entry.item)

    def _finish(self, end: Callable[[], object]) -> None:
        with self._ready:
            if self._end is None:
                self._end = end
                self._ready.notify()

    def _fail(self, error: Exception) -> None:
        """End with *error*, after what is stored."""
        with self._ready:
            if self._waiting:
                error.add_note(f"{len(self._waiting)} messages weren't stored")
            self._over = True
            stored = itertools.takewhile(lambda entry: entry.frame is None, self._entries)
            self._entries = deque(stored)
            self._waiting.clear()
            self._end = partial(self._observer.on_error, error)
            self._ready.notify()
            self._room.notify_all()
        self._source.dispose()

    def _deliver(self) -> None:
        """Deliver what is stored, on a thread of its own, until the end."""
        forward = self._observer.on_next
        try:
            while (batch := self._next_batch()) is not None:
                for item in batch:
                    if self._disposed_at is not None:
                        return
                    forward(item)
            end = self._end
            if self._disposed_at is None and end is not None:
                end()
        finally:
            self.dispose()

    def _next_batch(self) -> list[Any] | None:
        """Wait for what is stored next, and return it; None at the end."""
        entries = self._entries
        with self._ready:
            while self._disposed_at is None:
                entries = self._entries
                batch: list[Any] = []
                while entries and entries[0].frame is None:
                    # More may be dropped, and is told together.
                    if isinstance(entries[0].item, Dropped) and entries[0].number >= 0 and self._may_grow():
                        break
                    batch.append(entries.popleft().item)
                if batch:
                    return batch
                if not entries and self._end is not None:
                    return None
                left = self._until_drop() if self._end is not None else None
                if left is not None and left <= 0:
                    while self._waiting:
                        self._drop_oldest()
                else:
                    self._ready.wait(left)
        return None

    def _may_grow(self) -> bool:
        return self._away_since is not None and self._end is None

    # On the loop's thread:

    def _wake(self) -> None:
        more = getattr(self, "_more", None)
        if more is not None:
            more.set()

    async def _write(self) -> None:
        """Write until the end, on one connection after the other."""
        self._more = asyncio.Event()
        try:
            await self._write_all()
        finally:
            if self._fence is not None:
                self._fence.ended()

    async def _write_all(self) -> None:
        policy = self._policy
        missing: type[LogError] | None = None
        while not self._is_done():
            try:
                async with Connection(self._where, self._wake) as connection:
                    await open_stream(connection, missing)
                    missing = LogError
                    await self._write_on(connection)
            except LeaseLost as error:
                self._fail(error)
                return
            except StreamError as error:
                with self._room:
                    if self._away_since is None:
                        policy = policy.healthy()
                        self._away_since = time.monotonic()
                    self._room.notify_all()
                retry = policy.next(error, time.time())
                if retry is None:
                    self._fail(error)
                    return
                policy = retry.policy
                _log.warning("the log is away, and tried again in %.2f s: %s", retry.delay, error)
                await self._pause(retry.delay)
            except Exception as error:
                self._fail(error)
                return

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or for a disposal."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._disposed_at is None:
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), left)
            except TimeoutError:
                return

    def _is_done(self) -> bool:
        """Return whether nothing is left to write, or the time for it is over."""
        with self._room:
            if self._disposed_at is None:
                return False
            left = len(self._waiting)
            if left and time.monotonic() < self._disposed_at + _LAST_WRITES:
                return False
        if left:
            _log.warning("%d messages couldn't be written to the log at %s", left, self._where.hosts())
        return True

    async def _write_on(self, connection: Connection) -> None:
        """Write on *connection* until it, or all, is over; first all that no other has stored."""
        loop = asyncio.get_running_loop()
        stored: list[int] = []  # those whose answers came together
        refused: list[StreamError] = []

        def answered(number: int, refusal: StreamError | None) -> None:
            if refusal is None:
                if not stored:
                    loop.call_soon(self._stored, stored)
                stored.append(number)
            else:
                refused.append(refusal)
                self._more.set()

        send = await writer(connection, answered, self._fence and self._fence.term)
        with self._room:
            self._to_send = deque(self._waiting.values())
            self._away_since = None
            self._ready.notify()
        self._last_answer = time.monotonic()
        timer = loop.call_later(1.0, self._wake)
        try:
            while not self._is_done():
                self._more.clear()
                with self._room:
                    self._woken = False
                    batch, self._to_send = self._to_send, deque()
                for entry in batch:
                    if entry.frame is not None:
                        subject = connection.subjects.message(entry.subject, entry.key)
                        await send(entry.number, subject, entry.frame)
                connection.check()
                if refused:
                    raise refused[0]
                if self._waiting and time.monotonic() > self._last_answer + ANSWER_TIMEOUT:
                    raise LogUnavailable(
                        f"the log at {self._where.hosts()} acknowledged nothing for {ANSWER_TIMEOUT:g} s"
                    )
                if not self._waiting:
                    self._last_answer = time.monotonic()
                if timer.when() <= loop.time():
                    timer = loop.call_later(1.0, self._wake)
                await self._more.wait()
        finally:
            timer.cancel()

    def _stored(self, numbers: list[int]) -> None:
        self._last_answer = time.monotonic()
        with self._ready:
            for number in numbers:
                entry = self._waiting.pop(number, None)
                if entry is not None:
                    if self._fence is not None:
                        self._fence.stored(entry.item)
                    entry.frame = None
            numbers.clear()
            left = len(self._waiting)
            if left <= self._window // 2:
                self._room.notify_all()
            if self._entries and self._entries[0].frame is None:
                self._ready.notify()
        if not left and self._disposed_at is not None:
            self._more.set()
