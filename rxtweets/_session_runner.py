"""The runner of one subscription: the thread that reads it, the sessions it opens, and how it ends."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable
from reactivex.scheduler import CurrentThreadScheduler, TimeoutScheduler
from requests.auth import AuthBase

from ._observable import StreamObservable
from ._schedulers import unless_event_loop
from ._waiting import listener
from .auth import Auth
from .endpoints import Request
from .errors import ConnectionFailed, HTTPStatusError, StreamError, StreamStalled, Unauthorized
from .transport import Head, RequestsTransport, Session, Transport

_LONGEST_PROBLEM = 64 * 1024
"""The most bytes that are read of the body of a refusal, or of an answer with a token."""

RESPONSE_TIMEOUT = 30.0
"""Seconds in which the response to a short request must be whole."""

_HEAD_TIMEOUT = 30.0
"""Seconds, beyond the stall timeout, in which a session must have connected and its head must be whole."""

_PROBLEM_TIMEOUT = 5.0
"""Seconds that the body of a refusal is waited for; the status is known without it."""

_numbers = itertools.count(1)


class _Disposed(Exception):
    """Raised on the reading thread once the subscription has been disposed; it ends the thread."""


class SessionRunner:
    """Opens and reads the sessions of one subscription: one, or several when a token is requested first.

    One thread opens and reads. Any other ends that, by `dispose` or when a deadline passes: `_end` notes the
    reason and shuts the session down, and the reading thread raises the reason out of `open` or `read`, in
    place of whatever the transport made of it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._session: Session | None = None
        self._ended: Exception | None = None

    def open(
        self, request: Request, auth: AuthBase | None, stall_timeout: float, before_each: list[Any]
    ) -> Generator[list[Any], None, Head]:
        """Send *request* and return the head of the response; yield *before_each* before each time.

        It is sent twice when the server refuses a token that *auth* can renew.

        Raises:
            StreamError: the network failed.
            HTTPStatusError: the status is not 2xx.
        """
        yield before_each
        self._prepare(request, auth)
        try:
            return self._send(request, auth, stall_timeout)
        except Unauthorized:
            if not isinstance(auth, Auth) or not auth.rejected():
                raise
        yield before_each
        self._prepare(request, auth)
        return self._send(request, auth, stall_timeout)

    def read(self) -> bytes:
        """Return the next bytes of the body; `b""` at its end."""
        if self._session is None:
            return b""
        try:
            data = self._session.read()
        except StreamError:
            self._check()
            raise
        if self._ended is not None:
            raise self._ended from None
        return data

    def read_all(self, limit: int) -> bytes:
        """Return the whole body, cut at *limit* bytes. Raises StreamStalled when that takes too long."""
        with self._deadline(RESPONSE_TIMEOUT):
            return b"".join(self._pieces(limit))

    def refusal(self, head: Head, kind: Callable[..., HTTPStatusError]) -> HTTPStatusError:
        """Return the error that *kind* makes of *head* and of as much of the body as comes."""
        pieces: list[bytes] = []
        with contextlib.suppress(StreamError), self._deadline(_PROBLEM_TIMEOUT):
            pieces.extend(self._pieces(_LONGEST_PROBLEM))
        return kind(head.status_code, head.headers, b"".join(pieces))

    def dispose(self) -> None:
        """End the session and let no other be opened. From any thread; returns at once."""
        self._end(_Disposed())

    def close(self) -> None:
        """Release the session. Only on the thread that reads."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _prepare(self, request: Request, auth: AuthBase | None) -> None:
        """Have *auth* get what it needs before it can sign *request*."""
        if not isinstance(auth, Auth) or auth.pending(request) is None:
            return
        with auth.renewing(self._check_disposed):
            token = auth.pending(request)
            if token is None:
                return
            try:
                head = self._send(token.request, token.auth, RESPONSE_TIMEOUT)
                answer = head.status_code, head.headers, self.read_all(_LONGEST_PROBLEM)
            except HTTPStatusError as error:
                answer = error.status_code, error.headers, error.problem.body.encode()
            auth.accept(*answer)

    def _send(self, request: Request, auth: AuthBase | None, stall_timeout: float) -> Head:
        self.close()
        session = self._transport.session(request, auth, stall_timeout=stall_timeout)
        with self._lock:
            self._check_disposed()
            self._session, self._ended = session, None
        with self._deadline(stall_timeout + _HEAD_TIMEOUT):
            self._check()
            try:
                head = session.open()
            except StreamError:
                self._check()
                raise
            self._check()
        if not 200 <= head.status_code < 300:
            raise self.refusal(head, HTTPStatusError.of)
        return head

    def _pieces(self, limit: int) -> Iterator[bytes]:
        while limit > 0 and (data := self.read()):
            yield data[:limit]
            limit -= len(data)

    def _check(self) -> None:
        """Raise the reason if the session has been ended."""
        if self._ended is not None:
            raise self._ended from None

    def _check_disposed(self) -> None:
        if isinstance(self._ended, _Disposed):
            raise self._ended

    def _end(self, reason: Exception, only: Session | None = None) -> None:
        """End what is open, for *reason*; only if that is the session *only*, when one is given."""
        with self._lock:
            session = self._session
            if isinstance(self._ended, _Disposed) or (only is not None and only is not session):
                return
            self._ended = reason
        if session is not None:
            session.shutdown()

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """End the session with StreamStalled when what is done here takes longer than *seconds*.

        The stall timeout counts from byte to byte; a server that dribbles them would never be done.
        """
        session = self._session

        def expire(*_: Any) -> None:
            self._end(StreamStalled(seconds), only=session)

        timer: abc.DisposableBase
        try:
            timer = TimeoutScheduler.singleton().schedule_relative(seconds, expire)
        except RuntimeError as error:
            if threading.main_thread().is_alive():
                raise _no_thread(error) from error
            timer = Disposable()  # The program ends, and Python starts no thread any more.
        try:
            yield
        finally:
            timer.dispose()


def session_observable(
    read: Callable[[SessionRunner], Iterator[Sequence[Any]]],
    transport: Transport | None,
    scheduler: abc.SchedulerBase | None,
) -> Observable[Any]:
    """Return a cold Observable of the items that *read* yields in lists.

    Each subscription calls *read* with a runner of its own, on a thread of its own or on *scheduler*.
    Disposing ends the runner's session; the next call of the runner then ends *read*, and nothing more is
    sent to the observer.
    """
    transport = transport or RequestsTransport()

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler_: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        runner = SessionRunner(transport)
        context = contextvars.copy_context()
        context.run(listener.set, None)  # `run` doesn't wait for what its subscribers subscribe to

        def run(*_: Any) -> None:
            context.run(_run, runner, read, observer)

        chosen = scheduler or unless_event_loop(scheduler_)
        if chosen is None:
            try:
                threading.Thread(target=run, name=f"rxtweets-{next(_numbers)}", daemon=True).start()
            except RuntimeError as error:
                observer.on_error(_no_thread(error))
            except BaseException:  # Ctrl-C, while the thread begins
                runner.dispose()
                raise
            return Disposable(runner.dispose)
        if isinstance(chosen, CurrentThreadScheduler):
            # Another instance has another queue, and would read here and now, before there is anything to
            # dispose: `take(1)` could not end it.
            chosen = CurrentThreadScheduler.singleton()
        return CompositeDisposable(Disposable(runner.dispose), chosen.schedule(run))

    return StreamObservable(subscribe)


def _run(
    runner: SessionRunner,
    read: Callable[[SessionRunner], Iterator[Sequence[Any]]],
    observer: abc.ObserverBase[Any],
) -> None:
    try:
        failure = _forward(read(runner), observer.on_next)
    except _Disposed:
        return
    finally:
        runner.close()
    if failure is None:
        observer.on_completed()
    else:
        observer.on_error(failure)


def _forward(batches: Iterator[Sequence[Any]], on_next: Callable[[Any], None]) -> Exception | None:
    """Forward every item; return the error that ended the session, or None at its end.

    Only what the network does is tried: an exception of *on_next* is the observer's.

    Raises:
        _Disposed: the subscription has been disposed.
    """
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return None
        except _Disposed:
            raise
        except Exception as error:
            return error
        for item in batch:
            on_next(item)


def _no_thread(error: RuntimeError) -> ConnectionFailed:
    """Return the failure to connect that *error* is, with which the system refuses another thread."""
    failed = ConnectionFailed(f"no thread to connect with: {error}")
    failed.__cause__ = error
    return failed
