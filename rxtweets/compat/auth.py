"""Auth handlers with the methods of Tweepy 3's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from requests.auth import AuthBase

from rxtweets.auth import AppOnly, OAuth1
from rxtweets.auth._pin import SignInAuth, tokens
from rxtweets.connection import fetch
from rxtweets.endpoints import Request, api_url

from .error import TweepError


class OAuthHandler:
    """Credentials of an account, OAuth 1.0a; `set_access_token` or a sign-in completes them.

    To sign in, show the owner `get_authorization_url()`, and pass what they get there to `get_access_token`.

    Args:
        consumer_key: the app's key.
        consumer_secret: the app's secret.
        callback: where X sends the owner's browser after signing in; None for a PIN instead.

    Attributes:
        access_token: the account's token; None before it is set.
        access_token_secret: its secret; None before it is set.
        request_token: what `get_authorization_url` obtained, `{"oauth_token": …, "oauth_token_secret": …}`.
            A web application keeps it and puts it back before `get_access_token`.
    """

    def __init__(self, consumer_key: str, consumer_secret: str, callback: str | None = None) -> None:
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.callback = callback
        self.access_token: str | None = None
        self.access_token_secret: str | None = None
        self.request_token: Mapping[str, str] = {}

    def set_access_token(self, key: str, secret: str) -> None:
        """Take the account's token and its secret."""
        self.access_token = key
        self.access_token_secret = secret

    def apply_auth(self) -> OAuth1:
        """Return the auth that signs requests. Raises TweepError when a part is missing or cannot be one."""
        if self.access_token is None or self.access_token_secret is None:
            raise TweepError("there is no access token yet: call set_access_token(key, secret), or sign in")
        try:
            return OAuth1(
                self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret
            )
        except ValueError as error:
            raise TweepError(error) from error

    def get_authorization_url(self, signin_with_twitter: bool = False, access_type: str | None = None) -> str:
        """Return the URL of the page on which the account's owner allows access. Blocks for one request.

        Args:
            signin_with_twitter: whether an owner who has agreed before is not asked again.
            access_type: `read` or `write`, to ask for less than the app may have.

        Raises:
            TweepError: the app's key was refused, or the network failed.
        """
        params = (("x_auth_access_type", access_type),) if access_type else ()
        token, secret = self._obtain("request_token", params, callback_uri=self.callback or "oob")
        self.request_token = {"oauth_token": token, "oauth_token_secret": secret}
        page = api_url("/oauth/authenticate" if signin_with_twitter else "/oauth/authorize")
        return f"{page}?oauth_token={quote(token, safe='')}"

    def get_access_token(self, verifier: str | None = None) -> tuple[str, str]:
        """Return the account's token and secret, and sign with them from now on. Blocks for one request.

        Args:
            verifier: the PIN, or the `oauth_verifier` that came to the callback.

        Raises:
            TweepError: the verifier was refused, the network failed, or there is no request token.
        """
        try:
            token, secret = self.request_token["oauth_token"], self.request_token["oauth_token_secret"]
        except KeyError:
            raise TweepError("there is no request token yet: call get_authorization_url() first") from None
        given = verifier.strip() if verifier else verifier
        obtained = self._obtain("access_token", (), token, secret, verifier=given)
        self.set_access_token(*obtained)
        return obtained

    def _obtain(
        self, leg: str, params: tuple[tuple[str, str], ...], *signed_with: str, **parts: str | None
    ) -> tuple[str, str]:
        """Return the token and its secret that one leg of the sign-in yields."""
        try:
            sign = SignInAuth(self.consumer_key, self.consumer_secret, *signed_with, **parts)
            return tokens(*fetch(Request("POST", api_url(f"/oauth/{leg}"), params), sign).run())
        except Exception as error:
            raise TweepError(error) from error


class AppAuthHandler:
    """Credentials of an app alone. The bearer token is obtained when a stream first connects.

    X's own v1.1 streams answer 401 to it: they take a user's credentials, `OAuthHandler`.

    Args:
        consumer_key: the app's key.
        consumer_secret: the app's secret.

    Raises:
        TweepError: a part cannot be a key.
    """

    def __init__(self, consumer_key: str, consumer_secret: str) -> None:
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        try:
            self._auth = AppOnly(consumer_key, consumer_secret)
        except ValueError as error:
            raise TweepError(error) from error

    def apply_auth(self) -> AppOnly:
        """Return the auth that signs requests; the same object each time, so that streams share its token."""
        return self._auth


def credentials(auth: Any) -> AuthBase | None:
    """Return a handler's `apply_auth()`; any other auth for `requests` is returned as it is."""
    apply = getattr(auth, "apply_auth", None)
    found: AuthBase | None = auth if apply is None else apply()
    return found
