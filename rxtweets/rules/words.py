"""The words of a text, and the forms in which they stand in a rule."""

from __future__ import annotations

from rxtweets.filters.tokens import fold, is_emoji, is_letter, words_of

__all__ = ["fold", "is_plain", "is_tag", "words"]

_INVISIBLE = frozenset("\u200c\u200d\ufe0e\ufe0f")  # joiners and selectors: X wants such a word in quotes
_DOTS = "\u00b7\u30fb"  # within a hashtag in Catalan and Japanese


def is_plain(text: str) -> bool:
    """Return whether *text* is one word that needs no quotes in a rule."""
    if not text or (text.isascii() and text.isalnum()):
        return bool(text)
    return _INVISIBLE.isdisjoint(text) and all(is_letter(char) or is_emoji(char) for char in text)


def is_tag(text: str) -> bool:
    """Return whether *text* is a hashtag when it follows a `#`."""
    return text != "" and all(is_letter(char) or char in _DOTS for char in text)


def words(text: str) -> tuple[str, ...]:
    """Return the words of *text* in order, in the form in which they are compared.

    Everything but letters, digits and marks separates them; an emoji is a word. Case is ignored, accents
    are not.
    """
    return tuple(words_of(fold(text)))
