"""The endpoints that give out tokens: the app's bearer token, and a user's by PIN."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from oauthlib.oauth1 import AccessTokenEndpoint, RequestTokenEndpoint

from rxtweets.emulator.server.http import Request, Response, json_response, v2_refusal

from .authenticator import Authenticator, Explained, ask

_WRONG = {"authorization_code": "authorization code", "refresh_token": "token"}
"""The value that each kind of grant passes, in the words of X's refusals."""

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class _RequestToken(Explained, RequestTokenEndpoint):  # type: ignore[misc,unused-ignore]
    """The endpoint of request tokens: ``oob`` where programs of old left out oauth_callback, to get a PIN."""

    def _create_request(self, *args: Any) -> Any:
        request = super()._create_request(*args)
        request.redirect_uri = request.redirect_uri or "oob"
        return request


class _AccessToken(Explained, AccessTokenEndpoint):  # type: ignore[misc,unused-ignore]
    pass


class SignInEndpoints:
    """The endpoints that give a program its tokens."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._accounts = authenticator.accounts
        self._request_tokens = _RequestToken(authenticator.validator)
        self._access_tokens = _AccessToken(authenticator.validator)

    def routes(self) -> dict[str, dict[str, Callable[[Request], Response]]]:
        """Return the paths and methods."""
        return {
            "/oauth2/token": {"POST": self._bearer},
            "/oauth/request_token": {"POST": self._request_token, "GET": self._request_token},
            "/oauth/authorize": {"GET": self._authorize},
            "/oauth/authenticate": {"GET": self._authorize},
            "/oauth/access_token": {"POST": self._access_token, "GET": self._access_token},
            "/1.1/oauth/invalidate_token": {"POST": self._invalidate},
            "/i/oauth2/authorize": {"GET": self._agree},
            "/2/oauth2/token": {"POST": self._user_token},
            "/2/oauth2/revoke": {"POST": self._revoke},
            "/2/users/me": {"GET": self._me},
        }

    def _bearer(self, request: Request) -> Response:
        if not self._authenticator.has_app_password(request):
            return _oauth_error(403, 99, "Unable to verify your credentials", "authenticity_token_error")
        # Some programs put it in the query, and X lets them.
        if {**request.query, **request.form}.get("grant_type") != "client_credentials":
            return _oauth_error(
                400, 170, "Missing required parameter: grant_type", "forbidden_missing_parameter"
            )
        return json_response({"token_type": "bearer", "access_token": self._accounts.bearer_token})

    def _request_token(self, request: Request) -> Response:
        tokens = self._request_tokens
        return _token_answer(request, tokens, tokens.create_request_token_response)

    def _access_token(self, request: Request) -> Response:
        tokens, accounts = self._access_tokens, self._accounts
        who = {"user_id": str(accounts.user_id), "screen_name": accounts.screen_name}
        return _token_answer(request, tokens, partial(tokens.create_access_token_response, credentials=who))

    def _authorize(self, request: Request) -> Response:
        found = self._accounts.request_tokens.get(request.query.get("oauth_token", ""))
        if found is None:
            return Response(404, b"This request token is not known.\n", "text/plain; charset=utf-8")
        return Response(200, found[1].encode(), "text/plain; charset=utf-8")

    def _invalidate(self, request: Request) -> Response:
        if not self._authenticator.has_signature(request):
            return _oauth_error(401, 32, "Could not authenticate you.")
        token = re.search(r'oauth_token="([^"]*)"', request.headers.get("authorization", ""))
        name = unquote(token[1]) if token else ""
        self._accounts.tokens.pop(name, None)
        return json_response({"access_token": name})

    # --- OAuth 2.0 with PKCE, on which the emulator's user agrees at once

    def _agree(self, request: Request) -> Response:
        asked = request.query
        wrong = [
            name
            for name, right in (
                ("response_type", asked.get("response_type") == "code"),
                ("client_id", asked.get("client_id") == self._accounts.oauth2.client_id),
                ("redirect_uri", bool(urlsplit(asked.get("redirect_uri", "")).scheme)),
                ("state", bool(asked.get("state"))),
                ("scope", bool(asked.get("scope"))),
                ("code_challenge", bool(asked.get("code_challenge"))),
                ("code_challenge_method", asked.get("code_challenge_method") == "S256"),
            )
            if not right
        ]
        if wrong:
            said = f"Missing or wrong: {', '.join(wrong)}.\n"
            return Response(400, said.encode(), "text/plain; charset=utf-8")
        address = asked["redirect_uri"]
        code = self._accounts.oauth2.agree(address, asked["code_challenge"], asked["scope"])
        answer = urlencode({"state": asked["state"], "code": code})
        location = ("Location", f"{address}{'&' if '?' in address else '?'}{answer}")
        return Response(302, b"", "text/plain; charset=utf-8", (location,))

    def _user_token(self, request: Request) -> Response:
        if not self._authenticator.is_client(request):
            return _oauth2_error(401, "unauthorized_client", "Missing valid authorization header")
        kind = request.form.get("grant_type")
        if kind not in _WRONG:
            return _oauth2_error(400, "unsupported_grant_type", "grant_type is of no kind that is known")
        answer = self._authenticator.user_tokens(request.form)
        if answer is None:
            return _oauth2_error(400, "invalid_request", f"Value passed for the {_WRONG[kind]} was invalid.")
        return json_response(answer)

    def _revoke(self, request: Request) -> Response:
        if not self._authenticator.is_client(request):
            return _oauth2_error(401, "unauthorized_client", "Missing valid authorization header")
        self._accounts.oauth2.revoke(request.form.get("token", ""))
        return json_response({"revoked": True})

    def _me(self, request: Request) -> Response:
        known = self._authenticator
        if not (known.has_user_token(request) or known.has_signature(request)):
            return v2_refusal(401)
        name = self._accounts.screen_name
        return json_response({"data": {"id": str(self._accounts.user_id), "name": name, "username": name}})


def _oauth2_error(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)


def _token_answer(request: Request, endpoint: Explained, respond: Callable[..., tuple[Any, ...]]) -> Response:
    _, body, status = ask(request, respond)
    if status == 200 and body:
        return Response(200, body.encode(), _FORM)
    request.fault = request.fault or endpoint.fault()
    return _oauth_error(401, 32, "Could not authenticate you.")


def _oauth_error(status: int, code: int, message: str, label: str | None = None) -> Response:
    error: dict[str, Any] = {"code": code, "message": message}
    if label:
        error["label"] = label
    return json_response({"errors": [error]}, status)
