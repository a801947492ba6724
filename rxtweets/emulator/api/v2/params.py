"""The contents of v2's requests: the parameters of a query, the members of a body, the page of a list.

Whatever is wrong is told in one answer, X's problem for invalid requests. A check takes a parameter's value
and gives what is wrong with it, to be put after the parameter's name.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from rxtweets.emulator.server.http import Request, Response, invalid_request

Check = Callable[[str], Iterable[str]]
_T = TypeVar("_T")

ID = r"^[0-9]{1,19}\Z"
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:)(\d{2})(\.\d{1,6})?\d*([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_TOKEN = re.compile(r"[0-9A-V]{16}")
_MOST_SHOWN = 100
"""Characters of a value that a message repeats."""


def check_query(
    request: Request, known: Mapping[str, Check], required: Collection[str] = ()
) -> Response | None:
    """Return the refusal that a query earns, all its faults in one, or None."""
    if request.garbled:
        return invalid_request(({}, "The request has characters that are not UTF-8"))
    faults: list[tuple[dict[str, list[str]], str]] = []
    times = Counter(name for name, _ in request.pairs)
    for name, value in request.query.items():
        if name not in known:
            shown, allowed = _short(name), ",".join(sorted(known))
            faults.append(
                ({shown: [_short(value)]}, f"The query parameter [{shown}] is not one of [{allowed}]")
            )
        elif times[name] > 1:
            message = f"The query parameter [{name}] was given {times[name]} times; give its values in one"
            faults.append(({name: [_short(given) for key, given in request.pairs if key == name]}, message))
        else:
            faults += (
                ({name: [_short(value)]}, f"The `{name}` query parameter {wrong}")
                for wrong in known[name](value)
            )
    for name in required:
        if name not in times:
            faults.append(({name: []}, f"The `{name}` query parameter can not be empty"))
    return invalid_request(*faults) if faults else None


def read_body(request: Request, kind: type[_T]) -> _T | Response:
    """Return what the body holds, JSON of just that kind, or the refusal of any other.

    JSON that is called a form is taken, too: curl says so unless told otherwise, and X's own examples
    leave it at that.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in ("", "application/json", "application/x-www-form-urlencoded"):
        message = f"The `Content-Type` of the body must be application/json, and is [{_short(content_type)}]"
        return invalid_request(({"Content-Type": [content_type]}, message))
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        return invalid_request(({}, f"Request body is not as it must be: {error}"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return invalid_request(({}, "Request body is not valid JSON"))


def check_path_id(request: Request, name: str) -> Response | None:
    """Return the refusal of a path whose last part is no id, or None."""
    value = request.path.rpartition("/")[2]
    if re.match(ID, value):
        return None
    message = f"The `{name}` path parameter value [{_short(value)}] does not match ^[0-9]{{1,19}}$"
    return invalid_request(({name: [value]}, message))


# --- checks


def anything(value: str) -> Iterable[str]:
    return ()


def one_of(*allowed: str) -> Check:
    """Return the check for one of these words."""
    said = ",".join(allowed)
    return lambda value: () if value in allowed else (f"value [{_short(value)}] is not one of [{said}]",)


def some_of(allowed: Collection[str], least: int = 1) -> Check:
    """Return the check for some of these words with commas between, none twice."""
    said = ",".join(allowed)

    def wrong(value: str) -> Iterable[str]:
        items = split(value)
        if len(items) < least:
            yield "can not be empty"
        for item, times in Counter(items).items():
            if item not in allowed:
                yield f"value [{_short(item)}] is not one of [{said}]"
            elif times > 1:
                yield f"value [{item}] was given {times} times"

    return wrong


def ids(least: int, most: int) -> Check:
    """Return the check for ids with commas between."""

    def wrong(value: str) -> Iterable[str]:
        items = split(value)
        if not least <= len(items) <= most:
            yield f"must hold {least} to {most} ids, and holds {len(items)}"
        bad = [item for item in items if not re.match(ID, item)]
        if bad:
            yield f"value [{_short(bad[0])}] does not match ^[0-9]{{1,19}}$"

    return wrong


def whole(low: int, high: int) -> Check:
    """Return the check for a whole number within these bounds."""

    def wrong(value: str) -> Iterable[str]:
        if not (re.fullmatch(r"[0-9]{1,9}", value) and low <= int(value) <= high):
            yield f"value [{_short(value)}] is not between {low} and {high}"

    return wrong


def flag(value: str) -> Iterable[str]:
    """Check for ``true`` or ``false``; in capitals too, as programs in Python write them."""
    if value.lower() not in ("true", "false"):
        yield f"value [{_short(value)}] is not one of [true,false]"


def length(least: int, most: int) -> Check:
    """Return the check for a text of so many characters."""

    def wrong(value: str) -> Iterable[str]:
        if not least <= len(value) <= most:
            yield f"must have {least} to {most} characters, and has {len(value)}"

    return wrong


def moment(value: str) -> Iterable[str]:
    """Check for a time; see `read_moment`."""
    if read_moment(value) is None:
        yield f"value [{_short(value)}] is not a time as YYYY-MM-DDTHH:mm:ssZ (RFC 3339)"


def read_moment(value: str) -> datetime | None:
    """Return the aware time that a text gives as RFC 3339 writes it, or None if it gives none."""
    found = _MOMENT.fullmatch(value)
    if found is None:
        return None
    day, second, part, zone = found.groups()
    leap = second == "60"  # RFC 3339 knows leap seconds, Python does not
    text = f"{day.upper()}{'59' if leap else second}{part or ''}{'+00:00' if zone in 'Zz' else zone}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def token(value: str) -> Iterable[str]:
    """Check for a ``next_token`` as answers give it."""
    if not _TOKEN.fullmatch(value):
        yield f"value [{_short(value)}] is not a `next_token`"


def split(text: str) -> list[str]:
    """Return the items of a list, also those between two commas that have nothing between them."""
    return text.split(",") if text else []


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


# --- pages

PAGING: dict[str, Check] = {"pagination_token": token}


def page(request: Request, length: int, size: int) -> tuple[slice, str | None]:
    """Return the part of a list that a checked request asks for, and the token of the next part.

    `size` is for requests that don't say ``max_results``.
    """
    size = int(request.query.get("max_results", size))
    given = request.query.get("pagination_token")
    start = min(to_position(given), length) if given else 0
    following = start + size
    return slice(start, following), to_token(following) if following < length else None


def to_token(position: int) -> str:
    """Return a position as 16 characters of base32hex, as X's tokens are."""
    return base64.b32hexencode(position.to_bytes(10, "big")).decode()


def to_position(token: str) -> int:
    """Return the position that a checked token stands for."""
    return int.from_bytes(base64.b32hexdecode(token), "big")


def meta(shown: list[Any], next_token: str | None) -> dict[str, Any]:
    """Return the `meta` of a page."""
    said: dict[str, Any] = {"result_count": len(shown)}
    return said if next_token is None else {**said, "next_token": next_token}
