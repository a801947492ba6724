"""The last posts, and their replay to a stream that asked for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rxtweets.emulator.world.model import Person, Post

_PIECE = 64 * 1024
_AHEAD = 512 * 1024
"""Bytes that a replay writes at a time, and that may wait for the reader while it goes on."""
_LOOK = 2000
"""Bytes of a piece that looking at a post counts for: a replay of few posts doesn't stop all others."""
_PAUSE = 0.02


class History:
    """The last posts, numbered from the first that was ever published; bounded."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._posts: dict[int, tuple[int, Post]] = {}
        self._numbers: dict[int, int] = {}
        self.start = self.end = 0

    def add(self, post: Post, ms: int) -> None:
        """Remember a post that is published at that time; forget the rendered forms of the one before."""
        if self._posts:
            self.forget_forms(self.end - 1)
        self._posts[self.end] = (ms, post)
        self._numbers[post.id] = self.end
        self.end += 1
        if len(self._posts) > self.most:
            if self.is_latest(self.start):
                del self._numbers[self.get(self.start).id]
            del self._posts[self.start]
            self.start += 1

    def get(self, number: int) -> Post:
        """Return the post of that number. Raises KeyError if it is forgotten."""
        return self._posts[number][1]

    def time(self, number: int) -> int:
        """Return when the post of that number was published. Raises KeyError if it is forgotten."""
        return self._posts[number][0]

    def is_latest(self, number: int) -> bool:
        """Return whether that post wasn't published once more since."""
        return self._numbers[self.get(number).id] == number

    def find(self, post_id: int) -> Post | None:
        """Return the post of that id, if it is remembered."""
        number = self._numbers.get(post_id)
        return None if number is None else self.get(number)

    def latest_by(self, author: Person) -> Post | None:
        """Return the latest post of a user, if one is remembered."""
        posts = (self.get(number) for number in reversed(range(self.start, self.end)))
        return next((post for post in posts if post.author is author), None)

    def forget_forms(self, number: int) -> None:
        """Forget the rendered forms of a post, lest ten thousand are kept in every form."""
        _, post = self._posts[number]
        for part in (post, post.retweeted, post.quoted):
            if part is not None:
                part.cache.clear()

    def since(self, ms: int) -> int:
        """Return the number of the first post published at that time or later."""
        number = self.end
        while number > self.start and self._posts[number - 1][0] >= ms:
            number -= 1
        return number


class Sink(Protocol):
    """The receiver of a replay: a stream."""

    def ready(self, most: int) -> bool:
        """Return whether no more than that many bytes wait for the client, and sending is possible at all."""

    def replay(self, post: Post) -> int:
        """Send the message about a post, if the stream gets it; return its length in bytes."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` after a while, unless the stream has ended by then."""

    def replayed(self, *, finished: bool) -> None:
        """End if `finished`, else be live from now on."""


class Replay:
    """Posts of the past on their way to a stream, in pieces and no faster than they are read.

    It goes from `start` up to `end`, where a `finite` stream ends, or for None up to the present, from where
    on the stream is live: nothing posted meanwhile is missed or sent twice.
    """

    def __init__(self, history: History, start: int, end: int | None) -> None:
        self._history = history
        self._next = start
        self._end = end
        self.finite = end is not None

    def send_to(self, sink: Sink) -> None:
        """Send a piece; the rest follows when the loop and the reader have time for it."""
        budget = _PIECE if sink.ready(_AHEAD) else 0
        while budget > 0:
            self._next = max(self._next, self._history.start)
            if self._next >= (self._history.end if self._end is None else self._end):
                sink.replayed(finished=self.finite)
                return
            budget -= _LOOK + sink.replay(self._history.get(self._next))
            self._history.forget_forms(self._next)
            self._next += 1
        sink.later(0 if sink.ready(_AHEAD) else _PAUSE, lambda: self.send_to(sink))


class LastReplay:
    """The replay of the last `count` posts that are `wanted`; its start is looked up in pieces, too."""

    def __init__(self, history: History, count: int, wanted: Callable[[Post], object], finite: bool) -> None:
        self._history = history
        self._left = count
        self._wanted = wanted
        self._number = history.end
        self._end = history.end if finite else None
        self.finite = finite

    def send_to(self, sink: Sink) -> None:
        """Look further back, and replay from there once that is far enough."""
        for _ in range(_PIECE // _LOOK):
            if self._left <= 0 or self._number <= self._history.start:
                Replay(self._history, self._number, self._end).send_to(sink)
                return
            self._number -= 1
            self._left -= bool(self._wanted(self._history.get(self._number)))
            self._history.forget_forms(self._number)
        sink.later(0, lambda: self.send_to(sink))
