"""The events and notices of user and site streams."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.entities import parse_entities
from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.people import random_bio
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.text_generator import generate_text

from . import notices
from .event_context import EventContext, EventFactory
from .forms import direct_message_form, status, status_bytes
from .lists import LIST_EVENTS
from .social_graph import UNDO, DirectMessage


class EventSampler:
    """A sampler of events without replacement: every kind comes up, none more often than its weight.

    Warnings that a user follows too many accounts come only with `followings`.
    """

    def __init__(self, followings: bool) -> None:
        self._factories = tuple(event for event in EVENTS if followings or event is not _warning)
        self._left: list[EventFactory] = []

    def next(self, context: EventContext) -> tuple[bytes, ...]:
        """Return the messages of the next event that can happen; others wait until they can."""
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


def _like(context: EventContext) -> Iterator[bytes]:
    """Let the account like the post that it was sent, or a stranger the account's own."""
    post, account = context.post.retweeted or context.post, context.account
    fan = context.stranger() if post.author.id == account.me.id else account.me
    if fan is not None and (fan, post) not in account.liked:
        account.liked.append((fan, post))
        post.count(likes=1, views=1)
        yield context.event("favorite", fan, post.author, status(post, depth=1))


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


def _deletion(context: EventContext) -> Iterator[bytes]:
    context.account.forget(context.post)
    yield notices.deletion(context.post)


def _scrub_geo(context: EventContext) -> Iterator[bytes]:
    yield notices.scrub_geo(context.post)


def _withheld(whole_user: bool, context: EventContext) -> Iterator[bytes]:
    yield notices.withheld(context.post, whole_user)


# --- people


def _follow(context: EventContext) -> Iterator[bytes]:
    other = context.stranger()
    if other is not None:
        context.account.follow(other.id)
        yield context.event("follow", context.account.me, other)


def _followed(context: EventContext) -> Iterator[bytes]:
    other = context.stranger()
    if other is not None:
        yield context.event("follow", other, context.account.me)


def _unfollow(context: EventContext) -> Iterator[bytes]:
    if len(context.account.friends) > 1:
        other = _friend(context)
        context.account.unfollow(other.id)
        yield context.event("unfollow", context.account.me, other)


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


def _profile(context: EventContext) -> Iterator[bytes]:
    """Change the account's description."""
    me = context.account.me
    me.bio = random_bio(me.lang, context.rng)
    me.cache.clear()
    yield context.event("user_update", me, me)


def _warning(context: EventContext) -> Iterator[bytes]:
    yield notices.follows_over_limit(context.account.me.id)


def _friend(context: EventContext) -> Person:
    return context.world.people.with_id(pick(context.rng, context.account.friends))


# --- direct messages


def _direct_message(context: EventContext) -> Iterator[bytes]:
    """Send a direct message, to a friend or from one."""
    if context.account.friends:
        pair = [context.account.me, _friend(context)]
        context.rng.shuffle(pair)
        sender, recipient = pair
        note = parse_entities(
            generate_text(context.rng, context.world.people, ANY, sender.lang)[0],
            context.world.people,
            context.rng,
        )
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
        message = DirectMessage(content, recipient)
        context.account.direct_messages.append(message)
        yield encode({"direct_message": direct_message_form(message)})


def _direct_message_deletion(context: EventContext) -> Iterator[bytes]:
    if context.account.direct_messages:
        message = pick(context.rng, context.account.direct_messages)
        context.account.direct_messages.remove(message)
        yield notices.direct_message_deletion(message.content)


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
    (4, _follow),
    (5, _followed),
    (4, _unfollow),
    *((1, partial(_apply, name)) for name in UNDO),
    *((1, partial(_undo, name)) for name in UNDO),
    (2, _profile),
    (1, _warning),
    (6, _direct_message),
    (1, _direct_message_deletion),
    *LIST_EVENTS,
)
EVENTS: tuple[EventFactory, ...] = tuple(factory for weight, factory in _WEIGHTS for _ in range(weight))
"""Every event, as often as its weight."""
