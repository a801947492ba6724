"""The command `rxtweets watch`."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import click

from rxtweets.cli.accounts import Api, find_account
from rxtweets.cli.parsing import EPILOG, Command
from rxtweets.cli.rule_files import check, rules_in
from rxtweets.cli.rule_options import unchecked_option
from rxtweets.cli.side_by_side import filters_of, one_filter, plain_options, refuse_rules
from rxtweets.cli.streaming import Output, refuse_ask, source_options
from rxtweets.rules import Limits, StreamRule


@click.command(cls=Command, epilog=EPILOG)
@plain_options
@click.option("--file", "path", metavar="FILE", help="Filters, one a line or TOML with tags; - is stdin.")
@unchecked_option
@source_options
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
) -> None:
    """Watch a stream on the whole terminal.

    \b
    rxtweets watch --emulator                        # the sample
    rxtweets watch --track coffee --track tea --language en

    Each --track, --follow, --locations, --rule and line of --file is a filter, with
    a colour and a count of its own. All share a connection. More can be added, and
    any removed, while it runs. Press ? for the keys.
    """
    try:
        from .app import WatchApp
    except ImportError:
        raise click.ClickException(
            "watch needs Textual, which comes with: pip install 'rxtweets[watch]'"
        ) from None
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise click.ClickException("watch needs a terminal; to a file or a pipe write: rxtweets filter …")
    from .watched import Watched

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
                "--language goes with --track, --follow and --locations; in a rule: lang:en"
            )
        if not unchecked:
            check(list(map(StreamRule, texts)), Limits.enterprise())
        watched = Watched(account, filters, fields)
        stack.callback(watched.close)
        stack.callback(context.obj.hold)
        app = WatchApp(watched)
        with context.obj.calling(app.end_soon):
            status = app.run_watched()
    context.exit(status)
