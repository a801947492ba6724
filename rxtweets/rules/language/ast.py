"""Rules as values: operators, negations, and what joins them; and rules compiled for matching.

Trees are canonical: an AND has no AND for a part and an OR no OR, each has at least two parts, and only
single operators are negated. So rules that are written alike are equal, and text and tree convert into each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rxtweets.messages import Post, Status
from rxtweets.rules.matching import combine
from rxtweets.rules.matching.features import PostFeatures
from rxtweets.rules.matching.match import EveryField, Match, match_of
from rxtweets.rules.matching.status import StatusFeatures
from rxtweets.rules.matching.terms import Alternatives, CompiledTerm, Operand

from .vocabulary import Dialect, details, lookup, spellings

MAX_DEPTH = 100
"""The greatest depth of nested ANDs and ORs: ample for people, and within the limits of Python's stack."""


class Rule(msgspec.Struct, frozen=True, dict=True):
    """A rule of v2's filtered stream: immutable, hashable, equal to another that is written the same way.

    `parse` reads one from text; `keyword`, `hashtag`, `from_` and so on build one in Python. They combine:
    `a & b` matches posts that both match, `a | b` those that at least one matches, ``~a`` those that *a*
    doesn't match. X only negates single operators, so ``~(a & b)`` becomes ``-a OR -b``. `str(rule)` is the
    text to send.

    X may refuse a rule that can be built (such as `has:images` alone): `validate` says so.
    """

    def __and__(self, other: Rule) -> Rule:
        return all_of(self, other) if isinstance(other, Rule) else NotImplemented

    def __or__(self, other: Rule) -> Rule:
        return any_of(self, other) if isinstance(other, Rule) else NotImplemented

    def __invert__(self) -> Rule:
        raise TypeError("a bare Rule stands for nothing")

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"

    def text(self, dialect: Dialect = "stream") -> str:
        """Return the text to send to the filtered stream, to `"search"` or to `"powerstream"`.

        Some operators have other names there.
        """
        raise TypeError("a bare Rule stands for nothing")

    def __str__(self) -> str:
        return self.text()

    @property
    def depth(self) -> int:
        """The depth of nested ANDs and ORs; 0 for an operator."""
        return 0

    def terms(self) -> Iterator[tuple[Term, bool]]:
        """Yield the operators from left to right, each with whether it is negated."""
        raise TypeError("a bare Rule stands for nothing")

    def compile(self, *, asked: Iterable[str] = (), seed: int | None = None) -> CompiledRule:
        """Return the rule prepared for matching many posts, and for a `FilterIndex`.

        Args:
            asked: the fields that were requested, as `"tweet.fields=geo"`, or `EVERY_FIELD`. If a post lacks
                one of these, it is treated as empty, not as unknown, since X leaves out empty fields.
            seed: decides which posts `sample:` lets through; without it, that is unknown.
        """
        return CompiledRule(self, asked=asked, seed=seed)

    @property
    def _compiled(self) -> CompiledRule:
        found: CompiledRule | None = self.__dict__.get("compiled")
        if found is None:
            found = self.__dict__["compiled"] = self.compile()
        return found

    def matches(self, post: Post | Status) -> Match:
        """Return whether it matches *post*: yes, no, or unknown, with what is missing.

        A v1.1 status, as Powerstream sends it, has everything that a Powerstream rule looks at. The first
        call compiles the rule. `compile` has options for what counts as known.
        """
        return self._compiled.matches(post)

    def why(self, post: Post | Status) -> tuple[Reason, ...]:
        """Return whether each operator of the rule, from left to right, matches *post*."""
        return self._compiled.why(post)


class Term(Rule, frozen=True):
    """One operator with its value.

    Attributes:
        name: as in a rule (`from`, `has`); `keyword`, `phrase`, `near`, `hashtag`, `mention`, `cashtag`.
        value: in its canonical form, without quotes, brackets or sign.
        within: of `near`, how many other words may stand between its words.
    """

    name: str
    value: str
    within: int = 0

    def text(self, dialect: Dialect = "stream") -> str:
        operator, value = lookup(self.name), self.value
        if operator.form:
            return operator.form.format(quoted(value) if '"' in operator.form else value, self.within)
        name = spellings(self.name, operator, dialect)[0]
        if operator.choices:
            value = spellings(value, details(self.name, value), dialect)[0]
        if operator.kind.style == "list":
            return f"{name}:[{value}]"
        plain = operator.kind.style == "bare" or value.replace("_", "").isalnum()
        return f"{name}:{value}" if plain else f'{name}:"{quoted(value)}"'

    def __invert__(self) -> Rule:
        return Not(self)

    def terms(self) -> Iterator[tuple[Term, bool]]:
        yield self, False


class Not(Rule, frozen=True):
    """The negation of an operator."""

    term: Term

    def text(self, dialect: Dialect = "stream") -> str:
        return f"-{self.term.text(dialect)}"

    def __invert__(self) -> Rule:
        return self.term

    def terms(self) -> Iterator[tuple[Term, bool]]:
        yield self.term, True


class _Joined(Rule, frozen=True):
    parts: tuple[Rule, ...]

    def __post_init__(self) -> None:
        depth = 1 + max(part.depth for part in self.parts)
        if depth > MAX_DEPTH:
            raise ValueError(f"a rule can be at most {MAX_DEPTH} groups deep; split it into several rules")
        self.__dict__["depth"] = depth

    @property
    def depth(self) -> int:
        return int(self.__dict__["depth"])

    def terms(self) -> Iterator[tuple[Term, bool]]:
        for part in self.parts:
            yield from part.terms()


class AllOf(_Joined, frozen=True):
    """A rule that matches posts that all of its parts match."""

    def text(self, dialect: Dialect = "stream") -> str:
        texts = ((part.text(dialect), isinstance(part, AnyOf)) for part in self.parts)
        return " ".join(f"({text})" if grouped else text for text, grouped in texts)

    def __invert__(self) -> Rule:
        return any_of(*(~part for part in self.parts))


class AnyOf(_Joined, frozen=True):
    """A rule that matches posts that at least one of its parts matches."""

    def text(self, dialect: Dialect = "stream") -> str:
        return " OR ".join(part.text(dialect) for part in self.parts)

    def __invert__(self) -> Rule:
        return all_of(*(~part for part in self.parts))


def all_of(*rules: Rule) -> Rule:
    """Return the rule that matches posts that all of *rules* match.

    Raises:
        ValueError: no rule is given.
    """
    return _join(AllOf, rules)


def any_of(*rules: Rule) -> Rule:
    """Return the rule that matches posts that at least one of *rules* matches.

    Raises:
        ValueError: no rule is given.
    """
    return _join(AnyOf, rules)


def _join(kind: type[AllOf] | type[AnyOf], rules: tuple[Rule, ...]) -> Rule:
    parts: list[Rule] = []
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ValueError(f"a rule can only be combined with rules, not with {rule!r}")
        parts += rule.parts if isinstance(rule, kind) else (rule,)
    if not parts:
        raise ValueError("nothing to combine: pass at least one rule")
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def quoted(value: str) -> str:
    """Return *value* escaped for its place between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


class Reason(msgspec.Struct, frozen=True):
    """The answer of one operator of a rule, with its negation if it has one, for a post."""

    rule: Rule
    match: Match

    def __str__(self) -> str:
        return f"{self.rule}: {self.match}"


class CompiledRule:
    """A rule prepared for matching many posts; it can be added to a `FilterIndex`.

    Attributes:
        rule: the rule.
    """

    __slots__ = ("_asked", "_seed", "_whole", "rule")

    def __init__(self, rule: Rule, *, asked: Iterable[str] = (), seed: int | None = None) -> None:
        self.rule = rule
        self._asked = asked if isinstance(asked, EveryField) else frozenset(asked)
        self._seed = seed
        self._whole = self._compile(rule)

    def matches(self, post: Post | Status) -> Match:
        """Return whether the rule matches *post*: yes, no, or unknown, with what is missing."""
        return match_of(self._whole.evaluate(_features(post)))

    def why(self, post: Post | Status) -> tuple[Reason, ...]:
        """Return whether each operator of the rule, from left to right, matches *post*."""
        features, reasons = _features(post), []
        for term, negated in self.rule.terms():
            rule = Not(term) if negated else term
            reasons.append(Reason(rule, match_of(self._compile(rule).evaluate(features))))
        return tuple(reasons)

    def alternatives(self) -> Alternatives:
        """Return sets of index keys: every post that matches has all keys of one of them."""
        return self._whole.alternatives

    @staticmethod
    def read(message: Any) -> PostFeatures | None:
        """Return the features of a post or status; None for another message."""
        return _features(message) if isinstance(message, Post | Status) else None

    def holds(self, features: PostFeatures) -> bool:
        """Return whether the rule certainly matches the post with these *features*."""
        return self._whole.evaluate(features) is True

    def __repr__(self) -> str:
        return f"CompiledRule({str(self.rule)!r})"

    def _compile(self, rule: Rule) -> CompiledTerm:
        if isinstance(rule, AllOf):
            return combine.conjunction([self._compile(part) for part in rule.parts])
        if isinstance(rule, AnyOf):
            return combine.disjunction([self._compile(part) for part in rule.parts])
        if isinstance(rule, Not):
            return combine.negation(self._compile(rule.term))
        assert isinstance(rule, Term)
        term = lookup(rule.name).matcher(Operand(rule.value, rule.within, self._seed))
        return combine.with_requested(term, self._asked) if self._asked else term


def _features(post: Post | Status) -> PostFeatures:
    return StatusFeatures(post) if isinstance(post, Status) else PostFeatures(post)
