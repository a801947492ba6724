"""AND, OR and NOT of compiled terms, in three values."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from .features import PostFeatures
from .terms import ANYTHING, Alternatives, CompiledTerm, Evaluate, Outcome


def conjunction(parts: list[CompiledTerm]) -> CompiledTerm:
    """Return what is true where all of *parts* are, and false where one of them is."""
    return CompiledTerm(_decided_by(False, parts), _most_selective(parts))


def disjunction(parts: list[CompiledTerm]) -> CompiledTerm:
    """Return what is true where one of *parts* is, and false where all of them are."""
    alternatives = tuple(keys for part in parts for keys in part.alternatives)
    return CompiledTerm(_decided_by(True, parts), alternatives if all(alternatives) else ANYTHING)


def _decided_by(decisive: bool, parts: list[CompiledTerm]) -> Evaluate:
    functions = [part.evaluate for part in parts]

    def evaluate(features: PostFeatures) -> Outcome:
        missing: tuple[str, ...] = ()
        for function in functions:
            outcome = function(features)
            if outcome is decisive:
                return decisive
            if isinstance(outcome, tuple):
                missing += outcome
        return tuple(dict.fromkeys(missing)) if missing else not decisive

    return evaluate


def negation(part: CompiledTerm) -> CompiledTerm:
    """Return what is true where *part* is false, and the other way round."""
    function = part.evaluate

    def evaluate(features: PostFeatures) -> Outcome:
        outcome = function(features)
        return outcome if isinstance(outcome, tuple) else not outcome

    return CompiledTerm(evaluate)


def with_requested(part: CompiledTerm, requested: Container[str]) -> CompiledTerm:
    """Return *part*, with those fields taken as empty that were *requested* and are absent."""
    function = part.evaluate

    def evaluate(features: PostFeatures) -> Outcome:
        outcome = function(features)
        if isinstance(outcome, tuple):
            return tuple(n for n in outcome if ".fields=" not in n or n not in requested) or False
        return outcome

    return CompiledTerm(evaluate, part.alternatives)


def _most_selective(parts: list[CompiledTerm]) -> Alternatives:
    """Return what an AND needs: all that each part needs, or the alternatives of the part with the fewest.

    A language alone narrows down little, so it is not relied on where there is something else.
    """
    always: frozenset[Any] = frozenset()
    choices: list[Alternatives] = []
    for part in parts:
        if len(part.alternatives) == 1:
            always |= part.alternatives[0]
        elif part.alternatives:
            choices.append(part.alternatives)
    if not choices or any(not str(key).startswith("lang:") for key in always):
        return (always,)
    return tuple(keys | always for keys in min(choices, key=len))
