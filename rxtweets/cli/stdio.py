"""The standard streams, none of which can end the command with a traceback, whatever they lead to."""

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
"""What a shell reports of a program that ended because nobody reads its output: 128 + SIGPIPE."""


def guard() -> None:
    """Put guarded streams in the place of `sys.stdout` and `sys.stderr`.

    A write to stdout that fails ends the command, with `BROKEN_PIPE` if its reader has gone and else with an
    error; what can't be written to stderr is left unsaid. A character that the encoding lacks is written as
    its code.

    Raises:
        ClickException: stdout is closed.
    """
    _occupy_closed_files()
    # Only a whole stderr can tell that stdout isn't, so it comes first.
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


def _occupy_closed_files() -> None:
    """Lead closed standard files nowhere, or the next socket would get the number of one."""
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
    """A file that takes everything: what can't be written is dropped, and so is all that comes after it."""

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
        """Hear that a write has failed."""


class _Output(_Guarded):
    """A file whose first failure ends the command."""

    def failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        raise click.ClickException(f"stdout: {error.strerror}") from None
