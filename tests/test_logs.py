"""No secret is in the logs of a program that logs everything."""

from __future__ import annotations

import base64
import logging
import re
from urllib.parse import unquote

import pytest
import requests
from requests_oauthlib import OAuth1 as Signature

import rxtweets as rxt
from rxtweets import compat
from rxtweets.emulator import Emulator

from .observing import Seen
from .servers import Peer, Server, chunk

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
