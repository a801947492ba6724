"""The thread that runs asyncio for the logs of this process: one for all of them, while any is used."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import logging
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

_T = TypeVar("_T")

_log = logging.getLogger("rxtweets")

_LONGEST_EXIT = 5.0
"""Seconds for which the end of the program waits for what is under way."""

_numbers = itertools.count(1)


class LoopThread:
    """A thread with a loop, which ends after the last task."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._current: _Running | None = None

    def start(self, task: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], object]) -> _Running:
        """Run the coroutine that *task* returns, and return the loop's thread, which is started if need be.

        *stop* is called at the end of the program, and has to end the task.
        """
        with self._lock:
            if self._current is None:
                self._current = _Running(self)
            self._current.add(task, stop)
            return self._current

    def over(self, running: _Running) -> bool:
        """Return whether *running* has nothing left to do, and forget it then; on its thread."""
        with self._lock:
            if running.stops:
                return False
            if self._current is running:
                self._current = None
            return True


class _Running:
    """A loop that runs, from its first task to its last."""

    def __init__(self, owner: LoopThread) -> None:
        self.stops: dict[int, Callable[[], object]] = {}
        self._owner = owner
        self._loop = asyncio.new_event_loop()
        # Tasks of nats-py fail when a connection does, which `Connection.check` finds out.
        self._loop.set_exception_handler(lambda _, context: _log.debug("%s", context.get("message")))
        self._end = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        # In no context of a subscriber's: tasks of others run here, too.
        self._thread = threading.Thread(
            target=Context().run, args=[self._run], name=f"rxtweets-relay-loop-{next(_numbers)}", daemon=True
        )
        atexit.register(self._at_exit)
        self._thread.start()

    def add(self, task: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], object]) -> None:
        """Run a task; with the owner's lock."""
        key = next(_numbers)
        self.stops[key] = stop
        self._loop.call_soon_threadsafe(self._begin, key, task)

    def call(self, function: Callable[[], object]) -> None:
        """Call *function* on the loop's thread; not at all if it has ended."""
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def result(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Return the result of *request*, which runs on the loop's thread beside a task."""
        return asyncio.run_coroutine_threadsafe(request, self._loop).result()

    def _begin(self, key: int, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._loop.create_task(make())
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            del self.stops[key]
            if self._owner.over(self):
                self._end.set()

        task.add_done_callback(done)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._wait())
        atexit.unregister(self._at_exit)

    async def _wait(self) -> None:
        await self._end.wait()

    def _at_exit(self) -> None:
        for stop in [*self.stops.values()]:
            stop()
        self._thread.join(_LONGEST_EXIT)


loop_thread = LoopThread()
"""The one of this process."""
