"""Ends of streams that are seen on the socket: where in the bytes they come, and how."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .noise import MULTIBYTE_TEXT, sample_message

if TYPE_CHECKING:
    from rxtweets.emulator.app.site import Site
    from rxtweets.emulator.streams.stream import OpenStream

    from .actions import Inside


def suitable(streams: Iterable[OpenStream], inside: Inside | None) -> list[OpenStream]:
    """The streams that can be ended there.

    Raises:
        ValueError: there is none, though it is asked for one that is compressed or sent in chunks.
    """
    fit = {"gzip": lambda stream: stream.compressed, "chunk_header": lambda stream: stream.body.chunked}.get(
        inside or ""
    )
    if fit is None:
        return list(streams)
    chosen = [stream for stream in streams if fit(stream)]
    if not chosen:
        wanted = {
            "gzip": "is compressed: a client must ask for it with Accept-Encoding: gzip",
            "chunk_header": "has chunks: a client must speak HTTP/1.1",
        }
        raise ValueError(f"no open stream {wanted[inside or '']}")
    return chosen


def close(site: Site, stream: OpenStream, inside: Inside | None) -> None:
    """End with the last chunk, after a part of a message if asked for."""
    if inside == "gzip":
        stream.write(stream.framed(sample_message(site, stream.feed, MULTIBYTE_TEXT)))
    elif inside is not None:
        stream.write(_first_part(site, stream, inside)[0])
    stream.close(whole=inside != "gzip")


def cut(site: Site, stream: OpenStream, inside: Inside | None) -> None:
    """Close the connection without the last chunk."""
    _break_off(site, stream, inside)
    stream.cut()


def reset(site: Site, stream: OpenStream, inside: Inside | None) -> None:
    """Reset the connection; with `inside` as soon as the part is on its way."""
    if inside is None:
        stream.reset()
    else:
        _break_off(site, stream, inside)
        stream.reset(written=True)


def _break_off(site: Site, stream: OpenStream, inside: Inside | None) -> None:
    """Send a part of something."""
    body = stream.body
    if inside == "chunk_header":
        body.raw(b"1f")
    elif inside == "gzip":
        data = body.encoded(stream.framed(sample_message(site, stream.feed, MULTIBYTE_TEXT)))
        body.raw(body.chunk(data[: len(data) // 2]))
    elif inside is not None:
        part, missing = _first_part(site, stream, inside)
        data = body.encoded(part)
        body.raw(b"%x\r\n%b" % (len(data) + missing, data) if body.chunked else data)


def _first_part(site: Site, stream: OpenStream, inside: Inside) -> tuple[bytes, int]:
    """A message up to its middle, or up to within a character of it, and how many bytes are missing."""
    line = stream.framed(sample_message(site, stream.feed, MULTIBYTE_TEXT))
    at = line.index(MULTIBYTE_TEXT[0].encode()) + 1 if inside == "character" else len(line) // 2
    return line[:at], len(line) - at
