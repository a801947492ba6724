"""Authentication: OAuth 1.0a signatures checked by oauthlib, bearer tokens, and the accounts behind both."""

from __future__ import annotations

import base64
import hashlib
import math
import random
import re
import string
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint
from oauthlib.oauth1.rfc5849.errors import OAuth1Error

from rxtweets._unlogged import unlogged
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.server.http import Request

_LETTERS = string.ascii_letters + string.digits
USER_TOKEN_SECONDS = 7200
"""Seconds after which a user's OAuth 2.0 token expires. Source: X's guide to OAuth 2.0 with PKCE."""
LIFETIME = 300
"""Seconds that the time of a signature may be off. Source: Twitter's guide to OAuth 1.0a."""


class OAuth1Credentials(NamedTuple):
    """The four strings of OAuth 1.0a, named as everywhere; they are not shown when printed."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str

    def __repr__(self) -> str:
        return "OAuth1Credentials(…)"


class Accounts:
    """The app, its one user, the tokens given out since, and the nonces seen."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"accounts/{seed}")
        self.user_id = self._rng.randrange(10**8, 10**9)
        self.screen_name = "you"
        self.credentials = OAuth1Credentials(
            self.letters(25), self.letters(50), f"{self.user_id}-{self.letters(40)}", self.letters(45)
        )
        self.bearer_token = self._new_bearer()
        self.user_token = self.letters(64) + ":1:at:1"
        self.tokens = {self.credentials.access_token: self.credentials.access_token_secret}
        self.request_tokens: OrderedDict[str, tuple[str, str]] = OrderedDict()  # token: (secret, PIN)
        self.oauth2 = UserTokens(seed, self.user_token)
        self._nonces: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def letters(self, length: int) -> str:
        return "".join(self._rng.choices(_LETTERS, k=length))

    def _new_bearer(self) -> str:
        return "AAAAAAAAAAAAAAAAAAAAA" + self.letters(80)

    def renew_bearer(self) -> str:
        """Replace the app's bearer token; the former one is refused from now on."""
        self.bearer_token = self._new_bearer()
        return self.bearer_token

    def pin(self) -> str:
        return f"{self._rng.randrange(10**7):07}"

    def first_use(self, *nonce: str) -> bool:
        """Return whether a nonce is new. Remembers 100,000: more than come in the window of a timestamp."""
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > 100_000:
            self._nonces.popitem(last=False)
        return True


class Grant(NamedTuple):
    """An agreement of the user's, by the code or the refresh token that is good for tokens under it."""

    redirect_uri: str
    challenge: str
    scope: str
    number: int


class UserTokens:
    """The OAuth 2.0 tokens of the user: those given out, and the codes and refresh tokens for more.

    Args:
        seed: of the world.
        token: one that is good from the beginning, and doesn't expire.
    """

    def __init__(self, seed: int, token: str) -> None:
        self._rng = random.Random(f"oauth2/{seed}")
        self.client_id = self._letters(34)
        self.client_secret = self._letters(50)
        self._tokens: OrderedDict[str, tuple[float, int]] = OrderedDict({token: (math.inf, 0)})
        self._codes: OrderedDict[str, Grant] = OrderedDict()
        self._refresh: OrderedDict[str, Grant] = OrderedDict()
        self._grants = 0

    def _letters(self, length: int) -> str:
        return "".join(self._rng.choices(_LETTERS, k=length))

    def expires(self, token: str) -> float:
        """Return when an access token expires; 0 for one that isn't good."""
        return self._tokens.get(token, (0.0, 0))[0]

    def agree(self, redirect_uri: str, challenge: str, scope: str) -> str:
        """Return a code for what the user has agreed to; it is good once."""
        self._grants += 1
        grant = Grant(redirect_uri, challenge, scope, self._grants)
        return _kept(self._codes, self._letters(91), grant)

    def exchange(self, code: str, redirect_uri: str, verifier: str, now: float) -> dict[str, Any] | None:
        """Return the tokens for a code; None if it isn't good, or the verifier is that of another."""
        grant = self._codes.pop(code, None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if grant is None or (grant.redirect_uri, grant.challenge) != (redirect_uri, digest):
            return None
        return self._issue(grant, now)

    def renew(self, token: str, now: float) -> dict[str, Any] | None:
        """Return new tokens for a refresh token, which is good once."""
        grant = self._refresh.pop(token, None)
        return None if grant is None else self._issue(grant, now)

    def revoke(self, token: str) -> None:
        """End a token; with a refresh token all of the same sign-in, as RFC 7009 has it."""
        grant = self._refresh.get(token)
        self._tokens.pop(token, None)
        if grant is not None:
            self._end(grant.number)

    def revoke_all(self) -> None:
        """End every token, as when the user withdraws the app's access."""
        for number in range(self._grants + 1):
            self._end(number)

    def _end(self, number: int) -> None:
        for token in [token for token, (_, of) in self._tokens.items() if of == number]:
            del self._tokens[token]
        for token in [token for token, of in self._refresh.items() if of.number == number]:
            del self._refresh[token]

    def _issue(self, grant: Grant, now: float) -> dict[str, Any]:
        held = (now + USER_TOKEN_SECONDS, grant.number)
        token = _kept(self._tokens, self._letters(64) + ":1:at:1", held)
        answer = {
            "token_type": "bearer",
            "expires_in": USER_TOKEN_SECONDS,
            "access_token": token,
            "scope": grant.scope,
        }
        if "offline.access" in grant.scope.split():
            answer["refresh_token"] = _kept(self._refresh, self._letters(64) + ":1:rt:1", grant)
        return answer


def _kept(book: OrderedDict[str, Any], key: str, value: Any) -> str:
    """Put *key* into a book of at most a thousand, of which the oldest goes, and return it."""
    book[key] = value
    if len(book) > 1000:
        book.popitem(last=False)
    return key


class Validator(RequestValidator):  # type: ignore[misc,unused-ignore]
    """The account's data, as oauthlib asks for it."""

    enforce_ssl = False
    safe_characters = frozenset(_LETTERS + "-_.~")
    client_key_length = access_token_length = request_token_length = (1, 200)
    nonce_length = (1, 200)
    verifier_length = (1, 30)
    allowed_signature_methods = ("HMAC-SHA1",)
    # oauthlib compares with the machine's clock; ours decides, in `validate_timestamp_and_nonce`.
    timestamp_lifetime = 10**12
    dummy_client = dummy_access_token = dummy_request_token = "dummy"

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        super().__init__()
        self.accounts = accounts
        self._clock = clock

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self.accounts.credentials.consumer_key

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.accounts.credentials.consumer_secret

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.accounts.tokens

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.accounts.tokens.get(token, "dummy")

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: Any,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        behind = int(self._clock.time()) - int(timestamp)
        if abs(behind) > LIFETIME:
            side = "behind" if behind > 0 else "ahead of"
            request.validator_log["fault"] = (
                f"oauth_timestamp is {abs(behind)} s {side} the server's clock: {LIFETIME} s are allowed"
            )
            return False
        if self.accounts.first_use(client_key, timestamp, nonce, request_token or access_token or ""):
            return True
        request.validator_log["fault"] = "oauth_nonce has been used before: each request needs a new one"
        return False

    def validate_realms(
        self, client_key: str, token: str, request: Any, uri: Any = None, realms: Any = None
    ) -> bool:
        return True

    # --- the sign-in of a user

    def get_default_realms(self, client_key: str, request: Any) -> list[str]:
        return []

    def get_realms(self, token: str, request: Any) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: Any, request: Any) -> bool:
        return True

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: Any) -> bool:
        return True

    def validate_request_token(self, client_key: str, token: str, request: Any) -> bool:
        return token in self.accounts.request_tokens

    def get_request_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.accounts.request_tokens.get(token, ("dummy", ""))[0]

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: Any) -> bool:
        return self.accounts.request_tokens.get(token, ("", ""))[1] == verifier

    def save_request_token(self, token: dict[str, str], request: Any) -> None:
        self.accounts.request_tokens[token["oauth_token"]] = (
            token["oauth_token_secret"],
            self.accounts.pin(),
        )
        if len(self.accounts.request_tokens) > 1000:
            self.accounts.request_tokens.popitem(last=False)

    def save_access_token(self, token: dict[str, str], request: Any) -> None:
        self.accounts.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def invalidate_request_token(self, client_key: str, request_token: str, request: Any) -> None:
        self.accounts.request_tokens.pop(request_token, None)


class Explained:
    """A mixin for oauthlib's endpoints that tells why one refused the last request."""

    _fault: str
    _seen: Any

    def _create_request(self, *args: Any) -> Any:
        self._fault, self._seen = "", None
        try:
            self._seen = super()._create_request(*args)  # type: ignore[misc]
        except OAuth1Error as error:
            self._fault = _said(error)
            raise
        return self._seen

    def _check_mandatory_parameters(self, request: Any) -> None:
        try:
            super()._check_mandatory_parameters(request)  # type: ignore[misc]
        except OAuth1Error as error:
            self._fault = _said(error)
            raise

    def fault(self) -> str:
        """Return what was wrong, in ASCII and without secrets."""
        log: dict[str, Any] = {} if self._seen is None else self._seen.validator_log
        found = (said for name, said in _FAULTS if log.get(name) is False)
        return self._fault or log.get("fault") or next(found, "an OAuth parameter is malformed or missing")


_FAULTS = (
    ("client", "oauth_consumer_key is unknown"),
    ("resource_owner", "oauth_token is unknown"),
    ("verifier", "oauth_verifier is not the PIN of this token"),
    (
        "signature",
        "oauth_signature is wrong: a secret is, or what was signed is not the request that came (method,"
        " scheme, host, port, path, or parameters of query and form)",
    ),
)
"""Reasons by oauthlib's names for its checks; what makes others wrong comes first."""


def _said(error: OAuth1Error) -> str:
    """Return what oauthlib has to say, as one line of ASCII, since it may quote what was sent."""
    given = error.description
    text = given if isinstance(given, str) else " ".join(map(str, given))
    return re.sub(r"[^ -~]", "?", text)[:200]


class _Signed(Explained, ResourceEndpoint):  # type: ignore[misc,unused-ignore]
    pass


class Authenticator:
    """The check of a request's credentials; its `fault` says what is wrong with them."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self.accounts = accounts
        self._clock = clock
        self.validator = Validator(accounts, clock)
        self._signed = _Signed(self.validator)

    def has_bearer(self, request: Request) -> bool:
        """Return whether the request carries the app's bearer token."""
        token = _bearer(request)
        if token is None:
            request.fault = "there is no bearer token in Authorization"
        elif token != self.accounts.bearer_token:
            request.fault = "the bearer token is unknown: wrong, or renewed since"
        else:
            return True
        return False

    def has_user_token(self, request: Request) -> bool:
        """Return whether the request carries an OAuth 2.0 token of the user that is still good."""
        token, now = _bearer(request), self._clock.time()
        expires = 0.0 if token is None else self.accounts.oauth2.expires(token)
        if 0 < expires <= now:
            request.fault = f"the user's token expired {now - expires:.0f} s ago"
        return now < expires

    def user_tokens(self, form: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code or a refresh token; None if it isn't good."""
        tokens, now = self.accounts.oauth2, self._clock.time()
        if form.get("grant_type") == "refresh_token":
            return tokens.renew(form.get("refresh_token", ""), now)
        code, address, verifier = (form.get(name, "") for name in ("code", "redirect_uri", "code_verifier"))
        return tokens.exchange(code, address, verifier, now)

    def is_client(self, request: Request) -> bool:
        """Return whether the app asks: with its OAuth 2.0 secret as Basic authentication, or its id alone."""
        client = self.accounts.oauth2
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return request.form.get("client_id") == client.client_id
        return scheme.lower() == "basic" and _password(word) == (client.client_id, client.client_secret)

    def has_signature(self, request: Request) -> bool:
        """Return whether the request is signed by the app and a user, now, for the first time."""
        if request.headers.get("authorization", "").lower().startswith("bearer "):
            request.fault = (
                request.fault or "a bearer token is for v2: this takes a user's OAuth 1.0a signature"
            )
            return False
        valid, *_ = ask(request, self._signed.validate_protected_resource_request)
        if not valid:
            request.fault = request.fault or self._signed.fault()
        return bool(valid)

    def has_app_password(self, request: Request) -> bool:
        """Return whether the request carries consumer key and secret as Basic authentication."""
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        mine = self.accounts.credentials
        return _password(word) == (mine.consumer_key, mine.consumer_secret)


def ask(request: Request, check: Callable[..., tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return what oauthlib says to a request; only Nones, and the request's fault, where it can't read it."""
    try:
        with unlogged():
            return check(
                request.uri, request.method, request.body.decode("utf-8", "replace"), request.headers
            )
    except ValueError:  # what oauthlib raises on characters that can't be in a query or an OAuth header
        request.fault = "the query, or Authorization, has characters that can't be there unescaped"
        return None, None, None


def _password(word: str) -> tuple[str, str]:
    """Return the name and the password of Basic authentication; empty ones if it is malformed."""
    try:
        name, _, password = base64.b64decode(word, validate=True).decode().partition(":")
    except ValueError:  # no base64, or not of UTF-8
        return "", ""
    return unquote_plus(name), unquote_plus(password)


def _bearer(request: Request) -> str | None:
    """Return the token that a request carries as its bearer, if it does."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
