"""`replay`: the frames and events of files, as a cold Observable."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import (
    CompositeDisposable,
    Disposable,
    SerialDisposable,
    SingleAssignmentDisposable,
)
from reactivex.internal import DisposedException
from reactivex.scheduler import EventLoopScheduler, ImmediateScheduler, VirtualTimeScheduler

from rxtweets._observable import StreamObservable
from rxtweets._schedulers import steady_clock
from rxtweets._waiting import listener
from rxtweets.messages import Lifecycle

from .events import event_of
from .files import checked_source
from .idle import ClosedWhenIdle
from .reading import Record, records

__all__ = ["replay"]

_numbers = itertools.count(1)

_FINEST = 1e-5
"""Seconds that are no wait: no timer is that fine."""

_SHARE = 0.01
"""Seconds after which a scheduler that others use, too, lets them have their turn."""


def replay(
    path: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    speed: float | None = 1.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Observable[bytes | Lifecycle]:
    """Return what `tw.record` wrote to *path*, then to *more*: frames as received, and the events in between.

    It takes the place of `connect`: `rxt.replay("posts.jsonl").pipe(tw.decode(), tw.posts())`. It completes
    after the last line. Each subscription opens the files again, and disposing closes them.

    It replays files of other programs, too, plain or compressed as `.gz`, `.bz2` or `.zst`: a v1.1 status, a
    v2 payload, a post without its envelope or any other message on each line, and pages of posts as saved by
    `twarc2`, which become a frame for each post, with those of the page's includes that it needs. These are
    replayed by their time of creation; one that is older than the one before it comes at the same time.

    To replay a rotated recording, pass the path that you gave to `tw.record`. A line that is cut off at the
    end of a file is skipped, and the logger `rxtweets` warns.

    Args:
        path: a file.
        more: files that follow it. The time between one recording and the next is skipped.
        speed: 2.0 is twice as fast as recorded; None is as fast as the subscriber takes it.
        scheduler: where to deliver and whose clock to use; default the subscriber's, else a thread of its own
            (daemon, named `rxtweets-replay-…`).

    Raises:
        ValueError: *speed* isn't a positive number.
        ImportError: a file ends in `.zst`, and the extra `zstd` isn't installed.

    Errors: an OSError for a file that can't be read; for a line that is neither a recording's nor a JSON
    object, a ValueError that names the file and the line.
    """
    if speed is not None and not (isinstance(speed, int | float) and 0 < speed < math.inf):
        raise ValueError(f"speed must be a number over 0, such as 2.0, or None for no waits, not {speed!r}")
    paths = [checked_source(one) for one in (path, *more)]

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler_: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        chosen = scheduler or scheduler_
        if chosen is not None:
            return _Player(observer, paths, speed, chosen).start()
        thread = EventLoopScheduler(thread_factory=_thread, exit_if_empty=True)
        player = _Player(observer, paths, speed, thread)
        return CompositeDisposable(player.start(), thread)

    return StreamObservable(subscribe)


def _thread(target: Callable[..., None]) -> threading.Thread:
    context = copy_context()
    context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
    return threading.Thread(
        target=context.run, args=[target], name=f"rxtweets-replay-{next(_numbers)}", daemon=True
    )


class _Player:
    """One subscription to a replay."""

    def __init__(
        self,
        observer: abc.ObserverBase[Any],
        paths: list[str],
        speed: float | None,
        scheduler: abc.SchedulerBase,
    ) -> None:
        self._observer = observer
        self._speed = speed or math.inf
        self._scheduler = scheduler
        # Virtual time stands still while work is done, and there would be no end to calls inside calls.
        at_once = isinstance(scheduler, VirtualTimeScheduler | ImmediateScheduler)
        self._share = math.inf if at_once else _SHARE
        self._now = steady_clock(scheduler)
        self._records = records(paths, event_of)
        self._guard = ClosedWhenIdle(self._records.close)
        self._next: Record | None = None
        self._due = self._now()
        self._wait = SerialDisposable()

    def start(self) -> abc.DisposableBase:
        self._schedule(0.0)
        return CompositeDisposable(Disposable(self._guard.close), self._wait)

    def _schedule(self, delay: float) -> None:
        if self._guard.closed:
            return
        wait = SingleAssignmentDisposable()
        self._wait.disposable = wait  # before it is over, which may be at once
        try:
            if delay > 0:
                wait.disposable = self._scheduler.schedule_relative(delay, self._step)
            else:
                wait.disposable = self._scheduler.schedule(self._step)
        except DisposedException:
            if not self._guard.closed:
                raise

    def _step(self, *_: Any) -> None:
        with self._guard as is_open:
            delay = self._play() if is_open else None
        if delay is not None:
            self._schedule(delay)

    def _play(self) -> float | None:
        """Deliver what is due; return the seconds until there is more, None at the end."""
        forward = self._observer.on_next
        begun = self._now()
        while not self._guard.closed:
            if self._next is None:
                try:
                    self._next = next(self._records)
                except StopIteration:
                    self._observer.on_completed()
                    return None
                except (OSError, ValueError) as error:
                    self._observer.on_error(error)
                    return None
                self._due += self._next.after / self._speed
            now = self._now()
            if self._due > now + _FINEST and self._speed < math.inf:
                return self._due - now
            item, self._next = self._next.item, None
            forward(item)
            if now - begun > self._share:
                return 0.0
        return None
