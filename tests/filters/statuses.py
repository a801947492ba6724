"""Statuses for tests of filters, each with what its text marks as entities, as X's own have."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rxtweets.messages import Status, decode
from rxtweets.testing import status_object


def entities(text: str) -> dict[str, Any]:
    """The hashtags, mentions and cashtags of *text*; the links are the caller's."""
    return {
        "hashtags": [{"text": tag, "indices": [0, 1]} for tag in re.findall(r"(?<![\w/])[#＃](\w+)", text)],
        "user_mentions": [
            {"screen_name": name, "id": 5, "indices": [0, 1]} for name in re.findall(r"(?<!\w)@(\w+)", text)
        ],
        "symbols": [{"text": name, "indices": [0, 1]} for name in re.findall(r"(?<!\w)\$([A-Z]+)", text)],
        "urls": [],
    }


def link(expanded: str | None, display: str = "", short: str = "https://t.co/abc") -> dict[str, Any]:
    """A link as in entities."""
    return {"url": short, "expanded_url": expanded, "display_url": display, "indices": [0, 1]}


def content(text: str = "", *, urls: tuple[Any, ...] = (), **fields: Any) -> dict[str, Any]:
    """A status as a dict, with entities of its text."""
    found = {**entities(text), "urls": list(urls)}
    return status_object(text, **{"entities": found, **fields})


def extended(text: str, *, urls: tuple[Any, ...] = (), media: tuple[Any, ...] = ()) -> dict[str, Any]:
    """A status over 140 characters as a dict: cut, with the whole in `extended_tweet`."""
    whole = {
        "full_text": text,
        "entities": {**entities(text), "urls": list(urls), "media": list(media)},
        "extended_entities": {"media": list(media)},
    }
    cut = text[:30] + "… https://t.co/whole"
    return content(cut, truncated=True, extended_tweet=whole, urls=(link(None, short="https://t.co/whole"),))


def status(made: str | dict[str, Any] = "", **fields: Any) -> Status:
    """A decoded status, of a text or of what the others here make."""
    body = content(made, **fields) if isinstance(made, str) else {**made, **fields}
    found = decode(msgspec.json.encode(body))
    assert isinstance(found, Status)
    return found


def retweet(of: dict[str, Any], by: int = 99, **fields: Any) -> Status:
    """A retweet, with the text as X cuts it."""
    name, text = of["user"]["screen_name"], of["text"]
    shown = f"RT @{name}: {text}"[:60] + "…"
    return status(shown, user={"id": by, "screen_name": "echo"}, retweeted_status=of, **fields)


def quote(text: str, of: dict[str, Any], **fields: Any) -> Status:
    """A quote."""
    permalink = {
        "url": "https://t.co/q",
        "expanded": "https://twitter.com/ada/status/5",
        "display": "twitter.com/ada/status/5",
    }
    return status(text, quoted_status=of, quoted_status_permalink=permalink, is_quote_status=True, **fields)


def place(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A place with that box around it."""
    ring = [[west, south], [west, north], [east, north], [east, south]]
    return {"id": "p", "bounding_box": {"type": "Polygon", "coordinates": [ring]}}


def point(longitude: float, latitude: float) -> dict[str, Any]:
    """Coordinates as in a status."""
    return {"type": "Point", "coordinates": [longitude, latitude]}
