"""The context in which an account's event is made, and the messages of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world import events
from rxtweets.emulator.world.model import Person, WorldEvent

from .forms import user, when


class EventContext(events.EventContext, frozen=True):
    """A context that makes v1.1's messages, too."""

    def event(self, name: str, source: Person, target: Person, about: object = None) -> bytes:
        """Return the message of an event between two users."""
        return event_message(name, self.post.ms, user(source), user(target), about)

    def event_by_id(self, name: str, person: Person, target: Person, about: object = None) -> bytes:
        """Return the message of an event that names the users by their ids alone."""
        return event_message(name, self.post.ms, person.id, target.id, about)


def event_message(name: str, ms: int, source: object, target: object, about: object = None) -> bytes:
    """Return the message of an event."""
    form = {"event": name, "created_at": when(ms), "source": source, "target": target}
    return encode(form if about is None else {**form, "target_object": about})


EventFactory = Callable[[EventContext], Iterator[bytes | WorldEvent]]
"""Yields the messages of one event of v1.1 alone, or an event that both protocols have.

It yields nothing where the event can't happen in that context.
"""
