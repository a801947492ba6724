"""The commands about rules that need no account: validate, explain, test, from-track."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext

import click

from rxtweets._printable import printable
from rxtweets.rules import (
    EVERY_FIELD,
    Rule,
    RuleError,
    RuleSyntaxError,
    StreamRule,
    explain,
    fields_for,
    from_filter,
    parse,
    validate,
)
from rxtweets.rules.language.vocabulary import details

from .parsing import FILE, Command, RuleCommand, options
from .predicates import filter_query, predicate_options
from .rule_files import plural, reading, show_problems, toml
from .rule_options import (
    account_options,
    collect_rules,
    enterprise_option,
    fail_if_refused,
    file_option,
    json_option,
    last_item,
    limits,
    powerstream_option,
    rules_client,
    show_rules,
    toml_option,
)
from .rule_tester import Tester, posts_in
from .stdio import stdin

_MAX_WIDTH = 76
"""Columns of a line, without its indent of two."""


@click.command("validate", cls=RuleCommand)
@click.argument("texts", metavar="RULE...", nargs=-1)
@click.option("--remote", is_flag=True, help="Have X check them too, without adding any.")
@options(file_option, powerstream_option, enterprise_option, json_option, account_options)
def validate_(
    texts: tuple[str, ...],
    remote: bool,
    path: str | None,
    powerstream: bool,
    enterprise: bool,
    as_json: bool,
    credentials: str | None,
    emulator: bool,
) -> None:
    """Check rules for what X would refuse; exit with status 1 if it would refuse any.

    Nothing is sent without --remote.

    \b
    rxtweets rules validate 'cat has:imagse' '-is:retweet'
    rxtweets rules validate --file rules.toml
    """
    if remote and powerstream:
        raise click.UsageError(
            "--remote can't be used with --powerstream, which only checks rules when it adds them."
        )
    rules = collect_rules(texts, path)
    found = [(rule, validate(rule.value, limits(enterprise, powerstream))) for rule in rules]
    errors: list[RuleError] = []
    if remote:
        with ExitStack() as stack:
            errors = list(last_item(rules_client(stack, credentials, emulator).validate(*rules)).errors)
    if as_json:
        for rule, problems in found:
            shown = [
                {"message": one.message, "position": one.position, "end": one.end, "hint": one.hint}
                for one in problems
            ]
            refusals = [str(error) for error in errors if error.value == rule.value]
            click.echo(
                json.dumps({"value": rule.value, "problems": shown, "remote": refusals}, ensure_ascii=True)
            )
    else:
        for rule, problems in found:
            if problems:
                show_problems(problems)
            elif not any(error.value == rule.value for error in errors):
                click.echo(f"ok  {printable(rule.value)}")
    wrong = sum(bool(problems) for _, problems in found)
    if not as_json:
        fail_if_refused(errors)
    if wrong and not as_json:
        click.echo(f"{wrong:,} of {plural(len(found), 'rule')} would be refused", err=True)
    if wrong or errors:
        raise click.exceptions.Exit(1)


@click.command("explain", cls=RuleCommand)
@click.argument("text", metavar="RULE")
@options(powerstream_option, enterprise_option)
def explain_(text: str, powerstream: bool, enterprise: bool) -> None:
    """Explain a rule in words, and list the fields that testing it needs.

    \b
    rxtweets rules explain 'cat (has:images OR has:video_link) -is:retweet'
    """
    rule = _parse(text)
    bounds = limits(enterprise, powerstream)
    click.echo(f"{printable(rule.text(bounds.dialect))}\n\nA post matches that")
    for line in explain(rule).splitlines():
        click.echo(f"  {line}")
    asked = fields_for(rule)
    if asked:
        click.echo("\nTo test it on posts that you have, request them with")
        for name, values in asked.items():
            for line in _in_lines(name.replace("_", "."), values):  # type: ignore[arg-type]
                click.echo(f"  {line}")
    if only_x := sorted({term.name for term, _ in rule.terms() if not details(term.name, term.value).fields}):
        click.echo(f"\nOnly X can evaluate: {', '.join(f'{name}:' for name in only_x)}")
    if problems := validate(rule, bounds):
        click.echo("\nX would refuse it:", err=True)
        show_problems(problems)
        raise click.exceptions.Exit(1)


@click.command("test", cls=RuleCommand)
@click.argument("text", metavar="RULE")
@click.option(
    "--on", "path", required=True, metavar="FILE", type=FILE, help="Posts as JSON, one per line; - is stdin."
)
@click.option("--complete", is_flag=True, help="All fields were requested: treat missing ones as empty.")
@click.option("--seed", type=int, help="Seed for the posts that sample: lets through.")
@json_option
def test(text: str, path: str, complete: bool, seed: int | None, as_json: bool) -> None:
    """Show which posts a rule matches, and why, without asking X.

    The posts are lines of JSON as X sends it, such as `rxtweets sample --json` prints.
    v1.1's statuses, which Powerstream sends too, have every field. Each post is shown
    with `yes`, `no`, or `?` if a field that decides is missing, and with the result of
    each of the rule's operators.

    \b
    rxtweets sample --json --limit 100 > posts.jsonl
    rxtweets rules test 'cat -is:retweet' --on posts.jsonl
    """
    compiled = _parse(text).compile(asked=EVERY_FIELD if complete else (), seed=seed)
    tester = Tester(compiled, as_json=as_json)
    with reading(path), nullcontext(stdin()) if path == "-" else open(path, "rb") as lines:
        tester.run(posts_in(lines, tester.skipped))
    if tester.saw_nothing:
        raise click.ClickException(f"{path}: no posts in it")


@click.command("from-track", cls=Command)
@click.argument("track", metavar="[WORDS]...", nargs=-1)
@predicate_options
@click.option("--tag", help="Tag of the rules, for --toml and --json.")
@options(toml_option, enterprise_option, json_option)
def from_track(
    track: tuple[str, ...],
    follow: tuple[str, ...],
    locations: tuple[str, ...],
    languages: tuple[str, ...],
    tag: str | None,
    as_toml: bool,
    enterprise: bool,
    as_json: bool,
) -> None:
    """Translate parameters of v1.1's filter into rules, and print one per line.

    \b
    rxtweets rules from-track 'red panda,koala' --language en
    rxtweets rules from-track --follow 2244994945 --toml --tag dev > rules.toml
    """
    query = filter_query(track, follow, locations, languages)
    rules = [StreamRule(str(rule), tag) for rule in from_filter(query, limits(enterprise))]
    if as_toml:
        click.echo(toml(rules))
    elif as_json:
        show_rules(rules, as_json)
    else:
        for rule in rules:
            click.echo(printable(rule.value))


def _in_lines(parameter: str, names: Iterable[str]) -> Iterator[str]:
    """Yield a parameter in the form that `--ask` takes, in several lines if it is long."""
    line = ""
    for name in names:
        if line and len(f"{line},{name}") > _MAX_WIDTH:
            yield line
            line = ""
        line = f"{line},{name}" if line else f"{parameter}={name}"
    yield line


def _parse(text: str) -> Rule:
    """Return the rule *text*; show its problems and end the command if it is none."""
    try:
        return parse(text)
    except RuleSyntaxError as error:
        show_problems(error.problems)
        raise click.exceptions.Exit(1) from None
