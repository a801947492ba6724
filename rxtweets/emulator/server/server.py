"""The server's life: a thread with a loop on which the site answers, and the way to it from other threads."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from rxtweets.emulator.app.site import Site

from .certificate import Certificate
from .listener import Listener

_T = TypeVar("_T")


class Server:
    """Serves a site from a thread of its own. May be started again once stopped, and keeps its port then."""

    def __init__(self, site: Site, host: str, port: int, certificate: Certificate | None) -> None:
        self.host = host
        self.port = port
        self.certificate = certificate
        self._site = site
        self._control = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: Future[Any] | None = None

    def start(self) -> None:
        """Listen; returns once requests are answered. Raises OSError where the address can't be had."""
        with self._control:
            if self._thread is not None:
                raise RuntimeError("the emulator runs already")
            ready: Future[None] = Future()
            self._thread = threading.Thread(
                target=self._run, args=(ready,), name="rxtweets-emulator", daemon=True
            )
            self._thread.start()
            try:
                ready.result()
            except BaseException:
                ready.cancel()  # where it was the wait that ended, by Ctrl-C, and not the thread
                self.stop()
                raise

    def stop(self) -> None:
        """Drop every connection and stop listening; does nothing on one that doesn't run."""
        with self._control:
            if self._thread is None:
                return
            loop = self._loop
            if loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: an earlier stop was interrupted
                    loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = None

    def _run(self, ready: Future[None]) -> None:
        try:
            # A selector's loop everywhere: that of Windows doesn't tell when a socket can be read.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            self._site.forget()
            self._loop = None
            if self.certificate is not None:
                self.certificate.remove()
            if self._asked is not None and not self._asked.done():
                self._asked.set_exception(RuntimeError("the emulator has been stopped"))

    async def _serve(self, ready: Future[None]) -> None:
        tls = self.certificate
        listener = Listener(
            self._site.connect,
            None if tls is None else tls.context,
            frozenset() if tls is None else tls.names,
            self._site.drop_idle,
        )
        try:
            if tls is not None:
                tls.write()
            self.port = listener.listen(self.host, self.port)
            self._site.started = time.monotonic()
            self._stop = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            if ready.set_running_or_notify_cancel():
                ready.set_result(None)
                await self._stop.wait()
        finally:
            await self._shut(listener)

    async def _shut(self, listener: Listener) -> None:
        """Take in nobody else, see those in who are at the door, and drop them all.

        A connection that was accepted is a task before it is a connection. None of it waits for a client:
        what is left to write is thrown away.
        """
        listener.close()
        while self._site.connections or listener.busy:
            self._site.abort()
            await asyncio.sleep(0)

    def call(self, action: Callable[[], _T]) -> _T:
        """Have it done on the loop, where all of the site lives, or right here while there is no loop."""
        with self._control:
            loop = self._loop
            if loop is None:
                return action()
            done: Future[_T] = Future()
            self._asked = done

            def run() -> None:
                try:
                    done.set_result(action())
                except BaseException as error:
                    done.set_exception(error)

            loop.call_soon_threadsafe(run)
            return done.result()
