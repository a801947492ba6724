"""Managing the rules of the filtered stream."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.endpoints import checks
from rxtweets.errors import StreamError
from rxtweets.rest import Api, JSONResponse, Pairs, run_steps

from . import sync as syncing
from .apply import Changes
from .model import RuleCounts, RulesRefused, RuleUpdate, StreamRule
from .sync import SyncPlan
from .update import Batch, batches, merged, read_counts, read_rule, same, unwanted, wanted

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Rule

    _Text = str | StreamRule | Rule
    _Changing = Generator[Observable[Any] | RuleUpdate, Any, None]

_PATH = "/2/tweets/search/stream/rules"

# Source: X's OpenAPI description, version 2.167.
_MOST_LISTED = 1_000
_COUNTS = (
    "all_project_client_apps,cap_per_client_app,cap_per_project,client_app_rules_count,project_rules_count"
)

REQUEST_POLICY = BackoffPolicy(
    network=Curve(0.25, times=2.0, cap=4.0),
    http=Curve(1.0, times=2.0, cap=16.0),
    max_attempts=4,
    max_total=120.0,
)
"""When a request is sent again: at most four times and within two minutes, for somebody may be waiting.

After failures of the network the waits are 0.25, 0.5, 1 and 2 s; after HTTP 5xx and 408 they are 1, 2, 4 and
8 s. After a 429 it is 60 s or what the server asks for, and where that is longer the 429 is final.
"""


class RulesClient:
    """The rules of an app's filtered stream: `StreamingClient.rules`.

    Each method checks its arguments and returns a cold Observable: the request is sent on subscription, by
    every subscription, on a thread of its own, and nothing happens without one. In a script, `.run()` on the
    result subscribes, waits and returns the last item.

    A rule is text, a `Rule` of the rule language, or a `StreamRule`, which can bring its tag. As many as are
    wanted can be given; each request takes up to 100 of them.

    A request that fails is sent again as `rules.REQUEST_POLICY` says, or another `with_policy`; the policy of
    the streams has no part in it. Repeating does no harm: a rule that turns out to be there already with its
    tag, or to be gone, counts as added or deleted by the try that seemed to fail.

    A change takes effect on an open stream without reconnecting, usually within 20 seconds.

    Errors of the Observables: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `HTTPStatusError`,
    and among these `UnexpectedResponse` for a success that isn't what was asked for. An answer that breaks
    off is repeated like any connection that broke. That some rules were refused is no error;
    `RuleUpdate.errors` tells. Where an error comes after some requests have been carried out, a `RuleUpdate`
    of what they did comes before it, and a note on the error tells it, too.
    """

    def __init__(self, api: Api, policy: BackoffPolicy | None = None) -> None:
        self._api = api
        self._policy = REQUEST_POLICY if policy is None else policy

    def with_policy(self, policy: BackoffPolicy) -> RulesClient:
        """The same rules, with requests repeated as *policy* says; `BackoffPolicy.never()`: never."""
        return RulesClient(self._api, policy)

    def list(self, *ids: int | str) -> Observable[StreamRule]:
        """Each rule there is, or of those with *ids* each that there is, in pages asked for as needed.

        Raises:
            ValueError: an id is not numeric, or there are more than 1,000.

        All of them as a list: `rules.list().pipe(ops.to_list()).run()`. A list that completes is whole.

        Errors: besides those of a request `StreamError`, when a page names an earlier one as the next, and
        `UnexpectedResponse` after the last rule, when X told of problems beside the rules.
        """
        checks.apart("list", ids)
        params: Pairs = (("ids", checks.ids("ids", ids, _MOST_LISTED)),) if ids else ()
        return self._api.items(_PATH, params, read_rule, policy=self._policy)

    def counts(self) -> Observable[RuleCounts]:
        """How many rules the app and its project have, and may have."""
        asked = (("rules_count.fields", _COUNTS),)
        answer = self._api.call("GET", _PATH + "/counts", asked, policy=self._policy)
        return answer.pipe(ops.map(read_counts))

    def add(self, *rules: _Text, tag: str | None = None, dry_run: bool = False) -> Observable[RuleUpdate]:
        """Add rules; *tag* is for those that have none.

        *dry_run* only has the server check them, as `validate` does.

        Raises:
            ValueError: there is no rule, one is empty or longer than 2,048 characters, or one or a tag is no
                text that can be sent.
        """
        new = _all("add", rules, tag)
        return self._update(batches("add", new), dry_run)

    def validate(self, *rules: _Text, tag: str | None = None) -> Observable[RuleUpdate]:
        """Have the server check *rules* without adding them: `valid` and `invalid` count, `errors` say why.

        That a rule is there already makes it invalid, too. `rxtweets.rules.validate` asks no server.

        Raises:
            ValueError: as for `add`.
        """
        new = _all("validate", rules, tag)
        return self._update(batches("add", new), dry_run=True)

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = (), dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        *dry_run* only has the server check whether they are there.

        Raises:
            ValueError: there is no rule, or an id is not numeric.
        """
        old = unwanted(rules, values)
        return self._update(batches("delete", old), dry_run)

    def replace(
        self, old: int | str | StreamRule, *new: _Text, tag: str | None = None
    ) -> Observable[RuleUpdate]:
        """Put *new* rules in the place of *old*, which is an id or a `StreamRule`; *tag* is as for `add`.

        The new are added before the old one is deleted, so that no post is missed; when one of them is
        refused the old one stays. It goes first only where it has to: for a new rule with its value and
        another tag, as X has each value once and changes no tag, and where the limit leaves no room. Then it
        is put back, with another id, when the new one is refused or a request fails.

        Repeating it is safe. An old rule that isn't there is an error in the result and hinders nothing.

        Raises:
            ValueError: there is no new rule, one is empty or too long, or the id is not numeric.

        Errors: besides those of a request `RulesRefused`, when there are more than the limit allows, and
        `RulesMissing`, which names the old rule when it can't be put back.
        """
        fresh = _all("replace", new, tag)
        (going,) = unwanted((old,), ())
        return run_steps(lambda: self._replacing(going, fresh))

    def sync(
        self, desired: Iterable[syncing.Wanted], *, dry_run: bool = False, tag_prefix: str = ""
    ) -> Observable[SyncPlan]:
        """Make the rules there are those *desired*, with the fewest changes; gives the plan, carried out.

        Rules that are there with the wanted tag stay untouched. Adding comes before deleting, so that no
        post is missed, with two exceptions, as X has each value once, changes no tag and has a limit: a rule
        that gets another tag, and one that makes room for another, are deleted right before the addition, ten
        at a time (or as many as make 20 such swaps). No swap begins for which too few requests are left.

        When a request fails or a rule is refused, whatever a swap has deleted is put back, and nothing more
        is changed. So each rule that was there and is wanted is there in the end; where that can't be done
        the error is `RulesMissing` and names those that aren't.

        Ended at any point, by a failure, a disposal or a crash, it is finished by doing it again. Only a
        disposal or a crash in the middle of a swap leaves its rules deleted until then.

        Args:
            desired: all the rules there are to be, as text, `Rule`, `StreamRule` or `(value, tag)`.
                An empty list deletes all.
            dry_run: only gives the plan: `print(client.rules.sync(desired, dry_run=True).run())`.
            tag_prefix: only rules whose tags start with it count as there; the others are left alone.

        Raises:
            ValueError: a rule is empty or too long, wanted with two tags, or with one without the prefix.

        Errors: besides those of a request `RulesRefused`, when the server refuses a rule, when there
        are more than the limit allows (nothing is changed then), or when a rule is there with a tag that is
        to be left alone (likewise); and `RulesMissing`.
        """
        wished = syncing.desired(desired, tag_prefix)
        return run_steps(lambda: self._syncing(wished, dry_run, tag_prefix))

    def _update(self, batches: Iterable[Batch], dry_run: bool) -> Observable[RuleUpdate]:
        steps = tuple(batches)

        def work() -> _Changing:
            changes = self._changes()
            try:
                for batch in steps:
                    yield from changes.send(batch, dry_run=dry_run)
            except StreamError as error:
                yield from _told(changes, error)
                raise
            yield merged(changes.done)

        return run_steps(work)

    def _replacing(self, old: StreamRule, new: tuple[StreamRule, ...]) -> _Changing:
        there: list[StreamRule] = yield self.list(*([old.id] if old.id else [])).pipe(ops.to_list())
        present = next((rule for rule in there if old.id or rule.value == old.value), None)
        adds = tuple(rule for rule in new if present is None or not same(rule, present))
        going = (present,) if present is not None and len(adds) == len(new) else ()
        counts: RuleCounts = yield self.counts()
        steps = tuple(SyncPlan(adds, going).steps(counts.room))
        changes = self._changes()
        try:
            try:
                yield from changes.carry_out(steps)
                if present is None:  # which is for the server to say
                    yield from changes.send(Batch("delete", (old,)))
            except RulesRefused:
                pass  # the result tells
        except StreamError as error:
            yield from _told(changes, error)
            raise
        yield merged(changes.done)

    def _syncing(
        self, wished: dict[str, StreamRule], dry_run: bool, tag_prefix: str
    ) -> Generator[Observable[Any] | SyncPlan, Any, None]:
        there: list[StreamRule] = yield self.list().pipe(ops.to_list())
        plan = syncing.plan(wished, there, tag_prefix)
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

    def _changes(self) -> Changes:
        def post(batch: Batch, dry_run: bool) -> Observable[JSONResponse]:
            params: Pairs = (("dry_run", "true"),) if dry_run else ()
            return self._api.call("POST", _PATH, params, batch.body(), policy=self._policy)

        return Changes(post, self.list)


def _all(method: str, rules: tuple[_Text, ...], tag: str | None) -> tuple[StreamRule, ...]:
    if not rules:
        raise ValueError(f"{method}() takes at least one rule: it was given none")
    return tuple(wanted(rule, tag) for rule in rules)


def _told(changes: Changes, error: StreamError) -> Iterator[RuleUpdate]:
    """Note on *error* what was done before it, and yield that, if anything was."""
    if changes.done:
        changes.note_on(error)
        yield merged(changes.done)
