"""The searches that recover what the rules of the filtered stream would have brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from rxtweets.messages import Gap, MatchingRule
from rxtweets.rules import Limits, Rule, StreamRule, all_of, any_of, parse, validate
from rxtweets.rules.hub_tags import is_lease
from rxtweets.rules.language.ast import AllOf, AnyOf
from rxtweets.rules.language.search import left_out

from .core import Outage
from .identity import time_of_key

_LIMITS = Limits(4_096, 1, "search")
"""The longest query there is; that of an account X tells, by refusing it."""

_WHY = {
    "retweets": "search finds no retweets for a rule with keywords",
    "quotes": "search finds a quote by its own text only",
}


class Query(NamedTuple):
    """A search for a rule that stood since *since*, or for a part of one."""

    rule: MatchingRule
    text: str
    since: float


class Plan(NamedTuple):
    """The searches for an outage, and what they leave out.

    Attributes:
        queries: in the order of the rules.
        gaps: the rules that can't be searched for, each with the reason.
        left_out: by kind of post, the rules for which search leaves it out.
    """

    queries: tuple[Query, ...]
    gaps: tuple[tuple[MatchingRule, str], ...]
    left_out: dict[str, tuple[MatchingRule, ...]]

    def told(self, outage: Outage, searched: Collection[MatchingRule]) -> list[Gap]:
        """Return what to tell of an outage, of whose rules some have been *searched* for."""
        since, until = outage.ends
        gaps = [Gap(since, until, why, (rule,)) for rule, why in self.gaps]
        for kind, rules in self.left_out.items():
            if concerned := tuple(rule for rule in rules if rule in searched):
                gaps.append(Gap(since, until, _WHY[kind], concerned, (kind,)))
        return gaps


def plan(rules: Iterable[StreamRule], before: Collection[str] | None, outage: Outage) -> Plan:
    """Return how to recover *outage* under *rules*, those that stand when it is over.

    A rule that was added during the outage, as its id tells, is searched for from then on, unless its text
    is among those *before*, so that it has only got another tag. None: these aren't known.
    """
    queries: list[Query] = []
    gaps: list[tuple[MatchingRule, str]] = []
    kinds: dict[str, tuple[MatchingRule, ...]] = {}
    for one in rules:
        added = time_of_key(one.id or "")
        since = outage.since
        if added is not None and before is not None and one.value not in before:
            since = max(since, added)
        if since >= outage.until or is_lease(one.tag):
            continue
        rule = MatchingRule(id=one.id or "", tag=one.tag)
        if problems := validate(one.value, _LIMITS):
            gaps.append((rule, f"{problems[0].message}: {one.value}"))
            continue
        parsed = parse(one.value)
        queries += [Query(rule, text, since) for text in searches(parsed, one.value)]
        for kind in left_out(parsed):
            kinds[kind] = (*kinds.get(kind, ()), rule)
    return Plan(tuple(queries), tuple(gaps), kinds)


def searches(rule: Rule, text: str, longest: int = Limits.search().length) -> list[str]:
    """Return the texts of searches that together find what *rule*, written as *text*, does.

    A rule that is longer than a search may be for every account is split at its alternatives. If that doesn't
    make all of them short enough it is left whole: some accounts may have longer ones.
    """
    parts = [text] if len(text) <= longest else [one.text("search") for one in _split(rule, longest)]
    return parts if all(len(part) <= longest for part in parts) else [text]


def _split(rule: Rule, longest: int) -> list[Rule]:
    if len(rule.text("search")) <= longest:
        return [rule]
    parts = rule.parts if isinstance(rule, AllOf) else (rule,)
    choice = next((part for part in parts if isinstance(part, AnyOf)), None)
    if choice is None:
        return [rule]
    others = [part for part in parts if part is not choice]
    half = len(choice.parts) // 2
    halves = (all_of(any_of(*some), *others) for some in (choice.parts[:half], choice.parts[half:]))
    return [part for one in halves for part in _split(one, longest)]
