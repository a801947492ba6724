"""Specifications of posts to be generated."""

from __future__ import annotations

import math

from msgspec import Struct

from rxtweets.filters.cells import Box

Range = tuple[int, float]
"""The least and the greatest number; `math.inf` for no upper bound."""
ANY_NUMBER: Range = (0, math.inf)


class Profile(Struct, frozen=True, kw_only=True):
    """Requirements on a user; `affiliate_of` is the id or screen name of who gave them a badge."""

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
    """Requirements on a post to be generated; whatever is left out is random.

    Users are given by id, screen name or profile. `conversation`, `reply_to` and `retweet_of` are the ids of
    the post that began the conversation, of the one replied to and of the one retweeted. `context` is the id
    of a domain and of an entity, `entity` an entity's name; `title` and `description` are those of a linked
    page. `wants` may hold media, images, videos, video_link, links, hashtags, cashtags, mentions, geo, point,
    original, retweet, reply, quote.
    """

    words: tuple[str, ...] = ()
    author: int | str | Profile | None = None
    original_author: int | str | None = None
    to: int | str | Profile | None = None
    conversation: int | None = None
    reply_to: int | None = None
    retweet_of: int | None = None
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
