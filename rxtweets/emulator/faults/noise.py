"""Bytes that are no messages, or messages that nobody expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.world import World

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


def sample_message(world: World, feed: Feed, text: str) -> bytes:
    """Return a message such as the stream gets, with `text` for its text, its characters unescaped."""
    message = None
    for _ in range(100):  # one data centre of Powerstream gets only a part
        message = feed.message(world.make(feed.post_spec(world.rng) or ANY))
        if message is not None:
            break
    if message is not None and message.startswith(b"["):
        return b"[%b]" % _with_text(message[1:-1], text)
    return _with_text(message or b"{}", text)


def _with_text(message: bytes, text: str) -> bytes:
    whole: dict[str, Any] = msgspec.json.decode(message)
    for key in ("message", "data"):
        inner = whole.get(key)
        if isinstance(inner, dict) and "text" in inner:
            inner["text"] = text
            return encode(whole)
    return encode({**whole, "text": text})


def long_line(world: World, feed: Feed, size: int, valid: bool) -> Iterator[bytes]:
    """Yield the pieces of a line of `size` bytes, CR LF included, after its length if that is asked for."""
    head, tail = _frame(world, feed, size) if valid else (b"", b"")
    letters = size - len(head) - len(tail) - 2
    yield (b"%d\r\n" % size if feed.delimited else b"") + head
    while letters > 0:
        yield b"a" * min(letters, _PIECE)
        letters -= _PIECE
    yield tail + b"\r\n"


def _frame(world: World, feed: Feed, size: int) -> tuple[bytes, bytes]:
    """Return what comes before and after the text of a message that has room for one."""
    mark = "\x1f"  # comes out escaped, and so nowhere else
    plain = {"data": {"id": "1", "text": mark}} if feed.protocol == "2" else {"id": 1, "text": mark}
    for message in (sample_message(world, feed, mark), encode(plain)):
        head, _, tail = message.partition(b"\\u001f")
        if len(head) + len(tail) + 2 < size:
            return head, tail
    raise AssertionError("the plain message is shorter than any long line")
