"""The endpoints that give out tokens: the app's bearer token, and a user's by PIN."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from oauthlib.oauth1 import AccessTokenEndpoint, RequestTokenEndpoint

from rxtweets._unlogged import unlogged
from rxtweets.emulator.server.http import Request, Response, json_response

from .authenticator import Authenticator, Explained

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class _RequestToken(Explained, RequestTokenEndpoint):  # type: ignore[misc,unused-ignore]
    """The endpoint of request tokens: ``oob`` where programs of old left out oauth_callback, to get a PIN."""

    def _create_request(self, *args: Any) -> Any:
        request = super()._create_request(*args)
        request.redirect_uri = request.redirect_uri or "oob"
        return request


class _AccessToken(Explained, AccessTokenEndpoint):  # type: ignore[misc,unused-ignore]
    pass


def routes(authenticator: Authenticator) -> dict[str, dict[str, Callable[[Request], Response]]]:
    """Return the paths of the sign-in, with their endpoints."""
    request_tokens, access_tokens = (
        _RequestToken(authenticator.validator),
        _AccessToken(authenticator.validator),
    )
    who = {"user_id": str(authenticator.accounts.user_id), "screen_name": authenticator.accounts.screen_name}

    def bearer(request: Request) -> Response:
        if not authenticator.has_app_password(request):
            return _oauth_error(403, 99, "Unable to verify your credentials", "authenticity_token_error")
        # Some programs put it in the query, and X lets them.
        if {**request.query, **request.form}.get("grant_type") != "client_credentials":
            return _oauth_error(
                400, 170, "Missing required parameter: grant_type", "forbidden_missing_parameter"
            )
        return json_response({"token_type": "bearer", "access_token": authenticator.accounts.bearer_token})

    def request_token(request: Request) -> Response:
        return _token_answer(request, request_tokens, request_tokens.create_request_token_response)

    def access_token(request: Request) -> Response:
        return _token_answer(
            request, access_tokens, partial(access_tokens.create_access_token_response, credentials=who)
        )

    def authorize(request: Request) -> Response:
        found = authenticator.accounts.request_tokens.get(request.query.get("oauth_token", ""))
        if found is None:
            return Response(404, b"This request token is not known.\n", "text/plain; charset=utf-8")
        return Response(200, found[1].encode(), "text/plain; charset=utf-8")

    return {
        "/oauth2/token": {"POST": bearer},
        "/oauth/request_token": {"POST": request_token, "GET": request_token},
        "/oauth/authorize": {"GET": authorize},
        "/oauth/authenticate": {"GET": authorize},
        "/oauth/access_token": {"POST": access_token, "GET": access_token},
    }


def _token_answer(
    request: Request, endpoint: Explained, respond: Callable[..., tuple[Any, str | None, int]]
) -> Response:
    try:
        with unlogged():
            _, body, status = respond(
                request.uri, request.method, request.body.decode("utf-8", "replace"), request.headers
            )
    except ValueError:  # characters that can't be in a query or an OAuth header
        body, status = None, 401
        request.fault = "the query, or Authorization, has characters that can't be there unescaped"
    if status == 200 and body:
        return Response(200, body.encode(), _FORM)
    request.fault = request.fault or endpoint.fault()
    return _oauth_error(401, 32, "Could not authenticate you.")


def _oauth_error(status: int, code: int, message: str, label: str | None = None) -> Response:
    error: dict[str, Any] = {"code": code, "message": message}
    if label:
        error["label"] = label
    return json_response({"errors": [error]}, status)
