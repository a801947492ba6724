"""The endpoints that give out tokens: the app's bearer token, and a user's by PIN."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from oauthlib.oauth1 import AccessTokenEndpoint, RequestTokenEndpoint

from rxtweets.emulator.server.http import Request, Response, json_response

from .authenticator import Authenticator, Explained, ask

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
