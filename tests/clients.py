"""The library's clients of an emulator, and of responses that a test has written."""

from __future__ import annotations

from typing import Any

import msgspec

from rxtweets import BackoffPolicy, BearerToken, OAuth1, Stream, StreamingClient
from rxtweets.backoff import Curve
from rxtweets.emulator import Emulator
from rxtweets.endpoints import Endpoint, Request
from rxtweets.testing import Script, ScriptedTransport
from rxtweets.transport import Transport

QUICK = BackoffPolicy(network=Curve(0.01), http=Curve(0.01), rate_limit=Curve(0.01), jitter=0.0)
"""Back-off as X asks for it, in hundredths of a second."""


ENDPOINT = Endpoint(Request("GET", "https://api.x.com/2/tweets/sample/stream"), 30.0)
"""A stream, for scripted transports."""


def stream_on(emulator: Emulator, **options: Any) -> Stream:
    """Return a client of the emulator's v1.1 streams, with its credentials."""
    return Stream(OAuth1(*emulator.oauth1), base_url=emulator.base_url, **options)


def client_on(emulator: Emulator, **options: Any) -> StreamingClient:
    """Return a client of the emulator's v2 endpoints, with its bearer token."""
    return StreamingClient(BearerToken(emulator.bearer_token), base_url=emulator.base_url, **options)


def over(transport: Transport, **options: Any) -> StreamingClient:
    """Return a client of v2 over *transport*; were it to use the network, nothing would answer it."""
    return StreamingClient(BearerToken("AAAA"), base_url="http://127.0.0.1:9", transport=transport, **options)


def responses(*answers: Any) -> ScriptedTransport:
    """Return a transport whose requests get *answers* in turn: scripts, or what is sent as JSON."""
    return ScriptedTransport(
        *(answer if isinstance(answer, Script) else Script(msgspec.json.encode(answer)) for answer in answers)
    )
