"""JSON text as X sends it, decoded generously; escapes in texts; short reprs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

_LONGEST = 60
LEVELS = 6

# What decoding raises for what is there: bad JSON, bad UTF-8, a number with thousands of digits. Not so the
# RecursionError, which depends on who calls: looked at from elsewhere the same JSON may be good.
DECODE_ERRORS = (msgspec.MsgspecError, ValueError)


def replace_lone_surrogates(frame: bytes) -> bytes:
    r"""Return *frame* with every half of a surrogate pair that stands alone (`\ud83d`) as U+FFFD.

    JSON's grammar allows them, UTF-8 does not, and a text cut in the middle of an emoji has them.
    """

    def whole(match: re.Match[bytes]) -> bytes:
        return rb"\ufffd" if match["lone"] else match[0]

    pair = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    return re.sub(pair + rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", whole, frame)


_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # Source: X's v1.1 guide, "Counting characters"


def unescape(text: str) -> str:
    """Return *text* with `&lt;`, `&gt;` and `&amp;` as the characters they stand for: X escapes no others."""
    if "&" in text:
        for escaped, character in _ESCAPED:
            text = text.replace(escaped, character)
    return text


_REPEATS = re.compile(r"RT @\w{1,20}: ?")


def whole_retweet(text: str, whole: str, name: Callable[[], str | None]) -> str:
    """Return the original's *whole* text after the `RT @name: ` of the retweet's own *text*.

    *name* is called where that has none; without a name the original's text stands alone.
    """
    found = _REPEATS.match(text)
    if found:
        return found[0] + whole
    author = name()
    return f"RT @{author}: {whole}" if author else whole


def loads(frame: bytes) -> Any:
    """Return *frame* decoded; a lone surrogate becomes U+FFFD, a number beyond a float becomes infinite.

    Raises:
        ValueError: it is not JSON in UTF-8.
        RecursionError: it is nested too deeply.
    """
    try:
        return msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        import json

        text = replace_lone_surrogates(frame).decode()
        return json.loads(text, parse_int=_parse_int, parse_constant=_refuse)


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) < 4000 else float(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def short(value: object, levels: int = LEVELS) -> str:
    """Return a repr of *value* that fits into a line, with at most *levels* of nested objects."""
    if isinstance(value, str | bytes):
        return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 3]) + (
            "…" if len(value) > _LONGEST else ""
        )
    if isinstance(value, tuple | list | dict):
        text = f"<{len(value)}>" if len(value) > 2 or not levels else _few(value, levels - 1)
    else:
        text = value._short(levels) if hasattr(value, "_short") else repr(value)
    return text if len(text) <= 2 * _LONGEST else text[: 2 * _LONGEST] + "…"


def _few(value: tuple[Any, ...] | list[Any] | dict[Any, Any], levels: int) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{short(key)}: {short(item, levels)}" for key, item in value.items()) + "}"
    items = ", ".join(short(item, levels) for item in value)
    if isinstance(value, list):
        return f"[{items}]"
    return f"({items},)" if len(value) == 1 else f"({items})"
