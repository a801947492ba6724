"""The account that the command streams from: a host, a protocol and credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal, NamedTuple

import click
import platformdirs
from reactivex import Observable

from rxtweets.auth import AppOnly, Auth, BearerToken, OAuth1, OAuth2User, find_credentials
from rxtweets.budgets import Budget
from rxtweets.endpoints.v2 import PostFields
from rxtweets.messages import Lifecycle, Message
from rxtweets.recovery import Recovery
from rxtweets.streams import Stream, StreamingClient

from .budgets import asked_budget
from .parsing import FILE
from .probes import Finding

if TYPE_CHECKING:
    from rxtweets.emulator import Emulator

Api = Literal["v1", "v2"]
Level = Literal["pay_per_use", "enterprise"]

_VARIABLES: dict[Api, str] = {
    "v2": "X_BEARER_TOKEN, or X_CONSUMER_KEY and X_CONSUMER_SECRET",
    "v1": "X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN and X_ACCESS_TOKEN_SECRET",
}


credentials_option = click.option(
    "--credentials", metavar="FILE", type=FILE, help="TOML file with credentials, readable only by you."
)


class Account(NamedTuple):
    """A host, the protocol to speak to it, and the credentials; *base_url* is None for the usual host.

    For v2 *user* are those of a user who has signed in, if there are any. *budget* is the one that the
    command was asked to keep to.
    """

    api: Api
    auth: Auth
    base_url: str | None
    where: str
    user: OAuth2User | None = None
    budget: Budget | None = None

    def client(self, user: OAuth2User | None = None) -> StreamingClient:
        """Return the client of v2's endpoints; *user* is who asks for private events."""
        return StreamingClient(self.auth, base_url=self.base_url, user=user, budget=self.budget)

    def sample(self, fields: PostFields, recovery: Recovery | None = None) -> Observable[Message | Lifecycle]:
        """Return the sample stream; *fields* are what posts of v2 have."""
        if self.api == "v1":
            return Stream(self.auth, base_url=self.base_url).sample(recovery=recovery)
        return self.client().sample(recovery=recovery, **fields)


def find_account(
    stack: ExitStack,
    api: Api | None,
    path: str | None,
    emulator: bool,
    level: Level = "pay_per_use",
    prepare: Callable[[Emulator], None] | None = None,
) -> Account:
    """Return the account that the options ask for; an emulator of *level* is started, and ended by *stack*.

    *prepare* is called with the emulator.

    Raises:
        ClickException: there are no credentials for it, or it can't keep to a budget.
        ValueError, OSError: the file of credentials is no such file, or can't be read.
        ImportError: the emulator's dependencies are not installed.
    """
    account = emulated(stack, api or "v2", level, prepare) if emulator else _own_account(api, path)
    return account._replace(budget=asked_budget(account.api, kept=not emulator))


def _own_account(api: Api | None, path: str | None) -> Account:
    for place in places(path):
        found = find_credentials(place.path)
        if found.v2 is not None and api in (None, "v2"):
            return Account("v2", found.v2, None, "the v2 stream", found.user)
        if found.v1 is not None and api in (None, "v1"):
            return Account("v1", found.v1, None, "the v1.1 stream")
    raise click.ClickException(_missing(api, path))


class Place(NamedTuple):
    """A place where credentials are looked for; *path* is None for the environment."""

    name: str
    path: str | None


def own_file() -> str:
    """Return the path of the file in which `rxtweets auth login` keeps credentials."""
    return str(platformdirs.user_config_path("rxtweets", appauthor=False) / "credentials.toml")


def places(path: str | None) -> list[Place]:
    """Return where credentials are looked for: *path* alone, if given; the first that has some wins."""
    if path is not None:
        return [Place(path, path)]
    own = own_file()
    return [Place("the environment", None), *([Place(own, own)] if os.path.lexists(own) else [])]


def find_everything(path: str | None) -> Iterator[tuple[Auth | None, Finding]]:
    """Yield the credentials for each protocol, with what there is to say about them."""
    used: dict[Api, str] = {}
    for place in places(path):
        try:
            found = find_credentials(place.path)
        except (ValueError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            text = said if place.name in said else f"{place.name}: {said}"
            yield None, Finding("fail", "credentials", text)
            continue
        kinds: list[tuple[Api, Auth | None]] = [("v2", found.v2), ("v1", found.v1)]
        for api, auth in kinds:
            if auth is None:
                continue
            what = f"for {_CALLED[api]} {_KINDS[type(auth)]}, from {place.name}"
            if api in used:
                yield None, Finding("ok", "credentials", f"{what}; not used: {used[api]} comes first")
            else:
                used[api] = place.name
                yield auth, Finding("ok", "credentials", what)
    if not used:
        names = [name for name in CREDENTIALS if os.environ.get(name)] if path is None else []
        some = f"; only {', '.join(names)} set" if names else ""
        problem, _, mend = _missing(None, path).partition(": ")
        yield None, Finding("fail", "credentials", problem + some, mend)


_CALLED: dict[Api, str] = {"v2": "v2", "v1": "v1.1"}
_KINDS = {
    BearerToken: "a bearer token",
    AppOnly: "the app's key and secret",
    OAuth1: "the keys and tokens of an account",
}
CREDENTIALS = [
    f"{prefix}_{part}"
    for prefix in ("X", "TWITTER")
    for part in (
        *("BEARER_TOKEN", "CONSUMER_KEY", "CONSUMER_SECRET", "API_KEY", "API_SECRET"),
        *("ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"),
        *("USER_TOKEN", "USER_REFRESH_TOKEN", "USER_TOKEN_EXPIRES", "CLIENT_ID", "CLIENT_SECRET"),
    )
]
"""The variables that hold credentials."""


def emulated(
    stack: ExitStack,
    api: Api,
    level: Level = "pay_per_use",
    prepare: Callable[[Emulator], None] | None = None,
) -> Account:
    """Return an account of an emulator that *stack* ends."""
    from rxtweets.emulator import Emulator

    server = stack.enter_context(Emulator(level=level))
    if prepare is not None:
        prepare(server)
    auth = BearerToken(server.bearer_token) if api == "v2" else OAuth1(*server.oauth1)
    user = OAuth2User(server.user_token) if api == "v2" else None
    return Account(api, auth, server.base_url, f"the emulator at {server.base_url}", user)


def own_user() -> OAuth2User | None:
    """Return the credentials of the user who has signed in on the command line, if there are any."""
    own = own_file()
    return find_credentials(own).user if os.path.lexists(own) else None


def _missing(api: Api | None, path: str | None) -> str:
    wanted = _VARIABLES[api] if api else f"{_VARIABLES['v2']} (for v2), or {_VARIABLES['v1']} (for v1.1)"
    if path is None:
        place, mend = (
            "the environment",
            f"set {wanted}, name a file with --credentials, or run `rxtweets auth login`",
        )
    else:
        place, mend = path, f"add {re.sub('X_[A-Z_]+', lambda name: name[0][2:].lower(), wanted)}"
    context = click.get_current_context(silent=True)
    can_do_without = any(param.name == "emulator" for param in context.command.params) if context else False
    without = " To try it without, use --emulator." if can_do_without else ""
    return f"no credentials in {place}: {mend}.{without}"
