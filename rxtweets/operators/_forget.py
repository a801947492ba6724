from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through
from rxtweets._schedulers import steady_clock
from rxtweets.recordings.changes import Changes
from rxtweets.recordings.files import checked_source, parts, rewrite

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets")
_numbers = itertools.count(1)


def forget(
    path: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    every: float = 3600.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Remove from recordings what was deleted at X, and update what was changed; pass everything on.

    X asks those who store posts to follow deletions and changes "as soon as reasonably possible", and within
    24 hours of a request. v1.1 announces them in the streams themselves, v2 in `client.compliance("posts")`
    and `client.compliance("users")`::

        stream.sample().pipe(tw.record("a.jsonl.zst"), tw.observe_on(), tw.forget("a.jsonl.zst"))

    * A deleted post (`Delete`; `delete`, `drop`) is removed, with retweets of it, and so is its copy in posts
      that quote or answer it. So are the posts and the account of a user who was deleted, protected or
      suspended, the earlier versions of an edited post, and deleted direct messages.
    * A withdrawn place is removed (`ScrubGeo`, `scrub_geo`), a withheld post or account gets the countries,
      and a changed profile its new value.

    Nothing that was removed is restored. The rest of the file stays the same, byte for byte.

    Notices are collected and applied together, since the files are read and rewritten each time: a concurrent
    reader sees either the old file or the new one, complete. They are applied once more the next time, since
    a deletion may come before what it deletes. At the end of the stream, waiting notices are applied first;
    after a disposal, by a thread that the program's exit waits for. A killed program loses them: to apply all
    notices that a recording contains itself, replay it::

        rxt.replay("a.jsonl.zst", speed=None).pipe(tw.decode(), tw.forget("a.jsonl.zst")).run()

    Args:
        path: a recording, including its numbered parts, or a file of another program; `.bz2` can't be
            changed. This process may be recording it. One that doesn't exist has nothing to forget.
        more: further files.
        every: seconds for which notices are collected. While the files are rewritten, nothing is read: put
            `tw.observe_on()` before it to keep the stream going.
        scheduler: whose clock counts the seconds; default the subscriber's, else the system's.

    Raises:
        ValueError: *every* isn't a number of 0 or more.
        ImportError: the extra `zstd` is needed.

    Errors: an OSError or a ValueError for a file that can't be read or written, or that another process is
    recording.

    Source: X's Developer Policy, "Content compliance", https://docs.x.com/developer-terms/policy.
    """
    paths = [checked_source(one) for one in (path, *more)]
    if isinstance(every, bool) or not isinstance(every, int | float) or not every >= 0:
        raise ValueError(f"every must be a number of seconds, 0 or more, not {every!r}")

    def forget_(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            clock = steady_clock(scheduler or scheduler_ or TimeoutScheduler.singleton())
            forgetter = _Forgetter(paths, every, clock)
            forward = observer.on_next

            def on_next(item: _T) -> None:
                try:
                    forgetter.take(item)
                except (OSError, ValueError) as error:
                    observer.on_error(error)
                else:
                    forward(item)

            def on_error(error: Exception) -> None:
                try:
                    forgetter.apply()
                except (OSError, ValueError) as another:
                    error.add_note(f"and what was deleted couldn't be forgotten: {another}")
                observer.on_error(error)

            def on_completed() -> None:
                try:
                    forgetter.apply()
                except (OSError, ValueError) as error:
                    observer.on_error(error)
                else:
                    observer.on_completed()

            subscription = subscribe_through(source, Callbacks(on_next, on_error, on_completed), scheduler_)
            return CompositeDisposable(subscription, Disposable(forgetter.dispose))

        return StreamObservable(subscribe)

    return forget_


class _Forgetter:
    """The notices of one subscription."""

    def __init__(self, paths: list[str], every: float, clock: Callable[[], float]) -> None:
        self._paths = paths
        self._every = every
        self._clock = clock
        self._applied_at = clock()
        self._waiting = Changes()
        self._before = Changes()  # applied once, and to be applied once more
        self._using = threading.Lock()
        self._disposed = False

    def take(self, item: Any) -> None:
        """Note what *item* tells, and apply all that wait if it is time."""
        with self._using:
            if not self._disposed:
                self._waiting.note(item)
                if self._clock() - self._applied_at >= self._every:
                    self._apply()

    def apply(self) -> None:
        """Apply all that wait, at the end of the stream."""
        with self._using:
            if not self._disposed:
                self._apply()
                self._before = Changes()

    def dispose(self) -> None:
        """Apply all that wait, on a thread of its own.

        The program's exit waits for that, and so for the thread that applies some now.
        """
        if self._disposed:
            return
        self._disposed = True
        if self._using.locked() or self._waiting or self._before:
            name = f"rxtweets-forget-{next(_numbers)}"
            try:
                threading.Thread(target=self._apply_last, name=name, daemon=False).start()
            except RuntimeError:  # the program ends, and Python starts no thread any more
                self._apply_last()

    def _apply_last(self) -> None:
        try:
            with self._using:
                self._apply()
        except (OSError, ValueError) as error:
            _log.error("what was deleted couldn't be forgotten: %s", error)

    def _apply(self) -> None:
        now, before = self._waiting, self._before
        self._waiting, self._before = Changes(), Changes()  # what fails is told, and not tried again
        if now or before:
            for path in self._paths:
                with contextlib.suppress(FileNotFoundError):
                    for part in parts(path):
                        rewrite(part, lambda line: _both(line, before, now))
        self._before = now
        self._applied_at = self._clock()


def _both(line: bytes, before: Changes, now: Changes) -> bytes | None:
    left = before.applied(line)
    return None if left is None else now.applied(left)
