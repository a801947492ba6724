"""What the emulator has seen, as values that never change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct


class RequestRecord(Struct, frozen=True):
    """A request as it came, and what it was answered.

    `status` is the status code sent, or None where no answer was sent at all (`Emulator.mute`). Header names
    are in lower case. `query` and `form` keep the last value of a name given twice.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str]
    status: int | None


class StreamRecord(Struct, frozen=True):
    """A stream that is open. `protocol` is ``"1.1"`` or ``"2"``; `opened` is an aware time (UTC)."""

    id: str
    protocol: str
    path: str
    params: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    opened: datetime
    client_ip: str


def frozen(pairs: Mapping[str, str]) -> Mapping[str, str]:
    """A read-only copy."""
    return MappingProxyType(dict(pairs))
