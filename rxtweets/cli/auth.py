"""`rxtweets auth`: sign in, say what credentials there are, and sign out."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import click

import rxtweets as rxt
from rxtweets._printable import printable
from rxtweets.auth import AppOnly, OAuth1, OAuth2User, PKCESignIn, TokenRequest, _store, find_credentials
from rxtweets.auth._pkce import SCOPES
from rxtweets.connection import Response, fetch
from rxtweets.endpoints import Request, api_url
from rxtweets.errors import HTTPStatusError, StreamError, Unauthorized

from .accounts import CREDENTIALS, find_everything, own_file, places
from .doctor import look_at_account, show_finding
from .parsing import FILE, Command, Group, IntRange

PATIENCE = 300.0
"""Seconds that the browser may take."""

_LABELS = {
    "consumer_key": "Consumer key (the console calls it API key)",
    "consumer_secret": "Consumer secret",
    "client_id": "OAuth 2.0 client id",
    "client_secret": "OAuth 2.0 client secret (empty for a public client)",
}

_PAGE = "<!doctype html><meta charset=utf-8><title>rxtweets</title><p>{}</p>"

file_option = click.option(
    "--credentials", "path", metavar="FILE", type=FILE, help="File to use; default: the one that where shows."
)


@click.group(cls=Group)
def auth() -> None:
    """Sign in, list credentials, and sign out.

    \b
    rxtweets auth login pin       # an account, for v1.1: open a page, type a PIN
    rxtweets auth login bearer    # the app, for v2: exchange its key for a token
    rxtweets auth login pkce      # an account, for v2's private events: in a browser

    What it asks for is taken from the environment if it is set there (X_CONSUMER_KEY
    and so on), or read from stdin, one per line. Credentials are kept in a file that
    only you can read.
    """


@auth.command(cls=Command)
@click.argument("how", metavar="pin|bearer|pkce", type=click.Choice(["pin", "bearer", "pkce"]))
@click.option(
    "--port", type=IntRange(0, 65535), default=0, help="Port for the redirect; default: a free one."
)
@click.option("--scope", "scopes", multiple=True, help=f"Scope to request; default: {', '.join(SCOPES)}.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page in a browser.")
@file_option
def login(how: str, port: int, scopes: tuple[str, ...], browser: bool, path: str | None) -> None:
    """Get credentials, and keep them in a file that only you can read.

    \b
    pin     for v1.1: the account's owner allows access on a page, and types its PIN
    bearer  for v2: exchanges the app's key and secret for its token, and keeps only that
    pkce    for v2's private events: signs in with a browser, which is redirected to this
            machine; register http://127.0.0.1:PORT/callback for the app, and pass --port
    """
    if how != "pkce" and (port or scopes):
        raise click.UsageError("--port and --scope go with pkce.")
    file = path or own_file()
    if how == "pin":
        found = _pin(file)
    elif how == "bearer":
        found = _bearer(file)
    else:
        found = _pkce(file, port, scopes or SCOPES, browser)
    with _held(file):
        _store.update(file, found)
    click.echo(f"Kept in {printable(file)}, which only you can read.", err=True)
    if path is None and (names := [name for name in CREDENTIALS if os.environ.get(name)]):
        click.echo(f"Note: the environment takes precedence over it: {', '.join(names)}.", err=True)


def _held(file: str) -> contextlib.AbstractContextManager[None]:
    """Hold the file, if there is one, while no program renews the token in it."""
    real = os.path.realpath(os.path.expanduser(file))
    return _store.locked(real, lambda: None) if os.path.exists(real) else contextlib.nullcontext()


def _pin(file: str) -> dict[str, str | None]:
    key, secret = _given(file, "consumer_key"), _given(file, "consumer_secret")

    def ask(url: str) -> str:
        click.echo(f"Open {printable(url)}\nand allow access.", err=True)
        return _line("PIN", hidden=False)

    signed = rxt.sign_in(key, secret, ask)
    return {name: getattr(signed, name) for name in OAuth1._parts}


def _bearer(file: str) -> dict[str, str | None]:
    app = AppOnly(_given(file, "consumer_key"), _given(file, "consumer_secret"))
    request = app.pending(Request("GET", api_url("/")))
    if request is not None:
        app.accept(*_perform(request))
    return {"bearer_token": app.token}


def _pkce(file: str, port: int, scopes: tuple[str, ...], browser: bool) -> dict[str, str | None]:
    client_id = _given(file, "client_id")
    client_secret = _given(file, "client_secret", optional=True) or None
    with _Redirect(port) as redirect:
        steps = PKCESignIn(client_id, client_secret, redirect_uri=redirect.uri, scopes=scopes)
        click.echo(f"Open {printable(steps.url)}\nand allow access.", err=True)
        if browser:
            import webbrowser

            webbrowser.open(steps.url)
        address = redirect.wait(steps)
    return steps.credentials(*_perform(steps.exchange(address))).held()


def _perform(request: TokenRequest) -> Response:
    return fetch(*request).run()


def _given(file: str, part: str, *, optional: bool = False) -> str:
    """Return a part from the environment, from *file*, or asked for."""
    sources = [*_store.environment(), *([_store.file(file)] if os.path.lexists(file) else [])]
    for source in sources:
        if found := _store.picked(source, [part]):
            return found[0]
    return _line(_LABELS[part], hidden=part != "client_id", optional=optional)


def _line(label: str, *, hidden: bool, optional: bool = False) -> str:
    """Return what is typed at a terminal, or else the next line of stdin."""
    if sys.stdin is None:
        raise click.ClickException(f"{label}: can't be read: stdin is closed")
    if sys.stdin.isatty():
        default = "" if optional else None
        return str(
            click.prompt(label, hide_input=hidden, err=True, default=default, show_default=False)
        ).strip()
    line = sys.stdin.readline()
    if not line.strip() and not optional:
        raise click.ClickException(f"{label}: can't be read: stdin has ended")
    return line.strip()


class _Server(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser may drop a connection that it opened in reserve."""


class _Redirect:
    """A server on this machine for the one redirect of a sign-in.

    Attributes:
        uri: its address.
    """

    def __init__(self, port: int) -> None:
        arrived: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            timeout = 5.0  # seconds, for a browser that opens a connection in reserve
            steps: PKCESignIn | None = None

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                good = path == "/callback" and self.steps is not None and self.steps.is_for(self.path)
                if good:
                    arrived.append(self.path)
                text = "You can close this page." if good else "This isn't the redirect of the sign-in."
                body = _PAGE.format(text).encode()
                self.send_response(200 if good else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the request has the code in it."""

        self._arrived = arrived
        self._handler = Handler
        try:
            self._server = _Server(("127.0.0.1", port), Handler)
        except OSError as error:
            raise click.ClickException(f"can't listen on port {port}: {error.strerror or error}") from None
        self._server.timeout = 0.5
        self.uri = f"http://127.0.0.1:{self._server.server_port}/callback"

    def __enter__(self) -> _Redirect:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, steps: PKCESignIn) -> str:
        """Return the address that the browser was sent to; one without the state of *steps* is refused."""
        self._handler.steps = steps
        end = time.monotonic() + PATIENCE
        while not self._arrived:
            if time.monotonic() > end:
                raise click.ClickException(f"nobody has signed in within {PATIENCE / 60:.0f} minutes")
            self._server.handle_request()
        return self._arrived[0]


@auth.command(cls=Command)
@file_option
def where(path: str | None) -> None:
    """List the credentials that are found, and which are used. No secret is shown."""
    for place in places(path):
        names = [name for name, _ in _found(place.path)]
        click.echo(printable(f"{place.name}: {', '.join(names) or 'none'}"))
    if path is None and not os.path.lexists(own_file()):
        click.echo(printable(f"{own_file()}: no such file; `rxtweets auth login` creates it"))
    for _, finding in find_everything(path):
        click.echo(printable(finding.text))


def _found(path: str | None) -> Iterator[tuple[str, str]]:
    """Yield the names of what is in the environment or a file, and the values."""
    if path is None:
        for name in CREDENTIALS:
            if value := os.environ.get(name):
                yield name, value
        return
    held = _store.file(path)
    parts = dict.fromkeys(name.partition("_")[2].lower() for name in CREDENTIALS)
    for part in parts:
        if isinstance(text := held.get(part), str):
            yield part, text


@auth.command(cls=Command)
@file_option
def check(path: str | None) -> None:
    """Ask X whether the credentials are valid; exit with status 1 if any aren't."""
    failed = False
    for credential, finding in find_everything(path):
        findings = [finding] if credential is None else look_at_account(credential, None)
        for one in findings:
            failed = failed or one.state == "fail"
            show_finding(one)
    for place in places(path):
        if (user := find_credentials(place.path).user) is not None:
            for one in look_at_account(user, None):
                failed = failed or one.state == "fail"
                show_finding(one)
            break
    if failed:
        raise click.exceptions.Exit(1)


@auth.command(cls=Command)
@file_option
def logout(path: str | None) -> None:
    """Revoke the file's account tokens at X, and remove all credentials from the file.

    The app's bearer token is only removed from the file, since the app's other
    programs use it too. To replace it, use X's developer console.
    """
    file = path or own_file()
    if not os.path.lexists(file):
        click.echo(f"nothing to remove: there is no {printable(file)}", err=True)
        return
    held = dict(_found(file))
    for name, request in _revocations(file, held):
        try:
            _perform(request)
        except Unauthorized:
            click.echo(f"{name}: no longer valid at X", err=True)
        except (HTTPStatusError, StreamError) as error:
            raise click.ClickException(f"{name} was not revoked: {error}; {file} is unchanged") from None
        else:
            click.echo(f"{name}: revoked at X", err=True)
    with _held(file):
        _store.update(file, dict.fromkeys(held))
    click.echo(f"Removed the credentials in {printable(file)}.", err=True)


def _revocations(file: str, held: Mapping[str, str]) -> Iterator[tuple[str, TokenRequest]]:
    if "user_token" in held and (request := OAuth2User.from_file(file).revocation()):
        yield "user_token", request
    if all(part in held for part in OAuth1._parts):
        request_ = Request("POST", api_url("/1.1/oauth/invalidate_token"))
        yield "access_token", TokenRequest(request_, OAuth1.from_file(file))
