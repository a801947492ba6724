"""The client that manages the rules of the filtered stream."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import checks
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.errors import StreamError
from rxtweets.rest import REQUEST_POLICY, Api, JSONResponse, run_steps
from rxtweets.rules.language.ast import Rule

from . import sync as syncing
from .apply import Changes
from .model import RuleCounts, RulesRefused, RuleUpdate, StreamRule
from .sync import SyncPlan
from .update import Batch, batches, merged, read_counts, read_rule, same, to_deletions, to_stream_rule

_Text = str | StreamRule | Rule
_Changing = Generator[Observable[Any] | RuleUpdate, Any, None]

_PATH = "/2/tweets/search/stream/rules"

# Source: X's OpenAPI description, version 2.167.
_MOST_LISTED = 1_000
_COUNTS = (
    "all_project_client_apps,cap_per_client_app,cap_per_project,client_app_rules_count,project_rules_count"
)


class RulesClient:
    """The rules of an app's filtered stream: `StreamingClient.rules`.

    Each method checks its arguments and returns a cold Observable: every subscription sends the request, on a
    thread of its own, and nothing happens without one. In a script, `.run()` on the result subscribes, waits
    and returns the last item.

    A rule is text, a `Rule` of the rule language, or a `StreamRule`, which can have a tag. There may be any
    number of them; each request takes up to 100.

    A request that fails is sent again as `rules.REQUEST_POLICY` says, or another policy given by
    `with_policy`; the policy of the streams does not apply. Repeating does no harm: a rule that turns out to
    exist already with its tag, or to be gone, counts as added or deleted by the attempt that seemed to fail.

    A change takes effect on an open stream without reconnecting, usually within 20 seconds.

    Errors of the Observables: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `HTTPStatusError`,
    and among these `UnexpectedResponse` for a success with unexpected content. A response that breaks off is
    retried like any broken connection. Refused rules are no error; they are listed in `RuleUpdate.errors`. If
    an error comes after some requests have been carried out, a `RuleUpdate` of these comes before it, and the
    error has a note of them, too.
    """

    def __init__(self, api: Api, policy: BackoffPolicy | None = None) -> None:
        self._api = api
        self._policy = REQUEST_POLICY if policy is None else policy

    def with_policy(self, policy: BackoffPolicy) -> RulesClient:
        """Return a client of the same rules that repeats requests as *policy* says."""
        return RulesClient(self._api, policy)

    def list(self, *ids: int | str) -> Observable[StreamRule]:
        """Emit each rule, or each with one of *ids* that exists, requesting pages as needed.

        Raises:
            ValueError: an id is not numeric, or there are more than 1,000.

        All of them as a list: `rules.list().pipe(ops.to_list()).run()`. An Observable that completes has
        emitted all rules.

        Errors: besides those of a request `StreamError`, when a page names an earlier one as the next, and
        `UnexpectedResponse` after the last rule, when X reported problems beside the rules.
        """
        checks.apart("list", ids)
        params: Pairs = (("ids", checks.ids("ids", ids, _MOST_LISTED)),) if ids else ()
        return self._api.items(_PATH, params, read_rule, policy=self._policy)

    def counts(self) -> Observable[RuleCounts]:
        """Emit the numbers of rules that the app and its project have, and may have."""
        asked = (("rules_count.fields", _COUNTS),)
        answer = self._api.call("GET", _PATH + "/counts", asked, policy=self._policy)
        return answer.pipe(ops.map(read_counts))

    def add(self, *rules: _Text, tag: str | None = None, dry_run: bool = False) -> Observable[RuleUpdate]:
        """Add rules; *tag* is for those that have none.

        With *dry_run* the server only checks them, as for `validate`.

        Raises:
            ValueError: no rule is given, one is empty or longer than 2,048 characters, or a rule or a tag is
                no text that can be sent.
        """
        new = _all("add", rules, tag)
        return self._update(batches("add", new), dry_run)

    def validate(self, *rules: _Text, tag: str | None = None) -> Observable[RuleUpdate]:
        """Have the server check *rules* without adding them: see `valid`, `invalid` and `errors`.

        A rule that exists already is invalid, too. `rxtweets.rules.validate` needs no server.

        Raises:
            ValueError: as for `add`.
        """
        new = _all("validate", rules, tag)
        return self._update(batches("add", new), dry_run=True)

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = (), dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        With *dry_run* the server only checks whether they exist.

        Raises:
            ValueError: no rule is given, or an id is not numeric.
        """
        old = to_deletions(rules, values)
        return self._update(batches("delete", old), dry_run)

    def replace(
        self, old: int | str | StreamRule, *new: _Text, tag: str | None = None
    ) -> Observable[RuleUpdate]:
        """Replace *old*, an id or a `StreamRule`, by *new* rules; *tag* is as for `add`.

        The new rules are added before the old one is deleted, so that no post is missed; if one of them is
        refused the old one stays. The old one is deleted first only where it must be: for a new rule with its
        value and another tag, as X has each value once and changes no tag, and where the limit leaves no
        room. It is then put back, with another id, if the new one is refused or a request fails.

        Repeating it is safe. An old rule that doesn't exist is an error in the result and hinders nothing.

        Raises:
            ValueError: no new rule is given, one is empty or too long, or the id is not numeric.

        Errors: besides those of a request `RulesRefused`, when there are more than the limit allows, and
        `RulesMissing`, which names the old rule when it can't be put back.
        """
        fresh = _all("replace", new, tag)
        (going,) = to_deletions((old,), ())
        return run_steps(lambda: self._replacing(going, fresh))

    def sync(
        self, desired: Iterable[syncing.Desired], *, dry_run: bool = False, tag_prefix: str = ""
    ) -> Observable[SyncPlan]:
        """Make the rules at X the *desired* ones, with the fewest changes; emits the plan, carried out.

        Existing rules with the desired tag stay untouched. Additions come before deletions, so that no post
        is missed, with two exceptions, as X has each value once, changes no tag and has a limit: a rule that
        gets another tag, and one that makes room for another, are deleted right before the addition, ten at a
        time (or as many as make 20 such swaps). No swap begins for which too few requests are left.

        When a request fails or a rule is refused, the rules that a swap has deleted are put back, and nothing
        more is changed. So each existing rule that is desired exists in the end; where that is impossible the
        error is `RulesMissing` and names the missing ones.

        If it ends early, by a failure, a disposal or a crash, subscribing again finishes it. Only a disposal
        or a crash in the middle of a swap leaves its rules deleted until then.

        Args:
            desired: all the rules that there should be, as text, `Rule`, `StreamRule` or `(value, tag)`.
                An empty list deletes all.
            dry_run: only emit the plan: `print(client.rules.sync(desired, dry_run=True).run())`.
            tag_prefix: manage only rules whose tags start with it; the others are left alone.

        Raises:
            ValueError: a rule is empty or too long, or has two tags, or one without the prefix.

        Errors: besides those of a request `RulesRefused`, when the server refuses a rule, when there are more
        than the limit allows (nothing is changed then), or when a desired rule exists with a tag that is to
        be left alone (likewise); and `RulesMissing`.
        """
        rules = syncing.desired_rules(desired, tag_prefix)
        return run_steps(lambda: self._syncing(rules, dry_run, tag_prefix))

    def _update(self, batches: Iterable[Batch], dry_run: bool) -> Observable[RuleUpdate]:
        steps = tuple(batches)

        def work() -> _Changing:
            changes = self._changes()
            try:
                for batch in steps:
                    yield from changes.send(batch, dry_run=dry_run)
            except StreamError as error:
                yield from _done_before(changes, error)
                raise
            yield merged(changes.done)

        return run_steps(work)

    def _replacing(self, old: StreamRule, new: tuple[StreamRule, ...]) -> _Changing:
        current: list[StreamRule] = yield self.list(*([old.id] if old.id else [])).pipe(ops.to_list())
        present = next((rule for rule in current if old.id or rule.value == old.value), None)
        adds = tuple(rule for rule in new if present is None or not same(rule, present))
        going = (present,) if present is not None and len(adds) == len(new) else ()
        counts: RuleCounts = yield self.counts()
        steps = tuple(SyncPlan(adds, going).steps(counts.room))
        changes = self._changes()
        try:
            try:
                yield from changes.carry_out(steps)
                if present is None:  # the server reports it
                    yield from changes.send(Batch("delete", (old,)))
            except RulesRefused:
                pass  # its errors are in the result
        except StreamError as error:
            yield from _done_before(changes, error)
            raise
        yield merged(changes.done)

    def _syncing(
        self, desired: dict[str, StreamRule], dry_run: bool, tag_prefix: str
    ) -> Generator[Observable[Any] | SyncPlan, Any, None]:
        current: list[StreamRule] = yield self.list().pipe(ops.to_list())
        plan = syncing.plan(desired, current, tag_prefix)
        if not dry_run:
            room: int | None = None
            if plan.adds:
                counts: RuleCounts = yield self.counts()
                room = counts.room
            changes = self._changes()
            try:
                yield from changes.carry_out(plan.steps(room))
            except StreamError as error:
                changes.note_on(error)
                raise
        yield plan

    def post(self, batch: Batch, dry_run: bool = False) -> Observable[JSONResponse]:
        """Send one request that changes rules, and emit the response as it came, headers included."""
        params: Pairs = (("dry_run", "true"),) if dry_run else ()
        return self._api.call("POST", _PATH, params, batch.body(), policy=self._policy)

    def _changes(self) -> Changes:
        return Changes(self.post, self.list)


def _all(method: str, rules: tuple[_Text, ...], tag: str | None) -> tuple[StreamRule, ...]:
    if not rules:
        raise ValueError(f"{method}() takes at least one rule: it was given none")
    return tuple(to_stream_rule(rule, tag) for rule in rules)


def _done_before(changes: Changes, error: StreamError) -> Iterator[RuleUpdate]:
    """Add a note to *error* of the changes made before it, and yield these, if there were any."""
    if changes.done:
        changes.note_on(error)
        yield merged(changes.done)
