"""Users, media, places and polls in v2's form: the fields asked for and no more."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from rxtweets.emulator.world.model import Media, Person, Place, Poll

from .fields import Fields


def when(ms: int) -> str:
    """Return a time as v2 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ms / 1000))


class FieldTable:
    """The fields of a kind of object, by name, and the functions that make them."""

    def __init__(self, table: dict[str, Callable[[Any], Any]]) -> None:
        self._table = table
        self._chosen = functools.lru_cache(maxsize=64)(self._choose)

    def _choose(self, wanted: frozenset[str]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """Return the fields wanted in the table's order: a set's isn't the same in every run."""
        return tuple((name, make) for name, make in self._table.items() if name in wanted)

    def fill(self, form: dict[str, Any], wanted: frozenset[str], thing: Any) -> None:
        """Add the fields wanted that have a value."""
        for name, make in self._chosen(wanted):
            value = make(thing)
            if value is not None:
                form[name] = value


def user_form(person: Person, fields: Fields) -> dict[str, Any]:
    """Return the user object."""
    form: dict[str, Any] = {"id": str(person.id), "name": person.name, "username": person.screen_name}
    if fields.user:
        _USER.fill(form, fields.user, person)
    return form


def media_form(media: Media, fields: Fields) -> dict[str, Any]:
    """Return the media object."""
    form: dict[str, Any] = {"media_key": media.key, "type": media.kind}
    if fields.media:
        _MEDIA.fill(form, fields.media, media)
    return form


def place_form(place: Place, fields: Fields) -> dict[str, Any]:
    """Return the place object."""
    whole = {
        "full_name": place.full_name,
        "id": place.id,
        "country": place.country,
        "country_code": place.country_code,
        "contained_within": list(place.within) or None,
        "geo": {"type": "Feature", "bbox": list(place.box), "properties": {}},
        "name": place.name,
        "place_type": place.kind,
    }
    return {
        name: value
        for name, value in whole.items()
        if value is not None and (name in ("full_name", "id") or name in fields.place)
    }


def poll_form(poll: Poll, made: int, fields: Fields) -> dict[str, Any]:
    """Return the poll object; `made` is the time of its post in Unix milliseconds."""
    options = [
        {"position": n + 1, "label": label, "votes": poll.votes[n]} for n, label in enumerate(poll.options)
    ]
    whole = {
        "id": str(poll.id),
        "options": options,
        "duration_minutes": poll.minutes,
        "end_datetime": when(made + poll.minutes * 60_000),
        "voting_status": "open",
    }
    return {name: value for name, value in whole.items() if name in ("id", "options") or name in fields.poll}


def _profile_entities(person: Person) -> dict[str, Any] | None:
    if person.website is None:
        return None
    url = {
        "start": 0,
        "end": 23,
        "url": _profile_link(person),
        "expanded_url": person.website,
        "display_url": person.website.partition("://")[2],
    }
    return {"url": {"urls": [url]}}


def _profile_link(person: Person) -> str:
    return f"https://t.co/{person.id % 36**7:010x}"


def _affiliation(person: Person) -> dict[str, Any] | None:
    organisation = person.affiliation
    if organisation is None:
        return None
    return {
        "badge_url": f"https://pbs.twimg.com/profile_images/{organisation.avatar}_bigger.jpg",
        "description": organisation.name,
        "url": f"https://x.com/{organisation.screen_name}",
        "user_id": [str(organisation.id)],
    }


def _variants(media: Media) -> list[dict[str, Any]]:
    rate = 832000 if media.kind == "video" else 0
    found: list[dict[str, Any]] = [{"bit_rate": rate, "content_type": "video/mp4", "url": media.clip}]
    if media.kind == "video":
        playlist = f"https://video.twimg.com/ext_tw_video/{media.id}/pu/pl/{media.name}.m3u8"
        found.append({"content_type": "application/x-mpegURL", "url": playlist})
    return found


_USER = FieldTable(
    {
        "affiliation": _affiliation,
        "created_at": lambda person: when(person.joined),
        "description": lambda person: person.bio,
        "entities": _profile_entities,
        "is_identity_verified": lambda person: person.verified_type == "government",
        "location": lambda person: person.location or None,
        "most_recent_tweet_id": lambda person: str(person.latest) if person.latest else None,
        "parody": lambda person: person.parody,
        "pinned_tweet_id": lambda person: str(person.pinned) if person.pinned else None,
        "profile_banner_url": lambda p: f"https://pbs.twimg.com/profile_banners/{p.id}/{p.joined // 1000}",
        "profile_image_url": lambda p: f"https://pbs.twimg.com/profile_images/{p.avatar}_normal.jpg",
        "protected": lambda person: person.protected,
        "public_metrics": lambda person: {
            "followers_count": person.followers,
            "following_count": person.following,
            "tweet_count": person.posts,
            "post_count": person.posts,
            "listed_count": person.listed,
            "like_count": person.likes,
            "media_count": person.posts // 9,
        },
        "subscription_type": lambda person: person.subscription,
        "url": lambda person: _profile_link(person) if person.website else "",
        "verified": lambda person: person.verified,
        "verified_followers_count": lambda person: person.followers // 50,
        "verified_type": lambda person: person.verified_type,
        "withheld": lambda person: {"country_codes": list(person.withheld)} if person.withheld else None,
    }
)
_MEDIA = FieldTable(
    {
        "alt_text": lambda media: media.alt,
        "duration_ms": lambda media: media.seconds * 1000 or None,
        "height": lambda media: media.height,
        "width": lambda media: media.width,
        "url": lambda media: media.url if media.kind == "photo" else None,
        "preview_image_url": lambda media: media.url if media.kind != "photo" else None,
        "public_metrics": lambda media: {"view_count": media.views} if media.kind == "video" else None,
        "variants": lambda media: _variants(media) if media.kind != "photo" else None,
    }
)
