"""Rules as values, and what came of changing them."""

from __future__ import annotations

import msgspec


class StreamRule(msgspec.Struct, frozen=True):
    """A rule of the filtered stream.

    Attributes:
        value: what it matches, in X's rule language.
        tag: a label of the app's own, which comes with each post that the rule matches; None for none.
        id: its id at X; None for a rule that is not there, or not yet.
    """

    value: str
    tag: str | None = None
    id: str | None = None


class RuleError(msgspec.Struct, frozen=True):
    """Why one rule was not added, or not deleted.

    Attributes:
        title: the kind of error, such as `DuplicateRule` or `UnprocessableEntity`.
        detail: what is wrong, as far as the server says.
        value: the rule it is about, if the server names it by its value.
        id: the rule it is about, if the server names it by its id; for a duplicate the one that is there.
        type: a URI that names the kind of problem.
    """

    title: str
    detail: str = ""
    value: str | None = None
    id: str | None = None
    type: str = ""


class RuleUpdate(msgspec.Struct, frozen=True):
    """What came of adding or deleting rules; a part can have failed while the rest was done.

    Attributes:
        rules: the rules that were added, with their ids; in a dry run those that would have been.
        errors: one for each rule that was not added or deleted.
        created, not_created, valid, invalid, deleted, not_deleted: the server's own count of rules.
    """

    rules: tuple[StreamRule, ...] = ()
    errors: tuple[RuleError, ...] = ()
    created: int = 0
    not_created: int = 0
    valid: int = 0
    invalid: int = 0
    deleted: int = 0
    not_deleted: int = 0
