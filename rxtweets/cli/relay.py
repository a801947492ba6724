"""`rxtweets relay`: a reader that writes a stream to a log, one of any number, and the log's status."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import click
import platformdirs
import reactivex
from msgspec import to_builtins
from reactivex import Observable

import rxtweets as rxt
from rxtweets._printable import printable

from .accounts import Api, find_account
from .embedded import start_server
from .logs import Log, log_address, log_option
from .parsing import EPILOG, FILE, Group, IntRange, length_of_time, options, usage
from .predicates import predicate_options
from .rule_files import plural
from .rule_options import json_option
from .side_by_side import one_filter
from .streaming import Output, show, source_options

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Target(NamedTuple):
    """The options about the log that is written to."""

    log: Log | None
    folder: str | None
    port: int
    replicas: int | None
    keep: timedelta | None
    limit: int | None
    stats: bool

    def lead(
        self, streams: dict[str, Callable[[rxt.Checkpoint], Observable[Any]]], where: str, default: str
    ) -> None:
        """Lead for each of the *streams*, which have the names of their leases, until Ctrl-C.

        *default* is the name of the stream in a log that is started here.
        """
        log = self.log
        if self.folder is not None:
            folder = self.folder or str(platformdirs.user_data_path("rxtweets", appauthor=False) / "nats")
            address = start_server(folder, self.port)
            log = Log((address,), default)
            click.echo(f"# the log is {address}/{default}", err=True)
        if log is None:
            raise click.UsageError(
                "Name the log with --to nats://HOST:4222/STREAM, or start one: --embedded."
            )
        with usage():
            opened = log.open(replicas=self.replicas, keep=self.keep)
        led = [opened.lead(open_stream, name=name) for name, open_stream in streams.items()]
        stream = led[0] if len(led) == 1 else reactivex.merge(*led)
        show(stream, where, Output(self.limit, stats=self.stats), lambda post, names: None)


def target_options(command: _Command) -> _Command:
    """Add the options about the log; *command* gets them as `target`."""

    @functools.wraps(command)
    def collected(*args: Any, **given: Any) -> Any:
        target = Target(**{name: given.pop(name) for name in Target._fields})
        source = click.get_current_context().get_parameter_source("log")
        if target.folder is not None and source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("--to and --embedded exclude each other.")
        return command(*args, target=target, **given)

    return _options(collected)  # type: ignore[return-value]


_options = options(
    click.option(
        "--to",
        "log",
        type=log_address,
        metavar="ADDRESS",
        envvar="RXTWEETS_LOG",
        help="The log, nats://HOST:4222/STREAM; default $RXTWEETS_LOG.",
    ),
    click.option(
        "--embedded",
        "folder",
        metavar="[FOLDER]",
        type=FILE,
        is_flag=False,
        flag_value="",
        help="Start nats-server here, which keeps the log in FOLDER.",
    ),
    click.option(
        "--port",
        type=IntRange(0, 65535),
        default=4222,
        show_default=True,
        help="Of --embedded; 0 is a free one.",
    ),
    click.option(
        "--replicas", type=IntRange(1, 5), metavar="N", help="Servers of a cluster that keep each post."
    ),
    click.option("--keep", type=length_of_time, metavar="TIME", help="How long: 7d; default for ever."),
    click.option("--limit", type=IntRange(min=1), metavar="N", help="End after N posts."),
    click.option("--stats", is_flag=True, help="Show rate, lag, losses and the connection on stderr."),
)


@click.group(cls=Group)
def relay() -> None:
    """Write a stream to a log, by one reader of several.

    Start it on as many machines as you like: one reads, the others stand by. When it
    dies, another one takes over within 15 s, and asks X for what came meanwhile.
    `rxtweets consume` is a worker on what is in the log.

    \b
    rxtweets relay sample --emulator --embedded
    rxtweets relay filter --to nats://one:4222,two:4222,three:4222/x-filter --replicas 3
    rxtweets relay status --log nats://one:4222/x-filter
    """


@relay.command("filter", epilog=EPILOG)
@click.option("--track", multiple=True, metavar="WORDS", help="Words of v1.1; a comma is OR.")
@predicate_options
@source_options
@target_options
def filter_(
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    ask: tuple[str, ...],
    emulator: bool,
    credentials: str | None,
    api: Api | None,
    target: Target,
) -> None:
    """Write matching posts to a log.

    On v2 these are what the app's rules match, which `rxtweets rules` manages: they
    stay when a reader dies. --track, --follow, --locations and --language are for v1.1.
    """
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator, level="enterprise")
        asked = bool(track or follow or locations or languages)
        open_stream: Callable[[rxt.Checkpoint], Observable[Any]]
        if account.api == "v1":
            if not asked:
                raise click.UsageError("On v1.1 say what to match, such as --track python.")
            query = one_filter(track, follow, locations, (), languages=languages).query
            stream = rxt.Stream(account.auth, base_url=account.base_url)

            def open_stream(checkpoint: rxt.Checkpoint) -> Observable[Any]:
                return stream.filter(query, recovery=rxt.Recovery(checkpoint=checkpoint))

        else:
            if asked:
                raise click.UsageError(
                    "On v2 the app's rules say what to match: rxtweets rules add 'cat has:images'"
                )
            fields = Output(None, ask).asked()
            client = account.client()

            def open_stream(checkpoint: rxt.Checkpoint) -> Observable[Any]:
                return client.filter(recovery=rxt.Recovery(checkpoint=checkpoint), **fields)

        target.lead({"reader": open_stream}, account.where, "x-filter")


@relay.command(epilog=EPILOG)
@source_options
@target_options
def sample(
    ask: tuple[str, ...], emulator: bool, credentials: str | None, api: Api | None, target: Target
) -> None:
    """Write about 1% of all posts to a log."""
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator, level="enterprise")
        fields = Output(None, ask).asked()

        def open_stream(checkpoint: rxt.Checkpoint) -> Observable[Any]:
            return account.sample(fields, rxt.Recovery(checkpoint=checkpoint))

        target.lead({"reader": open_stream}, account.where, "x-sample")


@relay.command(epilog=EPILOG)
@click.option(
    "--partition",
    "partitions",
    type=IntRange(1, 20),
    multiple=True,
    metavar="N",
    help="Only these; default all.",
)
@click.option("--lang", type=click.Choice(["en", "ja", "ko", "pt"]), help="Only posts in this language.")
@source_options
@target_options
def firehose(
    partitions: tuple[int, ...],
    lang: Any,
    ask: tuple[str, ...],
    emulator: bool,
    credentials: str | None,
    api: Api | None,
    target: Target,
) -> None:
    """Write all posts to a log, each partition under a lease of its own (enterprise).

    Start it on several machines: they share the partitions, also with one that comes
    later, and when a machine dies the others share what it read.
    """
    if api == "v1":
        raise click.UsageError("The firehose in partitions is v2's.")
    with ExitStack() as stack:
        account = find_account(stack, "v2", credentials, emulator, level="enterprise")
        fields = Output(None, ask).asked()
        client = account.client()
        count = rxt.endpoints.v2.partitions_of(rxt.endpoints.v2.firehose(partition=1, lang=lang))
        if wrong := [number for number in partitions if number > count]:
            raise click.UsageError(f"There are {count} partitions, and no {wrong[0]}.")

        def opening(number: int) -> Callable[[rxt.Checkpoint], Observable[Any]]:
            return lambda checkpoint: client.firehose(
                partition=number, lang=lang, recovery=rxt.Recovery(checkpoint=checkpoint), **fields
            )

        numbers = partitions or range(1, count + 1)
        streams = {f"{lang or 'partition'}-{number}": opening(number) for number in numbers}
        target.lead(streams, account.where, "x-firehose")


_TICK = 1.0
"""Seconds from one look at a log to the next."""


@relay.command()
@log_option
@json_option
def status(log: Log, as_json: bool) -> None:
    """Print who reads, how far each group is, rates, and how much went aside.

    What is handed out, a worker of the group holds, or gave back when it ended.

    It takes a second; with a reader that is silent, as long as its lease.
    """
    opened, tick = log.open(), threading.Event()
    before, began = opened.status().run(), time.monotonic()
    while True:
        tick.wait(_TICK)
        now, took = opened.status().run(), time.monotonic() - began
        silent = {name for name, lease in now.leases.items() if lease.id and before.leases.get(name) == lease}
        if all(took >= now.leases[name].seconds for name in silent):
            break
    if as_json:
        click.echo(json.dumps(to_builtins(now)))
        return
    rate = (now.last - before.last) / took
    servers = plural(now.replicas, "server") if now.leader else "no leader"
    if now.leader and now.replicas > 1:
        servers += f", led by {printable(now.leader)}"
    click.echo(f"{log.where}: {now.messages:,} messages, {now.bytes / 1e6:,.1f} MB, {rate:,.0f}/s; {servers}")
    if now.behind:
        click.echo(f"  behind or away: {', '.join(map(printable, now.behind))}")
    if not now.leases:
        click.echo("  no reader with a lease has been here")
    for name, lease in now.leases.items():
        whole = "" if lease.time is None else f", all is stored up to {_time(lease.time)}"
        whole += f", {plural(len(lease.missed), 'outage')} being recovered" if lease.missed else ""
        who = f"{printable(lease.reader)} reads since {_time(lease.since)}" if lease.id else "nobody reads"
        if name in silent:
            who = f"{printable(lease.reader)} is silent"
        click.echo(f"  {name}: {who}{whole}")
    earlier = {group.name: group for group in before.groups}
    for group in now.groups:
        was = earlier.get(group.name, group)
        click.echo(
            f"  group {group.name}: {group.waiting + group.unacknowledged:,} to do"
            f" ({group.unacknowledged:,} handed out, {group.redelivered:,} of them more than once),"
            f" {(group.done - was.done) / took:,.0f}/s, {plural(group.dead, 'dead letter')}"
        )


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
