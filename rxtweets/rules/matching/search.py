"""A post as X's search reads it: without accents, and without what it quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property

from rxtweets.messages import Post

from .features import Missing, PostFeatures

_ACCENTS = re.compile("[\u0300-\u036f]")  # the marks of other scripts make other words


def without_accents(text: str) -> str:
    """Return *text* with its letters' accents dropped, those of Latin, Greek and Cyrillic."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


class SearchFeatures(PostFeatures):
    """The parts of a post, all of whose fields are there, that a query of search looks at."""

    def __init__(self, post: Post) -> None:
        super().__init__(post)
        self.texts = (self.original,)

    @cached_property
    def text_missing(self) -> Missing:
        """Nothing: every field is there."""
        return ()

    def _written(self) -> list[str]:
        return [without_accents(text) for text in super()._written()]

    def _tagged(self, kind: str) -> Iterator[str]:
        return map(without_accents, super()._tagged(kind))
