"""Three-legged sign-in of OAuth 1.0a with a PIN, for programs without a web page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, quote

from requests import PreparedRequest
from requests.auth import AuthBase

from rxtweets.endpoints import Request, api_url
from rxtweets.errors import HTTPStatusError, UnexpectedResponse

from . import _store
from ._credentials import OAuth1, TokenRequest, signed


class PinSignIn:
    """The steps by which an account lets an app act for it, as values: nothing is sent here.

    ::

        request_token() → TokenRequest    perform it, give the answer to
        authorization() → Authorization    show its url to the account's owner, who gets a PIN
        Authorization.exchange(pin) → TokenRequest    perform it, give the answer to
        Authorization.credentials() → OAuth1

    *base_url* is as for the endpoints. `rxtweets.sign_in` takes all the steps.

    Raises:
        ValueError: a part is empty, or has a blank or another character that no key has.
    """

    __slots__ = ("_base_url", "_key", "_secret")

    def __init__(self, consumer_key: str, consumer_secret: str, *, base_url: str | None = None) -> None:
        self._key = _store.checked("consumer_key", consumer_key)
        self._secret = _store.checked("consumer_secret", consumer_secret)
        self._base_url = base_url

    def request_token(self) -> TokenRequest:
        """Return the request for a token to sign in with; `oob` asks for a PIN in place of a call-back."""
        request = Request("POST", api_url("/oauth/request_token", self._base_url))
        return TokenRequest(request, SignInAuth(self._key, self._secret, callback_uri="oob"))

    def authorization(self, status_code: int, headers: Mapping[str, str], body: bytes) -> Authorization:
        """Return the authorization that the response to `request_token` allows.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no token in it.
        """
        token, secret = tokens(status_code, headers, body)
        return Authorization(self._key, self._secret, token, secret, self._base_url)

    def __repr__(self) -> str:
        return f"PinSignIn(consumer_key={_store.hint(self._key)})"


class Authorization:
    """A sign-in that waits for the account's owner.

    Attributes:
        url: the page on which the owner agrees and gets a PIN.
    """

    __slots__ = ("_base_url", "_key", "_secret", "_token", "_token_secret", "url")

    def __init__(self, key: str, secret: str, token: str, token_secret: str, base_url: str | None) -> None:
        self._key = key
        self._secret = secret
        self._token = token
        self._token_secret = token_secret
        self._base_url = base_url
        self.url = api_url("/oauth/authorize", base_url) + f"?oauth_token={quote(token, safe='')}"

    def exchange(self, pin: str) -> TokenRequest:
        """Return the second request: for the access token, with the PIN that the owner got.

        Raises:
            ValueError: *pin* is not a number of about seven digits.
        """
        verifier = "".join(pin.split())
        if not (verifier.isascii() and verifier.isalnum()):
            raise ValueError("a PIN must be the number of about seven digits that X shows after signing in")
        leg = SignInAuth(self._key, self._secret, self._token, self._token_secret, verifier=verifier)
        return TokenRequest(Request("POST", api_url("/oauth/access_token", self._base_url)), leg)

    def credentials(self, status_code: int, headers: Mapping[str, str], body: bytes) -> OAuth1:
        """Return the credentials in the response to `exchange`.

        Raises:
            HTTPStatusError: the answer is a refusal (as for a wrong PIN), or has no token in it.
        """
        return OAuth1(self._key, self._secret, *tokens(status_code, headers, body))

    def __repr__(self) -> str:
        return f"Authorization(consumer_key={_store.hint(self._key)})"


class SignInAuth(AuthBase):
    """Signs one of the two requests; takes the arguments of `signed`."""

    def __init__(self, key: str, secret: str, *tokens: str, **parts: str | None) -> None:
        self._key = key
        self._secret = secret
        self._tokens = tokens
        self._parts = parts

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return signed(r, self._key, self._secret, *self._tokens, **self._parts)


def tokens(status_code: int, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Return the token and its secret that one of the two requests was answered with.

    Raises:
        HTTPStatusError: the answer is a refusal, or has no token in it.
    """
    if status_code != 200:
        raise HTTPStatusError.of(status_code, headers, body)
    said = parse_qs(body.decode("ascii", "replace"))
    try:
        token = _store.checked("oauth_token", said["oauth_token"][0])
        return token, _store.checked("oauth_token_secret", said["oauth_token_secret"][0])
    except (KeyError, ValueError):
        pass
    raise UnexpectedResponse(status_code, headers, reason="there is no oauth_token in it")
