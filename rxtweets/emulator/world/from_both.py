"""Ids, times and users of recordings in either protocol."""

from __future__ import annotations

import re
from typing import Any

from rxtweets.messages._time import EPOCH, parse_time

from .model import Person


def read_id(one: dict[str, Any]) -> int:
    """Return the id of an object: from `id_str` where there is one, as JavaScript rounds numbers."""
    return int(one.get("id_str") or one["id"])


def read_time(text: str) -> int:
    """Return a time as either protocol writes it, in Unix milliseconds. Raises ValueError."""
    moment = parse_time(text)
    if moment is None:
        raise ValueError(f"{text!r} is no time such as 'Wed Aug 27 13:08:45 +0000 2008' or that of ISO 8601")
    return round(moment.timestamp() * 1000)


def read_user(user: dict[str, Any]) -> Person:
    """Return the person of a user object. Raises whatever a malformed one makes Python raise."""
    screen_name = user.get("screen_name") or user["username"]
    image = user.get("profile_image_url_https") or user.get("profile_image_url") or ""
    avatar = re.search(r"profile_images/(.+?)_normal", image)
    counts = user.get("public_metrics") or user

    def count(*names: str) -> int:
        return next((int(counts[name]) for name in names if counts.get(name)), 0)

    return Person(
        id=read_id(user),
        screen_name=screen_name,
        name=user.get("name") or screen_name,
        bio=user.get("description") or "",
        location=user.get("location") or "",
        lang=user.get("lang") or "",
        joined=read_time(user["created_at"]) if user.get("created_at") else EPOCH,
        followers=count("followers_count"),
        following=count("following_count", "friends_count"),
        posts=count("tweet_count", "post_count", "statuses_count"),
        likes=count("like_count", "favourites_count"),
        listed=count("listed_count"),
        verified=bool(user.get("verified")),
        website=user.get("url") or None,
        avatar=avatar[1] if avatar else "0/default",
        color=user.get("profile_link_color") or "1DA1F2",
        verified_type=user.get("verified_type") or "none",
        pinned=int(user["pinned_tweet_id"]) if user.get("pinned_tweet_id") else None,
    )
