"""The dead letters of a group, as a finite Observable."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import aclosing
from contextvars import copy_context
from queue import SimpleQueue

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable
from rxtweets._waiting import listener
from rxtweets.errors import LogError

from ._loop import loop_thread
from ._nats import letters as nats
from ._nats.connection import Connection, Where
from ._nats.stream import open_stream
from ._publish import address
from .letter import DeadLetter


def letters(where: Where, group: str, *, again: bool) -> Observable[DeadLetter]:
    """Return the letters, each after it was sent to the group *again* if that is asked for."""

    def subscribe(
        observer: abc.ObserverBase[DeadLetter], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        found: SimpleQueue[DeadLetter | Exception | None] = SimpleQueue()
        disposed = threading.Event()

        async def read() -> None:
            end = None
            try:
                async with Connection(where, lambda: None) as connection:
                    await open_stream(connection, LogError)
                    async with aclosing(nats.letters(connection, group)) as there:
                        async for letter in there:
                            if disposed.is_set():
                                break
                            if again:
                                await nats.send_again(connection, group, letter, address(letter.frame).key)
                            found.put(letter)
            except Exception as error:
                end = error
            finally:
                found.put(end)

        def arrived() -> Iterator[DeadLetter]:
            while not disposed.is_set() and (item := found.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item

        def deliver() -> None:
            try:
                for letter in arrived():
                    observer.on_next(letter)
            except Exception as error:
                observer.on_error(error)
            else:
                observer.on_completed()

        context = copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        threading.Thread(
            target=context.run, args=[deliver], name="rxtweets-relay-letters", daemon=True
        ).start()
        loop_thread.start(read, disposed.set)
        return Disposable(disposed.set)

    return StreamObservable(subscribe)
