"""The command `rxtweets watch`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import click
from click.core import ParameterSource

from rxtweets.cli.accounts import Api, find_account
from rxtweets.cli.logs import Log, beginning_option, log_address
from rxtweets.cli.parsing import EPILOG, Command
from rxtweets.cli.rule_files import check, rules_in
from rxtweets.cli.rule_options import unchecked_option
from rxtweets.cli.side_by_side import filters_of, one_filter, plain_options, refuse_rules
from rxtweets.cli.streaming import Output, refuse_ask, source_options
from rxtweets.rules import Limits, StreamRule

if TYPE_CHECKING:
    from .sources import Source


@click.command(cls=Command, epilog=EPILOG)
@plain_options
@click.option("--file", "path", metavar="FILE", help="Filters, one per line or TOML with tags; - is stdin.")
@unchecked_option
@source_options
@click.option(
    "--log", type=log_address, metavar="ADDRESS", help="Watch what a log has: nats://HOST:4222/STREAM"
)
@beginning_option
@click.pass_context
def watch(
    context: click.Context,
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    rules: tuple[str, ...],
    path: str | None,
    unchecked: bool,
    ask: tuple[str, ...],
    emulator: bool,
    credentials: str | None,
    api: Api | None,
    log: Log | None,
    from_: Literal["new", "start"] | datetime,
) -> None:
    """Watch a stream in a full-screen terminal view.

    \b
    rxtweets watch --emulator                        # the sample
    rxtweets watch --track coffee --track tea --language en

    Each --track, --follow, --locations, --rule and line of --file is a filter, with
    its own colour and count. All share one connection. Filters can be added and
    removed while it runs. Press ? for the keys.

    With --log it is all that is in a log, from now on, or from where --from says.
    """
    _check_log(context)
    try:
        from .app import WatchApp
    except ImportError:
        raise click.ClickException("watch needs Textual; install it: pip install 'rxtweets[watch]'") from None
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise click.ClickException(
            "watch needs a terminal; to write to a file or a pipe, use: rxtweets filter …"
        )
    from .sources import FilterSource, LogSource
    from .watched import Watched

    def run(source: Source) -> int:
        app = WatchApp(Watched(source))
        with context.obj.calling(app.end_soon):
            return app.run_watched()

    if log is not None:
        context.exit(run(LogSource(log, from_)))
    fields = Output(None, ask).asked()
    filters = [
        *(one_filter((words,), languages=languages) for words in track),
        *(one_filter(follow=(user,), languages=languages) for user in follow),
        *(one_filter(locations=(box,), languages=languages) for box in locations),
        *(one_filter(rules=(rule,), languages=languages) for rule in rules),
    ]
    lines = rules_in(path) if path is not None else []
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        filters += filters_of(lines, path or "", account.api, languages)
        texts = [text for one in filters for text in one.rules]
        refuse_rules(account.api, texts)
        refuse_ask(account.api, ask)
        if languages and all(one.query is None for one in filters):
            raise click.UsageError(
                "--language needs --track, --follow or --locations; in a rule, use lang:en"
            )
        if not unchecked:
            check(list(map(StreamRule, texts)), Limits.enterprise())
        source = FilterSource(account, filters, fields)
        stack.callback(source.close)
        stack.callback(context.obj.hold)
        status = run(source)
    context.exit(status)


def _check_log(context: click.Context) -> None:
    """Raise a UsageError for options that don't go with --log, or that need it."""
    given = [
        option
        for option in context.command.params
        if option.name and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]
    has_log = any(option.name == "log" for option in given)
    for option in given:
        if has_log and option.name not in {"log", "from_"}:
            raise click.UsageError(
                f"{option.opts[0]} is for a stream of X's: --log shows all that a log has."
            )
        if option.name == "from_" and not has_log:
            raise click.UsageError("--from goes with --log.")
