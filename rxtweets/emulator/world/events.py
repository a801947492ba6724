"""Events: what users of the world do beside posting, of which each protocol makes its own messages."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from msgspec import Struct

from .entities import parse_entities
from .model import Person, Post, WorldEvent
from .people import random_bio
from .post_spec import ANY
from .sampling import pick
from .social_graph import AccountState
from .text_generator import generate_text
from .world import World

FIELDS = {
    "bio": "bio",
    "profile_picture": "avatar",
    "banner_picture": "joined",
    "screenname": "name",
    "handle": "screen_name",
    "geo": "location",
    "url": "website",
    "verified_badge": "verified_type",
    "affiliate_badge": "affiliation",
}
"""The attributes of a person that the kinds of profile update are about."""


class EventContext(Struct, frozen=True):
    """The account that an event concerns, the post that it follows, and the world.

    `other` is the second party, and `text` what is written, where these are given.
    """

    account: AccountState
    post: Post
    world: World
    other: Person | None = None
    text: str | None = None

    @property
    def rng(self) -> random.Random:
        """The world's random numbers."""
        return self.world.rng

    def stranger(self) -> Person | None:
        """Return `other`, or a random user whom the account doesn't follow; None if 20 draws find none."""
        if self.other is not None:
            return self.other
        people = (self.world.people.sample(self.rng) for _ in range(20))
        return next(filter(self.account.is_stranger, people), None)

    def friend(self) -> Person | None:
        """Return `other`, or one whom the account follows, if there is one."""
        if self.other is not None or not self.account.friends:
            return self.other
        return self.world.people.with_id(pick(self.rng, self.account.friends))

    def happened(
        self,
        kind: str,
        source: Person,
        target: Person | None = None,
        post: Post | None = None,
        before: Person | None = None,
        after: Person | None = None,
        message: bytes = b"",
    ) -> WorldEvent:
        """Return an event of now."""
        return WorldEvent(
            kind=kind,
            number=self.rng.getrandbits(64) - 2**63,
            ms=self.post.ms,
            source=source,
            target=target,
            post=post,
            before=before,
            after=after,
            message=message,
        )


def happen(kind: str, context: EventContext, *, inbound: bool = False) -> WorldEvent | None:
    """Let an event happen to the account, or by the other party if `inbound`; None where it can't.

    Raises:
        KeyError: there is no such kind.
    """
    base = kind.replace("received", "sent")
    return _MAKERS[base](context, base, inbound is not (base != kind))


def _like(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    account, me = context.account, context.account.me
    post = context.post.retweeted or context.post
    if inbound and post.author.id != me.id:
        post = pick(context.rng, account.posted) if account.posted else _some_post(context, me)
    elif not inbound and post.author.id == me.id:
        author = context.stranger()
        if author is None:
            return None
        post = _some_post(context, author)
    fan = context.stranger() if inbound else me
    if fan is None or (fan, post) in account.liked:
        return None
    account.liked.append((fan, post))
    post.count(likes=1, views=1)
    return context.happened(kind, fan, post.author, post)


def _some_post(context: EventContext, author: Person) -> Post:
    text = context.text or generate_text(context.rng, context.world.people, ANY, author.lang)[0]
    return context.world.compose(text, author=author, lang=author.lang)


def _follow(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    me, other = context.account.me, context.stranger()
    if other is None:
        return None
    if inbound:
        return context.happened(kind, other, me)
    context.account.follow(other.id)
    return context.happened(kind, me, other)


def _unfollow(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    me, account = context.account.me, context.account
    if inbound:
        other = context.stranger()
        return None if other is None else context.happened(kind, other, me)
    friend = context.friend() if len(account.friends) > 1 or context.other is not None else None
    if friend is None:
        return None
    if friend.id in account.friends:
        account.unfollow(friend.id)
    return context.happened(kind, me, friend)


def _apply(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Mute or block somebody."""
    name, account = kind.partition(".")[0], context.account
    other = context.stranger()
    if other is None or other in account.undoable[name]:
        return None
    account.apply(name, other)
    return context.happened(kind, account.me, other)


def _undo(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Take a mute or a block back."""
    name, account = kind.partition(".")[0], context.account
    others = account.undoable[name]
    other = context.other or (pick(context.rng, others) if others else None)
    if other is None:
        return None
    if other in others:
        account.undo(name, other)
    return context.happened(kind, account.me, other)


def _profile(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Change a field of the account's profile, as `text` says or to what somebody else has."""
    me, rng, what = context.account.me, context.rng, kind.rpartition(".")[2]
    field = FIELDS[what]
    before = _copy(me)
    value = context.text
    if value is None and what == "bio":
        value = random_bio(me.lang, rng)
    if value is not None and isinstance(getattr(me, field), str | None) and field != "affiliation":
        setattr(me, field, value)
    elif what == "banner_picture":
        me.joined += 1000  # the banner's address has it
    elif what != "handle":  # a name of somebody else would be theirs
        setattr(me, field, getattr(context.world.people.sample(rng), field))
    else:
        me.screen_name = f"{me.screen_name.rstrip(string.digits)[:12]}{rng.randrange(1000)}"
    me.cache.clear()
    return context.happened(kind, me, before=before, after=_copy(me))


def _copy(person: Person) -> Person:
    fields = {name: getattr(person, name) for name in Person.__struct_fields__ if name != "cache"}
    return Person(**fields)


def _message(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Send a message, to a friend or from one."""
    friend, me = context.friend(), context.account.me
    if friend is None:
        return None
    sender, recipient = (friend, me) if inbound else (me, friend)
    people, rng = context.world.people, context.rng
    text = context.text or generate_text(rng, people, ANY, sender.lang)[0]
    note = parse_entities(text, people, rng)
    content = Post(
        id=context.world.ids.next(),
        ms=context.post.ms,
        text=note.text,
        author=sender,
        lang=sender.lang,
        tags=note.tags,
        symbols=note.symbols,
        mentions=note.mentions,
        links=note.links,
    )
    if kind == "dm.sent":
        context.account.remember_message(content, recipient)
    return context.happened(kind, sender, recipient, content)


def _sign(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Let a friend read a message of the account's, or type one to it."""
    friend = context.friend()
    return None if friend is None else context.happened(kind, friend, context.account.me)


def _own(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    return context.happened(kind, context.account.me, context.friend())


def _deletion(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    """Delete a post of the account's."""
    account = context.account
    post = context.post if context.post.author.id == account.me.id else None
    post = post or (pick(context.rng, account.posted) if account.posted else None)
    if post is None:
        return None
    account.forget(post)
    return context.happened(kind, account.me, post=post)


def _news(context: EventContext, kind: str, inbound: bool) -> WorldEvent | None:
    return context.happened(kind, context.account.me, post=context.post)


_Maker = Callable[[EventContext, str, bool], WorldEvent | None]
_MAKERS: dict[str, _Maker] = {
    "like.create": _like,
    "follow.follow": _follow,
    "follow.unfollow": _unfollow,
    "mute.mute": _apply,
    "mute.unmute": _undo,
    "block.block": _apply,
    "block.unblock": _undo,
    **{f"profile.update.{name}": _profile for name in FIELDS},
    "dm.sent": _message,
    "chat.sent": _message,
    "dm.read": _sign,
    "dm.indicate_typing": _sign,
    "chat.conversation.join": _own,
    "chat.conversation.member_added": _own,
    "chat.conversation.member_removed": _own,
    "chat.conversation.admin_added": _own,
    "chat.conversation.admin_removed": _own,
    "chat.update.group_name": _own,
    "chat.update.restrictions": _own,
    "spaces.start": _own,
    "spaces.end": _own,
    "broadcast.start": _own,
    "broadcast.end": _own,
    "broadcast.chat": _own,
    "news.new": _news,
    "post.delete": _deletion,
    "oauth.revoke": _own,
}
KINDS = (*_MAKERS, "dm.received", "chat.received")
"""The kinds of event that there are."""
