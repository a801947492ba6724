"""Several rules joined into one, as many as its length takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_OR = " OR "


def pack(texts: Mapping[str, int], length: int) -> Iterator[tuple[str, ...]]:
    """Yield groups of *texts*, in their order, each of which joined with OR has at most *length* characters.

    In the rule language AND binds before OR, so texts need no parentheses. A text that is too long by itself
    is a group of its own. With each text comes how many a group with it may have.
    """
    group: list[str] = []
    used = most = 0
    for text, its_most in texts.items():
        most = min(most, its_most) if group else its_most
        if group and (used + len(_OR) + len(text) > length or len(group) >= most):
            yield tuple(group)
            group, used, most = [], 0, its_most
        used += len(text) + (len(_OR) if group else 0)
        group.append(text)
    if group:
        yield tuple(group)


def joined(texts: Iterable[str]) -> str:
    """Return the rule that matches what any of *texts* does."""
    return _OR.join(texts)
