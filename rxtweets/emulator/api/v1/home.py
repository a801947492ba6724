"""User streams, and the site streams that carry those of several users."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.matching import tracked
from rxtweets.emulator.world.model import Post, WorldEvent
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.social_graph import SocialGraph
from rxtweets.filters import FilterQuery

from . import notices
from .event_context import EventContext
from .events import EventSampler, message_of
from .feeds import StatusFeed, StatusOptions, spec_from_query
from .forms import status_bytes

EVENT_RATE = 0.09
"""The share of statuses that an event follows; at this rate each kind comes up within 2,000 messages."""


class UserStreamOptions(Struct, frozen=True):
    """Parameters of user and site streams."""

    stringify_friend_ids: bool
    with_followings: bool
    all_replies: bool
    query: FilterQuery | None = None


class UserFeed(StatusFeed):
    """A user stream: the list of friends, statuses by and about the user and by friends, and events."""

    def __init__(
        self, common: StatusOptions, graph: SocialGraph, user_id: int, options: UserStreamOptions
    ) -> None:
        super().__init__(common, "user")
        self._world = graph.world
        self._user_id = user_id
        self._options = options
        self._sampler = EventSampler(options.with_followings)
        self.account = graph.account(user_id)

    def friends(self) -> dict[str, Any]:
        """Return the message with the ids of all friends."""
        if self._options.stringify_friend_ids:
            return {"friends_str": [str(friend) for friend in self.account.friends]}
        return {"friends": self.account.friends}

    def preamble(self) -> tuple[bytes, ...]:
        return (encode(self.friends()),)

    def matches(self, post: Post) -> bool:
        options, account = self._options, self.account
        if account.hides(post):
            return False
        if self._concerns(post) or (options.query is not None and tracked(options.query, post)):
            return True
        if not options.with_followings or not account.follows(post.author):
            return False
        return options.all_replies or post.reply_to is None or account.follows(post.reply_to.author)

    def _concerns(self, post: Post) -> bool:
        """Tell whether the user wrote the post, or is answered, retweeted, quoted or mentioned in it."""
        others = (post.reply_to, post.retweeted, post.quoted)
        return (
            post.author.id == self._user_id
            or any(other is not None and other.author.id == self._user_id for other in others)
            or any(mention.person.id == self._user_id for mention in post.mentions)
        )

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        if self._options.query is not None and rng.random() < 0.3:
            return spec_from_query(self._options.query, rng)
        friends = self.account.friends
        if self._options.with_followings and friends and rng.random() < 0.7:
            return PostSpec(author=pick(rng, friends))
        return PostSpec(author=self._user_id) if rng.random() < 0.5 else PostSpec(to=self._user_id)

    def random_notices(self, post: Post, rng: random.Random) -> tuple[bytes, ...]:
        self.account.remember(post)
        if rng.random() < EVENT_RATE:
            self.trigger_event(post, self._sampler)
        return ()

    def trigger_event(self, post: Post, sampler: EventSampler) -> None:
        """Let the next event of the account happen."""
        context = EventContext(self.account, post, self._world)
        for event in sampler.next(context):
            one = (
                event
                if isinstance(event, WorldEvent)
                else context.happened("v1", self.account.me, message=event)
            )
            self._world.events.append(one)

    def event(self, event: WorldEvent) -> Iterator[tuple[bytes, Resources]]:
        message = message_of(event, self._user_id)
        deleted = event.post if event.kind == "post.delete" else None
        if message is None and deleted is not None and self.matches(deleted):
            message = notices.deletion(deleted)
        if message is not None:
            yield message, ()


class SiteFeed(StatusFeed):
    """A site stream: user streams in one, each message in an envelope that names its user.

    `control` is the id in its control URI; see `SiteControls`.
    """

    def __init__(
        self,
        common: StatusOptions,
        graph: SocialGraph,
        ids: frozenset[int],
        options: UserStreamOptions,
        control: str,
    ) -> None:
        super().__init__(common, slot=None)
        self._graph = graph
        self._sampler = EventSampler(options.with_followings)
        self.options = options
        self.control = control
        self.users = {key: UserFeed(common, graph, key, options) for key in sorted(ids)}

    def add(self, user_id: int) -> bytes:
        """Add a user and return the message with their friends."""
        feed = self.users[user_id] = UserFeed(self._common, self._graph, user_id, self.options)
        return encode({"for_user": user_id, "message": feed.friends()})

    def preamble(self) -> tuple[bytes, ...]:
        control = {"control": {"control_uri": f"/1.1/site/c/{self.control}"}}
        friends = (encode({"for_user": key, "message": feed.friends()}) for key, feed in self.users.items())
        return (encode(control), *friends)

    def message(self, post: Post) -> bytes | None:
        return next(iter(self._envelopes(post)), None)

    def extra_messages(self, post: Post) -> tuple[bytes, ...]:
        return self._envelopes(post)[1:]

    def _envelopes(self, post: Post) -> tuple[bytes, ...]:
        return tuple(
            _envelope(key, status_bytes(post)) for key, feed in self.users.items() if feed.matches(post)
        )

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        return rng.choice(tuple(self.users.values())).post_spec(rng) if self.users else None

    def random_notices(self, post: Post, rng: random.Random) -> tuple[bytes, ...]:
        author = self.users.get(post.author.id)
        if author is not None:
            author.account.remember(post)
        concerned = [feed for feed in self.users.values() if feed.matches(post)]
        for feed in concerned:
            if rng.random() < EVENT_RATE:
                feed.trigger_event(post, self._sampler)
        return ()

    def event(self, event: WorldEvent) -> Iterator[tuple[bytes, Resources]]:
        for key, feed in self.users.items():
            for message, _ in feed.event(event):
                yield _envelope(key, message), ()


def _envelope(user_id: int, message: bytes) -> bytes:
    return b'{"for_user":%d,"message":%b}' % (user_id, message)
