"""HTTP/1.1 on a socket: h11 reads requests and writes heads; bodies of streams are written here."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

import h11
from msgspec import Struct

from .http import Request, Response, is_form, reason, refuse

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 8 * 1024 * 1024
LONGEST_FORM = 256 * 1024
"""Bytes. The largest filter that v1.1 takes has 190 KB, and reading the pairs of a form is slow work."""
REQUEST_TIMEOUT = 60.0
"""Seconds that a client may take for a request, or let pass between two."""
_PIECE = 16 * 1024
_READ = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)
LINGER = 2.0
"""Seconds for a client to read an answer that ends its connection."""

log = logging.getLogger("rxtweets.emulator")


class StreamingResponse(Protocol):
    """A response that goes on until the client or the emulator ends it."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    def begin(self, connection: Connection, chunked: bool) -> None: ...
    def ended(self) -> None: ...


class NoResponse(Struct, frozen=True):
    """No answer but, it may be, the first bytes of one."""

    head: bytes = b""


Reply = Response | StreamingResponse | NoResponse
"""The reply to a request."""


Respond = Callable[[Request], Reply]


class Connection(asyncio.Protocol):
    """One client's connection; among the `connections` from when it has a transport until that is gone."""

    def __init__(self, respond: Respond, connections: set[Connection], now: Callable[[], float]) -> None:
        self._respond = respond
        self._connections = connections
        self._now = now
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._longest = LONGEST_BODY
        self._stream: StreamingResponse | None = None
        self._silent = False
        self._timeout: asyncio.TimerHandle | None = None
        self.client_ip = ""
        self._idle_since: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # What TLS has handed on waits in a transport beneath, to which there is no public way.
        self._beneath = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
        self._connections.add(self)
        self.client_ip = str((transport.get_extra_info("peername") or ("",))[0])
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._stream is not None:
            self._stream.ended()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._stream is not None or self._silent:
            return  # nothing a client can say now matters, and nothing may pile up
        try:
            # In pieces, since h11 bounds only what it hasn't been able to read yet.
            for start in range(0, len(data), _PIECE):
                if not self._silent:
                    self._h11.receive_data(data[start : start + _PIECE])
                    self._read()
        except h11.RemoteProtocolError as error:
            self._malformed(error.error_status_hint)

    def eof_received(self) -> bool:
        return False  # a client that has closed its side is gone: close ours

    def idle_for(self, now: float) -> float:
        """Return how many seconds the client has owed a request; 0 while it is being answered."""
        return 0.0 if self._idle_since is None else now - self._idle_since

    def _wait(self, seconds: float | None = None) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._idle_since = loop.time()
        self._timeout = loop.call_later(REQUEST_TIMEOUT if seconds is None else seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        self._idle_since = None
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _read(self) -> None:
        while self._stream is None and not self._silent and not self.transport.is_closing():
            event = self._h11.next_event()
            if isinstance(event, h11.Request):
                self._request = event
                self._body.clear()
                self._longest = LONGEST_FORM if is_form(_header(event, b"content-type")) else LONGEST_BODY
                wrong = _wrong(event, self._longest)
                if wrong is not None:
                    self._malformed(wrong)
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > self._longest:
                    self._malformed(413)
            elif isinstance(event, h11.EndOfMessage):
                self._answer()
            elif event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    self._write_head(
                        h11.InformationalResponse(status_code=100, headers=[], reason="Continue")
                    )
                return
            else:  # paused behind a request to switch protocols, or closed
                self.transport.close()

    def _answer(self) -> None:
        assert self._request is not None
        request = self._whole(self._request)
        self._request = None
        self._stop_waiting()
        self._body.clear()  # the connection may stay for long
        try:
            reply = self._respond(request)
        except Exception:  # a client under test must get an answer even to what the emulator has got wrong
            log.exception("the emulator failed on %s %s", request.method, request.path)
            reply = refuse(request, 500)
        if isinstance(reply, NoResponse):
            self._silent = True
            if reply.head:
                self.transport.write(reply.head)
        elif isinstance(reply, Response):
            self._send(reply, head_only=request.method == "HEAD")
        else:
            self._open(reply)

    def _whole(self, head: h11.Request) -> Request:
        headers: dict[str, str] = {}
        for name, value in head.headers:
            key = name.decode("latin-1")
            text = value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return Request(
            head.method.decode("latin-1"),
            head.target.decode("latin-1"),
            headers,
            bytes(self._body),
            self.client_ip,
            self.transport.get_extra_info("sslcontext") is not None,
        )

    def _open(self, stream: StreamingResponse) -> None:
        self._stream = stream
        headers = [*stream.headers, *self._common(), ("connection", "close")]
        if not any(name == "content-type" for name, _ in headers):
            headers.insert(0, ("content-type", "application/json; charset=utf-8"))
        chunked = self._h11.their_http_version == b"1.1"
        self._write_head(h11.Response(status_code=200, headers=headers, reason=b"OK"))
        stream.begin(self, chunked)

    def _send(self, answer: Response, head_only: bool = False) -> None:
        headers = [("content-type", answer.content_type), ("content-length", str(len(answer.body)))]
        named = {name.lower() for name, _ in answer.headers}
        headers = [pair for pair in headers if pair[0] not in named or pair[0] == "content-length"]
        headers += [
            pair for pair in answer.headers if pair[0].lower() not in ("content-length", "transfer-encoding")
        ]
        self._write_head(
            h11.Response(
                status_code=answer.status,
                headers=[*headers, *self._common()],
                reason=reason(answer.status).encode(),
            )
        )
        # An answer without a body (204, 304, any to HEAD) may still name a length, but nothing may follow.
        if answer.body and not head_only and answer.status not in (204, 304):
            self.transport.write(self._h11.send(h11.Data(data=answer.body)) or b"")
        if self._h11.our_state is h11.SEND_BODY:
            self.transport.write(self._h11.send(h11.EndOfMessage()) or b"")
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self._wait()
        else:
            self._finish()

    def _write_head(self, head: h11.Response | h11.InformationalResponse) -> None:
        self.transport.write(self._h11.send(head) or b"")

    def _common(self) -> list[tuple[str, str]]:
        return [("date", formatdate(self._now(), usegmt=True)), ("server", "rxtweets-emulator")]

    def _malformed(self, status: int) -> None:
        """Refuse, in the protocol's own form where enough was read to know it, and close."""
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        close = (("connection", "close"),)
        if self._request is None:
            body = f"{status} {reason(status)}\r\n".encode()
            self._send(Response(status, body, "text/plain; charset=utf-8", close))
        else:
            request = self._whole(self._request)
            answer = refuse(request, status)
            said = Response(status, answer.body, answer.content_type, close)
            self._send(said, head_only=request.method == "HEAD")

    def _finish(self) -> None:
        """Close, but let the client read the answer first: closing on unread data would reset it away."""
        self._silent = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        elif self._h11.their_state in _READ:  # TLS has no half of a close, but says goodbye by itself
            self.transport.close()
            return
        self._wait(LINGER)

    def unsent(self) -> int:
        """Return how many bytes were written that the system has not taken yet."""
        beneath = 0 if self._beneath is None else self._beneath.get_write_buffer_size()
        return self.transport.get_write_buffer_size() + int(beneath)

    def reset(self) -> None:
        """Close with RST: whatever is under way is lost and the client sees a reset."""
        sock: socket.socket | None = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            )
        self.transport.abort()


def _header(request: h11.Request, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in request.headers if key == name), "")


def _wrong(request: h11.Request, longest: int) -> int | None:
    """Return the status for a request whose body must not even be read."""
    if not request.http_version.startswith(b"1."):
        return 505
    length = _header(request, b"content-length")
    if length and _header(request, b"transfer-encoding"):
        return 400  # one of them lies, and whoever is between may believe the other
    return 413 if int(length or "0") > longest else None
