"""Each kind of fault, over each protocol and each way of the bytes: what fails, what the policy makes of it,
what was delivered, and that a loss is said."""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from typing import NamedTuple

import msgspec
import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import errors
from rxtweets import operators as tw
from rxtweets.endpoints import Endpoint, v1, v2
from rxtweets.messages import (
    Connected,
    Disconnected,
    Message,
    Post,
    Reconnecting,
    Status,
    StreamProblem,
    Undecodable,
)
from rxtweets.testing import post_json, status_json
from rxtweets.transport import RequestsTransport

from .observing import Seen
from .servers import Peer, Server, chunk

STALL = 0.15
"""Seconds of silence that are a stall here."""

NO_STALL = 10.0
"""Seconds of silence that are none, where another fault is to be seen, also on a busy machine."""

POLICY = rxt.BackoffPolicy(jitter=0.0)

AT_ONCE, NETWORK, RATE_LIMIT = 0.0, 0.25, 60.0
"""The first waits of X's own table, in seconds."""

END = b"0\r\n\r\n"


class Wire:
    """The server's side of one answer, in the form that the case is about."""

    def __init__(self, peer: Peer, case: Case) -> None:
        self._peer = peer
        self._packer = zlib.compressobj(wbits=31) if case.gzip else None
        self.case = case

    def head(self, status: str = "200 OK", **headers: str) -> None:
        """Send a whole head of a chunked body."""
        fields = {"Content_Type": "application/json", "Transfer_Encoding": "chunked", **headers}
        if self._packer is not None:
            fields["Content_Encoding"] = "gzip"
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {fields[name]}" for name in fields)]
        self.raw("".join(line + "\r\n" for line in lines).encode() + b"\r\n")

    def body(self, data: bytes) -> None:
        """Send *data* as it goes over this wire, in a chunk."""
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        self.raw(chunk(data))

    def messages(self, glue: bytes = b"\r\n", before: bytes = b"") -> None:
        """Send the case's messages, whole."""
        self.body(before + glue.join(self.case.messages) + b"\r\n")

    def end(self) -> None:
        """End the body as it should be."""
        if self._packer is not None:
            self.raw(chunk(self._packer.flush()))
        self.raw(END)

    def raw(self, data: bytes) -> None:
        """Send *data* as they are."""
        self._peer.send(data)

    def wait(self) -> None:
        """Return when the client has gone."""
        self._peer.wait_for_close()

    def reset(self) -> None:
        """Close with a TCP reset, once the client has all that was sent."""
        assert self.case.seen.acquire(timeout=10)
        self._peer.reset()


class Case:
    """One protocol over one way of the bytes."""

    def __init__(self, protocol: str, way: str) -> None:
        self.gzip = way == "gzip"
        self.tls = way == "TLS"
        self.seen = threading.Semaphore(0)
        text = "zwei 二 🐍"
        if protocol == "v1.1":
            self.kind: type[Message] = Status
            self.messages = [status_json(id=1, text="one"), status_json(id=2, text=text)]
            self.sample: Callable[..., Endpoint] = v1.sample
        else:
            self.kind = Post
            self.messages = [post_json(id=1, text="one"), post_json(id=2, text=text)]
            self.sample = v2.sample

    def endpoint(self, base_url: str, fault: Fault) -> Endpoint:
        stall_timeout = STALL if fault.error is errors.StreamStalled else NO_STALL
        return msgspec.structs.replace(self.sample(base_url=base_url), stall_timeout=stall_timeout)


class Fault(NamedTuple):
    """A server's behaviour, and the client's expected reaction.

    `wait` is None for an error that is final, `delivered` how many messages must come, `cut` what is missing
    of the next: None for nothing, or that many of its bytes. `also` comes beside the case's messages, `says`
    is in the error's text.
    """

    serve: Callable[[Wire], None]
    error: type[errors.StreamError]
    wait: float | None
    delivered: int = 2
    cut: Callable[[bytes], int | None] = lambda message: None
    connected: bool = True
    says: str = ""
    also: tuple[type[Message], ...] = ()


def in_character(message: bytes) -> int:
    """Return how many bytes of *message* come before the middle of a character."""
    return message.index("二".encode()) + 1


def clean_close(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.end()


def close_without_line_end(wire: Wire) -> None:
    wire.head()
    wire.body(b"\r\n".join(wire.case.messages))
    wire.end()


def cut_off(wire: Wire) -> None:
    wire.head()
    wire.messages()


def reset(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.reset()


def cut_in_message(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.body(wire.case.messages[1][:20])


def ended_in_message(wire: Wire) -> None:
    cut_in_message(wire)
    wire.end()


def reset_in_message(wire: Wire) -> None:
    cut_in_message(wire)
    wire.reset()


def cut_in_character(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.body(wire.case.messages[1][: in_character(wire.case.messages[1])])


def cut_in_chunk_header(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.raw(b"1f")


def broken_chunk_header(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.raw(b"no chunk\r\n")
    wire.wait()


def truncated_gzip(wire: Wire) -> None:
    wire.head(Content_Encoding="gzip")
    packer = zlib.compressobj(wbits=31)
    sent = b"\r\n".join(wire.case.messages) + b"\r\n"
    wire.raw(chunk(packer.compress(sent) + packer.flush(zlib.Z_SYNC_FLUSH)))
    wire.raw(END)


def corrupt_gzip(wire: Wire) -> None:
    wire.head(Content_Encoding="gzip")
    packer = zlib.compressobj(wbits=31)
    sent = b"\r\n".join(wire.case.messages) + b"\r\n"
    wire.raw(chunk(packer.compress(sent) + packer.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 9))
    wire.wait()


def stall(wire: Wire) -> None:
    wire.head()
    wire.messages()
    wire.wait()


def stall_in_message(wire: Wire) -> None:
    cut_in_message(wire)
    wire.wait()


def stall_without_head(wire: Wire) -> None:
    wire.wait()


def endless_head(wire: Wire) -> None:
    wire.raw(b"HTTP/1.1 200 OK\r\n")
    while True:
        wire.raw(b"X-More: of the same\r\n" * 50)


def cut_head(wire: Wire) -> None:
    wire.raw(b"HTTP/1.1 200 OK\r\nContent-T")


def interim_flood(wire: Wire) -> None:
    while True:
        wire.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)


def page(wire: Wire) -> None:
    wire.head(Content_Type="text/html; charset=utf-8")
    wire.body(b"<html><title>Welcome to our Wi-Fi</title></html>")
    wire.end()


def no_content(wire: Wire) -> None:
    wire.raw(b"HTTP/1.1 204 No Content\r\n\r\n")


def credits_depleted(wire: Wire) -> None:
    wire.head("402 Payment Required")
    wire.body(b'{"title":"CreditsDepleted","detail":"Your account has no credits."}')
    wire.end()


PROBLEM = (
    b'{"title":"ConnectionException","detail":"This stream is at the maximum connection limit.",'
    b'"connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}'
)


def bare_problem(wire: Wire) -> None:
    wire.head()
    wire.body(PROBLEM)
    wire.end()


def limited(remaining: int) -> Callable[[Wire], None]:
    def serve(wire: Wire) -> None:
        now = int(time.time())
        wire.head(
            "429 Too Many Requests",
            Date=formatdate(now, usegmt=True),
            x_rate_limit_limit="50",
            x_rate_limit_remaining=str(remaining),
            x_rate_limit_reset=str(now + 870),
        )
        wire.body(PROBLEM)
        wire.end()

    return serve


def byte_order_mark(wire: Wire) -> None:
    wire.head()
    wire.messages(before=b"\xef\xbb\xbf")
    wire.end()


def glued(wire: Wire) -> None:
    wire.head()
    wire.messages(glue=b"")
    wire.end()


def cut_in_array(wire: Wire) -> None:
    wire.head()
    one, other = wire.case.messages
    wire.body(b"[" + one + b"," + other[:20])


def broken_in_array(wire: Wire) -> None:
    wire.head()
    one, other = wire.case.messages
    wire.body(b"[" + one + b"," + other + b',{"a":tru}]\r\n')
    wire.end()


def long_line(wire: Wire) -> None:
    wire.head()
    wire.messages()
    for _ in range(10):
        wire.body(b"x" * 1024 * 1024)
    wire.body(b"\r\n")
    wire.wait()


DISCONNECTED = errors.StreamDisconnected

FAULTS = {
    "clean close": Fault(clean_close, DISCONNECTED, AT_ONCE),
    "clean close without a line end": Fault(close_without_line_end, DISCONNECTED, AT_ONCE),
    "cut between messages": Fault(cut_off, DISCONNECTED, AT_ONCE),
    "reset": Fault(reset, errors.ConnectionFailed, NETWORK),
    "cut in a message": Fault(cut_in_message, DISCONNECTED, AT_ONCE, cut=lambda _: 20),
    "clean close in a message": Fault(ended_in_message, DISCONNECTED, AT_ONCE, cut=lambda _: 20),
    "reset in a message": Fault(reset_in_message, errors.ConnectionFailed, NETWORK, cut=lambda _: 20),
    "cut in a character": Fault(cut_in_character, DISCONNECTED, AT_ONCE, cut=in_character),
    "cut in a chunk header": Fault(cut_in_chunk_header, DISCONNECTED, AT_ONCE),
    "broken chunk header": Fault(broken_chunk_header, errors.ConnectionFailed, NETWORK, says="not a chunk"),
    "truncated gzip": Fault(truncated_gzip, DISCONNECTED, AT_ONCE, says="within its compressed data"),
    "corrupt gzip": Fault(corrupt_gzip, errors.ConnectionFailed, NETWORK, says="data is corrupt"),
    "stall": Fault(stall, errors.StreamStalled, NETWORK),
    "stall in a message": Fault(stall_in_message, errors.StreamStalled, NETWORK, cut=lambda _: 20),
    "stall without head": Fault(stall_without_head, errors.StreamStalled, NETWORK, 0, connected=False),
    "endless head": Fault(endless_head, errors.ConnectionFailed, NETWORK, 0, connected=False),
    "cut head": Fault(cut_head, errors.ConnectionFailed, NETWORK, 0, connected=False, says="head"),
    "1xx flood": Fault(interim_flood, errors.ConnectionFailed, NETWORK, 0, connected=False, says="head"),
    "HTML": Fault(page, errors.NotAStream, None, 0, connected=False, says="Welcome to our Wi-Fi"),
    "204": Fault(no_content, errors.NotAStream, None, 0, connected=False, says="a stream begins with 200"),
    "402": Fault(credits_depleted, errors.CreditsDepleted, None, 0, connected=False, says="CreditsDepleted"),
    "429, window used up": Fault(limited(0), errors.TooManyConnections, 870.0, 0, connected=False),
    "429, window not used up": Fault(limited(48), errors.TooManyConnections, RATE_LIMIT, 0, connected=False),
    "bare problem": Fault(bare_problem, errors.TooManyConnections, RATE_LIMIT, 0, also=(StreamProblem,)),
    "BOM": Fault(byte_order_mark, DISCONNECTED, AT_ONCE),
    "glued objects": Fault(glued, DISCONNECTED, AT_ONCE),
    "cut in an array": Fault(cut_in_array, DISCONNECTED, AT_ONCE, 1, cut=lambda _: 20),
    "broken in an array": Fault(broken_in_array, DISCONNECTED, AT_ONCE, also=(Undecodable,)),
    "10 MB line": Fault(long_line, errors.FrameTooLong, NETWORK, says="longer than the limit"),
}


@pytest.mark.parametrize("way", ["plain", "gzip", "TLS"])
@pytest.mark.parametrize("protocol", ["v1.1", "v2"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault(fault: Fault, protocol: str, way: str, server_context: ssl.SSLContext, bundle: str) -> None:
    """The fault is the right error, final or retried after the right wait; nothing is lost unsaid."""
    case = Case(protocol, way)

    def handle(peer: Peer) -> None:
        peer.read_request()
        fault.serve(Wire(peer, case))

    def arrived(item: object) -> None:
        if isinstance(item, case.kind) and item.raw == case.messages[1]:
            case.seen.release()

    with Server(handle, server_context if case.tls else None) as server:
        stream = rxt.connect(
            case.endpoint(server.base_url, fault), transport=RequestsTransport(ca_bundle=bundle)
        ).pipe(tw.decode(), ops.do_action(arrived), tw.retry_with_backoff(POLICY))
        seen = Seen(stream).wait(lambda seen: seen.error or any(map(reconnecting, seen.items)))
        seen.dispose()
    retry = next(filter(reconnecting, seen.items), None)
    session = seen.items[: seen.items.index(retry)] if retry is not None else seen.items
    error = retry.cause if retry is not None else seen.error

    if case.tls and fault.error is errors.ConnectionFailed and isinstance(error, DISCONNECTED):
        # Python 3.10 and later take a reset under TLS for an end (OpenSSL's SSL_read_ex says 0 for both).
        assert fault.serve in (reset, reset_in_message)
        fault = fault._replace(error=DISCONNECTED, wait=AT_ONCE)
    assert type(error) is fault.error
    assert (retry and retry.delay) == pytest.approx(fault.wait, abs=1.0 if fault.wait else 0)
    assert [type(item) for item in session] == [
        *([Connected] if fault.connected else []),
        *[case.kind] * fault.delivered,
        *fault.also,
        *([Disconnected] if fault.connected else []),
    ]
    assert [item.raw for item in session if isinstance(item, case.kind)] == case.messages[: fault.delivered]
    cut = fault.cut(case.messages[1])
    assert error.cut == cut
    assert (f"in the middle of a message, of which {cut} bytes" in str(error)) is (cut is not None)
    assert fault.says in str(error)
    assert not fault.connected or session[-1] == Disconnected(error)


def reconnecting(item: object) -> bool:
    return isinstance(item, Reconnecting)
