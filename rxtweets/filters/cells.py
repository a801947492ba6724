"""Boxes on the map as features of an index: two that overlap share one.

The map is cut into four, each quarter into four, and so on. A box lies in one to four cells of the level
where cells are about as large as it is. Where two boxes overlap, a cell of the one is a cell of the other, or
lies in it, or has it within: so a filter is listed at its cells and above them, and a message asks likewise.
"""

from __future__ import annotations

from collections.abc import Iterator

from rxtweets.endpoints._predicates import Box as Box

Cell = tuple[bool, int, int, int]
"""The cell's level, column and row, after whether the box lies in a smaller cell within."""

_DEEPEST = 14  # about 2.4 km by 1.2 km at the equator
_TOUCH = 1e-9  # boxes that share but an edge overlap, and numbers are not exact


def filter_cells(box: Box) -> set[Cell]:
    """Return the features of a filter for *box*: each is an alternative of its own."""
    found: set[Cell] = set()
    for level, x, y in _cells(box):
        found.add((False, level, x, y))
        found.update((True, level - up, x >> up, y >> up) for up in range(1, level + 1))
    return found


def message_cells(box: Box) -> set[Cell]:
    """Return the features of a message at *box*; a point is a box without extent."""
    found: set[Cell] = set()
    for level, x, y in _cells(box):
        found.add((True, level, x, y))
        found.update((False, level - up, x >> up, y >> up) for up in range(level + 1))
    return found


def _cells(box: Box) -> Iterator[tuple[int, int, int]]:
    """Yield the cells of one level in which *box* lies, at most two in each direction."""
    west, south, east, north = box
    across, up = (east - west) / 360, (north - south) / 180
    level = 0
    while level < _DEEPEST and max(across, up) * 2 ** (level + 1) <= 1:
        level += 1
    count = 1 << level
    for x in range(_at(west - _TOUCH, 360, count), _at(east + _TOUCH, 360, count) + 1):
        for y in range(_at(south - _TOUCH, 180, count), _at(north + _TOUCH, 180, count) + 1):
            yield level, x, y


def _at(degrees: float, whole: int, count: int) -> int:
    """Return the column or row of *degrees*, of *count*; a place off the map counts as at its edge."""
    return int(min(max((degrees + whole / 2) / whole * count, 0), count - 1))
