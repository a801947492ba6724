"""The feed of an endpoint: the messages that it sends about each post."""

from __future__ import annotations

import random
from collections.abc import Callable

from rxtweets.emulator.server.http import operational_disconnect
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import ANY, PostSpec

from .history import LastReplay, Replay


class Feed:
    """The messages of an endpoint. Subclasses make them; this one makes none.

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

    def message_for(self, post: Post) -> bytes | None:
        """Return the message about a post, or None where it belongs to another partition."""
        if self.partition is not None and partition_of(post, self.partitions) != self.partition:
            return None
        return self.message(post)

    def preamble(self) -> tuple[bytes, ...]:
        """Return the first messages of a stream."""
        return ()

    def message(self, post: Post) -> bytes | None:
        """Return the JSON to send about a new post, or None for nothing."""
        return None

    def extra_messages(self, post: Post) -> tuple[bytes, ...]:
        """Return the further messages that the same post causes."""
        return ()

    def random_notices(self, post: Post, rng: random.Random) -> tuple[bytes, ...]:
        """Return what may follow a post that was sent, drawn from `rng`: a deletion, an event."""
        return ()

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        """Return what the world should talk about for this stream; None where anything goes."""
        return None

    def stall_warning(self, percent: int) -> bytes | None:
        """Return the warning that the client's queue is that full; None where it wants none."""
        return None

    def limit_notice(self, total: int) -> bytes | None:
        """Return the notice that so many messages were withheld since the stream was opened."""
        return None

    def final_message(self) -> bytes | None:
        """Return the message that ends a finite stream."""
        return None

    def disconnect_message(self) -> bytes | None:
        """Return the message that the server, or a newer connection, ends the stream."""
        return operational_disconnect()


def partition_of(post: Post, partitions: int) -> int:
    """Return the partition, numbered from 1, that a post belongs to, whatever pattern ids have."""
    return (post.id * 0x9E3779B97F4A7C15 >> 40 & 0xFFFFFF) % partitions + 1


class PlainFeed(Feed):
    """A feed for which the world may talk about anything."""

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        return ANY
