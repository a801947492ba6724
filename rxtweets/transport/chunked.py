"""The reader of a response: its head, and a chunked body as it comes, at the cost of a slice a chunk."""

from __future__ import annotations

import http.client
import socket
import sys
from io import BufferedIOBase, BytesIO
from typing import Any

__all__ = ["ChunkedResponse"]

_LONGEST_CHUNK_HEADER = 4096

_LONGEST_HEAD = 500
"""The most lines of a response's head, informational answers (1xx) before it included."""


class _HeadReader:
    """Gives http.client the lines of a head, and refuses one that is cut or has too many lines.

    Source: RFC 9112, 8: a response whose head is not whole is incomplete.
    """

    def __init__(self, source: BufferedIOBase) -> None:
        self._source = source
        self._lines = 0
        self.close = source.close

    def readline(self, limit: int) -> bytes:
        line = self._source.readline(limit)
        self._lines += 1
        if self._lines > _LONGEST_HEAD:
            raise http.client.HTTPException(f"the response's head has more than {_LONGEST_HEAD} lines")
        if not line.endswith(b"\n") and len(line) < limit and (line or self._lines > 1):
            raise http.client.HTTPException("the connection was closed within the response's head")
        return line


class ChunkedResponse(http.client.HTTPResponse):
    """A response whose `read1` returns all the chunks that one system call brought, whole or in part.

    The standard one makes several calls for each chunk, and a stream has a chunk a message. Beside the public
    `begin`, `read1` and `close` it uses four attributes of http.client's: `fp`, the buffered socket,
    `chunked`, `length`, the bytes of a body without chunks that have not been read, and `headers`, which
    `begin` fills only while it is None (see tests/test_urllib3_parts.py).
    """

    _drained = False  # what `fp` has buffered is read, and the rest comes from the socket itself
    _ended = False
    _failure: http.client.HTTPException | None = None  # raised once what came before it is given out
    _left = 0  # bytes of the current chunk that have not come yet
    _between = (
        b"\r\n"  # what has come of a line end and the chunk header behind it, as if a chunk were before
    )

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._sock = sock

    def begin(self) -> None:
        source = self.fp
        self.fp = _HeadReader(source)  # type: ignore[assignment]
        try:
            super().begin()
            while 100 < self.status < 200 and self.status != 101:  # 103 Early Hints and such: more follows
                self.headers = self.msg = None  # type: ignore[assignment]
                super().begin()
        finally:
            if self.fp is not None:  # not closed, since there is no body
                self.fp = source

    def read1(self, n: int = -1) -> bytes:
        if not self.chunked or self.fp is None:
            data = super().read1(n)
            if not data and self.length:
                raise http.client.IncompleteRead(b"", self.length)
            return data
        while not self._ended:
            if self._drained:
                data = self._sock.recv(n)
            else:
                data = self.fp.read1()  # the whole buffer, which came with the head, or else what comes next
                self._drained = True
            if not data:
                self._failure = http.client.IncompleteRead(b"")
                break
            if body := self._unchunked(data):
                return body
        self.close()
        if self._failure is not None:
            raise self._failure
        return b""

    def _unchunked(self, data: bytes) -> bytes:
        """Return the payload in *data*, the next bytes of the body as they were sent (RFC 9112, 7.1)."""
        if len(data) < self._left:
            self._left -= len(data)
            return data
        if self._between == b"\r\n" == data[-2:]:  # a chunk that comes alone, in half of the calls
            end = data.find(b"\n")
            size = len(data) - end - 3
            if size > 0 and data[:end] == b"%x\r" % size:
                return data[end + 1 : -2]
        source = BytesIO(self._between + data)  # a call of its methods costs half of `find` and a slice
        read, readline = source.read, source.readline
        pieces = [read(self._left)]
        header = read(2)  # the line end of the chunk before
        while line := readline():
            header += line
            try:
                size = int(header, 16)  # int() ignores line ends
            except ValueError:
                size = _chunk_size(header)
            if not 0 < size < sys.maxsize:
                break
            piece = read(size)
            pieces.append(piece)
            if len(piece) < size:
                break
            header = read(2)
        self._left, self._between = 0, b""
        if header.find(b"\n", 2) < 0:
            self._between = header
            if len(header) > _LONGEST_CHUNK_HEADER:
                self._end("a chunk header without an end")
        elif 0 < size < sys.maxsize:
            self._left = size - len(piece)
        else:
            self._end("" if size == 0 else f"not a chunk header: {header.strip()[:40]!r}")
        return b"".join(pieces)

    def _end(self, failure: str) -> None:
        self._ended = True
        if failure:
            self._failure = http.client.HTTPException(failure)


def _chunk_size(header: bytes) -> int:
    """Return the size in a chunk header with an extension; -1 when there is none."""
    try:
        return int(header.partition(b";")[0], 16)
    except ValueError:
        return -1
