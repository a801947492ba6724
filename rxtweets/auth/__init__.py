"""Credentials: what signs a request, and the exchanges that some need before it. Nothing is sent here.

A credential is a callable that `requests` can use as `auth`, and any number of sessions and threads can share
it. Before a request its sender asks the credential `pending(request)`. If a `TokenRequest` comes back, it
asks once more within `renewing`, as somebody else may have been faster, performs what comes then, and hands
the response to `accept`. After a 401 it asks `rejected()`: True means that all this once more makes sense.

Secrets are attributes, for a program to store where it likes. They are in no repr and in no exception, and
credentials can't be pickled.
"""

from __future__ import annotations

from ._credentials import AppOnly, Auth, BearerToken, OAuth1, TokenRequest
from ._find import Credentials, find_credentials
from ._pin import Authorization, PinSignIn
from ._pkce import PKCESignIn
from ._user import OAuth2User

__all__ = [
    "AppOnly",
    "Auth",
    "Authorization",
    "BearerToken",
    "Credentials",
    "OAuth1",
    "OAuth2User",
    "PKCESignIn",
    "PinSignIn",
    "TokenRequest",
    "find_credentials",
]
