"""Media, polls, places and topics of v2 posts. Source: X's OpenAPI 2.167."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from rxtweets.messages._base import Part


class MediaMetrics(Part, frozen=True, kw_only=True):
    """Counts of a video: views, and how many reached 0, 25, 50, 75 and 100% of it."""

    view_count: int | None = None
    playback_0_count: int | None = None
    playback_25_count: int | None = None
    playback_50_count: int | None = None
    playback_75_count: int | None = None
    playback_100_count: int | None = None


class Variant(Part, frozen=True, kw_only=True):
    """A form a video is offered in; `bit_rate` in bits a second."""

    bit_rate: int | None = None
    content_type: str | None = None
    url: str | None = None


class Media(Part, frozen=True, kw_only=True):
    """A photo, video or animated GIF (`type`); sizes in pixels."""

    _shown: ClassVar[tuple[str, ...]] = ("media_key", "type", "url")

    alt_text: str | None = None
    duration_ms: int | None = None
    height: int | None = None
    media_key: str = ""
    non_public_metrics: MediaMetrics | None = None
    organic_metrics: MediaMetrics | None = None
    preview_image_url: str | None = None
    promoted_metrics: MediaMetrics | None = None
    public_metrics: MediaMetrics | None = None
    type: str = ""
    url: str | None = None
    variants: tuple[Variant, ...] = ()
    width: int | None = None


class PollOption(Part, frozen=True, kw_only=True):
    """An answer of a poll; `position` counts from 1."""

    position: int = 0
    label: str = ""
    votes: int = 0


class Poll(Part, frozen=True, kw_only=True):
    """A poll; `voting_status` is `open` or `closed`."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "options", "voting_status")

    duration_minutes: int | None = None
    end_datetime: Annotated[datetime, Meta(tz=True)] | None = None
    id: str = ""
    options: tuple[PollOption, ...] = ()
    voting_status: str | None = None


class PlaceGeo(Part, frozen=True, kw_only=True):
    """A GeoJSON feature; `bbox` is west, south, east, north."""

    type: str = ""
    bbox: tuple[float, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)


class Place(Part, frozen=True, kw_only=True):
    """A named place."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "full_name", "country_code")

    contained_within: tuple[str, ...] = ()
    country: str | None = None
    country_code: str | None = None
    full_name: str = ""
    geo: PlaceGeo | None = None
    id: str = ""
    name: str | None = None
    place_type: str | None = None


class Topic(Part, frozen=True, kw_only=True):
    """A topic of a community or space."""

    id: str = ""
    name: str = ""
    description: str | None = None
