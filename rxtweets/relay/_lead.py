"""`lead`: a reader of X among several, of whom one reads at a time.

The lease is a key whose revision grows each time its reader writes it again. A reader that stands by takes
it when it was given back, or when its revision hasn't changed for as long as it holds, by the own clock: no
two clocks are compared. The reader itself closes its connection to X earlier than that. Who takes the lease
begins a term, after which the log refuses what a reader of an earlier one writes, whatever that one believes.

The leases of a log are spread over the processes that stand by for them. One that has at least two fewer
than the one with the most asks for a lease, by a word in it, just after its reader has written it. That one
gives it back, for who asked, if it has two more itself. So each that moves makes them more even, and the last
move is followed by none. A process that took, gave or asked for one does none of it for a lease's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import platform
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any

import msgspec
from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rxtweets._observable import StreamObservable, source_of
from rxtweets._waiting import listener
from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import Endpoint
from rxtweets.errors import LeaseLost, LogError, LogUnavailable, StreamError
from rxtweets.messages import Connected, Leading, StandingBy, decode
from rxtweets.recovery import Checkpoint
from rxtweets.recovery.checkpoint import Journal, Progress
from rxtweets.recovery.core import Outage
from rxtweets.recovery.identity import time_of

from ._loop import loop_thread
from ._nats.connection import Connection, Where
from ._nats.leases import Leases, Term, begin_term, last_term, open_leases
from ._nats.stream import last_message, open_stream
from ._publish import Fence, publish
from .lease import Lease

_log = logging.getLogger("rxtweets")

_OWN = 0.8
"""The part of the lease's time after which its reader takes it for lost."""

_PERIODS = 10
"""The times a lease is written, or looked at, before it runs out."""

_STEP, _MOST_STEPS = 0.02, 0.2
"""The parts of a lease's time that a reader waits before it takes a free one: for each other that its process
has, and at most."""

_MORE = 2
"""The leases that a process has more than another one if it gives that one."""

_readers: set[_Reader] = set()
"""Those of this process; on the loop's thread."""

_MOST_UNANSWERED = 2
"""Requests without an answer in a row, after which another connection is tried."""

_numbers = itertools.count(1)


def lead(
    where: Where,
    name: str,
    seconds: float,
    window: int,
    policy: BackoffPolicy,
    open_stream: Callable[[Checkpoint], Observable[Any]],
) -> Observable[Any]:
    """Return the stream of one reader; see `JetStream.lead`."""

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return _Reader(where, name, seconds, window, policy, open_stream, observer, scheduler)

    return StreamObservable(subscribe)


class _LeaseJournal(Journal):
    """The progress of a term. It goes on after a disposal, as what waits is still written."""

    def close(self) -> None:
        """Do nothing."""


class _LeaseCheckpoint(Checkpoint):
    """The progress of a stream, in a lease."""

    def __init__(self, progress: Progress) -> None:
        super().__init__("", automatic=False)
        self._progress = progress

    def open(self, endpoint: Endpoint) -> Journal:
        """Return the progress of the stream of *endpoint*."""
        self._journal = _LeaseJournal(self._progress, automatic=False)
        return self._journal

    def now(self) -> Progress:
        """Return how far the log is."""
        return self._progress if self._journal is None else self._journal.now()

    def __repr__(self) -> str:
        return "<the checkpoint of a lease>"


class _Term:
    """A term of this reader's: its stream, on the way to the log."""

    def __init__(self, since: float, term: Term, progress: Progress) -> None:
        self.since = since
        self.term = term
        self.checkpoint = _LeaseCheckpoint(progress)
        self.stream = SingleAssignmentDisposable()
        self.over = False
        self.begun = False
        self.connected = ""
        self.written = asyncio.Event()  # all that was to be; on the loop's thread


class _Reader(abc.DisposableBase):
    """One subscription: stands by, leads, and stands by again."""

    def __init__(
        self,
        where: Where,
        name: str,
        seconds: float,
        window: int,
        policy: BackoffPolicy,
        open_stream: Callable[[Checkpoint], Observable[Any]],
        observer: abc.ObserverBase[Any],
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        self._where = where
        self._name = name
        self._seconds = seconds
        self._window = window
        self._policy = policy
        self._open_stream = open_stream
        self._observer = observer
        self._scheduler = scheduler
        self._me = f"{platform.node()}:{os.getpid()}"
        self._gate = threading.RLock()  # held while an item is delivered
        self._losing = threading.RLock()
        self._todo: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._leading: _Term | None = None
        self._until = 0.0  # by the monotonic clock: when the lease is taken for lost
        self._id = uuid.uuid4().hex
        self._revision = 0
        self._told: str | None = None  # the reader that others were told of
        self._watched: tuple[int, float] = (-1, 0.0)  # a revision, and since when it stands
        self._holder = ""  # who has the lease, where it is another one
        self._taking = False
        self._moved = time.monotonic()  # when it took, gave, or asked for the lease
        self._disposed = False
        self._end: Callable[[], object] | None = None
        self._wake_up: asyncio.Event
        context = copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        self._thread = threading.Thread(
            target=context.run, args=[self._work], name=f"rxtweets-relay-lead-{next(_numbers)}", daemon=True
        )
        self._loop = loop_thread.start(self._session, self.dispose)
        self._thread.start()

    def dispose(self) -> None:
        """Deliver nothing more, and give the lease back once what waits is written."""
        self._disposed = True
        leading = self._leading
        if leading is not None:
            leading.over = True
            leading.stream.dispose()
        self._loop.call(self._wake)

    # On the thread that subscribes and tells:

    def _work(self) -> None:
        while (do := self._todo.get()) is not None:
            do()

    def _tell(self, event: Any) -> None:
        with self._gate:
            if not self._disposed:
                self._observer.on_next(event)

    def _begin(self, leading: _Term) -> None:
        """Open the stream of a term."""
        self._tell(Leading(self._name, leading.term.number))
        if self._is_lost():
            self._lose(leading, self._too_late())
        if leading.over or self._disposed:
            return
        try:
            stream = source_of(self._open_stream(leading.checkpoint), "the function that opens a stream")
        except Exception as error:
            self._finish(leading, partial(self._observer.on_error, error))
            return
        fence = Fence(leading.term, leading.checkpoint.acknowledge, leading.written.set)
        guarded = StreamObservable(partial(self._guard, leading, stream))
        written = publish(self._where, self._window, None, self._policy, fence)(guarded)
        if self._may_write(leading):
            leading.stream.disposable = written.subscribe(
                partial(self._on_next, leading),
                partial(self._on_error, leading),
                lambda: self._finish(leading, self._observer.on_completed),
                scheduler=self._scheduler,
            )

    def _may_write(self, leading: _Term) -> bool:
        """Return whether a term still goes on; if so, its lease isn't given back before `written` is set."""
        with self._losing:
            leading.begun = not leading.over
            return leading.begun

    # On whatever thread reads X, or delivers what is written:

    def _is_lost(self) -> bool:
        """Return whether the lease has run out; also if this process stood still meanwhile."""
        return time.monotonic() >= self._until

    def _too_late(self) -> LeaseLost:
        return LeaseLost(f"the lease {self._name!r} couldn't be renewed for {self._seconds * _OWN:g} s")

    def _guard(
        self,
        leading: _Term,
        stream: Observable[Any],
        observer: abc.ObserverBase[Any],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Pass on what is read while the lease is held, and nothing after."""

        def on_next(item: Any) -> None:
            if leading.over or self._is_lost():
                self._lose(leading, self._too_late())
                return
            if item.__class__ is Connected:
                leading.connected = item.headers.get("date", "")
                self._loop.call(self._wake)
            observer.on_next(item)

        return stream.subscribe(on_next, observer.on_error, observer.on_completed, scheduler=scheduler)

    def _on_next(self, leading: _Term, item: Any) -> None:
        with self._gate:
            if not leading.over and not self._disposed:
                self._observer.on_next(item)

    def _on_error(self, leading: _Term, error: Exception) -> None:
        if isinstance(error, LeaseLost) or self._is_lost():
            self._lose(leading, error if isinstance(error, StreamError) else None)
        else:
            self._finish(leading, partial(self._observer.on_error, error))

    def _finish(self, leading: _Term, end: Callable[[], object]) -> None:
        """End, after the lease is given back."""
        with self._losing:
            if leading.over:
                return
            leading.over = True
        self._end = end
        self._loop.call(self._wake)

    def _lose(self, leading: _Term, cause: StreamError | None, level: int = logging.WARNING) -> None:
        """Close the connection to X, and stand by."""
        with self._losing:
            if leading.over:
                return
            leading.over = True
        leading.stream.dispose()
        self._told = None
        _log.log(level, "the lease %r is lost: %s", self._name, cause)
        self._todo.put(partial(self._tell, StandingBy(self._name, "", cause)))
        self._loop.call(self._wake)

    # On the loop's thread:

    def _wake(self) -> None:
        event = getattr(self, "_wake_up", None)
        if event is not None:
            event.set()

    def _is_over(self) -> bool:
        return self._disposed or self._end is not None

    async def _session(self) -> None:
        """Keep the lease, or wait for it, on one connection after the other."""
        self._wake_up = asyncio.Event()
        policy = self._policy
        missing: type[LogError] | None = None
        _readers.add(self)
        try:
            while not self._is_over():
                try:
                    async with Connection(self._where, self._wake) as connection:
                        stream = await open_stream(connection, missing)
                        missing = LogError
                        policy = self._policy
                        # It isn't asked for again: of a new stream a cluster may say that it isn't there.
                        await self._keep(connection, stream.replicas)
                except StreamError as error:
                    retry = policy.next(error, time.time())
                    if retry is None:
                        self._fail(error)
                        return
                    policy = retry.policy
                    _log.warning("the log's leases are tried again in %.2f s: %s", retry.delay, error)
                    await self._pause(retry.delay)
        except Exception as error:
            self._fail(error)
        finally:
            _readers.discard(self)
            if self._end is not None and not self._disposed:
                self._todo.put(self._tell_end)
            self._todo.put(None)

    def _tell_end(self) -> None:
        with self._gate:
            if self._end is not None and not self._disposed:
                self._end()

    def _fail(self, error: Exception) -> None:
        if self._leading is not None:
            self._leading.over = True
            self._leading.stream.dispose()
        if self._end is None:
            self._end = partial(self._observer.on_error, error)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until woken."""
        self._wake_up.clear()
        if not self._is_over():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake_up.wait(), seconds)

    def _expire(self, leading: _Term) -> None:
        """End a term whose lease has run out, whatever is being waited for; else look again when it does."""
        left = self._until - time.monotonic()
        if left > 0 and not leading.over:
            asyncio.get_running_loop().call_later(left, self._expire, leading)
        else:
            self._lose(leading, self._too_late())

    async def _keep(self, connection: Connection, replicas: int) -> None:
        """Keep the lease, or wait for it, until the subscription or the connection is over."""
        leases = await open_leases(connection, replicas)
        unanswered = 0
        while True:
            connection.check()
            wait = None
            try:
                if self._is_over():
                    await self._give_back(leases)
                    return
                if self._leading is not None and not self._leading.over:
                    await self._renew(leases, self._leading)
                else:
                    wait = await self._stand_by(connection, leases)
                unanswered = 0
            except LogUnavailable:
                connection.check()
                unanswered += 1
                if unanswered >= _MOST_UNANSWERED or self._is_over():
                    raise
            await self._pause(min(wait or 1e9, self._seconds / _PERIODS))

    async def _renew(self, leases: Leases, leading: _Term) -> None:
        for _ in range(2):
            sent = time.monotonic()
            renewed = await leases.write(self._name, self._lease(leading))
            if renewed is not None:
                self._revision = renewed
                self._until = sent + self._seconds * _OWN
                return
            lease = await leases.read(self._name)
            if lease.id != self._id:
                who = f"{lease.reader} has" if lease.id else "somebody has deleted"
                self._lose(leading, LeaseLost(f"{who} the lease {self._name!r}"))
                return
            # It was written, and the answer got lost; or another one has asked for it.
            self._revision = lease.revision
            if lease.wanted and self._is_settled() and self._count() >= lease.wanted[1] + _MORE:
                self._moved = time.monotonic()
                cause = LeaseLost(f"the lease {self._name!r} goes to a reader that has fewer of them")
                self._lose(leading, cause, logging.INFO)
                await self._give_back(leases, lease.wanted)
                return

    def _lease(self, leading: _Term) -> Lease:
        progress = leading.checkpoint.now()
        return Lease(
            reader=self._me,
            id=self._id,
            seconds=self._seconds,
            since=leading.since,
            time=leading.since if progress.time is None else progress.time,
            missed=progress.missed,
            connected=leading.connected,
            revision=self._revision,
        )

    async def _stand_by(self, connection: Connection, leases: Leases) -> float | None:
        """Look at the lease, and take it if nobody has it; return the seconds after which it may be taken."""
        lease, watched = await leases.read(self._name), self._watched[0]
        now = time.monotonic()
        if watched != lease.revision:
            self._watched = lease.revision, now
        self._holder = lease.reader if lease.id != self._id else ""
        wait = 0.0
        if lease.id != self._id and (lease.id or lease.wanted is None or lease.wanted[0] != self._id):
            # Who has fewer of the log's leases takes the next, so that they are spread over the machines.
            wait = self._watched[1] + min(self._count() * _STEP, _MOST_STEPS) * self._seconds - now
            if lease.id:
                wait += lease.seconds
            elif lease.wanted is not None:  # it was given to another one
                wait += self._seconds
        if wait <= 0.0:
            self._taking = True
            try:
                await self._take(connection, leases, lease)
            finally:
                self._taking = False
            return None
        if lease.id and self._told != lease.reader:
            self._told = lease.reader
            self._todo.put(partial(self._tell, StandingBy(self._name, lease.reader)))
        # Not of a reader that may have died: what is written makes it look alive.
        renewed = watched not in (-1, lease.revision) and lease.id and lease.wanted is None
        if renewed and self._has_more(lease.reader):
            self._moved = now
            asked = msgspec.structs.replace(lease, wanted=(self._id, self._count()))
            written = await leases.write(self._name, asked)
            self._watched = written or lease.revision, now
        return wait

    def _peers(self) -> list[_Reader]:
        """Return the readers of this log that this process has, this one included."""
        return [one for one in _readers if one._where == self._where]

    def _count(self) -> int:
        """Return how many leases of this log this process has, or takes now."""
        terms = [(one._taking, one._leading) for one in self._peers()]
        return sum(taking or (term is not None and not term.over) for taking, term in terms)

    def _is_settled(self) -> bool:
        """Return whether this process took, gave and asked for no lease of this log for a lease's time."""
        return time.monotonic() - max(one._moved for one in self._peers()) >= self._seconds

    def _has_more(self, reader: str) -> bool:
        """Return whether this process may ask *reader* for a lease, which has the most, and enough more."""
        held = Counter(one._holder for one in self._peers() if one._holder)
        return self._is_settled() and held[reader] == max(held.values()) >= self._count() + _MORE

    async def _take(self, connection: Connection, leases: Leases, before: Lease) -> None:
        progress = Progress(
            before.time,
            tuple(Outage(*one) for one in before.missed),
            (),
            Connected(200, {"Date": before.connected}) if before.connected else None,
        )
        if before.time is None:
            message = await last_message(connection)
            progress = progress._replace(time=None if message is None else time_of(decode(message)))
        since = time.time()
        taken = msgspec.structs.replace(
            before,
            reader=self._me,
            id=self._id,
            seconds=self._seconds,
            since=since,
            # What the first reader of all misses before it is connected is for the next one to recover.
            time=since if progress.time is None else progress.time,
            wanted=None,
        )
        term = None
        while term is None:
            last = await last_term(connection, self._name)
            # Written after that, the lease proves that whoever began that term has it no more.
            sent = time.monotonic()
            written = await leases.write(self._name, taken)
            if written is None:
                return
            taken = msgspec.structs.replace(taken, revision=written)
            term = await begin_term(connection, last)
        self._revision, self._until = taken.revision, sent + self._seconds * _OWN
        if self._is_lost():
            return
        self._moved, self._holder = time.monotonic(), ""
        self._leading = _Term(since, term, progress)
        self._leading.connected = before.connected
        self._leading.over = self._is_over()
        self._told = None
        self._expire(self._leading)
        self._todo.put(partial(self._begin, self._leading))

    async def _give_back(self, leases: Leases, wanted: tuple[str, int] | None = None) -> None:
        """Give the lease back, for the reader that has *wanted* it, once what waits is written."""
        leading = self._leading
        if leading is None or self._is_lost():
            return
        leading.stream.dispose()
        with self._losing:
            begun = leading.begun
        if begun:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leading.written.wait(), self._until - time.monotonic())
        free = msgspec.structs.replace(
            self._lease(leading), reader="", id="", seconds=0.0, since=0.0, connected="", wanted=wanted
        )
        await leases.write(self._name, free)
