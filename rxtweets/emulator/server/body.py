"""The body of a response that goes on: compressed, in chunks, and no more of it in memory than is allowed."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Callable, Iterator

from .wire import Connection

_AHEAD = 256 * 1024
"""Bytes of a long line that are written before the reader takes them."""
_PAUSE = 0.002
_PATIENCE = 2.0
"""Seconds that a reset waits for what goes before it."""


class Body:
    """A response's body as it is written. Lives on the emulator's loop.

    `queue` is how many bytes may wait for the reader; with more its connection is dropped, and `slow` called.
    `filling` hears how full the queue is, from 0 to 1, after each write.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        chunked: bool,
        gzip: bool,
        queue: int,
        slow: Callable[[], None],
        filling: Callable[[float], None],
    ) -> None:
        self.chunked = chunked
        self.fragment = 0
        """Bytes of a chunk and of a segment; 0 for a chunk a message."""
        self.bytes_written = 0
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        # Each message is ended on its own, so that more effort and memory would hardly make it smaller.
        self._gzip = zlib.compressobj(1, wbits=31, memLevel=5) if gzip else None
        self._queue = self._room = queue
        self._slow = slow
        self._filling = filling
        self._pending: list[bytes] = []
        self._scheduled = False
        self._pouring: Iterator[bytes] | None = None
        self.written = self._loop.time()
        """The time of the last write, on the loop's clock."""

    @property
    def closing(self) -> bool:
        """True when its connection is closed or closing."""
        return self._connection.transport.is_closing()

    def waiting(self) -> int:
        """Return how many bytes the client has not read yet, beyond what the system holds for it."""
        return self._connection.unsent() + sum(map(len, self._pending))

    def put(self, data: bytes) -> None:
        """Send bytes, compressed and in chunks."""
        data = self.encoded(data)
        size = self.fragment
        if not size:
            self.raw(self.chunk(data))
            return
        for start in range(0, len(data), size):
            self.raw(self.chunk(data[start : start + size]))

    def encoded(self, data: bytes) -> bytes:
        """Return bytes as they are in the chunks: compressed if the client asked for it."""
        if self._gzip is None:
            return data
        return self._gzip.compress(data) + self._gzip.flush(zlib.Z_SYNC_FLUSH)

    def chunk(self, data: bytes) -> bytes:
        """Return those bytes as a chunk, or as they are for a client without chunks."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data

    def raw(self, data: bytes) -> None:
        """Write bytes to the connection as they are, chunk or no chunk."""
        self._pending.append(data)
        self.bytes_written += len(data)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def pour(self, line: Iterator[bytes]) -> None:
        """Send a long line piece by piece, no faster than it is read; all else waits until it is through."""
        self._flush()
        if self._pouring is not None:
            self._pouring = itertools.chain(self._pouring, line)
            return
        self._pouring = line
        self._pour()

    def _pour(self) -> None:
        transport = self._connection.transport
        written = 0
        while self._pouring is not None and not transport.is_closing():
            if written > _AHEAD or self._connection.unsent() > _AHEAD:
                self._loop.call_later(_PAUSE, self._pour)
                return
            piece = next(self._pouring, None)
            if piece is None:
                self._pouring = None
                self._flush()
                return
            self.written = self._loop.time()
            if piece:
                data = self.chunk(self.encoded(piece))
                transport.write(data)
                written += len(piece)
                self.bytes_written += len(data)

    def _flush(self) -> None:
        self._scheduled = False
        transport = self._connection.transport
        if not self._pending or transport.is_closing():
            self._pending.clear()
            return
        if self._pouring is not None:
            if self.waiting() > self._queue:
                self._drop()
            return
        self.written = self._loop.time()
        waiting = self._connection.unsent()
        if self.fragment:
            for part in self._pending[:-1]:
                transport.write(part)  # a segment each
            del self._pending[:-1]
        data = b"".join(self._pending)
        self._pending.clear()
        if waiting <= self._queue:
            self._room = self._queue + len(data)  # a message may be larger than the queue: no slowness
        elif waiting + len(data) > self._room:
            self._drop()
            return
        transport.write(data)
        self._filling(waiting / self._queue)

    def _drop(self) -> None:
        self._slow()
        self._pending.clear()
        self._connection.transport.abort()

    def close(self, *, whole: bool = True) -> None:
        """End cleanly: what is pending, the end of the compressed data unless not `whole`, the last chunk."""
        last = self._gzip.flush(zlib.Z_FINISH) if self._gzip is not None and whole else b""
        if last:
            self._pending.append(self.chunk(last))
        if self.chunked:
            self._pending.append(b"0\r\n\r\n")
        self.cut()

    def cut(self) -> None:
        """Close the connection after what is pending, without a word; a long line under way is broken off."""
        self._pouring = None
        self._flush()
        self._connection.transport.close()

    def reset(self, then: Callable[[], None], *, written: bool = False) -> None:
        """Reset the connection, then call `then`: now, or when all is `written` or won't be read."""
        self._pouring = None
        if written:
            self._flush()
            self._reset_when_written(then, self._loop.time() + _PATIENCE)
        else:
            self._connection.reset()
            then()

    def _reset_when_written(self, then: Callable[[], None], deadline: float) -> None:
        if self.closing:
            return
        if self._connection.unsent() and self._loop.time() < deadline:
            self._loop.call_later(_PAUSE, self._reset_when_written, then, deadline)
        else:
            self._connection.reset()
            then()
