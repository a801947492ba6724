"""`rxtweets consume` and `rxtweets dead-letters`: what is in a log, and what couldn't be worked on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import click

import rxtweets as rxt
from rxtweets import messages
from rxtweets._printable import printable
from rxtweets.messages import Activity, Message, Post, Status, decode

from .columns import Columns, Kind
from .logs import Log, beginning_option, log_option
from .output import Print, parts
from .parsing import Command, usage
from .rule_options import json_option
from .streaming import Output, output_options, show

_KINDS = {
    name: kind
    for name in messages.__all__
    if isinstance(kind := getattr(messages, name), type) and issubclass(kind, Message) and kind is not Message
}


@click.command(cls=Command)
@log_option
@click.option("--group", metavar="NAME", help="Share with the workers of this group; default all posts.")
@beginning_option
@click.option(
    "--order",
    type=click.Choice(["author", "log"]),
    help="Of a group: keep each author's posts in order, or all of them.",
)
@click.option("--kinds", metavar="NAMES", help="Which messages to get: Post,Delete; default all.")
@output_options
def consume(
    log: Log,
    group: str | None,
    from_: Literal["new", "start"] | datetime,
    order: Literal["author", "log"] | None,
    kinds: str | None,
    output: Output,
) -> None:
    """Print posts of a log.

    Without --group it prints all that are written from now on, as tail -f does, and
    leaves nothing behind. With --group each is printed by one of the group's workers,
    and done: the next worker goes on behind it.

    \b
    export RXTWEETS_LOG=nats://127.0.0.1:4222/x-filter
    rxtweets consume
    rxtweets consume --group texts --from start
    rxtweets consume --group archive --json >> posts.jsonl

    What a group can't work on goes aside: see rxtweets dead-letters.
    """
    put = by_kind(output)
    with usage():
        chosen = None if kinds is None else _kinds(kinds)
    show(log.consume(group, from_=from_, order=order, kinds=chosen), log.where, output, put)


@click.command("dead-letters", cls=Command)
@log_option
@click.option("--group", required=True, metavar="NAME", help="The group of workers.")
@click.option("--retry", is_flag=True, help="Send them to the group again; print which were.")
@json_option
def dead_letters(log: Log, group: str, retry: bool, as_json: bool) -> None:
    """Print the messages that a group couldn't work on, with their errors.

    \b
    rxtweets dead-letters --group texts
    rxtweets dead-letters --group texts --retry
    """
    with usage():
        opened = log.open()
        letters = opened.retry_dead_letters(group) if retry else opened.dead_letters(group)
    count = 0
    for letter in rxt.iterate(letters):
        count += 1
        if as_json:
            row = {
                "sequence": letter.sequence,
                "at": letter.at.isoformat(),
                "attempts": letter.attempts,
                "error": letter.error,
                "frame": letter.frame.decode("utf-8", "replace"),
            }
            click.echo(json.dumps(row))
        else:
            tried = f"{letter.attempts} attempts, {printable(letter.error)}"
            click.echo(f"{letter.at:%Y-%m-%d %H:%M:%S} {tried}: {_summary(decode(letter.frame))}")
    if not count and group not in (groups := [printable(one.name) for one in opened.status().run().groups]):
        there = f"there are {', '.join(groups)}" if groups else "there is none"
        raise click.ClickException(f"{log.where} has no group {group!r}: {there}")
    if not as_json:
        sent = "sent to the group again" if retry else "in all"
        click.echo(f"# {count:,} {sent}", err=True)


def _summary(message: Message) -> str:
    """Return a message in a line."""
    if isinstance(message, Post | Status | Activity):
        _, author, text = parts(message)
        return f"{author} {text}"
    return f"{type(message).__name__} {printable(message.raw.decode('utf-8', 'replace'))}"


def _kinds(names: str) -> list[type[Message]]:
    """Return the classes of messages that are named.

    Raises:
        ValueError: there is no such class.
    """
    found = []
    for name in (one.strip() for one in names.split(",")):
        if name not in _KINDS:
            raise ValueError(f"--kinds: there is no {name!r}: there are {', '.join(sorted(_KINDS))}")
        found.append(_KINDS[name])
    return found


def _check_paths(paths: Sequence[str]) -> None:
    """Raise a UsageError if nothing that a log may have has such fields."""
    wrong = []
    for kind in _FORMS.values():
        try:
            Columns(kind, paths, matched=False)
        except click.UsageError as error:
            wrong.append(error)
    if len(wrong) == len(_FORMS):
        raise wrong[0]


_FORMS: dict[type[Message], Kind] = {Post: "v2", Status: "v1", Activity: "activity"}


def by_kind(output: Output) -> Print:
    """Return a function that prints in the form of what comes: before that it isn't known what a log has.

    Raises:
        UsageError: nothing that a log may have has the fields asked for.
    """
    _check_paths(output.paths)
    printers: dict[type[Message], Print] = {}

    def put(post: Post | Status | Activity, matched: Sequence[str]) -> None:
        kind = type(post)
        if kind not in printers:
            printers[kind] = output.printer(_FORMS[kind])
        printers[kind](post, matched)

    return put
