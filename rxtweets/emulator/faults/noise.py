"""What may be sent that is no message, or is one of a kind that nobody expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.post_spec import ANY

if TYPE_CHECKING:
    from rxtweets.emulator.app.site import Site
    from rxtweets.emulator.streams.source import Feed

GARBAGE = (
    b"not JSON at all",
    b'{"text":"\xff\xfe\x80 is no UTF-8"}',
    b"\x00\x00\x00\x00",
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    b'{"data":{"id":"1","text":"no end"',
    b"}}}]]]",
    b"[" * 100_000,
    b"42",
    b"null",
    b'"a text"',
    b'\xef\xbb\xbf{"data":{"id":"1","text":"behind a byte order mark"}}',
    b'{"data":"of no known kind"}',
)
"""Lines that a client must live through."""

MULTIBYTE_TEXT = "日本語の文字は三バイト、Ελληνικά δύο, und 🦊 vier"
"""A text whose characters have from one to four bytes."""
_PIECE = 64 * 1024


def sample_message(site: Site, feed: Feed, text: str) -> bytes:
    """A message such as the stream gets, which says `text`, its characters unescaped."""
    message = None
    for _ in range(10):
        message = feed.message(site.world.make(feed.post_spec(site.world.rng) or ANY))
        if message is not None:
            break
    whole: dict[str, Any] = msgspec.json.decode(message) if message is not None else {}
    for key in ("message", "data"):
        inner = whole.get(key)
        if isinstance(inner, dict) and "text" in inner:
            inner["text"] = text
            return encode(whole)
    return encode({**whole, "text": text})


def long_line(site: Site, feed: Feed, size: int, valid: bool) -> Iterator[bytes]:
    """The pieces of one line of so many bytes, its CR LF included; a length goes before it if asked for."""
    head, tail = _frame(site, feed, size) if valid else (b"", b"")
    letters = size - len(head) - len(tail) - 2
    yield (b"%d\r\n" % size if feed.delimited else b"") + head
    while letters > 0:
        yield b"a" * min(letters, _PIECE)
        letters -= _PIECE
    yield tail + b"\r\n"


def _frame(site: Site, feed: Feed, size: int) -> tuple[bytes, bytes]:
    """What comes before and after the text of a message that has room for one."""
    mark = "\x1f"  # comes out escaped, and so nowhere else
    plain = {"data": {"id": "1", "text": mark}} if feed.protocol == "2" else {"id": 1, "text": mark}
    for message in (sample_message(site, feed, mark), encode(plain)):
        head, _, tail = message.partition(b"\\u001f")
        if len(head) + len(tail) + 2 < size:
            return head, tail
    raise AssertionError("the plain message is shorter than any long line")
