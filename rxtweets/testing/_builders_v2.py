"""Builders of v2 messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._builders_v1 import OMIT, Fields, encode, merge

__all__ = [
    "activity_json",
    "compliance_json",
    "label_json",
    "like_json",
    "post_json",
    "post_object",
    "problem_json",
]

POST_ID = "1346889436626259968"
EVENT_AT = "2026-01-06T18:40:40.000Z"
AUTHOR_ID = "2244994945"


def post_object(text: str = "Hello, world", **fields: Any) -> dict[str, Any]:
    """Return a v2 post as a dict, for `includes` or the payload of an activity."""
    id = str(fields.get("id", POST_ID))
    return merge({"edit_history_tweet_ids": [id], "id": id, "text": text}, fields)


def _beside(includes: Fields | None, rules: Sequence[Fields] | None, errors: Any) -> dict[str, Any]:
    beside = {"includes": includes, "matching_rules": rules, "errors": errors}
    return {name: value for name, value in beside.items() if value is not None}


def post_json(
    text: str = "Hello, world",
    *,
    includes: Fields | None = None,
    matching_rules: Sequence[Fields] | None = ({"id": "1166916266197536768", "tag": "greetings"},),
    errors: Sequence[Fields] | None = None,
    **fields: Any,
) -> bytes:
    """Return a v2 post with the default fields and those given; the sample stream has no *matching_rules*."""
    rules = list(matching_rules) if matching_rules is not None else None
    return encode({"data": post_object(text, **fields), **_beside(includes, rules, errors)})


def like_json(liked_tweet_id: str = POST_ID, *, includes: Fields | None = None, **fields: Any) -> bytes:
    """Return a like of a post."""
    like = {
        "created_at": EVENT_AT,
        "id": "8ba4f34e6235d905a46bac021d98e923",
        "liked_tweet_id": liked_tweet_id,
        "timestamp_ms": 1767724840000,
        "tweet_author_id": AUTHOR_ID,
    }
    return encode({"data": merge(like, fields), **_beside(includes, None, None)})


def compliance_json(event: str = "delete", **fields: Any) -> bytes:
    """Return a compliance event: of a post (`delete`, `withheld`, …) or, going by its name, of an account.

    For a deleted like give `tweet=OMIT, favorite={"id": …, "user_id": …}`.
    """
    about: dict[str, Any] = {"tweet": {"id": POST_ID, "author_id": AUTHOR_ID}}
    if event.startswith("user_") or event == "scrub_geo":
        about = {"user": {"id": AUTHOR_ID}}
    if event == "scrub_geo":
        about["up_to_tweet_id"] = POST_ID
    if event.endswith("withheld"):
        about["withheld_in_countries"] = ["DE"]
    if event == "tweet_edit":
        about |= {"tweet": {"id": POST_ID}, "initial_tweet_id": POST_ID, "edit_tweet_ids": [POST_ID]}
    if event == "user_profile_modification":
        about |= {"profile_field": "description", "new_value": "Notes"}
    return encode({"data": {event: merge({**about, "event_at": EVENT_AT}, fields)}})


def label_json(event: str = "public_tweet_notice", **fields: Any) -> bytes:
    """Return a label put on a post or taken off it."""
    label = {
        "tweet": {"id": POST_ID, "author_id": AUTHOR_ID},
        "event_type": "misleading" if event == "public_tweet_notice" else OMIT,
        "event_at": EVENT_AT,
        "application": "apply",
    }
    return encode({"data": {event: merge(label, fields)}})


def activity_json(event_type: str = "post.create", payload: Any = None, **fields: Any) -> bytes:
    """Return an activity event; without *payload* that of a created post."""
    activity = {
        "event_uuid": "1146654567674912769",
        "event_type": event_type,
        "filter": {"user_id": AUTHOR_ID},
        "tag": "ada",
        "payload": post_object(author_id=AUTHOR_ID) if payload is None else payload,
    }
    return encode({"data": merge(activity, fields)})


def problem_json(title: str = "operational-disconnect", **fields: Any) -> bytes:
    """Return a message of problems alone: by default the one that ends a v2 stream."""
    problem = {
        "title": title,
        "disconnect_type": "UpstreamOperationalDisconnect" if title == "operational-disconnect" else OMIT,
        "detail": "This stream has been disconnected for operational reasons.",
        "type": f"https://api.x.com/2/problems/{title}",
    }
    return encode({"errors": [merge(problem, fields)]})
