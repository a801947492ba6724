from __future__ import annotations

import urllib.request

import pytest

import rxtweets.compat as tweepy
from rxtweets.emulator import Emulator

from .calls import Calls, auth, listening


def browse(url: str) -> str:
    """The PIN on the page that the account's owner sees."""
    with urllib.request.urlopen(url) as page:
        return str(page.read().decode())


def unsigned(emulator: Emulator, **options: str) -> tweepy.OAuthHandler:
    return tweepy.OAuthHandler(emulator.oauth1.consumer_key, emulator.oauth1.consumer_secret, **options)


def test_sign_in_with_a_pin(emulator: Emulator) -> None:
    """The PIN from the page gives tokens that the handler then signs with."""
    handler = unsigned(emulator)

    pin = browse(handler.get_authorization_url())
    token, secret = handler.get_access_token(f" {pin}\n")

    assert (handler.access_token, handler.access_token_secret) == (token, secret)
    listener = Calls()
    stream = tweepy.Stream(handler, listener, daemon=True)
    stream.userstream(is_async=True)
    listener.wait("on_connect")
    stream.disconnect()


def test_sign_in_of_a_web_application(emulator: Emulator) -> None:
    """The callback is sent, and a kept request token completes the sign-in in another handler."""
    first = unsigned(emulator, callback="https://app.example.com/back")
    url = first.get_authorization_url(signin_with_twitter=True, access_type="read")
    second = unsigned(emulator)
    second.request_token = dict(first.request_token)

    assert second.get_access_token(browse(url))
    asked = emulator.requests[0]
    assert url.startswith(f"{emulator.base_url}/oauth/authenticate?oauth_token=")
    assert 'oauth_callback="https%3A%2F%2Fapp.example.com%2Fback"' in asked.headers["authorization"]
    assert asked.query["x_auth_access_type"] == "read"


def test_sign_in_refused(emulator: Emulator) -> None:
    """A wrong PIN, a wrong key and a missing first step are TweepErrors without a secret in them."""
    handler = unsigned(emulator)
    with pytest.raises(tweepy.TweepError, match="get_authorization_url"):
        handler.get_access_token("1234567")
    handler.get_authorization_url()
    with pytest.raises(tweepy.TweepError, match="401") as wrong_pin:
        handler.get_access_token("0")
    with pytest.raises(tweepy.TweepError, match="401"):
        tweepy.OAuthHandler("wrong", "wrongsecret").get_authorization_url()

    assert handler.consumer_secret not in str(wrong_pin.value) + repr(wrong_pin.value)
    assert handler.access_token is None


def test_an_answer_without_a_token(emulator: Emulator) -> None:
    """A sign-in whose answer has no token is a TweepError."""
    emulator.answer(200, body="oops", path="/oauth/request_token")

    with pytest.raises(tweepy.TweepError, match="no oauth_token"):
        unsigned(emulator).get_authorization_url()


def test_app_auth(emulator: Emulator) -> None:
    """An app's key and secret are exchanged for a token when a stream connects, once for all streams.

    X's own streams of v1.1 take none; another server may.
    """
    emulator.answer(200, body="", times=2, path="/1.1/statuses/sample.json")
    handler = tweepy.AppAuthHandler(emulator.oauth1.consumer_key, emulator.oauth1.consumer_secret)
    for _ in range(2):
        listener = Calls(on_connect=False)
        tweepy.Stream(handler, listener).sample()
        assert listener.of("on_connect")

    assert [request.path for request in emulator.requests].count("/oauth2/token") == 1


def test_app_auth_is_not_for_xs_own_streams(emulator: Emulator) -> None:
    """An app's token is refused on v1.1, as X did: the listener gets a 401."""
    keys = emulator.oauth1
    listener = Calls(on_error=False)

    tweepy.Stream(tweepy.AppAuthHandler(keys.consumer_key, keys.consumer_secret), listener).sample()

    assert listener.of("on_error") == [(401,)]


def test_app_auth_refused(emulator: Emulator) -> None:
    """A refused key comes to `on_error` as a refused stream does."""
    listener = Calls(on_error=False)

    tweepy.Stream(tweepy.AppAuthHandler("wrong", "wrong"), listener).sample()

    assert listener.of("on_error") == [(403,)]


def test_credentials_that_cannot_be(emulator: Emulator) -> None:
    """Missing or malformed credentials are refused before anything is sent."""
    with pytest.raises(tweepy.TweepError, match="set_access_token"):
        tweepy.Stream(unsigned(emulator), Calls()).sample()
    handler = unsigned(emulator)
    handler.set_access_token("to ken", "secret")
    with pytest.raises(tweepy.TweepError, match="access_token has a blank"):
        tweepy.Stream(handler, Calls()).sample()
    with pytest.raises(tweepy.TweepError, match="consumer_key is empty"):
        tweepy.AppAuthHandler("", "secret")
    assert emulator.requests == ()


def test_any_auth(emulator: Emulator) -> None:
    """The credentials of rxtweets do in place of a handler."""
    listener = Calls(on_connect=False)

    tweepy.Stream(auth(emulator).apply_auth(), listener).sample()

    assert listener.of("on_connect")


def test_api_holds_auth(emulator: Emulator) -> None:
    """`API` holds the handler, takes Tweepy's other arguments, and says that it has no REST calls."""
    handler = auth(emulator)
    api = tweepy.API(handler, wait_on_rate_limit=True)

    assert api.auth is handler
    assert tweepy.API().auth is None
    with pytest.raises(AttributeError, match="update_status"):
        api.update_status("hello")


def test_handlers_hide_secrets(emulator: Emulator) -> None:
    """No secret is in the repr of a handler."""
    handler = auth(emulator)

    with listening(emulator, Calls()) as stream:
        shown = f"{handler!r} {tweepy.API(handler)!r} {handler.apply_auth()!r} {stream!r}"

    for secret in emulator.oauth1:
        assert secret not in shown


def test_error() -> None:
    """A TweepError has its reason as text, and Tweepy's other attributes."""
    error = tweepy.TweepError(ValueError("wrong"))

    assert (str(error), error.reason, error.response, error.api_code) == ("wrong", "wrong", None, None)
