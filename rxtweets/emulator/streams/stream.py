"""One open stream: which messages are sent on it, how they are framed, and how it ends.

A post's message passes `OpenStream.offer` (the limit of a second), `send_message` (stalls, distortions) and
`framed`, then `Body`, which compresses it, cuts it into chunks and bounds what waits for a slow reader.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.limits import Limits
from rxtweets.emulator.app.records import EndReason, StreamRecord
from rxtweets.emulator.app.usage import UsageBook
from rxtweets.emulator.faults.distortion import QUIET, Distortion
from rxtweets.emulator.server.body import Body
from rxtweets.emulator.server.wire import Connection
from rxtweets.emulator.world.model import Post

from .meter import Meter
from .source import Opening

FULL = 0.6
"""Part of a stream's queue from which on a v1.1 client that asked for it is warned."""

BETWEEN_WARNINGS = 300.0
"""Seconds. Source: the streaming guide of v1.1."""


def _wants_gzip(headers: Mapping[str, str]) -> bool:
    """Return whether the client's Accept-Encoding asks for gzip."""
    for choice in headers.get("accept-encoding", "").split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Registry(Protocol):
    """The keeper of the streams that are open."""

    clock: Clock
    limits: Limits
    usage: UsageBook

    def opened(self, stream: OpenStream) -> None: ...
    def closed(self, stream: OpenStream) -> None: ...


class OpenStream:
    """A response under way. Lives on the emulator's loop.

    `most` is how many posts a second it gets, None for all.
    """

    body: Body
    """The body of the response; there from `begin` on."""

    def __init__(
        self,
        record: StreamRecord,
        opening: Opening,
        registry: Registry,
        *,
        keep_alive: float,
        most: int | None,
        distortion: Distortion,
        headers: tuple[tuple[str, str], ...],
    ) -> None:
        self.record = record
        self.feed = opening.feed
        self.finite = opening.finite
        self.compressed = _wants_gzip(record.headers)
        self.headers = (*headers, ("content-encoding", "gzip")) if self.compressed else headers
        self.reason = EndReason.CLIENT
        self.replaying = False
        self.messages = 0
        self.distortion = distortion
        self._flush_due = False
        self._keep_alive = keep_alive
        self._replay = opening.replay
        self._clock = registry.clock
        self._registry = registry
        self._timer: asyncio.TimerHandle | None = None
        self._warned = -BETWEEN_WARNINGS
        self._meter = Meter(most)

    def begin(self, connection: Connection, chunked: bool) -> None:
        """Send the preamble, then the replay if there is one, and be live."""
        self.body = Body(
            connection,
            chunked=chunked,
            gzip=self.compressed,
            queue=self._registry.limits.queue,
            slow=self._too_slow,
            filling=self._filling,
        )
        self.body.fragment = self.distortion.fragment
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        self._timer = self._loop.call_later(self._keep_alive, self._beat)
        self._registry.opened(self)
        for message in self.feed.preamble():
            self.send_message(message, distorted=False)
        if self._replay is not None:
            self.replaying = True
            self.later(0, partial(self._replay.send_to, self))

    def ended(self) -> None:
        """Let go of it: its connection is gone, or will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._registry.closed(self)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` after a while, unless the stream has ended by then."""

        def act() -> None:
            if self._timer is not None:
                action()

        self._loop.call_later(seconds, act)

    @property
    def alive(self) -> bool:
        """True while its connection is there."""
        return not self.body.closing

    @property
    def bytes_written(self) -> int:
        """Bytes written, the chunks' headers included."""
        return self.body.bytes_written

    def waiting(self) -> int:
        """Return the bytes that the client has not read yet, beyond what the system holds for it."""
        return self.body.waiting()

    def ready(self, most: int) -> bool:
        """Return whether no more than that many bytes wait for the client, and sending is possible at all."""
        return not self.distortion.stalled and self.waiting() <= most

    # --- sending

    def offer(self, message: bytes) -> bool:
        """Send a post's message, unless it is one too many in this second; return whether it was sent."""
        if self._meter.most is not None:
            admitted, withheld = self._meter.count(self._clock.time())
            notice = self.feed.limit_notice(withheld) if withheld else None
            if notice is not None:
                self.send_message(notice, distorted=False)
            if not admitted:
                return False
        return self.send_message(message)

    def offer_event(self, message: bytes) -> bool:
        """Send the message of an event, which only v2 limits as it does posts; return whether it was sent."""
        return self.offer(message) if self.feed.protocol == "2" else self.send_message(message)

    def send_message(self, message: bytes, *, distorted: bool = True) -> bool:
        """Send a message, unless stalled, and return whether it was sent.

        If not `distorted` it is sent at once, neither duplicated nor out of order.
        """
        if self.distortion.stalled:
            return False
        if not (distorted and self.distortion.active):
            self._write_message(message)
            return True
        for mixed in self.distortion.mix(message):
            self._write_message(mixed)
        if self.distortion.pending and not self._flush_due:
            self._flush_due = True
            self.later(QUIET, self._flush)
        return True

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they stand, in a chunk of their own, unless stalled."""
        if not self.distortion.stalled:
            self._write(data)

    def keep_alive(self) -> None:
        """Send a blank line, unless keep-alives are stalled too."""
        if self.distortion.stalled != "all":
            self._write(b"\r\n")

    def framed(self, message: bytes) -> bytes:
        """Return a message as it is told from the next: ended, and with its length before it if asked for."""
        if self.feed.delimited:
            return b"%d\r\n%b\r\n" % (len(message) + 2, message)
        return message + b"\r\n"

    def _write_message(self, message: bytes) -> None:
        self.messages += 1
        self._write(self.framed(message))

    def _write(self, data: bytes) -> None:
        if self._timer is not None and data:
            self.body.put(data)

    def distort(self, distortion: Distortion) -> None:
        """Be distorted in another way from now on."""
        self._flush()
        self.distortion = distortion
        self.body.fragment = distortion.fragment

    def _flush(self) -> None:
        """Send what was held back to come in another order."""
        self._flush_due = False
        for message in self.distortion.flush():
            self.send_message(message, distorted=False)

    def _beat(self) -> None:
        silent = self._loop.time() - self.body.written
        if silent >= self._keep_alive:
            self.keep_alive()
            silent = 0.0
        self._timer = self._loop.call_later(self._keep_alive - silent, self._beat)

    def _filling(self, full: float) -> None:
        now = self._clock.time()
        if full <= FULL or now - self._warned < BETWEEN_WARNINGS:
            return
        message = self.feed.stall_warning(min(100, int(full * 100)))
        if message is not None:
            self._warned = now
            self.send_message(message, distorted=False)

    # --- the replay

    def replay(self, post: Post) -> int:
        """Send the message about a post, if the stream gets it; return its length in bytes."""
        message = None if self._timer is None else self.feed.message_for(post)
        if message is None:
            return 0
        if self.send_message(message):
            self._registry.usage.count(self.feed.delivered(post))
        return len(message)

    def replayed(self, *, finished: bool) -> None:
        """End if `finished`, else be live from now on."""
        self.replaying = False
        if finished:
            self.end(EndReason.REPLAYED, self.feed.final_message())

    # --- the end

    def end(self, reason: EndReason, last: bytes | None) -> None:
        """End cleanly after a last message, if there is one, even while stalled."""
        self.reason = reason
        self._flush()
        if last is not None:
            self._write_message(last)
        self.close()

    def disconnect(self, reason: EndReason) -> None:
        """End as X does: with a message that says so, then cleanly."""
        self.end(reason, self.feed.disconnect_message())

    def close(self, *, whole: bool = True) -> None:
        """End cleanly, with the last chunk; not `whole`: without the end of the compressed data."""
        self._flush()
        self.body.close(whole=whole)
        self._ended_here()

    def cut(self) -> None:
        """Close the connection after what is pending, without the last chunk."""
        self.body.cut()
        self._ended_here()

    def reset(self, *, written: bool = False) -> None:
        """Reset the connection: now, or once what is pending is `written`."""
        self.body.reset(self._ended_here, written=written)

    def _ended_here(self) -> None:
        if self.reason is EndReason.CLIENT:
            self.reason = EndReason.SERVER
        self.ended()

    def _too_slow(self) -> None:
        self.reason = EndReason.SLOW
