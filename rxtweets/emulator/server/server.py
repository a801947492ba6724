"""The server's thread: its loop, on which requests are answered, and calls to it from other threads."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from .certificate import Certificate
from .listener import Listener
from .wire import Connection, Respond

_T = TypeVar("_T")


class Server:
    """A server in a thread of its own. It may be started again once stopped, and keeps its port then.

    Args:
        respond: Returns the reply to a request; called on the server's loop.
        now: Returns the time that responses are dated with.
        stop: Ends everything that goes on; called on the loop, and once more when it has ended.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        certificate: The certificate of a server with TLS.
    """

    def __init__(
        self,
        respond: Respond,
        now: Callable[[], float],
        stop: Callable[[], None],
        host: str,
        port: int,
        certificate: Certificate | None,
    ) -> None:
        self.host = host
        self.port = port
        self.certificate = certificate
        self._respond = respond
        self._now = now
        self._end_all = stop
        self._connections: set[Connection] = set()
        self._control = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: Future[Any] | None = None

    def start(self) -> None:
        """Start listening, and return once requests are answered.

        Raises:
            OSError: the address can't be had.
        """
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
            self._connections.clear()
            self._end_all()
            self._loop = None
            if self.certificate is not None:
                self.certificate.remove()
            if self._asked is not None and not self._asked.done():
                self._asked.set_exception(RuntimeError("the emulator has been stopped"))

    async def _serve(self, ready: Future[None]) -> None:
        tls = self.certificate
        listener = Listener(
            lambda: Connection(self._respond, self._connections, self._now),
            None if tls is None else tls.context,
            frozenset() if tls is None else tls.names,
            self._drop_idle,
        )
        try:
            if tls is not None:
                tls.write()
            self.port = listener.listen(self.host, self.port)
            self._stop = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            if ready.set_running_or_notify_cancel():
                ready.set_result(None)
                await self._stop.wait()
        finally:
            await self._shut(listener)

    async def _shut(self, listener: Listener) -> None:
        """Stop accepting, finish pending accepts, abort every connection.

        A connection that was accepted is a task before it is a connection. None of it waits for a client:
        what is left to write is thrown away.
        """
        listener.close()
        while self._connections or listener.busy:
            self._end_all()
            for connection in tuple(self._connections):
                connection.transport.abort()
            await asyncio.sleep(0)

    def _drop_idle(self, seconds: float) -> None:
        """Drop the connections whose client has owed a request for at least so many seconds."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self._connections):
            if connection.idle_for(now) >= seconds:
                connection.transport.abort()

    def call(self, action: Callable[[], _T]) -> _T:
        """Return what an action returns, called on the loop, or right here while there is no loop."""
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
