"""Posts from recorded payloads of v2."""

from __future__ import annotations

from typing import Any, Literal

from rxtweets.messages._time import id_time

from .from_both import read_time, read_user
from .locales import script_language
from .model import Counts, Link, Media, Mention, Person, Place, Poll, Post, Recorded, Tag
from .people import People


def post_from_payload(payload: dict[str, Any], line: bytes, people: People) -> Post:
    """Return the post of a recorded payload. Raises whatever a malformed one makes Python raise.

    What the payload leaves out is made up: without an author, the post is by one of the world's people.
    """
    post = _Reader(payload.get("includes") or {}, people).post(payload["data"], 0)
    post.recorded = Recorded("2", line)
    return post


class _Reader:
    """A maker of posts from what a payload includes."""

    def __init__(self, includes: dict[str, list[dict[str, Any]]], people: People) -> None:
        self._people = people
        self._users = {one["id"]: one for one in includes.get("users", [])}
        self._posts = {one["id"]: one for one in includes.get("tweets", [])}
        self._media = {one["media_key"]: one for one in includes.get("media", [])}
        self._places = {one["id"]: one for one in includes.get("places", [])}
        self._polls = {one["id"]: one for one in includes.get("polls", [])}

    def post(self, data: dict[str, Any], depth: int) -> Post:
        """Return the post; those that it refers to have their own references, and these none."""
        number, text = int(data["id"]), data["text"]
        entities = data.get("entities") or {}
        urls = entities.get("urls") or []
        links = [_link(one) for one in urls if not one.get("media_key")]
        referred = {} if depth > 1 else self._referred(data, depth)
        quoted = referred.get("quoted")
        quote_link = next((link for link in links if quoted and str(quoted.id) in link.expanded), None)
        keys = (data.get("attachments") or {}).get("media_keys") or []
        media = tuple(_media(self._media[key]) for key in keys if key in self._media)
        author = data.get("author_id")
        metrics = data.get("public_metrics") or {}
        geo = data.get("geo") or {}
        point = (geo.get("coordinates") or {}).get("coordinates")
        polls = (data.get("attachments") or {}).get("poll_ids") or []
        media_link = next((_link(one) for one in urls if one.get("media_key")), None)
        return Post(
            id=number,
            ms=read_time(data["created_at"]) if data.get("created_at") else id_time(number),
            text=text,
            author=self._person(author) if author else self._people.at(number >> 22),
            lang=data.get("lang") or script_language(text) or "en",
            source=data.get("source") or "Twitter Web App",
            tags=tuple(_tag(one) for one in entities.get("hashtags") or []),
            symbols=tuple(_tag(one) for one in entities.get("cashtags") or []),
            mentions=tuple(self._mention(one) for one in entities.get("mentions") or []),
            links=tuple(link for link in links if link is not quote_link),
            media=media if media_link else (),
            media_link=media_link if media else None,
            quote_link=quote_link,
            place=self._place(geo.get("place_id")),
            point=(float(point[0]), float(point[1])) if point else None,
            reply_to=referred.get("replied_to"),
            to=self._person(data["in_reply_to_user_id"]) if data.get("in_reply_to_user_id") else None,
            retweeted=referred.get("retweeted"),
            quoted=quoted,
            counts=Counts(
                int(metrics.get("retweet_count") or metrics.get("repost_count") or 0),
                *(int(metrics.get(f"{name}_count") or 0) for name in _METRICS),
            ),
            sensitive=bool(data.get("possibly_sensitive")),
            poll=_poll(self._polls[polls[0]]) if polls and polls[0] in self._polls else None,
            edits=tuple(int(one) for one in (data.get("edit_history_tweet_ids") or [])[:-1]),
            withheld=tuple((data.get("withheld") or {}).get("country_codes") or ()),
            reply_settings=data.get("reply_settings") or "everyone",
        )

    def _referred(self, data: dict[str, Any], depth: int) -> dict[str, Post]:
        return {
            one["type"]: self._other(one["type"], one["id"], data, depth)
            for one in data.get("referenced_tweets") or []
        }

    def _other(self, kind: str, post_id: str, data: dict[str, Any], depth: int) -> Post:
        """Return a post that is referred to, or what is known of one that isn't included."""
        known = self._posts.get(post_id)
        if known is not None:
            return self.post(known, depth + 1)
        number, text = int(post_id), ""
        author = self._people.at(number >> 22)
        if kind == "replied_to" and data.get("in_reply_to_user_id"):
            author = self._person(data["in_reply_to_user_id"])
        name, colon, rest = data["text"].removeprefix("RT @").partition(": ")
        if kind == "retweeted" and colon:
            author, text = self._people.named(name), rest
        gone: Literal["", "deleted"] = "" if text else "deleted"
        lang = data.get("lang") or "en"
        return Post(id=number, ms=id_time(number), text=text, author=author, lang=lang, gone=gone)

    def _person(self, user_id: str) -> Person:
        user = self._users.get(user_id)
        return self._people.with_id(int(user_id)) if user is None else read_user(user)

    def _mention(self, one: dict[str, Any]) -> Mention:
        known = self._users.get(one.get("id") or "")
        if known is not None:
            person = read_user(known)
        elif one.get("id"):
            person = self._people.with_id(int(one["id"]), one["username"])
        else:
            person = self._people.named(one["username"])
        return Mention(person, one["start"], one["end"])

    def _place(self, place_id: str | None) -> Place | None:
        place = self._places.get(place_id or "")
        if place is None:
            return None
        name = place.get("name") or place["full_name"]
        west, south, east, north = (place.get("geo") or {}).get("bbox") or (0.0, 0.0, 0.0, 0.0)
        return Place(
            place["id"],
            name,
            place["full_name"],
            place.get("country") or "",
            place.get("country_code") or "",
            place.get("place_type") or "city",
            (float(west), float(south), float(east), float(north)),
            tuple(place.get("contained_within") or ()),
        )


_METRICS = ("like", "reply", "quote", "bookmark", "impression")


def _tag(one: dict[str, Any]) -> Tag:
    return Tag(one["tag"], one["start"], one["end"])


def _link(one: dict[str, Any]) -> Link:
    expanded = one.get("expanded_url") or one["url"]
    shown = one.get("display_url") or expanded
    title, description = one.get("title") or "", one.get("description") or ""
    return Link(one["url"], expanded, shown, title, one["start"], one["end"], description)


def _media(one: dict[str, Any]) -> Media:
    kind, number = one["type"], int(one["media_key"].rpartition("_")[2])
    image = one.get("url") or one.get("preview_image_url") or ""
    name = image.rpartition("/")[2].partition(".")[0]
    size = int(one.get("width") or 0), int(one.get("height") or 0)
    return Media(number, kind, name, *size, int(one.get("duration_ms") or 0) // 1000, one.get("alt_text"))


def _poll(one: dict[str, Any]) -> Poll:
    options = one["options"]
    labels = tuple(option["label"] for option in options)
    votes = tuple(int(option.get("votes") or 0) for option in options)
    return Poll(int(one["id"]), labels, votes, int(one.get("duration_minutes") or 0))
