from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets._printable import escape, printable, printable_json

ATTACKS = {
    "title": "\x1b]0;owned\x07",
    "colour": "\x1b[31mred",
    "c1": "\x9b31mred\x9d0;title\x9c",
    "bell": "ding\x07",
    "return": "good\revil",
    "backspace": "good\b\b\b\bevil",
    "delete": "a\x7fb",
    "bidi": "abc\u202edcba\u2066x\u2069",
    "marks": "a\u200fb\u061c\u200e\ufeff\u00ad",
    "separators": "a\u2028b\u2029c\x85d",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_no_text_drives_the_terminal(text: str) -> None:
    """Of controls and of marks that reorder nothing is left that a terminal would obey."""
    shown = printable(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert printable(shown) == shown


def test_controls_are_shown_and_blanks_are_blanks() -> None:
    """An escape is seen as such; line breaks and tabs are blanks."""
    assert printable("a\n\n\tb \x1b[1m") == r"a b \x1b[1m"
    assert printable("\ud83d") == r"\ud83d"


def test_what_is_escaped_can_be_told_from_the_rest() -> None:
    """Every character of a rule is shown: as it is, or as its code if it is not printable."""
    assert escape("a  b\n\x1b\u202e\u2028\ud83d") == r"a  b\n\x1b\u202e\u2028\ud83d"
    assert escape("👩‍👩‍👧  日本") == "👩‍👩‍👧  日本"


@pytest.mark.parametrize("text", ["naïve", "日本　語", "نمی‌خواهم", "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "נכון"])
def test_all_scripts_are_kept(text: str) -> None:
    """Letters, accents and composed emoji stay what they are."""
    assert printable(text) == " ".join(text.split())


def every() -> Iterator[str]:
    """Yield every character."""
    return map(chr, range(sys.maxunicode + 1))


FORBIDDEN = {"Cc", "Cs", "Zl", "Zp"}
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = set("\u061c\u200e\u200f\ufeff\u00ad\u2060")


def test_no_character_drives_the_terminal() -> None:
    """Of all there are in Unicode none comes out that moves the cursor, breaks the line or reorders it."""
    shown = printable("".join(every()))
    assert not set(map(unicodedata.category, shown)) & FORBIDDEN
    assert not set(map(unicodedata.bidirectional, shown)) & BIDI
    assert not MARKS & set(shown)


def test_every_character_that_can_be_seen_is_kept() -> None:
    """Letters, marks, numbers, punctuation and symbols come out as they are, signs of Arabic numbers, too."""
    seen = [one for one in every() if unicodedata.category(one)[0] in "LMNPS"] + ["\u06dd", "\u0600"]
    assert printable("".join(seen)) == "".join(seen)


def test_no_character_of_json_drives_the_terminal() -> None:
    """Nor in JSON, where each keeps its value, lone surrogates apart, which UTF-8 doesn't have."""
    text = "".join(one for one in every() if unicodedata.category(one) != "Cs")
    shown = printable_json(json.dumps(text, ensure_ascii=False).encode())
    assert not set(map(unicodedata.category, shown)) & (FORBIDDEN | {"Cf"})
    assert json.loads(shown) == text


@given(st.text())
def test_text_becomes_one_safe_line(text: str) -> None:
    """Any text becomes one line without control characters."""
    assert not {unicodedata.category(character) for character in printable(text)} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text(), max_size=2), max_size=3))
def test_json_keeps_its_value(value: object) -> None:
    """One line, nothing in it that a terminal obeys, and the same value."""
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    line = printable_json(b"\xef\xbb\xbf " + raw.replace(b'": ', b'":\t\r\n '))
    assert json.loads(line) == json.loads(raw)
    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_json_shows_codes(text: str) -> None:
    """A character that isn't printable is shown as its code."""
    line = printable_json(json.dumps([text], ensure_ascii=False).encode())
    assert json.loads(line) == [text]
    assert all(character.isprintable() for character in line)
