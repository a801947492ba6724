"""The kinds of values that operators take: their canonical form, and how they are written and explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, NamedTuple

from .languages import LANGUAGES, WITHOUT_LANGUAGE, rule_languages
from .words import is_tag, words

Style = Literal["text", "bare", "list"]

KM_PER_MILE = 1.609344
WIDEST_MILES = 25


class Kind(NamedTuple):
    """A kind of value.

    Attributes:
        clean: returns the canonical form of a text, or raises `ValueError` with a description of good values.
        style: how it is written: in quotes where needed, as it is, or in brackets.
        suggest: returns the values that were probably meant by one that `clean` refuses.
        describe: returns a canonical value as it reads in an explanation.
    """

    clean: Callable[[str], str]
    style: Style
    suggest: Callable[[str], tuple[str, ...]] = lambda value: ()
    describe: Callable[[str], str] = str


def clean_text(value: str) -> str:
    """Return *value* with one blank between its words."""
    found = " ".join(value.split())
    if not found:
        raise ValueError("a word or a quoted text")
    return found


def _pattern(
    pattern: str, description: str, change: Callable[[str], str] = str, describe: Callable[[str], str] = str
) -> Kind:
    def clean(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(description)
        return change(value)

    return Kind(clean, "bare", describe=describe)


def one_of(*names: str, aliases: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """Return the kind of a few fixed names, in any case; *aliases* are other names for some of them."""
    description = ", ".join(names[:-1]) + f" or {names[-1]}"

    def clean(value: str) -> str:
        name = aliases.get(value.lower(), value.lower())
        if name not in names:
            raise ValueError(description)
        return name

    def suggest(value: str) -> tuple[str, ...]:
        return tuple(get_close_matches(value[:20].lower(), names, n=1))

    return Kind(clean, "bare", suggest)


_RANGE = "a number of at most 12 digits, or a range of two such as 100..5000, the smaller first"


def _range(value: str) -> str:
    found = re.fullmatch(r"(\d{1,12})(?:\.\.(\d{1,12}))?", value, re.ASCII)
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        raise ValueError(_RANGE)
    return value


def bounds(value: str) -> tuple[int, float]:
    """Return the least and the greatest number of a range; a number alone is the least."""
    low, _, high = value.partition("..")
    return int(low), int(high) if high else float("inf")


def _describe_range(value: str) -> str:
    low, high = bounds(value)
    return f"at least {low:,}" if high == float("inf") else f"{low:,} to {high:,}"


def _describe_words(value: str) -> str:
    """Return a text that may be one word, several, or nothing but punctuation, and how it is compared."""
    found = words(value)
    if len(found) == 1:
        return f"word “{found[0]}”"
    return f"words “{' '.join(found)}”, next to each other" if found else f"characters “{value}”"


def _describe_account(value: str) -> str:
    return f"the account {value}" if value.isdigit() else f"@{value}"


def _hashtag(value: str) -> str:
    if not is_tag(value):
        raise ValueError("a hashtag is # and letters, digits or _")
    return value


_NUMBER = r"-?\d{1,3}(?:\.\d{1,16})?"


def _is_point(longitude: str, latitude: str) -> bool:
    return (
        re.fullmatch(_NUMBER, longitude, re.ASCII) is not None
        and re.fullmatch(_NUMBER, latitude, re.ASCII) is not None
        and abs(float(longitude)) <= 180
        and abs(float(latitude)) <= 90
    )


def _circle(value: str) -> str:
    parts = value.lower().split()
    if len(parts) != 3 or not _is_point(parts[0], parts[1]):
        raise ValueError(
            "[longitude latitude radius]: -180 to 180, -90 to 90 and a radius such as 10mi or 16km"
        )
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,16})?)(km|mi)", parts[2], re.ASCII)
    if found is None:
        raise ValueError("a radius in km or mi, written together with its number: 10mi or 16km")
    if not 0 < kilometres(parts[2]) < WIDEST_MILES * KM_PER_MILE:
        raise ValueError(f"a radius of less than {WIDEST_MILES} mi ({WIDEST_MILES * KM_PER_MILE:.1f} km)")
    return " ".join(parts)


def kilometres(radius: str) -> float:
    """Return a radius such as `10mi` in kilometres."""
    return float(radius[:-2]) * (KM_PER_MILE if radius.endswith("mi") else 1)


def _box(value: str) -> str:
    parts = value.split()
    if len(parts) != 4 or not (_is_point(parts[0], parts[1]) and _is_point(parts[2], parts[3])):
        raise ValueError("[west south east north] in degrees: longitudes -180 to 180, latitudes -90 to 90")
    west, south, east, north = map(float, parts)
    if west > east or south > north:
        raise ValueError("[west south east north]: west before east and south before north")
    return " ".join(parts)


def _language(value: str) -> str:
    if value not in LANGUAGES and value not in WITHOUT_LANGUAGE:
        raise ValueError("the code that X has for a language, such as en or zh-TW")
    return value


TEXT = Kind(clean_text, "text")
WORDS = Kind(clean_text, "text", describe=_describe_words)
HASHTAG = Kind(_hashtag, "bare")
MENTION = _pattern(r"[A-Za-z0-9_]{1,20}", "a mention is @ and a username of letters, digits or _")
CASHTAG = _pattern(
    r"[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?", "a cashtag is $ and up to six letters, as in $TWTR or $BRK.B"
)
ACCOUNT = _pattern(
    r"[A-Za-z0-9_]{1,20}", "a username without @, or the id of an account", describe=_describe_account
)
ID = _pattern(r"\d{1,19}", "the id of a post: up to 19 digits")
CONTEXT = _pattern(
    r"\d{1,19}\.(?:\d{1,19}|\*)|\*\.\d{1,19}",
    "the ids of a domain and an entity: 10.799022225751871488 or 10.*",
)
COUNTRY = _pattern(r"[A-Za-z]{2}", "a country's code of two letters, such as JP", str.upper)
LANGUAGE = Kind(_language, "bare", rule_languages)
PERCENT = _pattern(
    r"0{0,3}(?:[1-9]\d?|100)", "a whole percentage from 1 to 100", lambda value: str(int(value))
)
COUNT = _pattern(r"\d{1,12}", "a number of at most 12 digits", describe=lambda value: f"{int(value):,}")
RANGE = Kind(_range, "bare", describe=_describe_range)
SHARE = _pattern(r"0(?:\.\d{1,16})?|1(?:\.0{1,16})?", "a number from 0 to 1, such as 0.45")
CIRCLE = Kind(_circle, "list")
BOX = Kind(_box, "list")
