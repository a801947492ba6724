"""The credentials: each signs requests, and requests a token first if it needs one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar, NamedTuple, NoReturn, Self
from urllib.parse import urlsplit

import msgspec
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from rxtweets._unlogged import unlogged
from rxtweets.endpoints import Request
from rxtweets.errors import HTTPStatusError, StreamDisconnected, UnexpectedResponse

from . import _store


class TokenRequest(NamedTuple):
    """A request that obtains credentials, and what signs it."""

    request: Request
    auth: AuthBase


class Auth(AuthBase):
    """Base of all credentials. A subclass adds them to a request in `__call__`."""

    __slots__ = ()

    # What the constructor takes, by its name in a file and, in capitals after a prefix, in the environment.
    _parts: ClassVar[tuple[str, ...]] = ()

    def pending(self, request: Request) -> TokenRequest | None:
        """Return the request to perform before *request* can be signed; None when nothing is missing."""
        return None

    def renewing(self, give_up: Callable[[], None]) -> AbstractContextManager[None]:
        """Return a context in which `pending` and `accept` are no other's, for credentials that need it.

        While it waits for others it calls *give_up* ten times a second, which raises to end that.
        """
        return nullcontext()

    def accept(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the response to the request that `pending` returned.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no credentials in it.
        """

    def rejected(self) -> bool:
        """Return whether, after a 401, `pending` may return a request that mends it."""
        return False

    @classmethod
    def from_env(cls) -> Self:
        """Return the credentials in the `X_…` environment variables, else in the `TWITTER_…` ones.

        `BearerToken` takes `X_BEARER_TOKEN`; `AppOnly` takes `X_CONSUMER_KEY` and `X_CONSUMER_SECRET`;
        `OAuth1` takes these and `X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`. X's console calls the consumer
        key and secret API key and secret, so `X_API_KEY` and `X_API_SECRET` are taken as well.

        Raises:
            ValueError: a variable is missing or malformed; it names the variables.
        """
        return cls(*_store.from_env(cls._parts))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Return the credentials in a TOML file: `bearer_token = "…"`, or `consumer_key = "…"` and so on.

        Its keys are the names of the environment variables, in lower case and without the prefix.

        Raises:
            ValueError: it is a pipe or a device instead of a regular file, others than its owner can read it,
                a key is missing, or it isn't TOML.
            OSError: the file can't be opened.
        """
        return cls(*_store.from_file(cls._parts, path))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds secrets and can't be pickled: create it where it is used"
        )


class OAuth1(Auth):
    """Signs for one account of one app: OAuth 1.0a with HMAC-SHA1, as v1.1 wants it.

    The query and a form are signed with the local time, so this machine's clock has to be right.

    Raises:
        ValueError: a part is empty, or has a blank or another character that no key has.
    """

    __slots__ = ("access_token", "access_token_secret", "consumer_key", "consumer_secret")

    _parts = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

    def __init__(
        self, consumer_key: str, consumer_secret: str, access_token: str, access_token_secret: str
    ) -> None:
        self.consumer_key = _store.checked("consumer_key", consumer_key)
        self.consumer_secret = _store.checked("consumer_secret", consumer_secret)
        self.access_token = _store.checked("access_token", access_token)
        self.access_token_secret = _store.checked("access_token_secret", access_token_secret)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign *r*."""
        return signed(r, *(getattr(self, part) for part in self._parts))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Make a file that `from_file` reads and only its owner can.

        Raises:
            FileExistsError: there is a file at *path*; it is left as it is.
        """
        _store.save(path, {part: getattr(self, part) for part in self._parts})

    def __repr__(self) -> str:
        return f"OAuth1(consumer_key={_store.hint(self.consumer_key)})"


class BearerToken(Auth):
    """An OAuth 2.0 bearer token, as v2 wants it.

    Raises:
        ValueError: the token is empty, or has a blank or another character that no token has.
    """

    __slots__ = ("token",)

    _parts = ("bearer_token",)

    def __init__(self, token: str) -> None:
        if isinstance(token, str) and token[:7].lower() == "bearer ":
            raise ValueError("token must be the bearer token alone, without 'Bearer ' before it")
        self.token = _store.checked("token", token)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Add the token to *r*."""
        r.headers["Authorization"] = f"Bearer {self.token}"
        return r

    def __repr__(self) -> str:
        return "BearerToken('…')"


class AppOnly(Auth):
    """A bearer token obtained for an app's key and secret on first use, and again after a refusal.

    One object can serve any number of sessions; they share the token.

    Raises:
        ValueError: a part is empty, or has a blank or another character that no key has.
    """

    __slots__ = ("_stale", "_token", "consumer_key", "consumer_secret")

    _parts = ("consumer_key", "consumer_secret")

    def __init__(self, consumer_key: str, consumer_secret: str) -> None:
        self.consumer_key = _store.checked("consumer_key", consumer_key)
        self.consumer_secret = _store.checked("consumer_secret", consumer_secret)
        # Each is only ever replaced, so threads need no lock. A refused token stays until its successor is
        # here: a session about to sign always finds one, and at worst renews it once more.
        self._token: str | None = None
        self._stale = False

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Add the token to *r*; `pending` and `accept` must have obtained it."""
        if self._token is None:
            raise RuntimeError("AppOnly has no token yet: perform what pending() gives first")
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r

    @property
    def token(self) -> str | None:
        """The token, once obtained."""
        return self._token

    def pending(self, request: Request) -> TokenRequest | None:
        """Return the request for a token; None while there is one that has not been refused."""
        if self._token is not None and not self._stale:
            return None
        form = (("grant_type", "client_credentials"),)
        ask = Request("POST", token_host(request.url) + "/oauth2/token", form=form)
        return TokenRequest(ask, HTTPBasicAuth(self.consumer_key, self.consumer_secret))

    def accept(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the token out of the answer.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no token in it.
            StreamDisconnected: the answer breaks off.
        """
        if status_code != 200:
            raise HTTPStatusError.of(status_code, headers, body)
        self._token = _token_in(headers, body)
        self._stale = False

    def rejected(self) -> bool:
        """Mark the token as refused, so that `pending` asks for another."""
        self._stale = True
        return True

    def __repr__(self) -> str:
        return f"AppOnly(consumer_key={_store.hint(self.consumer_key)})"


def signed(
    r: PreparedRequest,
    key: str,
    secret: str,
    token: str | None = None,
    token_secret: str | None = None,
    *,
    callback_uri: str | None = None,
    verifier: str | None = None,
) -> PreparedRequest:
    """Return *r* with an `Authorization` header of OAuth 1.0a that covers its query and its form."""
    from requests_oauthlib import OAuth1 as Signature  # here, since importing it costs more than rxtweets

    # Without `decoding` headers stay text, as they are on every other request.
    sign = Signature(
        key, secret, token, token_secret, callback_uri=callback_uri, verifier=verifier, decoding=None
    )
    with unlogged():
        result: PreparedRequest = sign(r)
    return result


class _Token(msgspec.Struct):
    access_token: str


def _token_in(headers: Mapping[str, str], body: bytes) -> str:
    try:
        return _store.checked("access_token", msgspec.json.decode(body, type=_Token).access_token)
    except ValueError as error:  # as msgspec's errors are
        malformed = isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError)
    if malformed and body.strip()[:1] in (b"", b"{"):
        raise StreamDisconnected("the response with the token was cut off")
    # Not with the body itself, which may hold a token in a form that we don't know.
    raise UnexpectedResponse(200, headers, reason="there is no access_token in it")


def token_host(url: str) -> str:
    """Return the root of the host that issues tokens for *url*: the API's for the old streaming hosts."""
    parts = urlsplit(url)
    if (parts.hostname or "").endswith(".twitter.com"):
        return "https://api.twitter.com"
    return f"{parts.scheme}://{parts.netloc}"
