from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through
from rxtweets._schedulers import wall_clock
from rxtweets.messages import Lifecycle, Message, Undecodable
from rxtweets.recordings import lines
from rxtweets.recordings.events import members_of
from rxtweets.recordings.files import Appender, checked_path, last_part, part_path
from rxtweets.recordings.idle import ClosedWhenIdle

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets")

Rotation = int | timedelta | tuple[int | timedelta, ...]


def record(
    path: str | os.PathLike[str],
    *,
    rotate: Rotation | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Write each message to a file as it was received, with its time of arrival.

    ::

        posts = client.sample().pipe(tw.record("posts.jsonl.zst"), tw.posts())

    Messages are written byte for byte, with connection events in between; `rxtweets.replay` emits the same
    again. Every item is passed on unchanged, after it has been written.

    The suffix chooses the format: `.jsonl` is plain, `.jsonl.gz` and `.jsonl.zst` (extra `zstd`) are
    compressed. An existing file is appended to. Each line is handed to the operating system before its item
    is passed on, so a process that is killed loses at most the line that it was writing, whatever the format;
    a machine that fails loses what its system hadn't put on disk yet. The next recording repairs what a crash
    has cut off.

    If the file can't be written (a full disk, a removed folder), the stream ends with the OSError and its
    session is closed. The thread that reads the stream waits for the disk: put `tw.observe_on()` before this
    to wait elsewhere.

    Args:
        path: the file. One recording at a time writes to it.
        rotate: when to start another file, as a number of bytes, a timedelta, or both. Then the files are
            numbered, `posts.0001.jsonl` and so on for `posts.jsonl`, and each subscription begins a new one.
            A file exceeds the size by at most one line.
        scheduler: whose clock gives the time of arrival; default the subscriber's, else the system's.

    Raises:
        ValueError: *path* has another suffix, or *rotate* isn't what it should be.
        ImportError: the extra `zstd` is needed.

    Errors: an OSError; a ValueError for an item that has no bytes as received, such as the text of a post.
    """
    name = checked_path(path)
    most, longest = _limits(rotate)

    def record_(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            chosen = scheduler or scheduler_
            clock = time.time if chosen is None else wall_clock(chosen)
            recorder = _Recorder(name, rotate is not None, most, longest, clock)
            forward = observer.on_next

            def on_next(item: _T) -> None:
                try:
                    recorder.write(item)
                except (OSError, ValueError) as error:
                    close_after(error)
                    observer.on_error(error)
                else:
                    forward(item)

            def close_after(error: Exception) -> None:
                try:
                    recorder.close()
                except OSError as another:
                    error.add_note(f"the recording couldn't be closed in order: {another}")

            def on_error(error: Exception) -> None:
                close_after(error)
                observer.on_error(error)

            def on_completed() -> None:
                try:
                    recorder.close()
                except OSError as error:
                    observer.on_error(error)
                else:
                    observer.on_completed()

            try:
                subscription = subscribe_through(
                    source, Callbacks(on_next, on_error, on_completed), scheduler_
                )
            except BaseException:
                recorder.dispose()
                raise
            return CompositeDisposable(subscription, Disposable(recorder.dispose))

        return StreamObservable(subscribe)

    return record_


def _limits(rotate: Rotation | None) -> tuple[float, float]:
    """Return the bytes and the seconds after which to rotate."""
    most = longest = float("inf")
    for limit in rotate if isinstance(rotate, tuple) else () if rotate is None else (rotate,):
        if isinstance(limit, timedelta) and limit > timedelta(0):
            longest = limit.total_seconds()
        elif isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            most = limit
        else:
            raise ValueError(
                "rotate must be a number of bytes, a timedelta, or a tuple of both, each over 0, "
                f"not {rotate!r}"
            )
    return most, longest


class _Recorder:
    """The file or files of one subscription."""

    def __init__(
        self, path: str, numbered: bool, most: float, longest: float, clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._number = last_part(path) if numbered else 0
        self._numbered = numbered
        self._most = most
        self._longest = longest
        self._clock = clock
        self._part = 0
        self._file: Appender
        self._began = clock()
        self._open(self._began)
        self._guard = ClosedWhenIdle(lambda: self._file.close())

    def write(self, item: Any) -> None:
        """Write the line of *item*, unless closed.

        Raises:
            OSError: it can't be written.
            ValueError: the item is none that can be recorded.
        """
        at = self._clock()
        line = _line(at, item)
        with self._guard as is_open:
            if is_open:
                if self._file.size >= self._most or at - self._began >= self._longest:
                    self._file.close()
                    self._open(at)
                self._file.write(line)

    def close(self) -> None:
        """Finish the file and close it: at once, or after the line that is being written."""
        self._guard.close()

    def dispose(self) -> None:
        """Close it for a subscriber who has left; what fails then is logged."""
        try:
            self.close()
        except OSError as error:
            _log.warning("a recording couldn't be closed in order: %s", error)

    def _open(self, at: float) -> None:
        self._part += 1
        self._number += 1
        self._began = at
        self._file = Appender(part_path(self._path, self._number) if self._numbered else self._path)
        try:
            self._file.write(lines.of_event(at, lines.BEGINNING, {"part": self._part}))
        except BaseException:
            self._file.close()
            raise


def _line(at: float, item: Any) -> bytes:
    if isinstance(item, bytes):
        return lines.of_frame(at, item)
    if isinstance(item, Message) and item.raw:
        return lines.of_frame(at, item.raw, is_json=not isinstance(item, Undecodable))
    if isinstance(item, Lifecycle):
        return lines.of_event(at, type(item).__name__, members_of(item))
    raise ValueError(
        f"tw.record writes messages as they were received, and {type(item).__name__} has no bytes of that: "
        "put it before what makes something else of messages, as in client.sample().pipe(tw.record(path), …)"
    )
