"""From the current rules to the desired ones: the plan, and the order of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from rxtweets.rules.language.ast import Rule
from rxtweets.rules.language.vocabulary import Dialect

from .model import RuleError, RulesRefused, StreamRule, format_rule
from .update import BATCH, Batch, batches, same, to_stream_rule

Desired = str | StreamRule | Rule | tuple[str | Rule, str | None]

_SMALL_SWAP = 10
FEW_SWAPS = 20
"""A swap has ten rules, or more where that would make more than 20 swaps: each is two requests, of which X
takes 100 in 15 minutes. Between the two its rules are missing."""


class Swap(NamedTuple):
    """Rules to delete, each with the one to add in its place."""

    pairs: tuple[tuple[StreamRule, StreamRule], ...]

    @property
    def old(self) -> tuple[StreamRule, ...]:
        """The rules to delete."""
        return tuple(old for old, _ in self.pairs)

    @property
    def new(self) -> tuple[StreamRule, ...]:
        """The rules to add."""
        return tuple(new for _, new in self.pairs)


class SyncPlan(msgspec.Struct, frozen=True):
    """The changes that turn the rules at X into the desired ones; its `str()` is a readable diff.

    Attributes:
        adds: the rules to add, in the order in which they were passed.
        deletes: the rules to delete, with their ids. A rule that only gets another tag is deleted and added.
        keeps: the rules that stay, with their ids.
    """

    adds: tuple[StreamRule, ...] = ()
    deletes: tuple[StreamRule, ...] = ()
    keeps: tuple[StreamRule, ...] = ()

    def __str__(self) -> str:
        changes = [(rule, "-") for rule in self.deletes] + [(rule, "+") for rule in self.adds]
        changes.sort(key=lambda change: change[0].value)  # stable: a rule's replacement comes below it
        lines = [f"{sign} {format_rule(rule)}" for rule, sign in changes]
        counts = f"{len(self.adds):,} to add, {len(self.deletes):,} to delete, {len(self.keeps):,} to keep"
        return "\n".join([*lines, counts])

    def steps(self, room: int | None, few_swaps: int = FEW_SWAPS) -> Iterator[Batch | Swap]:
        """Yield the steps that carry it out, with *room* for so many more rules (None: for any number).

        Additions come first, and deletions last. In between, rules are swapped: those that get another tag
        and, where there is no room for an addition, a rule to delete with one to add.

        Raises:
            RulesRefused: there would be more rules than the limit allows.
        """
        adds, swaps, deletes = self._sorted()
        if room is None:
            room = len(adds)
        short = len(adds) - len(deletes) - room
        if short > 0:
            raise RulesRefused((_too_many(len(self.adds), short),))
        yield from batches("add", adds[:room])
        crowded = adds[room:]
        pairs = (*zip(deletes, crowded, strict=False), *swaps)
        size = min(BATCH, max(_SMALL_SWAP, -(-len(pairs) // few_swaps)))
        for start in range(0, len(pairs), size):
            yield Swap(pairs[start : start + size])
        yield from batches("delete", deletes[len(crowded) :])

    def _sorted(
        self,
    ) -> tuple[tuple[StreamRule, ...], tuple[tuple[StreamRule, StreamRule], ...], tuple[StreamRule, ...]]:
        """Return the additions, the pairs of old and new with the same value, and the deletions."""
        old = {rule.value: rule for rule in self.deletes}
        swaps = tuple((old[new.value], new) for new in self.adds if new.value in old)
        swapped = {rule.id for rule, _ in swaps}
        return (
            tuple(rule for rule in self.adds if rule.value not in old),
            swaps,
            tuple(rule for rule in self.deletes if rule.id not in swapped),
        )


def desired_rules(
    rules: Iterable[Desired], tag_prefix: str, dialect: Dialect = "stream"
) -> dict[str, StreamRule]:
    """Return *rules* by their values.

    Raises:
        ValueError: one is no rule that X can have, has two tags, or a tag without the prefix.
    """
    if isinstance(rules, str | StreamRule):
        raise ValueError(f"sync() takes a list of all desired rules, not a single one: {rules!r}")
    found: dict[str, StreamRule] = {}
    for rule in rules:
        one = _one(rule, dialect)
        twin = found.setdefault(one.value, one)
        if not same(one, twin):
            raise ValueError(
                f"a rule has one tag; {one.value[:60]!r} is listed with {twin.tag!r} and with {one.tag!r}"
            )
        if not (one.tag or "").startswith(tag_prefix):
            raise ValueError(
                f"with tag_prefix={tag_prefix!r}, every tag must start with it; "
                f"{one.value[:60]!r} has the tag {one.tag!r}"
            )
    return found


def plan(desired: Mapping[str, StreamRule], current: Iterable[StreamRule], tag_prefix: str) -> SyncPlan:
    """Return the fewest changes that make the *current* rules whose tags have the prefix the *desired* ones.

    Raises:
        RulesRefused: a desired rule exists with a tag without the prefix; X has each value only once.
    """
    keeps: dict[str, StreamRule] = {}
    deletes: list[StreamRule] = []
    unmanaged: list[RuleError] = []
    for rule in current:
        new = desired.get(rule.value)
        if not (rule.tag or "").startswith(tag_prefix):
            if new is not None:
                unmanaged.append(_unmanaged(rule))
        elif new is None or not same(rule, new) or rule.value in keeps:
            deletes.append(rule)
        else:
            keeps[rule.value] = rule
    if unmanaged:
        raise RulesRefused(tuple(unmanaged))
    adds = tuple(rule for value, rule in desired.items() if value not in keeps)
    return SyncPlan(adds, tuple(deletes), tuple(keeps.values()))


def _one(rule: Desired, dialect: Dialect) -> StreamRule:
    tag: str | None = None
    text: str | StreamRule | Rule
    if isinstance(rule, tuple):
        if len(rule) != 2 or not isinstance(rule[1], str | None):
            raise ValueError(f"a rule with its tag must be (value, tag), not {rule!r}")
        text, tag = rule
    else:
        text = rule
    one = to_stream_rule(text, tag, dialect)
    return StreamRule(one.value.strip(), one.tag or None)


def _unmanaged(rule: StreamRule) -> RuleError:
    detail = f"it is there with the tag {rule.tag!r}, which sync() was told to leave alone"
    return RuleError("DuplicateRule", detail, value=rule.value, id=rule.id)


def _too_many(adds: int, short: int) -> RuleError:
    return RuleError("RulesCapExceeded", f"of the {adds:,} rules to add, {short:,} exceed the limit")
