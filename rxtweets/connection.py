"""`connect` and `fetch`: a stream and a short request, each as a cold Observable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reactivex import Observable, abc
from requests.auth import AuthBase

from . import _logs
from ._session_runner import RESPONSE_TIMEOUT, SessionRunner, session_observable
from .endpoints import Endpoint, Request
from .errors import NotAStream, StreamDisconnected, StreamError
from .framing import DEFAULT_MAX_FRAME, Framer, LengthFramer, LineFramer
from .messages import Connected, Connecting, Disconnected, KeepAlive, Lifecycle
from .transport import Head, Transport

__all__ = ["Response", "connect", "fetch"]

_LONGEST_RESPONSE = 64 * 1024 * 1024
_CONNECTING = Connecting()
_KEEP_ALIVE = KeepAlive()
_BLANK = b" \t\r\n\xef\xbb\xbf"


class Response(NamedTuple):
    """The whole response to one request.

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
    """Return one session on *endpoint*, opened by each subscription and closed by its disposal.

    It emits `Connecting`, `Connected`, then each message as the bytes received, and `KeepAlive` for each
    blank line, the moment they arrive. An endless stream that ends has failed, so `Disconnected` and an error
    come last; only an endpoint that is `finite` completes, and only if its last message is complete. A
    complete message at the end counts even without its line ending; if part of one is lost, the error's `cut`
    says how many bytes of it had come.

    Each subscription reads on a thread of its own (daemon, named `rxtweets-…`) and calls the observer there.
    While the observer works, nothing is read: the network buffers fill, and a server ends a stream that is
    too slow. `dispose()` returns at once on any thread, closes the socket even during a blocked read or a
    connect in progress, and no item follows.

    Args:
        endpoint: what to connect to; see `rxtweets.endpoints`.
        auth: the credentials, of `rxtweets.auth` or any other auth for `requests`; None sends none.
        transport: how to connect; default a `RequestsTransport()`.
        max_frame: the maximum size of one message, in bytes; default 1 MiB.
        scheduler: where to read instead of on the thread, like a scheduler passed to `subscribe`. A
            `CurrentThreadScheduler` makes `subscribe` block until the stream ends. An event loop's scheduler
            (asyncio's, a GUI's, an `EventLoopScheduler`) passed to `subscribe` is not used, since reading
            would freeze the loop.

    Errors: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `FrameTooLong`, `HTTPStatusError`;
    among the last `NotAStream` for a success other than 200 and for an HTML page. An exception that a
    subscriber raises isn't the stream's: it closes the session, isn't passed to the `on_error` of the
    subscriber that raised it, and is never retried. It is raised on the thread that called the subscriber,
    where it is reported once, by `threading.excepthook` on the reading thread or a timer's; `rxtweets.run`
    raises it to its caller.
    """

    def session(runner: SessionRunner) -> Iterator[Sequence[bytes | Lifecycle]]:
        head = yield from runner.open(endpoint.request, auth, endpoint.stall_timeout, [_CONNECTING])
        if head.status_code != 200 or _is_html(head):
            raise runner.refusal(head, NotAStream)
        yield [Connected(head.status_code, head.headers)]
        framer: Framer = LengthFramer(max_frame) if endpoint.delimited else LineFramer(max_frame)
        failure: StreamError | None = None
        try:
            data = runner.read()
            if data.lstrip(_BLANK).startswith(b"<"):  # a page that its headers don't call one
                raise NotAStream(head.status_code, head.headers, data)
            while data:
                if frames := framer.feed(data):
                    yield [frame or _KEEP_ALIVE for frame in frames] if b"" in frames else frames
                data = runner.read()
        except StreamError as error:
            failure = error
        left = framer.close()
        if left.frames:
            yield [frame or _KEEP_ALIVE for frame in left.frames]
        if failure is None:
            if endpoint.finite and left.cut is None:
                return
            failure = StreamDisconnected()
        failure.cut = left.cut
        yield [Disconnected(failure)]
        raise failure

    def logged_session(runner: SessionRunner) -> Iterator[Sequence[bytes | Lifecycle]]:
        return _logs.logged(endpoint.request.url, session(runner))

    return session_observable(logged_session, transport, scheduler)


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
    """Return the response to *request*, which each subscription sends again: one item, then completion.

    Like `connect`, it reads on a thread of its own, and `dispose()` ends it.

    Errors: `ConnectionFailed`, `StreamStalled` for a response that isn't complete after 30 s,
    `HTTPStatusError` for one other than 2xx.
    """

    def session(runner: SessionRunner) -> Iterator[list[Response]]:
        _logs.concerning(request.url)
        head = yield from runner.open(request, auth, RESPONSE_TIMEOUT, [])
        yield [Response(head.status_code, head.headers, runner.read_all(_LONGEST_RESPONSE))]

    return session_observable(session, transport, scheduler)
