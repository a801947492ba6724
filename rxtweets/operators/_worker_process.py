"""A process that calls a function, one message after the other, and what it is to its parent.

`concurrent.futures` would pickle whole trees of objects, keep a running call going after a disposal and at
the program's exit, and not tell how a worker died.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from rxtweets.errors import WorkerDied
from rxtweets.messages import Message, decode

_GRACE = 5.0
"""Seconds that a process has to end before it is killed."""

_RESULT, _ERROR, _UNLIKE = range(3)
"""Kinds of reply; the last says that the bytes are not the whole message, which is to be pickled."""


def importable(fn: Callable[[Any], Any]) -> bytes:
    """Return *fn* pickled, that is by its name.

    Raises:
        ValueError: another process cannot import it.
    """
    try:
        return _pickled(fn)
    except Exception as error:
        raise ValueError(
            f"worker processes import fn by its name, so it must be a function at the top level of a module, "
            f"or a partial of one, not {fn!r}: {error}"
        ) from error


class WorkerProcess:
    """A process that calls one function. It ignores Ctrl-C, which is its parent's to handle.

    Args:
        fn: the function, from `importable`.

    Raises:
        OSError: the system starts no process.
        RuntimeError: this process is itself importing its main module for a parent that started it.
    """

    def __init__(self, fn: bytes) -> None:
        context = get_context("spawn")  # a fork would copy locks that other threads hold
        self._connection, theirs = context.Pipe()
        self._replied = False
        self._parent = os.getpid()
        self._process = context.Process(target=_work, args=(theirs, fn), name="rxtweets-worker")
        try:
            with _without_interrupts():
                self._process.start()
        except BaseException:
            self._connection.close()
            raise
        finally:
            theirs.close()

    def __call__(self, item: Any) -> Any:
        """Return what the function returns for *item*; a message is sent as its bytes.

        Raises:
            Exception: what the function raised; a note has its traceback. Or, *item* can't be pickled.
            WorkerDied: the process is gone.
        """
        kind = _UNLIKE
        value: Any = None
        if isinstance(item, Message) and item.raw:
            kind, value = self._ask(type(item).__name__, item.raw)
        if kind == _UNLIKE:
            kind, value = self._ask(None, item)
        if kind == _ERROR:
            raise value
        return value

    def cancel(self) -> None:
        """End the process, whatever it is doing; from any thread. Do nothing in a fork of its parent."""
        if os.getpid() == self._parent:
            self._process.terminate()

    def close(self) -> None:
        """Let an idle process end by itself, one that still begins not even begin, and wait for its end."""
        if not self._replied:
            self.cancel()
        self._connection.close()
        self._ended()

    def _ask(self, *request: Any) -> tuple[int, Any]:
        pickled = _pickled(request)
        try:
            self._connection.send_bytes(pickled)
            reply = self._connection.recv_bytes()
        except (EOFError, OSError):
            died = WorkerDied(self._ended())
            if not self._replied:
                died.add_note(
                    "It had not begun to work. Each process imports the program that started it, which must "
                    'start its streams under `if __name__ == "__main__":`, and have fn to import.'
                )
            raise died from None
        self._replied = True
        answer: tuple[int, Any] = pickle.loads(reply)
        return answer

    def _ended(self) -> int | None:
        self._process.join(_GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return self._process.exitcode


def _pickled(value: Any) -> bytes:
    return bytes(ForkingPickler.dumps(value))


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from the processes started in this block, until they let it through."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # as it would end the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection[Any, Any], pickled: bytes) -> None:
    """Reply to one request after the other, until the parent closes the connection or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    fn = pickle.loads(pickled)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            request = connection.recv_bytes()
            connection.send_bytes(_reply(fn, request))


def _reply(fn: Callable[[Any], Any], request: bytes) -> bytes:
    try:
        kind, item = pickle.loads(request)
        if kind is not None:
            item = decode(item)
            if type(item).__name__ != kind:  # it was a part of another message
                return _pickled((_UNLIKE, None))
        result = fn(item)
        try:
            return _pickled((_RESULT, result))
        except Exception as error:
            raise TypeError(
                f"fn returned a {type(result).__name__} that can't be pickled, and so not be sent back from "
                f"its process: {error}"
            ) from error
    except Exception as error:
        return _pickled((_ERROR, _portable(error)))


def _portable(error: Exception) -> Exception:
    """Return *error*, or one that says the same if it doesn't survive pickling, with its traceback as a note.

    Many exceptions don't: those whose `__init__` takes other arguments than it passes on.
    """
    note = f"In the worker process:\n{traceback.format_exc()}"
    error.add_note(note)
    try:
        if type(pickle.loads(_pickled(error))) is type(error):
            return error
    except Exception:
        pass
    other = RuntimeError(f"{type(error).__qualname__}: {error}")
    other.add_note(note)
    return other
