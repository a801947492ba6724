"""The sign-in of an account to an app: OAuth 1.0a with a PIN."""

from __future__ import annotations

from collections.abc import Callable

from .auth import OAuth1, PinSignIn, TokenRequest
from .connection import Response, fetch
from .transport import Transport

__all__ = ["sign_in"]


def sign_in(
    consumer_key: str,
    consumer_secret: str,
    ask: Callable[[str], str],
    *,
    base_url: str | None = None,
    transport: Transport | None = None,
) -> OAuth1:
    """Let an account's owner sign in to your app, and return the credentials to act for that account.

    ::

        credentials = rxt.sign_in(key, secret, lambda url: input(f"Open {url} and type the PIN: "))
        credentials.save("x.toml")

    It blocks for two requests. The credentials are valid until the owner revokes them.

    Args:
        consumer_key: the app's key.
        consumer_secret: the app's secret.
        ask: called with the URL of the page where the owner agrees; returns the PIN shown there.
        base_url: the root of a host other than X's.
        transport: how the requests are sent; default a `RequestsTransport()`.

    Raises:
        HTTPStatusError: the app's key or the PIN was refused.
        StreamError: the network failed.
        ValueError: a key or the PIN can't be one.
    """

    def perform(request: TokenRequest) -> Response:
        return fetch(*request, transport=transport).run()

    steps = PinSignIn(consumer_key, consumer_secret, base_url=base_url)
    authorization = steps.authorization(*perform(steps.request_token()))
    return authorization.credentials(*perform(authorization.exchange(ask(authorization.url))))
