"""Matching the posts of a file against a rule, and showing the results post by post."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import click

from rxtweets._printable import printable
from rxtweets.messages import Post, Status, Undecodable, decode
from rxtweets.rules import CompiledRule, Match

from .output import parts, wrapped
from .rule_files import plural

_SIGNS = {True: ("yes", "green"), False: ("no", "red"), None: ("?", "yellow")}
_NAMES = {True: "match", False: "don't", None: "can't be told"}


def posts_in(lines: Iterable[bytes], skipped: Callable[[int, str], None]) -> Iterator[Post | Status]:
    """Yield the posts of a file that has one a line; *skipped* is called for lines that have none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue  # a keep-alive
        message = decode(line)
        if isinstance(message, Post | Status):
            yield message
        elif isinstance(message, Undecodable):
            skipped(number, f"it is not JSON ({message.error})")
        else:
            skipped(number, f"it is a {type(message).__name__}, not a post")


class Tester:
    """Matches posts and shows the results."""

    def __init__(self, rule: CompiledRule, *, as_json: bool) -> None:
        self._rule = rule
        self._as_json = as_json
        self._verdicts: Counter[bool | None] = Counter()
        self._missing: Counter[str] = Counter()
        self._skipped = 0

    def skipped(self, number: int, reason: str) -> None:
        """Report a line that was left out."""
        self._skipped += 1
        click.echo(f"# line {number:,} skipped: {printable(reason)}", err=True)

    def run(self, posts: Iterable[Post | Status]) -> None:
        """Show the result of each post, and a summary at the end."""
        for post in posts:
            match = self._rule.matches(post)
            self._verdicts[match.verdict] += 1
            self._missing.update(match.unknown)
            self._show_json(post, match) if self._as_json else self._show(post, match)
        click.echo(self._summary(), err=self._as_json)

    @property
    def saw_nothing(self) -> bool:
        """True if there were lines, none of which was a post."""
        return not self._verdicts and self._skipped > 0

    def _show(self, post: Post | Status, match: Match) -> None:
        sign, color = _SIGNS[match.verdict]
        _, author, text = parts(post)
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        first, *more = _fit(f"{author} {text}", columns)
        click.echo(f"{click.style(f'{sign:3}', fg=color, bold=True)}  {first}")
        reasons = "; ".join(map(str, self._rule.why(post)))
        for line in [*more, *_fit(printable(reasons), columns)]:
            click.echo("     " + line)

    def _show_json(self, post: Post | Status, match: Match) -> None:
        why = [
            {"term": str(reason.rule), "verdict": reason.match.verdict, "unknown": reason.match.unknown}
            for reason in self._rule.why(post)
        ]
        click.echo(
            json.dumps({"id": str(post.id), "verdict": match.verdict, "unknown": match.unknown, "why": why})
        )

    def _summary(self) -> str:
        counted = [f"{self._verdicts[verdict]:,} {_NAMES[verdict]}" for verdict in (True, False, None)]
        lines = [f"{plural(self._verdicts.total(), 'post')}: {', '.join(counted)}"]
        lines += [
            f"  {name} would decide {plural(count, 'post')}" for name, count in self._missing.most_common()
        ]
        return "\n".join(lines)


def _fit(text: str, columns: int | None) -> list[str]:
    """Return *text* in lines that leave room for an indent of five, if there is a terminal."""
    if columns is None:
        return [text]
    return [line.strip() for line in wrapped(text, columns + 4)] or [""]
