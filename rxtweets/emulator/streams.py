"""One open stream: what it wants to hear about, and how its messages are framed, compressed and written."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from .http.answers import Call, operational_disconnect
from .http.wire import Connection
from .records import StreamRecord
from .world.model import NOTHING, Post, Wish

if TYPE_CHECKING:
    from .history import Replay
    from .hub import StreamHub

FULL = 0.6
"""Part of a stream's queue from which on a v1.1 client that asked for it is warned."""

BETWEEN_WARNINGS = 300.0
"""Seconds. Source: the streaming guide of v1.1."""


class Feed:
    """What an endpoint sends. Subclasses say which messages they make; this one makes none.

    `partition` is the part of the posts that it gets, of `partitions`; `finite` is true of one that ends when
    its `backlog` is through. Of the feeds that have a `slot`, a newer one ends the older in the same slot.
    """

    protocol = "2"
    group = ""
    partition: int | None = None
    partitions = 1
    delimited = False
    finite = False
    slot: tuple[str, str] | None = None
    backlog: Callable[[], Replay] | None = None

    def offer(self, post: Post) -> bytes | None:
        """The message on the occasion of a post, or None where it belongs to another partition."""
        if self.partition is not None and (post.id ^ post.id >> 22) % self.partitions != self.partition - 1:
            return None
        return self.message(post)

    def greeting(self) -> tuple[bytes, ...]:
        """The first messages of a stream."""
        return ()

    def message(self, post: Post) -> bytes | None:
        """The JSON to send on the occasion of a new post, or None for nothing."""
        return None

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        """What else may come after a post that was sent: a deletion, an event."""
        return None

    def wish(self, dice: random.Random) -> Wish | None:
        """What the world should talk about for this stream; None where anything goes."""
        return None

    def falling_behind(self, percent: int) -> bytes | None:
        """The warning that the client's queue is that full; None where it wants none."""
        return None

    def limited(self, total: int) -> bytes | None:
        """The notice that so many messages were withheld since the stream was opened."""
        return None

    def goodbye(self) -> bytes | None:
        """The message that the stream ends because the site, or a newer connection, wants it to."""
        return operational_disconnect()


class PlainFeed(Feed):
    """Everything, about anything."""

    def wish(self, dice: random.Random) -> Wish | None:
        return NOTHING


def wants_gzip(call: Call) -> bool:
    """Whether the client's Accept-Encoding asks for gzip."""
    for choice in call.headers.get("accept-encoding", "").split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Meter:
    """Counts the messages of each second, of which `most` may pass, and those that may not."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._second = 0
        self._passed = 0
        self._withheld = self._told = 0

    def count(self, now: float) -> tuple[bool, int]:
        """Whether one more may pass now, and the total withheld where that is to be told."""
        owed = 0
        if int(now) != self._second:
            self._second, self._passed = int(now), 0
            if self._withheld > self._told:
                owed = self._told = self._withheld
        self._passed += 1
        if self.most is None or self._passed <= self.most:
            return True, owed
        self._withheld += 1
        return False, owed


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
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.record = record
        self.feed = feed
        self.headers = (*headers, ("content-encoding", "gzip")) if gzip else headers
        self.reason = "client_disconnect"
        self.replaying = False
        self._gzip = zlib.compressobj(wbits=31) if gzip else None
        self._keep_alive = keep_alive
        self._hub = hub
        self._pending: list[bytes] = []
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._warned = -BETWEEN_WARNINGS
        self._meter = Meter(hub.limits.messages)

    def begin(self, connection: Connection, chunked: bool) -> None:
        self._connection = connection
        self._chunked = chunked
        self._loop = asyncio.get_running_loop()
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
            self.reason = "replay_finished"
            self.close()

    def waiting(self) -> int:
        """Bytes that the client has not read yet, beyond what the system holds for it."""
        return self._connection.transport.get_write_buffer_size() + sum(map(len, self._pending))

    def _beat(self) -> None:
        silent = self._loop.time() - self._heard
        if silent >= self._keep_alive:
            self.keep_alive()
            silent = 0.0
        self._timer = self._loop.call_later(self._keep_alive - silent, self._beat)

    def keep_alive(self) -> None:
        """Send a blank line."""
        self.put(b"\r\n")

    def deliver(self, message: bytes) -> bool:
        """Send a message unless it is one too many in this second; says whether it was sent."""
        if self._meter.most is not None:
            admitted, owed = self._meter.count(self._hub.clock.time())
            notice = self.feed.limited(owed) if owed else None
            if notice is not None:
                self.send(notice)
            if not admitted:
                return False
        self.send(message)
        return True

    def send(self, message: bytes) -> None:
        """Send a message: its JSON, framed."""
        if self.feed.delimited:
            self.put(b"%d\r\n%b\r\n" % (len(message) + 2, message))
        else:
            self.put(message + b"\r\n")

    def put(self, data: bytes) -> None:
        """Send bytes as they stand, in a chunk of their own; not while stalled."""
        if self._hub.stalled or self._timer is None or not data:
            return
        if self._gzip is not None:
            data = self._gzip.compress(data) + self._gzip.flush(zlib.Z_SYNC_FLUSH)
        self._pending.append(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        transport = self._connection.transport
        if not self._pending or transport.is_closing():
            self._pending.clear()
            return
        self._heard = self._loop.time()
        data = b"".join(self._pending)
        self._pending.clear()
        waiting = transport.get_write_buffer_size()
        if waiting and waiting + len(data) > self._hub.limits.queue:
            self.reason = "slow_reader"
            transport.abort()
            return
        transport.write(data)
        full = waiting / self._hub.limits.queue
        if full > FULL:
            self._warn(int(full * 100))

    def _warn(self, percent: int) -> None:
        now = self._hub.clock.time()
        if now - self._warned < BETWEEN_WARNINGS:
            return
        message = self.feed.falling_behind(percent)
        if message is not None:
            self._warned = now
            self.send(message)

    def close(self) -> None:
        """End cleanly: what is pending, the end of the compressed data, the last chunk."""
        last = self._gzip.flush(zlib.Z_FINISH) if self._gzip is not None else b""
        if last:
            self._pending.append(b"%x\r\n%b\r\n" % (len(last), last) if self._chunked else last)
        if self._chunked:
            self._pending.append(b"0\r\n\r\n")
        self.cut()

    def cut(self) -> None:
        """Close the connection after what is pending, without a word."""
        self._flush()
        self._connection.transport.close()
        self.ended()

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.reset()
        self.ended()
