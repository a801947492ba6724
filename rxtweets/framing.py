"""Bytes to frames, sans-I/O: both ways in which a stream marks where a message ends.

`feed` takes bytes cut anywhere and returns the frames they complete, in order. An empty frame is a
keep-alive. Bytes of an unfinished frame wait inside for the next call.
"""

from __future__ import annotations

from typing import Protocol

from .errors import FrameTooLong

__all__ = ["DEFAULT_MAX_FRAME", "Framer", "LengthFramer", "LineFramer"]

DEFAULT_MAX_FRAME = 1024 * 1024
"""The most bytes that one frame may have, by default: 1 MiB. Real messages stay under 100 KB."""

_LONGEST_LENGTH = 20
"""The most bytes before a length's end of line; 2**64 has 20 digits."""


class Framer(Protocol):
    """What turns bytes into frames.

    Attributes:
        error: set when a frame was too long, after the frames before it were returned; nothing comes after.
    """

    error: FrameTooLong | None

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that *data* completes, in order."""


class LineFramer:
    r"""Frames ended by `\r\n`, as both protocols send them; a bare `\n` is tolerated."""

    def __init__(self, limit: int = DEFAULT_MAX_FRAME) -> None:
        self.error: FrameTooLong | None = None
        self._limit = limit
        self._parts: list[bytes] = []
        self._pending = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that *data* completes, in order; before one too long, then `error` is set."""
        if self.error:
            return []
        self._pending += len(data)
        lines: list[bytes] = []
        if b"\n" in data:
            if self._parts:
                self._parts.append(data)
                data = b"".join(self._parts)
                self._parts.clear()
            # Split at the one byte and strip the other: many times faster than a search for the two.
            lines = data.split(b"\n")
            data = lines.pop()
            lines = [line.removesuffix(b"\r") for line in lines]
            if self._pending > self._limit:  # only then can a frame be over it
                lines = self._checked(lines)
            self._pending = len(data)
        if data:
            # Kept in parts, joined once: a message dribbled byte by byte costs no more than its length.
            self._parts.append(data)
        # One byte more: the last may be the `\r` of the frame's end.
        if self._pending > self._limit + 1:
            self.error = FrameTooLong(self._limit)
        return lines

    def _checked(self, lines: list[bytes]) -> list[bytes]:
        for index, frame in enumerate(lines):
            if len(frame) > self._limit:
                self.error = FrameTooLong(self._limit)
                return lines[:index]
        return lines


class LengthFramer:
    r"""Frames preceded by their length in ASCII digits and `\r\n` (v1.1's `delimited=length`).

    The length counts the frame's own closing `\r\n`. A line where a length should be that is none comes out
    as a frame, so that nothing a server says is lost.
    """

    def __init__(self, limit: int = DEFAULT_MAX_FRAME) -> None:
        self.error: FrameTooLong | None = None
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._length: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that *data* completes, in order; before one too long, then `error` is set."""
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        start = 0
        while not self.error:
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
            self.error = FrameTooLong(self._limit)
        return frames

    def _read_length(self, line: bytes, frames: list[bytes]) -> None:
        is_length = line.isdigit() and len(line) <= _LONGEST_LENGTH
        size = int(line) - 2 if is_length else len(line)
        if size > self._limit:
            self.error = FrameTooLong(self._limit)
        elif is_length:
            self._length = int(line)
        else:
            frames.append(line)
