"""Posts and people in v1.1's form, with every field that streams of v1.1 had."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from rxtweets.emulator.world.model import Link, Media, Mention, Person, Place, Post, Tag

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
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

encode = msgspec.json.Encoder().encode


def status_bytes(post: Post) -> bytes:
    """The post as v1.1's JSON."""
    made = post.forms.get("1.1")
    if made is None:
        made = post.forms["1.1"] = encode(status(post))
    return bytes(made)


def when(ms: int) -> str:
    """A time as v1.1 writes it; not by strftime, whose names of days follow the locale."""
    t = time.gmtime(ms / 1000)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    return f"{day} {month} {t.tm_mday:02} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} +0000 {t.tm_year}"


def status(post: Post, *, inner: bool = False) -> dict[str, Any]:
    """The status object; an `inner` one (retweeted, quoted) has no timestamp of its own."""
    replied = post.reply_to
    program = _SOURCES.get(post.source, "https://example.com")
    long = len(post.text) > LONGEST and post.retweeted is None
    link = _more_link(post) if long else None
    shown = post.text if link is None else post.text[: link.start - 2].rstrip() + f"… {link.short}"
    form: dict[str, Any] = {
        "created_at": when(post.ms),
        "id": post.id,
        "id_str": str(post.id),
        "text": shown,
        "source": f'<a href="{program}" rel="nofollow">{post.source}</a>',
        "truncated": long,
        "in_reply_to_status_id": replied.id if replied else None,
        "in_reply_to_status_id_str": str(replied.id) if replied else None,
        "in_reply_to_user_id": replied.author.id if replied else None,
        "in_reply_to_user_id_str": str(replied.author.id) if replied else None,
        "in_reply_to_screen_name": replied.author.screen_name if replied else None,
        "user": user(post.author),
        "geo": {"type": "Point", "coordinates": [post.point[1], post.point[0]]} if post.point else None,
        "coordinates": {"type": "Point", "coordinates": list(post.point)} if post.point else None,
        "place": _place(post.place) if post.place else None,
        "contributors": None,
        "is_quote_status": post.quoted is not None or bool(post.retweeted and post.retweeted.quoted),
        "quote_count": post.counts.quotes,
        "reply_count": post.counts.replies,
        "retweet_count": post.counts.retweets,
        "favorite_count": post.counts.likes,
        "entities": _entities(post, None if link is None else link.start - 2, link),
        "favorited": False,
        "retweeted": False,
        "filter_level": post.level,
        "lang": post.lang,
    }
    if link is not None:
        form["display_text_range"] = [0, LONGEST]
        form["extended_tweet"] = _extended(post)
    elif post.media:
        form["display_text_range"] = [0, len(post.text) - 24]
        form["extended_entities"] = {"media": [_media(m, post) for m in post.media]}
    if post.links or post.media:
        form["possibly_sensitive"] = post.sensitive
    if post.retweeted:
        form["retweeted_status"] = status(post.retweeted, inner=True)
    _add_quote(form, post)
    if not inner:
        form["timestamp_ms"] = str(post.ms)
    return form


def user(person: Person) -> dict[str, Any]:
    """The user object."""
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
        "protected": False,
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
    }


def _more_link(post: Post) -> Link:
    """The link to the whole of a long status that its cut text ends with."""
    target = f"https://twitter.com/i/web/status/{post.id}"
    cut = LONGEST - 25
    spans: tuple[Link | Tag | Mention, ...] = (*post.links, *post.tags, *post.mentions, *post.symbols)
    cut = min([cut, *(span.start for span in spans if span.start < cut < span.end)])
    cut = len(post.text[:cut].rstrip())
    short = f"https://t.co/{post.id % 36**8:010x}"[:23]
    return Link(short, target, "twitter.com/i/web/status/1…", "", cut + 2, cut + 2 + len(short))


def _extended(post: Post) -> dict[str, Any]:
    end = post.media_link.start - 1 if post.media_link else len(post.text)
    form: dict[str, Any] = {
        "full_text": post.text,
        "display_text_range": [0, end],
        "entities": _entities(post),
    }
    if post.media:
        form["extended_entities"] = {"media": [_media(m, post) for m in post.media]}
    return form


def _add_quote(form: dict[str, Any], post: Post) -> None:
    quoted, link = post.quoted, post.quote_link
    if post.retweeted and post.retweeted.quoted:
        quoted, link = post.retweeted.quoted, post.retweeted.quote_link
    if quoted is None or link is None:
        return
    form["quoted_status_id"] = quoted.id
    form["quoted_status_id_str"] = str(quoted.id)
    form["quoted_status"] = status(quoted, inner=True)
    form["quoted_status_permalink"] = {"url": link.short, "expanded": link.expanded, "display": link.display}


def _entities(post: Post, end: int | None = None, more: Link | None = None) -> dict[str, Any]:
    """What stands in the text (up to `end`), the link to the rest included."""
    limit = len(post.text) if end is None else end
    links = [link for link in (*post.links, post.quote_link) if link is not None and link.end <= limit]
    if more is not None:
        links.append(more)
    form: dict[str, Any] = {
        "hashtags": [_tag(tag) for tag in post.tags if tag.end <= limit],
        "urls": [_link(link) for link in links],
        "user_mentions": [_mention(mention) for mention in post.mentions if mention.end <= limit],
        "symbols": [_tag(tag) for tag in post.symbols if tag.end <= limit],
    }
    if post.media and more is None:
        form["media"] = [_media(post.media[0], post)]
    return form


def _tag(tag: Tag) -> dict[str, Any]:
    return {"text": tag.text, "indices": [tag.start, tag.end]}


def _link(link: Link) -> dict[str, Any]:
    return {
        "url": link.short,
        "expanded_url": link.expanded,
        "display_url": link.display,
        "indices": [link.start, link.end],
    }


def _mention(mention: Mention) -> dict[str, Any]:
    person = mention.person
    return {
        "screen_name": person.screen_name,
        "name": person.name,
        "id": person.id,
        "id_str": str(person.id),
        "indices": [mention.start, mention.end],
    }


def _media(media: Media, post: Post) -> dict[str, Any]:
    link = post.media_link
    assert link is not None  # media come with the link that stands for them
    sizes = {
        name: {
            "w": min(media.width, edge),
            "h": min(media.height, edge),
            "resize": "crop" if edge == 150 else "fit",
        }
        for name, edge in (("thumb", 150), ("small", 680), ("medium", 1200), ("large", 2048))
    }
    form = {
        "id": media.id,
        "id_str": str(media.id),
        "indices": [link.start, link.end],
        "media_url": media.url.replace("https", "http", 1),
        "media_url_https": media.url,
        "url": link.short,
        "display_url": link.display,
        "expanded_url": link.expanded,
        "type": media.kind,
        "sizes": sizes,
    }
    if media.kind != "photo":
        clip = f"https://video.twimg.com/ext_tw_video/{media.id}/pu/vid/{media.width}x{media.height}/{media.name}.mp4"
        form["video_info"] = {
            "aspect_ratio": [16, 9],
            "duration_millis": media.seconds * 1000,
            "variants": [{"bitrate": 832000, "content_type": "video/mp4", "url": clip}],
        }
    return form


def _place(place: Place) -> dict[str, Any]:
    west, south, east, north = place.box
    corners = [[west, south], [west, north], [east, north], [east, south]]
    return {
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
