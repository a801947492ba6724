"""Ends of streams that are seen on the socket: where in the bytes they come, and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from .noise import MULTIBYTE_TEXT, sample_message

if TYPE_CHECKING:
    from rxtweets.emulator.streams.stream import OpenStream
    from rxtweets.emulator.world.world import World

Inside = Literal["message", "chunk_header", "character", "gzip"]


def suitable(streams: Iterable[OpenStream], inside: Inside | None) -> list[OpenStream]:
    """Return the streams that can be ended there.

    Raises:
        ValueError: there is none, though it is asked for one that is compressed or sent in chunks.
    """
    if inside == "gzip":
        chosen = [stream for stream in streams if stream.compressed]
        needed = "is compressed: a client must ask for it with Accept-Encoding: gzip"
    elif inside == "chunk_header":
        chosen = [stream for stream in streams if stream.body.chunked]
        needed = "has chunks: a client must speak HTTP/1.1"
    else:
        return list(streams)
    if not chosen:
        raise ValueError(f"no open stream {needed}")
    return chosen


def close(stream: OpenStream, world: World, inside: Inside | None) -> None:
    """End with the last chunk, after a part of a message if asked for."""
    if inside == "gzip":
        stream.body.put(stream.framed(sample_message(world, stream.feed, MULTIBYTE_TEXT)))
    elif inside is not None:
        stream.body.put(_first_part(stream, world, inside)[0])
    stream.close(whole=inside != "gzip")


def cut(stream: OpenStream, world: World, inside: Inside | None) -> None:
    """Close the connection without the last chunk."""
    _break_off(stream, world, inside)
    stream.cut()


def reset(stream: OpenStream, world: World, inside: Inside | None) -> None:
    """Reset the connection; with `inside` as soon as the part is on its way."""
    if inside is None:
        stream.reset()
    else:
        _break_off(stream, world, inside)
        stream.reset(written=True)


def _break_off(stream: OpenStream, world: World, inside: Inside | None) -> None:
    """Send a part of something."""
    body = stream.body
    if inside == "chunk_header":
        body.raw(b"1f")
    elif inside == "gzip":
        data = body.encoded(stream.framed(sample_message(world, stream.feed, MULTIBYTE_TEXT)))
        body.raw(body.chunk(data[: len(data) // 2]))
    elif inside is not None:
        part, missing = _first_part(stream, world, inside)
        data = body.encoded(part)
        body.raw(b"%x\r\n%b" % (len(data) + missing, data) if body.chunked else data)


def _first_part(stream: OpenStream, world: World, inside: Inside) -> tuple[bytes, int]:
    """Return a message up to its middle or to within a character, and the number of bytes missing."""
    line = stream.framed(sample_message(world, stream.feed, MULTIBYTE_TEXT))
    at = line.index(MULTIBYTE_TEXT[0].encode()) + 1 if inside == "character" else len(line) // 2
    return line[:at], len(line) - at
