"""All that reads what servers send, for a coverage-guided fuzzer.

`python -m tests.fuzzing 300 folder` fuzzes for 300 s in an environment that has `atheris`, beginning with the
inputs in `folder`, and keeps new ones there. `check` and `seeds` need nothing but the library.
"""

from __future__ import annotations

import gzip
import http.client
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

instrumented: Callable[[], AbstractContextManager[Any]] = nullcontext
if __name__ == "__main__":
    import atheris

    def instrumented() -> AbstractContextManager[Any]:
        return atheris.instrument_imports(include=["rxtweets"])  # type: ignore[no-any-return]


with instrumented():
    from rxtweets.errors import StreamError
    from rxtweets.framing import Framer, LengthFramer, LineFramer
    from rxtweets.messages import Message, decode
    from rxtweets.prices import resources
    from rxtweets.recovery.identity import key_of, time_of
    from rxtweets.rules import RuleSyntaxError, parse, validate
    from rxtweets.testing import post_json, status_json
    from rxtweets.transport.chunked import ChunkedResponse
    from rxtweets.transport.inflate import Inflater

LIMIT = 2_000
"""Bytes of a frame, and of what is unpacked at a time."""

LONGEST_RULE = 300


class _Socket:
    """A socket that has the head of a response, then some pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self._pieces = iter(pieces)

    def makefile(self, _: str) -> BufferedReader:
        return BufferedReader(BytesIO(self._head))

    def recv(self, _: int) -> bytes:
        return next(self._pieces, b"")


def pieces_of(data: bytes) -> list[bytes]:
    """Return the rest of *data* in pieces of as many bytes as the first byte says; of 0, in one."""
    size, data = data[:1], data[1:]
    step = size[0] if size and size[0] else max(1, len(data))
    return [data[at : at + step] for at in range(0, len(data), step)]


def chunked(data: bytes) -> None:
    """Read a chunked body: it is no longer than what came, and what is wrong is an error of HTTP."""
    response = ChunkedResponse(_Socket(*pieces_of(data)))  # type: ignore[arg-type]
    response.begin()
    length = 0
    with suppress(http.client.HTTPException):
        while body := response.read1(65536):
            length += len(body)
    assert length <= len(data)


def inflate(data: bytes) -> None:
    """Unpack: never more than the limit at a time, and what is wrong is an error of zlib."""
    inflater = Inflater("deflate" if data[:1] < b"\x80" else "gzip")
    with suppress(zlib.error):
        for piece in pieces_of(data[1:]):
            inflater.feed(piece)
            while out := inflater.read(LIMIT):
                assert len(out) <= LIMIT


def frames(data: bytes) -> None:
    """Frame by lines and by lengths, and read all of each message."""
    framers: tuple[Framer, ...] = LineFramer(LIMIT), LengthFramer(LIMIT)
    for framer in framers:
        with suppress(StreamError):
            for piece in pieces_of(data):
                for frame in framer.feed(piece):
                    assert len(frame) <= LIMIT
                    message(frame)
        for frame in framer.close().frames:
            message(frame)


def message(frame: bytes) -> None:
    """Decode, and look at every attribute."""
    found = decode(frame)
    assert isinstance(found, Message)
    assert found.raw == frame
    for name in dir(type(found)):
        if not name.startswith("_") and not callable(getattr(type(found), name)):
            getattr(found, name)
    repr(found)
    key_of(found), time_of(found), resources(found)


def rule(data: bytes) -> None:
    """Parse: what `validate` has nothing against is a rule, which is the same again when it is written."""
    text = data.decode("utf-8", "replace")[:LONGEST_RULE]
    problems = validate(text)
    try:
        parsed = parse(text)
    except RuleSyntaxError:
        assert problems
    else:
        assert parse(str(parsed)) == parsed


TARGETS = (chunked, inflate, frames, message, rule)


def check(data: bytes) -> None:
    """Give *data* to the target that the first byte names; raise for what mustn't be."""
    TARGETS[(data[0] if data else 0) % len(TARGETS)](data[1:])


def seeds() -> Iterator[bytes]:
    """Yield an input or two for each target."""
    for text in (post_json(), status_json()):
        yield b"\x00\x00%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
        yield b"\x00\x07%x;a=b\r\n%s\r\n" % (len(text), text)
        yield b"\x01\xff\x00" + gzip.compress(text)
        yield b"\x01\x00\x00" + zlib.compress(text)
        yield b"\x02\x00" + text + b"\r\n\r\n" + text
        yield b"\x02\x40%d\r\n%s\r\n" % (len(text) + 2, text)
        yield b"\x03" + text
    for kind in (
        b'{"delete":{"status":{"id":1,"id_str":"1","user_id":2,"user_id_str":"2"}}}',
        b'{"limit":{"track":5}}',
        b'{"disconnect":{"code":4,"reason":"x","stream_name":"y"}}',
        b'{"errors":[{"title":"operational-disconnect","disconnect_type":"OperationalDisconnect"}]}',
        b'{"data":{"event_uuid":"1","event_type":"follow.follow","filter":{"user_id":"1"},"payload":{}}}',
        b'{"data":{"id":"1","liked_tweet_id":"2","timestamp_ms":3}}',
        b'{"event":"follow","source":{"id":1},"target":{"id":2},"created_at":"x"}',
    ):
        yield b"\x03" + kind
    yield b'\x04(cat OR "big dog"~2) -is:retweet from:1 lang:en point_radius:[1.5 2.5 10km]'


if __name__ == "__main__":
    corpus = Path(sys.argv[2])
    for number, seed in enumerate(seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={sys.argv[1]}", "-timeout=20", "-rss_limit_mb=1024", "-max_len=4096"]
    options += ["-print_final_stats=1", f"-artifact_prefix={corpus}/failed-"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], check)
    atheris.Fuzz()
