"""Matching posts on this side of the wire: a rule as nested functions, and its answer in three values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rxtweets.messages import Post
from rxtweets.rules.language.ast import AllOf, AnyOf, Not, Rule, Term
from rxtweets.rules.language.vocabulary import OPERATORS, WORDS

from .features import Reading
from .terms import ANYTHING, Alternatives, Answer, Ask, Question


class Match(msgspec.Struct, frozen=True):
    """Whether a rule matches a post: true only for yes.

    Attributes:
        verdict: True for yes, False for no, None if that cannot be told.
        unknown: what is missing to tell, as the parameter that would have brought it (`tweet.fields=geo`,
            `expansions=author_id`), or as the operator that only X can answer (`embedding:`, `sample:`;
            `lang:`, of a post in Chinese).
    """

    verdict: bool | None
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict is True

    def __str__(self) -> str:
        told = {True: "yes", False: "no", None: f"cannot be told without {', '.join(self.unknown)}"}
        return told[self.verdict]


class Reason(msgspec.Struct, frozen=True):
    """What one operator of a rule, with its negation if it has one, says to a post."""

    rule: Rule
    match: Match

    def __str__(self) -> str:
        return f"{self.rule}: {self.match}"


class EveryField:
    """All fields: see `EVERY_FIELD`."""

    def __contains__(self, name: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERY_FIELD"

    def __iter__(self) -> Any:
        raise TypeError("EVERY_FIELD is for asked=; it can't be listed")


EVERY_FIELD = EveryField()
"""For `asked=`: all fields were asked for, so one that is absent is empty."""

_YES, _NO = Match(True), Match(False)


def _match(answer: Answer) -> Match:
    if answer is True:
        return _YES
    return Match(None, answer) if isinstance(answer, tuple) else _NO


class CompiledRule:
    """A rule ready to be matched against many posts; also what a `FilterIndex` holds.

    Attributes:
        rule: the rule.
    """

    __slots__ = ("_alternatives", "_ask", "_asked", "_seed", "rule")

    def __init__(self, rule: Rule, *, asked: Iterable[str] = (), seed: int | None = None) -> None:
        self.rule = rule
        self._asked = asked if isinstance(asked, EveryField) else frozenset(asked)
        self._seed = seed
        self._ask, self._alternatives = self._compile(rule)

    def matches(self, post: Post) -> Match:
        """Whether the rule matches *post*: yes, no, or that it can't be told and what is missing."""
        return _match(self._ask(Reading(post)))

    def why(self, post: Post) -> tuple[Reason, ...]:
        """What each operator of the rule, from left to right, has to say to *post*."""
        reading, reasons = Reading(post), []
        for term, negated in self.rule.terms():
            rule = Not(term) if negated else term
            reasons.append(Reason(rule, _match(self._compile(rule).ask(reading))))
        return tuple(reasons)

    def alternatives(self) -> Alternatives:
        """Sets of features, one of which every post that matches has."""
        return self._alternatives

    @staticmethod
    def read(message: Any) -> Reading | None:
        """What rules look at in a post; None for another message."""
        return Reading(message) if isinstance(message, Post) else None

    def holds(self, reading: Reading) -> bool:
        """Whether the rule certainly matches the post that was read."""
        return self._ask(reading) is True

    def __repr__(self) -> str:
        return f"CompiledRule({str(self.rule)!r})"

    def _compile(self, rule: Rule) -> Question:
        if isinstance(rule, AllOf):
            parts = [self._compile(part) for part in rule.parts]
            return Question(_every([part.ask for part in parts]), _most_selective(parts))
        if isinstance(rule, AnyOf):
            parts = [self._compile(part) for part in rule.parts]
            listed = tuple(needed for part in parts for needed in part.alternatives)
            return Question(_some([part.ask for part in parts]), listed if all(listed) else ANYTHING)
        if isinstance(rule, Not):
            return Question(_opposite(self._compile(rule.term).ask))
        assert isinstance(rule, Term)
        matcher = WORDS.get(rule.name) or OPERATORS[rule.name].matcher
        question = matcher(rule, self._seed)
        return question._replace(ask=self._informed(question.ask)) if self._asked else question

    def _informed(self, ask: Ask) -> Ask:
        """*ask*, with the fields that were asked for taken as empty where they are absent."""
        asked: Any = self._asked

        def informed(reading: Reading) -> Answer:
            answer = ask(reading)
            if isinstance(answer, tuple):
                return tuple(name for name in answer if ".fields=" not in name or name not in asked) or False
            return answer

        return informed


def _every(asks: list[Ask]) -> Ask:
    def ask(reading: Reading) -> Answer:
        missing: tuple[str, ...] = ()
        for part in asks:
            answer = part(reading)
            if answer is False:
                return False
            if answer is not True:
                missing += answer
        return _once(missing) or True

    return ask


def _some(asks: list[Ask]) -> Ask:
    def ask(reading: Reading) -> Answer:
        missing: tuple[str, ...] = ()
        for part in asks:
            answer = part(reading)
            if answer is True:
                return True
            if answer is not False:
                missing += answer
        return _once(missing) or False

    return ask


def _opposite(part: Ask) -> Ask:
    def ask(reading: Reading) -> Answer:
        answer = part(reading)
        return answer if isinstance(answer, tuple) else not answer

    return ask


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names)) if len(names) > 1 else names


def _most_selective(parts: list[Question]) -> Alternatives:
    """What an AND needs: all that each part needs, or the alternatives of the part that has the fewest.

    A language alone narrows down little, so it is not relied on where there is something else.
    """
    always: frozenset[Any] = frozenset()
    choices: list[Alternatives] = []
    for part in parts:
        if len(part.alternatives) == 1:
            always |= part.alternatives[0]
        elif part.alternatives:
            choices.append(part.alternatives)
    if not choices or any(not str(feature).startswith("lang:") for feature in always):
        return (always,)
    return tuple(needed | always for needed in min(choices, key=len))
