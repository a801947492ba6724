"""Rules as values: operators, negations, and what joins them.

Trees are canonical: an AND has no AND for a part and an OR no OR, each has at least two parts, and what is
negated is one operator. So rules that are written alike are equal, and text and tree stand for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from rxtweets import messages

if TYPE_CHECKING:
    from rxtweets.rules.matching.compiled import CompiledRule, Match, Reason

DEEPEST = 100
"""How deep ANDs and ORs may lie in each other: ample for people, and within what Python's stack bears."""


class Rule(msgspec.Struct, frozen=True, dict=True):
    """A rule of v2's filtered stream: immutable, hashable, equal to another that is written alike.

    `parse` makes one of text, `keyword`, `hashtag`, `from_` and so on make one in Python. They combine:
    `a & b` matches what both match, `a | b` what one of them does, ``~a`` what *a* does not; X negates single
    operators only, so ``~(a & b)`` becomes ``-a OR -b``. `str(rule)` is the text to send.

    A rule can be built that X refuses (nothing but `has:images`): `validate` tells.
    """

    def __and__(self, other: Rule) -> Rule:
        return all_of(self, other) if isinstance(other, Rule) else NotImplemented

    def __or__(self, other: Rule) -> Rule:
        return any_of(self, other) if isinstance(other, Rule) else NotImplemented

    def __invert__(self) -> Rule:
        raise TypeError("a bare Rule stands for nothing")

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"

    @property
    def depth(self) -> int:
        """How deep ANDs and ORs lie in each other; 0 for an operator."""
        return 0

    def terms(self) -> Iterator[tuple[Term, bool]]:
        """Its operators from left to right, each with whether it is negated."""
        raise TypeError("a bare Rule stands for nothing")

    def compile(self, *, asked: Iterable[str] = (), seed: int | None = None) -> CompiledRule:
        """The rule made ready for matching many posts, and for a `FilterIndex`.

        Args:
            asked: the fields that were asked for, as `"tweet.fields=geo"`, or `EVERY_FIELD`: one of these
                that a post hasn't is then empty rather than unknown. X leaves out what is empty.
            seed: decides which posts `sample:` lets through; without it that can't be told.
        """
        from rxtweets.rules.matching.compiled import CompiledRule

        return CompiledRule(self, asked=asked, seed=seed)

    @property
    def _compiled(self) -> CompiledRule:
        found: CompiledRule | None = self.__dict__.get("compiled")
        if found is None:
            found = self.__dict__["compiled"] = self.compile()
        return found

    def matches(self, post: messages.Post) -> Match:
        """Whether it matches *post*: yes, no, or that it can't be told and what is missing.

        Compiles the rule the first time. `compile` has a say in what counts as known.
        """
        return self._compiled.matches(post)

    def why(self, post: messages.Post) -> tuple[Reason, ...]:
        """What each operator of the rule, from left to right, has to say to *post*."""
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

    def __str__(self) -> str:
        form = _FORMS.get(self.name)
        if form is not None:
            return form.format(quoted(self.value) if '"' in form else self.value, self.within)
        return f"{self.name}:{_written(self.name, self.value)}"

    def __invert__(self) -> Rule:
        return Not(self)

    def terms(self) -> Iterator[tuple[Term, bool]]:
        yield self, False


_FORMS = {
    "keyword": "{0}",
    "phrase": '"{0}"',
    "near": '"{0}"~{1}',
    "hashtag": "#{0}",
    "mention": "@{0}",
    "cashtag": "${0}",
}


class Not(Rule, frozen=True):
    """What an operator does not match."""

    term: Term

    def __str__(self) -> str:
        return f"-{self.term}"

    def __invert__(self) -> Rule:
        return self.term

    def terms(self) -> Iterator[tuple[Term, bool]]:
        yield self.term, True


class _Joined(Rule, frozen=True):
    parts: tuple[Rule, ...]

    def __post_init__(self) -> None:
        depth = 1 + max(part.depth for part in self.parts)
        if depth > DEEPEST:
            raise ValueError(f"a rule is at most {DEEPEST} groups deep; make several rules of it")
        self.__dict__["deep"] = depth

    @property
    def depth(self) -> int:
        return int(self.__dict__["deep"])

    def terms(self) -> Iterator[tuple[Term, bool]]:
        for part in self.parts:
            yield from part.terms()


class AllOf(_Joined, frozen=True):
    """What all of its parts match."""

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, AnyOf) else str(part) for part in self.parts)

    def __invert__(self) -> Rule:
        return any_of(*(~part for part in self.parts))


class AnyOf(_Joined, frozen=True):
    """What one of its parts matches."""

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))

    def __invert__(self) -> Rule:
        return all_of(*(~part for part in self.parts))


def all_of(*rules: Rule) -> Rule:
    """The rule that matches what all of *rules* match.

    Raises:
        ValueError: there is none.
    """
    return _join(AllOf, rules)


def any_of(*rules: Rule) -> Rule:
    """The rule that matches what at least one of *rules* matches.

    Raises:
        ValueError: there is none.
    """
    return _join(AnyOf, rules)


def _join(kind: type[AllOf] | type[AnyOf], rules: tuple[Rule, ...]) -> Rule:
    parts: list[Rule] = []
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ValueError(f"a rule is joined with rules, not with {rule!r}")
        parts += rule.parts if isinstance(rule, kind) else (rule,)
    if not parts:
        raise ValueError("there is no rule to join: give at least one")
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def quoted(value: str) -> str:
    """*value* as it stands between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _written(name: str, value: str) -> str:
    from .vocabulary import OPERATORS

    style = OPERATORS[name].kind.style
    if style == "list":
        return f"[{value}]"
    plain = style == "bare" or value.replace("_", "").isalnum()
    return value if plain else f'"{quoted(value)}"'
