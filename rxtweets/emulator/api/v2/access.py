"""The check of who may use an endpoint of v2, and the refusals."""

from __future__ import annotations

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.app.rate_limits import RateLimiter
from rxtweets.emulator.server.http import Request, Response, problem, v2_refusal
from rxtweets.emulator.streams.source import Endpoint, Opening

APP_ONLY = "OAuth 2.0 Application-Only"
SIGNED = "OAuth 1.0a User Context"
BY_USER = "OAuth 2.0 User Context"


def unsupported_authentication(used: str, supported: str) -> Response:
    """Return the refusal of credentials of a kind that an endpoint, or what is asked of it, doesn't take."""
    detail = (
        f"Authenticating with {used} is forbidden for this endpoint.  Supported authentication types are"
        f" [{supported}]."
    )
    return problem(403, "Unsupported Authentication", detail, "unsupported-authentication", status=403)


def client_forbidden(app_id: int, detail: str | None = None) -> Response:
    """Return the refusal of an app whose level of access hasn't what it asks for."""
    usual = (
        "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a"
        " Twitter developer App that is attached to a Project. You can create a project via the developer"
        " portal."
    )
    return problem(
        403,
        "Client Forbidden",
        detail or usual,
        "client-forbidden",
        client_id=str(app_id),
        required_enrollment="Appropriate Level of API Access",
        registration_url="https://developer.twitter.com/en/docs/projects/overview",
        reason="client-not-enrolled",
    )


class Access:
    """The check of who may use an endpoint, and how often."""

    def __init__(self, authenticator: Authenticator, rate_limiter: RateLimiter) -> None:
        self._authenticator = authenticator
        self._rate_limiter = rate_limiter

    def authorized(self, path: str, endpoint: Endpoint, *users: str) -> Endpoint:
        """Return the endpoint for those who have the bearer token and keep to the limits of its path.

        `users` are the credentials of a user that it also takes: `SIGNED`, `BY_USER`.
        """
        known = self._authenticator
        supported = ", ".join((APP_ONLY, *users))

        def guarded(request: Request) -> Response | Opening:
            if (
                known.has_bearer(request)
                or (BY_USER in users and known.has_user_token(request))
                or (SIGNED in users and known.has_signature(request))
            ):
                return self._rate_limiter.check_request(request.method, path) or endpoint(request)
            if BY_USER not in users and known.has_user_token(request):
                return unsupported_authentication(BY_USER, supported)
            if SIGNED not in users and request.headers.get("authorization", "").lower().startswith("oauth "):
                return unsupported_authentication(SIGNED, supported)
            return v2_refusal(401)

        return guarded
