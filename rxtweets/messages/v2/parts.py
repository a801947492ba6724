"""The smaller objects of a v2 post. Source: X's OpenAPI 2.167, `Post…`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta

from rxtweets.messages._base import Part
from rxtweets.messages._forms import Number
from rxtweets.messages._synonym import synonyms
from rxtweets.messages.v2.entities import Entities


class Attachments(Part, frozen=True, kw_only=True):
    """Keys of the attached objects; `post.media` and `post.polls` are the objects themselves."""

    media_keys: tuple[str, ...] = ()
    media_source_tweet_id: tuple[str, ...] = ()
    poll_ids: tuple[str, ...] = ()


class ContextDomain(Part, frozen=True, kw_only=True):
    """The category of the thing that a post is about."""

    id: str = ""
    name: str | None = None
    description: str | None = None


class ContextEntity(Part, frozen=True, kw_only=True):
    """The thing a post is about."""

    id: str = ""
    name: str | None = None
    description: str | None = None


class ContextAnnotation(Part, frozen=True, kw_only=True):
    """A topic that X assigned to a post."""

    domain: ContextDomain = ContextDomain()
    entity: ContextEntity = ContextEntity()


class EditControls(Part, frozen=True, kw_only=True):
    """Limits to editing a post: the last moment, and the edits remaining."""

    editable_until: Annotated[datetime, Meta(tz=True)] | None = None
    edits_remaining: Number | None = None
    is_edit_eligible: bool | None = None


class Point(Part, frozen=True, kw_only=True):
    """A GeoJSON point: `coordinates` is longitude, latitude."""

    type: str = ""
    coordinates: tuple[float, ...] | None = None


class Geo(Part, frozen=True, kw_only=True):
    """The location that a post was sent from; `post.place` is the place itself."""

    coordinates: Point | None = None
    place_id: str | None = None


class NotePost(Part, frozen=True, kw_only=True):
    """The whole of a post longer than 280 characters."""

    text: str = ""
    entities: Entities = Entities()


class Reference(Part, frozen=True, kw_only=True):
    """A post that another repeats (`type` is `retweeted`), quotes (`quoted`) or answers (`replied_to`)."""

    type: str = ""
    id: str = ""


@synonyms(repost_count="retweet_count")
class PostMetrics(Part, frozen=True, kw_only=True):
    """Counts of a post; `repost_count` is `retweet_count`, whichever came."""

    _shown: ClassVar[tuple[str, ...]] = ("retweet_count", "reply_count", "like_count", "quote_count")

    retweet_count: int = 0
    repost_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0


class Withheld(Part, frozen=True, kw_only=True):
    """The countries (ISO 3166 codes) where a post is withheld, and whether for copyright."""

    copyright: bool = False
    country_codes: tuple[str, ...] = ()
    scope: str | None = None


class Scopes(Part, frozen=True, kw_only=True):
    """The audience of a post."""

    followers: bool = False


class MatchedMediaNote(Part, frozen=True, kw_only=True):
    """A community note that matches a post's media."""

    note_id: str | None = None
    match_status: str | None = None


class MediaMetadata(Part, frozen=True, kw_only=True):
    """The author's description of an attached medium."""

    media_key: str = ""
    alt_text: str | None = None
    title: str | None = None
    description: str | None = None


class NoteRequestSuggestion(Part, frozen=True, kw_only=True):
    """A suggestion for a community note."""

    suggestion_id: str | None = None
    suggestion: str | None = None
    source_link: str | None = None


class SuggestedSourceLink(Part, frozen=True, kw_only=True):
    """A link suggested as a source, and the number of accounts that did."""

    url: str = ""
    count: int = 0
