"""Recorded payloads, reduced to what a client asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .fields import Fields

_POST = {"id", "text", "edit_history_tweet_ids"}
_USER = {"id", "name", "username"}
_MEDIA = {"media_key", "type"}
_POLL = {"id", "options"}
_PLACE = {"id", "full_name"}
"""Fields that are there without being asked for."""


def reduced(line: bytes, fields: Fields) -> dict[str, Any]:
    """Return the payload with the fields and the included objects asked for, as far as recorded."""
    payload = json.loads(line)
    data, wanted = payload["data"], fields.expansions
    recorded = payload.get("includes") or {}
    referred = _named(recorded, "tweets", "id", (one["id"] for one in data.get("referenced_tweets") or []))
    users: list[Any] = []
    if "author_id" in wanted:
        users.append(data.get("author_id"))
    if "in_reply_to_user_id" in wanted:
        users.append(data.get("in_reply_to_user_id"))
    if "entities.mentions.username" in wanted:
        users += _mentioned(data)
    if "entities.note.mentions.username" in wanted:
        users += _mentioned(data.get("note_tweet") or {})
    if "referenced_tweets.id.author_id" in wanted:
        users += [one.get("author_id") for one in referred]
    media = _attached(data, "media_keys") if "attachments.media_keys" in wanted else []
    if "referenced_tweets.id.attachments.media_keys" in wanted:
        media += [key for one in referred for key in _attached(one, "media_keys")]
    polls = _attached(data, "poll_ids") if "attachments.poll_ids" in wanted else []
    places = [(data.get("geo") or {}).get("place_id")] if "geo.place_id" in wanted else []
    itself = [data] if "edit_history_tweet_ids" in wanted else []
    posts = itself + (referred if any(name.startswith("referenced_tweets.id") for name in wanted) else [])
    includes = {
        "users": _cut(_named(recorded, "users", "id", users), _USER | fields.user),
        "media": _cut(_named(recorded, "media", "media_key", media), _MEDIA | fields.media),
        "tweets": _cut(posts, _POST | fields.post),
        "places": _cut(_named(recorded, "places", "id", places), _PLACE | fields.place),
        "polls": _cut(_named(recorded, "polls", "id", polls), _POLL | fields.poll),
    }
    (made,) = _cut([data], _POST | fields.post)
    found = {name: objects for name, objects in includes.items() if objects}
    return {"data": made, "includes": found} if found else {"data": made}


def _mentioned(text: dict[str, Any]) -> list[Any]:
    return [one.get("id") for one in (text.get("entities") or {}).get("mentions") or []]


def _attached(post: dict[str, Any], name: str) -> list[str]:
    return list((post.get("attachments") or {}).get(name) or [])


def _named(recorded: dict[str, Any], name: str, key: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the recorded objects whose *key* has one of the values, each once."""
    known = {one[key]: one for one in recorded.get(name) or []}
    return [known[value] for value in dict.fromkeys(values) if value in known]


def _cut(objects: list[dict[str, Any]], wanted: set[str] | frozenset[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name in wanted} for one in objects]
