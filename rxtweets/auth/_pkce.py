"""Sign-in of OAuth 2.0 with PKCE."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from rxtweets.endpoints import api_url
from rxtweets.endpoints._hosts import url as on_host

from . import _store
from ._credentials import TokenRequest
from ._user import TOKEN, OAuth2User, client_request, tokens_in

_AUTHORIZE = "https://x.com"

SCOPES = ("tweet.read", "users.read", "offline.access")
"""The scopes that are asked for by default: to read, and to go on doing so after two hours."""


class PKCESignIn:
    """The steps by which an account lets an app act for it in the browser, as values: nothing is sent here.

    ::

        url    send the account's owner there; the browser is then sent to redirect_uri
        exchange(address) → TokenRequest    perform it, give the answer to
        credentials() → OAuth2User

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
        self._client_secret = _store.optional("client_secret", client_secret)
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
            raise ValueError("the address doesn't belong to this sign-in: its state differs")
        found = parse_qs(urlsplit(address).query)
        if "code" not in found:
            raise ValueError(f"sign-in failed: {found.get('error', ['the address contains no code'])[0]}")
        form = (
            ("grant_type", "authorization_code"),
            ("code", found["code"][0]),
            ("redirect_uri", self._redirect_uri),
            ("code_verifier", self._verifier),
        )
        return client_request(api_url(TOKEN, self._base_url), form, self._client_id, self._client_secret)

    def credentials(self, status_code: int, headers: Mapping[str, str], body: bytes) -> OAuth2User:
        """Return the token in the response to `exchange`.

        Raises:
            HTTPStatusError: the answer is a refusal, or has no token in it.
        """
        found = tokens_in(status_code, headers, body)
        return OAuth2User(
            found.access_token,
            found.refresh_token,
            self._client_id,
            self._client_secret,
            user_token_expires=found.expires(),
        )

    def __repr__(self) -> str:
        return f"PKCESignIn(client_id={_store.hint(self._client_id)})"
