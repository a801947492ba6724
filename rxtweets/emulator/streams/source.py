"""The source of a stream: a feed, which makes messages about posts, and a replay of the past."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import Request, Response, operational_disconnect
from rxtweets.emulator.world.model import Post, WorldEvent
from rxtweets.emulator.world.post_spec import ANY, PostSpec

from .history import LastReplay, Replay


class Feed:
    """The messages of an endpoint. Subclasses make them; this one makes none.

    `partition` is the part of the posts that it gets, of `partitions`. Of the feeds that have a `slot`, a
    newer one ends the older in the same slot. `headers` are more than other streams have.
    """

    protocol = "2"
    name = ""
    partition: int | None = None
    partitions = 1
    delimited = False
    slot: tuple[str, str] | None = None
    headers: tuple[tuple[str, str], ...] = ()

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

    def delivered(self, post: Post) -> Resources:
        """Return what the message about a post, which was just made, brings that X counts and charges."""
        return ()

    def extra_messages(self, post: Post) -> tuple[bytes, ...]:
        """Return the further messages that the same post causes."""
        return ()

    def event(self, event: WorldEvent) -> Iterable[tuple[bytes, Resources]]:
        """Return the messages about an event, each with what it brings that X counts and charges."""
        return ()

    def let_happen(self, post: Post, rng: random.Random) -> None:
        """Let something happen in the world that this stream will be told of, after a post."""

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


class Opening(Struct, frozen=True, eq=False):
    """A stream to open: its feed, and what of the past it begins with."""

    feed: Feed
    replay: Replay | LastReplay | None = None

    @property
    def finite(self) -> bool:
        """True of a stream that ends when its replay is through."""
        return self.replay is not None and self.replay.finite


Endpoint = Callable[[Request], Response | Opening]
Routes = Mapping[str, Mapping[str, Endpoint]]
"""Endpoints by path and method; a path may have ``*`` for its last segment."""
