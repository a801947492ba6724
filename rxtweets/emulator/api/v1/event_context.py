"""The context in which an account's event is made, and the messages of events."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from msgspec import Struct

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.world import World

from .forms import user, when
from .social_graph import AccountState


class EventContext(Struct, frozen=True):
    """The account that an event concerns, the post that it follows, and the world."""

    account: AccountState
    post: Post
    world: World

    @property
    def rng(self) -> random.Random:
        """The world's random numbers."""
        return self.world.rng

    def stranger(self) -> Person | None:
        """Return a random user whom the account doesn't follow, or None if 20 draws find none."""
        people = (self.world.people.sample(self.rng) for _ in range(20))
        return next(filter(self.account.is_stranger, people), None)

    def event(self, name: str, source: Person, target: Person, about: object = None) -> bytes:
        """Return the message of an event between two users."""
        return self._event(name, user(source), user(target), about)

    def event_by_id(self, name: str, person: Person, target: Person, about: object = None) -> bytes:
        """Return the message of an event that names the users by their ids alone."""
        return self._event(name, person.id, target.id, about)

    def _event(self, name: str, source: object, target: object, about: object) -> bytes:
        form = {"event": name, "created_at": when(self.post.ms), "source": source, "target": target}
        return encode(form if about is None else {**form, "target_object": about})


EventFactory = Callable[[EventContext], Iterator[bytes]]
"""Yields the messages of one event, or nothing where it can't happen in that context."""
