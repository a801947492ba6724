"""Accounts as their streams know them: friends, blocks and mutes, lists, messages, recent events."""

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
"""Events that can be undone, and the event that undoes each."""
_HIDING = ("block", "user_delete", "user_suspend")
"""Events after which the user's posts are no longer shown."""
_FRIENDS = 30
_MAX_ACCOUNTS = 2000
"""Accounts that a graph remembers; beyond that the oldest is dropped."""
_REMEMBERED = 50
"""Posts, likes and direct messages that an account remembers, of each kind."""
_MAX_LISTS = 20


class UserList(Struct, kw_only=True, eq=False):
    """A list of users; `created` is in Unix milliseconds."""

    id: int
    name: str
    description: str
    owner: Person
    created: int
    members: list[Person]
    subscribers: list[Person]


class DirectMessage(Struct, frozen=True):
    """A direct message; its text, time and sender are held as a post."""

    content: Post
    recipient: Person


class AccountState:
    """The state of one account, shared by all its streams.

    `friends` are the ids that it follows, sorted; `following` holds the same and the account itself. `lists`
    are those that it owns, is a member of or subscribes to.
    """

    def __init__(self, me: Person, world: World) -> None:
        first = me.id % 97
        others = (world.people.at(first + n) for n in range(_FRIENDS + 6))
        *near, a, b, c, d, e = [person for person in others if person.id != me.id][: _FRIENDS + 5]
        self.me = me
        self.friends = sorted(person.id for person in near)
        self.following = {*self.friends, me.id}
        # From the start, there is one of each to be undone.
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
        self.lists: deque[UserList] = deque(maxlen=_MAX_LISTS)
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
        self.retweets: deque[Post] = deque(maxlen=_REMEMBERED)
        self.liked: deque[tuple[Person, Post]] = deque(maxlen=_REMEMBERED)
        self.direct_messages: deque[DirectMessage] = deque(maxlen=_REMEMBERED)

    def follows(self, person: Person) -> bool:
        """Tell whether the person is a friend, or the account itself."""
        return person.id in self.following

    def hides(self, post: Post) -> bool:
        """Tell whether the post, or what it retweets, is by a user who is blocked, deleted or suspended."""
        return post.author.id in self._hidden or (
            post.retweeted is not None and post.retweeted.author.id in self._hidden
        )

    def is_stranger(self, person: Person) -> bool:
        """Tell whether the person is neither followed nor hidden."""
        return person.id not in self.following and person.id not in self._hidden

    def follow(self, user_id: int) -> None:
        """Add a friend."""
        if user_id not in self.following:
            insort(self.friends, user_id)
            self.following.add(user_id)

    def unfollow(self, user_id: int) -> None:
        """Remove a friend."""
        self.following.discard(user_id)
        del self.friends[bisect_left(self.friends, user_id)]

    def apply(self, name: str, person: Person) -> None:
        """Apply an event of `UNDO` to a person; one who is hidden is no friend meanwhile."""
        self.undoable[name].append(person)
        if name in _HIDING:
            self._hidden.add(person.id)
            if person.id in self.friends:
                self.unfollow(person.id)

    def undo(self, name: str, person: Person) -> None:
        """Undo such an event; the person is a friend afterwards, unless it was a block."""
        self.undoable[name].remove(person)
        if name in _HIDING:
            self._hidden.discard(person.id)
            if name != "block":
                self.follow(person.id)

    def remember(self, post: Post) -> None:
        """Remember the post if the account wrote it."""
        kept = self.posted if post.retweeted is None else self.retweets
        if post.author.id == self.me.id and not (kept and kept[-1] is post):
            kept.append(post)

    def remember_message(self, content: Post, recipient: Person) -> None:
        """Remember a direct message of the account's, or to it."""
        self.direct_messages.append(DirectMessage(content, recipient))

    def forget(self, post: Post) -> None:
        """Forget a post that was deleted, and its likes."""
        for kept in (self.posted, self.retweets):
            if post in kept:
                kept.remove(post)
        for like in [like for like in self.liked if like[1] is post]:
            self.liked.remove(like)


class SocialGraph:
    """The state of every account, made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._accounts: dict[int, AccountState] = {}

    def account(self, user_id: int) -> AccountState:
        """Return the state of the account with that id."""
        account = self._accounts.get(user_id)
        if account is None:
            if len(self._accounts) >= _MAX_ACCOUNTS:
                del self._accounts[next(iter(self._accounts))]
            account = self._accounts[user_id] = AccountState(self.world.people.with_id(user_id), self.world)
        return account
