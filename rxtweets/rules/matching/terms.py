"""Compiled operators: functions of a post, and the index keys that a matching post must have."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from .features import Missing, PostFeatures

Outcome = bool | Missing
"""True, False, or the names of what is missing to tell."""

Evaluate = Callable[[PostFeatures], Outcome]

Alternatives = tuple[frozenset[Hashable], ...]

ANYTHING: Alternatives = (frozenset(),)


class CompiledTerm(NamedTuple):
    """A part of a rule, ready to be matched.

    Where `evaluate` returns True for a post, the post has all index keys of one of `alternatives`.
    """

    evaluate: Evaluate
    alternatives: Alternatives = ANYTHING


class Operand(NamedTuple):
    """The operand that an operator is compiled with.

    Attributes:
        value: in its canonical form, as in `Term`.
        within: of `near`, how many other words may stand between its words.
        seed: decides which posts `sample:` lets through; None if that can't be told.
    """

    value: str
    within: int = 0
    seed: int | None = None


Matcher = Callable[[Operand], CompiledTerm]


def index_keys(*alternatives: Iterable[Hashable]) -> Alternatives:
    """Return *alternatives*, each a group of index keys that are needed together, for a `CompiledTerm`."""
    return tuple(map(frozenset, alternatives))


def true_or_unknown(found: bool, missing: Missing) -> Outcome:
    """Return True if it was *found*, False if nothing is *missing*, and else what is."""
    return found or missing or False


def contains_phrase(line: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Return whether the words of *phrase* stand next to each other in *line*."""
    size = len(phrase)
    if size < 2:
        return size == 1 and phrase[0] in line
    return any(line[at : at + size] == phrase for at in range(len(line) - size + 1))
