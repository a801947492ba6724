"""The events and notices of user and site streams."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.events import happen
from rxtweets.emulator.world.model import Person, WorldEvent
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.social_graph import UNDO, DirectMessage
from rxtweets.emulator.world.text_generator import generate_text

from . import notices
from .event_context import EventContext, EventFactory, event_message
from .forms import direct_message_form, status, status_bytes, user
from .lists import LIST_EVENTS


def message_of(event: WorldEvent, user_id: int) -> bytes | None:
    """Return v1.1's message of an event on the stream of that user; None where it has none."""
    source, target, post = event.source, event.target, event.post
    if event.kind == "v1":
        return event.message if source.id == user_id else None
    parties = {source.id} if target is None or event.kind in _TOLD_TO_SOURCE else {source.id, target.id}
    if user_id not in parties:
        return None
    if event.kind == "post.delete" and post is not None:
        return notices.deletion(post)
    if event.kind == "dm.sent" and post is not None and target is not None:
        return encode({"direct_message": direct_message_form(DirectMessage(post, target))})
    name = "user_update" if event.kind.startswith("profile.") else _NAMES.get(event.kind)
    if name is None:
        return None
    about = status(post, depth=1) if name == "favorite" and post is not None else None
    return event_message(name, event.ms, user(source), user(target or source), about)


_TOLD_TO_SOURCE = {"follow.unfollow", "mute.mute", "mute.unmute", "block.block", "block.unblock"}
"""Events that the user to whom they are done isn't told."""
_NAMES = {
    "like.create": "favorite",
    "follow.follow": "follow",
    "follow.unfollow": "unfollow",
    "mute.mute": "mute",
    "mute.unmute": "unmute",
    "block.block": "block",
    "block.unblock": "unblock",
}
"""The names that v1.1 has for events."""


class EventSampler:
    """A sampler of events without replacement: every kind comes up, none more often than its weight.

    Warnings that a user follows too many accounts come only with `followings`.
    """

    def __init__(self, followings: bool) -> None:
        self._factories = tuple(event for event in EVENTS if followings or event is not _warning)
        self._left: list[EventFactory] = []

    def next(self, context: EventContext) -> tuple[bytes | WorldEvent, ...]:
        """Return the next event that can happen, or its messages; others wait until they can."""
        for _ in range(2):
            for place in range(len(self._left) - 1, -1, -1):
                messages = tuple(self._left[place](context))
                if messages:
                    del self._left[place]
                    return messages
            self._left = list(self._factories)
            context.rng.shuffle(self._left)
        return ()


# --- posts


def _happen(kind: str, inbound: bool, context: EventContext) -> Iterator[WorldEvent]:
    """Let an event happen that both protocols have."""
    event = happen(kind, context, inbound=inbound)
    if event is not None:
        yield event


def _like(context: EventContext) -> Iterator[WorldEvent]:
    """Let the account like the post that it was sent, or a stranger the account's own."""
    post = context.post.retweeted or context.post
    return _happen("like.create", post.author.id == context.account.me.id, context)


def _unlike(context: EventContext) -> Iterator[bytes]:
    if context.account.liked:
        fan, post = like = pick(context.rng, context.account.liked)
        context.account.liked.remove(like)
        post.count(likes=-1, views=0)
        yield context.event("unfavorite", fan, post.author, status(post, depth=1))


def _quoted(context: EventContext) -> Iterator[bytes]:
    """Let a stranger quote a post of the account: the quote comes, and the event about it."""
    other = context.stranger()
    if context.account.posted and other is not None:
        text, _ = generate_text(context.rng, context.world.people, ANY, other.lang)
        quoted = pick(context.rng, context.account.posted)
        quote = context.world.compose(text, author=other, lang=other.lang, quoted=quoted)
        yield status_bytes(quote)
        yield context.event("quoted_tweet", other, context.account.me, status(quote, depth=1))


def _retweet_noticed(name: str, context: EventContext) -> Iterator[bytes]:
    """Let a stranger like or retweet a retweet by the account."""
    other = context.stranger()
    if context.account.retweets and other is not None:
        retweet = pick(context.rng, context.account.retweets)
        yield context.event(name, other, context.account.me, status(retweet, depth=1))


def _deletion(context: EventContext) -> Iterator[WorldEvent]:
    context.account.forget(context.post)
    yield context.happened("post.delete", context.post.author, post=context.post)


def _scrub_geo(context: EventContext) -> Iterator[bytes]:
    yield notices.scrub_geo(context.post)


def _withheld(whole_user: bool, context: EventContext) -> Iterator[bytes]:
    yield notices.withheld(context.post, whole_user)


# --- people


def _apply(name: str, context: EventContext) -> Iterator[bytes]:
    """Apply an event that can be undone to a stranger or a friend."""
    account = context.account
    of_friend = name.startswith("user_")
    person = context.stranger() if not of_friend else _friend(context) if len(account.friends) > 1 else None
    if person is not None and person not in account.undoable[name]:
        account.apply(name, person)
        yield _account_event(context, name, name, person)


def _undo(name: str, context: EventContext) -> Iterator[bytes]:
    if context.account.undoable[name]:
        person = pick(context.rng, context.account.undoable[name])
        context.account.undo(name, person)
        yield _account_event(context, name, UNDO[name], person)


def _account_event(context: EventContext, kind: str, name: str, person: Person) -> bytes:
    me = context.account.me
    if kind == "access_revoked":
        return context.event_by_id(name, person, me, "client application")
    return (
        context.event_by_id(name, person, person)
        if kind.startswith("user_")
        else context.event(name, me, person)
    )


def _warning(context: EventContext) -> Iterator[bytes]:
    yield notices.follows_over_limit(context.account.me.id)


def _friend(context: EventContext) -> Person:
    return context.world.people.with_id(pick(context.rng, context.account.friends))


# --- direct messages


def _direct_message(context: EventContext) -> Iterator[WorldEvent]:
    """Send a direct message, to a friend or from one."""
    return _happen("dm.sent", context.rng.random() < 0.5, context)


def _direct_message_deletion(context: EventContext) -> Iterator[bytes]:
    if context.account.direct_messages:
        message = pick(context.rng, context.account.direct_messages)
        context.account.direct_messages.remove(message)
        yield notices.direct_message_deletion(message.content)


_OF_BOTH = ("block", "mute")
"""Events that can be undone and that both protocols have."""

# Made up: likes are by far the most common, and the rarest come once in each round of the sampler.
_WEIGHTS: tuple[tuple[int, EventFactory], ...] = (
    (36, _like),
    (6, _unlike),
    (4, _quoted),
    (3, partial(_retweet_noticed, "favorited_retweet")),
    (2, partial(_retweet_noticed, "retweeted_retweet")),
    (4, _deletion),
    (1, _scrub_geo),
    (1, partial(_withheld, False)),
    (1, partial(_withheld, True)),
    (4, partial(_happen, "follow.follow", False)),
    (5, partial(_happen, "follow.follow", True)),
    (4, partial(_happen, "follow.unfollow", False)),
    *((1, partial(_happen, f"{name}.{name}", False)) for name in _OF_BOTH),
    *((1, partial(_happen, f"{name}.un{name}", False)) for name in _OF_BOTH),
    *((1, partial(_apply, name)) for name in UNDO if name not in _OF_BOTH),
    *((1, partial(_undo, name)) for name in UNDO if name not in _OF_BOTH),
    (2, partial(_happen, "profile.update.bio", False)),
    (1, _warning),
    (6, _direct_message),
    (1, _direct_message_deletion),
    *LIST_EVENTS,
)
EVENTS: tuple[EventFactory, ...] = tuple(factory for weight, factory in _WEIGHTS for _ in range(weight))
"""Every event, as often as its weight."""
