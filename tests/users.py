"""The sign-in of the emulator's user, and a program that acts for them."""

from __future__ import annotations

from collections.abc import Iterable

import requests

from rxtweets.auth import OAuth2User, PKCESignIn
from rxtweets.auth._pkce import SCOPES
from rxtweets.connection import fetch
from rxtweets.emulator import Emulator

PROGRAM = """
import sys
import rxtweets as rxt

user = rxt.OAuth2User.from_file(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
rxt.fetch(rxt.Request("GET", sys.argv[2] + "/2/users/me"), user).run()
print("done", flush=True)
"""
"""Sends one request for the user whose token is in a file, once it is told to."""

RENEWING = PROGRAM.replace(
    "rxt.fetch", "while True:\n    user.user_token_expires = now()\n    rxt.fetch"
).replace(
    "import rxtweets", "from datetime import UTC, datetime\nnow = lambda: datetime.now(UTC)\nimport rxtweets"
)
"""Sends one after the other, and renews the token for each."""


def signed_in(emulator: Emulator, *, scopes: Iterable[str] = SCOPES) -> OAuth2User:
    """Return the credentials of a sign-in in a browser."""
    steps = PKCESignIn(
        *emulator.oauth2_client,
        redirect_uri="http://127.0.0.1:9/callback",
        scopes=scopes,
        base_url=emulator.base_url,
    )
    with requests.Session() as browser:
        address = browser.get(steps.url, allow_redirects=False, timeout=5).headers["Location"]
    return steps.credentials(*fetch(*steps.exchange(address)).run())
