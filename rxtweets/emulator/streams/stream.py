"""One open stream: which messages it gets, how they are told from each other, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from rxtweets.emulator.app.records import StreamRecord
from rxtweets.emulator.faults.distortion import QUIET, Distortion
from rxtweets.emulator.server.body import Body
from rxtweets.emulator.server.http import Call
from rxtweets.emulator.server.wire import Connection

from .meter import Meter
from .source import Feed

if TYPE_CHECKING:
    from .hub import StreamHub

FULL = 0.6
"""Part of a stream's queue from which on a v1.1 client that asked for it is warned."""

BETWEEN_WARNINGS = 300.0
"""Seconds. Source: the streaming guide of v1.1."""

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

    body: Body
    """What is written of it; there from `begin` on."""

    def __init__(
        self,
        record: StreamRecord,
        feed: Feed,
        *,
        gzip: bool,
        keep_alive: float,
        most: int | None,
        hub: StreamHub,
        distortion: Distortion,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.record = record
        self.feed = feed
        self.headers = (*headers, ("content-encoding", "gzip")) if gzip else headers
        self.reason = CLIENT
        self.replaying = False
        self.messages = 0
        self.distortion = distortion
        self.compressed = gzip
        self._settling = False
        self._keep_alive = keep_alive
        self._hub = hub
        self._timer: asyncio.TimerHandle | None = None
        self._warned = -BETWEEN_WARNINGS
        self._meter = Meter(most)

    def begin(self, connection: Connection, chunked: bool) -> None:
        self.body = Body(
            connection,
            chunked=chunked,
            gzip=self.compressed,
            queue=self._hub.limits.queue,
            slow=self._too_slow,
            filling=self._filling,
        )
        self.body.fragment = self.distortion.fragment
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        self._timer = self._loop.call_later(self._keep_alive, self._beat)
        self._hub.opened(self)
        for message in self.feed.preamble():
            self.say(message)
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
            self.end_with(self.feed.final_message())

    @property
    def alive(self) -> bool:
        """Whether its connection is still there."""
        return not self.body.closing

    @property
    def bytes_written(self) -> int:
        """Bytes written, the chunks' headers included."""
        return self.body.bytes_written

    def waiting(self) -> int:
        """Bytes that the client has not read yet, beyond what the system holds for it."""
        return self.body.waiting()

    def ready(self, most: int) -> bool:
        """Whether no more than that many bytes wait for the client, and sending is possible at all."""
        return not self.distortion.stalled and self.waiting() <= most

    # --- what it sends

    def _beat(self) -> None:
        silent = self._loop.time() - self.body.written
        if silent >= self._keep_alive:
            self.keep_alive()
            silent = 0.0
        self._timer = self._loop.call_later(self._keep_alive - silent, self._beat)

    def keep_alive(self) -> None:
        """Send a blank line."""
        if self.distortion.stalled != "all":
            self.write(b"\r\n")

    def deliver(self, message: bytes) -> bool:
        """Send a message unless it is one too many in this second; says whether it was sent."""
        if self._meter.most is not None:
            admitted, owed = self._meter.count(self._hub.clock.time())
            notice = self.feed.limit_notice(owed) if owed else None
            if notice is not None:
                self.say(notice)
            if not admitted:
                return False
        if self.distortion.stalled:
            return False
        self.send(message)
        return True

    def send(self, message: bytes) -> None:
        """Send a message, in its turn; not while stalled."""
        if not self.distortion.active:
            self.say(message)
            return
        if self.distortion.stalled:
            return
        for mixed in self.distortion.mix(message):
            self.say(mixed)
        if self.distortion.pending and not self._settling:
            self._settling = True
            self.later(QUIET, OpenStream.settle)

    def settle(self) -> None:
        """Send what was held back to come in another order."""
        self._settling = False
        for message in self.distortion.flush():
            self.say(message)

    def distort(self, distortion: Distortion) -> None:
        """Be disturbed in another way from now on."""
        self.settle()
        self.distortion = distortion
        self.body.fragment = distortion.fragment

    def say(self, message: bytes) -> None:
        """Send a message at once: its JSON, framed; not while stalled."""
        if not self.distortion.stalled:
            self.messages += 1
            self.write(self.framed(message))

    def framed(self, message: bytes) -> bytes:
        """A message as it is told from the next: ended, and with its length before it if asked for."""
        if self.feed.delimited:
            return b"%d\r\n%b\r\n" % (len(message) + 2, message)
        return message + b"\r\n"

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they stand, in a chunk of their own; not while stalled."""
        if not self.distortion.stalled:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Send bytes, even while stalled."""
        if self._timer is not None and data:
            self.body.put(data)

    def _filling(self, full: float) -> None:
        now = self._hub.clock.time()
        if full <= FULL or now - self._warned < BETWEEN_WARNINGS:
            return
        message = self.feed.stall_warning(min(100, int(full * 100)))
        if message is not None:
            self._warned = now
            self.say(message)

    # --- how it ends

    def end_with(self, last: bytes | None) -> None:
        """End cleanly after a last message, if there is one, even while stalled."""
        self.settle()
        if last is not None:
            self.messages += 1
            self.write(self.framed(last))
        self.close()

    def close(self, *, whole: bool = True) -> None:
        """End cleanly, with the last chunk; not `whole`: without the end of the compressed data."""
        self.settle()
        self.body.close(whole=whole)
        self._ended_here()

    def cut(self) -> None:
        """Close the connection after what is pending, without a word."""
        self.body.cut()
        self._ended_here()

    def reset(self, *, written: bool = False) -> None:
        """Reset the connection: now, or once what is pending is `written`."""
        self.body.reset(self._ended_here, written=written)

    def _ended_here(self) -> None:
        if self.reason == CLIENT:
            self.reason = SERVER
        self.ended()

    def _too_slow(self) -> None:
        self.reason = SLOW
