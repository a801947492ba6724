"""`rxtweets cost`: what rules would bring, and cost, by what they would have brought in the last week."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import click
import msgspec

import rxtweets as rxt
from rxtweets._printable import dollars, printable
from rxtweets.prices import brought_by
from rxtweets.rules import Limits, StreamRule, parse, validate
from rxtweets.rules.language.search import differences

from .accounts import credentials_option
from .parsing import RuleCommand
from .past import past_client, past_option
from .rule_files import check, plural
from .rule_options import collect_rules, file_option, json_option, last_item
from .streaming import Output, ask_option

_DAYS = 7
_MONTH = 30


class RuleCost(msgspec.Struct, frozen=True):
    """The posts that a rule has by counts, and what they cost.

    Attributes:
        rule: its text.
        posts_per_day: on the mean of the last week; None where search lacks an operator of it.
        dollars_per_day: for the posts alone.
        most_per_day: with what expansions bring, if each post brings another one.
    """

    rule: str
    posts_per_day: float | None
    dollars_per_day: float | None = None
    most_per_day: float | None = None


def costs_of(
    client: rxt.StreamingClient, rules: Iterable[StreamRule], expansions: Sequence[str]
) -> list[RuleCost]:
    """Return what each rule costs a day at least: one request for each."""
    prices = rxt.Prices()
    with_all = prices.post + sum(map(prices.price, brought_by(expansions)))
    found = []
    for rule in rules:
        if validate(rule.value, Limits.search()):
            found.append(RuleCost(rule.value, None))
            continue
        posts = last_item(client.counts(rule.value, granularity="day")).total / _DAYS
        found.append(RuleCost(rule.value, posts, posts * prices.post, posts * with_all))
    return found


def show_costs(costs: Sequence[RuleCost], expansions: Sequence[str], *, err: bool = False) -> None:
    """Print a table, and below it why it is a lower bound."""
    counted = [one for one in costs if one.posts_per_day is not None]
    rows = [("posts/day", "posts/month", "$/day", "$/month", *(["at most"] if expansions else []), "rule")]
    for one in counted:
        rows.append((*_cells(one, expansions), printable(one.rule)))
    if len(counted) > 1:
        rows.append((*_cells(_sum(counted), expansions), f"all {len(counted)}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if counted else []:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        click.echo("  ".join([*cells, row[-1]]), err=err)
    for line in _notes(costs, counted, expansions):
        click.echo(f"# {line}", err=True)


def _cells(one: RuleCost, expansions: Sequence[str]) -> tuple[str, ...]:
    day, cost, most = one.posts_per_day or 0.0, one.dollars_per_day or 0.0, one.most_per_day or 0.0
    figures = (f"{day:,.0f}", f"{day * _MONTH:,.0f}", f"{cost:,.2f}", f"{cost * _MONTH:,.2f}")
    return (*figures, f"{most * _MONTH:,.2f}") if expansions else figures


def _sum(costs: Iterable[RuleCost]) -> RuleCost:
    parts = [(one.posts_per_day or 0, one.dollars_per_day or 0, one.most_per_day or 0) for one in costs]
    return RuleCost("", *map(sum, zip(*parts, strict=True)))


def _notes(costs: Sequence[RuleCost], counted: Sequence[RuleCost], expansions: Sequence[str]) -> list[str]:
    notes = []
    for one in costs:
        if one.posts_per_day is None:
            problem = validate(one.rule, Limits.search())[0].message
            notes.append(f"not counted: {printable(one.rule)}: {printable(problem)}")
    if not counted:
        return notes
    told = {difference for one in counted for difference in differences(parse(one.rule))}
    notes.append("these are lower bounds, from X's counts of what search finds in the last 7 days:")
    notes += [f"  {difference}" for difference in sorted(told)]
    if expansions:
        notes.append(f"at most: per month with {', '.join(expansions)}, if each post brings a different one")
    if len(counted) > 1:
        notes.append("a post that matches several rules is delivered, and charged, once")
    asked = dollars(len(counted) * rxt.Prices().counts_recent)
    notes.append(f"prices: X's of August 2026; these counts cost {asked}")
    return notes


cost_option = click.option(
    "--cost",
    "with_cost",
    is_flag=True,
    help="First show what the rules would cost; this costs $0.005 per rule.",
)


def show_cost_of(
    rules: Sequence[StreamRule], credentials: str | None, *, emulator: bool, powerstream: bool
) -> None:
    """Print on stderr what rules that are about to be added would cost.

    Raises:
        UsageError: it isn't known: Powerstream's prices are in a contract.
    """
    if powerstream:
        raise click.UsageError("--cost can't be used with --powerstream: its prices are set by contract.")
    with ExitStack() as stack:
        client = past_client(stack, credentials, emulator, *(rule.value for rule in rules))
        show_costs(costs_of(client, rules, ()), (), err=True)


@click.command(cls=RuleCommand)
@click.argument("texts", metavar="RULE...", nargs=-1)
@file_option
@ask_option
@json_option
@past_option
@credentials_option
def cost(
    texts: tuple[str, ...],
    path: str | None,
    ask: tuple[str, ...],
    as_json: bool,
    emulator: bool,
    credentials: str | None,
) -> None:
    """Estimate how many posts rules would deliver, and their cost per day and month.

    The estimate is from X's counts of the last 7 days, which are lower than what a
    stream delivers: keywords match no retweets, and quotes only by their own text.
    With --ask, it includes expansions. Each rule takes a request, which costs $0.005.

    \b
    rxtweets cost 'cat has:images' '"red panda"'
    rxtweets cost 'cat has:images' --ask expansions=author_id
    """
    rules = collect_rules(texts, path)
    check(rules, Limits.enterprise())
    expansions = _expansions(ask)
    with ExitStack() as stack:
        client = past_client(stack, credentials, emulator, *(rule.value for rule in rules))
        costs = costs_of(client, rules, expansions)
    if as_json:
        for one in costs:
            click.echo(json.dumps(msgspec.to_builtins(one)))
    else:
        show_costs(costs, expansions)
    if all(one.posts_per_day is None for one in costs):
        raise click.ClickException(f"X can't count any of the {plural(len(costs), 'rule')}")


def _expansions(ask: tuple[str, ...]) -> list[str]:
    """Return the expansions of `--ask`, once it has been checked."""
    Output(None, ask).asked()
    asked = [option.partition("=") for option in ask]
    return [
        one.strip()
        for name, _, names in asked
        if name.strip() == "expansions"
        for one in names.split(",")
        if one.strip()
    ]
