"""The lines of the logger `rxtweets`; and no secret is in the logs of a program that logs everything."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
import requests
from requests_oauthlib import OAuth1 as Signature

import rxtweets as rxt
from rxtweets import compat
from rxtweets.backoff import Curve
from rxtweets.emulator import Emulator

from .observing import Seen
from .servers import HEAD, Peer, Server, chunk

KEY, SECRET, TOKEN, TOKEN_SECRET = "key4567890", "consumer-secret-5", "42-token67890", "token-secret-7"
BEARER = "AAAAbearer-token"
PIN = "7654321"

ANSWERS = {
    b"/oauth/request_token": b"oauth_token=temporary-1&oauth_token_secret=temporary-secret-2",
    b"/oauth/access_token": f"oauth_token={TOKEN}&oauth_token_secret={TOKEN_SECRET}".encode(),
    b"/oauth2/token": b'{"token_type":"bearer","access_token":"' + BEARER.encode() + b'"}',
}


class X:
    """A server that signs in, gives tokens and streams; `sent` is what it was sent in `Authorization`."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __call__(self, peer: Peer) -> None:
        request = peer.read_request()
        self.sent += re.findall(r"(?im)^authorization: (.*?)\r$", request.decode())
        body = ANSWERS.get(request.split()[1].partition(b"?")[0], b'{"text":"x","user":{"id":1}}\r\n')
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + b"0\r\n\r\n")


def test_no_credentials_in_any_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """At level DEBUG no library's log line has a key, a token, a secret, a signature, or what was signed."""
    caplog.set_level(logging.DEBUG)
    x = X()
    with Server(x) as server:
        monkeypatch.setenv("RXTWEETS_BASE_URL", server.base_url)
        account = rxt.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)
        never = rxt.BackoffPolicy.never()
        for stream in (
            rxt.Stream(account, policy=never).filter(track=["tracked-phrase"]),
            rxt.Stream(account, policy=never).sample(),
            rxt.StreamingClient(rxt.BearerToken(BEARER), policy=never).sample(),
            rxt.StreamingClient(rxt.AppOnly(KEY, SECRET), policy=never).filter(),
        ):
            Seen(stream).ended()
        rxt.sign_in(KEY, SECRET, lambda url: PIN)
        handler = compat.OAuthHandler(KEY, SECRET)
        handler.get_authorization_url()
        handler.get_access_token(PIN)
    assert len(x.sent) == 9
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    signed = {value for line in x.sent for value in re.findall(r'oauth_(?:signature|nonce)="([^"]*)"', line)}
    assert len(signed) == 12
    logged = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "/1.1/statuses/filter.json" in logged  # urllib3's lines are there
    for secret in {
        *(KEY, SECRET, TOKEN, TOKEN_SECRET, BEARER, PIN, basic, "temporary-1", "temporary-secret-2"),
        *(signed | set(map(unquote, signed))),
        *("Authorization", "oauth_", "tracked-phrase"),
    }:
        assert secret not in logged, secret


def test_no_credentials_in_the_emulators_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does an emulator's process log what it was sent, not even of a signature that it refuses."""
    with Emulator() as emulator:
        caplog.set_level(logging.DEBUG)
        key, secret, token, _ = emulator.oauth1
        account = rxt.OAuth1(key, secret, token, "wrong-secret")
        never = rxt.BackoffPolicy.never()
        refused = Seen(rxt.Stream(account, base_url=emulator.base_url, policy=never).sample()).ended()
        assert isinstance(refused.error, rxt.Unauthorized)
        with pytest.raises(rxt.Unauthorized):
            rxt.sign_in(key, "wrong-secret", lambda url: PIN, base_url=emulator.base_url)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "/oauth/request_token" in logged
    for part in (*emulator.oauth1, "wrong-secret", "oauth_"):
        assert part not in logged, part


def test_the_programs_own_signatures_are_logged_as_before(caplog: pytest.LogCaptureFixture) -> None:
    """The program's own use of the same libraries is logged at the level it chose."""
    caplog.set_level(logging.DEBUG)
    request = requests.Request("GET", "http://127.0.0.1/").prepare()
    rxt.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)(request.copy())
    assert caplog.records == []
    Signature("own-key", "own-secret")(request)
    assert "own-key" in caplog.text


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the level and the text of what the logger `rxtweets` said."""
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "rxtweets"]


def said(record: logging.LogRecord) -> dict[str, object]:
    """Return what *record* has beside what every record has."""
    usual = {*vars(logging.makeLogRecord({})), "message"}
    return {name: value for name, value in vars(record).items() if name not in usual}


def answering(*answers: bytes) -> Callable[[Peer], None]:
    """Return a handler that gives each connection the next of *answers*, and closes it."""
    left = iter(answers)

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(next(left))

    return handle


def refusal(status: str, *headers: str) -> bytes:
    """A response without a body."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", ""]).encode()


def test_the_life_of_a_stream_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Connects, disconnects, refusals and waits have a line each, with their facts as attributes."""
    caplog.set_level(logging.DEBUG, "rxtweets")
    body = chunk(b'{"disconnect":{"code":7,"stream_name":"s","reason":"admin logout"}}\r\n')
    answers = refusal("503 Busy"), HEAD + chunk(b"\r\n") + b"0\r\n\r\n", HEAD + body + b"0\r\n\r\n"
    quick = rxt.BackoffPolicy(http=Curve(0.01), jitter=0.0)
    with Server(answering(*answers)) as server:
        account = rxt.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)
        Seen(rxt.Stream(account, base_url=server.base_url, policy=quick).sample()).ended()
        stream = f"{server.base_url}/1.1/statuses/sample.json"
    assert lines(caplog) == [
        ("DEBUG", f"connecting to {stream}"),
        ("INFO", f"refused by {stream}: ServerError, HTTP 503"),
        ("INFO", "waiting 0.01 s before reconnect 1: ServerError, HTTP 503"),
        ("DEBUG", f"connecting to {stream}"),
        ("INFO", f"connected to {stream}: HTTP 200"),
        ("INFO", f"disconnected from {stream}: StreamDisconnected"),
        ("INFO", "waiting 0.00 s before reconnect 2: StreamDisconnected"),
        ("DEBUG", f"connecting to {stream}"),
        ("INFO", f"connected to {stream}: HTTP 200"),
        ("INFO", f"disconnected from {stream}: StreamDisconnected"),
        ("INFO", "giving up after 2 reconnects: DuplicateStream, code 7"),
    ]
    facts = [said(record) for record in caplog.records if record.name == "rxtweets"]
    assert {fact.pop("stream") for fact in facts} == {stream}
    refused = {"error": "ServerError", "status_code": 503}
    dropped = {"error": "StreamDisconnected"}
    assert facts == [
        {"event": "connecting"},
        {"event": "refused", **refused},
        {"event": "waiting", "delay": 0.01, "attempt": 1, **refused},
        {"event": "connecting"},
        {"event": "connected", "status_code": 200},
        {"event": "disconnected", **dropped},
        {"event": "waiting", "delay": 0.0, "attempt": 2, **dropped},
        {"event": "connecting"},
        {"event": "connected", "status_code": 200},
        {"event": "disconnected", **dropped},
        {"event": "gave_up", "attempt": 2, "error": "DuplicateStream", "code": 7},
    ]


def test_a_failure_to_connect_is_logged_in_the_systems_words(caplog: pytest.LogCaptureFixture) -> None:
    """The line says why there is no connection, as the system does."""
    caplog.set_level(logging.INFO, "rxtweets")
    with Server(lambda peer: None) as server:
        url = server.base_url
    never = rxt.BackoffPolicy.never()
    Seen(rxt.StreamingClient(rxt.BearerToken(BEARER), base_url=url, policy=never).sample()).ended()
    why = "ConnectionFailed, Connection refused"
    assert lines(caplog) == [
        ("INFO", f"not connected to {url}/2/tweets/sample/stream: {why}"),
        ("INFO", f"giving up after 0 reconnects: {why}"),
    ]
    assert said(caplog.records[0])["system"] == "Connection refused"


def test_a_stream_that_is_disposed_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """The end that the program itself makes of a stream has a line, and so has that of a finite one."""
    caplog.set_level(logging.DEBUG, "rxtweets")

    def handle(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD)
        peer.wait_for_close()

    with Server(handle) as server:
        seen = Seen(rxt.connect(server.endpoint())).count(1)
        seen.dispose()
        seen.wait(lambda _: "closed http" in caplog.text)  # said by the stream's own thread
    with Server(answering(HEAD + b"0\r\n\r\n")) as server:
        Seen(rxt.connect(server.endpoint(finite=True))).ended()
    assert [said(record)["event"] for record in caplog.records if record.name == "rxtweets"] == [
        *("connecting", "connected", "closed"),
        *("connecting", "connected", "completed"),
    ]


def test_nothing_is_shown_unless_asked_for() -> None:
    """The logger has no level and no handler of its own: lines below WARNING are the program's to ask for."""
    logger = logging.getLogger("rxtweets")
    assert (logger.level, logger.handlers, logger.propagate) == (logging.NOTSET, [], True)


SENTINEL = "sentinel-of-a-post"

ECHOES = {
    "refused": b"HTTP/1.1 401 %(echo)s\r\nX-Echo: %(echo)s\r\nContent-Length: %(length)d\r\n\r\n%(echo)s",
    "limited": b"HTTP/1.1 429 No\r\nRetry-After: 9\r\nContent-Length: %(length)d\r\n\r\n%(echo)s",
    "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n%(chunk)s",
    "no HTTP": b"%(echo)s\r\n\r\n",
    "a coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %(echo)s\r\n\r\n",
    "no chunk": HEAD.replace(b"%", b"%%") + b"%(echo)s\r\n",
    "no JSON": HEAD + b"%(chunk)s0\r\n\r\n",
    "cut": HEAD + b"%(chunk)s",
    "a goodbye": HEAD + b"%(goodbye)s0\r\n\r\n",
    "a problem": HEAD + b"%(problem)s0\r\n\r\n",
}


@pytest.mark.parametrize("answer", ECHOES.values(), ids=ECHOES)
def test_nothing_that_a_server_wrote_is_logged(caplog: pytest.LogCaptureFixture, answer: bytes) -> None:
    """No line has a post's text, nor a secret that a server sends back, however the stream ends."""
    caplog.set_level(logging.DEBUG, "rxtweets")

    def handle(peer: Peer) -> None:
        (sent,) = re.findall(rb"(?im)^authorization: (.*?)\r$", peer.read_request())
        echo = sent + SENTINEL.encode()
        words = {
            b"echo": echo,
            b"length": len(echo),
            b"chunk": chunk(b'{"text":"' + echo + b'"'),
            b"goodbye": chunk(b'{"disconnect":{"code":1,"reason":"' + echo.replace(b'"', b"") + b'"}}\r\n'),
            b"problem": chunk(b'{"errors":[{"title":"x","detail":"' + echo.replace(b'"', b"") + b'"}]}\r\n'),
        }
        peer.send(answer % words)

    once = rxt.BackoffPolicy(network=Curve(0.0), http=Curve(0.0), rate_limit=Curve(0.0), max_attempts=1)
    account = rxt.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)
    with Server(handle) as server:
        if b"429" not in answer:
            url = server.base_url
            bearer = rxt.BearerToken(BEARER)
            Seen(rxt.StreamingClient(bearer, base_url=url, policy=once).sample()).ended()
            Seen(rxt.Stream(account, base_url=url, policy=once).filter(track=["tracked-phrase"])).ended()
        never = rxt.BackoffPolicy.never()
        Seen(rxt.Stream(account, base_url=server.base_url, policy=never).sample()).ended()
    mine = [record for record in caplog.records if record.name == "rxtweets"]
    assert {record.levelno for record in mine} == {logging.DEBUG, logging.INFO}
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in mine)
    for part in (SENTINEL, KEY, SECRET, TOKEN, TOKEN_SECRET, BEARER, "oauth_", "tracked-phrase"):
        assert part not in logged, part
