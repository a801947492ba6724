"""`rxtweets search`, `counts` and `usage`: posts of the past, how many there were, and what was used."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

import rxtweets as rxt
from rxtweets._printable import printable
from rxtweets.rules import parse
from rxtweets.rules.language.search import differences

from .accounts import credentials_option, find_account
from .budgets import budget_options
from .notices import Notices
from .parsing import IntRange, RuleCommand, options, usage
from .rule_options import json_option, last_item
from .streaming import Output, ask_option, output_options, show

if TYPE_CHECKING:
    from rxtweets.emulator import Emulator
    from rxtweets.management import Usage
    from rxtweets.search import Granularity

_MOST = 100
"""Posts that are printed unless told otherwise: each is charged."""
_PAST = 1_000
"""Posts that an emulator's past has."""

_BARS = " ▏▎▍▌▋▊▉█"
_FORMS = {"minute": "%m-%d %H:%M", "hour": "%m-%d %H:00", "day": "%Y-%m-%d"}

range_options = options(
    click.argument("query", metavar="QUERY"),
    click.option(
        "--since", "start_time", metavar="TIME", help="Posts from this time on: 2026-11-01T10:00:00Z"
    ),
    click.option("--until", "end_time", metavar="TIME", help="Posts before this time; default: 30 s ago."),
    click.option("--archive", is_flag=True, help="All posts, not only those of the last 7 days."),
)
past_option = click.option(
    "--emulator", is_flag=True, help="Ask a local server with generated past posts; needs no credentials."
)


@click.command(cls=RuleCommand)
@range_options
@output_options
@ask_option
@budget_options
@past_option
@credentials_option
def search(
    query: str,
    start_time: str | None,
    end_time: str | None,
    archive: bool,
    output: Output,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Print the posts of the last 7 days that match QUERY, newest first.

    QUERY is in the language of rules, without the operators that search lacks. X
    charges for each post delivered, so it stops after 100 unless --limit is given.

    \b
    rxtweets search 'cat has:images'
    rxtweets search 'from:XDevelopers' --since 2026-11-01T00:00:00Z --json
    """
    output = output._replace(limit=output.limit or _MOST)
    with ExitStack() as stack:
        client = past_client(stack, credentials, emulator, query)
        with usage():
            posts = client.search(
                query,
                start_time=start_time,
                end_time=end_time,
                archive=archive,
                limit=output.limit,
                **output.asked(),
            )
        put = output.printer("v2")
        with Notices("X's search") as notices:
            for difference in differences(parse(query)):
                notices.say(difference)
        show(posts, "X's search", output, put)


@click.command(cls=RuleCommand)
@range_options
@click.option("--granularity", type=click.Choice(["minute", "hour", "day"]), default="day", show_default=True)
@json_option
@past_option
@credentials_option
def counts(
    query: str,
    start_time: str | None,
    end_time: str | None,
    archive: bool,
    granularity: Granularity,
    as_json: bool,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Print how many posts match QUERY, as a chart.

    X charges for the request, not for posts. A stream with the same rule delivers at
    least as many: search leaves out most retweets.

    \b
    rxtweets counts 'cat has:images'
    rxtweets counts '"red panda"' --granularity hour
    """
    with ExitStack() as stack:
        client = past_client(stack, credentials, emulator, query)
        with usage():
            asked = client.counts(
                query, granularity=granularity, start_time=start_time, end_time=end_time, archive=archive
            )
        found = last_item(asked)
    if as_json:
        for one in found.buckets:
            row = {"start": one.start.isoformat(), "end": one.end.isoformat(), "count": one.count}
            click.echo(json.dumps(row))
        return
    labels = [f"{one.start:{_FORMS[granularity]}}" for one in found.buckets]
    for line in chart(labels, [one.count for one in found.buckets], shutil.get_terminal_size().columns):
        click.echo(line)
    click.echo(f"{found.total:,} posts in all, times in UTC")


@click.command("usage")
@click.option("--days", type=IntRange(1, 90), default=7, show_default=True, help="Days to look back.")
@json_option
@past_option
@credentials_option
def usage_(days: int, as_json: bool, emulator: bool, credentials: str | None) -> None:
    """Print how many posts X has delivered to the project, per day and of its cap."""
    with ExitStack() as stack:
        found = last_item(past_client(stack, credentials, emulator, days=days).usage(days))
    if as_json:
        click.echo(_usage_json(found))
        return
    labels = [f"{one.day}" for one in found.days]
    for line in chart(labels, [one.posts for one in found.days], shutil.get_terminal_size().columns):
        click.echo(line)
    for app, daily in found.apps.items():
        click.echo(f"app {printable(app)}: {sum(one.posts for one in daily):,} posts")
    if found.used is not None and found.cap is not None:
        until = "" if found.cap_reset_day is None else f", reset on day {found.cap_reset_day} of the month"
        click.echo(f"{found.used:,} of {found.cap:,} posts{until}")


def chart(labels: list[str], counts: list[int], columns: int) -> list[str]:
    """Return a bar chart, a line for each label, in so many columns."""
    numbers = [f"{count:,}" for count in counts]
    width = max(map(len, numbers), default=0)
    room = max(10, columns - max(map(len, labels), default=0) - width - 3)
    most = max(counts, default=0) or 1
    return [
        f"{label}  {number:>{width}} {_bar(count / most * room)}".rstrip()
        for label, number, count in zip(labels, numbers, counts, strict=True)
    ]


def _bar(length: float) -> str:
    eighths = round(length * 8)
    return _BARS[-1] * (eighths // 8) + _BARS[eighths % 8].strip()


def _usage_json(found: Usage) -> str:
    return json.dumps(
        {
            "project_id": found.project_id,
            "cap": found.cap,
            "used": found.used,
            "cap_reset_day": found.cap_reset_day,
            "days": {str(one.day): one.posts for one in found.days},
            "apps": {app: {str(one.day): one.posts for one in daily} for app, daily in found.apps.items()},
        }
    )


def past_client(
    stack: ExitStack, credentials: str | None, emulator: bool, *queries: str, days: int | None = None
) -> rxt.StreamingClient:
    """Return a client of v2; an emulator's finds posts for *queries*, or has usage for so many *days*."""

    def prepare(server: Emulator) -> None:
        with usage():
            server.make_past(*queries, posts=_PAST, days=days or 7, delivered=days is not None)

    return find_account(stack, "v2", credentials, emulator, prepare=prepare).client()
