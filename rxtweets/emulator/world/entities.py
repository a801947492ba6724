"""Entities of texts: links, hashtags, mentions and cashtags, and what becomes of them when a text is cut."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import TypeVar

from msgspec import structs

from .model import Link, Mention, Note, Post, Tag
from .people import People
from .sampling import pick, short_link
from .text import characters, display_url, escaped, find_entities, length
from .topics import PAGES, SITES

LONGEST = 280
"""Weighted characters of a post. Source: X's guide to counting characters."""
_Span = TypeVar("_Span", Link, Mention, Tag)
# Characters that count twice. Source: X's guide to counting characters.
_DOUBLE = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")


def parse_entities(text: str, people: People, rng: random.Random) -> Note:
    """Return the text as it is sent, its links shortened, and its entities."""
    pieces: list[str] = []
    tags: list[Tag] = []
    symbols: list[Tag] = []
    mentions: list[Mention] = []
    links: list[Link] = []
    at = last = 0
    for kind, value, start, end in find_entities(text):
        pieces.append(escaped(text[last:start]))
        at += len(pieces[-1])
        last = end
        shown = text[start:end]
        if kind == "url":
            shown = short_link(rng)
            links.append(_link(shown, value, at, rng))
        elif kind == "tag":
            tags.append(Tag(value, at, at + len(shown)))
        elif kind == "symbol":
            symbols.append(Tag(value, at, at + len(shown)))
        else:
            mentions.append(Mention(people.named(value), at, at + len(shown)))
        pieces.append(shown)
        at += len(shown)
    pieces.append(escaped(text[last:]))
    return Note("".join(pieces), tuple(tags), tuple(symbols), tuple(mentions), tuple(links))


def _link(short: str, target: str, start: int, rng: random.Random) -> Link:
    known = target.partition("://")[2].startswith(SITES)
    page = pick(rng, PAGES) if known else None
    title, description = (page.title, page.description) if page else ("", "")
    return Link(short, target, display_url(target), title, start, start + len(short), description)


def append_link(post: Post, target: str, shown: str, rng: random.Random) -> Link:
    """Append a link to a post's text."""
    short = short_link(rng)
    start = len(post.text) + 1
    post.text = f"{post.text} {short}"
    return Link(short, target, shown, "", start, start + len(short))


def truncate(post: Post, note: Note, rng: random.Random) -> None:
    """Give the post as much of a long text as fits, and a link to the whole."""
    end = _fitting(note.text, LONGEST - len("… ") - 23)
    spans: tuple[Link | Mention | Tag, ...] = (*note.links, *note.mentions, *note.tags, *note.symbols)
    end = min([end, *(span.start for span in spans if span.start < end < span.end)])
    beginning = note.text[:end].rstrip()
    post.note = note
    post.tags, post.symbols = _shifted(note.tags, end), _shifted(note.symbols, end)
    post.mentions, post.links = _shifted(note.mentions, end), _shifted(note.links, end)
    post.text = beginning + "…"
    post.more_link = append_link(
        post, f"https://twitter.com/i/web/status/{post.id}", "twitter.com/i/web/status/1…", rng
    )


def is_long(text: str) -> bool:
    """Tell whether a text is too long for a post."""
    return len(text) * 2 > LONGEST and length(text) + len(_DOUBLE.findall(text)) > LONGEST


def _fitting(text: str, weight: int) -> int:
    """Return where the text must end to have at most that weight."""
    end = 0
    for character in characters(text):
        weight -= 2 if _DOUBLE.match(character) else 1
        if weight < 0:
            break
        end += len(character)
    return end


def _shifted(spans: Iterable[_Span], end: int, shift: int = 0) -> tuple[_Span, ...]:
    """Return the spans moved by `shift`, but for those that would end after `end`."""
    return tuple(
        structs.replace(span, start=span.start + shift, end=span.end + shift) if shift else span
        for span in spans
        if span.end + shift <= end
    )


def copy_entities(original: Post, post: Post, shift: int, end: int) -> None:
    """Copy the original's entities to a retweet, `shift` further on, as far as they end before `end`."""
    post.tags, post.symbols = _shifted(original.tags, end, shift), _shifted(original.symbols, end, shift)
    post.links = _shifted(original.links, end, shift)
    post.mentions += _shifted(original.mentions, end, shift)
    if original.media_link is not None and original.media_link.end + shift <= end:
        (post.media_link,) = _shifted((original.media_link,), end, shift)
        post.media = original.media
