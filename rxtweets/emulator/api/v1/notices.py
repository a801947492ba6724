"""The messages of v1.1 that are not statuses."""

from __future__ import annotations

from typing import Any

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.model import Post

DISCONNECTS = {
    1: ("shutdown", "The feed was shutdown (possibly a machine restart)"),
    2: ("duplicate stream", "The same endpoint was connected too many times"),
    3: ("control request", "Control streams was used to close a stream (applies to sitestreams)"),
    4: ("stall", "The client was reading too slowly and was disconnected by the server"),
    5: ("normal", "The client appeared to have initiated a disconnect"),
    6: ("token revoked", "An oauth token was revoked for a user (applies to site and userstreams)"),
    7: ("admin logout", "admin logout"),
    9: (
        "max message limit",
        "The stream connected with a negative count parameter and was disconnected after all"
        " backfill was delivered",
    ),
    10: ("stream exception", "An internal issue disconnected the stream"),
    11: ("broker stall", "An internal issue disconnected the stream"),
    12: (
        "shed load",
        "The host the stream was connected to became overloaded and streams were disconnected"
        " to balance load",
    ),
}
"""The name and the reason of each code of a disconnect.

Source: the streaming guide of v1.1; 8 was for Twitter itself.
"""


def disconnect(code: int, stream_name: str) -> bytes:
    """Return the message that ends a stream. Raises KeyError for an unknown code."""
    _, reason = DISCONNECTS[code]
    return encode({"disconnect": {"code": code, "stream_name": stream_name, "reason": reason}})


def falling_behind(percent: int) -> bytes:
    """Return the warning to a slow reader whose queue is that full."""
    message = (
        "Your connection is falling behind and messages are being queued for delivery to you. Your queue is"
        f" now over {percent}% full. You will be disconnected when the queue is full."
    )
    return encode({"warning": {"code": "FALLING_BEHIND", "message": message, "percent_full": percent}})


def limit(total: int, ms: int) -> bytes:
    """Return the notice that `total` statuses were not sent since the stream was opened."""
    return encode({"limit": {"track": total, "timestamp_ms": str(ms)}})


def deletion(post: Post) -> bytes:
    """Return the message that a status was deleted."""
    return _deletion("status", post)


def direct_message_deletion(post: Post) -> bytes:
    """Return the message that a direct message was deleted."""
    return _deletion("direct_message", post)


def follows_over_limit(user_id: int) -> bytes:
    """Return the warning that a user follows too many accounts to be sent all their statuses."""
    return encode(
        {"warning": {"code": "FOLLOWS_OVER_LIMIT", "message": "Too many follows", "user_id": user_id}}
    )


def scrub_geo(post: Post) -> bytes:
    """Return the message that the author removed the location from all statuses up to this one."""
    author = post.author.id
    scrub = {
        "user_id": author,
        "user_id_str": str(author),
        "up_to_status_id": post.id,
        "up_to_status_id_str": str(post.id),
    }
    return encode({"scrub_geo": scrub})


def withheld(post: Post, whole_user: bool) -> bytes:
    """Return the message that a status, or its author, is withheld in some countries."""
    countries: dict[str, Any] = {"withheld_in_countries": ["DE", "AR"]}
    if whole_user:
        return encode({"user_withheld": {"id": post.author.id, **countries}})
    return encode({"status_withheld": {"id": post.id, "user_id": post.author.id, **countries}})


def _deletion(kind: str, post: Post) -> bytes:
    author = post.author.id
    deleted = {"id": post.id, "id_str": str(post.id), "user_id": author, "user_id_str": str(author)}
    return encode({"delete": {kind: deleted, "timestamp_ms": str(post.ms + 1000)}})
