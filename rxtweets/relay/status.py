"""`LogStatus`: a log, its readers and its groups, at a moment."""

from __future__ import annotations

import msgspec

from .lease import Lease

__all__ = ["GroupStatus", "LogStatus"]


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A group of workers.

    Attributes:
        name: its name.
        waiting: the messages that no worker has got.
        unacknowledged: those that workers have, and work on.
        redelivered: those of them that have been sent more than once.
        done: the number that grows with what the group has worked on: that of the last message before which
            all are acknowledged, at most.
        dead: the messages that went aside.
    """

    name: str
    waiting: int
    unacknowledged: int
    redelivered: int
    done: int
    dead: int


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A log at a moment.

    Attributes:
        messages: how many there are in it.
        bytes: what they take on disk, on each server that has them.
        last: the number of the message that was written last; it grows by one with each.
        leader: the name of the server that writes it; empty while one is being elected.
        replicas: how many servers are to have it.
        behind: the names of those that haven't all of it now, or are away.
        leases: its leases by their names.
        groups: its groups, by name.
    """

    messages: int
    bytes: int
    last: int
    leader: str
    replicas: int
    behind: tuple[str, ...]
    leases: dict[str, Lease]
    groups: tuple[GroupStatus, ...]
