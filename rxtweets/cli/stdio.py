"""Guards for the standard streams: none can end the command with a traceback, whatever it is connected to."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BROKEN_PIPE = 141
"""The exit status that a shell reports when nobody reads the output: 128 + SIGPIPE."""


def guard() -> None:
    """Replace `sys.stdout` and `sys.stderr` with guarded streams.

    A write to stdout that fails ends the command, with `BROKEN_PIPE` if its reader has gone and else with an
    error; text that can't be written to stderr is dropped. A character that the encoding lacks is written as
    its code.

    Raises:
        ClickException: stdout is closed.
    """
    _occupy_closed_files()
    # An error about stdout needs a working stderr, so that comes first.
    sys.stderr = _text(_Guarded(sys.stderr), sys.stderr) if sys.stderr else open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        raise click.ClickException("stdout is closed")
    sys.stdout = _text(_Output(sys.stdout), sys.stdout)


def stdin() -> io.BufferedIOBase:
    """Return the bytes of stdin.

    Raises:
        ClickException: it is closed.
    """
    if sys.stdin is None:
        raise click.ClickException("stdin is closed")
    return sys.stdin.buffer  # type: ignore[return-value]


def is_terminal(stream: TextIO) -> bool:
    """Return True if what is written to *stream* can be overwritten."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def takes_colors(stream: TextIO) -> bool:
    """Return True if *stream* takes colours; see https://no-color.org."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def _occupy_closed_files() -> None:
    """Open the null device for closed standard files, or the next socket would get the number of one."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _text(raw: _Guarded, stream: TextIO) -> TextIO:
    # Without a buffer: at exit the lock of one would be waited for, which a thread that is writing holds.
    return io.TextIOWrapper(
        raw,  # type: ignore[type-var]
        encoding=stream.encoding,
        errors="backslashreplace",
        write_through=True,
    )


class _Guarded(io.RawIOBase):
    """A file that accepts every write: after the first that fails, all are dropped."""

    def __init__(self, stream: TextIO) -> None:
        buffer: Any = stream.buffer
        self._raw: io.RawIOBase = getattr(buffer, "raw", buffer)  # with `python -u` there is no buffer

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: ReadableBuffer) -> int:
        rest = memoryview(data)
        while rest:
            try:
                written = self._raw.write(rest)
                if written is None:  # whoever shares the file has made it non-blocking
                    select.select([], [self], [])
                rest = rest[written or 0 :]
            except OSError as error:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.fileno())
                os.close(nowhere)
                self.failed(error)
        return memoryview(data).nbytes

    def failed(self, error: OSError) -> None:
        """Do nothing about a write that failed; a subclass may."""


class _Output(_Guarded):
    """A file whose first failure ends the command."""

    def failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        raise click.ClickException(f"stdout: {error.strerror}") from None
