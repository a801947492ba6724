"""What a user's own stream sends, and the site stream that holds those of several users."""

from __future__ import annotations

import random
from typing import Any

from msgspec import Struct

from rxtweets.emulator.http.answers import encode
from rxtweets.emulator.matching import tracked
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.wish import Wish
from rxtweets.emulator.world.world import World
from rxtweets.track import FilterQuery

from .feeds import StatusFeed, query_wish
from .forms import status, status_bytes, user, when


class Asked(Struct, frozen=True):
    """What a client wants of the streams of users; see the parameters of the same names."""

    delimited: bool
    stringify_friend_ids: bool
    with_followings: bool
    all_replies: bool
    query: FilterQuery | None = None


class UserFeed(StatusFeed):
    """A user's own stream: the list of friends, statuses of, about and for the user, and events."""

    def __init__(self, world: World, account: int, asked: Asked) -> None:
        super().__init__(asked.delimited)
        self._world = world
        self._account = account
        self._asked = asked
        self.friend_ids = sorted(
            {world.people.numbered(n).id for n in range(account % 97, account % 97 + 30)}
        )
        self._circle = frozenset((*self.friend_ids, account))

    def friends(self) -> dict[str, Any]:
        """The message with the ids of all friends."""
        if self._asked.stringify_friend_ids:
            return {"friends_str": [str(friend) for friend in self.friend_ids]}
        return {"friends": self.friend_ids}

    def greeting(self) -> tuple[bytes, ...]:
        return (encode(self.friends()),)

    def matches(self, post: Post) -> bool:
        asked = self._asked
        if self._concerns(post) or (asked.query is not None and tracked(asked.query, post)):
            return True
        if not asked.with_followings or post.author.id not in self._circle:
            return False
        return asked.all_replies or post.reply_to is None or post.reply_to.author.id in self._circle

    def _concerns(self, post: Post) -> bool:
        """Whether the user wrote it, or is answered, repeated, quoted or mentioned in it."""
        others = (post.reply_to, post.retweeted, post.quoted)
        return (
            post.author.id == self._account
            or any(other is not None and other.author.id == self._account for other in others)
            or any(mention.person.id == self._account for mention in post.mentions)
        )

    def wish(self, dice: random.Random) -> Wish | None:
        if self._asked.query is not None and dice.random() < 0.3:
            return query_wish(self._asked.query, dice)
        if not self._asked.with_followings:
            return Wish(author=self._account) if dice.random() < 0.5 else Wish(to=self._account)
        return Wish(author=dice.choice(self.friend_ids))

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        if dice.random() > 0.06:
            return None
        me, other = self._world.people.with_id(self._account), self._world.people.anybody(dice)
        name = dice.choice(("follow", "favorite", "unfavorite", "quoted_tweet"))
        event: dict[str, Any] = {
            "event": name,
            "created_at": when(post.ms),
            "source": user(other),
            "target": user(me),
        }
        if name != "follow":
            event["target_object"] = status(post, depth=1)
        return encode(event)


class SiteFeed(StatusFeed):
    """The streams of several users in one, each message in an envelope that tells whose it is.

    `control` is what its clients call it by; see `SiteControls`.
    """

    def __init__(self, world: World, ids: frozenset[int], asked: Asked, control: str) -> None:
        super().__init__(asked.delimited)
        self._world = world
        self.asked = asked
        self.control = control
        self.users = {key: UserFeed(world, key, asked) for key in sorted(ids)}

    def add(self, user_id: int) -> bytes:
        """Take one more user in; returns the message with their friends."""
        feed = self.users[user_id] = UserFeed(self._world, user_id, self.asked)
        return encode({"for_user": user_id, "message": feed.friends()})

    def greeting(self) -> tuple[bytes, ...]:
        control = {"control": {"control_uri": f"/1.1/site/c/{self.control}"}}
        friends = (encode({"for_user": key, "message": feed.friends()}) for key, feed in self.users.items())
        return (encode(control), *friends)

    def message(self, post: Post) -> bytes | None:
        return next(iter(self._envelopes(post)), None)

    def also(self, post: Post) -> tuple[bytes, ...]:
        return self._envelopes(post)[1:]

    def _envelopes(self, post: Post) -> tuple[bytes, ...]:
        return tuple(
            b'{"for_user":%d,"message":%b}' % (key, status_bytes(post))
            for key, feed in self.users.items()
            if feed.matches(post)
        )

    def wish(self, dice: random.Random) -> Wish | None:
        return dice.choice(tuple(self.users.values())).wish(dice) if self.users else None

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        return None
