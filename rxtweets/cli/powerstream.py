"""`rxtweets powerstream`: the fast stream of enterprises, by rules of its own."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import ExitStack

import click
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.messages import Post, Status
from rxtweets.rules import Limits, StreamRule

from .accounts import credentials_option, find_account
from .budgets import budget_options
from .parsing import EPILOG, IntRange, usage
from .rule_files import check
from .rule_options import unchecked_option
from .side_by_side import Asked, filter_options
from .streaming import Output, emulator_option, output_options, show
from .temporary_rules import TemporaryRules


@click.command(epilog=EPILOG, context_settings={"allow_extra_args": True})
@filter_options
@click.option("--local-dc-only", is_flag=True, help="Only posts of the connected data centre, sooner.")
@click.option(
    "--backfill", type=IntRange(0, 5), metavar="MINUTES", help="Start with the posts of the last MINUTES."
)
@click.option("--since", "start_time", metavar="TIME", help="Posts from this time on: 2026-11-01T10:00:00Z")
@click.option("--until", "end_time", metavar="TIME", help="Posts before this time; then stop.")
@unchecked_option
@output_options
@budget_options
@emulator_option
@credentials_option
@click.pass_context
def powerstream(
    context: click.Context,
    asked: Callable[[], Asked],
    local_dc_only: bool,
    backfill: int | None,
    start_time: str | None,
    end_time: str | None,
    unchecked: bool,
    output: Output,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Print posts of Powerstream, X's fastest stream (enterprise access).

    It delivers what its rules match: those that `rxtweets rules --powerstream`
    manages, or, with --track and the like, rules that the command adds, and removes
    when it ends. That takes two of the 50 requests that X allows per day, however many
    filters --and-… and --file add. Each post is labelled with those that it matches.

    \b
    rxtweets powerstream --rule 'contains:panda has:videos' --and-track koala
    rxtweets powerstream --local-dc-only --json
    """
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(f"Did you mean --track {said}? Or, for a rule, --rule {said}?")
    given = asked()
    if emulator and not given:
        raise click.UsageError(
            "The local server starts without rules: say what to match, such as --track python."
        )
    plain, more = given.on("v2")
    filters = {one.name: {*one.translated(), *one.rules} for one in (*plain, *more)}
    wanted = [rule for rules in filters.values() for rule in rules]
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
        put = output.printer("v1", list(filters) if more else ())
        client = account.client()
        with usage():
            stream = client.powerstream(local_dc_only=local_dc_only, **window)
        where = account.where if emulator else "Powerstream"
        if not wanted:
            show(stream, where, output, put)
            return
        temporary = TemporaryRules(client.powerstream_rules, wanted)
        stack.callback(temporary.remove)
        stack.callback(context.obj.hold)
        temporary.add()
        stream = stream.pipe(ops.filter(lambda item: not isinstance(item, Status) or temporary.match(item)))

        def names_of(post: Post | Status) -> list[str]:
            matched = temporary.matched(post)
            return [name for name, rules in filters.items() if not matched.isdisjoint(rules)]

        show(stream, where, output, put, names_of if more else None)
