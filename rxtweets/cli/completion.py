"""`rxtweets completion`: what makes a shell complete the command's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .parsing import Command


@click.command(cls=Command)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that makes a shell complete commands, options and files.

    \b
    eval "$(rxtweets completion bash)"                  # in ~/.bashrc
    eval "$(rxtweets completion zsh)"                   # in ~/.zshrc
    rxtweets completion fish > ~/.config/fish/completions/rxtweets.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this version of click has no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "rxtweets", "_RXTWEETS_COMPLETE").source())
