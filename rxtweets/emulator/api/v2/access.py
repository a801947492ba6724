"""The refusals of v2 to clients that may not do what they ask for."""

from __future__ import annotations

from rxtweets.emulator.server.http import Response, problem

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
