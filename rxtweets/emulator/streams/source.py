"""What an endpoint sends: which message on the occasion of which post."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from rxtweets.emulator.server.http import operational_disconnect
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import NOTHING, Wish

if TYPE_CHECKING:
    from .history import LastReplay, Replay


class Feed:
    """What an endpoint sends. Subclasses say which messages they make; this one makes none.

    `partition` is the part of the posts that it gets, of `partitions`; `finite` is true of one that ends when
    its `backlog` is through. Of the feeds that have a `slot`, a newer one ends the older in the same slot.
    """

    protocol = "2"
    name = ""
    partition: int | None = None
    partitions = 1
    delimited = False
    finite = False
    slot: tuple[str, str] | None = None
    backlog: Callable[[], Replay | LastReplay] | None = None

    def offer(self, post: Post) -> bytes | None:
        """The message on the occasion of a post, or None where it belongs to another partition."""
        if self.partition is not None and partition_of(post, self.partitions) != self.partition:
            return None
        return self.message(post)

    def greeting(self) -> tuple[bytes, ...]:
        """The first messages of a stream."""
        return ()

    def message(self, post: Post) -> bytes | None:
        """The JSON to send on the occasion of a new post, or None for nothing."""
        return None

    def also(self, post: Post) -> tuple[bytes, ...]:
        """What else the same post makes it send."""
        return ()

    def aside(self, post: Post, dice: random.Random) -> tuple[bytes, ...]:
        """What else may come after a post that was sent: a deletion, an event."""
        return ()

    def wish(self, dice: random.Random) -> Wish | None:
        """What the world should talk about for this stream; None where anything goes."""
        return None

    def falling_behind(self, percent: int) -> bytes | None:
        """The warning that the client's queue is that full; None where it wants none."""
        return None

    def limited(self, total: int) -> bytes | None:
        """The notice that so many messages were withheld since the stream was opened."""
        return None

    def finished(self) -> bytes | None:
        """The message that ends a finite stream."""
        return None

    def goodbye(self) -> bytes | None:
        """The message that the stream ends because the site, or a newer connection, wants it to."""
        return operational_disconnect()


def partition_of(post: Post, partitions: int) -> int:
    """Which of so many partitions, numbered from 1, a post belongs to, whatever pattern ids have."""
    return (post.id * 0x9E3779B97F4A7C15 >> 40 & 0xFFFFFF) % partitions + 1


class PlainFeed(Feed):
    """Everything, about anything."""

    def wish(self, dice: random.Random) -> Wish | None:
        return NOTHING
