"""The OAuth 2.0 token of a user, which is renewed before it expires by one of those who share it."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Self

import msgspec
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from rxtweets.endpoints import Request, api_url
from rxtweets.errors import HTTPStatusError, SignInRequired, UnexpectedResponse

from . import _store
from ._credentials import Auth, TokenRequest, token_host

TOKEN = "/2/oauth2/token"
_REVOKE = "/2/oauth2/revoke"

_EARLY = 60.0
"""Seconds before its end at which a token is renewed."""


class OAuth2User(Auth):
    """A user's OAuth 2.0 token, for v2's private activity events; renewed with its refresh token.

    X lets it expire after two hours. It is renewed a minute before that, and after a 401. A refresh token is
    valid once: a new one comes with the new token, and both are written at once to the file that this was
    loaded from. Any number of threads and, if the system has `flock`, processes may share that file; one
    renews, the others read what it wrote.

    Args:
        user_token: the access token.
        user_refresh_token: the refresh token, if `offline.access` was among the scopes.
        client_id: the app's OAuth 2.0 client id, with which it is renewed.
        client_secret: the client's secret; none for public clients.
        user_token_expires: when X lets the token expire; None if that isn't known.
        on_renewal: called with this object once it has been renewed, on the thread that renewed it; use it to
            store tokens that don't come from a file.

    Raises:
        ValueError: a part is empty, or has a blank or another character that no token has.
    """

    __slots__ = (
        "_lock",
        "_path",
        "_refused",
        "_sent",
        "_unsaved",
        "client_id",
        "client_secret",
        "on_renewal",
        "user_refresh_token",
        "user_token",
        "user_token_expires",
    )

    _parts = ("user_token",)
    _more: ClassVar = ("user_refresh_token", "client_id", "client_secret", "user_token_expires")

    def __init__(
        self,
        user_token: str,
        user_refresh_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        user_token_expires: datetime | None = None,
        on_renewal: Callable[[OAuth2User], None] | None = None,
    ) -> None:
        self.user_token = _store.checked("user_token", user_token)
        self.user_refresh_token = _store.optional("user_refresh_token", user_refresh_token)
        self.client_id = _store.optional("client_id", client_id)
        self.client_secret = _store.optional("client_secret", client_secret)
        if user_token_expires is not None and user_token_expires.tzinfo is None:
            raise ValueError("user_token_expires has no time zone: add one, such as UTC")
        self.user_token_expires = user_token_expires
        self.on_renewal = on_renewal
        self._path: str | None = None
        self._lock = threading.Lock()
        self._sent = threading.local()
        self._refused: str | None = None
        self._unsaved = False

    @classmethod
    def from_env(cls) -> Self:
        """Return the token in `X_USER_TOKEN`, and what renews it, where that is there.

        That is in `X_USER_REFRESH_TOKEN`, `X_CLIENT_ID` and `X_CLIENT_SECRET`, and `X_USER_TOKEN_EXPIRES` in
        ISO 8601; `TWITTER_…` works as well. The environment can't be written back to, so without *on_renewal*
        a refresh token in it is good for one program, once: a file is better.

        Raises:
            ValueError: the variable is missing or malformed.
        """
        (token,) = _store.from_env(cls._parts)
        source = next(one for one in _store.environment() if _store.picked(one, cls._parts))
        return cls._of(source, token)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Return the token in a TOML file, `user_token = "…"`, and what renews it, where that is there.

        `rxtweets auth login pkce` makes such a file. What X gives for the refresh token is kept there.

        Raises the errors of `Auth.from_file`.
        """
        (token,) = _store.from_file(cls._parts, path)
        made = cls._of(_store.file(path), token)
        made._path = os.path.realpath(os.path.expanduser(path))
        return made

    @classmethod
    def _of(cls, source: _store.Source, token: str) -> Self:
        *more, expires = _store.some(source, cls._more)
        made = cls(token, *more)
        if expires is not None:
            made.user_token_expires = _time(source.name("user_token_expires"), expires)
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Make a file that `from_file` reads and only its owner can; renewed tokens are kept there, too.

        Raises:
            FileExistsError: there is a file at *path*; it is left as it is.
        """
        held = {name: value for name, value in self.held().items() if value is not None}
        _store.save(path, held)
        self._path = os.path.realpath(os.path.expanduser(path))

    def held(self) -> dict[str, str | None]:
        """Return what a file has of it, by the names there."""
        expires = self.user_token_expires
        return {
            "user_token": self.user_token,
            "user_refresh_token": self.user_refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "user_token_expires": None if expires is None else expires.isoformat(timespec="seconds"),
        }

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Add the token to *r*."""
        token = self._sent.token = self.user_token
        r.headers["Authorization"] = f"Bearer {token}"
        return r

    @contextlib.contextmanager
    def renewing(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Hold the token and its file, and take what others have written there; see `Auth.renewing`.

        Raises:
            SignInRequired: the file has no token any more, or can't be read.
            ConnectionFailed: somebody else has been renewing it for a minute.
        """
        with contextlib.ExitStack() as held:
            _store.acquire(lambda: self._lock.acquire(blocking=False), give_up)
            held.callback(self._lock.release)
            if self._path is not None:
                try:
                    held.enter_context(_store.locked(self._path, give_up))
                    self._adopt(self._path)
                except (OSError, ValueError) as error:
                    raise SignInRequired(f"the user's token can't be read any more: {error}") from None
            yield

    def pending(self, request: Request) -> TokenRequest | None:
        """Return the request for another token, if this one was refused or expires, and can be renewed."""
        if self._unsaved and self._path is not None:
            self._keep(self._path)
        if self.user_refresh_token is None or self.client_id is None or not self._is_stale():
            return None
        form = (("grant_type", "refresh_token"), ("refresh_token", self.user_refresh_token))
        return client_request(token_host(request.url) + TOKEN, form, self.client_id, self.client_secret)

    def _is_stale(self) -> bool:
        if self._refused == self.user_token:
            return True
        expires = self.user_token_expires
        return expires is not None and expires.timestamp() - time.time() < _EARLY

    def accept(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take the tokens out of the answer, and write them to the file.

        A file that can't be written now is tried again before the next request, and a RuntimeWarning says so:
        the refresh token that it has is spent.

        Raises:
            SignInRequired: X refuses the refresh token.
            HTTPStatusError: the answer is another refusal, or has no token in it.
        """
        if status_code == 400:  # OAuth's status for a refresh token that isn't good
            if self._path is not None and self._adopt(self._path):
                return  # somebody renewed it without the lock
            raise SignInRequired(f"X refuses the refresh token ({_error_code(body)}): {_WHY}", 400)
        self._take(tokens_in(status_code, headers, body))
        if self._path is not None:
            self._keep(self._path)
        if self.on_renewal is not None:
            self.on_renewal(self)

    def _take(self, found: Tokens) -> None:
        self.user_token = found.access_token
        # A server that doesn't rotate sends none: the one there is stays good.
        self.user_refresh_token = found.refresh_token or self.user_refresh_token
        self.user_token_expires = found.expires()

    def _keep(self, path: str) -> None:
        try:
            _store.update(path, self.held())
        except (OSError, ValueError) as error:
            self._unsaved = True
            warnings.warn(
                f"the user's new token is not in {path}, whose refresh token is spent: {error}; it is tried "
                "again before the next request",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            self._unsaved = False

    def _adopt(self, path: str) -> bool:
        """Take what the file has, and return whether that is another token than this."""
        found = type(self).from_file(path)
        mine, its = (self.user_token, self.user_refresh_token), (found.user_token, found.user_refresh_token)
        if self._unsaved or mine == its:
            return False
        for name in (*self._parts, *self._more):
            setattr(self, name, getattr(found, name))
        return True

    def rejected(self) -> bool:
        """Note that the token that this thread sent is refused, and return True.

        Raises:
            SignInRequired: it can't be renewed, for want of a refresh token or a client id.
        """
        self._refused = getattr(self._sent, "token", self.user_token)
        for name in ("user_refresh_token", "client_id"):
            if getattr(self, name) is None:
                raise SignInRequired(f"X refuses the user's token, and there is no {name} to renew it with")
        return True

    def revocation(self, base_url: str | None = None) -> TokenRequest | None:
        """Return the request that ends the token at X; None without a client id."""
        if self.client_id is None:
            return None
        form = (("token", self.user_refresh_token or self.user_token),)
        return client_request(api_url(_REVOKE, base_url), form, self.client_id, self.client_secret)

    def __repr__(self) -> str:
        return "OAuth2User('…')"


_WHY = "it was used before, or access was withdrawn, or it is older than X keeps it"


def _time(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} must be a time such as 2026-11-27T15:00:00+00:00, not {text!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _error_code(body: bytes) -> str:
    """Return OAuth's code for the error, a word; the rest of an answer might repeat what was sent."""
    try:
        code = msgspec.json.decode(body, type=_Refusal).error
    except ValueError:  # as msgspec's errors are
        code = ""
    return code if re.fullmatch(r"[a-z_]{1,40}", code) else "400"


class _Refusal(msgspec.Struct):
    error: str = ""


class _Unsigned(AuthBase):
    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return r


class Tokens(msgspec.Struct):
    """The answer of the endpoint of tokens; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None

    def expires(self) -> datetime | None:
        """Return when the access token expires, if the answer says so."""
        if self.expires_in is None or not 0 < self.expires_in < _LONGEST:
            return None
        return datetime.fromtimestamp(time.time() + self.expires_in, UTC)


_LONGEST = 10 * 365 * 86400.0
"""Seconds beyond which a lifetime is none."""


def client_request(
    url: str, form: tuple[tuple[str, str], ...], client_id: str, client_secret: str | None
) -> TokenRequest:
    """Return a request of an app: one with a secret signs by that, another names itself."""
    if client_secret is not None:
        return TokenRequest(Request("POST", url, form=form), HTTPBasicAuth(client_id, client_secret))
    return TokenRequest(Request("POST", url, form=(*form, ("client_id", client_id))), _Unsigned())


def tokens_in(status_code: int, headers: Mapping[str, str], body: bytes) -> Tokens:
    """Return the tokens in an answer.

    Raises:
        HTTPStatusError: it is a refusal, or has no token in it.
    """
    if status_code != 200:
        raise HTTPStatusError.of(status_code, headers, body)
    try:
        found = msgspec.json.decode(body, type=Tokens)
        _store.checked("access_token", found.access_token)
        _store.optional("refresh_token", found.refresh_token)
        return found
    except ValueError:  # as msgspec's errors are
        pass
    # Not with the body itself, which may hold a token in a form that we don't know.
    raise UnexpectedResponse(status_code, headers, reason="there is no access_token in it")
