"""What goes over the wire when rules are changed: requests made of rules, and rules read from answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from rxtweets.endpoints import checks
from rxtweets.rest import JSONResponse, number, text

from .model import RuleCounts, RuleError, RuleUpdate, StreamRule

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Rule

BATCH = 100
"""The most rules in one request: X's OpenAPI description names no limit; with this one the longest rules take
200 KB, and 1,000 rules ten requests."""

# Source: X's filtered-stream documentation; the length is that of enterprise access.
_LONGEST_RULE = 2_048
_COUNTED = ("created", "not_created", "valid", "invalid", "deleted", "not_deleted")


class Batch(NamedTuple):
    """What one request adds or deletes; a rule to delete goes by its id, or by its value without one."""

    kind: Literal["add", "delete"]
    rules: tuple[StreamRule, ...]

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        if self.kind == "add":
            return {"add": [_form(rule) for rule in self.rules]}
        ids = [rule.id for rule in self.rules if rule.id]
        values = [rule.value for rule in self.rules if not rule.id]
        return {"delete": {name: held for name, held in (("ids", ids), ("values", values)) if held}}

    def told(self, update: RuleUpdate) -> bool:
        """Return whether *update* says of every rule that it was done."""
        if self.kind == "add":
            return {rule.value for rule in self.rules} <= {rule.value for rule in update.rules}
        return update.deleted >= len(set(self.rules))

    def question(self, update: RuleUpdate) -> tuple[str, ...]:
        """Return the ids of the rules that tell what came of it; none if only all rules do."""
        telling: Sequence[RuleError | StreamRule] = self.rules
        if self.kind == "add":
            every_one = len(update.rules) + len(update.errors) >= len(self.rules)
            telling = update.errors if every_one else ()
        ids = tuple(one.id for one in telling if one.id)
        return ids if len(ids) == len(telling) else ()

    def settled(self, update: RuleUpdate, there: Iterable[StreamRule]) -> RuleUpdate:
        """Return *update* as what is *there* has it: an error for each rule that isn't as it is wanted."""
        return (_added if self.kind == "add" else _deleted)(self.rules, update, tuple(there))


def batches(kind: Literal["add", "delete"], rules: Sequence[StreamRule]) -> Iterator[Batch]:
    """As few requests for *rules* as there can be."""
    for start in range(0, len(rules), BATCH):
        yield Batch(kind, tuple(rules[start : start + BATCH]))


def wanted(rule: str | StreamRule | Rule, tag: str | None = None) -> StreamRule:
    """*rule* as a value to send; *tag* is for one that has none. Raises ValueError for what can't be one."""
    own: str | None = None
    if isinstance(rule, StreamRule):
        value, own = rule.value, rule.tag
    elif isinstance(rule, str):
        value = rule
    else:
        from rxtweets.rules.language.ast import Rule  # only a program that has built a rule has loaded it

        value = str(rule) if isinstance(rule, Rule) else rule
    if not isinstance(value, str):
        raise ValueError(
            f"a rule is text, a Rule or a StreamRule, not {value!r}; give each as an argument of its own"
        )
    if not value.strip():
        raise ValueError("a rule says what to match; this one is empty")
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


def unwanted(rules: Iterable[int | str | StreamRule], values: Iterable[str | Rule]) -> list[StreamRule]:
    """What to delete: first what goes by its id."""
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
        raise ValueError("delete() takes at least one rule: it was given none")
    checks.apart("delete", ids)
    try:
        listed = checks.ids("delete", ids, len(ids)).split(",") if ids else []
    except ValueError as error:
        raise ValueError(f"{error}; what a rule says goes into values=[…]") from None
    return [StreamRule("", id=one) for one in listed] + [StreamRule(wanted(one).value) for one in texts]


def same(one: StreamRule, other: StreamRule) -> bool:
    """Whether both match the same and are labelled the same. An empty tag is none."""
    return one.value == other.value and (one.tag or None) == (other.tag or None)


def read_rule(item: dict[str, Any]) -> StreamRule:
    """A rule as the server writes it."""
    return StreamRule(text(item.get("value")) or "", text(item.get("tag")), text(item.get("id")))


def read_update(answer: JSONResponse) -> RuleUpdate:
    """Return what the server did. Raises UnexpectedResponse where it doesn't tell."""
    summary = answer.get_object("meta", "summary")
    rules = tuple(read_rule(item) for item in answer.get_list("data"))
    errors = tuple(_error(item) for item in answer.get_list("errors"))
    if not summary and not rules:
        # Neither counted nor added: the errors, if any, are about the request and not about a rule.
        raise answer.unexpected("it doesn't say what became of the rules")
    return RuleUpdate(rules, errors, **{name: number(summary.get(name)) for name in _COUNTED})


def read_counts(answer: JSONResponse) -> RuleCounts:
    """Return how many rules there are; X writes some of the numbers as text.

    Raises:
        UnexpectedResponse: there are no counts in the answer.
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
    """What came of several requests, as if it had been one."""
    return RuleUpdate(
        tuple(rule for update in updates for rule in update.rules),
        tuple(error for update in updates for error in update.errors),
        **{name: sum(getattr(update, name) for update in updates) for name in _COUNTED},
    )


def _form(rule: StreamRule) -> dict[str, str]:
    return {"value": rule.value} if rule.tag is None else {"value": rule.value, "tag": rule.tag}


def _added(rules: tuple[StreamRule, ...], update: RuleUpdate, there: tuple[StreamRule, ...]) -> RuleUpdate:
    asked = {(rule.value, rule.tag or None) for rule in rules}
    mine = {rule.value: rule for rule in there if (rule.value, rule.tag or None) in asked}
    values = {rule.id: rule.value for rule in there if rule.id}
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


def _deleted(rules: tuple[StreamRule, ...], update: RuleUpdate, there: tuple[StreamRule, ...]) -> RuleUpdate:
    ids, values = {rule.id for rule in there}, {rule.value for rule in there}
    left = [rule for rule in dict.fromkeys(rules) if (rule.id in ids if rule.id else rule.value in values)]
    unsaid = tuple(
        RuleError("NotDeleted", "the server does not say why", value=rule.value or None, id=rule.id)
        for rule in left
    )
    errors = (update.errors or unsaid) if left else ()
    return RuleUpdate(errors=errors, deleted=len(set(rules)) - len(left), not_deleted=len(left))


def _error(item: dict[str, Any]) -> RuleError:
    """An error about one rule; X puts what is wrong in one of three places."""
    details = item.get("details")
    said = [text(detail) for detail in details] if isinstance(details, list) else []
    nested = item.get("errors")
    if isinstance(nested, list):
        said += [text(one.get("message")) for one in nested if isinstance(one, dict)]
    detail = "; ".join(one for one in said if one) or text(item.get("detail")) or ""
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
