"""The entities of statuses in v1.1's form, media included."""

from __future__ import annotations

from typing import Any

from rxtweets.emulator.world.model import Link, Media, Mention, Post, Tag

from .escapes import escaped


def entities(post: Post, end: int | None = None, more: Link | None = None) -> dict[str, Any]:
    """Return the entities of the text up to `end`, and the link to the rest if there is one."""
    limit = len(post.text) if end is None else end
    links = [link for link in post.all_links if link.end <= limit]
    if more is not None:
        links.append(more)
    form: dict[str, Any] = {
        "hashtags": [_tag(tag) for tag in post.tags if tag.end <= limit],
        "urls": [_link(link) for link in links],
        "user_mentions": [_mention(mention) for mention in post.mentions if mention.end <= limit],
        "symbols": [_tag(tag) for tag in post.symbols if tag.end <= limit],
    }
    if post.media and more is None:
        form["media"] = [media_form(post.media[0], post)]
    return form


def _tag(tag: Tag) -> dict[str, Any]:
    return {"text": escaped(tag.text), "indices": [tag.start, tag.end]}


def _link(link: Link) -> dict[str, Any]:
    return {
        "url": link.short,
        "expanded_url": escaped(link.expanded),
        "display_url": escaped(link.display),
        "indices": [link.start, link.end],
    }


def _mention(mention: Mention) -> dict[str, Any]:
    person = mention.person
    return {
        "screen_name": person.screen_name,
        "name": escaped(person.name),
        "id": person.id,
        "id_str": str(person.id),
        "indices": [mention.start, mention.end],
    }


def media_form(media: Media, post: Post) -> dict[str, Any]:
    """Return the media object."""
    link = post.media_link
    assert link is not None  # media come with the link that stands for them
    form: dict[str, Any] = {
        "id": media.id,
        "id_str": str(media.id),
        "indices": [link.start, link.end],
        "media_url": media.url.replace("https", "http", 1),
        "media_url_https": media.url,
        "url": link.short,
        "display_url": link.display,
        "expanded_url": link.expanded,
        "type": media.kind,
        "sizes": {
            "thumb": _size(media, 150, "crop"),
            "small": _size(media, 680, "fit"),
            "medium": _size(media, 1200, "fit"),
            "large": _size(media, 2048, "fit"),
        },
    }
    if post.retweeted is not None:
        source = post.retweeted
        form |= {
            "source_status_id": source.id,
            "source_status_id_str": str(source.id),
            "source_user_id": source.author.id,
            "source_user_id_str": str(source.author.id),
        }
    if media.alt:
        form["ext_alt_text"] = escaped(media.alt)
    if media.kind != "photo":
        form["video_info"] = _video(media)
    return form


def _size(media: Media, edge: int, resize: str) -> dict[str, Any]:
    return {"w": min(media.width, edge), "h": min(media.height, edge), "resize": resize}


def _video(media: Media) -> dict[str, Any]:
    if media.kind == "animated_gif":
        clip = {"bitrate": 0, "content_type": "video/mp4", "url": media.clip}
        return {"aspect_ratio": [media.width, media.height], "variants": [clip]}
    clips = [{"bitrate": 832000, "content_type": "video/mp4", "url": media.clip}]
    return {
        "aspect_ratio": [media.width, media.height],
        "duration_millis": media.seconds * 1000,
        "variants": clips,
    }
