"""What has been posted lately, and its replay to a stream that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .world.model import Post

if TYPE_CHECKING:
    from .streams import OpenStream

_PIECE = 64 * 1024
_AHEAD = 512 * 1024
"""Bytes that a replay writes at a time, and that may wait for the reader while it goes on."""
_PAUSE = 0.02


class History:
    """The last posts, numbered from the first that was ever made; bounded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._posts: dict[int, Post] = {}
        self.start = self.end = 0

    def add(self, post: Post) -> None:
        """Remember a post; what was rendered of the one before is let go."""
        if self._posts:
            self._posts[self.end - 1].forms.clear()
        self._posts[self.end] = post
        self.end += 1
        if len(self._posts) > self._most:
            del self._posts[self.start]
            self.start += 1

    def get(self, number: int) -> Post:
        """The post of that number. Raises KeyError where it is forgotten."""
        return self._posts[number]

    def since(self, ms: int) -> int:
        """Number of the first post at that time or later."""
        number = self.end
        while number > self.start and self._posts[number - 1].ms >= ms:
            number -= 1
        return number

    def last(self, count: int, wanted: Callable[[Post], object]) -> int:
        """Number of the post from which on `count` are wanted, or of the first there is."""
        number = self.end
        while number > self.start and count > 0:
            number -= 1
            count -= bool(wanted(self._posts[number]))
        return number


class Replay:
    """Posts of the past on their way to a stream, in pieces and no faster than they are read.

    It goes from `start` up to `end`, or for None up to the present, from where on the stream is live: nothing
    posted meanwhile is missed or sent twice.
    """

    def __init__(self, history: History, start: int, end: int | None) -> None:
        self._history = history
        self._next = start
        self._end = end

    def go_on(self, stream: OpenStream) -> None:
        """Send a piece; the rest follows when the loop and the reader have time for it."""
        ready = not stream.shape.stalled and stream.waiting() < _AHEAD
        budget = _PIECE if ready else 0
        while budget > 0:
            self._next = max(self._next, self._history.start)
            if self._next >= (self._history.end if self._end is None else self._end):
                stream.replayed(finished=self._end is not None)
                return
            message = stream.feed.offer(self._history.get(self._next))
            self._next += 1
            budget -= 500
            if message is not None:
                stream.send(message)
                budget -= len(message)
        stream.later(0 if ready and stream.waiting() < _AHEAD else _PAUSE, self.go_on)
