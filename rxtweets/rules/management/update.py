"""The wire format of changes to rules: request bodies, and rules read from responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from rxtweets.endpoints import checks
from rxtweets.rest import JSONResponse, number, text
from rxtweets.rules.language.ast import Rule
from rxtweets.rules.language.vocabulary import Dialect

from .model import RuleCounts, RuleError, RuleUpdate, StreamRule

BATCH = 100
"""The most rules in one request: X's OpenAPI description names no limit; with this one the longest rules take
200 KB, and 1,000 rules ten requests."""

# Source: X's filtered-stream documentation; the length is that of enterprise access.
_LONGEST_RULE = 2_048
_COUNTED = ("created", "not_created", "valid", "invalid", "deleted", "not_deleted")


class Batch(NamedTuple):
    """The rules that one request adds or deletes; one to delete is named by its id, or else its value."""

    kind: Literal["add", "delete"]
    rules: tuple[StreamRule, ...]

    def body(self) -> dict[str, Any]:
        """Return the body of the request."""
        if self.kind == "add":
            return {"add": [to_json(rule) for rule in self.rules]}
        ids = [rule.id for rule in self.rules if rule.id]
        values = [rule.value for rule in self.rules if not rule.id]
        return {"delete": {name: some for name, some in (("ids", ids), ("values", values)) if some}}

    def is_confirmed(self, update: RuleUpdate) -> bool:
        """Return whether *update* confirms the change of every rule."""
        if self.kind == "add":
            return {rule.value for rule in self.rules} <= {rule.value for rule in update.rules}
        return update.deleted >= len(set(self.rules))

    def ids_to_check(self, update: RuleUpdate) -> tuple[str, ...]:
        """Return the ids of the rules that show the result; none if the list of all rules is needed."""
        relevant: Sequence[RuleError | StreamRule] = self.rules
        if self.kind == "add":
            complete = len(update.rules) + len(update.errors) >= len(self.rules)
            relevant = update.errors if complete else ()
        ids = tuple(one.id for one in relevant if one.id)
        return ids if len(ids) == len(relevant) else ()

    def verified(self, update: RuleUpdate, current: Iterable[StreamRule]) -> RuleUpdate:
        """Return *update* corrected by the *current* rules: an error for each rule that isn't as desired."""
        return (_added if self.kind == "add" else _deleted)(self.rules, update, tuple(current))


def batches(kind: Literal["add", "delete"], rules: Sequence[StreamRule]) -> Iterator[Batch]:
    """Yield as few requests for *rules* as possible."""
    for start in range(0, len(rules), BATCH):
        yield Batch(kind, tuple(rules[start : start + BATCH]))


def to_stream_rule(
    rule: str | StreamRule | Rule, tag: str | None = None, dialect: Dialect = "stream"
) -> StreamRule:
    """Return *rule* as a value to send; *tag* is for one that has none, *dialect* that of a `Rule`.

    Raises:
        ValueError: it is no rule, is empty or too long, or it or its tag is no text that can be sent.
    """
    own: str | None = None
    if isinstance(rule, StreamRule):
        value, own = rule.value, rule.tag
    else:
        value = rule.text(dialect) if isinstance(rule, Rule) else rule
    if not isinstance(value, str):
        raise ValueError(
            f"a rule is text, a Rule or a StreamRule, not {value!r}; pass each as a separate argument"
        )
    if not value.strip():
        raise ValueError("a rule must say what to match; this one is empty")
    if len(value) > _LONGEST_RULE:
        raise ValueError(
            f"a rule has at most {_LONGEST_RULE:,} characters, not {len(value):,}: {value[:60]}…"
        )
    checks.whole("a rule", value)
    if own is not None:
        checks.whole("the tag of a rule", own)
    elif tag is not None:
        checks.whole("tag", tag)
    return StreamRule(value, tag if own is None else own)


def to_deletions(
    rules: Iterable[int | str | StreamRule], values: Iterable[str | Rule], dialect: Dialect = "stream"
) -> list[StreamRule]:
    """Return the rules to delete, those named by their ids first.

    Raises:
        ValueError: there is none, or an id is not numeric.
    """
    if isinstance(values, str):
        raise ValueError(f"values is a list of rules, not a string: write values=[{values!r}]")
    ids: list[int | str] = []
    texts: list[str | StreamRule | Rule] = list(values)
    for rule in rules:
        if not isinstance(rule, StreamRule):
            ids.append(rule)
        elif rule.id:
            ids.append(rule.id)
        else:
            texts.append(rule)
    if not ids and not texts:
        raise ValueError("delete() needs at least one rule; none was given")
    checks.apart("delete", ids)
    try:
        valid_ids = checks.ids("delete", ids, len(ids)).split(",") if ids else []
    except ValueError as error:
        raise ValueError(f"{error}; to delete by a rule's text, use values=[…]") from None
    return [StreamRule("", id=one) for one in valid_ids] + [
        StreamRule(to_stream_rule(one, dialect=dialect).value) for one in texts
    ]


def same(one: StreamRule, other: StreamRule) -> bool:
    """Return whether both have the same value and the same tag. An empty tag is none."""
    return one.value == other.value and (one.tag or None) == (other.tag or None)


def read_rule(item: dict[str, Any]) -> StreamRule:
    """Return a rule of a response."""
    return StreamRule(text(item.get("value")) or "", text(item.get("tag")), text(item.get("id")))


def read_update(answer: JSONResponse) -> RuleUpdate:
    """Return the result of a change. Raises `UnexpectedResponse` if the response has none."""
    summary = answer.get_object("meta", "summary")
    rules = tuple(read_rule(item) for item in answer.get_list("data"))
    errors = read_errors(answer)
    if not summary and not rules:
        # Nothing is counted or added: the errors, if any, concern the request and not a rule.
        raise answer.unexpected("it doesn't say what became of the rules")
    return RuleUpdate(rules, errors, **{name: number(summary.get(name)) for name in _COUNTED})


def read_errors(answer: JSONResponse) -> tuple[RuleError, ...]:
    """Return the errors about single rules in a response."""
    return tuple(_error(item) for item in answer.get_list("errors"))


def read_counts(answer: JSONResponse) -> RuleCounts:
    """Return the counts of rules; X writes some of the numbers as text.

    Raises:
        UnexpectedResponse: there are no counts in the response.
    """
    data = answer.get_object("data")
    if not data:
        raise answer.unexpected("there are no counts of rules in it")
    rules = _count(answer.get_object("data", "client_app_rules_count").get("rule_count")) or 0
    apps = answer.get_list("data", "all_project_client_apps")
    return RuleCounts(
        rules=rules,
        limit=_count(data.get("cap_per_client_app")),
        project_rules=_count(data.get("project_rules_count")) or rules,
        project_limit=_count(data.get("cap_per_project")),
        apps={text(app.get("client_app_id")) or "": _count(app.get("rule_count")) or 0 for app in apps},
    )


def merged(updates: Sequence[RuleUpdate]) -> RuleUpdate:
    """Return the results of several requests as if they had been one."""
    return RuleUpdate(
        tuple(rule for update in updates for rule in update.rules),
        tuple(error for update in updates for error in update.errors),
        **{name: sum(getattr(update, name) for update in updates) for name in _COUNTED},
    )


def to_json(rule: StreamRule) -> dict[str, str]:
    """Return *rule* as requests have it."""
    return {"value": rule.value} if rule.tag is None else {"value": rule.value, "tag": rule.tag}


def _added(rules: tuple[StreamRule, ...], update: RuleUpdate, current: tuple[StreamRule, ...]) -> RuleUpdate:
    desired = {(rule.value, rule.tag or None) for rule in rules}
    mine = {rule.value: rule for rule in current if (rule.value, rule.tag or None) in desired}
    values = {rule.id: rule.value for rule in current if rule.id}
    created = {rule.value: rule for rule in update.rules}
    errors: list[RuleError] = []
    named: set[str] = set()
    for error in update.errors:
        value = values.get(error.id or "", "") if error.value is None else error.value
        named.add(value)
        # Once each: what was given twice is a duplicate of itself.
        if value in mine and value not in created:
            created[value] = mine[value]
        else:
            errors.append(error)
    for rule in rules:
        if rule.value in created or rule.value in named:
            continue
        if rule.value in mine:
            created[rule.value] = mine[rule.value]
        else:
            errors.append(RuleError("NotAdded", "the server does not say why", value=rule.value))
    done, failed = len(created), len(errors)
    return RuleUpdate(
        tuple(created.values()), tuple(errors), created=done, not_created=failed, valid=done, invalid=failed
    )


def _deleted(
    rules: tuple[StreamRule, ...], update: RuleUpdate, current: tuple[StreamRule, ...]
) -> RuleUpdate:
    ids, values = {rule.id for rule in current}, {rule.value for rule in current}
    left = [rule for rule in dict.fromkeys(rules) if (rule.id in ids if rule.id else rule.value in values)]
    unexplained = tuple(
        RuleError("NotDeleted", "the server does not say why", value=rule.value or None, id=rule.id)
        for rule in left
    )
    errors = (update.errors or unexplained) if left else ()
    return RuleUpdate(errors=errors, deleted=len(set(rules)) - len(left), not_deleted=len(left))


def _error(item: dict[str, Any]) -> RuleError:
    """Return an error about one rule; X gives the reason in one of three places."""
    details = item.get("details")
    reasons = [text(detail) for detail in details] if isinstance(details, list) else []
    nested = item.get("errors")
    if isinstance(nested, list):
        reasons += [text(one.get("message")) for one in nested if isinstance(one, dict)]
    detail = "; ".join(one for one in reasons if one) or text(item.get("detail")) or ""
    return RuleError(
        title=text(item.get("title")) or "",
        detail=detail,
        value=text(item.get("value")),
        id=text(item.get("id")),
        type=text(item.get("type")) or "",
    )


def _count(value: Any) -> int | None:
    written = text(value)
    return int(written) if written is not None and written.isascii() and written.isdigit() else None
