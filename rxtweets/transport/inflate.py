"""Decompresses a body as it comes, a bounded piece at a time; sans-I/O."""

from __future__ import annotations

import zlib

__all__ = ["Inflater"]


class Inflater:
    """A decompressor for the body of a response in gzip or deflate.

    `feed` it, then `read` until that gives nothing. What came before a fault is given out before the fault is
    raised.

    Args:
        coding: `gzip`, or `deflate` in either of the forms that servers send.
    """

    def __init__(self, coding: str) -> None:
        self._wbits = 15 if coding == "deflate" else 31
        self._stream: zlib._Decompress | None = None  # until there is enough to know the form
        self._input = b""

    @property
    def ended(self) -> bool:
        """True once the compressed data have reached their own end."""
        return self._stream is not None and self._stream.eof and not self._input

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._input += data

    def read(self, limit: int) -> bytes:
        """Return up to *limit* bytes; none when more of the body is needed.

        Raises:
            zlib.error: the data are no such compression, or corrupt, from here on.
        """
        while self._input:
            stream = self._begun()
            if stream is None:
                break
            before = stream.copy()
            try:
                piece = stream.decompress(self._input, limit)
            except zlib.error:
                if piece := self._before_fault(before):
                    return piece
                raise
            self._input = stream.unconsumed_tail or stream.unused_data
            if piece:
                return piece
        return b""

    def _begun(self) -> zlib._Decompress | None:
        """Return the decompressor for the input; None when more of it is needed to choose one."""
        if self._stream is None and self._wbits == 15:
            if len(self._input) < 2:
                return None
            # `deflate` is meant to have zlib's header (RFC 9110, 8.4.1.2), and from some servers has none.
            if self._input[0] & 15 != 8 or int.from_bytes(self._input[:2], "big") % 31:
                self._wbits = -15
        if self._stream is None or self._stream.eof:  # gzip may have several members
            self._stream = zlib.decompressobj(self._wbits)
        return self._stream

    def _before_fault(self, stream: zlib._Decompress) -> bytes:
        """Return what comes out of *stream* and the input before the byte at which it fails."""
        pieces = []
        for at in range(len(self._input)):
            try:
                pieces.append(stream.decompress(self._input[at : at + 1]))
            except zlib.error:
                # The next call fails at once, at this byte.
                self._input = self._input[at:]
                break
        return b"".join(pieces)
