"""The status of a log, as an Observable of one item."""

from __future__ import annotations

import threading
from contextvars import copy_context
from queue import SimpleQueue

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxtweets._observable import StreamObservable
from rxtweets._waiting import listener
from rxtweets.errors import LogError

from ._loop import loop_thread
from ._nats import status as nats
from ._nats.connection import Connection, Where
from ._nats.stream import open_stream
from .status import LogStatus


def status(where: Where) -> Observable[LogStatus]:
    """Return the status; see `JetStream.status`."""

    def subscribe(
        observer: abc.ObserverBase[LogStatus], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        found: SimpleQueue[LogStatus | Exception | None] = SimpleQueue()

        async def read() -> None:
            result: LogStatus | Exception | None = None
            try:
                async with Connection(where, lambda: None) as connection:
                    await open_stream(connection, LogError)
                    result = await nats.status(connection)
            except Exception as error:
                result = error
            finally:
                found.put(result)

        def deliver() -> None:
            result = found.get()
            if isinstance(result, Exception):
                observer.on_error(result)
            elif result is not None:
                observer.on_next(result)
                observer.on_completed()

        context = copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to
        threading.Thread(
            target=context.run, args=[deliver], name="rxtweets-relay-status", daemon=True
        ).start()
        loop_thread.start(read, lambda: found.put(None))
        return Disposable(lambda: found.put(None))

    return StreamObservable(subscribe)
