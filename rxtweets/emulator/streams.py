"""One open stream: how its messages are framed, compressed and written, and how it ends."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .feed import Feed
from .http.answers import Call
from .http.wire import Connection
from .meter import Meter
from .records import StreamRecord
from .trouble.shape import QUIET, Shape

if TYPE_CHECKING:
    from .hub import StreamHub

FULL = 0.6
"""Part of a stream's queue from which on a v1.1 client that asked for it is warned."""

BETWEEN_WARNINGS = 300.0
"""Seconds. Source: the streaming guide of v1.1."""

_AHEAD = 256 * 1024
"""Bytes of a long line that are written before the reader takes them."""
_PAUSE = 0.002
_PATIENCE = 2.0
"""Seconds that a reset waits for what goes before it."""


CLIENT, SERVER, SLOW, REPLAYED = "client_disconnect", "server_disconnect", "slow_reader", "replay_finished"
"""Why a stream ended, as the list of connections says it; X's description names no values."""


def wants_gzip(call: Call) -> bool:
    """Whether the client's Accept-Encoding asks for gzip."""
    for choice in call.headers.get("accept-encoding", "").split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class OpenStream:
    """A response under way. Lives on the emulator's loop."""

    def __init__(
        self,
        record: StreamRecord,
        feed: Feed,
        *,
        gzip: bool,
        keep_alive: float,
        hub: StreamHub,
        shape: Shape,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.record = record
        self.feed = feed
        self.headers = (*headers, ("content-encoding", "gzip")) if gzip else headers
        self.reason = CLIENT
        self.replaying = False
        self.messages = self.bytes = 0
        self.shape = shape
        self.compressed = gzip
        self._settling = False
        self._pouring: Iterator[bytes] | None = None
        self._gzip = zlib.compressobj(wbits=31) if gzip else None
        self._keep_alive = keep_alive
        self._hub = hub
        self._pending: list[bytes] = []
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._warned = -BETWEEN_WARNINGS
        self._meter = Meter(hub.limits.messages if feed.protocol == "1.1" else None)
        self._room = hub.limits.queue

    def begin(self, connection: Connection, chunked: bool) -> None:
        self._connection = connection
        self.chunked = chunked
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        self._timer = self._loop.call_later(self._keep_alive, self._beat)
        self._hub.opened(self)
        for message in self.feed.greeting():
            self.send(message)
        if self.feed.backlog is not None:
            self.replaying = True
            self.later(0, self.feed.backlog().go_on)

    def ended(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._hub.closed(self)

    def later(self, seconds: float, action: Callable[[OpenStream], None]) -> None:
        """Have something done after a while, unless the stream has ended by then."""

        def act() -> None:
            if self._timer is not None:
                action(self)

        self._loop.call_later(seconds, act)

    def replayed(self, finished: bool) -> None:
        """The past is through: end, or be live from now on."""
        self.replaying = False
        if finished:
            self.reason = REPLAYED
            last = self.feed.finished()
            if last is not None:
                self.send(last)
            self.close()

    def waiting(self) -> int:
        """Bytes that the client has not read yet, beyond what the system holds for it."""
        return self._connection.unsent() + sum(map(len, self._pending))

    def ready(self, most: int) -> bool:
        """Whether no more than that waits for the client, and sending is possible at all."""
        return not self.shape.stalled and self.waiting() <= most

    @property
    def alive(self) -> bool:
        """Whether its connection is still there."""
        return not self._connection.transport.is_closing()

    def _beat(self) -> None:
        silent = self._loop.time() - self._heard
        if silent >= self._keep_alive:
            self.keep_alive()
            silent = 0.0
        self._timer = self._loop.call_later(self._keep_alive - silent, self._beat)

    def keep_alive(self) -> None:
        """Send a blank line."""
        if self.shape.stalled != "all":
            self.write(b"\r\n")

    def deliver(self, message: bytes) -> bool:
        """Send a message unless it is one too many in this second; says whether it was sent."""
        if self._meter.most is not None:
            admitted, owed = self._meter.count(self._hub.clock.time())
            notice = self.feed.limited(owed) if owed else None
            if notice is not None:
                self.send(notice)
            if not admitted:
                return False
        if self.shape.stalled:
            return False
        if not self.shape.mixes:
            self.send(message)
            return True
        for mixed in self.shape.mix(message):
            self.send(mixed)
        if self.shape.holds and not self._settling:
            self._settling = True
            self.later(QUIET, OpenStream.settle)
        return True

    def settle(self) -> None:
        """Send what was held back to come in another order."""
        self._settling = False
        for message in self.shape.rest():
            self.send(message)

    def reshape(self, shape: Shape) -> None:
        """Be disturbed in another way from now on."""
        self.settle()
        self.shape = shape

    def send(self, message: bytes) -> None:
        """Send a message: its JSON, framed; not while stalled."""
        if not self.shape.stalled:
            self.messages += 1
            self._hub.messages += 1
            self.write(self.framed(message))

    def framed(self, message: bytes) -> bytes:
        """A message as it is told from the next: ended, and with its length before it if asked for."""
        if self.feed.delimited:
            return b"%d\r\n%b\r\n" % (len(message) + 2, message)
        return message + b"\r\n"

    def put(self, data: bytes) -> None:
        """Send bytes as they stand, in a chunk of their own; not while stalled."""
        if not self.shape.stalled:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Send bytes, compressed and in chunks, even while stalled."""
        if self._timer is None or not data:
            return
        data = self.encoded(data)
        size = self.shape.fragment
        if not size:
            self.raw(self.chunk(data))
            return
        for start in range(0, len(data), size):
            self.raw(self.chunk(data[start : start + size]))

    def encoded(self, data: bytes) -> bytes:
        """Bytes as they are in the chunks: compressed if the client asked for it."""
        if self._gzip is None:
            return data
        return self._gzip.compress(data) + self._gzip.flush(zlib.Z_SYNC_FLUSH)

    def chunk(self, data: bytes) -> bytes:
        """A chunk of those bytes, or to a client without chunks the bytes."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data

    def raw(self, data: bytes) -> None:
        """Write bytes to the connection as they are, chunk or no chunk."""
        self._pending.append(data)
        self.bytes += len(data)
        self._hub.bytes += len(data)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def pour(self, line: Iterator[bytes]) -> None:
        """Send a long line piece by piece, no faster than it is read; all else waits until it is through."""
        self._flush()
        if self._pouring is not None:
            self._pouring = itertools.chain(self._pouring, line)
            return
        self._pouring = line
        self._pour()

    def _pour(self) -> None:
        transport = self._connection.transport
        written = 0
        while self._pouring is not None and not transport.is_closing():
            if written > _AHEAD or self._connection.unsent() > _AHEAD:
                self.later(_PAUSE, OpenStream._pour)
                return
            piece = next(self._pouring, None)
            if piece is None:
                self._pouring = None
                self._flush()
                return
            self._heard = self._loop.time()
            if piece:
                transport.write(self.chunk(self.encoded(piece)))
                written += len(piece)

    def _flush(self) -> None:
        self._scheduled = False
        transport = self._connection.transport
        if not self._pending or transport.is_closing():
            self._pending.clear()
            return
        if self._pouring is not None:
            if self.waiting() > self._hub.limits.queue:
                self._drop()
            return
        self._heard = self._loop.time()
        queue = self._hub.limits.queue
        waiting = self._connection.unsent()
        if self.shape.fragment:
            for part in self._pending[:-1]:
                transport.write(part)  # a segment each
            del self._pending[:-1]
        data = b"".join(self._pending)
        self._pending.clear()
        if waiting <= queue:
            self._room = queue + len(data)  # one message may be larger than the queue: that is not slowness
        elif waiting + len(data) > self._room:
            self._drop()
            return
        transport.write(data)
        full = waiting / queue
        if full > FULL:
            self._warn(min(100, int(full * 100)))

    def _drop(self) -> None:
        self.reason = SLOW
        self._pending.clear()
        self._connection.transport.abort()

    def _warn(self, percent: int) -> None:
        now = self._hub.clock.time()
        if now - self._warned < BETWEEN_WARNINGS:
            return
        message = self.feed.falling_behind(percent)
        if message is not None:
            self._warned = now
            self.send(message)

    def close(self, *, whole: bool = True) -> None:
        """End cleanly: what is pending, the end of the compressed data unless not `whole`, the last chunk."""
        self.settle()
        last = self._gzip.flush(zlib.Z_FINISH) if self._gzip is not None and whole else b""
        if last:
            self._pending.append(self.chunk(last))
        if self.chunked:
            self._pending.append(b"0\r\n\r\n")
        self.cut()

    def cut(self) -> None:
        """Close the connection after what is pending, without a word; a long line under way is broken off."""
        self._pouring = None
        self._flush()
        self._end_by_server()
        self._connection.transport.close()
        self.ended()

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.reset()
        self._end_by_server()
        self.ended()

    def _end_by_server(self) -> None:
        if self.reason == CLIENT:
            self.reason = SERVER

    def reset_when_written(self, patience: float = _PATIENCE) -> None:
        """Reset the connection once what is pending is on its way, or won't be read."""
        self._pouring = None
        self._flush()
        if self._connection.unsent() and patience > 0:
            self.later(_PAUSE, lambda stream: stream.reset_when_written(patience - _PAUSE))
        else:
            self.reset()
