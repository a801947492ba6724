"""`rxtweets rules`: write, check, test and manage the rules of v2's filtered stream."""

from __future__ import annotations

import json
from contextlib import ExitStack

import click
from reactivex import operators as ops

from .cost import cost_option, show_cost_of
from .parsing import FILE, Group, RuleCommand, options, usage
from .rule_files import check, plural, toml, toml_rules
from .rule_options import (
    account_options,
    any_rules_client,
    as_dict,
    collect,
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
    unchecked_option,
)
from .rules_offline import explain_, from_track, test, validate_


@click.group(cls=Group)
def rules() -> None:
    """Write, check and manage rules of v2's filtered stream or of Powerstream.

    \b
    Without an account or the network:
      rxtweets rules validate 'cat has:images -is:retweet'
      rxtweets rules explain 'cat has:images -is:retweet'
      rxtweets rules test 'cat has:images' --on posts.jsonl
      rxtweets rules from-track 'red panda,koala' --language en

    \b
    With an account:
      rxtweets rules add 'cat has:images' --tag cats
      rxtweets rules list --toml > rules.toml
      rxtweets rules sync rules.toml --dry-run
    """


@rules.command("list")
@options(powerstream_option, toml_option, json_option, account_options)
def list_(powerstream: bool, as_toml: bool, as_json: bool, credentials: str | None, emulator: bool) -> None:
    """Print the app's rules: id, rule, tag. If there are none, say so on stderr."""
    with ExitStack() as stack:
        client = any_rules_client(stack, credentials, emulator, powerstream)
        found = last_item(client.list().pipe(ops.to_list()))
    if not found:
        click.echo("the app has no rules", err=True)
    click.echo(toml(found)) if as_toml else show_rules(found, as_json)


@rules.command(cls=RuleCommand)
@click.argument("texts", metavar="RULE...", nargs=-1)
@click.option("--tag", help="Tag for rules that have none.")
@options(
    file_option,
    powerstream_option,
    enterprise_option,
    unchecked_option,
    json_option,
    cost_option,
    account_options,
)
def add(
    texts: tuple[str, ...],
    tag: str | None,
    path: str | None,
    powerstream: bool,
    enterprise: bool,
    unchecked: bool,
    as_json: bool,
    with_cost: bool,
    credentials: str | None,
    emulator: bool,
) -> None:
    """Add rules, and print them with their ids.

    \b
    rxtweets rules add 'cat has:images' '"red panda"' --tag animals
    """
    new = collect_rules(texts, path)
    if not unchecked:
        check(new, limits(enterprise, powerstream))
    if with_cost:
        show_cost_of(new, credentials, emulator=emulator, powerstream=powerstream)
    with ExitStack() as stack:
        update = last_item(any_rules_client(stack, credentials, emulator, powerstream).add(*new, tag=tag))
    show_rules(update.rules, as_json)
    fail_if_refused(update.errors)


@rules.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--value", "values", multiple=True, metavar="RULE", help="Delete the rule with this text.")
@click.option("--tag", "tags", multiple=True, help="Delete all rules with this tag.")
@options(powerstream_option, account_options)
def delete(
    ids: tuple[str, ...],
    values: tuple[str, ...],
    tags: tuple[str, ...],
    powerstream: bool,
    credentials: str | None,
    emulator: bool,
) -> None:
    """Delete rules by id (as list prints it), text or tag.

    \b
    rxtweets rules delete 1165037377523306498 --tag animals
    """
    if not (ids or values or tags):
        raise click.UsageError("Say which rules to delete: ids, --value or --tag.")
    if wrong := [one for one in ids if not one.isdecimal()]:
        raise click.UsageError(
            f"{wrong[0]!r} isn't an id, as rules list prints it; to delete by a rule's text, use --value."
        )
    with ExitStack() as stack:
        client = any_rules_client(stack, credentials, emulator, powerstream)
        tagged = [rule for rule in collect(client.list()) if rule.tag in tags] if tags else []
        if missing := set(tags) - {rule.tag for rule in tagged}:
            raise click.ClickException(f"no rule has the tag {min(missing)!r}; nothing was deleted")
        named = [rule for rule in tagged if rule.id not in ids and rule.value not in values]
        with usage():
            deletion = client.delete(*ids, *named, values=values)
        update = last_item(deletion)
    click.echo(f"{plural(update.deleted, 'rule')} deleted")
    fail_if_refused(update.errors)


@rules.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option(
    "--tag-prefix", default="", metavar="TEXT", help="Only change rules whose tag starts with this."
)
@options(powerstream_option, enterprise_option, unchecked_option, json_option, cost_option, account_options)
def sync(
    path: str,
    dry_run: bool,
    tag_prefix: str,
    powerstream: bool,
    enterprise: bool,
    unchecked: bool,
    as_json: bool,
    with_cost: bool,
    credentials: str | None,
    emulator: bool,
) -> None:
    """Make the rules at X match a TOML file, with as few changes as possible.

    Rules that aren't in the file are deleted: use --dry-run first. New rules are added
    before old ones are deleted. If it is interrupted, run it again.

    \b
    [[rule]]
    value = 'cat has:images -is:retweet'
    tag = "cats"
    """
    desired = toml_rules(path)
    if not unchecked:
        check(desired, limits(enterprise, powerstream))
    if with_cost:
        show_cost_of(desired, credentials, emulator=emulator, powerstream=powerstream)
    with ExitStack() as stack:
        client = any_rules_client(stack, credentials, emulator, powerstream)
        at_once = powerstream and not dry_run  # to look first would be another of the day's requests
        plan = last_item(client.sync(desired, dry_run=not at_once, tag_prefix=tag_prefix))
        if not as_json:
            click.echo(str(plan))
        if at_once and not as_json:
            click.echo("done")
        elif not dry_run and not at_once and (plan.adds or plan.deletes):
            done = last_item(client.sync(desired, tag_prefix=tag_prefix))
            if not as_json:
                same = (done.adds, done.deletes) == (plan.adds, plan.deletes)
                click.echo("done" if same else f"done, but the rules changed in the meantime:\n{done}")
            plan = done
    if as_json:
        parts = {"adds": plan.adds, "deletes": plan.deletes, "keeps": plan.keeps}
        click.echo(json.dumps({name: list(map(as_dict, some)) for name, some in parts.items()}))


@rules.command()
@options(json_option, account_options)
def counts(as_json: bool, credentials: str | None, emulator: bool) -> None:
    """Print how many rules there are, and how many are allowed."""
    with ExitStack() as stack:
        found = last_item(rules_client(stack, credentials, emulator).counts())
    if as_json:
        names = ("rules", "limit", "project_rules", "project_limit", "apps")
        click.echo(json.dumps({name: getattr(found, name) for name in names}))
        return
    for owner, count, limit in (
        ("app", found.rules, found.limit),
        ("project", found.project_rules, found.project_limit),
    ):
        click.echo(f"{owner + ':':9}{plural(count, 'rule')}" + ("" if limit is None else f" of {limit:,}"))


for command in (validate_, explain_, test, from_track):
    rules.add_command(command)
