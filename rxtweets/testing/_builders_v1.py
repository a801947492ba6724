"""Builders of v1.1 messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

__all__ = [
    "OMIT",
    "connection_metadata_json",
    "control_json",
    "delete_json",
    "direct_message_json",
    "disconnect_json",
    "event_json",
    "extended_status_json",
    "for_user_json",
    "friends_json",
    "limit_json",
    "scrub_geo_json",
    "status_json",
    "status_object",
    "status_withheld_json",
    "user_object",
    "user_withheld_json",
    "warning_json",
]

STATUS_ID: Final = 505874924095815681
USER_ID: Final = 1186275104

Fields = Mapping[str, Any]


class _Omit:
    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = _Omit()


def encode(message: object) -> bytes:
    """Return *message* as JSON."""
    return msgspec.json.encode(message)


def merge(defaults: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """Return *defaults* with *fields* over them; an `id` given brings its `id_str`, as X's own does."""
    merged = {**defaults, **fields}
    for name in list(fields):
        if f"{name}_str" in defaults and f"{name}_str" not in fields:
            merged[f"{name}_str"] = str(fields[name])
    return {name: value for name, value in merged.items() if value is not OMIT}


def user_object(**fields: Any) -> dict[str, Any]:
    """Return a v1.1 account as a dict, for the `user` of a status or the ends of an event."""
    return merge(
        {
            "id": USER_ID,
            "id_str": str(USER_ID),
            "name": "Ada Lovelace",
            "screen_name": "ada",
            "location": "London",
            "url": None,
            "description": "Notes on the engine",
            "protected": False,
            "verified": False,
            "followers_count": 262,
            "friends_count": 252,
            "listed_count": 3,
            "favourites_count": 235,
            "statuses_count": 1769,
            "created_at": "Sat Feb 16 13:46:25 +0000 2013",
            "utc_offset": None,
            "time_zone": None,
            "geo_enabled": True,
            "lang": "en",
            "profile_image_url_https": "https://pbs.twimg.com/profile_images/1/ada_normal.png",
            "default_profile": True,
        },
        fields,
    )


def status_object(text: str = "Hello, world", **fields: Any) -> dict[str, Any]:
    """Return a v1.1 status as a dict, for a `retweeted_status` or the `message` of a site stream.

    `user` may be some of the account's fields: the others are as in `user_object`.
    """
    user = fields.pop("user", {})
    return merge(
        {
            "created_at": "Sun Aug 31 00:29:15 +0000 2014",
            "id": STATUS_ID,
            "id_str": str(STATUS_ID),
            "text": text,
            "source": '<a href="https://example.com" rel="nofollow">Example</a>',
            "truncated": False,
            "in_reply_to_status_id": None,
            "in_reply_to_status_id_str": None,
            "in_reply_to_user_id": None,
            "in_reply_to_user_id_str": None,
            "in_reply_to_screen_name": None,
            "user": user_object(**user) if isinstance(user, Mapping) else user,
            "geo": None,
            "coordinates": None,
            "place": None,
            "contributors": None,
            "is_quote_status": False,
            "quote_count": 0,
            "reply_count": 0,
            "retweet_count": 0,
            "favorite_count": 0,
            "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
            "favorited": False,
            "retweeted": False,
            "filter_level": "low",
            "lang": "en",
            "timestamp_ms": "1409444955123",
        },
        fields,
    )


def status_json(text: str = "Hello, world", **fields: Any) -> bytes:
    """Return a v1.1 status; `user` may be some of the account's fields."""
    return encode(status_object(text, **fields))


def extended_status_json(full_text: str, **fields: Any) -> bytes:
    """Return a v1.1 status over 140 characters: `text` cut, the whole in `extended_tweet`."""
    extended = {
        "full_text": full_text,
        "display_text_range": [0, len(full_text)],
        "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
    }
    cut = full_text[:139] + "…"
    return encode(status_object(cut, **{"truncated": True, "extended_tweet": extended, **fields}))


def delete_json(id: int = STATUS_ID, user_id: int = USER_ID, *, of: str = "status", **fields: Any) -> bytes:
    """Return a deletion notice; *of* is `status` or `direct_message`."""
    deleted = {"id": id, "id_str": str(id), "user_id": user_id, "user_id_str": str(user_id)}
    return encode({"delete": merge({of: deleted, "timestamp_ms": "1409444955999"}, fields)})


def scrub_geo_json(user_id: int = USER_ID, up_to_status_id: int = STATUS_ID) -> bytes:
    """Return a notice to forget where an account's statuses were sent from."""
    ids = {"user_id": user_id, "up_to_status_id": up_to_status_id}
    return encode({"scrub_geo": {**ids, **{f"{name}_str": str(id) for name, id in ids.items()}}})


def limit_json(track: int = 1234, timestamp_ms: str = "1409444956000") -> bytes:
    """Return a notice that *track* statuses were withheld since the connection opened."""
    return encode({"limit": {"track": track, "timestamp_ms": timestamp_ms}})


def status_withheld_json(
    id: int = STATUS_ID, user_id: int = USER_ID, countries: Iterable[str] = ("DE",)
) -> bytes:
    """Return a notice that a status is withheld in *countries*."""
    withheld = {"id": id, "user_id": user_id, "withheld_in_countries": list(countries)}
    return encode({"status_withheld": withheld})


def user_withheld_json(id: int = USER_ID, countries: Iterable[str] = ("DE",)) -> bytes:
    """Return a notice that an account is withheld in *countries*."""
    return encode({"user_withheld": {"id": id, "withheld_in_countries": list(countries)}})


def disconnect_json(code: int = 4, reason: str = "stall", stream_name: str = "ada-statuses1") -> bytes:
    """Return the message with which a v1.1 server ends a stream."""
    return encode({"disconnect": {"code": code, "stream_name": stream_name, "reason": reason}})


def warning_json(code: str = "FALLING_BEHIND", **fields: Any) -> bytes:
    """Return a stall warning, or with another *code* and its fields another warning."""
    defaults: dict[str, Any] = {"code": code, "message": "Your connection is falling behind."}
    if code == "FALLING_BEHIND":
        defaults["percent_full"] = 60
    return encode({"warning": merge(defaults, fields)})


def friends_json(ids: Sequence[int] = (1497, 169686021), *, stringify: bool = False) -> bytes:
    """Return the list of accounts a user follows, first on a user stream; as strings if *stringify*."""
    return encode({"friends_str": [str(id) for id in ids]} if stringify else {"friends": list(ids)})


def direct_message_json(text: str = "Psst", **fields: Any) -> bytes:
    """Return a direct message."""
    message = {
        "id": STATUS_ID,
        "id_str": str(STATUS_ID),
        "text": text,
        "created_at": "Sun Aug 31 00:29:15 +0000 2014",
        "sender_id": USER_ID,
        "sender_screen_name": "ada",
        "sender": user_object(),
        "recipient_id": 7,
        "recipient_screen_name": "charles",
        "recipient": user_object(id=7, screen_name="charles", name="Charles Babbage"),
    }
    return encode({"direct_message": merge(message, fields)})


def event_json(event: str = "follow", **fields: Any) -> bytes:
    """Return an event of a user or site stream, from `@ada` to `@charles`."""
    defaults = {
        "event": event,
        "created_at": "Sun Aug 31 00:29:15 +0000 2014",
        "source": user_object(),
        "target": user_object(id=7, screen_name="charles", name="Charles Babbage"),
    }
    return encode(merge(defaults, fields))


def for_user_json(message: bytes | Fields, for_user: int | str = USER_ID) -> bytes:
    """Return a site stream's envelope around *message*, the bytes of another builder or a dict."""
    inner = msgspec.Raw(message) if isinstance(message, bytes) else message
    return encode({"for_user": for_user, "message": inner})


def control_json(control_uri: str = "/1.1/site/c/01_225167_334389048B872A533002B34D73F8C29F") -> bytes:
    """Return the message that names the path which controls a site stream."""
    return encode({"control": {"control_uri": control_uri}})


def connection_metadata_json(datacenter: str = "atla", timestamp: int = 1762557264155) -> bytes:
    """Return the message with which Powerstream begins, where it was asked for one data centre."""
    return encode({"type": "connection_metadata", "datacenter": datacenter, "timestamp": timestamp})
