"""Statuses, users, lists and direct messages in v1.1's form, with every field that its streams had."""

from __future__ import annotations

import functools
import time
from typing import Any

import msgspec

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.languages import sent_code
from rxtweets.emulator.world.model import Link, Mention, Person, Place, Post, Tag
from rxtweets.emulator.world.social_graph import DirectMessage, UserList
from rxtweets.emulator.world.text import beginning, length

from .entities import entities, media_form
from .escapes import escape, escaped

_SOURCES = {
    "Twitter Web App": "https://mobile.twitter.com",
    "Twitter for iPhone": "http://twitter.com/download/iphone",
    "Twitter for Android": "http://twitter.com/download/android",
    "Twitter for iPad": "http://twitter.com/#!/download/ipad",
    "TweetDeck": "https://about.twitter.com/products/tweetdeck",
    "Buffer": "https://buffer.com",
}
LONGEST = 140
"""Code points of a status that fit into v1.1's `text`. Source: the extended-tweets guide."""


def status_bytes(post: Post) -> bytes:
    """Return the post as v1.1's JSON, made once for all streams; a recorded status as it was."""
    made: bytes | None = post.cache.get("1.1")
    if made is None:
        made = post.cache["1.1"] = post.recorded_in("1.1") or encode(status(post))
    return made


def when(ms: int) -> str:
    """Return a time as v1.1 writes it."""
    utc = time.gmtime(ms / 1000)
    text = time.asctime(utc)  # strftime's names of days would follow the locale
    return f"{text[:8]}{utc.tm_mday:02}{text[10:19]} +0000 {utc.tm_year}"


def status(post: Post, *, depth: int = 0) -> dict[str, Any]:
    """Return the status object. One inside another (`depth` 1 retweeted, 2 quoted) has no `timestamp_ms`.

    Of what a quoted status quotes itself, there is only the id; of what a retweeted one quotes, the whole.
    """
    replied, addressee = post.reply_to, post.addressee
    program = _SOURCES.get(post.source, "https://example.com")
    long = length(post.text) > LONGEST and post.retweeted is None
    link = _more_link(post) if long else None
    shown = post.text if link is None else f"{post.text[: link.start - 2]}… {link.short}"
    form: dict[str, Any] = {
        "created_at": when(post.ms),
        "id": post.id,
        "id_str": str(post.id),
        "text": escaped(shown),
        "source": escaped(f'<a href="{program}" rel="nofollow">{post.source}</a>'),
        "truncated": long,
        "in_reply_to_status_id": replied.id if replied else None,
        "in_reply_to_status_id_str": str(replied.id) if replied else None,
        "in_reply_to_user_id": addressee.id if addressee else None,
        "in_reply_to_user_id_str": str(addressee.id) if addressee else None,
        "in_reply_to_screen_name": addressee.screen_name if addressee else None,
        "user": user(post.author),
        "geo": {"type": "Point", "coordinates": [post.point[1], post.point[0]]} if post.point else None,
        "coordinates": {"type": "Point", "coordinates": list(post.point)} if post.point else None,
        "place": _place(post.place) if post.place else None,
        "contributors": None,
        "is_quote_status": (post.retweeted or post).quoted is not None,
        "quote_count": post.counts.quotes,
        "reply_count": post.counts.replies,
        "retweet_count": post.counts.retweets,
        "favorite_count": post.counts.likes,
        "entities": entities(post, None if link is None else link.start - 2, link),
        "favorited": False,
        "retweeted": False,
        "filter_level": post.level,
        "lang": sent_code(post.lang),
    }
    _add_shown(form, post, link, shown)
    if post.withheld:
        form["withheld_in_countries"] = list(post.withheld)
    if post.retweeted:
        form["retweeted_status"] = status(post.retweeted, depth=1)
    _add_quote(form, post.retweeted or post, depth)
    if not depth:
        form["timestamp_ms"] = str(post.ms)
    return form


def _add_shown(form: dict[str, Any], post: Post, more: Link | None, text: str) -> None:
    """Add the range shown, the extended tweet or the media, and whether links may be sensitive."""
    if more is not None:
        form["display_text_range"] = [min(post.shown[0], more.start - 2), LONGEST + len(text) - length(text)]
        form["extended_tweet"] = _extended(post)
    elif post.retweeted is None and post.shown != (0, len(post.text)):
        form["display_text_range"] = list(post.shown)
    if more is None and post.media:
        form["extended_entities"] = {"media": [media_form(m, post) for m in post.media]}
    if post.links or post.media or post.sensitive:
        form["possibly_sensitive"] = post.sensitive


def user(person: Person) -> msgspec.Raw:
    """Return the user object, made once: it is a third of most statuses."""
    made: msgspec.Raw | None = person.cache.get("1.1")
    if made is None:
        made = person.cache["1.1"] = msgspec.Raw(escape(_user(person)))
    return made


def _user(person: Person) -> dict[str, Any]:
    color = person.color
    image = f"pbs.twimg.com/profile_images/{person.avatar}_normal.jpg"
    site = person.website
    return {
        "id": person.id,
        "id_str": str(person.id),
        "name": person.name,
        "screen_name": person.screen_name,
        "location": person.location or None,
        "url": site,
        "description": person.bio or None,
        "translator_type": "none",
        "protected": person.protected,
        "verified": person.verified,
        "followers_count": person.followers,
        "friends_count": person.following,
        "listed_count": person.listed,
        "favourites_count": person.likes,
        "statuses_count": person.posts,
        "created_at": when(person.joined),
        "utc_offset": None,
        "time_zone": None,
        "geo_enabled": person.id % 2 == 0,
        "lang": None,
        "contributors_enabled": False,
        "is_translator": False,
        "profile_background_color": "C0DEED",
        "profile_background_image_url": "http://abs.twimg.com/images/themes/theme1/bg.png",
        "profile_background_image_url_https": "https://abs.twimg.com/images/themes/theme1/bg.png",
        "profile_background_tile": False,
        "profile_link_color": color,
        "profile_sidebar_border_color": "C0DEED",
        "profile_sidebar_fill_color": "DDEEF6",
        "profile_text_color": "333333",
        "profile_use_background_image": True,
        "profile_image_url": f"http://{image}",
        "profile_image_url_https": f"https://{image}",
        "profile_banner_url": f"https://pbs.twimg.com/profile_banners/{person.id}/{person.joined // 1000}",
        "default_profile": person.id % 3 == 0,
        "default_profile_image": False,
        "following": None,
        "follow_request_sent": None,
        "notifications": None,
        "withheld_in_countries": list(person.withheld),
    }


def list_form(one: UserList) -> dict[str, Any]:
    """Return the list object."""
    slug = one.name.lower().replace(" ", "-")
    path = f"{one.owner.screen_name}/{slug}"
    return {
        "id": one.id,
        "id_str": str(one.id),
        "name": one.name,
        "uri": f"/{path}",
        "subscriber_count": len(one.subscribers),
        "member_count": len(one.members),
        "mode": "public",
        "description": escaped(one.description),
        "slug": slug,
        "full_name": f"@{path}",
        "created_at": when(one.created),
        "following": False,
        "user": user(one.owner),
    }


def direct_message_form(message: DirectMessage) -> dict[str, Any]:
    """Return the direct message object."""
    content = message.content
    form: dict[str, Any] = {
        "id": content.id,
        "id_str": str(content.id),
        "text": escaped(content.text),
        "created_at": when(content.ms),
        "entities": entities(content),
    }
    for role, person in (("sender", content.author), ("recipient", message.recipient)):
        form |= {
            role: user(person),
            f"{role}_id": person.id,
            f"{role}_id_str": str(person.id),
            f"{role}_screen_name": person.screen_name,
        }
    return form


def _more_link(post: Post) -> Link:
    """Return the link to the whole status with which the text of a long one ends."""
    target = f"https://twitter.com/i/web/status/{post.id}"
    cut = len(beginning(post.text, LONGEST - 25))
    spans: tuple[Link | Tag | Mention, ...] = (*post.links, *post.tags, *post.mentions, *post.symbols)
    cut = min([cut, *(span.start for span in spans if span.start < cut < span.end)])
    cut = len(post.text[:cut].rstrip())
    short = f"https://t.co/{post.id % 36**8:010x}"[:23]
    return Link(short, target, "twitter.com/i/web/status/1…", "", cut + 2, cut + 2 + len(short))


def _extended(post: Post) -> dict[str, Any]:
    form: dict[str, Any] = {
        "full_text": escaped(post.text),
        "display_text_range": list(post.shown),
        "entities": entities(post),
    }
    if post.media:
        form["extended_entities"] = {"media": [media_form(m, post) for m in post.media]}
    return form


def _add_quote(form: dict[str, Any], post: Post, depth: int) -> None:
    quoted, link = post.quoted, post.quote_link
    if quoted is None or link is None:
        return
    form["quoted_status_id"] = quoted.id
    form["quoted_status_id_str"] = str(quoted.id)
    if depth < 2:
        if not quoted.gone:
            form["quoted_status"] = status(quoted, depth=2)
        form["quoted_status_permalink"] = {
            "url": link.short,
            "expanded": link.expanded,
            "display": escaped(link.display),
        }


@functools.lru_cache(maxsize=256)
def _place(place: Place) -> msgspec.Raw:
    west, south, east, north = place.box
    corners = [[west, south], [west, north], [east, north], [east, south]]
    form = {
        "id": place.id,
        "url": f"https://api.twitter.com/1.1/geo/id/{place.id}.json",
        "place_type": place.kind,
        "name": place.name,
        "full_name": place.full_name,
        "country_code": place.country_code,
        "country": place.country,
        "bounding_box": {"type": "Polygon", "coordinates": [corners]},
        "attributes": {},
    }
    return msgspec.Raw(escape(form))
