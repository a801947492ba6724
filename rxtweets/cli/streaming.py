"""The common part of the commands that print posts: their options, and the printing itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, TypeVar

import click
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Activity, Lifecycle, Message, Post, Status

from .accounts import credentials_option
from .budgets import budget_options
from .columns import Columns, Kind, needs
from .notices import Notices
from .output import Print, printer
from .parsing import IntRange, options, usage

_Command = TypeVar("_Command", bound=Callable[..., Any])

# A line of output needs these (the whole text of a retweet, and of a long post, is elsewhere). The rest are
# the fields that readers of the JSON would miss first.
FIELDS: rxt.endpoints.v2.PostFields = {
    "expansions": ["author_id", "referenced_tweets.id"],
    "tweet_fields": ["created_at", "lang", "note_tweet", "referenced_tweets"],
    "user_fields": ["username", "name"],
}


class Output(NamedTuple):
    """The options about the output: how many posts, of which fields, in which form."""

    limit: int | None
    ask: tuple[str, ...] = ()
    as_json: bool = False
    as_csv: bool = False
    paths: tuple[str, ...] = ()
    stats: bool = False

    def check(self) -> None:
        """Raise a UsageError for options that don't go together."""
        if self.as_json and self.as_csv:
            raise click.UsageError("--json and --csv can't be used together.")
        if self.paths and not (self.as_json or self.as_csv):
            raise click.UsageError("--fields needs --csv or --json.")

    def asked(self) -> rxt.endpoints.v2.PostFields:
        """Return the fields of posts to ask for: `FIELDS`, those of `--ask`, and what `--fields` needs.

        Raises:
            UsageError: `--ask` has another form than `tweet.fields=geo,source`, or X has no such field.
        """
        made: dict[str, list[str]] = {name: list(names) for name, names in FIELDS.items()}  # type: ignore[call-overload]
        for option in self.ask:
            parameter, equals, names = option.partition("=")
            name = parameter.strip().replace(".", "_")
            if not equals or name not in rxt.endpoints.v2.PostFields.__annotations__:
                raise click.UsageError(
                    f"--ask takes a parameter with names, such as tweet.fields=geo,source, not {option!r}"
                )
            made.setdefault(name, []).extend(one.strip() for one in names.split(",") if one.strip())
        for parameter, needed in needs(self.paths).items():
            made.setdefault(parameter, []).extend(needed)
        with usage():
            rxt.endpoints.v2.sample(base_url="https://api.x.com", **made)  # type: ignore[arg-type]
        return made  # type: ignore[return-value]

    def printer(self, api: Kind, names: Sequence[str] = ()) -> Print:
        """Return `output.printer` for these options; *names* are those of filters side by side.

        Raises:
            UsageError: posts of this protocol have no such field, or it takes no `--ask`.
        """
        refuse_ask(api, self.ask)
        table = self.as_csv or self.paths
        columns = Columns(api, self.paths, bool(names)) if table else None
        return printer(self.as_json, names, columns)


def refuse_ask(api: Kind, ask: Sequence[str]) -> None:
    """Raise a UsageError if more is asked for, and *api* takes no `--ask`."""
    if ask and api == "v1":
        raise click.UsageError("--ask is for v2: v1.1 always sends whole statuses.")


def output_options(command: _Command) -> _Command:
    """Add the options about the output, which *command* gets as `output`."""
    return _output(_collected(command))  # type: ignore[return-value]


def streaming_options(command: _Command) -> _Command:
    """Add the options of commands that print a stream; *command* gets those about the output as `output`."""
    return _output(source_options(_collected(command)))  # type: ignore[return-value]


def _collected(command: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def collected(
        *args: Any,
        limit: int | None,
        as_json: bool,
        as_csv: bool,
        fields: Iterable[str],
        stats: bool,
        ask: tuple[str, ...] = (),
        **others: Any,
    ) -> Any:
        paths = tuple(path.strip() for given in fields for path in given.split(","))
        output = Output(limit, ask, as_json, as_csv, paths, stats)
        output.check()
        return command(*args, output=output, **others)

    return collected


_output = options(
    click.option("--limit", type=IntRange(min=1), metavar="N", help="Stop after N posts."),
    click.option("--json", "as_json", is_flag=True, help="Print each post's JSON as received, one per line."),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header, for spreadsheets."),
    click.option(
        "--fields",
        multiple=True,
        metavar="PATHS",
        help="Columns of --csv, or keys of --json: author.username,text,lang",
    ),
    click.option("--stats", is_flag=True, help="Show rate, lag, losses and connection state on stderr."),
)
ask_option = click.option(
    "--ask", multiple=True, metavar="PARAM=NAMES", help="Request more from v2: tweet.fields=geo,source"
)
emulator_option = click.option(
    "--emulator", is_flag=True, help="Stream from a local server; needs no credentials."
)
source_options = options(
    ask_option,
    budget_options,
    emulator_option,
    credentials_option,
    click.option(
        "--api", type=click.Choice(["v1", "v2"]), help="Protocol; default: v2 if the credentials allow it."
    ),
)


def show(
    stream: Observable[Message | Lifecycle],
    where: str,
    output: Output,
    put: Print,
    names_of: Callable[[Post | Status], Sequence[str]] | None = None,
) -> None:
    """Print the posts or activities of *stream* with *put* until it ends, the limit is reached, or Ctrl-C.

    Everything else is reported on stderr, where *where* is what it is connected to. *names_of* tells the
    filters of a post, where several are shown side by side.
    """
    with ExitStack() as stack:
        notices = stack.enter_context(Notices(where))
        if output.stats:
            stream = stack.enter_context(notices.measuring(stream))

        def print_post(post: Post | Status | Activity) -> None:
            with notices.aside():
                put(post, names_of(post) if names_of and not isinstance(post, Activity) else ())
            if isinstance(post, Post):
                notices.partial_errors(post)

        posts: Observable[Any] = stream.pipe(
            tw.route(notices.routes),
            tw.of_type(Status, Post, Activity),
        )
        rxt.run(posts if output.limit is None else posts.pipe(ops.take(output.limit)), print_post)
