"""The streams that are open, and what is given to all of them."""

from __future__ import annotations

import random
from collections.abc import Callable

from .clock import Clock
from .history import History
from .limits import Limits
from .streams import OpenStream
from .world.model import Post


class StreamHub:
    """The streams that are open; tells `changed` their number when it changes, `gone` one that closed."""

    def __init__(
        self,
        clock: Clock,
        limits: Limits,
        history: History,
        changed: Callable[[int], None],
        gone: Callable[[OpenStream], None],
    ) -> None:
        self.clock = clock
        self.limits = limits
        self.history = history
        self.streams: dict[str, OpenStream] = {}
        self.watchers: list[Callable[[], None]] = []
        self.messages = self.bytes = 0  # sent on all streams
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
        """Send a post to all who want it and return how many did; with `dice`, at times more beside it.

        It is remembered in any case, for those who ask later what they have missed.
        """
        self.history.add(post, self.clock.world_ms())
        given = 0
        for stream in tuple(self.streams.values()):
            if stream.replaying:
                continue  # it comes to this post in its turn
            message = stream.feed.offer(post)
            if message is None or not stream.deliver(message):
                continue
            for other in stream.feed.also(post):
                stream.deliver(other)
            given += 1
            more = stream.feed.aside(post, dice) if dice is not None else None
            if more is not None:
                stream.send(more)
        self.happened()
        return given

    def happened(self) -> None:
        """Tell those who wait for streams, posts or requests that it may have come."""
        for watcher in tuple(self.watchers):
            watcher()
