"""The entities of posts in v2's form."""

from __future__ import annotations

from typing import Any

from rxtweets.emulator.world.model import Link, Mention, Note, Post, Tag
from rxtweets.emulator.world.text import unescaped


def entities(post: Post) -> dict[str, Any] | None:
    """Return the entities of the text, or None for none."""
    found = _tags_and_mentions(post)
    urls = [_url(link) | _page(link) for link in post.all_links]
    if post.media_link is not None:
        urls += [{**_url(post.media_link), "media_key": media.key} for media in post.media]
    if urls:
        found["urls"] = urls
    notes = _annotations(post)
    if notes:
        found["annotations"] = notes
    return found or None


def _annotations(post: Post) -> list[dict[str, Any]]:
    """Return the entities of context annotations that are named in the text.

    Unlike all others they count the characters of the unescaped text, and their `end` is the last one.
    Source: most annotations of recorded posts.
    """
    found, text = [], unescaped(post.text)
    for name in dict.fromkeys(context.name for context in post.contexts):
        start = text.lower().find(name.lower())
        if start >= 0:
            end = start + len(name)
            found.append(
                {
                    "start": start,
                    "end": end - 1,
                    "probability": 0.7,
                    "type": "Other",
                    "normalized_text": text[start:end],
                }
            )
    return found


def _tags_and_mentions(text: Post | Note) -> dict[str, Any]:
    found = {
        "hashtags": [_tag(tag) for tag in text.tags],
        "cashtags": [_tag(tag) for tag in text.symbols],
        "mentions": [_mention(mention) for mention in text.mentions],
    }
    return {name: parts for name, parts in found.items() if parts}


def note(post: Post) -> dict[str, Any] | None:
    """Return the note of a long post, or None for a short one."""
    whole = post.note
    if whole is None:
        return None
    found = _tags_and_mentions(whole)
    if whole.links:
        found["urls"] = [_url(link) for link in whole.links]
    return {"text": whole.text, "entities": found} if found else {"text": whole.text}


def _tag(tag: Tag) -> dict[str, Any]:
    return {"start": tag.start, "end": tag.end, "tag": tag.text}


def _mention(mention: Mention) -> dict[str, Any]:
    person = mention.person
    return {"start": mention.start, "end": mention.end, "username": person.screen_name, "id": str(person.id)}


def _url(link: Link) -> dict[str, Any]:
    return {
        "start": link.start,
        "end": link.end,
        "url": link.short,
        "expanded_url": link.expanded,
        "display_url": link.display,
    }


def _page(link: Link) -> dict[str, Any]:
    """Return what X has read on the page that the link leads to."""
    if not (link.title or link.description):
        return {}
    image = f"https://pbs.twimg.com/news_img/{link.short[13:]}"
    return {
        "images": [
            {"url": f"{image}/orig", "width": 1200, "height": 630},
            {"url": f"{image}/150x150", "width": 150, "height": 150},
        ],
        "status": 200,
        "title": link.title,
        "description": link.description,
        "unwound_url": link.expanded,
    }
