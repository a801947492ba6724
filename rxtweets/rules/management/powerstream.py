"""The client that manages the rules of Powerstream."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rxtweets.endpoints import checks
from rxtweets.errors import HTTPStatusError
from rxtweets.rest import JSONResponse, text
from rxtweets.rules.language.ast import Rule
from rxtweets.rules.language.validate import Limits

from .base import Current, RulesClientBase
from .model import RuleUpdate, StreamRule
from .update import Batch, batches, read_errors, read_rule, to_deletions, to_json

_PATH = "/2/powerstream/rules"
_DAILY = 50
"""Requests a day, of every kind together. Source: X's page "Powerstream"."""


class PowerstreamRulesClient(RulesClientBase):
    """The rules of Powerstream: `StreamingClient.powerstream_rules`.

    It works like `RulesClient`, with the same errors and retries. Powerstream allows 1,000 rules of 2,048
    characters, in its own dialect (`Limits.powerstream()`), and 50 requests a day for them; it has neither
    dry runs nor counts. So each request takes 100 rules, and rules that a response has already listed aren't
    requested again. A request beyond the 50 is a `RateLimited` with a note that says so.
    """

    _dialect = "powerstream"
    _dry_runs = False
    _few_swaps = 1  # each is two of the day's requests

    def list(self, *ids: int | str) -> Observable[StreamRule]:
        """Emit each rule, or each with one of *ids* that exists, with one request.

        Raises:
            ValueError: an id is not numeric, or there are more than 1,000.
        """
        checks.apart("list", ids)
        wanted = checks.ids("ids", ids, Limits.powerstream().rules).split(",") if ids else None

        def chosen(current: Current) -> Iterable[StreamRule]:
            return (rule for rule in current.rules if wanted is None or rule.id in wanted)

        return self._current().pipe(ops.flat_map(chosen))

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = ()
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        Raises:
            ValueError: no rule is given, or an id is not numeric.
        """
        old = to_deletions(rules, values, self._dialect)
        by_id, by_value = ([rule for rule in old if bool(rule.id) is known] for known in (True, False))
        return self._update((*batches("delete", by_id), *batches("delete", by_value)))

    def post(self, batch: Batch, dry_run: bool = False) -> Observable[JSONResponse]:
        """Send one request that changes rules, and emit the response as it came, headers included."""
        if dry_run:
            raise ValueError("Powerstream has no dry runs")
        if batch.kind == "add":
            return self._call("POST", {"rules": [to_json(rule) for rule in batch.rules]})
        if all(rule.id for rule in batch.rules):
            return self._call("DELETE", {"ids": [rule.id for rule in batch.rules]})
        return self._call("DELETE", {"rules": [to_json(rule) for rule in batch.rules]})

    def _call(self, method: str, body: dict[str, Any] | None = None) -> Observable[JSONResponse]:
        answer = self._api.call(method, _PATH, body=body, policy=self._policy)
        return answer.pipe(ops.do_action(on_error=_explain))

    def _read(self, answer: JSONResponse, batch: Batch) -> RuleUpdate:
        rules, errors = tuple(map(read_rule, _rules(answer) or ())), read_errors(answer)
        if batch.kind == "add":
            if not rules and not errors and answer.response.status_code == 201:
                rules = batch.rules  # they were created, it says no more
            if not rules and not errors:
                raise answer.unexpected("it doesn't say what became of the rules")
            return RuleUpdate(
                rules,
                errors,
                created=len(rules),
                not_created=len(errors),
                valid=len(rules),
                invalid=len(errors),
            )
        deleted, not_deleted = (_count(answer, name) for name in ("deleted", "not_deleted"))
        if deleted is None and not_deleted is None and not errors:
            raise answer.unexpected("it doesn't say what became of the rules")
        return RuleUpdate(errors=errors, deleted=deleted or 0, not_deleted=not_deleted or len(errors))

    def _current(self, rule: StreamRule | None = None) -> Observable[Current]:
        return self._call("GET").pipe(ops.map(_read_list))

    def _room(self, current: Current) -> Observable[int | None]:
        return reactivex.just(max(0, Limits.powerstream().rules - len(current.rules)))


def _read_list(answer: JSONResponse) -> Current:
    found = _rules(answer)
    if found is None and not (answer.json.keys() & {"data", "meta"}):
        raise answer.unexpected("it is no list of rules")
    return Current([read_rule(item) for item in found or ()], answer.response.headers)


def _rules(answer: JSONResponse) -> list[dict[str, Any]] | None:
    """Return the rules in a response, as `{"data":{"rules":[…]}}` or as other endpoints of v2 list things."""
    for names in (("data", "rules"), ("data",), ("rules",)):
        if isinstance(answer.get_object(*names[:-1]).get(names[-1]), list):
            return answer.get_list(*names)
    return None


def _count(answer: JSONResponse, name: str) -> int | None:
    """Return the number of rules that a response says are *name*, or the number of those it lists so."""
    for names in (("meta", "summary"), ("meta",), ("data",), ()):
        found = answer.get_object(*names).get(name)
        if isinstance(found, list):
            return len(found)
        written = text(found)
        if written is not None and written.isascii() and written.isdigit():
            return int(written)
    return None


def _explain(error: Exception) -> None:
    """Add a note on the limit of requests to a 429."""
    if not isinstance(error, HTTPStatusError) or error.status_code != 429:
        return
    reset = error.headers.get("x-rate-limit-reset", "")
    until = ""
    if reset.isascii() and reset.isdigit() and len(reset) < 12:
        until = f"; there are more from {datetime.fromtimestamp(int(reset), UTC):%Y-%m-%d %H:%M} UTC on"
    error.add_note(f"Powerstream takes {_DAILY} requests a day for its rules, of every kind together{until}")
