"""`rxtweets activity`: the events of X Activity."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import click
from reactivex import operators as ops

from rxtweets.messages import EVENT_TYPES, Activity

from .accounts import credentials_option, find_account, own_user
from .budgets import budget_options
from .parsing import EPILOG, Command, usage
from .streaming import Output, emulator_option, output_options, show
from .temporary_subscriptions import TemporarySubscriptions, Wanted

_SIGN_IN = "to use your own id, sign in: rxtweets auth login pkce"
_NOT_ASKED_FOR = {"oauth.revoke", "chat.conversation_join"}
"""Events of a group that aren't subscribed to: one comes by itself, one is another's former name."""


@click.command(cls=Command, epilog=EPILOG)
@click.option("--event", "events", multiple=True, metavar="TYPE", help="Event type: post.create, 'follow.*'.")
@click.option("--user", "users", multiple=True, metavar="ID", help="User the events are about; default: you.")
@click.option("--keyword", metavar="TEXT", help="Keyword the events are about, for news.new.")
@click.option(
    "--direction", type=click.Choice(["inbound", "outbound"]), help="Events to the user, or by the user."
)
@output_options
@budget_options
@emulator_option
@credentials_option
@click.pass_context
def activity(
    context: click.Context,
    events: tuple[str, ...],
    users: tuple[str, ...],
    keyword: str | None,
    direction: str | None,
    output: Output,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Print what users do: posts, likes, follows, messages, profile changes.

    The command subscribes to each --event for each --user, and removes the
    subscriptions when it ends. Without --event, it prints the events that the app is
    subscribed to already.

    \b
    rxtweets activity --event post.create --user 2244994945
    rxtweets activity --event 'follow.*' --event like.create --emulator

    Private events (likes, direct messages, mentions, mutes and the like) are limited
    to the user who has signed in: rxtweets auth login pkce
    """
    if not events and (users or keyword or direction):
        raise click.UsageError("--user, --keyword and --direction need --event.")
    types = _types(events)
    with ExitStack() as stack:
        account = find_account(stack, "v2", credentials, emulator)
        user = account.user or (own_user() if credentials is None else None)
        client = account.client(user)
        put = output.printer("activity")
        stream = client.activity()
        if types:
            if not users and keyword is None:
                if user is None:
                    raise click.UsageError(f"--event needs --user ID or --keyword; {_SIGN_IN}")
                users = (client.user_id().run(),)
            wanted = [Wanted(name, one, keyword) for name in types for one in users or (None,)]
            temporary = TemporarySubscriptions(client.subscriptions, wanted)
            stack.callback(temporary.remove)
            stack.callback(context.obj.hold)
            with usage():
                temporary.add(direction)
            stream = stream.pipe(
                ops.filter(lambda item: not isinstance(item, Activity) or temporary.match(item))
            )
        show(stream, account.where, output, put)


def _types(events: Sequence[str]) -> list[str]:
    """Return the types of events, groups such as `follow.*` resolved."""
    found: dict[str, None] = {}
    for name in events:
        group = name.removesuffix("*")
        inside = [
            one for one in sorted(EVENT_TYPES - _NOT_ASKED_FOR) if group != name and one.startswith(group)
        ]
        if group != name and (not inside or not group.endswith(".")):
            groups = sorted({f"{one.partition('.')[0]}.*" for one in EVENT_TYPES - _NOT_ASKED_FOR})
            raise click.UsageError(f"--event: unknown group {name!r}; the groups are {', '.join(groups)}")
        found.update(dict.fromkeys(inside or [name]))
    return list(found)
