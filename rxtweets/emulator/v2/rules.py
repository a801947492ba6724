"""The rules of v2's filtered stream: the book of them and its endpoints."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from msgspec import Struct

from rxtweets.emulator.clock import Clock
from rxtweets.emulator.http.answers import (
    PROBLEMS,
    Answer,
    Call,
    encode,
    invalid_request,
    json_answer,
    problem,
)
from rxtweets.emulator.limits import Limits
from rxtweets.emulator.rule_syntax import RuleError, Tree, parse
from rxtweets.emulator.world.model import Snowflakes


class Rule(Struct, frozen=True):
    """A rule as X gives it back; `tag` is None where none was given."""

    id: str
    value: str
    tag: str | None = None


class RuleBook:
    """The rules of the app, in the order they were added, with their trees."""

    def __init__(self, ids: Snowflakes, limits: Limits) -> None:
        self.limits = limits
        self._ids = ids
        self.rules: dict[str, Rule] = {}
        self.trees: dict[str, Tree] = {}

    def add(self, value: str, tag: str | None = None) -> Rule:
        """Add a rule. Raises `RuleError` where it can't be read."""
        tree = parse(value)
        rule = Rule(str(self._ids.next()), value, tag)
        self.rules[rule.id], self.trees[rule.id] = rule, tree
        return rule

    def remove(self, rule_id: str) -> None:
        del self.rules[rule_id], self.trees[rule_id]

    def by_value(self, value: str) -> Rule | None:
        return next((rule for rule in self.rules.values() if rule.value == value), None)


def sent(clock: Clock) -> str:
    """Now, as v2 writes it in `meta`."""
    now = clock.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(now)) + f"{int(now * 1000) % 1000:03}Z"


def page(call: Call, length: int, most: int) -> tuple[slice, str | None] | Answer:
    """The part of a list that a request asks for, and the token of the next; or the refusal."""
    text = call.query.get("max_results", str(most))
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= most:
        message = f"The `max_results` query parameter value [{text}] is not between 1 and {most}"
        return invalid_request(({"max_results": [text]}, message))
    size, start = int(text), 0
    token = call.query.get("pagination_token")
    if token is not None:
        start_ = _read_token(token)
        if start_ is None:
            message = f"The `pagination_token` query parameter value [{token}] is not valid"
            return invalid_request(({"pagination_token": [token]}, message))
        start = start_
    following = _token(start + size) if start + size < length else None
    return slice(start, start + size), following


def _token(position: int) -> str:
    """16 characters of base32hex, as X's tokens are."""
    return base64.b32hexencode(position.to_bytes(10, "big")).decode()


def _read_token(token: str) -> int | None:
    if not re.fullmatch(r"[0-9A-V]{16}", token):
        return None
    position = int.from_bytes(base64.b32hexdecode(token), "big")
    return position if position < 10**9 else None


class RuleEndpoints:
    """``/2/tweets/search/stream/rules`` and ``/counts``."""

    def __init__(self, book: RuleBook, app_id: int, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._app_id = str(app_id)

    def list_rules(self, call: Call) -> Answer:
        rules = tuple(self._book.rules.values())
        ids = call.query.get("ids")
        if ids is not None:
            wanted = ids.split(",")
            wrong = [item for item in wanted if not re.fullmatch(r"[0-9]{1,19}", item)]
            if wrong:
                message = f"The `ids` query parameter value [{wrong[0]}] does not match ^[0-9]{{1,19}}$"
                return invalid_request(({"ids": wanted}, message))
            rules = tuple(rule for rule in rules if rule.id in wanted)
        part = page(call, len(rules), 1000)
        if isinstance(part, Answer):
            return part
        shown = rules[part[0]]
        meta: dict[str, Any] = {"sent": sent(self._clock), "result_count": len(shown)}
        if part[1]:
            meta["next_token"] = part[1]
        body: dict[str, Any] = {"data": [_form(rule) for rule in shown]} if shown else {}
        return json_answer({**body, "meta": meta})

    def counts(self, call: Call) -> Answer:
        count = len(self._book.rules)
        mine = {"client_app_id": self._app_id, "rule_count": count}
        data: dict[str, Any] = {
            "cap_per_client_app": str(self._book.limits.rules),
            "cap_per_project": str(self._book.limits.rules),
            "client_app_rules_count": mine,
            "project_rules_count": str(count),
        }
        if "all_project_client_apps" in call.query.get("rules_count.fields", ""):
            data["all_project_client_apps"] = [mine]
        return json_answer({"data": data})

    def update(self, call: Call) -> Answer:
        dry = call.query.get("dry_run", "").lower() == "true"
        if call.query.get("delete_all", "").lower() == "true":
            return self._delete(tuple(self._book.rules), [], dry)
        try:
            body = call.json()
        except ValueError:
            return invalid_request(({}, "Request body is not valid JSON"))
        if not isinstance(body, dict) or len(body.keys() & {"add", "delete"}) != 1 or len(body) != 1:
            return invalid_request(({}, "Exactly one of `add` or `delete` must be given in the request body"))
        return self._add(body["add"], dry) if "add" in body else self._delete_asked(body["delete"], dry)

    def _add(self, items: Any, dry: bool) -> Answer:
        if not isinstance(items, list) or not items:
            return invalid_request(({"add": []}, "`add` must be a list of at least one rule"))
        for item in items:
            tag = item.get("tag") if isinstance(item, dict) else None
            if (
                not isinstance(item, dict)
                or not isinstance(item.get("value"), str)
                or not isinstance(tag, str | None)
            ):
                return invalid_request(
                    ({"add": [_text(item)]}, "Each rule must have a `value` and may have a `tag`")
                )
        if len(self._book.rules) + len(items) > self._book.limits.rules:
            detail = f"Rule limit exceeded: at most {self._book.limits.rules} rules are allowed"
            return problem(422, "RulesCapExceeded", detail, "rule-cap")
        added: list[Rule] = []
        errors: list[dict[str, Any]] = []
        for item in items:
            twin = self._book.by_value(item["value"])
            if twin is not None:
                errors.append(_error(item["value"], "DuplicateRule", "duplicate-rules", id=twin.id))
                continue
            try:
                added.append(self._book.add(item["value"], item.get("tag") or None))
            except RuleError as error:
                errors.append(
                    _error(item["value"], "UnprocessableEntity", "invalid-rules", details=[str(error)])
                )
        if dry:
            for rule in added:
                self._book.remove(rule.id)
        count, wrong = len(added), len(errors)
        summary = {"created": 0 if dry else count, "not_created": count + wrong if dry else wrong}
        body: dict[str, Any] = {
            "meta": {"sent": sent(self._clock), "summary": {**summary, "valid": count, "invalid": wrong}}
        }
        if added:
            body["data"] = [_form(rule) for rule in added]
        if errors:
            body["errors"] = errors
        return json_answer(body, 201 if added and not dry else 200)

    def _delete_asked(self, asked: Any, dry: bool) -> Answer:
        ids = asked.get("ids", []) if isinstance(asked, dict) else None
        values = asked.get("values", []) if isinstance(asked, dict) else None
        if not _texts(ids) or not _texts(values) or not (ids or values):
            return invalid_request(
                ({"delete": [_text(asked)]}, "`delete` must have `ids` or `values`, lists of strings")
            )
        assert isinstance(ids, list)
        assert isinstance(values, list)
        found: dict[str, None] = {}
        missing: list[str] = []
        for rule_id in ids:
            if rule_id in self._book.rules:
                found[rule_id] = None
            else:
                missing.append(rule_id)
        for value in values:
            rule = self._book.by_value(value)
            if rule is not None:
                found[rule.id] = None
            else:
                missing.append(value)
        return self._delete(tuple(found), missing, dry)

    def _delete(self, ids: tuple[str, ...], missing: list[str], dry: bool) -> Answer:
        if not dry:
            for rule_id in ids:
                self._book.remove(rule_id)
        done = 0 if dry else len(ids)
        summary = {"deleted": done, "not_deleted": len(missing) + len(ids) - done}
        body: dict[str, Any] = {"meta": {"sent": sent(self._clock), "summary": summary}}
        if missing:
            body["errors"] = [
                {
                    "errors": [{"parameters": {}, "message": f"Rule does not exist: {name}"}],
                    "title": "Invalid Request",
                    "detail": "One or more parameters to your request was invalid.",
                    "type": PROBLEMS + "invalid-request",
                }
                for name in missing
            ]
        return json_answer(body)


def _form(rule: Rule) -> dict[str, str]:
    form = {"value": rule.value, "id": rule.id}
    return form if rule.tag is None else {"value": rule.value, "tag": rule.tag, "id": rule.id}


def _error(value: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"value": value, **more, "title": title, "type": PROBLEMS + kind}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(value: Any) -> str:
    return encode(value).decode()[:200]
