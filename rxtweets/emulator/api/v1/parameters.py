"""The parameters of v1.1's streams: what they may be, and what Twitter says when they aren't."""

from __future__ import annotations

import re
from typing import Literal

from rxtweets.filters import FilterQuery
from rxtweets.filters.cells import Box

FilterLevel = Literal["none", "low", "medium"]
_ASKED_LEVELS: tuple[FilterLevel, ...] = ("none", "low", "medium")

# Source of these limits: the streaming guide of v1.1, default access level.
MOST_PHRASES, LONGEST_PHRASE, MOST_FOLLOWED, MOST_BOXES, MOST_SITE_USERS = 400, 60, 5000, 25, 100
BACKLOG = 150_000
LARGEST_ID = 2**63 - 1
PARTITIONS = 4
"""Parts of the volume streams, numbered from 1; Twitter published no number."""
# No digit can be read by two parts of it, so that it takes no longer than the text is long.
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


class Refused(Exception):
    """A parameter is wrong: the status and the line of text to answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def query(params: dict[str, str]) -> FilterQuery:
    """Return the filter that the parameters ask for. Raises `Refused`."""
    phrases, users, boxes = track(params), follow(params, MOST_FOLLOWED), locations(params)
    if not (phrases or users or boxes):
        names = "follow track locations"
        raise Refused(406, f"No filter parameters found. Expect at least one parameter: {names}")
    codes, least = language(params), level(params)
    try:
        return FilterQuery(
            track=[" ".join(words) for words in phrases],
            follow=sorted(users),
            locations=boxes,
            languages=sorted(codes),
            filter_level=least,
        )
    except ValueError as error:
        raise Refused(406, str(error)) from error


def partitions(params: dict[str, str]) -> frozenset[int]:
    items = [item.strip() for item in params.get("partitions", "").split(",") if item.strip()]
    for item in items:
        if not (re.fullmatch(r"[0-9]{1,4}", item) and 1 <= int(item) <= PARTITIONS):
            raise Refused(
                416, f"Parameter partitions has an item out of range: {item}, they are 1 to {PARTITIONS}"
            )
    return frozenset(int(item) for item in items) or frozenset(range(1, PARTITIONS + 1))


def track(params: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    phrases = [phrase.strip() for phrase in params.get("track", "").split(",")]
    phrases = [phrase for phrase in phrases if phrase]
    if len(phrases) > MOST_PHRASES:
        raise Refused(413, f"Parameter track has too many items: {len(phrases)}, limit is {MOST_PHRASES}")
    for position, phrase in enumerate(phrases):
        if len(phrase.encode()) > LONGEST_PHRASE:
            raise Refused(413, f"Parameter track item index {position} too long: {phrase}")
    return tuple(tuple(phrase.split()) for phrase in phrases)


def follow(params: dict[str, str], most: int) -> frozenset[int]:
    return ids(params, "follow", most)


def ids(params: dict[str, str], name: str, most: int) -> frozenset[int]:
    items = [item.strip() for item in params.get(name, "").split(",") if item.strip()]
    if len(items) > most:
        raise Refused(413, f"Parameter {name} has too many items: {len(items)}, limit is {most}")
    for item in items:
        if not re.fullmatch(r"[0-9]{1,19}", item) or int(item) > LARGEST_ID:
            raise Refused(406, f"Parameter {name} has unparseable item: {item}")
    return frozenset(int(item) for item in items)


def one_of(params: dict[str, str], name: str, default: str, *allowed: str) -> str:
    asked = params.get(name, "") or default
    if asked not in allowed:
        raise Refused(406, f"Parameter {name} has an invalid value: {asked}, it is {' or '.join(allowed)}")
    return asked


def locations(params: dict[str, str]) -> tuple[Box, ...]:
    text = params.get("locations", "").strip()
    if not text:
        return ()
    items = [item.strip() for item in text.split(",")]
    if len(items) % 4 or not all(_NUMBER.fullmatch(item) for item in items):
        raise Refused(406, f"Parameter locations has an unparseable item: {text}")
    numbers = [float(item) for item in items]
    boxes = tuple(
        (numbers[n], numbers[n + 1], numbers[n + 2], numbers[n + 3]) for n in range(0, len(numbers), 4)
    )
    for west, south, east, north in boxes:
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise Refused(406, f"Location track items must be given as southwest, northeast: {text}")
    if len(boxes) > MOST_BOXES:
        raise Refused(413, f"Parameter locations has too many items: {len(boxes)}, limit is {MOST_BOXES}")
    return boxes


def language(params: dict[str, str]) -> frozenset[str]:
    return frozenset(code.strip().lower() for code in params.get("language", "").split(",") if code.strip())


def level(params: dict[str, str]) -> FilterLevel:
    asked = params.get("filter_level", "") or "none"
    for known in _ASKED_LEVELS:
        if asked == known:
            return known
    raise Refused(406, f"Parameter filter_level has an invalid value: {asked}")


def count(params: dict[str, str]) -> int:
    text = params.get("count", "")
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", text):
        raise Refused(406, f"Parameter count is unparseable: {text}")
    if abs(int(text)) > BACKLOG:
        raise Refused(416, f"Parameter count is out of range: {text}, limit is {BACKLOG}")
    return int(text)
