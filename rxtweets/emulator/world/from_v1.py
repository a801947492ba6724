"""Posts from recorded statuses of v1.1.

Ids are read from `id_str` and the like where there is one: JavaScript rounds the numbers.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import structs

from rxtweets.messages._time import id_time

from .from_both import read_id, read_time, read_user
from .model import Counts, Link, Media, Mention, Person, Place, Post, Recorded, Tag
from .people import People


def post_from_status(status: dict[str, Any], line: bytes, people: People) -> Post:
    """Return the post of a recorded status. Raises whatever a malformed one makes Python raise."""
    post = _post(status, people)
    post.recorded = Recorded("1.1", line)
    return post


def _post(status: dict[str, Any], people: People) -> Post:
    """Return the post, with the whole text of an extended tweet."""
    inside = status.get("extended_tweet") or status
    entities = inside.get("entities") or {}
    text: str = inside.get("full_text") or status["text"]
    media = (inside.get("extended_entities") or entities).get("media") or []
    links = [_link(one) for one in entities.get("urls", [])]
    quoted = _quoted(status, people)
    quote_link = next((link for link in links if quoted and str(quoted.id) in link.expanded), None)
    coordinates = (status.get("coordinates") or {}).get("coordinates")
    retweeted = status.get("retweeted_status")
    return Post(
        id=read_id(status),
        ms=_ms(status),
        text=text,
        author=read_user(status["user"]),
        lang=status.get("lang") or "und",
        source=re.sub(r"<[^<>]*>", "", status.get("source") or ""),
        tags=tuple(_tag(one) for one in entities.get("hashtags", [])),
        symbols=tuple(_tag(one) for one in entities.get("symbols", [])),
        mentions=tuple(_mention(one, people) for one in entities.get("user_mentions", [])),
        links=tuple(link for link in links if link is not quote_link),
        media=tuple(_media(one) for one in media),
        media_link=_link(media[0]) if media else None,
        quote_link=quote_link,
        place=_place(status["place"]) if status.get("place") else None,
        point=(float(coordinates[0]), float(coordinates[1])) if coordinates else None,
        reply_to=_reply_target(status, people),
        to=_addressee(status, people),
        retweeted=_post(retweeted, people) if retweeted else None,
        quoted=None if retweeted else quoted,
        counts=Counts(
            int(status.get("retweet_count") or 0),
            int(status.get("favorite_count") or 0),
            int(status.get("reply_count") or 0),
            int(status.get("quote_count") or 0),
        ),
        level=status.get("filter_level") or "low",
        sensitive=bool(status.get("possibly_sensitive")),
        withheld=tuple(status.get("withheld_in_countries") or ()),
    )


def _reference(status: dict[str, Any], name: str) -> int | None:
    number = status.get(f"{name}_str") or status.get(name)
    return int(number) if number else None


def _ms(status: dict[str, Any]) -> int:
    if status.get("timestamp_ms"):
        return int(status["timestamp_ms"])
    created = status.get("created_at")
    return read_time(created) if created else id_time(read_id(status))


def _reply_target(status: dict[str, Any], people: People) -> Post | None:
    """Return the post that is answered, of which a status tells only the author."""
    number, author = _reference(status, "in_reply_to_status_id"), _addressee(status, people)
    return None if number is None or author is None else _missing(number, author)


def _addressee(status: dict[str, Any], people: People) -> Person | None:
    number = _reference(status, "in_reply_to_user_id")
    return people.with_id(number, status.get("in_reply_to_screen_name")) if number else None


def _quoted(status: dict[str, Any], people: People) -> Post | None:
    quoted, number = status.get("quoted_status"), _reference(status, "quoted_status_id")
    if quoted:
        return _post(quoted, people)
    return _missing(number, people.at(number >> 22)) if number else None


def _missing(number: int, author: Person) -> Post:
    """Return a post that is referred to and wasn't recorded."""
    return Post(id=number, ms=id_time(number), text="", author=author, lang="und", gone="deleted")


def _tag(one: dict[str, Any]) -> Tag:
    start, end = one["indices"]
    return Tag(one["text"], start, end)


def _mention(one: dict[str, Any], people: People) -> Mention:
    start, end = one["indices"]
    person = people.with_id(read_id(one), one["screen_name"])
    return Mention(structs.replace(person, name=one.get("name") or person.name, cache={}), start, end)


def _link(one: dict[str, Any]) -> Link:
    start, end = one["indices"]
    expanded = one.get("expanded_url") or one["url"]
    return Link(one["url"], expanded, one.get("display_url") or expanded, "", start, end)


def _media(one: dict[str, Any]) -> Media:
    large = (one.get("sizes") or {}).get("large") or {}
    duration = (one.get("video_info") or {}).get("duration_millis") or 0
    name = (one.get("media_url_https") or "").rpartition("/")[2].partition(".")[0]
    kind = one.get("type") if one.get("type") in ("photo", "video", "animated_gif") else "photo"
    size = int(large.get("w") or 0), int(large.get("h") or 0)
    return Media(read_id(one), str(kind), name, *size, int(duration) // 1000, one.get("ext_alt_text"))


def _place(place: dict[str, Any]) -> Place:
    corners = [corner for ring in place["bounding_box"]["coordinates"] for corner in ring]
    easts, norths = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    return Place(
        place["id"],
        place["name"],
        place["full_name"],
        place.get("country") or "",
        place.get("country_code") or "",
        place.get("place_type") or "city",
        (min(easts), min(norths), max(easts), max(norths)),
    )
