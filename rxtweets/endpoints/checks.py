"""Checks of single parameters: each takes what a caller gave and returns the text that goes on the wire.

Every list may be given as an iterable or, as it looks on the wire, as one string with commas. A string is
never taken for a list of characters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

Names = str | Iterable[str]
Ids = int | str | Iterable[int | str]

# Source: the 64-bit signed ids of X; OpenAPI says `^[0-9]{1,19}$`.
_LARGEST_ID = 2**63 - 1

_UNKNOWN_TO_US = "; a value newer than this version of rxtweets can be set with Endpoint.with_params()"


def words(text: str) -> tuple[str, ...]:
    """Return the words of a table written as text."""
    return tuple(text.split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *word* was probably meant to be."""
    import difflib

    found = difflib.get_close_matches(word.lower().replace("-", "_"), list(known), 1, 0.7)
    return found[0] if found else None


def items(name: str, value: object, what: str) -> list[object]:
    """Return *value* as a list: the parts of a string between its commas, or what an iterable holds."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return list(value)
    raise ValueError(f"{name} must be a list of {what}, not {value!r}")


def at_most(name: str, found: Collection[object], limit: int, what: str) -> None:
    """Refuse more than *limit* of *found*."""
    if len(found) > limit:
        raise ValueError(f"{name} takes at most {limit:,} {what}, got {len(found):,}")


def whole(name: str, value: object) -> str:
    """Return text that can be sent: without half of a surrogate pair, which no UTF-8 holds."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, not {value!r}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            half = value[error.start]
            raise ValueError(f"{name} has a lone surrogate, {half!r}, at {error.start}: {value!r}") from None
    return value


def line(name: str, value: object, longest: int) -> str:
    """Return text of 1 to *longest* characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise ValueError(f"{name} must be text of 1 to {longest} characters, not {value!r}")
    return whole(name, value)


def number(name: str, value: object, low: int, high: int) -> str:
    """Return a whole number from *low* to *high*."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low:,} to {high:,}, not {value!r}")
    return str(value)


def choice(name: str, value: object, known: Collection[str]) -> str:
    """Return one of the few words in *known*."""
    if not isinstance(value, str) or value not in known:
        words = ", ".join(repr(word) for word in known)
        raise ValueError(f"{name} must be one of {words}, not {value!r}")
    return value


def names(name: str, value: object, known: Collection[str]) -> str:
    """Return names out of *known*, repetitions left out."""
    found = items(name, value, "names")
    for item in found:
        if not isinstance(item, str) or item not in known:
            near = nearest(item, known) if isinstance(item, str) else None
            hint = f"did you mean {near!r}?" if near else f"known are {', '.join(known)}{_UNKNOWN_TO_US}"
            raise ValueError(f"{name}: unknown value {item!r}; {hint}")
    return ",".join(dict.fromkeys(str(item) for item in found))


def form(name: str, value: object, pattern: str, example: str) -> str:
    """Return a name from an open list, checked for its form."""
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise ValueError(f"{name} must be a name such as {example!r}, not {value!r}")
    return value


def apart(method: str, given: Iterable[object]) -> None:
    """Refuse a list where each is an argument of its own."""
    for item in given:
        if isinstance(item, Iterable) and not isinstance(item, str):
            raise ValueError(
                f"{method}() takes each as a separate argument, not a {type(item).__name__}: "
                f"write {method}(*…), with a star"
            )


def identifier(name: str, value: object) -> str:
    """Return one numeric id, given as a number or as its digits."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str):
        text = text.strip()
        if text.isascii() and text.isdigit() and 0 < int(text[:20]) <= _LARGEST_ID:
            return text
        if re.fullmatch(r"@?\w*[^\W\d]\w*", text, re.ASCII):
            raise ValueError(f"{name} takes numeric ids such as 2244994945, not names: {text!r}")
    raise ValueError(f"{name} takes numeric ids from 1 to {_LARGEST_ID}, not {value!r}")


def ids(name: str, value: Ids, limit: int) -> str:
    """Return at most *limit* numeric ids; a single one may come without a list."""
    given = [value] if isinstance(value, int) else items(name, value, "numeric ids")
    found = dict.fromkeys(identifier(name, item) for item in given)
    at_most(name, found, limit, "ids")
    return ",".join(found)


def time(name: str, value: object) -> datetime:
    """Return an instant in UTC, from an aware datetime or an ISO 8601 string with an offset."""
    instant = value
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
    if not isinstance(instant, datetime):
        raise ValueError(
            f"{name} must be an aware datetime or text such as '2026-11-01T10:00:00Z', not {value!r}"
        )
    if instant.utcoffset() is None:
        right = f"{instant.isoformat()}Z" if isinstance(value, str) else "datetime(…, tzinfo=UTC)"
        raise ValueError(f"{name} has no time zone: {value!r}; for UTC write {right}")
    return instant.astimezone(UTC)
