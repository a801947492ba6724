"""Managing the rules of the filtered stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets._api import Answer, Api, Pairs, number, text
from rxtweets.endpoints import checks

from .model import Rule, RuleError, RuleUpdate

_PATH = "/2/tweets/search/stream/rules"

# Source: X's OpenAPI description and filtered-stream documentation; the length is that of enterprise access.
_MOST_LISTED = 1_000
_LONGEST_RULE = 2_048


class RulesClient:
    """The rules of an app's filtered stream: `StreamingClient.rules`.

    Each method checks its arguments and returns a cold Observable: the request is sent on subscription, by
    every subscription, on a thread of its own, and nothing happens without one. In a script, `.run()` on the
    result subscribes, waits and returns the last item.

    A change takes effect on an open stream without reconnecting, usually within 20 seconds.

    Errors of the Observables: `ConnectionFailed`, `StreamStalled`, `HTTPStatusError`. That some rules were
    refused is no error; `RuleUpdate.errors` tells.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self, *ids: int | str) -> Observable[Rule]:
        """Each rule there is, or of those with *ids* each that there is, in pages asked for as needed.

        Raises:
            ValueError: an id is not numeric, or there are more than 1,000.

        Errors: besides those of a request `StreamError`, when a page names an earlier one as the next.
        """
        params: Pairs = (("ids", checks.ids("ids", ids, _MOST_LISTED)),) if ids else ()
        return self._api.items(_PATH, params, _rule)

    def add(
        self, *rules: str | Rule, tag: str | None = None, dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Add rules, given as text or as `Rule`; *tag* is for those that have none.

        *dry_run* only has the server check them.

        Raises:
            ValueError: there is no rule, one is empty or longer than 2,048 characters, or one or a tag is no
                text that can be sent.
        """
        if tag is not None:
            checks.whole("tag", tag)
        forms = [_form(rule, tag) for rule in rules]
        if not forms:
            raise ValueError("add() takes at least one rule: it was given none")
        return self._update({"add": forms}, dry_run)

    def delete(
        self, *rules: int | str | Rule, values: Iterable[str] = (), dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `Rule`, or by their *values*.

        *dry_run* only has the server check whether they are there.

        Raises:
            ValueError: there is no rule, or an id is not numeric.
        """
        return self._update({"delete": _unwanted(rules, values)}, dry_run)

    def _update(self, body: dict[str, Any], dry_run: bool) -> Observable[RuleUpdate]:
        params: Pairs = (("dry_run", "true"),) if dry_run else ()
        return self._api.call("POST", _PATH, params, body).pipe(ops.map(_updated))


def _form(rule: str | Rule, tag: str | None) -> dict[str, str]:
    """*rule* as it is sent."""
    value, own = (rule.value, rule.tag) if isinstance(rule, Rule) else (rule, None)
    if not isinstance(value, str):
        raise ValueError(f"a rule is text or a Rule, not {value!r}; give each as an argument of its own")
    if not value.strip():
        raise ValueError("a rule says what to match; this one is empty")
    if len(value) > _LONGEST_RULE:
        raise ValueError(
            f"a rule has at most {_LONGEST_RULE:,} characters, not {len(value):,}: {value[:60]}…"
        )
    checks.whole("a rule", value)
    label = tag if own is None else checks.whole("the tag of a rule", own)
    return {"value": value} if label is None else {"value": value, "tag": label}


def _unwanted(rules: Iterable[int | str | Rule], values: Iterable[str]) -> dict[str, list[str]]:
    """What to delete, as it is sent: by id where there is one."""
    if isinstance(values, str):
        raise ValueError(f"values is a list of rules, not a string: write values=[{values!r}]")
    ids: list[int | str] = []
    texts = list(values)
    for rule in rules:
        if not isinstance(rule, Rule):
            ids.append(rule)
        elif rule.id:
            ids.append(rule.id)
        else:
            texts.append(rule.value)
    if not ids and not texts:
        raise ValueError("delete() takes at least one rule: it was given none")
    unwanted: dict[str, list[str]] = {}
    if ids:
        unwanted["ids"] = checks.ids("delete", ids, len(ids)).split(",")
    if texts:
        unwanted["values"] = [_form(text, None)["value"] for text in texts]
    return unwanted


def _rule(item: dict[str, Any]) -> Rule:
    return Rule(text(item.get("value")) or "", text(item.get("tag")), text(item.get("id")))


def _updated(answer: Answer) -> RuleUpdate:
    summary = answer.part("meta", "summary")
    rules = tuple(_rule(item) for item in answer.listed("data"))
    errors = tuple(_error(item) for item in answer.listed("errors"))
    if not summary and not rules:
        # Neither counted nor added: the errors, if any, are about the request and not about a rule.
        raise answer.refused()
    names = ("created", "not_created", "valid", "invalid", "deleted", "not_deleted")
    return RuleUpdate(rules, errors, **{name: number(summary.get(name)) for name in names})


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
