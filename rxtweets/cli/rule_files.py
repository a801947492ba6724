"""Rules in files, and checking rules before they are sent."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from rxtweets._printable import printable
from rxtweets.rules import Limits, RuleProblem, StreamRule, validate

from .stdio import stdin


def rules_in(path: str) -> list[StreamRule]:
    """Return the rules in a file, `-` for stdin: TOML, or else one in each line that isn't blank.

    Raises:
        ValueError: it has neither form.
        OSError: it can't be read.
    """
    text = _read(path)
    if path.endswith(".toml") or text.lstrip().startswith("[[rule]]"):
        return from_toml(text, path)
    found = [StreamRule(line.strip()) for line in text.splitlines() if line.strip()]
    if not found:
        raise ValueError(f"{path}: no rules in it; write one per line, or TOML with [[rule]]")
    return found


def toml_rules(path: str) -> list[StreamRule]:
    """Return the rules of a TOML file, `-` for stdin. Raises the errors of `rules_in`."""
    return from_toml(_read(path), path)


def _read(path: str) -> str:
    try:
        with reading(path):
            return (stdin().read() if path == "-" else Path(path).read_bytes()).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8 text") from None


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Name *path* in an OSError inside, as only that of opening a file does by itself."""
    try:
        yield
    except OSError as error:
        error.filename = path
        raise


def from_toml(text: str, path: str) -> list[StreamRule]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None
    tables = document.pop("rule", None)
    if document or not isinstance(tables, list):
        form = "write each rule as a [[rule]] table with value= and tag="
        if document:
            raise ValueError(f"{path}: unknown key {next(iter(document))!r}; {form}")
        raise ValueError(f"{path}: no rules in it; {form} (or rule = [] for no rules)")
    return [_from_table(table, f"{path}: rule {number}") for number, table in enumerate(tables, 1)]


def _from_table(table: object, where: str) -> StreamRule:
    if not isinstance(table, dict):
        raise ValueError(f"{where} isn't a table: write [[rule]], and below it value= and tag=")
    for name, value in table.items():
        if name not in ("value", "tag"):
            raise ValueError(f"{where}: unknown key {name!r}; the keys are value= and tag=")
        if not isinstance(value, str):
            raise ValueError(f"{where}: {name} has to be text in quotes")
    if not table.get("value", "").strip():
        raise ValueError(f"{where} has no value=")
    return StreamRule(table["value"].strip(), table.get("tag"))


def toml(rules: Iterable[StreamRule]) -> str:
    """Return *rules* as a TOML file that `rules_in` reads."""
    tables = []
    for rule in rules:
        lines = ["[[rule]]", f"value = {_string(rule.value)}"]
        tables.append("\n".join([*lines, f"tag = {_string(rule.tag)}"] if rule.tag else lines))
    return "\n\n".join(tables) or "rule = []"


def _string(text: str) -> str:
    """Return *text* as a TOML string: a literal one where that avoids escapes, as for phrases."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def check(rules: Sequence[StreamRule], limits: Limits) -> None:
    """Show the problems for which X would refuse *rules*.

    Raises:
        ClickException: there are some.
    """
    wrong = [problems for rule in rules if (problems := validate(rule.value, limits))]
    if wrong:
        for problems in wrong:
            show_problems(problems)
        raise click.ClickException(
            f"X would refuse {plural(len(wrong), 'rule')}, so nothing was sent; --unchecked sends it anyway"
        )


def show_problems(problems: Iterable[RuleProblem]) -> None:
    """Write the problems of a rule to stderr, with their places and hints."""
    for problem in problems:
        click.echo(printable(problem.message), err=True)
        for line in problem.caret().splitlines():
            click.echo(f"  {line}", err=True)
        if problem.hint:
            click.echo(f"  {printable(problem.hint)}", err=True)


def plural(count: int, noun: str) -> str:
    """Return *count* with its noun: `1 rule`, `2,000 rules`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
