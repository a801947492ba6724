"""`rxtweets doctor`: what keeps the command from streaming, and what would mend it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from urllib.parse import urlsplit

import click
import msgspec

from rxtweets._printable import printable
from rxtweets.auth import Auth, OAuth1, OAuth2User
from rxtweets.backoff import http_date
from rxtweets.connection import Response, fetch
from rxtweets.endpoints import Request, api_url
from rxtweets.errors import HTTPStatusError, RateLimited, StreamError
from rxtweets.rest import JSONResponse
from rxtweets.rules import Limits
from rxtweets.rules.management.update import read_counts

from .accounts import credentials_option, emulated, find_everything
from .parsing import Command
from .probes import Finding, Proxy, find_proxy, look_at_connection, look_at_proxy, look_at_tls, look_up
from .stdio import takes_colors

_COUNTS = "/2/tweets/search/stream/rules/counts"
_VERIFY = "/1.1/account/verify_credentials.json"

_NOTICED = 30.0
"""Seconds that a clock may be off before it is worth a word."""

_SIGNED = 300.0
"""Seconds that a signature's time may be off. Source: Twitter's guide to OAuth 1.0a."""

_SHORTEST = 8
"""Characters of a secret that is one: shorter ones are parts of ordinary words."""

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}

_MENDS = {
    401: "X doesn't accept them: copy them again from its developer console, or run `rxtweets auth login`",
    402: "buy credit for the app in X's developer console",
    403: "check in X's developer console that the app is in a project, and what its access level allows",
}


@click.command(cls=Command)
@click.option("--emulator", is_flag=True, help="Check a local server; needs no credentials.")
@credentials_option
def doctor(emulator: bool, credentials: str | None) -> None:
    """Find out what keeps rxtweets from streaming, and how to fix it.

    Checks credentials, proxy, DNS, TLS, this machine's clock, whether X accepts the
    credentials, the access level and the rate limits. Prints a line for each, which
    begins with ok, warn or fail. Secrets are never shown. It makes two requests.

    Exit status: 1 if a check fails, 0 otherwise.
    """
    failed = False
    with ExitStack() as stack:
        for finding in _findings(stack, emulator, credentials):
            failed = failed or finding.state == "fail"
            show_finding(finding)
    if failed:
        raise click.exceptions.Exit(1)


def show_finding(finding: Finding) -> None:
    state = click.style(f"{finding.state:4}", fg=_COLORS[finding.state], bold=True)
    color = takes_colors(sys.stdout)
    click.echo(f"{state}  {finding.subject:11}  {printable(finding.text)}", color=color)
    if finding.mend:
        click.echo(f"      {'':11}  {printable(finding.mend)}")


def _findings(stack: ExitStack, emulator: bool, path: str | None) -> Iterator[Finding]:
    auths: list[Auth] = []
    base_url = None
    if emulator:
        account = emulated(stack, "v2")
        base_url, auths = account.base_url, [account.auth]
        yield Finding("ok", "credentials", f"those of {account.where}")
    else:
        for auth, finding in find_everything(path):
            auths += [] if auth is None else [auth]
            yield finding
    try:
        url = api_url(_COUNTS, base_url)
        proxy = find_proxy(url)
    except ValueError as error:
        yield Finding("fail", "address", str(error))
        return
    for finding in _way(url, proxy):
        yield finding
        if finding.state == "fail":
            return
    clock = _clock(url)
    yield clock
    if clock.subject == "connection":
        return
    for auth in auths:
        yield from look_at_account(auth, base_url)


def _way(url: str, proxy: Proxy | None) -> Iterator[Finding]:
    """Yield what there is to say about the way to the host."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    yield look_at_proxy(proxy, url)
    if proxy is None:
        yield look_up(host, port)
    else:
        yield Finding("ok", "DNS", f"{host} is resolved by the proxy")
    if parts.scheme == "http":
        yield look_at_connection(host, port)
    elif proxy is not None and proxy.url.scheme.startswith("socks"):
        yield Finding("ok", "TLS", "not checked behind a SOCKS proxy; each request verifies it")
    else:
        yield look_at_tls(host, port, proxy)


def _clock(url: str) -> Finding:
    """Compare the clock with that of the server, whose date is of whole seconds."""
    try:
        headers: Mapping[str, str] = fetch(Request("GET", url)).run().headers
    except HTTPStatusError as error:
        headers = error.headers
    except (StreamError, ValueError) as error:
        return Finding("fail", "connection", str(error))
    date = http_date(headers.get("Date", ""))
    if date is None:
        return Finding("warn", "clock", "the server sends no date to compare with")
    off = time.time() - (date + 0.5)
    side = "ahead of" if off > 0 else "behind"
    text = f"{abs(off):,.0f} s {side} the server's"
    if abs(off) > _SIGNED:
        return Finding(
            "fail", "clock", f"{text}: v1.1 refuses signatures", "synchronize it with a time server (NTP)"
        )
    if abs(off) > _NOTICED:
        return Finding(
            "warn",
            "clock",
            f"{text}; v1.1 refuses signatures from {_SIGNED:,.0f} s on",
            "synchronize it with NTP",
        )
    return Finding("ok", "clock", f"within {max(1, abs(off)):,.0f} s of the server's")


def look_at_account(auth: Auth, base_url: str | None) -> Iterator[Finding]:
    """Yield what X says to these credentials: whether they are good, the level, and the rate limits."""
    signed = isinstance(auth, OAuth1)
    subject, path, read = next(row for kind, row in _LOOKS.items() if isinstance(auth, kind))
    try:
        response = fetch(Request("GET", api_url(path, base_url)), auth).run()
        yield from read(response)
    except RateLimited as error:
        yield Finding("warn", subject, str(error), "the credentials may be valid: wait, and try again")
        response = Response(error.status_code, error.headers, b"")
    except HTTPStatusError as error:
        mend = _MENDS.get(error.status_code, "")
        if signed and error.status_code == 401:
            mend += "; it also refuses them if this machine's clock is minutes off"
        yield Finding("fail", subject, _without_secrets(str(error), auth), mend)
        return
    except (StreamError, ValueError) as error:
        yield Finding("fail", subject, _without_secrets(str(error), auth))
        return
    yield from _limits(subject, response.headers)


def _account(response: Response) -> Iterator[Finding]:
    found = msgspec.json.decode(response.body, type=dict[str, object])
    access = response.headers.get("x-access-level")
    level = f"; access level {access}" if access else ""
    yield Finding("ok", "v1.1", f"X accepts them, as @{found.get('screen_name')}{level}")


def _user(response: Response) -> Iterator[Finding]:
    answer = JSONResponse(response, msgspec.json.decode(response.body, type=dict[str, object]))
    yield Finding("ok", "user", f"X accepts the token, as @{answer.get_object('data').get('username')}")


def _level(response: Response) -> Iterator[Finding]:
    answer = JSONResponse(response, msgspec.json.decode(response.body, type=dict[str, object]))
    counts = read_counts(answer)
    yield Finding("ok", "v2", "X accepts the app's token")
    if counts.limit is None:
        return
    rules = f"{counts.rules:,} of {counts.limit:,} rules are in use"
    if counts.limit > Limits.pay_per_use().rules:
        yield Finding("ok", "level", f"enterprise: {rules}")
    else:
        yield Finding("ok", "level", f"pay-per-use: {rules}; no firehose, no backfill")


_LOOKS: dict[type[Auth], tuple[str, str, Callable[[Response], Iterator[Finding]]]] = {
    OAuth1: ("v1.1", _VERIFY, _account),
    OAuth2User: ("user", "/2/users/me", _user),
    Auth: ("v2", _COUNTS, _level),
}
"""The request that tries credentials of a kind, and what there is to say about the answer."""


def _limits(subject: str, headers: Mapping[str, str]) -> Iterator[Finding]:
    limit, left, reset = (headers.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining", "reset"))
    if not (left.isdecimal() and limit.isdecimal()):
        return
    text = f"{int(left):,} of {int(limit):,} such {subject} requests are left"
    if int(left):
        yield Finding("ok", "rate limit", text)
    else:
        wait = max(0, int(reset) - int(time.time())) if reset.isdecimal() else None
        yield Finding(
            "warn", "rate limit", text, f"wait {wait:,} s" if wait is not None else "wait 15 minutes"
        )


def _without_secrets(text: str, auth: Auth) -> str:
    """Return *text* without what *auth* holds, should the server have repeated it."""
    for kind in type(auth).__mro__:
        for name in getattr(kind, "__slots__", ()):
            secret = getattr(auth, name, None)
            if isinstance(secret, str) and len(secret) >= _SHORTEST:
                text = text.replace(secret, "…")
    return text
