"""The server's life: a thread with a loop on which the site answers, and the way to it from other threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from .site import Site

_T = TypeVar("_T")


class Server:
    """Serves a site from a thread of its own. May be started again once stopped, and keeps its port then."""

    def __init__(self, site: Site, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._site = site
        self._control = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Listen; returns once requests are answered. Raises OSError where the address can't be had."""
        with self._control:
            if self._thread is not None:
                raise RuntimeError("the emulator runs already")
            ready: Future[None] = Future()
            thread = threading.Thread(target=self._run, args=(ready,), name="rxtweets-emulator", daemon=True)
            thread.start()
            try:
                ready.result()
            except BaseException:
                thread.join()
                raise
            self._thread = thread

    def stop(self) -> None:
        """Drop every connection and stop listening; does nothing on one that doesn't run."""
        with self._control:
            if self._thread is None or self._loop is None:
                return
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = self._loop = None

    def _run(self, ready: Future[None]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: Future[None]) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._site.connect, self.host, self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._stop = asyncio.Event()
        self._loop = loop
        ready.set_result(None)
        await self._stop.wait()
        server.close()
        # A client that connects just now is a task before it is a connection.
        while self._site.connections or len(asyncio.all_tasks()) > 1:
            self._site.abort()
            await asyncio.sleep(0)

    def call(self, action: Callable[[], _T]) -> _T:
        """Have it done on the loop, where all of the site lives, or right here while there is no loop."""
        with self._control:
            if self._loop is None:
                return action()
            done: Future[_T] = Future()

            def run() -> None:
                try:
                    done.set_result(action())
                except BaseException as error:
                    done.set_exception(error)

            self._loop.call_soon_threadsafe(run)
            return done.result()
