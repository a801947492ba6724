"""Events about lists of users: those that the account owns, and those of others that it is in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rxtweets.emulator.world.model import Person
from rxtweets.emulator.world.people import random_bio
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.social_graph import UserList

from .event_context import EventContext, EventFactory
from .forms import list_form

_TITLES = ("Rivers", "Coffee", "Night owls", "Writers", "Local news", "Physics", "Trains", "Old friends")


def _list_created(context: EventContext) -> Iterator[bytes]:
    me = context.account.me
    number = context.world.ids.next()
    made = UserList(
        id=number,
        name=f"{pick(context.rng, _TITLES)} {number % 1000}",
        description="",
        owner=me,
        created=context.post.ms,
        members=[],
        subscribers=[],
    )
    context.account.lists.append(made)
    yield context.event("list_created", me, me, list_form(made))


def _list_updated(context: EventContext) -> Iterator[bytes]:
    changed, me = _own_list(context), context.account.me
    if changed is not None:
        changed.description = random_bio(me.lang, context.rng)
        yield context.event("list_updated", me, me, list_form(changed))


def _list_destroyed(context: EventContext) -> Iterator[bytes]:
    gone, me = _own_list(context), context.account.me
    if gone is not None:
        context.account.lists.remove(gone)
        yield context.event("list_destroyed", me, me, list_form(gone))


def _own_list(context: EventContext) -> UserList | None:
    own = [one for one in context.account.lists if one.owner is context.account.me]
    return pick(context.rng, own) if own else None


def _joined(subscribes: bool, context: EventContext) -> Iterator[bytes]:
    """Add a stranger to a list of the account's, or the account to a stranger's."""
    if context.account.lists:
        one = pick(context.rng, context.account.lists)
        person = context.stranger() if one.owner is context.account.me else context.account.me
        users = one.subscribers if subscribes else one.members
        if person is not None and person not in users:
            users.append(person)
            name = "list_user_subscribed" if subscribes else "list_member_added"
            yield _membership(context, name, one, person, subscribes)


def _left(subscribes: bool, context: EventContext) -> Iterator[bytes]:
    """Remove a user from a list of the account's, or the account from another's."""
    me = context.account.me
    pairs = [
        (one, person)
        for one in context.account.lists
        for person in (one.subscribers if subscribes else one.members)
        if one.owner is me or person is me
    ]
    if pairs:
        one, person = pick(context.rng, pairs)
        (one.subscribers if subscribes else one.members).remove(person)
        name = "list_user_unsubscribed" if subscribes else "list_member_removed"
        yield _membership(context, name, one, person, subscribes)


def _membership(context: EventContext, name: str, one: UserList, person: Person, by_person: bool) -> bytes:
    """Return the message: owners add and remove members, subscribers come and go by themselves."""
    source, target = (person, one.owner) if by_person else (one.owner, person)
    return context.event(name, source, target, list_form(one))


LIST_EVENTS: tuple[tuple[int, EventFactory], ...] = (
    (1, _list_created),
    (1, _list_updated),
    (1, _list_destroyed),
    (4, partial(_joined, False)),
    (2, partial(_left, False)),
    (3, partial(_joined, True)),
    (2, partial(_left, True)),
)
"""Events and their weights."""
