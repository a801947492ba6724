"""The place that a v1.1 status was sent from.

Source: X's v1.1 data dictionary, "Geo objects".
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import field

from rxtweets.messages._base import Part


class Coordinates(Part, frozen=True, kw_only=True):
    """A GeoJSON point: `coordinates` is longitude, latitude (in the deprecated `geo` the other way round)."""

    type: str = ""
    coordinates: tuple[float, float] | None = None


class BoundingBox(Part, frozen=True, kw_only=True):
    """A GeoJSON polygon around a place: rings of corners, each longitude, latitude."""

    type: str = ""
    coordinates: tuple[tuple[tuple[float, float], ...], ...] = ()


class Place(Part, frozen=True, kw_only=True):
    """A named place that a v1.1 status is tagged with."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "full_name", "country_code")

    id: str = ""
    url: str = ""
    place_type: str = ""
    name: str = ""
    full_name: str = ""
    country_code: str = ""
    country: str = ""
    bounding_box: BoundingBox | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
