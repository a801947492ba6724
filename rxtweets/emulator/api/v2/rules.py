"""The rules of v2's filtered stream: the book of them and its endpoints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from rxtweets import rules as syntax
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.server.http import PROBLEMS, Request, Response, invalid_request, json_response, problem
from rxtweets.emulator.streams.matching import Selector
from rxtweets.emulator.world.ids import Snowflakes

from .params import ID, PAGING, Check, anything, flag, ids, meta, page, read_body, split, whole

MOST_LISTED = 1000
LISTED: dict[str, Check] = {**PAGING, "ids": ids(0, MOST_LISTED), "max_results": whole(1, MOST_LISTED)}
UPDATED: dict[str, Check] = {"dry_run": flag, "delete_all": flag}
COUNTED: dict[str, Check] = {"rules_count.fields": anything}
"""The parameters of each endpoint."""


class Rule(Struct, frozen=True):
    """A rule as X gives it back; `tag` is None where none was given."""

    id: str
    value: str
    tag: str | None = None


class RuleError(Exception):
    """X would refuse the rule; `details` says why, a text for each reason."""

    def __init__(self, details: list[str]) -> None:
        super().__init__("; ".join(details))
        self.details = details


def detail_of(problem: syntax.RuleProblem) -> str:
    """Return a problem of a rule in one line, as answers tell it."""
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.message}{hint} (at position {problem.position + 1})"


class RuleBook:
    """The rules of an app for one stream, in the order they were added, with their trees.

    `limits` are those on rules there; what only `enterprise` access has is refused without it.
    """

    def __init__(self, ids: Snowflakes, limits: syntax.Limits, seed: int, *, enterprise: bool) -> None:
        self.limits = limits
        self._enterprise = enterprise
        self.selector = Selector(seed)
        self._ids = ids
        self.rules: dict[str, Rule] = {}
        self.trees: dict[str, syntax.Rule] = {}
        self._keys: dict[str, str] = {}  # of each value; no two rules have the same

    def add(self, value: str, tag: str | None = None) -> Rule:
        """Add a rule. Raises `RuleError` where X would refuse it."""
        problems = syntax.validate(value, self.limits)
        if problems:
            raise RuleError([detail_of(problem) for problem in problems])
        tree = syntax.parse(value)
        if not self._enterprise:
            _check_packaging(value, tree)
        rule = Rule(str(self._ids.next()), value, tag)
        self.selector.add(rule.id, tree)
        self.rules[rule.id], self.trees[rule.id], self._keys[value] = rule, tree, rule.id
        return rule

    def remove(self, rule_id: str) -> None:
        self.selector.remove(rule_id)
        del self._keys[self.rules[rule_id].value], self.rules[rule_id], self.trees[rule_id]

    def by_value(self, value: str) -> Rule | None:
        return self.rules.get(self._keys.get(value, ""))

    def add_all(self, items: Sequence[Added]) -> tuple[list[Rule], list[dict[str, Any]]] | Response:
        """Add rules; return those added, and an error for each other; or refuse them all, being too many."""
        if len(self.rules) + len(items) > self.limits.rules:
            detail = f"Rule limit exceeded: at most {self.limits.rules} rules are allowed"
            return problem(422, "RulesCapExceeded", detail, "rule-cap")
        added: list[Rule] = []
        errors: list[dict[str, Any]] = []
        for item in items:
            twin = self.by_value(item.value)
            if twin is not None:
                errors.append(_error(item.value, "DuplicateRule", "duplicate-rules", id=twin.id))
                continue
            try:
                added.append(self.add(item.value, item.tag or None))
            except RuleError as error:
                errors.append(
                    _error(item.value, "UnprocessableEntity", "invalid-rules", details=error.details)
                )
        return added, errors

    def find(self, ids: Iterable[str], values: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the ids of the rules that there are, each once, and the ids and values of no rule."""
        found: dict[str, None] = {}
        missing: list[str] = []
        for name, rule in [
            *((one, self.rules.get(one)) for one in ids),
            *((one, self.by_value(one)) for one in values),
        ]:
            if rule is None:
                missing.append(name)
            else:
                found[rule.id] = None
        return list(found), missing


_ENTERPRISE_OPERATORS = frozenset({"embedding", "embedding_threshold"})


def _check_packaging(value: str, tree: syntax.Rule) -> None:
    """Raise `RuleError` where a rule has operators that only enterprises may use."""
    names = dict.fromkeys(getattr(term, "name", "") for term, _ in tree.terms())
    details = [
        f"Reference to invalid operator '{name}'. Operator is not available in current product or product"
        f" packaging. (at position {value.casefold().find(f'{name}:') + 1})"
        for name in names
        if name in _ENTERPRISE_OPERATORS
    ]
    if details:
        raise RuleError(details)


def sent(clock: Clock) -> str:
    """Return the present time, as v2 writes it in `meta`."""
    now = clock.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(now)) + f"{int(now * 1000) % 1000:03}Z"


class Added(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule to add."""

    value: str
    tag: str | UnsetType = UNSET


class _Deleted(Struct, frozen=True, forbid_unknown_fields=True):
    ids: tuple[Annotated[str, Meta(pattern=ID)], ...] = ()
    values: tuple[str, ...] = ()


class _Update(Struct, frozen=True, forbid_unknown_fields=True):
    """The body that changes rules."""

    add: tuple[Added, ...] | UnsetType = UNSET
    delete: _Deleted | UnsetType = UNSET


class RuleEndpoints:
    """``/2/tweets/search/stream/rules`` and ``/counts``."""

    def __init__(self, book: RuleBook, app_id: int, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._app_id = str(app_id)

    def list_rules(self, request: Request) -> Response:
        rules = tuple(self._book.rules.values())
        if request.query.get("ids"):
            wanted = frozenset(split(request.query["ids"]))
            rules = tuple(rule for rule in rules if rule.id in wanted)
        part, following = page(request, len(rules), MOST_LISTED)
        shown = [rule_form(rule) for rule in rules[part]]
        body: dict[str, Any] = {"data": shown} if shown else {}
        return json_response({**body, "meta": {"sent": sent(self._clock), **meta(shown, following)}})

    def counts(self, request: Request) -> Response:
        count = len(self._book.rules)
        mine = {"client_app_id": self._app_id, "rule_count": count}
        data: dict[str, Any] = {
            "cap_per_client_app": str(self._book.limits.rules),
            "cap_per_project": str(self._book.limits.rules),
            "client_app_rules_count": mine,
            "project_rules_count": str(count),
        }
        if "all_project_client_apps" in split(request.query.get("rules_count.fields", "")):
            data["all_project_client_apps"] = [mine]
        return json_response({"data": data})

    def update(self, request: Request) -> Response:
        query = request.query
        dry, everything = (query.get(name, "").lower() == "true" for name in ("dry_run", "delete_all"))
        body = _Update() if everything and not request.body else read_body(request, _Update)
        if isinstance(body, Response):
            return body
        asked = [name for name, told in (("add", body.add), ("delete", body.delete)) if told is not UNSET]
        if len(asked) + everything != 1:
            message = "Exactly one of `add`, `delete` and `?delete_all=true` must be given"
            return invalid_request(({name: [] for name in asked}, message))
        if body.add is not UNSET:
            return self._add(body.add, dry)
        if body.delete is not UNSET:
            return self._delete_asked(body.delete, dry)
        return self._delete(tuple(self._book.rules), [], dry)

    def _add(self, items: tuple[Added, ...], dry: bool) -> Response:
        if not items:
            return invalid_request(({"add": []}, "`add` must be a list of at least one rule"))
        done = self._book.add_all(items)
        if isinstance(done, Response):
            return done
        added, errors = done
        if dry:
            for rule in added:
                self._book.remove(rule.id)
        count, wrong = len(added), len(errors)
        summary = {"created": 0 if dry else count, "not_created": count + wrong if dry else wrong}
        body: dict[str, Any] = {
            "meta": {"sent": sent(self._clock), "summary": {**summary, "valid": count, "invalid": wrong}}
        }
        if added:
            body["data"] = [rule_form(rule) for rule in added]
        if errors:
            body["errors"] = errors
        return json_response(body, 201 if added and not dry else 200)

    def _delete_asked(self, asked: _Deleted, dry: bool) -> Response:
        if not (asked.ids or asked.values):
            return invalid_request(({"delete": []}, "`delete` must have `ids` or `values`, lists of strings"))
        return self._delete(*self._book.find(asked.ids, asked.values), dry)

    def _delete(self, ids: Iterable[str], missing: list[str], dry: bool) -> Response:
        ids = tuple(ids)
        if not dry:
            for rule_id in ids:
                self._book.remove(rule_id)
        done = 0 if dry else len(ids)
        summary = {"deleted": done, "not_deleted": len(missing) + len(ids) - done}
        body: dict[str, Any] = {"meta": {"sent": sent(self._clock), "summary": summary}}
        if missing:
            body["errors"] = not_found(missing)
        return json_response(body)


def not_found(names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the errors about rules that don't exist, each named by its id or value."""
    return [
        {
            "errors": [{"parameters": {}, "message": f"Rule does not exist: {name}"}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        }
        for name in names
    ]


def rule_form(rule: Rule) -> dict[str, str]:
    """Return a rule as X gives it back."""
    form = {"value": rule.value, "id": rule.id}
    return form if rule.tag is None else {"value": rule.value, "tag": rule.tag, "id": rule.id}


def _error(value: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"value": value, **more, "title": title, "type": PROBLEMS + kind}
