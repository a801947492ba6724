"""The room that an app has for rules."""

from __future__ import annotations

from typing import NamedTuple

_OWN = 2
"""Rules that are not for filters: a lease, and one that replaces others before they are deleted."""


class Room(NamedTuple):
    """The number of rules that an app may have, and those that it has.

    Besides a lease, room for one rule is kept, in which the next lease and filters that are joined are added
    before what they replace is deleted; not where this would leave none for a filter, unless there is another
    hub, which takes the rules of one that deletes its lease first for leftovers.

    Attributes:
        most: rules that the app may have.
        others: those of others.
        leftovers: those that a crashed hub has left.
        own: those of the hub, its lease included.
        has_lease: whether the hub has a lease.
        any_lives: whether there is another hub.
    """

    most: int
    others: int
    leftovers: int = 0
    own: int = 0
    has_lease: bool = False
    any_lives: bool = False

    @property
    def vacant(self) -> int:
        """The rules more that the app may have."""
        return self.most - self.others - self.leftovers - self.own

    @property
    def keeps_one(self) -> bool:
        """True if room is kept for one that replaces others."""
        return self.any_lives or self.most - self.others > _OWN

    @property
    def for_filters(self) -> int:
        """The rules more that there may be for filters."""
        return self.to_replace - self.keeps_one

    @property
    def to_replace(self) -> int:
        """The rules more that there may be until those that they replace are deleted."""
        return self.vacant - (not self.has_lease)

    @property
    def free(self) -> int:
        """The rules that may be added, with room left to join many at once."""
        return self.for_filters - self.most // 50
