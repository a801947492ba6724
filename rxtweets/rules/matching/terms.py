"""What an operator becomes: a question to a post, and what the post needs for the answer to be yes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from .features import Missing, Reading

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Term

Answer = bool | Missing
"""True, False, or the names of what is missing for one of them."""

Ask = Callable[[Reading], Answer]

Alternatives = tuple[frozenset[Hashable], ...]

ANYTHING: Alternatives = (frozenset(),)


class Question(NamedTuple):
    """`ask` answers for a post; where it says True, the post has all features of one of `alternatives`."""

    ask: Ask
    alternatives: Alternatives = ANYTHING


Matcher = Callable[["Term", int | None], Question]
"""Makes a question of an operator and the seed of `sample:`."""


def needs(*features: Iterable[Hashable]) -> Alternatives:
    """The alternatives that each of *features* is."""
    return tuple(map(frozenset, features))


def found_or(found: bool, missing: Missing) -> Answer:
    """Yes if it was found; no if all was seen."""
    return found or missing or False


def in_line(wanted: tuple[str, ...], line: tuple[str, ...]) -> bool:
    """Whether the words *wanted* stand next to each other in *line*."""
    size = len(wanted)
    if size < 2:
        return size == 1 and wanted[0] in line
    return any(line[at : at + size] == wanted for at in range(len(line) - size + 1))
