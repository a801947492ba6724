"""The command as a process: signals, exit statuses, and errors as one line."""

from __future__ import annotations

import io
from collections.abc import Sequence

import click

from rxtweets._printable import escape, printable
from rxtweets.errors import StreamError

from .commands import rxtweets
from .signals import Signals
from .stdio import guard


def main(arguments: Sequence[str]) -> int:
    """Run the command with this process's standard streams guarded, and return its exit status."""
    try:
        guard()
    except click.ClickException as error:
        return _failed(error.message)
    return run(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    signals = Signals()
    status = 1
    try:
        with signals:
            status = _run(arguments, signals)
    except (KeyboardInterrupt, click.Abort):
        pass
    return signals.status or status


def _run(arguments: Sequence[str], signals: Signals) -> int:
    try:
        status = rxtweets.main(list(arguments), prog_name="rxtweets", standalone_mode=False, obj=signals)
        return status if isinstance(status, int) else 0
    except click.UsageError as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo("\n".join(map(escape, shown.getvalue().splitlines())), err=True)  # with its indents
        return error.exit_code
    except click.ClickException as error:
        return _failed(error.format_message())
    except OSError as error:
        name = "" if error.filename is None else f"{error.filename or repr('')}: "
        return _failed(f"{name}{error.strerror or error}")
    except (StreamError, ValueError, ImportError) as error:
        return _failed("; ".join([str(error), *getattr(error, "__notes__", ())]))


def _failed(message: str) -> int:
    click.echo(f"Error: {printable(message)}", err=True)
    return 1
