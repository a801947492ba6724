"""A phrase to track, made ready for comparison: words that must all be there, in any order."""

from __future__ import annotations

from msgspec import Struct

from .tokens import fold, holds, is_signed, tokens

_NONE: frozenset[str] = frozenset()


class Word(Struct, frozen=True, gc=False):
    """A word of a phrase.

    Attributes:
        text: as it was written.
        folded: as it is compared.
        needs: what must be among a message's words, signs included; nothing for mere punctuation.
        whole: whether that doesn't say all: `c++` is more than the word `c`, and is looked for in the text.
    """

    text: str
    folded: str
    needs: frozenset[str]
    whole: bool = False

    def stands_in(self, text: str) -> bool:
        """Return whether a folded text has it where words begin and end; punctuation alone stands apart."""
        return holds(text, self.folded) if self.needs else self.folded in text.split()


class Phrase(Struct, frozen=True, gc=False):
    """A phrase; equal phrases have the same `key`.

    Attributes:
        text: as it was written, with one blank between words.
        words: what must all be found.
        needs: what the words need, taken together.
        wholes: the words that must be looked for in the texts as well.
    """

    text: str
    words: tuple[Word, ...]
    needs: frozenset[str]
    wholes: tuple[Word, ...]

    @property
    def key(self) -> frozenset[str]:
        """The folded words: the same for `Rx py` and `PY rx`."""
        return frozenset(word.folded for word in self.words)


def phrase(text: str) -> Phrase:
    """Return the phrase *text*, which is no list of phrases and not empty."""
    written = dict.fromkeys(text.split())
    words = tuple({word.folded: word for word in map(_word, written)}.values())
    needs = words[0].needs if len(words) == 1 else _NONE.union(*(word.needs for word in words))
    wholes = tuple(word for word in words if word.whole)
    return Phrase(" ".join(text.split()), words, needs, wholes)


def _word(text: str) -> Word:
    folded = fold(text)
    if is_signed(folded):
        return Word(text, folded, frozenset({folded}))
    needs = frozenset(tokens(folded))
    return Word(text, folded, needs, whole=needs != {folded})
