"""Bytes to frames, sans-I/O: both ways in which a stream marks where a message ends.

`feed` takes bytes cut anywhere and returns the frames they complete, in order. An empty frame is a
keep-alive. Bytes of an unfinished frame are kept for the next call; `close` returns at the stream's end what
has not been returned before. A byte order mark before the first frame is skipped.
"""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import NamedTuple, Protocol

import msgspec

from .errors import FrameTooLong

__all__ = [
    "DEFAULT_MAX_FRAME",
    "Framer",
    "LengthFramer",
    "LineFramer",
    "Remainder",
    "split_array",
    "split_objects",
]

DEFAULT_MAX_FRAME = 1024 * 1024
"""The most bytes that one frame may have by default (1 MiB). Real messages stay under 100 KB."""

_LONGEST_LENGTH = 20
"""The most bytes before a length's end of line; 2**64 has 20 digits."""

_BOM = b"\xef\xbb\xbf"


class Remainder(NamedTuple):
    """The frames and the fragment that are left in a framer when its stream has ended.

    Attributes:
        frames: whole messages whose end of line did not come, or those before a frame that was too long.
        cut: how many bytes came of a message whose rest did not; None when the stream ended between two.
    """

    frames: list[bytes]
    cut: int | None


class Framer(Protocol):
    """Splits bytes into frames."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that *data* completes, in order.

        Raises:
            FrameTooLong: a frame is over the limit. Only `close` may be called after that.
        """

    def close(self) -> Remainder:
        """Return what is left now that the stream has ended; nothing may be fed after."""


def split_objects(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole JSON objects that *data* begins with, one after the other, and the rest of it.

    An object is known by its closing brace, so a part of one is never taken for a whole.
    """
    text = data.decode("latin-1")  # a character a byte; JSON's own signs are ASCII
    decode = json.JSONDecoder(parse_int=str).raw_decode  # int() refuses more than 4,300 digits
    found: list[bytes] = []
    start = _blank(text, 0)
    while text.startswith("{", start):
        try:
            end = decode(text, start)[1]
        except (ValueError, RecursionError):
            break
        found.append(data[start:end])
        start = _blank(text, end)
    return found, data[start:]


_ARRAY = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*(?=\{)")
_SIGN = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
"""A string, to the end where its quote is missing, or a sign of JSON's structure."""
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode


def split_array(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the elements of the array of JSON objects that *data* begins with, and the rest of it.

    Each has its own bytes, without the blanks around it. An element that is no JSON is one all the same, if
    its brackets and quotes are balanced. Nothing between two commas is none. Of an array that is cut the last
    element is left in the rest, since only what follows shows that it is whole. Data that begins otherwise is
    the rest.
    """
    begin = _ARRAY.match(data)
    if begin is None:
        return [], data
    try:
        return [bytes(element) for element in _elements(data)], b""
    except (msgspec.DecodeError, RecursionError):
        pass  # it is cut, or something in it is no JSON
    found: list[bytes] = []
    depth, start = 1, begin.end()
    for sign in _SIGN.finditer(data, start):
        match sign[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
            case b",":
                if depth == 1:
                    found.append(data[start : sign.start()].strip())
                    start = sign.end()
        if depth == 0:
            found.append(data[start : sign.start()].strip())
            start = sign.end()
            break
    return list(filter(None, found)), data[start:]


def _blank(text: str, start: int) -> int:
    """Return where the white space that begins at *start* ends."""
    while text[start : start + 1] in (" ", "\t", "\r", "\n"):
        start += 1
    return start


def _remainder(data: bytes) -> Remainder:
    frames, rest = split_array(data.removeprefix(_BOM))
    objects, rest = split_objects(rest)
    return Remainder(frames + objects, len(rest) or None)


class LineFramer:
    r"""Frames ended by `\r\n`, as both protocols send them; a bare `\n` is tolerated."""

    def __init__(self, limit: int = DEFAULT_MAX_FRAME) -> None:
        self._before_error: list[bytes] | None = None
        self._limit = limit
        self._parts: list[bytes] = []
        self._pending = 0
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that *data* completes, in order; raise FrameTooLong for one over the limit."""
        length = len(data)
        between = not self._pending and not self._first
        if between and 0 < length <= self._limit and data.find(b"\n") == length - 1:
            return [data[:-1].removesuffix(b"\r")]  # a frame that comes alone, in half of the calls
        self._pending += length
        lines = BytesIO(data).readlines()  # several times faster than `split`, which looks at each byte
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        if lines:
            if self._parts:
                lines[0] = b"".join([*self._parts, lines[0]])
                self._parts.clear()
            lines = [line.removesuffix(b"\r\n").removesuffix(b"\n") for line in lines]
            if self._first:
                self._first = False
                lines[0] = lines[0].removeprefix(_BOM)
            if self._pending > self._limit:  # only then can a frame be over it
                self._check(lines)
            self._pending = len(rest)
        if rest:
            # Kept in parts, joined once: a message dribbled byte by byte costs no more than its length.
            self._parts.append(rest)
        # One byte more: the last may be the `\r` of the frame's end.
        if self._pending > self._limit + 1:
            self._before_error = lines
            raise FrameTooLong(self._limit)
        return lines

    def close(self) -> Remainder:
        """Return what is left now that the stream has ended; nothing may be fed after."""
        if self._before_error is not None:
            return Remainder(self._before_error, None)
        return _remainder(b"".join(self._parts))

    def _check(self, lines: list[bytes]) -> None:
        for index, frame in enumerate(lines):
            if len(frame) > self._limit:
                self._before_error = lines[:index]
                raise FrameTooLong(self._limit)


class LengthFramer:
    r"""Frames preceded by their length in ASCII digits and `\r\n` (v1.1's `delimited=length`).

    The length counts the frame's own closing `\r\n`. A line where a length should be that is none comes out
    as a frame, so that nothing a server says is lost.
    """

    def __init__(self, limit: int = DEFAULT_MAX_FRAME) -> None:
        self._before_error: list[bytes] | None = None
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that *data* completes, in order; raise FrameTooLong for one over the limit."""
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        start = 0
        while True:
            if self._length is None:
                end = buffer.find(b"\n", max(start, self._searched))
                if end < 0:
                    break
                self._read_length(bytes(buffer[start:end]).removesuffix(b"\r"), frames)
                start = end + 1
            elif len(buffer) - start >= self._length:
                end = start + self._length
                frames.append(bytes(buffer[start:end]).removesuffix(b"\n").removesuffix(b"\r"))
                start, self._length = end, None
            else:
                break
        del buffer[:start]
        self._searched = len(buffer) if self._length is None else 0
        if self._searched > self._limit + 1:
            self._before_error = frames
            raise FrameTooLong(self._limit)
        return frames

    def close(self) -> Remainder:
        """Return what is left now that the stream has ended; nothing may be fed after."""
        if self._before_error is not None:
            return Remainder(self._before_error, None)
        left = _remainder(bytes(self._buffer))
        # A message that was announced by its length is missing even when no byte of it has come.
        return left if left.frames or self._length is None else Remainder([], left.cut or 0)

    def _read_length(self, line: bytes, frames: list[bytes]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        is_length = line.isdigit() and len(line) <= _LONGEST_LENGTH
        size = int(line) - 2 if is_length else len(line)
        if size > self._limit:
            self._before_error = frames
            raise FrameTooLong(self._limit)
        if is_length:
            self._length = int(line)
        else:
            frames.append(line)
