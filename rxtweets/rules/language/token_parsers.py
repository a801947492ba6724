"""Parsers of one token of a rule's text: a word, a phrase or `name:value`."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NoReturn

from rxtweets.rules.words import words

from . import build
from .ast import Rule, Term, quoted
from .vocabulary import OPERATORS, canonical, did_you_mean


class TokenError(Exception):
    """A token is no operator.

    Attributes:
        message: what is wrong.
        hint: what to write instead; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


_MAX_SHOWN = 60
_CURLY = "“”„‟«»"
_SIGNS = {
    "#": build.hashtag,
    "＃": build.hashtag,
    "@": build.mention,
    "＠": build.mention,
    "$": build.cashtag,
}


def word(text: str) -> Rule:
    """Return the keyword, hashtag, mention or cashtag *text*."""
    lower = text.lower()
    if lower == "and":
        raise TokenError(
            f"{text} joins nothing: X takes it for neither an operator nor a keyword",
            f'a blank joins: cat dog; to find the word write "{lower}"',
        )
    if lower == "or":
        raise TokenError(
            f"{text} joins nothing in this case", f'write OR in capitals; to find the word write "{lower}"'
        )
    if text == "NOT":
        raise TokenError(
            "NOT negates nothing", 'write - directly before an operator: -dog; to find the word write "not"'
        )
    if any(mark in text for mark in _CURLY):
        curly(text)
    if len(text) > 1 and text[0] in _SIGNS:
        try:
            return _SIGNS[text[0]](text)
        except ValueError as error:
            message = str(error).replace(text, _shown(text))
            raise TokenError(message, f"to find the text itself write {_as_text(text)}") from None
    if not words(text):
        raise TokenError(
            f"{_shown(text)} has no letter or digit in it", "marks are found only beside words, in quotes"
        )
    return build.keyword(text)


def curly(text: str) -> NoReturn:
    """Refuse *text*, which has curly quotes."""
    inside = text.strip(_CURLY).strip()
    raise TokenError("curly quotes quote nothing", f"write straight ones: {_as_text(inside)}")


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _as_text(text: str) -> str:
    """Return the phrase that finds *text* as it is, shortened."""
    return f'"{quoted(_shown(text))}"'


_QUOTED = re.compile(r'"(?P<text>(?:\\.|[^"\\])*)"(?:~(?P<distance>\d+))?', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


def phrase(text: str) -> Rule:
    """Return the phrase *text*, given with its quotes and its `~N`."""
    found = _QUOTED.fullmatch(text)
    assert found is not None
    value, distance = _ESCAPED.sub(r"\1", found["text"]), found["distance"]
    if not value.strip():
        raise TokenError(
            "the quotes have nothing in them", "put the words to find between them, or leave them out"
        )
    if distance is None:
        return build.phrase(value)
    if len(distance) > 1 or int(distance) > build.MAX_DISTANCE:
        raise TokenError(
            f"at most {build.MAX_DISTANCE} words may stand between, not {distance[:20]}", "write ~6 or less"
        )
    return build.near(value, int(distance))


def operator(text: str) -> Rule:
    """Return the operator *text*, `name:value`."""
    written, _, value = text.partition(":")
    name = canonical(written.lower())
    if name is None:
        raise _unknown(written.lower(), value, text)
    known = OPERATORS[name]
    example = f"for example {name}:{known.example}"
    if not value:
        raise TokenError(f"{name}: has no value", f"write it without a blank: {example[12:]}")
    if value[0] == "[" and value[-1] != "]":
        raise TokenError("the bracket is not closed", example)
    if (known.kind.style == "list") != (value[0] == "["):
        needed = "needs brackets around its value" if known.kind.style == "list" else "takes no brackets"
        raise TokenError(f"{name}: {needed}", example)
    try:
        return Term(name, known.kind.clean(_inside(value)))
    except ValueError as error:
        raise TokenError(
            f"{name}: takes {error}; not {_shown(value)}",
            f"write {name}:{_shown(value.lstrip('@'))}"
            if value[0] == "@"
            else did_you_mean(name, value) or example,
        ) from None


def _inside(value: str) -> str:
    if value[0] == '"':
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value[1:-1] if value[0] == "[" else value


def _unknown(name: str, value: str, text: str) -> TokenError:
    if name in ("http", "https"):
        return TokenError("a link needs an operator and quotes", f"write url:{_as_text(text)}")
    meant = _nearest(name[:40])
    as_text = f"to find the text itself write {_as_text(text)}" if value and value[0] not in '"[' else ""
    hint = f"did you mean {meant}:?" if meant else as_text
    return TokenError(f"there is no operator {name[:40]}:", hint)


def _nearest(name: str) -> str:
    """Return the operator that was probably meant by *name*; empty if none is near."""
    names = {other: first for first, known in OPERATORS.items() for other in (first, *known.foreign_names)}
    found = get_close_matches(name, names, n=1, cutoff=0.7)
    return names[found[0]] if found else ""
