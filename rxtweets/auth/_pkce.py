"""Sign-in of OAuth 2.0 with PKCE, and the token of a user that it gives."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from rxtweets.endpoints import Request, api_url
from rxtweets.endpoints._hosts import url as on_host
from rxtweets.errors import HTTPStatusError, UnexpectedResponse

from . import _store
from ._credentials import Auth, TokenRequest, token_host

_AUTHORIZE = "https://x.com"
_TOKEN = "/2/oauth2/token"
_REVOKE = "/2/oauth2/revoke"

SCOPES = ("tweet.read", "users.read", "offline.access")
"""The scopes that are asked for by default: to read, and to go on doing so after two hours."""


class UserToken(Auth):
    """A user's OAuth 2.0 token, which v2 takes for private activity events; renewed when it is refused.

    X lets it expire after two hours. With a refresh token it is renewed then; that one is good once, and
    another comes with the new token, so *on_renewal* is where a program stores both. Objects with the same
    refresh token spoil it for each other: share one.

    Args:
        user_token: the access token.
        user_refresh_token: the refresh token, if `offline.access` was among the scopes.
        client_id: the app's OAuth 2.0 client id, with which it is renewed.
        client_secret: the client's secret; none for public clients.
        on_renewal: called with this object once it has been renewed, on the thread that renewed it.

    Raises:
        ValueError: a part is empty, or has a blank or another character that no token has.
    """

    __slots__ = ("_stale", "client_id", "client_secret", "on_renewal", "user_refresh_token", "user_token")

    _parts = ("user_token",)
    _more: ClassVar = ("user_refresh_token", "client_id", "client_secret")

    def __init__(
        self,
        user_token: str,
        user_refresh_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        on_renewal: Callable[[UserToken], None] | None = None,
    ) -> None:
        self.user_token = _store.checked("user_token", user_token)
        self.user_refresh_token = _optional("user_refresh_token", user_refresh_token)
        self.client_id = _optional("client_id", client_id)
        self.client_secret = _optional("client_secret", client_secret)
        self.on_renewal = on_renewal
        self._stale = False

    @classmethod
    def from_env(cls) -> Self:
        """Return the token in `X_USER_TOKEN`, and what renews it, where that is there.

        That is in `X_USER_REFRESH_TOKEN`, `X_CLIENT_ID` and `X_CLIENT_SECRET`; `TWITTER_…` works as well.

        Raises:
            ValueError: the variable is missing or malformed.
        """
        (token,) = _store.from_env(cls._parts)
        source = next(one for one in _store.environment() if _store.picked(one, cls._parts))
        return cls(token, *_store.some(source, cls._more))

    @classmethod
    def from_file(cls, path: _store.Path) -> Self:
        """Return the token in a TOML file, `user_token = "…"`, and what renews it, where that is there.

        Raises the errors of `Auth.from_file`.
        """
        (token,) = _store.from_file(cls._parts, path)
        return cls(token, *_store.some(_store.file(path), cls._more))

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Add the token to *r*."""
        r.headers["Authorization"] = f"Bearer {self.user_token}"
        return r

    def pending(self, request: Request) -> TokenRequest | None:
        """Return the request for another token, if this one was refused and can be renewed."""
        if not self._stale or self.user_refresh_token is None or self.client_id is None:
            return None
        form = (("grant_type", "refresh_token"), ("refresh_token", self.user_refresh_token))
        return _client_request(token_host(request.url) + _TOKEN, form, self.client_id, self.client_secret)

    def accept(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the tokens out of the answer.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no token in it.
        """
        found = _tokens_in(status_code, headers, body)
        self.user_token = found.access_token
        self.user_refresh_token = found.refresh_token
        self._stale = False
        if self.on_renewal is not None:
            self.on_renewal(self)

    def rejected(self) -> bool:
        """Mark the token as refused; return whether it can be renewed."""
        self._stale = True
        return self.user_refresh_token is not None and self.client_id is not None

    def revocation(self, base_url: str | None = None) -> TokenRequest | None:
        """Return the request that ends the token at X; None without a client id."""
        if self.client_id is None:
            return None
        form = (("token", self.user_refresh_token or self.user_token),)
        return _client_request(api_url(_REVOKE, base_url), form, self.client_id, self.client_secret)

    def __repr__(self) -> str:
        return "UserToken('…')"


class PKCESignIn:
    """The steps by which an account lets an app act for it in the browser, as values: nothing is sent here.

    ::

        url    send the account's owner there; the browser is then sent to redirect_uri
        exchange(address) → TokenRequest    perform it, give the answer to
        credentials() → UserToken

    Args:
        client_id: the app's OAuth 2.0 client id.
        client_secret: the client's secret; none for public clients.
        redirect_uri: an address of the program, as it is registered for the app.
        scopes: what to ask for.
        base_url: as for the endpoints.

    Raises:
        ValueError: a part is empty, or has a blank or another character that it can't have.

    Attributes:
        url: the page on which the owner agrees.
        state: the word that the browser brings back; no other sign-in has it.
    """

    __slots__ = ("_base_url", "_client_id", "_client_secret", "_redirect_uri", "_verifier", "state", "url")

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        redirect_uri: str,
        scopes: Iterable[str] = SCOPES,
        base_url: str | None = None,
    ) -> None:
        self._client_id = _store.checked("client_id", client_id)
        self._client_secret = _optional("client_secret", client_secret)
        self._redirect_uri = _store.checked("redirect_uri", redirect_uri)
        self._base_url = base_url
        self._verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(24)
        digest = hashlib.sha256(self._verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(_store.checked("scope", scope) for scope in scopes),
            "state": self.state,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        self.url = on_host(base_url, _AUTHORIZE, "/i/oauth2/authorize") + "?" + urlencode(asked)

    def is_for(self, address: str) -> bool:
        """Return whether *address*, to which a browser was sent, has the state of this sign-in."""
        found = parse_qs(urlsplit(address).query).get("state", [""])
        return secrets.compare_digest(found[0].encode(), self.state.encode())

    def exchange(self, address: str) -> TokenRequest:
        """Return the request for the token, with the code in *address*, to which the browser was sent.

        Raises:
            ValueError: it is of another sign-in, or the owner has refused.
        """
        if not self.is_for(address):
            raise ValueError("the address is not one of this sign-in: its state is another")
        found = parse_qs(urlsplit(address).query)
        if "code" not in found:
            raise ValueError(f"no sign-in: {found.get('error', ['the address has no code in it'])[0]}")
        form = (
            ("grant_type", "authorization_code"),
            ("code", found["code"][0]),
            ("redirect_uri", self._redirect_uri),
            ("code_verifier", self._verifier),
        )
        return _client_request(api_url(_TOKEN, self._base_url), form, self._client_id, self._client_secret)

    def credentials(self, status_code: int, headers: Mapping[str, str], body: bytes) -> UserToken:
        """Return the token in the response to `exchange`.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no token in it.
        """
        found = _tokens_in(status_code, headers, body)
        return UserToken(found.access_token, found.refresh_token, self._client_id, self._client_secret)

    def __repr__(self) -> str:
        return f"PKCESignIn(client_id={_store.hint(self._client_id)})"


def _optional(name: str, text: str | None) -> str | None:
    return None if text is None else _store.checked(name, text)


class _Unsigned(AuthBase):
    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return r


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None


def _client_request(
    url: str, form: tuple[tuple[str, str], ...], client_id: str, client_secret: str | None
) -> TokenRequest:
    """Return a request of an app: one with a secret signs by that, another names itself."""
    if client_secret is not None:
        return TokenRequest(Request("POST", url, form=form), HTTPBasicAuth(client_id, client_secret))
    return TokenRequest(Request("POST", url, form=(*form, ("client_id", client_id))), _Unsigned())


def _tokens_in(status_code: int, headers: Mapping[str, str], body: bytes) -> _Tokens:
    if status_code != 200:
        raise HTTPStatusError.of(status_code, headers, body)
    try:
        found = msgspec.json.decode(body, type=_Tokens)
        _store.checked("access_token", found.access_token)
        return found
    except ValueError:  # as msgspec's errors are
        pass
    # Not with the body itself, which may hold a token in a form that we don't know.
    raise UnexpectedResponse(status_code, headers, reason="there is no access_token in it")
