"""Words of a text, as X compares them: folded, cut at punctuation, the signs of tags and names kept apart.

What is a word: letters, digits, marks on them (accents, vowel signs) and the underscore. A script without
spaces is one word from separator to separator. An emoji is a word of its own, and so is each part of one that
is composed: 👍🏽 is 👍 and a tone, a flag is two letters. Variation selectors are dropped: ❤️ is ❤.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

_SIGNS = frozenset("#@$")
_JOINERS = "\u200c\u200d"  # within Persian and Indic words, and between the parts of an emoji
_LIKE_ASCII = {"\uff03": "#", "\uff20": "@", "\u2019": "'"}  # ＃ ＠ ’
# A soft hyphen, a word joiner, variation selectors: there or not, the word is the same.
_DROPPED = "\u00ad\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef"
_OTHERWISE = re.compile(f"[{_DROPPED}{''.join(_LIKE_ASCII)}]")
_DOTS = "\u00b7\u30fb"  # within a hashtag in Catalan and Japanese
_REMEMBERED, _LONG = 4096, 24  # words beyond ASCII whose cutting is remembered, and the longest of them


class _Pieces(dict[int, str]):
    """The replacement of each character, filled on demand: itself, a blank, or itself between blanks.

    Args:
        signs: characters that stay as they are.
    """

    def __init__(self, signs: Iterable[str] = ()) -> None:
        super().__init__({ord(sign): sign for sign in signs})
        self.in_utf8 = bytes(code if code >= 128 else ord(self[code].lower()) for code in range(256))
        """A table for `bytes.translate`: ASCII as here, in lower case, and everything else as it is."""
        self.words_in = lru_cache(maxsize=_REMEMBERED)(self.cut)

    def cut(self, text: str) -> list[str]:
        """Return the words of *text*, folded, in order."""
        return fold(text).translate(self).split()

    def __missing__(self, code: int) -> str:
        self[code] = piece = _piece(chr(code))
        return piece


def _piece(character: str) -> str:
    code, category = ord(character), unicodedata.category(character)
    if character == "_" or character in _JOINERS or 0xE0020 <= code <= 0xE007F:  # the last: in 🏴󠁧󠁢󠁥󠁮󠁧󠁿
        return character
    if category[0] in "LNM":
        return character
    # A later Unicode's emoji are not assigned yet in this Python's; a skin tone is a modifier symbol.
    if category == "So" or 0x1F3FB <= code <= 0x1F3FF or (category == "Cn" and 0x1F000 <= code <= 0x1FAFF):
        return f" {character} "
    return " "


_PIECES, _SIGNED_PIECES = _Pieces(), _Pieces(_SIGNS)
_STROKE = "\u0338"  # after <, = or > it makes another sign of it: nothing else combines with punctuation


def fold(text: str) -> str:
    """Return *text* as it is compared: without case, accents composed, variation selectors dropped."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFC", text)
    folded = unicodedata.normalize("NFC", composed.casefold())
    return _OTHERWISE.sub(lambda found: _LIKE_ASCII.get(found[0], ""), folded)  # few texts have any of it


class Words:
    """The words of a folded text: `plain`, and by their sign `tags` (`#tag`), `names` and `symbols`.

    Those include the sign, and are not among the plain words. A sign within a word, as in an e-mail address,
    or in a link, is only punctuation.
    """

    __slots__ = ("names", "plain", "symbols", "tags")

    def __init__(self, folded: str) -> None:
        self.plain = _tokens(folded.replace("/#", "/").replace("/@", "/"), _SIGNED_PIECES)
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.symbols: set[str] = set()
        odd = [piece for piece in self.plain if not piece.isalnum()]  # as any with a sign is
        for piece in odd:
            if not _SIGNS.isdisjoint(piece):
                self.plain.remove(piece)
                self._take_apart(piece)

    def _take_apart(self, piece: str) -> None:
        parts = words_of(piece)
        signs = len(piece) - len(piece.lstrip("#@$"))
        if signs and parts:
            word = piece[signs - 1] + parts[0]
            if is_signed(word):
                {"#": self.tags, "@": self.names, "$": self.symbols}[word[0]].add(word)
                del parts[0]
        self.plain.update(parts)


def is_signed(word: str) -> bool:
    """Return whether the folded *word* is a hashtag, mention or cashtag, and nothing else."""
    sign, rest = word[:1], word[1:]
    is_plain = rest.replace("_", "a").isalnum()
    if sign == "#":
        is_tag = is_plain or (rest != "" and all(letter in _DOTS or is_letter(letter) for letter in rest))
        return is_tag and not rest.isdigit()
    if sign == "@":
        return is_plain and rest.isascii()
    if sign == "$":
        return rest.isascii() and rest[:1].isalpha() and rest.replace(".", "").replace("_", "").isalpha()
    return False


def is_letter(character: str) -> bool:
    """Return whether a word goes on with *character*."""
    return _PIECES[ord(character)] == character != " "


def is_emoji(character: str) -> bool:
    """Return whether *character* is a word of its own: an emoji or another picture, or a skin tone."""
    return _PIECES[ord(character)] == f" {character} "


def tokens(text: str) -> set[str]:
    """Return all words of a text, folded, without their signs."""
    return _tokens(text, _PIECES)


def words_of(folded: str) -> list[str]:
    """Return all words of a folded text in order, without their signs."""
    return folded.translate(_PIECES).split()


def _tokens(text: str, pieces: _Pieces) -> set[str]:
    """Return all words of a text, folded. As most are ASCII, only the others are looked at by character."""
    if _STROKE in text:
        text = unicodedata.normalize("NFC", text)
    cut = text.encode("utf-8", "surrogatepass").translate(pieces.in_utf8).decode("utf-8", "surrogatepass")
    found = set(cut.split())
    if not text.isascii():
        others = [word for word in found if not word.isascii()]
        found.difference_update(others)
        for word in others:
            found.update(pieces.words_in(word) if len(word) <= _LONG else pieces.cut(word))
    return found


def holds(folded: str, whole: str) -> bool:
    """Return whether *whole*, folded, stands in the text and begins and ends where words do."""
    at = folded.find(whole)
    while at >= 0:
        if _parted(folded, at) and _parted(folded, at + len(whole)):
            return True
        at = folded.find(whole, at + 1)
    return False


def _parted(text: str, at: int) -> bool:
    """Return whether no word, and no flag, goes on over the place before the character *at*."""
    before, after = text[at - 1 : at] if at else "", text[at : at + 1]
    if not before or not after:
        return True
    if _is_half_flag(before) and _is_half_flag(after):
        start = at
        while start and _is_half_flag(text[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    return not (is_letter(before) and is_letter(after))


def _is_half_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    letter = r"[\w\u00b7\u30fb\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u200c\u200d]"
    alone = r"(?<![\w&/@#$＃＠].)"  # behind the sign, which is searched first, as most texts have none
    return {
        "hashtags": re.compile(rf"[#＃]{alone}(?=\d*[^\W\d])({letter}+)"),
        "mentions": re.compile(rf"[@＠]{alone}([A-Za-z0-9_]{{1,20}})(?![A-Za-z0-9_@])"),
        "cashtags": re.compile(rf"\${alone}([A-Za-z]{{1,6}}(?:[._][A-Za-z]{{1,2}})?)(?!\w)"),
        "links": re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'»”’。、」…])", re.IGNORECASE),
    }


def found_in(text: str, kind: str) -> list[str]:
    """Return the `hashtags`, `mentions`, `cashtags` (all without signs) or `links` of *text*, as written."""
    return _patterns()[kind].findall(text)


def without(text: str, *kinds: str) -> str:
    """Return *text* with a blank for each of what `found_in` finds."""
    for kind in kinds:
        text = _patterns()[kind].sub(" ", text)
    return text


def without_cut(text: str) -> str:
    """Return *text* without the beginning of a word that was left of it before its final `…`."""
    if not text.endswith("…"):
        return text
    kept = text[:-1]
    while kept and (kept[-1].isalnum() or kept[-1] in "_#@$"):
        kept = kept[:-1]
    return kept
