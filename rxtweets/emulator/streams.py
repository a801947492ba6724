"""One open stream: what it wants to hear about, and how its messages are framed, compressed and written."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Callable

from .http.answers import Call
from .http.wire import Connection
from .records import StreamRecord
from .world.model import NOTHING, Post, Wish

LONGEST_QUEUE = 8 * 1024 * 1024
"""Bytes that may wait for a slow reader before it is dropped."""


class Feed:
    """What an endpoint sends. Subclasses say which messages they make; this one makes none.

    `group` and `partition` divide posts among the open streams of one endpoint.
    """

    protocol = "2"
    group = ""
    partition: int | None = None
    delimited = False

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
        self._gzip = zlib.compressobj(wbits=31) if gzip else None
        self._keep_alive = keep_alive
        self._hub = hub
        self._pending: list[bytes] = []
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, connection: Connection, chunked: bool) -> None:
        self._connection = connection
        self._chunked = chunked
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._keep_alive, self._beat)
        self._hub.opened(self)
        for message in self.feed.greeting():
            self.send(message)

    def ended(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._hub.closed(self)

    def _beat(self) -> None:
        self.keep_alive()
        self._timer = self._loop.call_later(self._keep_alive, self._beat)

    def keep_alive(self) -> None:
        """Send a blank line."""
        self.put(b"\r\n")

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
        if not self._pending or self._connection.transport.is_closing():
            self._pending.clear()
            return
        data = b"".join(self._pending)
        self._pending.clear()
        if self._connection.transport.get_write_buffer_size() + len(data) > LONGEST_QUEUE:
            self._connection.transport.abort()
        else:
            self._connection.transport.write(data)

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
        self._connection.reset()
        self.ended()


class StreamHub:
    """The streams that are open; tells `changed` their number when it changes, `gone` one that closed."""

    def __init__(self, changed: Callable[[int], None], gone: Callable[[OpenStream], None]) -> None:
        self.streams: dict[str, OpenStream] = {}
        self.stalled = False
        self._changed = changed
        self._gone = gone

    def opened(self, stream: OpenStream) -> None:
        self.streams[stream.record.id] = stream
        self._changed(len(self.streams))

    def closed(self, stream: OpenStream) -> None:
        if self.streams.pop(stream.record.id, None) is not None:
            self._gone(stream)
            self._changed(len(self.streams))

    def give(self, post: Post, dice: random.Random | None = None) -> int:
        """Send a post to all who want it and return how many did; with `dice`, at times more beside it."""
        if self.stalled:
            return 0
        given = 0
        turns = self._turns(post)
        for stream in tuple(self.streams.values()):
            feed = stream.feed
            if feed.partition is not None and turns[feed.group] != feed.partition:
                continue
            message = feed.message(post)
            if message is None:
                continue
            stream.send(message)
            given += 1
            more = feed.aside(post, dice) if dice is not None else None
            if more is not None:
                stream.send(more)
        return given

    def _turns(self, post: Post) -> dict[str, int]:
        """Which partition of each endpoint the post belongs to, among those that somebody reads."""
        read: dict[str, set[int]] = {}
        for stream in self.streams.values():
            if stream.feed.partition is not None:
                read.setdefault(stream.feed.group, set()).add(stream.feed.partition)
        number = post.id ^ (post.id >> 22)
        return {group: sorted(open_)[number % len(open_)] for group, open_ in read.items()}
