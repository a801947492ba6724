"""The management of an app's rules at X, whatever form its requests have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

from reactivex import Observable

from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import StreamError
from rxtweets.rest import REQUEST_POLICY, Api, JSONResponse, run_steps
from rxtweets.rules.language.ast import Rule
from rxtweets.rules.language.vocabulary import Dialect

from . import sync as syncing
from .apply import Changes
from .model import RulesRefused, RuleUpdate, StreamRule
from .sync import SyncPlan
from .update import Batch, batches, merged, same, to_deletions, to_stream_rule

RuleText = str | StreamRule | Rule
_Changing = Generator[Observable[Any] | RuleUpdate, Any, None]


class Current(NamedTuple):
    """The rules at X, and the headers of the response, where these tell how many requests are left."""

    rules: list[StreamRule]
    headers: Mapping[str, str] | None = None


class RulesClientBase(ABC):
    """The common part of the clients that manage rules; a subclass has the form of the requests."""

    _dialect: ClassVar[Dialect] = "stream"
    _dry_runs: ClassVar = True
    _few_swaps: ClassVar = syncing.FEW_SWAPS

    def __init__(self, api: Api, policy: BackoffPolicy | None = None) -> None:
        self._api = api
        self._policy = REQUEST_POLICY if policy is None else policy

    def with_policy(self, policy: BackoffPolicy) -> Self:
        """Return a client of the same rules that repeats requests as *policy* says."""
        return type(self)(self._api, policy)

    @abstractmethod
    def list(self, *ids: int | str) -> Observable[StreamRule]:
        """Emit each rule, or each with one of *ids* that exists."""

    @abstractmethod
    def post(self, batch: Batch, dry_run: bool = False) -> Observable[JSONResponse]:
        """Send one request that changes rules, and emit the response as it came, headers included."""

    @abstractmethod
    def _read(self, answer: JSONResponse, batch: Batch) -> RuleUpdate:
        """Return the result that the response to *batch* tells."""

    @abstractmethod
    def _current(self, rule: StreamRule | None = None) -> Observable[Current]:
        """Emit the rules at X; with *rule* those among which it is, if it is there at all."""

    @abstractmethod
    def _room(self, current: Current) -> Observable[int | None]:
        """Emit how many more rules there may be; None where the server names no limit."""

    def add(self, *rules: RuleText, tag: str | None = None) -> Observable[RuleUpdate]:
        """Add rules; *tag* is for those that have none.

        Raises:
            ValueError: no rule is given, one is empty or longer than 2,048 characters, or a rule or a tag is
                no text that can be sent.
        """
        return self._update(batches("add", self._all("add", rules, tag)))

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = ()
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        Raises:
            ValueError: no rule is given, or an id is not numeric.
        """
        return self._update(batches("delete", to_deletions(rules, values, self._dialect)))

    def replace(
        self, old: int | str | StreamRule, *new: RuleText, tag: str | None = None
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
        fresh = self._all("replace", new, tag)
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
        rules = syncing.desired_rules(desired, tag_prefix, self._dialect)
        return run_steps(lambda: self._syncing(rules, dry_run, tag_prefix))

    def _update(self, batches: Iterable[Batch], dry_run: bool = False) -> Observable[RuleUpdate]:
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
        current: Current = yield self._current(old)
        there = (rule for rule in current.rules if (rule.id == old.id if old.id else rule.value == old.value))
        present = next(there, None)
        adds = tuple(rule for rule in new if present is None or not same(rule, present))
        going = (present,) if present is not None and len(adds) == len(new) else ()
        room: int | None = yield self._room(current)
        steps = tuple(SyncPlan(adds, going).steps(room, self._few_swaps))
        changes = self._changes(current.headers)
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
        current: Current = yield self._current()
        plan = syncing.plan(desired, current.rules, tag_prefix)
        if not dry_run:
            room: int | None = None
            if plan.adds:
                room = yield self._room(current)
            changes = self._changes(current.headers)
            try:
                yield from changes.carry_out(plan.steps(room, self._few_swaps))
            except StreamError as error:
                changes.note_on(error)
                raise
        yield plan

    def _changes(self, headers: Mapping[str, str] | None = None) -> Changes:
        return Changes(self.post, self._read, self.list, dry_runs=self._dry_runs, headers=headers)

    def _all(self, method: str, rules: tuple[RuleText, ...], tag: str | None) -> tuple[StreamRule, ...]:
        if not rules:
            raise ValueError(f"{method}() needs at least one rule; none was given")
        return tuple(to_stream_rule(rule, tag, self._dialect) for rule in rules)


def _done_before(changes: Changes, error: StreamError) -> Iterator[RuleUpdate]:
    """Add a note to *error* of the changes made before it, and yield these, if there were any."""
    if changes.done:
        changes.note_on(error)
        yield merged(changes.done)
