"""The commands and their options."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Literal

import click
from click.core import ParameterSource
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Lifecycle, Message, Post, Status
from rxtweets.rules import Limits, StreamRule

from .accounts import Account, Api, find_account
from .activity import activity
from .auth import auth
from .completion import completion
from .consume import by_kind, consume, dead_letters
from .cost import cost
from .doctor import doctor
from .emulator import emulator
from .logs import Log, beginning_option, log_address
from .parsing import EPILOG, FILE, Group, rotate_option, speed_option, usage
from .past import counts, search, usage_
from .powerstream import powerstream
from .relay import relay
from .rule_files import check
from .rule_options import unchecked_option
from .rules import rules as rules_group
from .side_by_side import Asked, Filter, SideBySide, filter_options, one_filter, plain_options, refuse_rules
from .streaming import Output, output_options, show, streaming_options
from .temporary_rules import TemporaryRules
from .watch.command import watch


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(rxt.__version__, prog_name="rxtweets")
def rxtweets() -> None:
    """Twitter/X streams in a terminal.

    \b
    Try it without an account:
      rxtweets filter --track python --emulator
      rxtweets sample --emulator --json --limit 10 | jq .data.text
    """


rxtweets.add_command(rules_group)
rxtweets.add_command(emulator)
rxtweets.add_command(doctor)
rxtweets.add_command(watch)
rxtweets.add_command(auth)
rxtweets.add_command(completion)
rxtweets.add_command(search)
rxtweets.add_command(counts)
rxtweets.add_command(cost)
rxtweets.add_command(usage_)
rxtweets.add_command(powerstream)
rxtweets.add_command(relay)
rxtweets.add_command(activity)
rxtweets.add_command(consume)
rxtweets.add_command(dead_letters)


@rxtweets.command("filter", epilog=EPILOG, context_settings={"allow_extra_args": True})
@filter_options
@unchecked_option
@streaming_options
@click.pass_context
def filter_(
    context: click.Context,
    asked: Callable[[], Asked],
    unchecked: bool,
    output: Output,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print matching posts as they are published.

    Options may be repeated. Posts are printed that match any of --track, --follow,
    --locations and --rule. --language restricts all but rules, which can use lang:

    \b
    rxtweets filter --track 'red panda,koala'       # red and panda, or koala
    rxtweets filter --follow 2244994945 --language en
    rxtweets filter --locations=-122.75,36.8,-121.75,37.8
    rxtweets filter --rule 'cat has:images -is:retweet'

    Each --and-… and each line of --file is another filter. All share one connection,
    and each post is labelled with the filters that it matches, in their colours.

    \b
    rxtweets filter --track coffee --and-track tea
    rxtweets filter --file filters.txt              # rules on v2, words on v1.1

    On v2, the command adds rules to the app's, shows only what they match, and
    removes them when it ends. The app's other rules stay. What those match is still
    delivered, and counts towards the app's usage.
    """
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(
            f"Did you mean --track {said}? Or, for a rule in v2's language, --rule {said}?"
        )
    filters = asked()
    if not filters:
        raise click.UsageError(
            "Say what to match, such as --track python, or with --follow, --locations or --rule."
        )
    fields = output.asked()
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        plain, more = filters.on(account.api)
        if not unchecked:
            check([StreamRule(text) for one in (*plain, *more) for text in one.rules], Limits.enterprise())
        if more:
            beside = SideBySide(account, [*plain, *more], fields)
            stack.callback(beside.close)
            put = output.printer(account.api, beside.names)
            stack.callback(context.obj.hold)
            show(beside.stream(), account.where, output, put, beside.names_of)
            return
        put = output.printer(account.api)
        (one,) = plain
        show(filtered(stack, context, account, one, fields), account.where, output, put)


@rxtweets.command(epilog=EPILOG, context_settings={"allow_extra_args": True})
@streaming_options
@click.pass_context
def sample(
    context: click.Context,
    output: Output,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print about 1% of all posts as they are published."""
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(f"sample takes no arguments. Did you mean: rxtweets filter --track {said}")
    fields = output.asked()
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        put = output.printer(account.api)
        show(account.sample(fields), account.where, output, put)


@rxtweets.command(epilog=EPILOG)
@click.argument("file", type=FILE)
@plain_options
@rotate_option
@click.option("--log", type=log_address, metavar="ADDRESS", help="Record from a log: nats://HOST:4222/STREAM")
@click.option("--group", metavar="NAME", help="With --log: as a worker of this group, from where it is.")
@beginning_option
@unchecked_option
@streaming_options
@click.pass_context
def record(
    context: click.Context,
    file: str,
    log: Log | None,
    group: str | None,
    from_: Literal["new", "start"] | datetime,
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    rules: tuple[str, ...],
    rotate: tuple[int | timedelta, ...],
    unchecked: bool,
    output: Output,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print posts, and write the stream to FILE as it was received.

    Without --track and the like, it records the sample stream. FILE's name ends in
    .jsonl, or in .jsonl.gz or .jsonl.zst for a compressed file. If FILE exists, it is
    appended to. With --rotate, files are numbered: FILE's stem, then the number.

    \b
    rxtweets record posts.jsonl.gz --track python --emulator
    rxtweets record posts.jsonl --rotate 100MB --rotate 1d > /dev/null

    With --log, it records a log: from now on, or, as a worker of --group, from where
    the group is.

    
    rxtweets record posts.jsonl.gz --log nats://127.0.0.1/x-filter --group archive
    """
    with usage():
        recorder = tw.record(file, rotate=rotate or None)
    fields = output.asked()
    if group is not None and log is None:
        raise click.UsageError("--group needs --log.")
    if log is None and context.get_parameter_source("from_") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--from needs --log.")
    if log is not None:
        if track or follow or locations or languages or rules or emulator or credentials or api or output.ask:
            raise click.UsageError("--log records what is in a log: nothing is asked of X.")
        show(log.consume(group, from_=from_).pipe(recorder), log.where, output, by_kind(output))
        return
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        put = output.printer(account.api)
        if track or follow or locations or rules:
            one = one_filter(track, follow, locations, rules, languages=languages)
            refuse_rules(account.api, rules)
            if not unchecked:
                check(list(map(StreamRule, rules)), Limits.enterprise())
            stream = filtered(stack, context, account, one, fields)
        elif languages:
            raise click.UsageError(
                "--language needs --track, --follow or --locations; in a rule, use lang:en"
            )
        else:
            stream = account.sample(fields)
        show(stream.pipe(recorder), account.where, output, put)


@rxtweets.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=FILE)
@speed_option
@output_options
def replay(files: tuple[str, ...], speed: float | None, output: Output) -> None:
    """Print the posts of recordings, at the pace at which they arrived.

    FILE is a recording by `rxtweets record`. If it was rotated, name the numbered
    files. Files with one status or post per line work too, and so do twarc's: their
    posts are replayed at the pace at which they were created.

    \b
    rxtweets replay posts.jsonl.gz
    rxtweets replay posts.jsonl --speed max --json | jq .data.text
    """
    first = rxt.replay(*files, speed=None).pipe(tw.decode(), tw.of_type(Status, Post), ops.take(1))
    put = output.printer("v1" if any(isinstance(post, Status) for post in rxt.iterate(first)) else "v2")
    show(rxt.replay(*files, speed=speed).pipe(tw.decode()), "the stream, as recorded", output, put)


def filtered(
    stack: ExitStack,
    context: click.Context,
    account: Account,
    one: Filter,
    fields: rxt.endpoints.v2.PostFields,
) -> Observable[Message | Lifecycle]:
    """Return the stream of what *one* filter matches; on v2 by rules that *stack* removes."""
    if account.api == "v1":
        return rxt.Stream(account.auth, base_url=account.base_url).filter(one.query)
    client = account.client()
    temporary = TemporaryRules(client.rules, [*one.translated(), *one.rules])
    stack.callback(temporary.remove)
    stack.callback(context.obj.hold)
    temporary.add()
    return client.filter(**fields).pipe(
        ops.filter(lambda item: not isinstance(item, Post) or temporary.match(item))
    )
