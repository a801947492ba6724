"""An occasion on which something may happen to an account, and the messages that it has happened."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from msgspec import Struct

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.world import World

from .forms import user, when
from .social_graph import Circle


class Moment(Struct, frozen=True):
    """An occasion: to whom something may happen, after which post, in which world."""

    circle: Circle
    post: Post
    world: World

    @property
    def rng(self) -> random.Random:
        return self.world.rng

    def stranger(self) -> Person | None:
        """Somebody the account doesn't follow; None where nobody is found."""
        people = (self.world.people.anybody(self.rng) for _ in range(20))
        return next(filter(self.circle.is_stranger, people), None)

    def event(self, name: str, source: Person, target: Person, about: object = None) -> bytes:
        """The message that somebody did something to somebody."""
        return self._event(name, user(source), user(target), about)

    def bare(self, name: str, person: Person, target: Person, about: object = None) -> bytes:
        """A message that names the accounts by their ids alone."""
        return self._event(name, person.id, target.id, about)

    def _event(self, name: str, source: object, target: object, about: object) -> bytes:
        form = {"event": name, "created_at": when(self.post.ms), "source": source, "target": target}
        return encode(form if about is None else {**form, "target_object": about})


Card = Callable[[Moment], Iterator[bytes]]
"""Something that may happen: gives its messages, or none where it can't happen now."""
