"""Rules that the command adds for as long as it runs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import click
from reactivex import operators as ops
from reactivex.subject import AsyncSubject

from rxtweets.errors import ConnectionFailed, HTTPStatusError
from rxtweets.messages import Post
from rxtweets.rules import RuleError, RulesClient, RuleUpdate, StreamRule

from .sanitize import printable

PATIENCE = 5.0
"""Seconds that each step of removing the rules may take: somebody is waiting for the command to end."""

TAG = "rxtweets-cli-"


class OwnRules:
    """Rules with a tag that nobody else has. `remove` undoes `add`, whatever has become of it."""

    def __init__(self, rules: RulesClient, values: Sequence[str]) -> None:
        self.tag = TAG + secrets.token_hex(4)
        self._rules = rules
        self._values = tuple(dict.fromkeys(values))
        self._answer: AsyncSubject[RuleUpdate] | None = None
        self._matching: frozenset[str] = frozenset()

    def add(self) -> None:
        """Add the rules; one that is there already is used as it is, and left alone by `remove`.

        Raises:
            ClickException: X does not take one of them.
            StreamError: the request failed.
        """
        request = self._rules.add(*self._values, tag=self.tag)
        self._answer = AsyncSubject()
        request.subscribe(self._answer)  # so that the answer is not lost to a Ctrl-C while waiting for it
        update = self._answer.run()
        there = {error.id for error in update.errors if error.title == "DuplicateRule" and error.id}
        refused = [error for error in update.errors if error.id not in there]
        if refused:
            raise click.ClickException("; ".join(map(_refusal, refused)))
        self._matching = frozenset({rule.id for rule in update.rules if rule.id} | there)

    def match(self, post: Post) -> bool:
        """Whether one of these rules matches *post*."""
        return any(rule.id in self._matching for rule in post.matching_rules)

    def remove(self) -> None:
        """Delete what `add` has added. Says so where that fails, and raises nothing."""
        try:
            added = self._added()
            if added:
                self._rules.delete(*added).pipe(ops.timeout(PATIENCE)).run()
        except Exception as error:
            reason = printable(str(error)) or type(error).__name__
            click.echo(f"Warning: rules with the tag {self.tag} may be left at X: {reason}", err=True)

    def _added(self) -> list[StreamRule]:
        """The rules that were added, as the answer says or, where none came, as the list of all does."""
        if self._answer is None:
            return []
        try:
            return list(self._answer.pipe(ops.timeout(PATIENCE)).run().rules)
        except (HTTPStatusError, ConnectionFailed):
            return []
        except Exception:
            listed = self._rules.list().pipe(ops.timeout(PATIENCE), ops.to_list()).run()
            return [rule for rule in listed if rule.tag == self.tag]


def _refusal(error: RuleError) -> str:
    reason = " ".join(part for part in (error.title, error.detail and f"({error.detail})") if part)
    return f"X refuses the rule {error.value or error.id or ''}: {reason}"
