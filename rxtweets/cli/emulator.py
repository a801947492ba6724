"""The command that runs the emulator."""

from __future__ import annotations

import math
import shlex
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import reactivex
from click.core import ParameterSource

import rxtweets as rxt
from rxtweets.endpoints import is_loopback

from .parsing import FILE, Command, IntRange, speed_option
from .signals import Signals

if TYPE_CHECKING:
    from rxtweets.emulator import Emulator
    from rxtweets.emulator.app.limits import Level


def _rate(text: str) -> float:
    """Return *text* as posts a second; ``max`` means as many as possible."""
    try:
        rate = math.inf if text == "max" else float(text)
    except ValueError:
        rate = math.nan
    if math.isnan(rate) or rate < 0:
        raise click.BadParameter(f"{text!r} is neither a number of posts per second, 0 or more, nor max.")
    return rate


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=IntRange(0, 65535), default=0, help="Port to listen on; default: a free one.")
@click.option(
    "--rate", metavar="NUMBER", type=_rate, default="20", show_default=True, help="Posts per second, or max."
)
@click.option("--seed", type=int, help="Make a run repeatable: the same seed sends the same bytes.")
@click.option(
    "--keep-alive",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Silence before a keep-alive; default: X's.",
)
@click.option(
    "--level",
    type=click.Choice(["pay_per_use", "enterprise"]),
    default="pay_per_use",
    show_default=True,
    help="Access level: enterprise has all of v2's streams, and replays missed posts.",
)
@click.option(
    "--credit",
    type=click.FloatRange(min=0),
    metavar="DOLLARS",
    help="Once this is spent, refuse requests that are charged.",
)
@click.option("--cap", type=IntRange(1), metavar="POSTS", help="Posts per month; default: X's.")
@click.option("--posts", metavar="FILE", type=FILE, help="Send only the posts in this file, one per line.")
@click.option("--replay", metavar="FILE", type=FILE, help="Send the messages in this recording, at its pace.")
@speed_option
@click.option("--scenario", metavar="FILE", type=FILE, help="Cause the faults listed in this TOML file.")
@click.option(
    "--tls",
    multiple=True,
    metavar="NAME",
    help="Serve TLS as this host, or as all of X's with 'x-hosts'. May be repeated.",
)
@click.option(
    "--ca-file",
    metavar="FILE",
    type=FILE,
    help="Where to write the CA certificate for clients to trust; default: a temporary file.",
)
@click.pass_obj
def emulator(
    signals: Signals,
    host: str,
    port: int,
    rate: float,
    seed: int | None,
    keep_alive: float | None,
    level: Level,
    credit: float | None,
    cap: int | None,
    posts: str | None,
    replay: str | None,
    speed: float | None,
    scenario: str | None,
    tls: tuple[str, ...],
    ca_file: str | None,
) -> None:
    """Run a local server that speaks both protocols, until Ctrl-C.

    Prints environment variables on stdout, as shell commands, that point programs
    written with rxtweets at it; everything else goes to stderr. With --tls, they also
    make it the proxy for programs that only know X's hosts:

    \b
    rxtweets emulator > emulator.env &
    . ./emulator.env                        # as soon as it listens
    rxtweets filter --track python
    """
    from rxtweets.emulator import X_HOSTS, Emulator, Limits

    _check_together(posts, replay, tls, ca_file)
    names = [name for given in tls for name in (X_HOSTS if given == "x-hosts" else (given,))]
    server = Emulator(
        host=host,
        port=port,
        rate=rate,
        seed=seed,
        keep_alive=keep_alive,
        level=level,
        limits=None if cap is None else Limits(posts_cap=cap),
        credit=credit,
        tls=names,
        posts=posts,
        replay=replay,
        speed=speed,
    )
    try:
        server.start()
    except OSError as error:
        where = f"{host}, port {port}" if port else host
        raise click.ClickException(f"can't listen on {where}: {error.strerror or error}") from None
    with ExitStack() as stack:
        stack.callback(server.stop)
        stack.enter_context(suppress(KeyboardInterrupt))  # which may come before it is waited for
        if scenario is not None:
            server.play(scenario)
        variables = _variables(server, ca_file)
        click.echo(f"The emulator listens on {server.base_url}; Ctrl-C ends it.", err=True)
        if not is_loopback(host):
            where = host or "this machine"
            click.echo(f"Warning: anyone who can reach {where} can use and control it.", err=True)
        click.echo("These variables, on stdout, point programs to it:\n", err=True)
        for name, value in variables.items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo("\nFor example, in a shell with these variables: rxtweets filter --track python", err=True)
        rxt.run(reactivex.never())
    signals.forget()


def _check_together(posts: str | None, replay: str | None, tls: tuple[str, ...], ca_file: str | None) -> None:
    """Raise UsageError for options that make each other void."""
    if posts is not None and replay is not None:
        raise click.UsageError("--posts and --replay can't be used together.")
    given = {
        name
        for name in ("rate", "speed")
        if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if replay is None and "speed" in given:
        raise click.UsageError("--speed needs --replay.")
    if replay is not None and "rate" in given:
        raise click.UsageError(
            "--rate can't be used with --replay, which keeps the recording's pace; use --speed."
        )
    if ca_file is not None and not tls:
        raise click.UsageError("--ca-file needs --tls.")


def _variables(server: Emulator, ca_file: str | None) -> dict[str, str]:
    """All variables there are for it, with the CA's certificate in that file."""
    if server.base_url.startswith("http:"):
        return server.env()
    variables = {**server.env(), **server.proxy_env()}
    if ca_file is None:
        return variables
    shutil.copyfile(server.ca_file, ca_file)
    kept = str(Path(ca_file).absolute())
    return {name: kept if value == server.ca_file else value for name, value in variables.items()}
