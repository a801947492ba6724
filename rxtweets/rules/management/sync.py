"""From the rules there are to the rules that are wanted: the plan, and the order it is carried out in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from .model import RuleError, RulesRefused, StreamRule, shown
from .update import BATCH, Batch, batches, same, wanted

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Rule

    Wanted = str | StreamRule | Rule | tuple[str | Rule, str | None]


_SMALL_SWAP = 10
_FEW_SWAPS = 20
"""A swap holds ten rules, or more where that makes more than 20 swaps: each is two requests, and X takes 100
in 15 minutes. Between the two its rules aren't there."""


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
    """What makes the rules at X those that are wanted; `str()` of it is a diff to be read.

    Attributes:
        adds: the rules to add, in the order they were asked for.
        deletes: the rules to delete, with their ids. A rule that only gets another tag is deleted and added.
        keeps: the rules that stay, with their ids.
    """

    adds: tuple[StreamRule, ...] = ()
    deletes: tuple[StreamRule, ...] = ()
    keeps: tuple[StreamRule, ...] = ()

    def __str__(self) -> str:
        changes = [(rule, "-") for rule in self.deletes] + [(rule, "+") for rule in self.adds]
        changes.sort(key=lambda change: change[0].value)  # stable: what takes a rule's place comes below it
        lines = [f"{sign} {shown(rule)}" for rule, sign in changes]
        counts = f"{len(self.adds):,} to add, {len(self.deletes):,} to delete, {len(self.keeps):,} to keep"
        return "\n".join([*lines, counts])

    def steps(self, room: int | None) -> Iterator[Batch | Swap]:
        """Yield what carries it out, in turn, with *room* for so many more rules (None: for any number).

        What only adds comes first, and what only deletes last. In between, rules are swapped: those that get
        another tag and, where there is no room for an addition, one that goes for one that comes.

        Raises:
            RulesRefused: there are more rules than may be.
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
        size = min(BATCH, max(_SMALL_SWAP, -(-len(pairs) // _FEW_SWAPS)))
        for start in range(0, len(pairs), size):
            yield Swap(pairs[start : start + size])
        yield from batches("delete", deletes[len(crowded) :])

    def _sorted(
        self,
    ) -> tuple[tuple[StreamRule, ...], tuple[tuple[StreamRule, StreamRule], ...], tuple[StreamRule, ...]]:
        """What is only added; pairs of old and new with the same value; what is only deleted."""
        old = {rule.value: rule for rule in self.deletes}
        swaps = tuple((old[new.value], new) for new in self.adds if new.value in old)
        swapped = {rule.id for rule, _ in swaps}
        return (
            tuple(rule for rule in self.adds if rule.value not in old),
            swaps,
            tuple(rule for rule in self.deletes if rule.id not in swapped),
        )


def desired(rules: Iterable[Wanted], tag_prefix: str) -> dict[str, StreamRule]:
    """*rules* by their values. Raises ValueError for what X can't hold or isn't in the scope."""
    if isinstance(rules, str | StreamRule):
        raise ValueError(f"sync() takes a list of all the rules there are to be, not one: {rules!r}")
    found: dict[str, StreamRule] = {}
    for rule in rules:
        one = _one(rule)
        twin = found.setdefault(one.value, one)
        if not same(one, twin):
            raise ValueError(
                f"a rule has one tag; {one.value[:60]!r} is asked for with {twin.tag!r} and with {one.tag!r}"
            )
        if not (one.tag or "").startswith(tag_prefix):
            raise ValueError(
                f"with tag_prefix={tag_prefix!r} every tag starts with it; "
                f"{one.value[:60]!r} has the tag {one.tag!r}"
            )
    return found


def plan(wished: Mapping[str, StreamRule], there: Iterable[StreamRule], tag_prefix: str) -> SyncPlan:
    """The fewest changes that make what is *there*, of tags with the prefix, the rules in *wished*.

    Raises:
        RulesRefused: a rule is wanted that is there with a tag out of the scope; X has each only once.
    """
    keeps: dict[str, StreamRule] = {}
    deletes: list[StreamRule] = []
    foreign: list[RuleError] = []
    for rule in there:
        new = wished.get(rule.value)
        if not (rule.tag or "").startswith(tag_prefix):
            if new is not None:
                foreign.append(_foreign(rule))
        elif new is None or not same(rule, new) or rule.value in keeps:
            deletes.append(rule)
        else:
            keeps[rule.value] = rule
    if foreign:
        raise RulesRefused(tuple(foreign))
    adds = tuple(rule for value, rule in wished.items() if value not in keeps)
    return SyncPlan(adds, tuple(deletes), tuple(keeps.values()))


def _one(rule: Wanted) -> StreamRule:
    tag: str | None = None
    text: str | StreamRule | Rule
    if isinstance(rule, tuple):
        if len(rule) != 2 or not isinstance(rule[1], str | None):
            raise ValueError(f"a rule with its tag is (value, tag), not {rule!r}")
        text, tag = rule
    else:
        text = rule
    one = wanted(text, tag)
    return StreamRule(one.value.strip(), one.tag or None)


def _foreign(rule: StreamRule) -> RuleError:
    detail = f"it is there with the tag {rule.tag!r}, which sync() was told to leave alone"
    return RuleError("DuplicateRule", detail, value=rule.value, id=rule.id)


def _too_many(adds: int, short: int) -> RuleError:
    return RuleError("RulesCapExceeded", f"of the {adds:,} rules to add {short:,} are beyond the limit")
