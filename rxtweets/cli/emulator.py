"""The command that runs the emulator."""

from __future__ import annotations

import math
import shlex

import click
import reactivex

import rxtweets as rxt

from .signals import Signals


def _rate(text: str) -> float:
    """Posts a second; ``max`` is as many as go."""
    try:
        rate = math.inf if text == "max" else float(text)
    except ValueError:
        rate = math.nan
    if math.isnan(rate) or rate < 0:
        raise click.BadParameter(f"{text!r} is neither a number of posts a second, 0 or more, nor max.")
    return rate


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; else a free one.")
@click.option(
    "--rate", metavar="NUMBER", type=_rate, default="20", show_default=True, help="Posts a second, or max."
)
@click.option("--seed", type=int, help="The same seed sends the same bytes, in a time of its own.")
@click.option("--keep-alive", type=float, metavar="SECONDS", help="Silence before a keep-alive; else X's.")
@click.option("--scenario", metavar="FILE", help="Make trouble as this TOML file says.")
@click.pass_obj
def emulator(
    signals: Signals,
    host: str,
    port: int,
    rate: float,
    seed: int | None,
    keep_alive: float | None,
    scenario: str | None,
) -> None:
    """Run a local server that speaks both protocols, until Ctrl-C.

    Prints the variables that point programs written with rxtweets at it, as lines
    for a shell, on stdout; everything else goes to stderr:

    \b
    rxtweets emulator > emulator.env &
    . ./emulator.env
    rxtweets filter --track python
    """
    from rxtweets.emulator import Emulator

    with Emulator(host=host, port=port, rate=rate, seed=seed, keep_alive=keep_alive) as server:
        if scenario is not None:
            server.play(scenario)
        click.echo(f"The emulator listens on {server.base_url}; Ctrl-C ends it.", err=True)
        click.echo("Programs that run with these variables stream from it:\n", err=True)
        for name, value in server.env().items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo("\nFor example, in a shell with them: rxtweets filter --track python", err=True)
        rxt.run(reactivex.never())
    signals.forget()
