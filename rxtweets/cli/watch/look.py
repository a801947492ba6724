"""Colours, and text and charts in cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.theme import Theme

from rxtweets._printable import printable

HUES = 6
"""The number of colours for filters; see the variables `hue-0` and so on."""


def _theme(name: str, dark: bool, muted: str, hues: Sequence[str], **colors: str) -> Theme:
    variables = {f"hue-{number}": hue for number, hue in enumerate(hues)}
    variables |= {
        "muted": muted,
        "footer-background": colors["panel"],
        "footer-key-foreground": colors["primary"],
        "footer-description-foreground": colors["foreground"],
        "footer-item-background": colors["panel"],
        "footer-key-background": colors["panel"],
        "footer-description-background": colors["panel"],
    }
    return Theme(name, dark=dark, variables=variables, **colors)  # type: ignore[arg-type]


DARK = _theme(
    "rxtweets-dark",
    True,
    "#8a95a8",
    ("#5fb0ff", "#f0b75e", "#c792ea", "#6fd695", "#f594b4", "#5ccfe0"),
    primary="#5fb0ff",
    secondary="#c792ea",
    accent="#5ccfe0",
    success="#6fd695",
    warning="#f0b75e",
    error="#ff7b88",
    foreground="#dbe1ec",
    background="#10141b",
    surface="#171c25",
    panel="#1f2632",
)

LIGHT = _theme(
    "rxtweets-light",
    False,
    "#5f6873",
    ("#0b5cad", "#8a5200", "#7a35a8", "#17703a", "#a82657", "#0a6576"),
    primary="#0b5cad",
    secondary="#7a35a8",
    accent="#0a6576",
    success="#17703a",
    warning="#8a5200",
    error="#b3262f",
    foreground="#20262e",
    background="#fcfcfa",
    surface="#f4f4f0",
    panel="#e9e9e3",
)

# What joins or colours the characters before it, so that terminals and tables of widths differ about the
# whole, and marks on one letter without end.
_JOINING = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARKS}{{2}}){_MARKS}+")


def in_cells(text: str) -> str:
    """Return *text* as one line in which every terminal sees each character as wide as the layout does."""
    line = _STACKED.sub(r"\1", _JOINING.sub("", printable(text)))
    if line.isprintable():
        return line
    return "".join("\ufffd" if unicodedata.category(char) in ("Cn", "Co") else char for char in line)


def fitted(text: str, columns: int) -> str:
    """Return *text* in at most so many columns; what is cut ends with an ellipsis."""
    if cell_len(text) <= columns:
        return text
    return set_cell_size(text, max(columns - 1, 0)).rstrip() + "…" if columns > 0 else ""


def chart(values: Sequence[float], columns: int, rows: int) -> list[str]:
    """Return *values*, the newest at the right, as an area in Braille dots: two values a column."""
    shown = ([0.0] * (2 * columns) + list(values))[len(values) :]
    most = max(shown, default=0.0)
    dots = 4 * rows
    heights = [0 if value <= 0 else max(1, round(value / most * dots)) for value in shown]
    lines = []
    for row in range(rows):
        base = (rows - 1 - row) * 4
        line = ""
        for left, right in zip(heights[::2], heights[1::2], strict=True):
            bits = 0
            for height, dotted in (
                (left - base, (0x40, 0x04, 0x02, 0x01)),
                (right - base, (0x80, 0x20, 0x10, 0x08)),
            ):
                bits |= sum(dotted[: max(0, min(4, height))])
            line += chr(0x2800 + bits)
        lines.append(line)
    return lines


def bar(value: float, most: float, columns: int) -> str:
    """Return a bar of up to so many columns, in eighths of one."""
    if value <= 0 or most <= 0 or columns <= 0:
        return ""
    eighths = max(1, round(value / most * columns * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def short(number: float) -> str:
    """Return a number in at most 5 characters, such as `1,234` or `12.3k`."""
    if number < 10_000:
        return f"{number:,.0f}"
    for unit in ("k", "M"):
        number /= 1000
        if number < 999.5:
            return f"{number:.3g}{unit}"
    return f"{number / 1000:.3g}G"
