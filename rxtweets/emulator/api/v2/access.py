"""The check of who may use an endpoint of v2, and the refusals."""

from __future__ import annotations

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.app.limits import CHARGED, COUNTS
from rxtweets.emulator.app.rate_limits import RateLimiter
from rxtweets.emulator.app.usage import UsageBook
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


def credits_depleted(app_id: int) -> Response:
    """Return the refusal of what an account has no credit left for. Source: X's answers."""
    detail = f"Your enrolled account [{app_id}] does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", detail, "credits", account_id=app_id)


def usage_capped(app_id: int) -> Response:
    """Return the refusal of posts beyond the cap. Source: X's answers."""
    more = {"account_id": app_id, "product_name": "pay-per-use", "period": "Monthly", "scope": "Product"}
    return problem(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", "usage-capped", **more)


class Access:
    """The check of who may use an endpoint, how often, and whether what it delivers can be paid."""

    def __init__(self, authenticator: Authenticator, rate_limiter: RateLimiter, usage: UsageBook) -> None:
        self._authenticator = authenticator
        self._rate_limiter = rate_limiter
        self._usage = usage

    def _unpaid(self, path: str) -> Response | None:
        """Refuse what is charged once the credit is used up, and posts beyond the cap."""
        refusal = self._usage.refusal() if path in CHARGED else None
        app_id = self._authenticator.accounts.user_id
        if refusal == "credit":
            return credits_depleted(app_id)
        return usage_capped(app_id) if refusal == "cap" and path not in COUNTS else None

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
                refused = self._rate_limiter.check_request(request.method, path) or self._unpaid(path)
                return refused or endpoint(request)
            if BY_USER not in users and known.has_user_token(request):
                return unsupported_authentication(BY_USER, supported)
            if SIGNED not in users and request.headers.get("authorization", "").lower().startswith("oauth "):
                return unsupported_authentication(SIGNED, supported)
            return v2_refusal(401)

        return guarded
