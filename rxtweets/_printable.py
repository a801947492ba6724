"""Text from the network made safe to show: it can't move the cursor, set a title or reorder lines."""

from __future__ import annotations

import re
import unicodedata

# Joiners make one emoji of several and shape Persian and Indic words; tags spell flags of regions; the
# others can be seen: signs that stand before or around numbers in Arabic, Syriac and Kaithi.
_HARMLESS_FORMATS = {"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))} | set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def printable(text: str) -> str:
    r"""Return *text* as one line: blanks and line breaks are single blanks, controls are shown as `\x1b`.

    Marks that are invisible but reorder the text around them (bidi) or hide in it are left out.
    """
    line = " ".join(text.split())
    return line if line.isprintable() else escape("".join(char for char in line if not _is_mark(char)))


def escape(text: str) -> str:
    r"""Return *text* with a code such as `\n` or `\u202e` for all that `printable` changes but blanks."""
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or _is_mark(char)
        else char
        for char in text
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Cf" and character not in _HARMLESS_FORMATS


def dollars(amount: float) -> str:
    """Return dollars as text, with two decimals, or with as many as there are, up to six."""
    whole, _, parts = f"{abs(amount):,.6f}".partition(".")
    return f"{'-' if amount < 0 else ''}${whole}.{parts.rstrip('0').ljust(2, '0')}"


def amount(value: float, unit: str) -> str:
    """Return so many posts, or `"dollars"`, as text."""
    return dollars(value) if unit == "dollars" else f"{value:,} post{'' if value == 1 else 's'}"


def allowance(value: float, unit: str, per: str) -> str:
    """Return so many posts or dollars a period as text."""
    return f"{amount(value, unit)} {'an' if per == 'hour' else 'a'} {per}"


def printable_json(raw: bytes) -> str:
    r"""Return the JSON value of *raw* in one line, with characters that aren't printable as `\uXXXX`."""
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    return text if text.isprintable() else re.sub(r"[^ -~]", _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable():
        return character
    if character < " ":  # only between values: inside a string JSON has no raw control
        return " "
    if unicodedata.category(character) == "Zs":
        return character
    utf16 = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{utf16[at : at + 4]}" for at in range(0, len(utf16), 4))
