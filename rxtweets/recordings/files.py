"""The files of recordings: written so that a crash loses no whole line, read up to wherever they are cut.

A line is handed to the operating system as soon as it is written: `.jsonl` as it is, compressed forms with
all that is needed to read it back. What is whole up to a cut is what replays.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import os
import re
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from rxtweets._file_lock import lock, unlock

_LONGEST = 64 * 1024 * 1024
"""Bytes of a line, at most."""

_PIECE = 256 * 1024
"""Bytes that are read, or unpacked, at a time."""

_UNPACKED = 1024 * 1024

_CHECK = 1.0
"""Seconds after which a line is preceded by a look whether the file is still in its folder."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Inflate:
    """zlib's decompressor, with the interface that those of bz2 and zstd have."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        unpacked = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(unpacked) < max_length  # else there may be more, also of what it has read
        return unpacked


class _Plain:
    """Lines as they are; the base of the compressed forms."""

    end: ClassVar[bytes] = b""
    """The bytes that a file ends with once it was closed, and may be appended to."""

    def line(self, data: bytes) -> bytes:
        """Return the bytes to write for a line."""
        return data

    def finish(self) -> bytes:
        """Return the bytes to write at the end."""
        return b""


class _Gzip(_Plain):
    end = zlib.compressobj(wbits=31).flush()

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(3, wbits=31)

    def line(self, data: bytes) -> bytes:
        return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._zlib.flush() + self.end


def _zstd() -> Any:
    """Return the module for zstd, which Python has from 3.14 on."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise ImportError(
                "files that end in .zst need the extra zstd: pip install 'rxtweets[zstd]'"
            ) from None
    return zstd


class _Zstd(_Plain):
    end = bytes.fromhex("28b52ffd2000010000")  # a frame with nothing in it

    def __init__(self) -> None:
        zstd = _zstd()
        self._zstd = zstd.ZstdCompressor(level=3)
        self._flush = zstd.ZstdCompressor.FLUSH_BLOCK

    def line(self, data: bytes) -> bytes:
        return self._zstd.compress(data, self._flush)  # type: ignore[no-any-return]

    def finish(self) -> bytes:
        return self._zstd.flush() + self.end  # type: ignore[no-any-return]


_FORMS: dict[str, type[_Plain]] = {".gz": _Gzip, ".zst": _Zstd, "": _Plain}

_DECOMPRESSORS: dict[str, Callable[[], _Decompressor]] = {
    ".gz": _Inflate,
    ".bz2": bz2.BZ2Decompressor,  # as old archives have it
    ".zst": lambda: _zstd().ZstdDecompressor(),
}


def checked_path(path: str | os.PathLike[str]) -> str:
    """Return the absolute *path* of a recording to write.

    Raises:
        ValueError: its name doesn't end as a recording's does.
        ImportError: what its form needs isn't installed.
    """
    name = os.path.abspath(os.fspath(path))
    if not name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        raise ValueError(
            f"a recording's name must end in .jsonl, .jsonl.gz or .jsonl.zst, not {os.path.basename(name)!r}"
        )
    _form(name)()
    return name


def checked_source(path: str | os.PathLike[str]) -> str:
    """Return *path* as text. Raises ImportError if what is needed to read it isn't installed."""
    name = os.fspath(path)
    if name.endswith(".zst"):
        _zstd()
    return name


def _form(path: str) -> type[_Plain]:
    if path.endswith(".bz2"):
        raise ValueError(f"{path}: .bz2 can only be read; compress it as .gz or .zst")
    return next(form for suffix, form in _FORMS.items() if path.endswith(suffix))


def part_path(path: str, number: int) -> str:
    """Return the path of a part of a recording that is rotated: `posts.0001.jsonl` of `posts.jsonl`."""
    stem, dot, suffix = path.rpartition(".jsonl")
    return f"{stem}.{number:04}{dot}{suffix}"


def parts(path: str) -> list[str]:
    """Return the files of the recording at *path*, in order: itself, and its numbered parts.

    Raises:
        FileNotFoundError: there is none.
    """
    found = [path] if os.path.exists(path) else []
    found += [part for _, part in _numbered(path)]
    if not found:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return found


def last_part(path: str) -> int:
    """Return the number of the last part of a recording that is rotated; 0 if there is none."""
    return max((number for number, _ in _numbered(path)), default=0)


def _numbered(path: str) -> list[tuple[int, str]]:
    folder, name = os.path.split(path)
    stem, dot, suffix = name.rpartition(".jsonl")
    if not dot:
        return []
    named = re.compile(rf"{re.escape(stem)}\.(\d{{4,}}){re.escape(dot + suffix)}")
    try:
        names = os.listdir(folder or ".")
    except FileNotFoundError:
        return []
    matches = filter(None, map(named.fullmatch, names))
    return sorted((int(match[1]), os.path.join(folder, match[0])) for match in matches)


class Lines:
    """The whole lines of a file, also of one that is cut anywhere or still grows.

    Attributes:
        path: of the file.
        number: of the line that was read last, from 1.
        cut: after `rest`, True if the file ends in the middle of a line or of its compressed data.

    Raises:
        OSError: the file can't be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = 0
        self.cut = False
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - `close` does
        self._new = next((new for suffix, new in _DECOMPRESSORS.items() if path.endswith(suffix)), None)
        self._decompressor: _Decompressor | None = None
        self._parts: list[bytes] = []

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def fileno(self) -> int:
        """Return the number of the open file."""
        return self._file.fileno()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines that are whole by now, without their ends, each counted in `number`.

        Raises:
            ValueError: the compressed data is damaged, or a line is too long.
        """
        for data in self._unpacked():
            *whole, rest = data.split(b"\n")
            if whole and self._parts:
                whole[0] = b"".join([*self._parts, whole[0]])
                self._parts.clear()
            for line in whole:
                self.number += 1
                yield line
            if rest:
                self._parts.append(rest)
                if sum(map(len, self._parts)) > _LONGEST:
                    raise ValueError(f"{self.path}, line {self.number + 1}: over {_LONGEST:,} bytes")

    def rest(self) -> Iterator[bytes]:
        """Yield the lines that are whole by now, and the last one, too, if only its end is missing."""
        yield from self
        last = b"".join(self._parts).strip()
        self._parts.clear()
        self.cut = self._decompressor is not None and not self._decompressor.eof
        if last and _is_whole(last):
            self.number += 1
            yield last
        elif last:
            self.cut = True

    def _unpacked(self) -> Iterator[bytes]:
        while data := self._file.read(_PIECE):
            if self._new is None:
                yield data
                continue
            try:
                yield from self._decompressed(data)
            except Exception as error:  # of the decompressor's own kind
                where = f"{self.path}, after line {self.number}"
                raise ValueError(f"{where}: the compressed data is damaged: {error}") from None

    def _decompressed(self, data: bytes) -> Iterator[bytes]:
        assert self._new is not None
        while data:
            if self._decompressor is None or self._decompressor.eof:
                self._decompressor = self._new()
            yield self._decompressor.decompress(data, _UNPACKED)
            while not self._decompressor.eof and not self._decompressor.needs_input:
                yield self._decompressor.decompress(b"", _UNPACKED)
            data = self._decompressor.unused_data if self._decompressor.eof else b""


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


_appenders: dict[str, Appender] = {}
_changing = threading.Lock()
"""Held while a file is opened for a recording, closed or replaced. An appender's own lock comes after it."""


class Appender:
    """A file that lines are appended to, by one writer at a time.

    A file that a crash has left cut is mended first: its whole lines stay.

    Attributes:
        size: bytes of the file.

    Raises:
        BlockingIOError: it is already being recorded.
        OSError: it can't be opened.
        ValueError: its compressed data is damaged.
    """

    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.size = 0
        self._fd = -1
        self._path = path
        self._real = os.path.realpath(path)
        self._form = _form(path)
        self._checked = time.monotonic()
        if not _ends_whole(path, self._form.end):
            _mend(path, self._form)
        with _changing:
            if self._real in _appenders:
                raise _busy(path)
            self._open()
            _appenders[self._real] = self

    def write(self, line: bytes) -> None:
        """Append a line: when this returns, the operating system has it.

        Raises:
            OSError: it can't be written; or the file was removed, which is noticed within a second.
        """
        with self.lock:
            now = time.monotonic()
            if now - self._checked >= _CHECK:
                self._checked = now
                if not os.fstat(self._fd).st_nlink:
                    raise FileNotFoundError(errno.ENOENT, "it was removed during the recording", self._path)
            self._write(self._packer.line(line))

    def close(self) -> None:
        """Finish the file and close it.

        Raises:
            OSError: the end can't be written.
        """
        with _changing, self.lock:
            if self._fd < 0:
                return
            del _appenders[self._real]
            try:
                if self.size:
                    self._write(self._packer.finish())
            finally:
                os.close(self._fd)
                self._fd = -1

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        """Let go of the file while another one is put in its place, and go on with that.

        The caller holds the locks.
        """
        before, self._fd = self._fd, -1
        os.close(before)
        try:
            yield
        finally:
            self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        fd = os.open(self._path, flags, 0o666)
        try:
            _lock(fd, self._path)
            self.size = os.fstat(fd).st_size
            self._packer = self._form()
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def _write(self, data: bytes) -> None:
        try:
            while data:
                written = os.write(self._fd, data)
                self.size += written
                data = data[written:]
        except OSError as error:
            error.filename = self._path
            raise


def _lock(fd: int, path: str) -> None:
    if not lock(fd):
        raise _busy(path)


def _busy(path: str) -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, "it is already being recorded", path)


def _ends_whole(path: str, end: bytes) -> bool:
    """Return whether lines can be appended to a file as it is: it is empty, or was closed in order."""
    end = end or b"\n"
    try:
        if not os.path.isfile(path) or os.path.getsize(path) == 0:
            return True
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - len(end)))
            return file.read() == end
    except FileNotFoundError:
        return True


def _mend(path: str, form: type[_Plain]) -> None:
    """Leave the whole lines of a file, and its end as it should be."""
    if form is not _Plain:
        rewrite(path, lambda line: line, always=True)
        return
    with open(path, "r+b") as file:
        _lock(file.fileno(), path)
        start, last = file.seek(0, os.SEEK_END), b""
        while start and b"\n" not in last:
            piece = min(start, _PIECE)
            start -= piece
            file.seek(start)
            last = file.read(piece) + last
        last = last.rpartition(b"\n")[2]
        end = file.seek(0, os.SEEK_END)
        if _is_whole(last):
            file.write(b"\n")
        else:
            file.truncate(end - len(last))


def rewrite(path: str, change: Callable[[bytes], bytes | None], *, always: bool = False) -> int:
    """Replace each line of a file by what *change* makes of it, None to leave it out; return how many differ.

    Whoever reads the file meanwhile reads the old one; after a crash it is the old one or the new one, whole.
    This process may be recording it, and waits for no more than the lines that came meanwhile. Unless
    *always*, a file none of whose lines differs stays as it is.

    Raises:
        BlockingIOError: another process is recording it.
        OSError: it can't be read or written.
        ValueError: its compressed data is damaged.
    """
    while True:
        with contextlib.suppress(_Replaced):
            return _rewrite(path, os.path.realpath(path), change, always)


class _Replaced(Exception):
    """Somebody else has rewritten the file meanwhile."""


def _rewrite(path: str, real: str, change: Callable[[bytes], bytes | None], always: bool) -> int:
    differing = 0
    packer = _form(path)()
    folder, name = os.path.split(real)
    with contextlib.ExitStack() as stack:
        lines = Lines(path)
        stack.callback(lines.close)
        fd, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
        stack.callback(lambda: Path(new).unlink(missing_ok=True))
        target = stack.enter_context(os.fdopen(fd, "wb", buffering=_PIECE))
        shutil.copymode(real, new)

        def copy(found: Iterator[bytes]) -> None:
            nonlocal differing
            for line in found:
                changed = change(line)
                differing += changed != line
                if changed is not None:
                    target.write(packer.line(changed + b"\n"))

        copy(iter(lines))
        target.flush()
        os.fsync(target.fileno())  # most of it now, while nobody waits
        stack.enter_context(_changing)
        appender = _appenders.get(real)
        if appender is not None:
            stack.enter_context(appender.lock)
        else:
            _lock(lines.fileno(), path)
            stack.callback(unlock, lines.fileno())  # before the next may try
        if not os.path.samestat(os.stat(real), os.fstat(lines.fileno())):
            raise _Replaced
        copy(lines.rest())  # what came meanwhile; from here on nothing does
        if differing or always:
            target.write(packer.finish())
            target.flush()
            os.fsync(target.fileno())
            target.close()
            if os.name == "nt":  # where a file that is open can't be replaced
                lines.close()
            with appender.replacing() if appender is not None else contextlib.nullcontext():
                os.replace(new, real)
    return differing
