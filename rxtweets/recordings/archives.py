"""Lines of other programs: statuses, posts and payloads, and pages of posts as twarc saves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rxtweets.messages import Post, Status, Undecodable, decode
from rxtweets.messages._time import id_time

_decode = msgspec.json.Decoder().decode
_NEAR = 5.0
"""Seconds that the time in an id and `created_at` may differ by, if the id has a time at all."""


class _Page(Struct):
    data: list[Raw]
    includes: dict[str, list[Raw]] = {}


_page = msgspec.json.Decoder(_Page).decode


def frames_of(line: bytes) -> list[bytes]:
    """Return the frames that a *line* holds: itself, or one for each post of a page of v2's API.

    A post without its envelope, as `twarc2 flatten` writes them, gets one.

    Raises:
        ValueError: it isn't a JSON object.
    """
    if not line.startswith(b"{"):
        raise ValueError("not a JSON object")
    try:
        members = msgspec.json.decode(line, type=dict[str, Raw])
    except RecursionError:
        return [line]
    except msgspec.DecodeError as error:
        # msgspec refuses a lone half of a surrogate pair, which is JSON all the same.
        if isinstance(decode(line), Undecodable):
            raise ValueError(f"not a JSON object: {error}") from None
        return [line]
    if "data" in members and bytes(members["data"]).startswith(b"["):
        page = _page(line)
        included = {kind: [(_decode(raw), raw) for raw in raws] for kind, raws in page.includes.items()}
        return [_frame(post, _needed(_decode(post), included)) for post in page.data]
    if {"id", "text"} <= members.keys() and "data" not in members and "user" not in members:
        flat = _decode(line)
        return [_frame(Raw(line), {kind: raws for kind, raws in _inlined(flat).items() if raws})]
    return [line]


def arrival(frame: bytes) -> float | None:
    """Return when a status or post was created, in UNIX seconds, to the millisecond if its id says so."""
    message = decode(frame)
    if not isinstance(message, Status | Post):
        return None
    created = message.created_at.timestamp() if message.created_at is not None else None
    number = int(message.id) if str(message.id).isdecimal() and len(str(message.id)) < 20 else 0
    told = id_time(number) / 1000 if number >> 22 else None
    if told is None or (created is not None and abs(told - created) > _NEAR):
        return created  # ids before November 2010 have no time in them
    return told


def _frame(post: Raw, includes: dict[str, list[Any]]) -> bytes:
    if not includes:
        return b'{"data":%b}' % bytes(post)
    return b'{"data":%b,"includes":%b}' % (bytes(post), msgspec.json.encode(includes))


def _needed(post: Any, included: dict[str, list[tuple[Any, Raw]]]) -> dict[str, list[Raw]]:
    """Return the included objects that *post* names, and those that the posts among them name."""
    named = set(_texts(post))
    for other, _ in included.get("tweets", ()):
        if isinstance(other, dict) and other.get("id") in named and other.get("id") != post.get("id"):
            named.update(_texts(other))
    found: dict[str, list[Raw]] = {}
    for kind, objects in included.items():
        for value, raw in objects:
            if isinstance(value, dict) and not named.isdisjoint(_keys(value)):
                found.setdefault(kind, []).append(raw)
    return found


def _keys(value: dict[str, Any]) -> list[str]:
    keys = [value.get("id"), value.get("media_key"), value.get("username")]
    return [key for key in keys if isinstance(key, str)]


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _inlined(post: dict[str, Any]) -> dict[str, list[Any]]:
    """Return as includes what `twarc2 flatten` has put into a post."""
    users = [post[name] for name in ("author", "in_reply_to_user") if isinstance(post.get(name), dict)]
    tweets = [
        {name: value for name, value in other.items() if name != "type"}
        for other in post.get("referenced_tweets") or ()
        if isinstance(other, dict) and "text" in other
    ]
    for other in tweets:
        users += _inlined(other).get("users", [])
    return {"users": [user for user in users if user], "tweets": tweets}
