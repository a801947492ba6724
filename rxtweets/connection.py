"""One session as a cold Observable of frames and lifecycle events."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable
from reactivex.scheduler import CurrentThreadScheduler, TimeoutScheduler
from requests.auth import AuthBase

from ._observable import StreamObservable
from ._schedulers import on_no_event_loop
from .auth import Auth
from .endpoints import Endpoint, Request
from .errors import (
    ConnectionFailed,
    HTTPStatusError,
    NotAStream,
    StreamDisconnected,
    StreamError,
    StreamStalled,
    Unauthorized,
)
from .framing import DEFAULT_MAX_FRAME, Framer, LengthFramer, LineFramer
from .messages import Connected, Connecting, Disconnected, KeepAlive, Lifecycle
from .transport import Head, RequestsTransport, Session, Transport

__all__ = ["Response", "connect", "fetch"]

_T = TypeVar("_T")

_LONGEST_PROBLEM = 64 * 1024
_LONGEST_ANSWER = 64 * 1024 * 1024
FETCH_TIMEOUT = 30.0
"""Seconds in which the answer to a `fetch`, and that to the exchange of a token, must be whole."""

_HEAD_TIMEOUT = 30.0
"""Seconds, beyond the stall timeout, in which a stream must have connected and its head must be whole."""

_PROBLEM_TIMEOUT = 5.0
"""Seconds that the body of a refusal is waited for; the status is known without it."""

_CONNECTING = Connecting()
_KEEP_ALIVE = KeepAlive()
_BLANK = b" \t\r\n\xef\xbb\xbf"
_numbers = itertools.count(1)


class Response(NamedTuple):
    """The whole answer to one request.

    Attributes:
        status_code: always one of 2xx; the others are errors.
        headers: case-insensitive.
        body: the body, decoded.
    """

    status_code: int
    headers: Mapping[str, str]
    body: bytes


def connect(
    endpoint: Endpoint,
    auth: AuthBase | None = None,
    *,
    transport: Transport | None = None,
    max_frame: int = DEFAULT_MAX_FRAME,
    scheduler: abc.SchedulerBase | None = None,
) -> Observable[bytes | Lifecycle]:
    """One session on *endpoint*, opened by each subscription and closed by its disposal.

    Gives `Connecting`, `Connected`, then each message as the bytes it came in, and `KeepAlive` for each blank
    line, the moment they arrive. An endless stream that ends has failed, so `Disconnected` and an error come
    last; only an endpoint that is `finite` completes, and only when its last message came whole. A whole
    message at the end comes out without its end of line, too; when a part of one is lost, the error's `cut`
    says how much had come.

    It reads on a thread of its own (daemon, named `rxtweets-…`), one a subscription, and calls the observer
    there. While the observer works nothing is read: the network buffers fill, and a server ends a stream that
    is too slow. `dispose()` returns at once on any thread, closes the socket even under a blocked read or a
    connect in progress, and no item follows.

    Args:
        endpoint: what to connect to; see `rxtweets.endpoints`.
        auth: the credentials, of `rxtweets.auth` or any other auth for `requests`; None sends none.
        transport: how; default a `RequestsTransport()`.
        max_frame: the most bytes of one message; default 1 MiB.
        scheduler: reads there in place of the thread, as does one given to `subscribe`. A
            `CurrentThreadScheduler` makes `subscribe` block until the stream ends. One of an event loop
            (asyncio's, a GUI's) that is given to `subscribe` is not used, as reading would freeze the loop.

    Errors: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `FrameTooLong`, `HTTPStatusError`, of
    which `NotAStream` is for a success other than 200 and for a page of HTML. What somebody down the chain
    raises is not the stream's: it closes the session, is no `on_error` of the one who raised it, and is never
    retried. It is raised on the thread that called, where it is reported once, by `threading.excepthook` on
    the reading thread or a timer's; `rxtweets.run` raises it for its caller.
    """

    def batches(exchange: _Exchange) -> Iterator[list[bytes | Lifecycle]]:
        opening = exchange.open(endpoint.request, auth, endpoint.stall_timeout)
        while (head := next(opening)) is None:
            yield [_CONNECTING]
        if head.status_code != 200 or _is_html(head):
            raise exchange.refused(head, NotAStream)
        yield [Connected(head.status_code, head.headers)]
        framer: Framer = LengthFramer(max_frame) if endpoint.delimited else LineFramer(max_frame)
        failure: StreamError | None = None
        try:
            data = exchange.read()
            if data.lstrip(_BLANK).startswith(b"<"):  # a page that its headers don't call one
                raise NotAStream(head.status_code, head.headers, data)
            while data:
                if frames := framer.feed(data):
                    yield [frame or _KEEP_ALIVE for frame in frames]
                if framer.error:
                    raise framer.error
                data = exchange.read()
        except StreamError as error:
            failure = error
        left = framer.close()
        if left.frames:
            yield list(left.frames)
        if failure is None:
            if endpoint.finite and left.cut is None:
                return
            failure = StreamDisconnected()
        failure.cut = left.cut
        yield [Disconnected(failure)]
        raise failure

    return _exchanging(batches, transport, scheduler)


def _is_html(head: Head) -> bool:
    kind = head.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml")


def fetch(
    request: Request,
    auth: AuthBase | None = None,
    *,
    transport: Transport | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Observable[Response]:
    """The answer to *request*, sent anew by each subscription; one item, then completion.

    Runs on a thread of its own as `connect` does, and `dispose()` ends it likewise.

    Errors: `ConnectionFailed`, `StreamStalled` for an answer that is not whole after 30 s, `HTTPStatusError`
    for one other than 2xx.
    """

    def answer(exchange: _Exchange) -> Iterator[list[Response]]:
        head = next(filter(None, exchange.open(request, auth, FETCH_TIMEOUT)))
        yield [Response(head.status_code, head.headers, exchange.read_all(_LONGEST_ANSWER))]

    return _exchanging(answer, transport, scheduler)


def _exchanging(
    batches: Callable[[_Exchange], Iterator[list[Any]]],
    transport: Transport | None,
    scheduler: abc.SchedulerBase | None,
) -> Observable[Any]:
    """A cold Observable of what *batches* yields, read on a thread of its own or on *scheduler*."""
    used = transport or RequestsTransport()

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler_: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        exchange = _Exchange(used)

        def read() -> None:
            try:
                failure = _hand_on(batches(exchange), observer.on_next)
            except _Disposed:
                return
            finally:
                exchange.close()
            if failure is None:
                observer.on_completed()
            else:
                observer.on_error(failure)

        context = contextvars.copy_context()

        def run(*_: Any) -> None:
            context.run(read)

        chosen = scheduler or on_no_event_loop(scheduler_)
        if chosen is None:
            try:
                threading.Thread(target=run, name=f"rxtweets-{next(_numbers)}", daemon=True).start()
            except RuntimeError as error:
                observer.on_error(_no_thread(error))
            return Disposable(exchange.dispose)
        if isinstance(chosen, CurrentThreadScheduler):
            # Another instance has another queue, and would read here and now, before there is anything to
            # dispose: `take(1)` could not end it.
            chosen = CurrentThreadScheduler.singleton()
        return CompositeDisposable(Disposable(exchange.dispose), chosen.schedule(run))

    return StreamObservable(subscribe)


def _hand_on(batches: Iterator[list[Any]], forward: Callable[[Any], None]) -> Exception | None:
    """Call *forward* with all that comes; what the network failed with, or None for the end.

    Only what the network does is tried: an exception of *forward* is the observer's.

    Raises:
        _Disposed: when the subscription has ended, and nobody wants to know how the session does.
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
            forward(item)


def _no_thread(error: RuntimeError) -> ConnectionFailed:
    """Return the failure to connect that *error* is, with which the system refuses another thread."""
    failed = ConnectionFailed(f"no thread to connect with: {error}")
    failed.__cause__ = error
    return failed


class _Disposed(Exception):
    """What is to be done for a subscription is not done, as it has been disposed."""


class _Exchange:
    """What one subscription has open: a session, or one after the other when a token is exchanged first."""

    def __init__(self, transport: Transport) -> None:
        self._disposed = False
        self._transport = transport
        self._lock = threading.RLock()  # a signal handler may dispose on the thread that holds it
        self._session: Session | None = None

    def open(self, request: Request, auth: AuthBase | None, stall_timeout: float) -> Iterator[Head | None]:
        """Yield None before *request* is sent, each time it is, and then the head of the answer.

        It is sent twice when the server refuses a token that *auth* can renew. Raises StreamError,
        HTTPStatusError for all but 2xx.
        """
        yield None
        self._obtain(request, auth)
        try:
            head = self._send(request, auth, stall_timeout)
        except Unauthorized:
            if not isinstance(auth, Auth) or not auth.rejected():
                raise
            yield None
            self._obtain(request, auth)
            head = self._send(request, auth, stall_timeout)
        yield head

    def _obtain(self, request: Request, auth: AuthBase | None) -> None:
        """Have *auth* get what it needs before it can sign *request*."""
        if isinstance(auth, Auth) and (exchange := auth.pending(request)) is not None:
            head = self._send(exchange.request, exchange.auth, FETCH_TIMEOUT)
            auth.accept(head.status_code, head.headers, self.read_all(_LONGEST_PROBLEM))

    def _send(self, request: Request, auth: AuthBase | None, stall_timeout: float) -> Head:
        self.close()
        session = self._transport.session(request, auth, stall_timeout=stall_timeout)
        with self._lock:
            self._want()
            self._session = session
        with self._within(stall_timeout + _HEAD_TIMEOUT):
            head = self._unless_disposed(session.open)
        if not 200 <= head.status_code < 300:
            raise self.refused(head, HTTPStatusError.of)
        return head

    def refused(self, head: Head, error: Callable[..., HTTPStatusError]) -> HTTPStatusError:
        """Return what *error* makes of *head* and as much of its body as comes.

        The refusal counts, even when its body breaks off.
        """
        parts: list[bytes] = []
        with contextlib.suppress(StreamError), self._within(_PROBLEM_TIMEOUT):
            parts.extend(self._parts(_LONGEST_PROBLEM))
        return error(head.status_code, head.headers, b"".join(parts))

    @contextlib.contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Shut the session down, and raise StreamStalled, when what is done here takes longer.

        The stall timeout counts from byte to byte; a server that dribbles them would never be done.
        """
        session = self._session
        late: list[bool] = []

        def end(*_: Any) -> None:
            late.append(True)
            if session is not None:
                session.shutdown()

        try:
            timer = TimeoutScheduler.singleton().schedule_relative(seconds, end)
        except RuntimeError as error:
            raise _no_thread(error) from error
        try:
            yield
        except StreamError:
            if not late:
                raise
        finally:
            timer.dispose()
        if late:
            raise StreamStalled(seconds)

    def _unless_disposed(self, act: Callable[[], _T]) -> _T:
        """Return what *act* gives. Raises _Disposed, before or after it, once nobody waits for it."""
        self._want()
        try:
            given = act()
        except StreamError:
            self._want()
            raise
        self._want()
        return given

    def _want(self) -> None:
        if self._disposed:
            raise _Disposed

    def read(self) -> bytes:
        """The next bytes of the body; `b""` at its end."""
        return self._unless_disposed(self._session.read) if self._session else b""

    def read_all(self, limit: int) -> bytes:
        """The whole body, cut at *limit* bytes. Raises StreamStalled when it takes too long."""
        with self._within(FETCH_TIMEOUT):
            return b"".join(self._parts(limit))

    def _parts(self, limit: int) -> Iterator[bytes]:
        while limit > 0 and (data := self.read()):
            yield data[:limit]
            limit -= len(data)

    def dispose(self) -> None:
        """End what is open and let nothing more be opened. From any thread; returns at once."""
        with self._lock:
            self._disposed = True
            session = self._session
        if session is not None:
            session.shutdown()

    def close(self) -> None:
        """Give back what is open. Only on the thread that reads."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()
