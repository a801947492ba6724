"""Posts, people and what goes with them in v2's form: the fields asked for and no more."""

from __future__ import annotations

import time
from typing import Any

from rxtweets.emulator.http.answers import encode
from rxtweets.emulator.world.model import Counts, Link, Media, Mention, Person, Place, Poll, Post, Tag

from .fields import Fields

_PRIVATE = ("non_public_metrics", "organic_metrics", "promoted_metrics")


def when(ms: int) -> str:
    """A time as v2 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ms / 1000))


def post_bytes(post: Post, fields: Fields) -> bytes:
    """The message of a post without its rules, made once for all streams that ask for the same fields."""
    made: bytes | None = post.forms.get(fields)
    if made is None:
        made = post.forms[fields] = encode(envelope(post, fields))
    return made


def envelope(post: Post, fields: Fields) -> dict[str, Any]:
    """``data``, ``includes`` and ``errors`` of a post."""
    whole: dict[str, Any] = {"data": post_form(post, fields)}
    includes = _includes(post, fields)
    if includes:
        whole["includes"] = includes
    errors = [_denied(post, name) for name in _PRIVATE if name in fields.post]
    if errors:
        whole["errors"] = errors
    return whole


def post_form(post: Post, fields: Fields) -> dict[str, Any]:
    """The post object; what has no value is left out."""
    form: dict[str, Any] = {"edit_history_tweet_ids": [str(post.id)], "id": str(post.id), "text": post.text}
    if fields.post:
        _fill(form, _POST, fields.post, post)
    return form


def _fill(form: dict[str, Any], makers: dict[str, Any], wanted: frozenset[str], thing: Any) -> None:
    """Add the fields wanted that have a value, in the table's order: a set's isn't the same in every run."""
    for name, make in makers.items():
        if name in wanted:
            value = make(thing)
            if value is not None:
                form[name] = value


def user_form(person: Person, fields: Fields) -> dict[str, Any]:
    form: dict[str, Any] = {"id": str(person.id), "name": person.name, "username": person.screen_name}
    if fields.user:
        _fill(form, _USER, fields.user, person)
    return form


def media_form(media: Media, fields: Fields) -> dict[str, Any]:
    form: dict[str, Any] = {"media_key": media.key, "type": media.kind}
    if fields.media:
        _fill(form, _MEDIA, fields.media, media)
    return form


def place_form(place: Place, fields: Fields) -> dict[str, Any]:
    whole = {
        "full_name": place.full_name,
        "id": place.id,
        "country": place.country,
        "country_code": place.country_code,
        "geo": {"type": "Feature", "bbox": list(place.box), "properties": {}},
        "name": place.name,
        "place_type": place.kind,
    }
    return {
        name: value for name, value in whole.items() if name in ("full_name", "id") or name in fields.place
    }


def poll_form(poll: Poll, made: int, fields: Fields) -> dict[str, Any]:
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


def _includes(post: Post, fields: Fields) -> dict[str, Any]:
    wanted = fields.expansions
    if not wanted:
        return {}
    people: dict[int, Person] = {}
    media: dict[str, Media] = {}
    referred = [other for other in (post.retweeted, post.quoted, post.reply_to) if other is not None]
    if "author_id" in wanted:
        people[post.author.id] = post.author
    if "in_reply_to_user_id" in wanted and post.reply_to:
        people[post.reply_to.author.id] = post.reply_to.author
    if "entities.mentions.username" in wanted:
        people.update((mention.person.id, mention.person) for mention in post.mentions)
    if "attachments.media_keys" in wanted:
        media.update((one.key, one) for one in post.media)
    if "referenced_tweets.id.author_id" in wanted:
        people.update((other.author.id, other.author) for other in referred)
    if "referenced_tweets.id.attachments.media_keys" in wanted:
        media.update((one.key, one) for other in referred for one in other.media)
    posts = [post] if "edit_history_tweet_ids" in wanted else []
    if any(name.startswith("referenced_tweets.id") for name in wanted):
        posts += referred
    made: dict[str, Any] = {
        "users": [user_form(person, fields) for person in people.values()],
        "media": [media_form(one, fields) for one in media.values()],
        "tweets": [post_form(other, fields) for other in posts],
    }
    if "geo.place_id" in wanted and post.place:
        made["places"] = [place_form(post.place, fields)]
    if "attachments.poll_ids" in wanted and post.poll:
        made["polls"] = [poll_form(post.poll, post.ms, fields)]
    return {name: objects for name, objects in made.items() if objects}


def _denied(post: Post, field: str) -> dict[str, Any]:
    return {
        "resource_id": str(post.id),
        "resource_type": "tweet",
        "parameter": "id",
        "section": "data",
        "field": field,
        "value": str(post.id),
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access '{field}' on the Tweet with ids : [{post.id}].",
        "type": "https://api.x.com/2/problems/not-authorized-for-field",
    }


def _references(post: Post) -> list[dict[str, str]] | None:
    pairs = (("retweeted", post.retweeted), ("quoted", post.quoted), ("replied_to", post.reply_to))
    return [{"type": kind, "id": str(other.id)} for kind, other in pairs if other is not None] or None


def _attachments(post: Post) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if post.media:
        found["media_keys"] = [media.key for media in post.media]
    if post.poll:
        found["poll_ids"] = [str(post.poll.id)]
    return found or None


def _geo(post: Post) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if post.place:
        found["place_id"] = post.place.id
    if post.point:
        found["coordinates"] = {"type": "Point", "coordinates": list(post.point)}
    return found or None


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "retweet_count": counts.retweets,
        "repost_count": counts.retweets,  # X's newer schemas ask for this name, older clients for the other
        "reply_count": counts.replies,
        "like_count": counts.likes,
        "quote_count": counts.quotes,
        "bookmark_count": counts.bookmarks,
        "impression_count": counts.views,
    }


def _entities(post: Post) -> dict[str, Any] | None:
    links = [link for link in (*post.links, post.quote_link) if link is not None]
    found = {
        "hashtags": [_tag(tag) for tag in post.tags],
        "cashtags": [_tag(tag) for tag in post.symbols],
        "mentions": [_mention(mention) for mention in post.mentions],
        "urls": [_url(link, None) for link in links]
        + [_url(post.media_link, media) for media in post.media if post.media_link],
    }
    return {name: parts for name, parts in found.items() if parts} or None


def _tag(tag: Tag) -> dict[str, Any]:
    return {"start": tag.start, "end": tag.end, "tag": tag.text}


def _mention(mention: Mention) -> dict[str, Any]:
    person = mention.person
    return {"start": mention.start, "end": mention.end, "username": person.screen_name, "id": str(person.id)}


def _url(link: Link, media: Media | None) -> dict[str, Any]:
    form: dict[str, Any] = {
        "start": link.start,
        "end": link.end,
        "url": link.short,
        "expanded_url": link.expanded,
        "display_url": link.display,
    }
    if media is not None:
        form["media_key"] = media.key
    return form


_POST: dict[str, Any] = {
    "attachments": _attachments,
    "author_id": lambda post: str(post.author.id),
    "conversation_id": lambda post: str(post.conversation),
    "created_at": lambda post: when(post.ms),
    "display_text_range": lambda post: [0, post.media_link.start - 1 if post.media_link else len(post.text)],
    "edit_controls": lambda post: {
        "edits_remaining": 5,
        "is_edit_eligible": post.retweeted is None and post.reply_to is None,
        "editable_until": when(post.ms + 3_600_000),
    },
    "entities": _entities,
    "geo": _geo,
    "in_reply_to_user_id": lambda post: str(post.reply_to.author.id) if post.reply_to else None,
    "lang": lambda post: post.lang,
    "paid_partnership": lambda post: False,
    "possibly_sensitive": lambda post: post.sensitive,
    "public_metrics": lambda post: _counts(post.counts),
    "referenced_tweets": _references,
    "reply_settings": lambda post: "everyone",
    "source": lambda post: post.source,
}
_USER: dict[str, Any] = {
    "created_at": lambda person: when(person.joined),
    "description": lambda person: person.bio,
    "is_identity_verified": lambda person: False,
    "location": lambda person: person.location or None,
    "parody": lambda person: False,
    "profile_banner_url": lambda p: f"https://pbs.twimg.com/profile_banners/{p.id}/{p.joined // 1000}",
    "profile_image_url": lambda p: f"https://pbs.twimg.com/profile_images/{p.avatar}_normal.jpg",
    "protected": lambda person: False,
    "public_metrics": lambda person: {
        "followers_count": person.followers,
        "following_count": person.following,
        "tweet_count": person.posts,
        "post_count": person.posts,
        "listed_count": person.listed,
        "like_count": person.likes,
    },
    "url": lambda person: person.website or "",
    "verified": lambda person: person.verified,
    "verified_type": lambda person: "blue" if person.verified else "none",
}
_MEDIA: dict[str, Any] = {
    "alt_text": lambda media: media.alt,
    "duration_ms": lambda media: media.seconds * 1000 or None,
    "height": lambda media: media.height,
    "width": lambda media: media.width,
    "url": lambda media: media.url if media.kind == "photo" else None,
    "preview_image_url": lambda media: media.url if media.kind != "photo" else None,
    "public_metrics": lambda media: {"view_count": 0} if media.kind != "photo" else None,
    "variants": lambda media: (
        None
        if media.kind == "photo"
        else [
            {
                "bit_rate": 832000,
                "content_type": "video/mp4",
                "url": f"https://video.twimg.com/{media.name}.mp4",
            }
        ]
    ),
}
