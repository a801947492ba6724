"""Stream rules as values, and the results of changing them."""

from __future__ import annotations

from typing import Any

import msgspec

from rxtweets._printable import escape
from rxtweets.errors import StreamError


class StreamRule(msgspec.Struct, frozen=True):
    """A rule of the filtered stream.

    Attributes:
        value: what it matches, in X's rule language.
        tag: the app's own label, which comes with each post that the rule matches; None for none.
        id: its id at X; None for a rule that isn't at X.
    """

    value: str
    tag: str | None = None
    id: str | None = None


def format_rule(rule: StreamRule) -> str:
    """Return *rule* as a readable line, with its tag and id."""
    notes = [f"{name}: {value}" for name, value in (("tag", rule.tag), ("id", rule.id)) if value]
    return escape(rule.value + (f"  ({', '.join(notes)})" if notes else ""))


class RuleError(msgspec.Struct, frozen=True):
    """Why one rule was not added, or not deleted.

    Attributes:
        title: the kind of error, such as `DuplicateRule` or `UnprocessableEntity`.
        detail: what is wrong, if the server says so.
        value: the value of the rule, if the server names it.
        id: the id of the rule, if the server names it; for a duplicate the id of the existing rule.
        type: a URI that names the kind of problem.
    """

    title: str
    detail: str = ""
    value: str | None = None
    id: str | None = None
    type: str = ""

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.title, self.detail) if part) or self.type
        about = self.value or self.id
        return f"{about}: {said}" if about else said


class RuleUpdate(msgspec.Struct, frozen=True):
    """The result of adding or deleting rules, some of which may have failed.

    Attributes:
        rules: the rules that were added, with their ids; in a dry run those that would have been.
        errors: one for each rule that was not added or deleted.
        created, not_created, valid, invalid, deleted, not_deleted: the server's own counts of rules.
    """

    rules: tuple[StreamRule, ...] = ()
    errors: tuple[RuleError, ...] = ()
    created: int = 0
    not_created: int = 0
    valid: int = 0
    invalid: int = 0
    deleted: int = 0
    not_deleted: int = 0


class RuleCounts(msgspec.Struct, frozen=True):
    """The numbers of existing and of allowed rules.

    Attributes:
        rules: those of this app.
        limit: the maximum for an app; None if the server doesn't say.
        project_rules: those of all apps of the project.
        project_limit: the maximum for all of these apps; None if the server doesn't say.
        apps: the number of rules of each app of the project, by the app's id.
    """

    rules: int
    limit: int | None
    project_rules: int
    project_limit: int | None
    apps: dict[str, int]

    @property
    def room(self) -> int | None:
        """The number of rules that can be added; None if the server names no limit."""
        left = [
            limit - rules
            for rules, limit in ((self.rules, self.limit), (self.project_rules, self.project_limit))
            if limit is not None
        ]
        return max(0, min(left)) if left else None


class RulesRefused(StreamError):
    """Desired rules can't be added, so the rules that they were to replace were left as they are.

    Attributes:
        errors: the reasons, one for each rule, or one for all.
    """

    def __init__(self, errors: tuple[RuleError, ...]) -> None:
        shown = "; ".join(map(str, errors[:3]))
        super().__init__(f"{shown}; and {len(errors) - 3:,} more" if len(errors) > 3 else shown)
        self.errors = errors

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.errors,)


class RulesMissing(StreamError):
    """Rules were deleted to be replaced, and neither the replacements nor the old rules could be added.

    `client.rules.add(*error.missing)` puts them back; the failure is the error's `__cause__`.

    Attributes:
        missing: the rules that are no longer at X, with the tags that they had. If the list of rules couldn't
            be read, those that may be missing.
        reason: the failure, as text.
    """

    def __init__(self, missing: tuple[StreamRule, ...], reason: str) -> None:
        what = "1 rule is" if len(missing) == 1 else f"{len(missing):,} rules are"
        named = "; ".join(map(format_rule, missing))
        super().__init__(
            f"{what} missing now, as changing rules failed ({reason}); "
            f"client.rules.add(*error.missing) puts back: {named}"
        )
        self.missing = missing
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.missing, self.reason)
