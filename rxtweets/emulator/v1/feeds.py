"""What the streams of v1.1 send."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from msgspec import structs

from rxtweets.emulator.clock import Clock
from rxtweets.emulator.http.answers import encode
from rxtweets.emulator.matching import tracked
from rxtweets.emulator.streams import Feed, partition_of
from rxtweets.emulator.world.model import LEVELS, Post, Wish
from rxtweets.emulator.world.world import World
from rxtweets.track import FilterQuery

from . import notices
from .forms import status, status_bytes, user, when
from .parameters import PARTITIONS


class StatusFeed(Feed):
    """Statuses, and what comes beside them."""

    protocol = "1.1"
    clock: Clock
    name = ""
    stall_warnings = False

    def __init__(self, delimited: bool = False) -> None:
        self.delimited = delimited

    def matches(self, post: Post) -> bool:
        """Whether the stream gets the post."""
        return True

    def message(self, post: Post) -> bytes | None:
        return status_bytes(post) if self.matches(post) else None

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        drawn = dice.random()
        if drawn < 0.02:
            return notices.deletion(post)
        if drawn < 0.022:
            return notices.scrub_geo(post)
        return notices.withheld(post, whole_user=drawn < 0.023) if drawn < 0.024 else None

    def falling_behind(self, percent: int) -> bytes | None:
        return notices.falling_behind(percent) if self.stall_warnings else None

    def limited(self, total: int) -> bytes | None:
        return notices.limit(total, self.clock.world_ms())

    def finished(self) -> bytes | None:
        return notices.disconnect(9, self.name)

    def goodbye(self) -> bytes | None:
        return notices.disconnect(7, self.name)


class FilterFeed(StatusFeed):
    """Statuses that a filter matches."""

    def __init__(self, query: FilterQuery, delimited: bool) -> None:
        super().__init__(delimited)
        self._query = query

    def matches(self, post: Post) -> bool:
        return tracked(self._query, post)

    def wish(self, dice: random.Random) -> Wish | None:
        query = self._query
        options: list[Wish] = []
        if query.track:
            options.append(Wish(words=tuple(dice.choice(query.track).split())))
        if query.follow:
            options.append(Wish(author=dice.choice(query.follow)))
        if query.locations:
            options.append(Wish(box=dice.choice(query.locations)))
        lang = dice.choice(query.languages) if query.languages else None
        level = "medium" if query.filter_level == "medium" else None
        return structs.replace(dice.choice(options), lang=lang, level=level)


class UserFeed(StatusFeed):
    """A user's own stream: the list of friends, their statuses, and what happens to the account."""

    def __init__(self, world: World, account: int, delimited: bool, strings: bool) -> None:
        super().__init__(delimited)
        self._world = world
        self._account = account
        self._strings = strings
        self._friends = sorted({world.people.numbered(n).id for n in range(account % 97, account % 97 + 30)})

    def friends(self) -> dict[str, Any]:
        if self._strings:
            return {"friends_str": [str(friend) for friend in self._friends]}
        return {"friends": self._friends}

    def greeting(self) -> tuple[bytes, ...]:
        return (encode(self.friends()),)

    def wish(self, dice: random.Random) -> Wish | None:
        return Wish(author=dice.choice(self._friends))

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
            event["target_object"] = status(post, inner=True)
        return encode(event)


class SiteFeed(StatusFeed):
    """The streams of several users in one, each message in an envelope that tells whose it is."""

    def __init__(self, users: dict[int, UserFeed], delimited: bool) -> None:
        super().__init__(delimited)
        self._users = users

    def greeting(self) -> tuple[bytes, ...]:
        control = {"control": {"control_uri": f"/1.1/site/c/01_{sum(self._users):x}"}}
        friends = (encode({"for_user": key, "message": feed.friends()}) for key, feed in self._users.items())
        return (encode(control), *friends)

    def message(self, post: Post) -> bytes | None:
        keys = tuple(self._users)
        key = keys[(post.id >> 12 ^ post.id) % len(keys)]
        return b'{"for_user":%d,"message":%b}' % (key, status_bytes(post))

    def wish(self, dice: random.Random) -> Wish | None:
        return dice.choice(tuple(self._users.values())).wish(dice)

    def aside(self, post: Post, dice: random.Random) -> bytes | None:
        return None


class VolumeFeed(StatusFeed):
    """All statuses, or those of one kind; of the parts into which they are split, those asked for."""

    def __init__(
        self,
        kind: Callable[[Post], object],
        parts: frozenset[int],
        languages: frozenset[str],
        level: str,
        delimited: bool,
    ) -> None:
        super().__init__(delimited)
        self._kind = kind
        self._parts = parts
        self._languages = languages
        self._level = LEVELS.index(level)

    def matches(self, post: Post) -> bool:
        return (
            partition_of(post, PARTITIONS) in self._parts
            and (not self._languages or post.lang in self._languages)
            and LEVELS.index(post.level) >= self._level
            and bool(self._kind(post))
        )

    def wish(self, dice: random.Random) -> Wish | None:
        lang = dice.choice(sorted(self._languages)) if self._languages else None
        return Wish(lang=lang, level="medium" if self._level == LEVELS.index("medium") else None)
