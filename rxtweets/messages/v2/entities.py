"""Entities in the text of a v2 post or profile. Source: X's OpenAPI 2.167, `PostEntities`, `UserEntities`.

`start` and `end` (after the last) count code points.
"""

from __future__ import annotations

from typing import ClassVar

from rxtweets.messages._base import Part


class Hashtag(Part, frozen=True, kw_only=True):
    """`#tag`; without the sign."""

    start: int = 0
    end: int = 0
    tag: str = ""


class Cashtag(Part, frozen=True, kw_only=True):
    """`$TAG`; without the sign."""

    start: int = 0
    end: int = 0
    tag: str = ""


class Mention(Part, frozen=True, kw_only=True):
    """`@username`; without the sign."""

    start: int = 0
    end: int = 0
    username: str = ""
    id: str | None = None


class Image(Part, frozen=True, kw_only=True):
    """A preview of a linked page, in pixels."""

    url: str = ""
    width: int | None = None
    height: int | None = None


class Url(Part, frozen=True, kw_only=True):
    """A link: `url` is as in the text, `expanded_url` where it leads, `unwound_url` where it ends."""

    _shown: ClassVar[tuple[str, ...]] = ("expanded_url", "url")

    start: int = 0
    end: int = 0
    url: str = ""
    expanded_url: str | None = None
    display_url: str | None = None
    media_key: str | None = None
    images: tuple[Image, ...] = ()
    status: int | None = None
    title: str | None = None
    description: str | None = None
    unwound_url: str | None = None


class Annotation(Part, frozen=True, kw_only=True):
    """A person, place, product or organisation X recognised; `probability` from 0 to 1."""

    start: int = 0
    end: int = 0
    probability: float | None = None
    type: str = ""
    normalized_text: str = ""


class Entities(Part, frozen=True, kw_only=True):
    """The entities of a v2 text."""

    annotations: tuple[Annotation, ...] = ()
    cashtags: tuple[Cashtag, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()
    mentions: tuple[Mention, ...] = ()
    urls: tuple[Url, ...] = ()


class UserEntities(Part, frozen=True, kw_only=True):
    """The entities of an account's description, and the link in its website field."""

    description: Entities = Entities()
    url: Entities = Entities()
