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


def rejoin(
    packs: Iterable[Mapping[str, int]], newcomers: Mapping[str, int], length: int, most: int
) -> list[tuple[str, ...]]:
    """Return at most so many groups that take the place of more *packs*.

    If there are none, return one group that takes the place of one, with some *newcomers*; if there is none
    either, an empty list.
    """
    if most <= 0:
        return []
    sparse = sorted(packs, key=lambda one: len(joined(one)))
    groups = list(pack({key: its for one in sparse for key, its in one.items()}, length))[:most]
    moved = {key for group in groups for key in group}
    if sum(one.keys() <= moved for one in sparse) > len(groups):
        return groups
    shortest = min(map(len, newcomers), default=length)
    for one in sparse:
        if len(joined(one)) + len(_OR) + shortest <= length:
            group = _filled(one, newcomers, length)
            if len(group) > len(one):
                return [group]
    return []


def beyond(
    keys: Iterable[str],
    packs: Iterable[Mapping[str, int]],
    newcomers: Mapping[str, int],
    length: int,
    most: int,
) -> list[str]:
    """Return those of *keys* for which so many groups leave no place, beside *packs* that are joined again.

    The *newcomers* are those of *keys* that may be joined with others; the rest need groups of their own.
    """
    standing = {key: its for one in packs for key, its in one.items()}
    groups = pack({**standing, **newcomers}, length)
    group_of: dict[str, object] = {key: group for group in groups for key in group}
    taken = {group_of[key] for key in standing}
    found = []
    for key in keys:
        group = group_of.get(key, key)
        if group not in taken and len(taken) >= most:
            found.append(key)
        else:
            taken.add(group)
    return found


def _filled(group: Mapping[str, int], newcomers: Mapping[str, int], length: int) -> tuple[str, ...]:
    """Return *group* with those of *newcomers* that fit, the first first."""
    texts = list(group)
    used, most = len(joined(texts)), min(group.values())
    for text, its_most in newcomers.items():
        if used + len(_OR) + len(text) <= length and len(texts) < min(most, its_most):
            texts.append(text)
            used, most = used + len(_OR) + len(text), min(most, its_most)
    return tuple(texts)
