"""Shared parts of the commands about rules: options, arguments, the client, and output."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TypeVar

import click
from reactivex import Observable

import rxtweets as rxt
from rxtweets._printable import printable
from rxtweets.rules import Limits, RuleError, RulesClient, StreamRule
from rxtweets.rules.management.base import RulesClientBase

from .accounts import credentials_option, find_account
from .parsing import FILE, options
from .rule_files import rules_in

_T = TypeVar("_T")


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
file_option = click.option(
    "--file", "path", metavar="FILE", type=FILE, help="Rules from a file, one per line or TOML; - is stdin."
)
toml_option = click.option("--toml", "as_toml", is_flag=True, help="Print TOML, as sync reads it.")
enterprise_option = click.option(
    "--enterprise", is_flag=True, help="Allow rules of 2,048 characters, not 1,024."
)
powerstream_option = click.option("--powerstream", is_flag=True, help="Powerstream's rules, in its dialect.")
unchecked_option = click.option("--unchecked", is_flag=True, help="Send rules without checking them first.")
account_options = options(
    credentials_option,
    click.option("--emulator", is_flag=True, help="Use a local server, which starts without rules."),
)


def rules_client(stack: ExitStack, credentials: str | None, emulator: bool) -> RulesClient:
    """Return the client of an account's rules of the filtered stream; *stack* closes the account."""
    account = find_account(stack, "v2", credentials, emulator)
    return account.client().rules


def any_rules_client(
    stack: ExitStack, credentials: str | None, emulator: bool, powerstream: bool
) -> RulesClientBase:
    """Return the client of an account's rules of the filtered stream or of Powerstream."""
    if not powerstream:
        return rules_client(stack, credentials, emulator)
    account = find_account(stack, "v2", credentials, emulator, level="enterprise")
    return account.client().powerstream_rules


def collect_rules(texts: tuple[str, ...], path: str | None) -> list[StreamRule]:
    """Return the rules of arguments and of a file; the argument `-` is stdin."""
    found = [rule for text in texts for rule in (rules_in("-") if text == "-" else [StreamRule(text)])]
    found += rules_in(path) if path is not None else []
    if not found:
        raise click.UsageError("Give at least one rule, or --file.")
    return found


def limits(enterprise: bool, powerstream: bool = False) -> Limits:
    if powerstream:
        return Limits.powerstream()
    return Limits.enterprise() if enterprise else Limits.pay_per_use()


def collect(items: Observable[_T]) -> list[_T]:
    """Return all items; Ctrl-C ends the subscription."""
    found: list[_T] = []
    rxt.run(items, found.append)
    return found


def last_item(items: Observable[_T]) -> _T:
    found = collect(items)
    if not found:
        raise click.Abort  # Ctrl-C: nothing else ends it without an item or an error
    return found[-1]


def show_rules(rules: Iterable[StreamRule], as_json: bool) -> None:
    """Print *rules*, one a line."""
    for rule in rules:
        if as_json:
            click.echo(json.dumps(as_dict(rule)))
        else:
            tag = f"  (tag: {printable(rule.tag)})" if rule.tag else ""
            click.echo(f"{printable(rule.id or '?')}  {printable(rule.value)}{tag}")


def as_dict(rule: StreamRule) -> dict[str, str | None]:
    return {"id": rule.id, "value": rule.value, "tag": rule.tag}


def fail_if_refused(errors: Iterable[RuleError]) -> None:
    """Show *errors* and end the command, if there are any."""
    lines = [
        printable(f"X refuses {error}" if error.value or error.id else f"X says: {error}") for error in errors
    ]
    if lines:
        for line in lines:
            click.echo(f"Error: {line}", err=True)
        raise click.exceptions.Exit(1)
