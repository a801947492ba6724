"""The snapshots of a hub."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

Connection = Literal["closed", "connecting", "connected", "waiting"]
"""The state of a hub's connection; `waiting` is a back-off."""


class HubState(Struct, frozen=True):
    """A snapshot of a hub.

    Attributes:
        wanted: the subscribed filters: the texts of rules, or v1.1's queries as text.
        standing: those of them that the server matches.
        refused: the last 100 filters that the server refused, with the reason.
        connection: the state of the connection.
        requests_left: how many changes of rules (v2), or connects (v1.1), are left in this 15-minute window;
            None while that isn't known.
        resets_at: when the window ends, UTC; None while that isn't known.
        waiting: the wanted filters for which the app has no room until rules are deleted, in the order in
            which they will be served (v2).
        room_at: when that will be, UTC, at the earliest: the rules of a process that may have crashed are
            deleted if its lease has run out by then. None while nothing waits for a time.
        failure: the error of the last request for rules, in words; None once one has succeeded (v2).
    """

    wanted: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    connection: Connection = "closed"
    requests_left: int | None = None
    resets_at: datetime | None = None
    waiting: tuple[str, ...] = ()
    room_at: datetime | None = None
    failure: str | None = None


def to_time(seconds: float | None) -> datetime | None:
    """Return UNIX seconds, to the second, as a time."""
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
