"""Records of the requests and streams that the emulator has seen, as values that never change."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

LONGEST_BODY = 64 * 1024
"""Bytes of a request's body that are kept."""
MOST_REQUESTS = 10_000
MOST_BYTES = 32 * 1024 * 1024
"""Requests that are kept, and what they may come to."""


class RequestRecord(Struct, frozen=True):
    """A request as it came, and what it was answered.

    `status` is the status code sent, or None where no answer was sent at all (`Emulator.mute`). Header names
    are in lower case. `query` and `form` keep the last value of a name given twice. `body` is the
    first 64 KiB of what came, and `form` what those hold. `time` is when it was answered, in seconds of the
    machine's `time.monotonic()`, which `Emulator.skew` doesn't move: how far apart requests came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str]
    status: int | None
    time: float


class RequestLog:
    """The last requests, bounded in number and in size."""

    def __init__(self) -> None:
        self.kept: deque[RequestRecord] = deque()
        self.taken = 0
        self._bytes = 0

    def add(self, record: RequestRecord) -> None:
        """Keep a request, and let go of the oldest there is no room for."""
        self.taken += 1
        self.kept.append(record)
        self._bytes += _size(record)
        while len(self.kept) > MOST_REQUESTS or self._bytes > MOST_BYTES:
            self._bytes -= _size(self.kept.popleft())


def _size(record: RequestRecord) -> int:
    # 200 bytes, roughly, for each pair of strings beside their characters.
    pairs = (*record.query.items(), *record.headers.items(), *record.form.items())
    text = len(record.path) + sum(len(name) + len(value) + 200 for name, value in pairs)
    return len(record.body) + text


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


class EndReason(StrEnum):
    """Why a stream ended, as the list of connections says it; X's description names no values."""

    CLIENT = "client_disconnect"
    SERVER = "server_disconnect"
    SLOW = "slow_reader"
    REPLAYED = "replay_finished"
    SUPERSEDED = "superseded"
    OPERATOR = "operator_disconnect"
    UNPAID = "usage_exhausted"


class EndedStream(Struct, frozen=True):
    """A stream that was open, why it ended, and what it was sent."""

    id: str
    protocol: str
    path: str
    client_ip: str
    opened: datetime
    ended: datetime
    reason: EndReason
    messages: int
    bytes: int


def frozen(pairs: Mapping[str, str]) -> Mapping[str, str]:
    """Return a read-only copy."""
    return MappingProxyType(dict(pairs))
