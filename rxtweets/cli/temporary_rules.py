"""Rules that exist only while the command runs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import click
from reactivex import operators as ops
from reactivex.subject import AsyncSubject

from rxtweets._printable import printable
from rxtweets.errors import ConnectionFailed, HTTPStatusError
from rxtweets.messages import Post, Status
from rxtweets.rules import RuleError, RuleUpdate, StreamRule
from rxtweets.rules.management.base import RulesClientBase

STEP_TIMEOUT = 5.0
"""Seconds that each step of removing the rules may take, as somebody is waiting for the command to end."""

TAG_PREFIX = "rxtweets-cli-"


class TemporaryRules:
    """Rules with a unique tag. `remove` undoes `add`, even if its result is unknown."""

    def __init__(self, rules: RulesClientBase, values: Sequence[str]) -> None:
        self.tag = TAG_PREFIX + secrets.token_hex(4)
        self._rules = rules
        self._values = tuple(dict.fromkeys(values))
        self._result: AsyncSubject[RuleUpdate] | None = None
        self._by_id: dict[str, str] = {}

    def add(self) -> None:
        """Add the rules; one that exists already is used as it is, and `remove` leaves it.

        Raises:
            ClickException: X refuses one of them.
            StreamError: the request failed.
        """
        request = self._rules.add(*self._values, tag=self.tag)
        self._result = AsyncSubject()
        request.subscribe(self._result)  # so that a Ctrl-C while waiting for the result does not lose it
        update = self._result.run()
        existing = {error.id: error.value for error in update.errors if error.title == "DuplicateRule"}
        refused = [error for error in update.errors if not error.id or error.id not in existing]
        if refused:
            raise click.ClickException("; ".join(map(_refusal, refused)))
        its = {rule.id: rule.value for rule in update.rules} | existing
        self._by_id = {id: value or "" for id, value in its.items() if id}

    def match(self, post: Post | Status) -> bool:
        """Return whether one of these rules matches *post*."""
        return any(rule.id in self._by_id or rule.tag == self.tag for rule in post.matching_rules)

    def matched(self, post: Post | Status) -> set[str]:
        """Return the texts of those that match *post*."""
        return {self._by_id[rule.id] for rule in post.matching_rules if rule.id in self._by_id}

    def remove(self) -> None:
        """Delete the rules that `add` has added; print a warning if that fails."""
        try:
            added = self._added()
            if added:
                self._rules.delete(*added).pipe(ops.timeout(STEP_TIMEOUT)).run()
        except Exception as error:
            reason = printable(str(error)) or type(error).__name__
            click.echo(f"Warning: rules with the tag {self.tag} may remain at X: {reason}", err=True)

    def _added(self) -> list[StreamRule]:
        """Return the rules that were added, from the result or, if none came, from the list of all rules."""
        if self._result is None:
            return []
        try:
            return list(self._result.pipe(ops.timeout(STEP_TIMEOUT)).run().rules)
        except (HTTPStatusError, ConnectionFailed):
            return []
        except Exception:
            current = self._rules.list().pipe(ops.timeout(STEP_TIMEOUT), ops.to_list()).run()
            return [rule for rule in current if rule.tag == self.tag]


def _refusal(error: RuleError) -> str:
    reason = " ".join(part for part in (error.title, error.detail and f"({error.detail})") if part)
    return f"X refuses the rule {error.value or error.id or ''}: {reason}"
