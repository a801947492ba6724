"""The account that the command streams from: a host, a protocol and credentials."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Literal, NamedTuple

import click

from rxtweets.auth import Auth, find_credentials

Api = Literal["v1", "v2"]

_VARIABLES: dict[Api, str] = {
    "v2": "X_BEARER_TOKEN, or X_CONSUMER_KEY and X_CONSUMER_SECRET",
    "v1": "X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN and X_ACCESS_TOKEN_SECRET",
}


credentials_option = click.option("--credentials", metavar="FILE", help="TOML file that only you can read.")


class Account(NamedTuple):
    """A host, the protocol to speak to it, and the credentials; *base_url* is None for the usual host."""

    api: Api
    auth: Auth
    base_url: str | None
    where: str


def find_account(stack: ExitStack, api: Api | None, path: str | None, emulator: bool) -> Account:
    """Return the account that the options ask for; an emulator is started, and ended by *stack*.

    Raises:
        ClickException: there are no credentials for it.
        ValueError, OSError: the file of credentials is no such file, or can't be read.
        ImportError: the emulator's dependencies are not installed.
    """
    if emulator:
        return _emulated(stack, api or "v2")
    found = find_credentials(path)
    if found.v2 is not None and api in (None, "v2"):
        return Account("v2", found.v2, None, "the v2 stream")
    if found.v1 is not None and api in (None, "v1"):
        return Account("v1", found.v1, None, "the v1.1 stream")
    raise click.ClickException(_missing(api, path))


def _emulated(stack: ExitStack, api: Api) -> Account:
    from rxtweets.auth import BearerToken, OAuth1
    from rxtweets.emulator import Emulator

    server = stack.enter_context(Emulator())
    auth = BearerToken(server.bearer_token) if api == "v2" else OAuth1(*server.oauth1)
    return Account(api, auth, server.base_url, f"the emulator at {server.base_url}")


def _missing(api: Api | None, path: str | None) -> str:
    wanted = _VARIABLES[api] if api else f"{_VARIABLES['v2']} (for v2), or {_VARIABLES['v1']} (for v1.1)"
    if path is None:
        place, mend = "the environment", f"set {wanted}, or name a file with --credentials"
    else:
        place, mend = path, f"give it {re.sub('X_[A-Z_]+', lambda name: name[0][2:].lower(), wanted)}"
    return f"no credentials in {place}: {mend}. To look around without any, use --emulator."
