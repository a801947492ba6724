"""The commands and their options."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import click
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Lifecycle, Message, Post, Status
from rxtweets.rules import Limits, StreamRule

from .accounts import Account, Api, credentials_option, find_account
from .emulator import emulator
from .output import Notices, printer
from .parsing import Group, IntRange, options, rotate_option, speed_option, usage
from .predicates import predicate_options
from .rule_files import check, rules_in
from .rule_options import unchecked_option
from .rules import rules as rules_group
from .side_by_side import Filter, SideBySide, filters_of, more_options, one_filter
from .temporary_rules import TemporaryRules

EPILOG = """\b
Credentials are read from the environment or from a TOML file (--credentials):
  v2    X_BEARER_TOKEN, or X_CONSUMER_KEY and X_CONSUMER_SECRET
  v1.1  X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET
TWITTER_… works as X_… does; the file has the names in lower case, without prefix.
RXTWEETS_BASE_URL names another host than X's.

\b
Exit status: 0 when --limit is reached, 1 for an error, 2 for a wrong option,
130 after Ctrl-C, 129 or 143 after SIGHUP or SIGTERM, 141 when nobody reads.
"""

# A line of output needs these (the whole text of a retweet, and of a long post, is elsewhere). The rest are
# the fields that readers of the JSON would miss first.
FIELDS: rxt.endpoints.v2.PostFields = {
    "expansions": ["author_id", "referenced_tweets.id"],
    "tweet_fields": ["created_at", "lang", "note_tweet", "referenced_tweets"],
    "user_fields": ["username", "name"],
}


def fields(asked: Iterable[str]) -> rxt.endpoints.v2.PostFields:
    """Return the fields of posts to ask for: `FIELDS` and those of options such as `tweet.fields=geo,source`.

    Raises:
        UsageError: an option has another form, or X has no such field.
    """
    made: dict[str, list[str]] = {name: list(names) for name, names in FIELDS.items()}  # type: ignore[call-overload]
    for option in asked:
        parameter, equals, names = option.partition("=")
        name = parameter.strip().replace(".", "_")
        if not equals or name not in rxt.endpoints.v2.PostFields.__annotations__:
            raise click.UsageError(f"--ask takes tweet.fields=… or expansions=… and the like, not {option!r}")
        made.setdefault(name, []).extend(one.strip() for one in names.split(",") if one.strip())
    with usage():
        rxt.endpoints.v2.sample(base_url="https://api.x.com", **made)  # type: ignore[arg-type]
    return made  # type: ignore[return-value]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(rxt.__version__, prog_name="rxtweets")
def rxtweets() -> None:
    """Twitter/X streams in a terminal.

    \b
    Try it without an account:
      rxtweets filter --track python --emulator
      rxtweets sample --emulator --json --limit 10 | jq .data.text
    """


streaming_options = options(
    click.option("--limit", type=IntRange(min=1), metavar="N", help="End after N posts."),
    click.option(
        "--ask", multiple=True, metavar="PARAM=NAMES", help="Ask v2 for more: tweet.fields=geo,source"
    ),
    click.option("--json", "as_json", is_flag=True, help="Print each post's JSON as received, a line each."),
    click.option("--emulator", is_flag=True, help="Stream from a local server; needs no credentials."),
    credentials_option,
    click.option(
        "--api", type=click.Choice(["v1", "v2"]), help="Protocol; default v2 where the credentials allow it."
    ),
)


rxtweets.add_command(rules_group)
rxtweets.add_command(emulator)


@rxtweets.command("filter", epilog=EPILOG, context_settings={"allow_extra_args": True})
@click.option("--track", multiple=True, metavar="WORDS", help="Posts with all of these words; a comma is OR.")
@predicate_options
@click.option("--rule", "rules", multiple=True, metavar="TEXT", help="Rule in X's rule language (v2 only).")
@more_options
@unchecked_option
@streaming_options
@click.pass_context
def filter_(
    context: click.Context,
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    rules: tuple[str, ...],
    and_track: tuple[str, ...],
    and_follow: tuple[str, ...],
    and_locations: tuple[str, ...],
    and_rule: tuple[str, ...],
    path: str | None,
    unchecked: bool,
    limit: int | None,
    ask: tuple[str, ...],
    as_json: bool,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print matching posts as they are published.

    Options may be given several times. --track, --follow, --locations and --rule
    add up; --language narrows down all but rules, which can say lang: themselves.

    \b
    rxtweets filter --track 'red panda,koala'       # red and panda, or koala
    rxtweets filter --follow 2244994945 --language en
    rxtweets filter --locations=-122.75,36.8,-121.75,37.8
    rxtweets filter --rule 'cat has:images -is:retweet'

    Each --and-… and each line of --file is one more filter. All share a connection,
    and each post says which of them it matches, in their colours.

    \b
    rxtweets filter --track coffee --and-track tea
    rxtweets filter --file filters.txt              # rules on v2, words on v1.1

    On v2 the command adds rules of its own to those of the app, shows only what
    they match, and removes them when it ends. Other rules of the app stay, and what
    they match still comes over the connection and counts as usage at X.
    """
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(
            f"Did you mean --track {said}? Or is it a rule of v2's language: --rule {said}?"
        )
    make = partial(one_filter, languages=languages)
    plain = [make(track, follow, locations, rules)] if track or follow or locations or rules else []
    more = [
        *(make(track=(words,)) for words in and_track),
        *(make(follow=(user,)) for user in and_follow),
        *(make(locations=(box,)) for box in and_locations),
        *(make(rules=(rule,)) for rule in and_rule),
    ]
    lines = rules_in(path) if path is not None else []
    if not (plain or more or lines):
        raise click.UsageError("Say what to match, such as --track python; or --follow, --locations, --rule.")
    asked = fields(ask)
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        more += filters_of(lines, path or "", account.api, languages)
        every = [*plain, *more]
        texts = [text for one in every for text in one.rules]
        if account.api == "v1":
            refuse_rules(texts)
            refuse_ask(ask)
        if languages and all(one.query is None for one in every):
            raise click.UsageError(
                "--language goes with --track, --follow and --locations; in a rule: lang:en"
            )
        if not unchecked:
            check(list(map(StreamRule, texts)), Limits.enterprise())
        if more:
            beside = SideBySide(account, every, asked)
            stack.callback(beside.close)
            stack.callback(context.obj.hold)
            show(beside.stream(), account.where, limit, as_json, beside)
            return
        (one,) = plain
        show(filtered(stack, context, account, one, asked), account.where, limit, as_json)


@rxtweets.command(epilog=EPILOG, context_settings={"allow_extra_args": True})
@streaming_options
@click.pass_context
def sample(
    context: click.Context,
    limit: int | None,
    ask: tuple[str, ...],
    as_json: bool,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print about 1% of all posts as they are published."""
    if context.args:
        said = shlex.quote(" ".join(context.args))
        raise click.UsageError(f"sample takes no words. Did you mean: rxtweets filter --track {said}")
    asked = fields(ask)
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        show(sampled(account, ask, asked), account.where, limit, as_json)


@rxtweets.command(epilog=EPILOG)
@click.argument("file")
@click.option("--track", multiple=True, metavar="WORDS", help="Posts with all of these words; a comma is OR.")
@predicate_options
@click.option("--rule", "rules", multiple=True, metavar="TEXT", help="Rule in X's rule language (v2 only).")
@rotate_option
@unchecked_option
@streaming_options
@click.pass_context
def record(
    context: click.Context,
    file: str,
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    rules: tuple[str, ...],
    rotate: tuple[int | timedelta, ...],
    unchecked: bool,
    limit: int | None,
    ask: tuple[str, ...],
    as_json: bool,
    emulator: bool,
    credentials: str | None,
    api: Api | None,
) -> None:
    """Print posts, and write the stream to FILE as it was received.

    Without --track and the like it is the sample stream. The name of FILE ends in
    .jsonl, or in .jsonl.gz or .jsonl.zst to compress it; one that is there is
    appended to. With --rotate there are files with numbers, FILE's stem before them.

    \b
    rxtweets record posts.jsonl.gz --track python --emulator
    rxtweets record posts.jsonl --rotate 100MB --rotate 1d > /dev/null
    """
    with usage():
        recorder = tw.record(file, rotate=rotate or None)
    asked = fields(ask)
    with ExitStack() as stack:
        account = find_account(stack, api, credentials, emulator)
        if track or follow or locations or rules:
            one = one_filter(track, follow, locations, rules, languages=languages)
            if account.api == "v1":
                refuse_rules(rules)
                refuse_ask(ask)
            if not unchecked:
                check(list(map(StreamRule, rules)), Limits.enterprise())
            stream = filtered(stack, context, account, one, asked)
        elif languages:
            raise click.UsageError(
                "--language goes with --track, --follow and --locations; in a rule: lang:en"
            )
        else:
            stream = sampled(account, ask, asked)
        show(stream.pipe(recorder), account.where, limit, as_json)


@rxtweets.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@speed_option
@click.option("--limit", type=IntRange(min=1), metavar="N", help="End after N posts.")
@click.option("--json", "as_json", is_flag=True, help="Print each post's JSON as received, a line each.")
def replay(files: tuple[str, ...], speed: float | None, limit: int | None, as_json: bool) -> None:
    """Print the posts of recordings, as far apart as they came.

    FILE is what `rxtweets record` wrote; of one that was rotated, the name that it
    got. Files of statuses or posts, one a line, are replayed, too, by the time at
    which they were created, and so are those of twarc.

    \b
    rxtweets replay posts.jsonl.gz
    rxtweets replay posts.jsonl --speed max --json | jq .data.text
    """
    show(rxt.replay(*files, speed=speed).pipe(tw.decode()), "the stream, as recorded", limit, as_json)


def sampled(
    account: Account, ask: tuple[str, ...], asked: rxt.endpoints.v2.PostFields
) -> Observable[Message | Lifecycle]:
    """Return the sample stream."""
    if account.api == "v1":
        refuse_ask(ask)
        return rxt.Stream(account.auth, base_url=account.base_url).sample()
    return rxt.StreamingClient(account.auth, base_url=account.base_url).sample(**asked)


def filtered(
    stack: ExitStack,
    context: click.Context,
    account: Account,
    one: Filter,
    asked: rxt.endpoints.v2.PostFields,
) -> Observable[Message | Lifecycle]:
    """Return the stream of what *one* filter matches; on v2 by rules that *stack* removes."""
    if account.api == "v1":
        return rxt.Stream(account.auth, base_url=account.base_url).filter(one.query)
    client = rxt.StreamingClient(account.auth, base_url=account.base_url)
    temporary = TemporaryRules(client.rules, [*one.translated(), *one.rules])
    stack.callback(temporary.remove)
    stack.callback(context.obj.hold)
    temporary.add()
    return client.filter(**asked).pipe(
        ops.filter(lambda item: not isinstance(item, Post) or temporary.match(item))
    )


def refuse_rules(rules: Iterable[str]) -> None:
    if any(rules):
        raise click.UsageError("rules need v2; on v1.1 use --track, --follow and --locations.")


def refuse_ask(ask: tuple[str, ...]) -> None:
    if ask:
        raise click.UsageError("--ask is for v2: v1.1 sends each status whole.")


def show(
    stream: Observable[Message | Lifecycle],
    where: str,
    limit: int | None,
    as_json: bool,
    beside: SideBySide | None = None,
) -> None:
    """Print the posts of *stream*, at most *limit*, until it ends or Ctrl-C is pressed.

    Everything else is reported on stderr, where *where* is what it is connected to. With *beside* each post
    has the names of its filters.
    """
    put = printer(as_json, beside.names if beside else ())
    with Notices(where) as notices:

        def print_post(post: Post | Status) -> None:
            put(post, beside.names_of(post) if beside else ())
            if isinstance(post, Post):
                notices.partial_errors(post)

        posts: Observable[Any] = stream.pipe(
            tw.route(notices.routes),
            tw.of_type(Status, Post),
        )
        rxt.run(posts if limit is None else posts.pipe(ops.take(limit)), print_post)
