"""What a user's own stream sends, and the site stream that holds those of several users."""

from __future__ import annotations

import random
from typing import Any

from msgspec import Struct

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.matching import tracked
from rxtweets.emulator.world.chance import pick
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.filters import FilterQuery

from .event_context import Moment
from .events import Deck
from .feeds import StatusFeed, spec_from_query
from .forms import status_bytes
from .social_graph import Circles

EVENTFUL = 0.09
"""The share of statuses after which something else happens; so each kind comes up in 2,000 messages."""


class Asked(Struct, frozen=True):
    """What a client wants of the streams of users; see the parameters of the same names."""

    delimited: bool
    stringify_friend_ids: bool
    with_followings: bool
    all_replies: bool
    query: FilterQuery | None = None


class UserFeed(StatusFeed):
    """A user's own stream: the list of friends, statuses of, about and for the user, and events."""

    def __init__(self, circles: Circles, account: int, asked: Asked) -> None:
        super().__init__(asked.delimited)
        self._world = circles.world
        self._account = account
        self._asked = asked
        self._deck = Deck(asked.with_followings)
        self.circle = circles.around(account)
        self._told = self.circle.told

    def friends(self) -> dict[str, Any]:
        """The message with the ids of all friends."""
        if self._asked.stringify_friend_ids:
            return {"friends_str": [str(friend) for friend in self.circle.friends]}
        return {"friends": self.circle.friends}

    def preamble(self) -> tuple[bytes, ...]:
        return (encode(self.friends()),)

    def matches(self, post: Post) -> bool:
        asked, circle = self._asked, self.circle
        if circle.hides(post):
            return False
        if self._concerns(post) or (asked.query is not None and tracked(asked.query, post)):
            return True
        if not asked.with_followings or not circle.holds(post.author):
            return False
        return asked.all_replies or post.reply_to is None or circle.holds(post.reply_to.author)

    def _concerns(self, post: Post) -> bool:
        """Whether the user wrote it, or is answered, repeated, quoted or mentioned in it."""
        others = (post.reply_to, post.retweeted, post.quoted)
        return (
            post.author.id == self._account
            or any(other is not None and other.author.id == self._account for other in others)
            or any(mention.person.id == self._account for mention in post.mentions)
        )

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        if self._asked.query is not None and rng.random() < 0.3:
            return spec_from_query(self._asked.query, rng)
        friends = self.circle.friends
        if self._asked.with_followings and friends and rng.random() < 0.7:
            return PostSpec(author=pick(rng, friends))
        return PostSpec(author=self._account) if rng.random() < 0.5 else PostSpec(to=self._account)

    def random_notices(self, post: Post, rng: random.Random) -> tuple[bytes, ...]:
        self.circle.note(post)
        if rng.random() >= EVENTFUL:
            return ()
        self.stir(post, self._deck)
        return self.news()

    def stir(self, post: Post, deck: Deck) -> None:
        """Let something happen to the user."""
        for message in deck.deal(Moment(self.circle, post, self._world)):
            self.circle.tell(message)

    def news(self) -> tuple[bytes, ...]:
        """What happened since it was last asked for: on whichever stream of the user, all tell it."""
        told, self._told = self._told, self.circle.told
        return self.circle.since(told)


class SiteFeed(StatusFeed):
    """The streams of several users in one, each message in an envelope that tells whose it is.

    `control` is what its clients call it by; see `SiteControls`.
    """

    def __init__(self, circles: Circles, ids: frozenset[int], asked: Asked, control: str) -> None:
        super().__init__(asked.delimited)
        self._circles = circles
        self._deck = Deck(asked.with_followings)
        self.asked = asked
        self.control = control
        self.users = {key: UserFeed(circles, key, asked) for key in sorted(ids)}

    def add(self, user_id: int) -> bytes:
        """Take one more user in; returns the message with their friends."""
        feed = self.users[user_id] = UserFeed(self._circles, user_id, self.asked)
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
            author.circle.note(post)
        concerned = [feed for feed in self.users.values() if feed.matches(post)]
        stirred = [feed for feed in concerned if rng.random() < EVENTFUL]
        if not stirred:
            return ()
        for feed in stirred:
            feed.stir(post, self._deck)
        return tuple(_envelope(key, news) for key, feed in self.users.items() for news in feed.news())


def _envelope(user_id: int, message: bytes) -> bytes:
    return b'{"for_user":%d,"message":%b}' % (user_id, message)
