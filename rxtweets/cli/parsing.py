"""Parsing of arguments, with suggestions for probable mistakes."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import click

EPILOG = """\b
Credentials are read from the environment or from a TOML file (--credentials):
  v2    X_BEARER_TOKEN, or X_CONSUMER_KEY and X_CONSUMER_SECRET
  v1.1  X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET
TWITTER_… works like X_…; in the file, names are in lower case and without prefix.
`rxtweets auth login` writes the file; `rxtweets doctor` finds what is wrong.
RXTWEETS_BASE_URL sets a host other than X's.

\b
Exit status: 0 when --limit is reached, 1 for an error, 2 for a wrong option,
130 after Ctrl-C, 129 or 143 after SIGHUP or SIGTERM, 141 for a broken pipe.
"""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Return the decorator that adds *options* to a command."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


class Command(click.Command):
    """A command whose options don't take the next option as their value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*, and refuse a value that is the name of an option: the value itself is missing."""
        rest = super().parse_args(ctx, args)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        names = {name for option in options for name in option.opts}
        for option in options:
            value = ctx.params.get(option.name or "")
            for one in value if isinstance(value, tuple) else (value,):
                if one in names:
                    name = option.opts[0]
                    raise click.BadOptionUsage(
                        name, f"Option '{name}' requires an argument, but the option '{one}' follows.", ctx
                    )
        return rest


def _speed(text: str) -> float | None:
    """Return *text* as a factor; None, no waits, for ``max``."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise click.BadParameter(f"{text!r} is neither a number greater than 0 nor max.")
    return speed


speed_option = click.option(
    "--speed",
    metavar="NUMBER",
    type=_speed,
    default="1",
    show_default=True,
    help="Speed relative to the recording, or max for no waits.",
)


_BYTES = {"kb": 10**3, "mb": 10**6, "gb": 10**9}
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _limit(text: str) -> int | timedelta:
    """Return a limit such as 500MB or 1h, as bytes or a time."""
    number = text.rstrip(string.ascii_letters)
    unit = text.removeprefix(number).lower()
    if number.isdecimal() and int(number) and unit in _BYTES:
        return int(number) * _BYTES[unit]
    if number.isdecimal() and int(number) and unit in _SECONDS:
        return timedelta(seconds=int(number) * _SECONDS[unit])
    raise click.BadParameter(
        f"{text!r} is neither a size, such as 500MB, nor a time, such as 30min, 1h or 7d."
    )


def length_of_time(text: str) -> timedelta:
    """Return a length of time such as 7d."""
    limit = _limit(text)
    if isinstance(limit, int):
        raise click.BadParameter(f"{text!r} is not a length of time, such as 30min, 1h or 7d.")
    return limit


rotate_option = click.option(
    "--rotate",
    multiple=True,
    metavar="LIMIT",
    type=_limit,
    help="Start a new file after this much: 500MB, 1h, or both.",
)


FILE = click.Path()
"""The type of a file's name, for shells that complete it: the name isn't looked at."""


class IntRange(click.IntRange):
    """An integer in a range, called so in errors."""

    name = "integer"


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


class RuleCommand(Command):
    """A command that takes rules, which may begin with a `-` as options do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # A name of one letter would also be found in rules: the h of -has:images.
        kwargs["context_settings"] = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
        super().__init__(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse unknown options that begin with `--`, as no rule does, and take `-h` alone for `--help`."""
        known = {name for option in self.get_params(ctx) for name in option.opts}
        end = args.index("--") if "--" in args else len(args)
        words = ["--help" if word == "-h" else word for word in args[:end]]
        for word in words:
            name = word.partition("=")[0]
            if name.startswith("--") and name not in known:
                raise click.NoSuchOption(name, possibilities=sorted(known), ctx=ctx)
        return super().parse_args(ctx, words + args[end:])


@contextmanager
def usage() -> Iterator[None]:
    """Report a ValueError inside, which is about the value of an option, as a usage error."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise click.UsageError(text if "\n" in text or text.endswith("?") else f"{text}.") from None
