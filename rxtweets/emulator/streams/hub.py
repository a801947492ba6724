"""The streams that are open, and the publication of posts to them."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.limits import Limits
from rxtweets.emulator.app.records import EndedStream, EndReason
from rxtweets.emulator.app.usage import UsageBook
from rxtweets.emulator.server.http import operational_disconnect
from rxtweets.emulator.world.model import Post, WorldEvent

from .history import History
from .stream import OpenStream

REMEMBERED = 200
"""The number of ended streams, and of posts' delivery counts, that are kept."""


class StreamHub:
    """The streams that are open, and the last that were.

    It calls `on_change` when the number of streams has changed, and `listeners` when anything may have.
    """

    def __init__(
        self, clock: Clock, limits: Limits, history: History, usage: UsageBook, events: deque[WorldEvent]
    ) -> None:
        self.clock = clock
        self.limits = limits
        self.history = history
        self.usage = usage
        self.streams: dict[str, OpenStream] = {}
        self.past: deque[EndedStream] = deque(maxlen=REMEMBERED)
        self.delivery_counts: deque[int] = deque(maxlen=REMEMBERED)  # streams, by each of the last posts
        self.on_change: list[Callable[[], None]] = []
        self.listeners: list[Callable[[], None]] = []
        self._past_messages = self._past_bytes = 0
        self._events = events
        usage.on_refusal.append(self._end_charged)

    @property
    def messages(self) -> int:
        """Messages sent on all streams since the start."""
        return self._past_messages + sum(stream.messages for stream in self.streams.values())

    @property
    def bytes_written(self) -> int:
        """Bytes written on all streams since the start."""
        return self._past_bytes + sum(stream.bytes_written for stream in self.streams.values())

    def opened(self, stream: OpenStream) -> None:
        """Add a stream."""
        self.streams[stream.record.id] = stream
        self._changed()

    def closed(self, stream: OpenStream) -> None:
        """Remove a stream, and remember it among those that ended."""
        if self.streams.pop(stream.record.id, None) is not None:
            self._past_messages += stream.messages
            self._past_bytes += stream.bytes_written
            self.past.append(self._ended(stream))
            self._changed()

    def _changed(self) -> None:
        for callback in self.on_change:
            callback()
        self.notify()

    def _ended(self, stream: OpenStream) -> EndedStream:
        record = stream.record
        return EndedStream(
            record.id,
            record.protocol,
            record.path,
            record.client_ip,
            record.opened,
            datetime.fromtimestamp(self.clock.time(), UTC),
            stream.reason,
            stream.messages,
            stream.bytes_written,
        )

    def end_all(self) -> None:
        """Let go of every stream, as the emulator stops."""
        for stream in tuple(self.streams.values()):
            stream.reason = EndReason.SERVER
            stream.ended()

    def publish(self, post: Post, rng: random.Random | None = None) -> int:
        """Send a post to all who want it and return how many did; with `rng`, at times more beside it.

        It is remembered in any case, for those who ask later what they have missed.
        """
        self.history.add(post, self.clock.world_ms())
        given = 0
        for stream in tuple(self.streams.values()):
            if stream.replaying or stream.record.id not in self.streams:
                continue  # it comes to this post in its turn, or the post before was the last one paid for
            message = stream.feed.message_for(post)
            if message is None or not stream.offer(message):
                continue
            self.usage.count(stream.feed.delivered(post))
            for other in stream.feed.extra_messages(post):
                stream.offer(other)
            given += 1
            for more in stream.feed.random_notices(post, rng) if rng is not None else ():
                stream.send_message(more)
        self.delivery_counts.append(given)
        if rng is not None:
            for stream in self.streams.values():
                stream.feed.let_happen(post, rng)
        self.announce()
        self.notify()
        return given

    def announce(self) -> int:
        """Send what has happened to the streams that are told of it; return how many messages were sent."""
        sent = 0
        while self._events:
            event = self._events.popleft()
            for stream in tuple(self.streams.values()):
                if stream.replaying:
                    continue
                for message, resources in stream.feed.event(event):
                    if stream.record.id in self.streams and stream.offer_event(message):
                        sent += 1
                        self.usage.count(resources)
        return sent

    def _end_charged(self) -> None:
        """End v2's streams: what they bring can't be paid, or is more than the cap."""
        kind = "ClientApplicationStateDegraded"
        last = operational_disconnect(kind, "This stream has been disconnected because of its app's usage.")
        for stream in tuple(self.streams.values()):
            if stream.record.protocol == "2":
                stream.end(EndReason.UNPAID, last)

    def notify(self) -> None:
        """Tell those who wait for streams, posts or requests that it may have come."""
        for listener in tuple(self.listeners):
            listener()
