"""`LogStatus`: a log, its readers and its groups, at a moment."""

from __future__ import annotations

import msgspec

from .lease import Lease

__all__ = ["GroupStatus", "LogStatus"]


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A group of workers.

    Attributes:
        name: its name.
        waiting: the messages that were never handed out to a worker.
        unacknowledged: those that were handed out, and aren't done: a worker holds them, or they wait for
            another one, as theirs has given them back, or died.
        redelivered: those of them that were handed out more than once.
        done: the number that grows with what the group has worked on: that of the last message before which
            all are acknowledged, at most.
        dead: the messages that were set aside.
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
        messages: how many messages it contains.
        bytes: their size on disk, on each server that has them.
        last: the number of the last message written; it grows by one with each.
        leader: the name of the server that writes it; empty while one is being elected.
        replicas: how many servers should have it.
        behind: the names of those that don't have all of it now, or are unavailable.
        leases: its leases, by name.
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
