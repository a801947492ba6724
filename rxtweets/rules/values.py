"""The kinds of values that operators take: which texts are such a value, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, NamedTuple

from .languages import LANGUAGES, WITHOUT_LANGUAGE, rule_languages

Style = Literal["text", "bare", "list"]

KM_PER_MILE = 1.609344
WIDEST_MILES = 25


class Kind(NamedTuple):
    """A kind of value.

    `clean` gives the canonical form of a text, or raises `ValueError` with what the value has to be. `meant`
    gives the values that somebody may have meant who wrote another.
    """

    clean: Callable[[str], str]
    style: Style
    meant: Callable[[str], tuple[str, ...]] = lambda value: ()


def clean_text(value: str) -> str:
    """Words, one blank between them."""
    found = " ".join(value.split())
    if not found:
        raise ValueError("a word or a quoted text")
    return found


def _form(pattern: str, wanted: str, change: Callable[[str], str] = str) -> Callable[[str], str]:
    def clean(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(wanted)
        return change(value)

    return clean


def one_of(*names: str, aliases: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """One of some fixed names, in any case; *aliases* are others for some of them."""
    listed = ", ".join(names[:-1]) + f" or {names[-1]}"

    def clean(value: str) -> str:
        name = aliases.get(value.lower(), value.lower())
        if name not in names:
            raise ValueError(listed)
        return name

    def meant(value: str) -> tuple[str, ...]:
        return tuple(get_close_matches(value[:20].lower(), names, n=1))

    return Kind(clean, "bare", meant)


def _between(low: float, high: float, wanted: str, pattern: str) -> Callable[[str], str]:
    def clean(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII) or not low <= float(value) <= high:
            raise ValueError(wanted)
        return value

    return clean


_RANGE = "a number of at most 12 digits, or a range of two such as 100..5000, the smaller first"


def _range(value: str) -> str:
    found = re.fullmatch(r"(\d{1,12})(?:\.\.(\d{1,12}))?", value, re.ASCII)
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        raise ValueError(_RANGE)
    return value


def bounds(value: str) -> tuple[int, float]:
    """The least and the greatest of a range; a number alone is the least."""
    low, _, high = value.partition("..")
    return int(low), int(high) if high else float("inf")


_NUMBER = r"-?\d{1,3}(?:\.\d{1,16})?"


def _place(longitude: str, latitude: str) -> bool:
    return (
        re.fullmatch(_NUMBER, longitude, re.ASCII) is not None
        and re.fullmatch(_NUMBER, latitude, re.ASCII) is not None
        and abs(float(longitude)) <= 180
        and abs(float(latitude)) <= 90
    )


def _circle(value: str) -> str:
    parts = value.lower().split()
    if len(parts) != 3 or not _place(parts[0], parts[1]):
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
    """A radius such as `10mi` in kilometres."""
    return float(radius[:-2]) * (KM_PER_MILE if radius.endswith("mi") else 1)


def _box(value: str) -> str:
    parts = value.split()
    if len(parts) != 4 or not (_place(parts[0], parts[1]) and _place(parts[2], parts[3])):
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
NAME = Kind(
    _form(r"[A-Za-z0-9_]{1,20}", "a username without @, or the id of an account"),
    "bare",
)
ID = Kind(_form(r"\d{1,19}", "the id of a post: up to 19 digits"), "bare")
CONTEXT = Kind(
    _form(
        r"\d{1,19}\.(?:\d{1,19}|\*)|\*\.\d{1,19}",
        "the ids of a domain and an entity: 10.799022225751871488 or 10.*",
    ),
    "bare",
)
COUNTRY = Kind(_form(r"[A-Za-z]{2}", "a country's code of two letters, such as JP", str.upper), "bare")
LANGUAGE = Kind(_language, "bare", rule_languages)
PERCENT = Kind(
    _form(r"0{0,3}(?:[1-9]\d?|100)", "a whole percentage from 1 to 100", lambda v: str(int(v))), "bare"
)
COUNT = Kind(_form(r"\d{1,12}", "a number of at most 12 digits"), "bare")
RANGE = Kind(_range, "bare")
SHARE = Kind(_between(0, 1, "a number from 0 to 1, such as 0.45", r"[01](?:\.\d{1,16})?"), "bare")
CIRCLE = Kind(_circle, "list")
BOX = Kind(_box, "list")
