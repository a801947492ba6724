"""Marble diagrams of docstrings, drawn: a Sphinx extension.

A literal block whose lines are marbles, with operators between them, becomes a picture.

::

    --1--2--1--|            one character is one step of time
       distinct_by_id()
    --1--2-----|            1: anything that is said of a line stands two blanks after it
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

STEP, ROW, MARGIN, RADIUS = 20, 46, 16, 13
SECONDS = 4.0
"""How long the play lasts that begins when a pointer is over a diagram."""

_MARBLES = re.compile(r"(?P<line> *-[\w|-]*)(?:  +(?P<note>\S.*))?")
_OPERATOR = re.compile(r" +(?P<operator>.*?)(?:  +(?P<note>\S.*))?")
_ITEM = re.compile(r"\w+|\|")
_ERROR = "x"


def drawn(text: str) -> str | None:
    """Return the diagram *text* as SVG; None if it is none."""
    lines = text.splitlines()
    found = [_MARBLES.fullmatch(line) or _OPERATOR.fullmatch(line) for line in lines]
    if not any("-" in line.lstrip()[:1] for line in lines) or not all(found):
        return None
    parts, notes, kinds = [], [], dict[str, int]()
    rows = [match.groupdict() for match in found if match]
    width = max(
        len(named["line"]) * STEP if "line" in named else len(named["operator"]) * 8 + 24 for named in rows
    )
    y = ROW / 2
    for named in rows:
        if named["note"]:
            notes.append(named["note"])
        if "line" in named:
            parts.append(_line(named["line"], y, width, kinds))
        else:
            parts.append(_operator(named["operator"], y, width))
        y += ROW
    for note in notes:
        parts.append(f'<text class="note" x="{MARGIN}" y="{y - ROW / 2 + 14:g}">{html.escape(note)}</text>')
        y += 20
    longest = max(map(len, notes), default=0) * 6.6
    across, down = max(width, longest) + 2 * MARGIN, y - ROW / 2 + (8 if notes else 0)
    return (
        f'<svg class="marbles" viewBox="0 0 {across:g} {down:g}" width="{across:g}" role="img" '
        f'aria-label="{html.escape(_said(lines))}">{"".join(parts)}</svg>'
    )


def _line(line: str, y: float, width: float, kinds: dict[str, int]) -> str:
    start, end = MARGIN + (len(line) - len(line.lstrip())) * STEP, MARGIN + len(line) * STEP
    ends = line.endswith(("|", _ERROR))
    stop = end - STEP / 2 if ends else end
    parts = [f'<path class="time" d="M{start} {y:g}H{stop:g}{"" if ends else "m-6 -4l6 4l-6 4"}"/>']
    for found in _ITEM.finditer(line):
        item, x = found[0], MARGIN + (found.start() + found.end()) / 2 * STEP
        style = f'style="animation-delay:{(x - MARGIN) / width * SECONDS:.2f}s"'
        if item == "|":
            parts.append(f'<path class="end item" {style} d="M{x:g} {y - RADIUS:g}v{2 * RADIUS}"/>')
        elif item == _ERROR and found.end() == len(line):
            parts.append(f'<path class="error item" {style} d="M{x - 8:g} {y - 8:g}l16 16m0 -16l-16 16"/>')
        else:
            colour = kinds.setdefault(item, len(kinds) % 6)
            parts.append(
                f'<g class="item c{colour}" {style}><circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>'
                f'<text x="{x:g}" y="{y + 4.5:g}">{html.escape(item)}</text></g>'
            )
    return "".join(parts)


def _operator(operator: str, y: float, width: float) -> str:
    return (
        f'<rect class="operator" x="{MARGIN}" y="{y - 15:g}" width="{width:g}" height="30" rx="6"/>'
        f'<text class="operator" x="{MARGIN + width / 2:g}" y="{y + 4.5:g}">{html.escape(operator)}</text>'
    )


def _said(lines: list[str]) -> str:
    return "Marble diagram: " + "; ".join(" ".join(line.split()) for line in lines)


def _draw(app: Sphinx, tree: nodes.document, *_: Any) -> None:
    from docutils import nodes

    if app.builder.format == "html":
        for block in list(tree.findall(nodes.literal_block)):
            picture = drawn(block.astext())
            if picture is not None:
                block.replace_self(nodes.raw("", picture, format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Draw the diagrams of all pages."""
    app.connect("doctree-resolved", _draw)
    return {"parallel_read_safe": True}
