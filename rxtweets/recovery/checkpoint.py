"""Progress that outlives the process: a file with what a subscriber has acknowledged.

::

    rxtweets-checkpoint 1 /2/tweets/search/stream
    m 1764245600.000 1764245638.100     an outage, which is to be recovered
    a 1764245638.123 2124991379888148480    a message that was acknowledged, and the progress then
    t 1764245658.310                    the progress alone, as at a keep-alive
    r 1764245600.000 1764245638.100     the outage is over

Progress is the time, by the server's clock, up to which nothing is missing but for the outages. Each line is
appended when what it says has happened; from time to time the file is written anew with what still matters.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from rxtweets._file_lock import lock
from rxtweets.endpoints import Endpoint
from rxtweets.errors import TooSlow
from rxtweets.messages import Connected

from .core import DELIVERY, Outage
from .identity import CAPACITY, key_of, time_of_key

_TITLE = "rxtweets-checkpoint 1 "
_FEWEST_LINES = 4_000
"""Lines that are appended, at least, before the file is written anew."""


class Checkpoint:
    """The progress of a stream, in a file: `Recovery(checkpoint=Checkpoint(path))`.

    A subscription records there which messages its subscriber has acknowledged. A process restarted with the
    same file continues from there: what was posted since is an outage like any other, from which nothing
    acknowledged comes again. The first connect then asks for it.

    Each acknowledgement is written at once, before the next message is delivered: after being killed, a
    process gets the message that it was working on again, and no other. If the machine fails, what its system
    hadn't put on disk is forgotten, and comes again. A message is identified by its id; one without an id (a
    notice) may come again.

    One file is for one stream, and one subscription at a time. It grows to about 100 bytes for each message
    of ten seconds, or of an outage that is being recovered, and is rewritten when it is three times that.

    Args:
        path: the file; created if it doesn't exist.
        automatic: whether a message is acknowledged when the subscriber's function has returned from it. Note
            that an operator with a queue in between (`tw.observe_on`, `aio.iterate`) returns at once. If
            False, your program calls `acknowledge` for each message, in any order. More than 100,000
            unacknowledged messages end the stream with `TooSlow`.

    Errors of a subscription: `BlockingIOError` if another uses the file, `ValueError` if it isn't a
    checkpoint of the same stream, any `OSError` if it can't be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, automatic: bool = True) -> None:
        self._path = os.fspath(path)
        self._automatic = automatic
        self._journal: Journal | None = None

    def acknowledge(self, message: Any) -> None:
        """Record that *message*, which came from the stream, needn't come again; on any thread.

        Raises:
            OSError: it can't be written.
        """
        if self._journal is not None:
            self._journal.acknowledge(message)

    def open(self, endpoint: Endpoint) -> Journal:
        """Return the file, read and locked, for the stream of *endpoint*."""
        url = urlsplit(endpoint.request.url).path
        parts = [value for name, value in endpoint.request.params if name in ("partition", "partitions")]
        self._journal = FileJournal(
            self._path, url + "".join(f"?partition={part}" for part in parts), self._automatic
        )
        return self._journal

    def __repr__(self) -> str:
        return f"Checkpoint({self._path!r})"


class Progress(NamedTuple):
    """The state that a file holds.

    Attributes:
        time: the time up to which nothing is missing; None for a new file.
        missed: the outages before that which are not recovered.
        keys: the messages that were acknowledged, as far as they could come again.
        connected: the connection that was left open, perhaps; it is ended before another is opened.
    """

    time: float | None
    missed: tuple[Outage, ...]
    keys: tuple[str, ...]
    connected: Connected | None = None


class NotNoted(Exception):
    """An acknowledgement can't be noted, for a *reason* that is none of the subscriber's."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class Journal:
    """The progress of one subscription, as it notes it.

    Attributes:
        progress: how far it was when it was opened.
    """

    def __init__(self, progress: Progress, automatic: bool) -> None:
        self.progress = progress
        self._automatic = automatic
        self._lock = threading.Lock()
        self._delivering: int | None = None  # the thread that does
        self._closed = False
        self._open = True
        self._time = progress.time
        self._heard = progress.time or 0.0
        self._missed: dict[Outage, None] = dict.fromkeys(progress.missed)
        self._pending: dict[str, float] = {}  # live messages, with the time each came at
        self._pending_missed: set[str] = set()
        self._ending: list[tuple[Outage, set[str]]] = []

    def now(self) -> Progress:
        """Return the progress, without the messages that were acknowledged."""
        with self._lock:
            return Progress(self._time, tuple(self._missed), ())

    # --- what a subscription notes

    def deliver(
        self, forward: Callable[[Any], None], item: Any, key: str | None, at: float, *, missed: bool = False
    ) -> None:
        """Forward *item*, and note that it is acknowledged when the subscriber has returned from it.

        Raises:
            NotNoted: it can't be noted.
        """
        with self._lock:
            if self._closed:
                return
            self._heard = self._heard if missed else max(self._heard, at)
            if not self._automatic and key is not None:
                self._wait_for(key, missed)
            self._delivering = threading.get_ident()
        try:
            forward(item)
        except BaseException:
            with self._lock:
                self._delivered()
            raise
        with self._lock:
            try:
                # Not if another thread has disposed: then the file is closed, as perhaps nobody got it.
                if self._automatic or key is None:
                    self._note(key)
            except OSError as error:
                raise NotNoted(error) from error
            finally:
                self._delivered()

    def acknowledge(self, item: Any) -> None:
        """Note that a message is acknowledged that the program was to acknowledge."""
        key = key_of(item)
        with self._lock:
            if self._automatic or key is None or not self._open:
                return
            self._pending.pop(key, None)
            self._pending_missed.discard(key)
            self._note(key)
            for outage, keys in [*self._ending]:
                keys.discard(key)
                if not keys:
                    self._ending.remove((outage, keys))
                    self._end(outage)

    def began(self, outage: Outage) -> None:
        """Note an outage, which is to be recovered before progress covers it."""
        with self._lock:
            if outage not in self._missed:
                self._missed[outage] = None
                self._append("m", *map(_seconds, outage))

    def ended(self, outage: Outage) -> None:
        """Note that an outage is recovered, or told, once all that came of it is acknowledged."""
        with self._lock:
            if self._pending_missed:
                self._ending.append((outage, {*self._pending_missed}))
            else:
                self._end(outage)

    def close(self) -> None:
        """Note nothing more; a subscriber that disposes has acknowledged the message that it is given."""
        raised = sys.exception() is not None  # by the subscriber, whom `run` or `await` then tells
        with self._lock:
            self._closed = True
            if raised or self._delivering != threading.get_ident():
                self._close()

    # --- with the lock held

    def _wait_for(self, key: str, missed: bool) -> None:
        if len(self._pending) + len(self._pending_missed) >= CAPACITY:
            raise NotNoted(TooSlow(CAPACITY))
        if missed:
            self._pending_missed.add(key)
        else:
            self._pending[key] = self._heard

    def _delivered(self) -> None:
        self._delivering = None
        if self._closed:
            self._close()

    def _note(self, key: str | None) -> None:
        """Note what is acknowledged, a message with a *key* or anything else."""
        self._time = next(iter(self._pending.values())) if self._pending else self._heard

    def _end(self, outage: Outage) -> None:
        if self._missed.pop(outage, self) is None:
            self._append("r", *map(_seconds, outage))

    def _close(self) -> None:
        self._open = False

    def _append(self, *words: str) -> None:
        """Write a line, where there is a file."""


class FileJournal(Journal):
    """A file that one subscription writes."""

    def __init__(self, path: str, stream: str, automatic: bool) -> None:
        super().__init__(Progress(None, (), ()), automatic)
        self._path = path
        self._title = _TITLE + stream
        self._keys: dict[str, float] = {}  # each with the progress when it was acknowledged
        self._lines, self._most = 0, _FEWEST_LINES
        self._fd = _open_locked(path)
        try:
            self._read()
            self._rewrite()
        except BaseException:
            self._close()
            raise
        self.progress = Progress(self._time, tuple(self._missed), tuple(self._keys))

    # --- with the lock held

    def _note(self, key: str | None) -> None:
        super()._note(key)
        assert self._time is not None
        if key is None:
            self._append("t", _seconds(self._time))
        else:
            self._keys[key] = self._time
            self._append("a", _seconds(self._time), key)

    def _close(self) -> None:
        super()._close()
        self._close_file()

    def _close_file(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _append(self, *words: str) -> None:
        if self._fd < 0:
            return
        _write(self._fd, " ".join(words) + "\n")
        self._lines += 1
        if self._lines > self._most:
            self._rewrite()

    # --- the file

    def _read(self) -> None:
        with open(self._path, encoding="utf-8", errors="replace", newline="\n") as file:
            lines = file.read().split("\n")[:-1]  # the last one, if anything, was cut
        if not lines and not os.path.getsize(self._path):
            return
        if lines[:1] != [self._title]:
            first = lines[0] if lines else ""
            what = f"that of {first[len(_TITLE) :]}" if first.startswith(_TITLE) else "something else"
            raise ValueError(f"{self._path} is no progress of {self._title[len(_TITLE) :]}: it has {what}")
        for line in lines[1:]:
            match line.split(" "):
                case ["a", time, key]:
                    self._time = float(time)
                    self._keys[key] = self._time
                case ["t", time]:
                    self._time = float(time)
                case ["m", since, until]:
                    self._missed[Outage(float(since), float(until))] = None
                case ["r", since, until]:
                    self._missed.pop(Outage(float(since), float(until)), None)
                case _:
                    raise ValueError(f"{self._path} is damaged: it contains the line {line[:60]!r}")
        self._heard = self._time or 0.0

    def _rewrite(self) -> None:
        """Write what still matters to another file, and put that in the place of this one."""
        oldest = min([(self._time or 0.0) - DELIVERY, *(outage.since for outage in self._missed)])
        kept = {key: at for key, at in self._keys.items() if (time_of_key(key) or at) >= oldest}
        self._keys = dict([*kept.items()][-CAPACITY:])
        lines = [self._title, *(f"m {_seconds(one.since)} {_seconds(one.until)}" for one in self._missed)]
        lines += [f"a {_seconds(at)} {key}" for key, at in self._keys.items()]
        if self._time is not None:
            lines.append(f"t {_seconds(self._time)}")
        real = os.path.realpath(self._path)
        folder, name = os.path.split(real)
        fd, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
        try:
            _lock(fd, self._path)
            _write(fd, "\n".join(lines) + "\n")
            os.fsync(fd)
            if os.name == "nt":  # there an open file can be neither moved nor replaced
                self._close_file()
                os.close(fd)
            os.replace(new, real)
            fd = os.open(real, _FLAGS, 0o666) if os.name == "nt" else fd
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(fd)
            Path(new).unlink(missing_ok=True)
            raise
        self._close_file()
        self._fd, self._lines = fd, 0
        self._most = max(_FEWEST_LINES, 2 * len(self._keys))


_ENDING = 1.0
"""Seconds that a subscription may take to end, after the last item that its subscriber got."""

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


def _open_locked(path: str) -> int:
    """Open the file and lock it.

    Raises:
        BlockingIOError: it is locked.
    """
    while True:
        fd = os.open(path, _FLAGS, 0o666)
        try:
            _lock(fd, path)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(path), os.fstat(fd)):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # it has just been replaced


def _lock(fd: int, path: str) -> None:
    give_up, pause = time.monotonic() + _ENDING, threading.Event()
    while not lock(fd):
        if time.monotonic() >= give_up:
            raise BlockingIOError(errno.EAGAIN, "another subscription uses this checkpoint", path)
        pause.wait(0.01)


def _write(fd: int, text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(fd, data) :]


def _seconds(at: float) -> str:
    return f"{at:.3f}"
