"""`rxtweets powerstream`: the fast stream of enterprises, by rules of its own."""

from __future__ import annotations

import shlex
from contextlib import ExitStack

import click
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.messages import Status
from rxtweets.rules import Limits, StreamRule

from .accounts import credentials_option, find_account
from .parsing import EPILOG, IntRange, usage
from .rule_files import check
from .rule_options import unchecked_option
from .side_by_side import one_filter, plain_options
from .streaming import Output, output_options, show
from .temporary_rules import TemporaryRules


@click.command(epilog=EPILOG, context_settings={"allow_extra_args": True})
@plain_options
@click.option("--local-dc-only", is_flag=True, help="Only of the data centre connected to, sooner.")
@click.option("--backfill", type=IntRange(0, 5), metavar="MINUTES", help="Begin with the last minutes.")
@click.option("--since", "start_time", metavar="TIME", help="Posts from then on: 2026-11-01T10:00:00Z")
@click.option("--until", "end_time", metavar="TIME", help="Posts before then; then it ends.")
@unchecked_option
@output_options
@click.option("--emulator", is_flag=True, help="Stream from a local server; needs no credentials.")
@credentials_option
@click.pass_context
def powerstream(
    context: click.Context,
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    rules: tuple[str, ...],
    local_dc_only: bool,
    backfill: int | None,
    start_time: str | None,
    end_time: str | None,
    unchecked: bool,
    output: Output,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Print the posts that Powerstream sends, X's fastest stream (enterprise access).

    It sends what its rules match: those that `rxtweets rules --powerstream` manages,
    or, with --track and the like, rules that the command adds and removes when it
    ends. That takes two of the 50 requests a day that X allows.

    \b
    rxtweets powerstream --rule 'contains:panda has:videos'
    rxtweets powerstream --local-dc-only --json
    """
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(f"Did you mean --track {said}? Or is it a rule: --rule {said}?")
    wanted: list[str] = []
    if track or follow or locations or rules:
        one = one_filter(track, follow, locations, rules, languages=languages)
        wanted = [*one.translated(), *one.rules]
    elif languages:
        raise click.UsageError("--language goes with --track, --follow and --locations; in a rule: lang:en")
    elif emulator:
        raise click.UsageError(
            "The local server starts without rules: say what to match, such as --track python."
        )
    if not unchecked:
        check(list(map(StreamRule, wanted)), Limits.powerstream())
    window: rxt.endpoints.v2.Window = {}
    if backfill is not None:
        window["backfill_minutes"] = backfill
    if start_time is not None:
        window["start_time"] = start_time
    if end_time is not None:
        window["end_time"] = end_time
    with ExitStack() as stack:
        account = find_account(stack, "v2", credentials, emulator, level="enterprise")
        put = output.printer("v1")
        client = account.client()
        with usage():
            stream = client.powerstream(local_dc_only=local_dc_only, **window)
        if wanted:
            temporary = TemporaryRules(client.powerstream_rules, wanted)
            stack.callback(temporary.remove)
            stack.callback(context.obj.hold)
            temporary.add()
            stream = stream.pipe(
                ops.filter(lambda item: not isinstance(item, Status) or temporary.match(item))
            )
        show(stream, account.where if emulator else "Powerstream", output, put)
