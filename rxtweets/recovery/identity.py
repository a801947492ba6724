"""The identity of messages, and their time, by which what was missed is told from what has come."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import datetime
from typing import Any

from rxtweets.messages import (
    Activity,
    ComplianceEvent,
    Delete,
    DirectMessage,
    Label,
    Like,
    Post,
    Status,
)
from rxtweets.messages._time import id_time

CAPACITY = 100_000
"""Messages that are remembered."""


def key_of(item: Any) -> str | None:
    """Return what two copies of one message have in common; None for one that may well come twice."""
    kind = item.__class__
    if kind is Post:
        return item.id or None
    if kind is Status:
        return str(item.id) if item.id else None
    if kind is Like:
        return f"like:{item.id}" if item.id else None
    if kind is Activity:
        return f"event:{item.event_uuid}" if item.event_uuid else None
    if kind in (ComplianceEvent, Delete, DirectMessage, Label):
        return "raw:" + hashlib.blake2b(item.raw, digest_size=12).hexdigest() if item.raw else None
    return None


def time_of(item: Any) -> float | None:
    """Return when what *item* is about happened, in UNIX seconds; None where it doesn't tell."""
    if isinstance(item, Activity):
        item = item.payload
    if isinstance(item, Post | Status):
        return time_of_key(str(item.id))
    at = getattr(item, "event_at", None) or getattr(item, "created_at", None)
    return at.timestamp() if isinstance(at, datetime) else None


def time_of_key(key: str) -> float | None:
    """Return the time in the id of a post; None for another key, and for an id without a time."""
    if not (key.isascii() and key.isdigit() and 17 <= len(key) <= 19):  # those before 2010 are shorter
        return None
    return id_time(int(key)) / 1000


class Seen:
    """The last messages that came, by their keys.

    `complete` is whether it has all of this stream, so that what isn't in it never came.
    """

    def __init__(self, keys: tuple[str, ...] | None = None) -> None:
        self.complete = keys is None
        self._keys = set(keys or ())
        self._order = deque(keys or ())

    def add(self, key: str) -> bool:
        """Add a key; return whether it is new."""
        if key in self._keys:
            return False
        if len(self._order) >= CAPACITY:
            self.complete = False
            self._keys.discard(self._order.popleft())
        self._keys.add(key)
        self._order.append(key)
        return True
