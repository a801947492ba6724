"""The words of a text, and its hashtags, mentions, cashtags and links."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from rxtweets.filters.tokens import fold, is_letter

__all__ = ["fold", "found_in", "is_emoji", "is_plain", "is_tag", "words"]

_INVISIBLE = frozenset("\u200c\u200d\ufe0e\ufe0f")  # joiners and selectors: X wants such a word in quotes
_DOTS = "\u00b7\u30fb"  # within a hashtag in Catalan and Japanese


def is_emoji(character: str) -> bool:
    """Return whether it is a word of its own: an emoji or another picture, or a skin tone."""
    category = unicodedata.category(character)
    # A later Unicode's emoji are not assigned yet in this Python's.
    later = category == "Cn" and "\U0001f000" <= character <= "\U0001faff"
    return category == "So" or later or "\U0001f3fb" <= character <= "\U0001f3ff"


def is_plain(text: str) -> bool:
    """Return whether *text* is one word that needs no quotes in a rule."""
    if not text or (text.isascii() and text.isalnum()):
        return bool(text)
    return _INVISIBLE.isdisjoint(text) and all(is_letter(char) or is_emoji(char) for char in text)


def is_tag(text: str) -> bool:
    """Return whether *text* is a hashtag when it follows a `#`."""
    return text != "" and all(is_letter(char) or char in _DOTS for char in text)


class _Boundaries(dict[int, str]):
    """A table for `str.translate`, filled on demand: separators of words become blanks."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        found = character if is_letter(character) else f" {character} " if is_emoji(character) else " "
        self[code] = found
        return found


_BOUNDARIES = _Boundaries()


def words(text: str) -> tuple[str, ...]:
    """Return the words of *text* in order, in the form in which they are compared.

    Everything but letters, digits and marks separates them; an emoji is a word. Case is ignored, accents
    are not.
    """
    return tuple(fold(text).translate(_BOUNDARIES).split())


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    letter = r"[\w\u00b7\u30fb\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u200c\u200d]"
    before = r"(?<![\w&/@#$＃＠])"
    return {
        "hashtags": re.compile(rf"{before}[#＃](?=\d*[^\W\d])({letter}+)"),
        "mentions": re.compile(rf"{before}[@＠]([A-Za-z0-9_]{{1,20}})(?![A-Za-z0-9_@])"),
        "cashtags": re.compile(rf"{before}\$([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?!\w)"),
        "links": re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'»”’。、」…])", re.IGNORECASE),
    }


def found_in(text: str, kind: str) -> list[str]:
    """Return the `hashtags`, `mentions`, `cashtags` (all without signs) or `links` of *text*, as written."""
    return _patterns()[kind].findall(text)
