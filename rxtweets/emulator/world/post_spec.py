"""What somebody would like to hear about."""

from __future__ import annotations

import math

from msgspec import Struct

from .model import Box

Range = tuple[int, float]
"""The least and the greatest number; `math.inf` where there is none."""
ANY_NUMBER: Range = (0, math.inf)


class Profile(Struct, frozen=True, kw_only=True):
    """What somebody is like: words of their profile, their counts, id or name of who gave them a badge."""

    bio: str = ""
    name: str = ""
    location: str = ""
    followers: Range = ANY_NUMBER
    following: Range = ANY_NUMBER
    posts: Range = ANY_NUMBER
    listed: Range = ANY_NUMBER
    verified: bool = False
    affiliate_of: int | str | None = None


class PostSpec(Struct, frozen=True, kw_only=True):
    """What somebody listening would like to see a post about; every part left out is the world's choice.

    People are ids, screen names or what they are like. `conversation`, `answered` and `repeated` are the ids
    of the post that began the conversation, and of those that a reply answers and a retweet repeats.
    `context` is a domain's and an entity's id, `entity` an entity's name, `title` and `description` are those
    of a linked page. `wants` may hold media, images, videos, video_link, links, hashtags, cashtags, mentions,
    geo, point, original, retweet, reply, quote.
    """

    words: tuple[str, ...] = ()
    author: int | str | Profile | None = None
    original_author: int | str | None = None
    to: int | str | Profile | None = None
    conversation: int | None = None
    answered: int | None = None
    repeated: int | None = None
    source: str | None = None
    place: str | None = None
    box: Box | None = None
    country: str | None = None
    lang: str | None = None
    level: str | None = None
    context: tuple[str, str] | None = None
    entity: str | None = None
    title: str | None = None
    description: str | None = None
    wants: frozenset[str] = frozenset()


ANY = PostSpec()
