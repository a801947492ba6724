"""Whom an account has to do with: friends, those it blocked or muted, lists, letters; and what came of it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from msgspec import Struct

from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.world import World

UNDO = {
    "block": "unblock",
    "mute": "unmute",
    "user_delete": "user_undelete",
    "user_suspend": "user_unsuspend",
    "user_protect": "user_unprotect",
    "access_revoked": "access_unrevoked",
}
"""What can be undone, and by which event."""
_HIDING = ("block", "user_delete", "user_suspend")
"""What the posts of whom it happened to aren't seen after."""
_FRIENDS = 30
_MOST = 2000
"""Accounts whose circles are known: of more, the oldest is forgotten."""
_REMEMBERED = 50
"""Posts, letters and messages of each kind that a circle holds."""
_LISTS = 20


class UserList(Struct, kw_only=True, eq=False):
    """A list of users that somebody keeps and others subscribe to; `created` in Unix milliseconds."""

    id: int
    name: str
    description: str
    owner: Person
    created: int
    members: list[Person]
    subscribers: list[Person]


class Letter(Struct, frozen=True):
    """A direct message: what is said in it, as a post would say it, and to whom."""

    said: Post
    recipient: Person


class Circle:
    """One account's, the same for all its streams: `friends` are ids in order, of `lists` some are others'.

    `told` counts the messages that came of what happened in it; see `since`.
    """

    def __init__(self, me: Person, world: World) -> None:
        first = me.id % 97
        others = (world.people.numbered(first + n) for n in range(_FRIENDS + 6))
        *near, a, b, c, d, e = [person for person in others if person.id != me.id][: _FRIENDS + 5]
        self.me = me
        self.friends = sorted(person.id for person in near)
        self._together = {*self.friends, me.id}
        # Everybody begins with something that can be undone.
        self.undoable = {
            "block": [a],
            "mute": [b],
            "user_delete": [c],
            "user_suspend": [d],
            "user_protect": [near[0]],
            "access_revoked": [e],
        }
        self._hidden = {person.id for name in _HIDING for person in self.undoable[name]}
        created = me.joined + 10**8
        self.lists: deque[UserList] = deque(maxlen=_LISTS)
        for owner, member, subscriber in ((me, near[1], near[2]), (near[3], me, near[4]), (near[5], a, me)):
            self.lists.append(
                UserList(
                    id=world.ids.next(created),
                    name=f"Friends of {owner.screen_name}",
                    description="",
                    owner=owner,
                    created=created,
                    members=[member],
                    subscribers=[subscriber],
                )
            )
        self.posted: deque[Post] = deque(maxlen=_REMEMBERED)
        self.repeated: deque[Post] = deque(maxlen=_REMEMBERED)
        self.liked: deque[tuple[Person, Post]] = deque(maxlen=_REMEMBERED)
        self.letters: deque[Letter] = deque(maxlen=_REMEMBERED)
        self.told = 0
        self._news: deque[bytes] = deque(maxlen=_REMEMBERED)

    def holds(self, person: Person) -> bool:
        """Whether it is the account itself, or a friend."""
        return person.id in self._together

    def hides(self, post: Post) -> bool:
        """Whether the post is by, or repeats, somebody who is blocked or gone."""
        return post.author.id in self._hidden or (
            post.retweeted is not None and post.retweeted.author.id in self._hidden
        )

    def is_stranger(self, person: Person) -> bool:
        """Whether it is somebody who is there, and no friend."""
        return person.id not in self._together and person.id not in self._hidden

    def follow(self, user_id: int) -> None:
        if user_id not in self._together:
            insort(self.friends, user_id)
            self._together.add(user_id)

    def unfollow(self, user_id: int) -> None:
        self._together.discard(user_id)
        del self.friends[bisect_left(self.friends, user_id)]

    def do(self, name: str, person: Person) -> None:
        """Let something that can be undone happen to a person: a friend who is gone is none meanwhile."""
        self.undoable[name].append(person)
        if name in _HIDING:
            self._hidden.add(person.id)
            if person.id in self.friends:
                self.unfollow(person.id)

    def undo(self, name: str, person: Person) -> None:
        """Undo it; who comes back is a friend, unless it was a block."""
        self.undoable[name].remove(person)
        if name in _HIDING:
            self._hidden.discard(person.id)
            if name != "block":
                self.follow(person.id)

    def note(self, post: Post) -> None:
        """Remember a post of the account's own."""
        kept = self.posted if post.retweeted is None else self.repeated
        if post.author.id == self.me.id and not (kept and kept[-1] is post):
            kept.append(post)

    def forget(self, post: Post) -> None:
        """Remember a post no more: it is deleted."""
        for kept in (self.posted, self.repeated):
            if post in kept:
                kept.remove(post)
        for like in [like for like in self.liked if like[1] is post]:
            self.liked.remove(like)

    def tell(self, message: bytes) -> None:
        """Have a message for all streams of the account."""
        self._news.append(message)
        self.told += 1

    def since(self, told: int) -> tuple[bytes, ...]:
        """The messages after the first so many, as far as they are remembered."""
        new = self.told - told
        return tuple(self._news)[-new:] if new else ()


class Circles:
    """The circles of all accounts, made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._circles: dict[int, Circle] = {}

    def around(self, user_id: int) -> Circle:
        """The circle of the account with that id."""
        circle = self._circles.get(user_id)
        if circle is None:
            if len(self._circles) >= _MOST:
                del self._circles[next(iter(self._circles))]
            circle = self._circles[user_id] = Circle(self.world.people.with_id(user_id), self.world)
        return circle
