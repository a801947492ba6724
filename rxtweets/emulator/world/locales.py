"""Languages that the emulated world writes in, and the scripts that tell them."""

from __future__ import annotations

import re

from msgspec import Struct

from .data import load


class Locale(Struct, frozen=True):
    """A language: its share of posts, sentences with room (``{}``) for a topic, remarks, and topics."""

    weight: int
    sentences: tuple[str, ...]
    remarks: tuple[str, ...]
    topics: tuple[str, ...]

    def fill(self, sentence: str, topic: str) -> str:
        """Return the sentence about the topic; only what isn't a word keeps a blank before punctuation."""
        if topic[-1].isalnum():
            for mark in ",.!":
                sentence = sentence.replace(f"{{}} {mark}", f"{{}}{mark}")
        return sentence.replace("{}", topic)


LOCALES = load("locales", dict[str, Locale])


def locale(lang: str) -> Locale:
    """Return the locale of that code, or the English one where there is none."""
    return LOCALES.get("zh-CN" if lang == "zh" else lang, LOCALES["en"])


_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("iw", re.compile("[\u0590-\u05ff]")),
)


def script_language(text: str) -> str | None:
    """Return the language that a text's script tells, or None for Latin script."""
    return next((code for code, script in _SCRIPTS if script.search(text)), None)


LATIN = tuple(code for code, locale in LOCALES.items() if script_language(locale.remarks[0]) is None)
"""Codes of the locales in Latin script."""
