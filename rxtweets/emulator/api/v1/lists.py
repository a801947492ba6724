"""What happens to lists of users: those that the account keeps, and those of others that it is in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rxtweets.emulator.world.chance import pick
from rxtweets.emulator.world.model import Person
from rxtweets.emulator.world.people import some_bio

from .event_context import Card, Moment
from .forms import list_form
from .social_graph import UserList

_TITLES = ("Rivers", "Coffee", "Night owls", "Writers", "Local news", "Physics", "Trains", "Old friends")


def _list_created(at: Moment) -> Iterator[bytes]:
    me = at.circle.me
    number = at.world.ids.next()
    made = UserList(
        id=number,
        name=f"{pick(at.rng, _TITLES)} {number % 1000}",
        description="",
        owner=me,
        created=at.post.ms,
        members=[],
        subscribers=[],
    )
    at.circle.lists.append(made)
    yield at.event("list_created", me, me, list_form(made))


def _list_updated(at: Moment) -> Iterator[bytes]:
    changed, me = _own_list(at), at.circle.me
    if changed is not None:
        changed.description = some_bio(me.lang, at.rng)
        yield at.event("list_updated", me, me, list_form(changed))


def _list_destroyed(at: Moment) -> Iterator[bytes]:
    gone, me = _own_list(at), at.circle.me
    if gone is not None:
        at.circle.lists.remove(gone)
        yield at.event("list_destroyed", me, me, list_form(gone))


def _own_list(at: Moment) -> UserList | None:
    own = [one for one in at.circle.lists if one.owner is at.circle.me]
    return pick(at.rng, own) if own else None


def _joined(subscribes: bool, at: Moment) -> Iterator[bytes]:
    """Somebody gets into a list of the account's, or the account into somebody's, as member or subscriber."""
    if at.circle.lists:
        one = pick(at.rng, at.circle.lists)
        person = at.stranger() if one.owner is at.circle.me else at.circle.me
        those = one.subscribers if subscribes else one.members
        if person is not None and person not in those:
            those.append(person)
            name = "list_user_subscribed" if subscribes else "list_member_added"
            yield _membership(at, name, one, person, subscribes)


def _left(subscribes: bool, at: Moment) -> Iterator[bytes]:
    """The reverse."""
    me = at.circle.me
    pairs = [
        (one, person)
        for one in at.circle.lists
        for person in (one.subscribers if subscribes else one.members)
        if one.owner is me or person is me
    ]
    if pairs:
        one, person = pick(at.rng, pairs)
        (one.subscribers if subscribes else one.members).remove(person)
        name = "list_user_unsubscribed" if subscribes else "list_member_removed"
        yield _membership(at, name, one, person, subscribes)


def _membership(at: Moment, name: str, one: UserList, person: Person, by_person: bool) -> bytes:
    """Owners add and remove members; subscribers come and go by themselves."""
    source, target = (person, one.owner) if by_person else (one.owner, person)
    return at.event(name, source, target, list_form(one))


LIST_CARDS: tuple[tuple[int, Card], ...] = (
    (1, _list_created),
    (1, _list_updated),
    (1, _list_destroyed),
    (4, partial(_joined, False)),
    (2, partial(_left, False)),
    (3, partial(_joined, True)),
    (2, partial(_left, True)),
)
"""How often each is in a deck."""
