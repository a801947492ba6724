"""Managing the rules of the filtered stream."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets._api import Answer, Api, Pairs, in_steps
from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.endpoints import checks
from rxtweets.errors import StreamError

from . import sync as syncing
from .model import RuleCounts, RulesRefused, RuleUpdate, StreamRule
from .sync import SyncPlan
from .update import Batch, batches, merged, read_counts, read_rule, read_update, same, unwanted, wanted

if TYPE_CHECKING:
    from .ast import Rule

    _Text = str | StreamRule | Rule
    _Waiting = Generator[Observable[Any], Any, RuleUpdate]
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

    Errors of the Observables: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `HTTPStatusError`.
    That some rules were refused is no error; `RuleUpdate.errors` tells. Where an error comes after some
    requests have been carried out, a `RuleUpdate` of what they did comes before it, and a note on the error
    tells it, too.
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

        Errors: besides those of a request `StreamError`, when a page names an earlier one as the next.
        """
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
        return self._update(lambda: batches("add", new), dry_run)

    def validate(self, *rules: _Text, tag: str | None = None) -> Observable[RuleUpdate]:
        """Have the server check *rules* without adding them: `valid` and `invalid` count, `errors` say why.

        That a rule is there already makes it invalid, too. `rxtweets.rules.validate` asks no server.

        Raises:
            ValueError: as for `add`.
        """
        new = _all("validate", rules, tag)
        return self._update(lambda: batches("add", new), dry_run=True)

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = (), dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        *dry_run* only has the server check whether they are there.

        Raises:
            ValueError: there is no rule, or an id is not numeric.
        """
        old = unwanted(rules, values)
        return self._update(lambda: batches("delete", old), dry_run)

    def replace(
        self, old: int | str | StreamRule, *new: _Text, tag: str | None = None
    ) -> Observable[RuleUpdate]:
        """Put *new* rules in the place of *old*, which is an id or a `StreamRule`; *tag* is as for `add`.

        The new are added before the old one is deleted, so that no post is missed; when one of them is
        refused the old one stays. It goes first only where it has to: for a new rule with its value and
        another tag, as X has each value once and changes no tag, and where the limit leaves no room.

        Repeating it is safe. An old rule that isn't there is an error in the result and hinders nothing.

        Raises:
            ValueError: there is no new rule, one is empty or too long, or the id is not numeric.

        Errors: besides those of a request `RulesRefused`, when there are more than the limit allows.
        """
        fresh = _all("replace", new, tag)
        (going,) = unwanted((old,), ())
        return in_steps(lambda: self._replacing(going, fresh))

    def sync(
        self, desired: Iterable[syncing.Wanted], *, dry_run: bool = False, tag_prefix: str = ""
    ) -> Observable[SyncPlan]:
        """Make the rules there are those *desired*, with the fewest changes; gives the plan, carried out.

        Rules that are there with the wanted tag stay untouched. Adding comes before deleting, so that no
        post is missed, with two exceptions: a rule that gets another tag is deleted and at once added
        again, and where the limit leaves no room, only as much as is needed is deleted before adding goes on.

        Ended at any point, by a failure, a disposal or a crash, it is finished by doing it again.

        Args:
            desired: all the rules there are to be, as text, `Rule`, `StreamRule` or `(value, tag)`.
                An empty list deletes all.
            dry_run: only gives the plan: `print(client.rules.sync(desired, dry_run=True).run())`.
            tag_prefix: only rules whose tags start with it count as there; the others are left alone.

        Raises:
            ValueError: a rule is empty or too long, wanted with two tags, or with one without the prefix.

        Errors: besides those of a request `RulesRefused`, when the server refuses a rule, when there
        are more than the limit allows (nothing is changed then), or when a rule is there with a tag that is
        to be left alone (likewise).
        """
        wished = syncing.desired(desired, tag_prefix)
        return in_steps(lambda: self._syncing(wished, dry_run, tag_prefix))

    def _update(self, requests: Callable[[], Iterator[Batch]], dry_run: bool) -> Observable[RuleUpdate]:
        def work() -> _Changing:
            done: list[RuleUpdate] = []
            try:
                for batch in requests():
                    done.append((yield from self._send(batch, dry_run=dry_run)))
            except StreamError as error:
                yield from _told(done, error)
                raise
            yield merged(done)

        return in_steps(work)

    def _replacing(self, old: StreamRule, new: tuple[StreamRule, ...]) -> _Changing:
        there: list[StreamRule] = yield self.list(*([old.id] if old.id else [])).pipe(ops.to_list())
        present = next((rule for rule in there if old.id or rule.value == old.value), old)
        adds = tuple(rule for rule in new if not same(rule, present))
        plan = SyncPlan(adds, () if len(adds) < len(new) else (present,))
        counts: RuleCounts = yield self.counts()
        done: list[RuleUpdate] = []
        try:
            for batch in plan.batches(counts.room):
                done.append((yield from self._send(batch, settle=batch.kind == "add")))
                if batch.kind == "add" and done[-1].errors:
                    break
        except StreamError as error:
            yield from _told(done, error)
            raise
        yield merged(done)

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
            done: list[RuleUpdate] = []
            try:
                for batch in plan.batches(room):
                    update = yield from self._send(batch, settle=True)
                    done.append(update)
                    if update.errors:
                        raise RulesRefused(update.errors)
            except StreamError as error:
                _noted(done, error)
                raise
        yield plan

    def _send(self, batch: Batch, *, dry_run: bool = False, settle: bool = False) -> _Waiting:
        """What came of *batch*. Once repeated, or to *settle* it, errors are held against what is there."""
        params: Pairs = (("dry_run", "true"),) if dry_run else ()
        answer: Answer = yield self._api.call("POST", _PATH, params, batch.body(), policy=self._policy)
        update = read_update(answer)
        if update.errors and not dry_run and (settle or answer.repeated):
            there: list[StreamRule] = yield self.list(*batch.question(update)).pipe(ops.to_list())
            update = batch.settled(update, there)
        return update


def _all(method: str, rules: tuple[_Text, ...], tag: str | None) -> tuple[StreamRule, ...]:
    if not rules:
        raise ValueError(f"{method}() takes at least one rule: it was given none")
    return tuple(wanted(rule, tag) for rule in rules)


def _told(done: list[RuleUpdate], error: StreamError) -> Iterator[RuleUpdate]:
    """What was done before *error*, if anything."""
    if done:
        _noted(done, error)
        yield merged(done)


def _noted(done: list[RuleUpdate], error: StreamError) -> None:
    update = merged(done)
    error.add_note(f"before that {update.created:,} rules were added and {update.deleted:,} deleted")
