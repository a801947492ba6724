"""The lines of a recording, each a JSON object: a frame or an event, and when it came.

::

    {"at":1764245638.123456,"event":"Recording","part":1}
    {"at":1764245638.204512,"event":"Connected","status_code":200,"headers":{"date":"…"}}
    {"at":1764245638.310977,"frame":{"data":{"id":"1","text":"hello"}}}
    {"at":1764245638.311240,"frame":"text that is no JSON object"}
    {"at":1764245638.311502,"base64":"/w=="}

`at` is the time of arrival in UNIX seconds. A frame that is a JSON object stands in the line as it came, byte
for byte; other text is a string, and bytes that aren't UTF-8 are base64. `Recording` begins a recording, and
each of its further parts.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

BEGINNING = "Recording"
"""The event that begins a recording, or with a `part` over 1 goes on with it in another file."""

_AS_WRITTEN = re.compile(rb'\{"at":([0-9.]+),"frame":(?=\{)')
_NOTHING = Raw()


class Line(NamedTuple):
    """A line of a recording.

    Attributes:
        at: when it came, in UNIX seconds.
        frame: the frame; None for an event.
        event: the members of an event, its kind as `event`; None for a frame.
    """

    at: float
    frame: bytes | None
    event: dict[str, Any] | None = None


class _Members(Struct):
    at: float
    frame: Raw = _NOTHING
    base64: str | None = None
    event: str | None = None


_members = msgspec.json.Decoder(_Members).decode
_skip = msgspec.json.Decoder(Raw).decode


def of_frame(at: float, frame: bytes, *, is_json: bool = False) -> bytes:
    """Return the line of a *frame*; one that *is_json* for sure isn't checked for that."""
    if _is_text(frame):
        if frame[:1] == b"{" and frame[-1:] == b"}" and b"\n" not in frame and (is_json or _is_json(frame)):
            return b'{"at":%.6f,"frame":%b}\n' % (at, frame)
        return b'{"at":%.6f,"frame":%b}\n' % (at, msgspec.json.encode(frame.decode()))
    return b'{"at":%.6f,"base64":%b}\n' % (at, msgspec.json.encode(frame))


def of_event(at: float, kind: str, members: dict[str, Any]) -> bytes:
    """Return the line of an event with these *members*."""
    event = msgspec.json.encode({"event": kind, **members})
    return b'{"at":%.6f,%b\n' % (at, event[1:])


def parse(line: bytes) -> Line | None:
    """Return what the *line* of a recording, without its end, says; None if it isn't one of a recording.

    Raises:
        ValueError: it is one, and is damaged.
    """
    written = _AS_WRITTEN.match(line)
    if written is not None and line.endswith(b"}}"):
        return Line(float(written[1]), line[written.end() : -1])
    try:
        members = _members(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    if members.event is not None:
        event: dict[str, Any] = msgspec.json.decode(line)
        del event["at"]
        return Line(members.at, None, event)
    if members.base64 is not None:
        try:
            return Line(members.at, base64.b64decode(members.base64, validate=True))
        except binascii.Error as error:
            raise ValueError(f"no base64: {error}") from None
    frame = bytes(members.frame)
    if frame.startswith(b'"'):
        return Line(members.at, msgspec.json.decode(frame, type=str).encode())
    return Line(members.at, frame) if frame.startswith(b"{") else None


def _is_text(frame: bytes) -> bool:
    try:
        return frame.isascii() or bool(frame.decode())
    except UnicodeDecodeError:
        return False


def _is_json(frame: bytes) -> bool:
    try:
        _skip(frame)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
