"""Times as the two protocols write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

if TYPE_CHECKING:
    RawTimestamp = datetime | None
else:
    # The slot holds the string as received, the attribute is the time that it means: see `CreatedAt`.
    RawTimestamp = str | None


def parse_time(text: str) -> datetime | None:
    """Return the aware time of v1.1's `Wed Aug 27 13:08:45 +0000 2008` or ISO 8601; None for other texts."""
    try:
        if text[:4].isdecimal():
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        _, month, day, clock, offset, year = text.split(" ")
        hour, minute, second = clock.split(":")
        zone = UTC if offset == "+0000" else _zone(offset)
        number = _MONTHS.index(month) + 1
        return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str) -> timezone:
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def from_milliseconds(text: str | None) -> datetime | None:
    """Return the aware time of X's `timestamp_ms`, milliseconds since 1970; None for other texts."""
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text or ""))
    except (ValueError, OverflowError):
        return None


EPOCH = 1288834974657
"""Milliseconds since 1970 that an id's time counts from. Source: Twitter's Snowflake."""


def id_time(number: int) -> int:
    """Return the time that an id carries, in Unix milliseconds."""
    return (number >> 22) + EPOCH


class CreatedAt:
    """The attribute `created_at` of a v1.1 object: the slot's string as a time."""

    def __init__(self, owner: type) -> None:
        self._slot = owner.__dict__["created_at"]

    def __get__(self, value: Any, owner: type | None = None) -> Any:
        if value is None:
            return self
        written = self._slot.__get__(value)
        moment = parse_time(written) if isinstance(written, str) else written
        return moment if moment is not None else from_milliseconds(getattr(value, "timestamp_ms", None))


def timed(cls: type[T]) -> type[T]:
    """Decorate a class so that `created_at` is an aware datetime, read from the string as received."""
    made: Any = cls
    made.created_at = CreatedAt(cls)
    return cls
