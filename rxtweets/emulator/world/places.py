"""Where people of the emulated world are."""

from __future__ import annotations

import random
import zlib

from .model import Box, Place

_COUNTRIES = {
    "US": ("United States", "96683cc9126741d1"),
    "GB": ("United Kingdom", "6416b8512febefc9"),
    "FR": ("France", "f3bfc7dcc928977f"),
    "DE": ("Germany", "fdcd221ac44fa326"),
    "JP": ("Japan", "06ef846bfc783874"),
    "BR": ("Brazil", "1b107df3ccc0aaa1"),
    "NG": ("Nigeria", "b4cb1a26f5a2a1b9"),
    "AU": ("Australia", "3f14ce28dc7c4566"),
}


def _city(place_id: str, full_name: str, code: str, box: Box) -> Place:
    country, within = _COUNTRIES[code]
    return Place(place_id, full_name.partition(",")[0], full_name, country, code, "city", box, (within,))


PLACES = (
    _city("01a9a39529b27f36", "Manhattan, NY", "US", (-74.03, 40.68, -73.91, 40.88)),
    _city("5d838f7a011f4a2d", "San Francisco, CA", "US", (-122.51, 37.71, -122.36, 37.83)),
    _city("457b4814b4240d87", "London, England", "GB", (-0.51, 51.29, 0.33, 51.69)),
    _city("09f6a7707f18e0b1", "Paris, France", "FR", (2.22, 48.82, 2.47, 48.90)),
    _city("3078869807f9dd36", "Berlin, Germany", "DE", (13.09, 52.34, 13.76, 52.68)),
    _city("54e862bb3ff2f749", "Tokyo, Japan", "JP", (138.94, 35.50, 139.92, 35.90)),
    _city("68e019afec7d0ba5", "São Paulo, Brazil", "BR", (-46.83, -24.01, -46.36, -23.35)),
    _city("c3d5b2a9c4f7e1d8", "Lagos, Nigeria", "NG", (3.09, 6.39, 3.70, 6.70)),
    _city("0073b76548e5984f", "Sydney, New South Wales", "AU", (150.52, -34.12, 151.34, -33.58)),
)


def place_in(box: Box, rng: random.Random) -> Place:
    """A place within a box: a known one if there is, else one made up."""
    west, south, east, north = box
    known = [
        p for p in PLACES if west <= p.box[0] and p.box[2] <= east and south <= p.box[1] and p.box[3] <= north
    ]
    if known:
        return rng.choice(known)
    center, middle = (west + east) / 2, (south + north) / 2
    width, height = (east - west) / 4, (north - south) / 4
    inner = (center - width, middle - height, center + width, middle + height)
    name = f"Quarter {zlib.crc32(repr(box).encode()) % 90 + 10}"
    return Place(f"{zlib.crc32(repr(box).encode()):016x}", name, name, "Nowhere", "XX", "neighborhood", inner)


def place_like(name: str | None, country: str | None, rng: random.Random) -> Place:
    """A place of that name, or in that country (two letters); one made up if none is known."""
    known = [
        place
        for place in PLACES
        if country in (None, place.country_code)
        and (name is None or name.lower() in (place.name.lower(), place.full_name.lower(), place.id))
    ]
    if known:
        return rng.choice(known)
    model = rng.choice(PLACES)
    name = name or "Hill Valley"
    code = country or "XX"
    return Place(f"{zlib.crc32(f'{name}/{code}'.encode()):016x}", name, name, code, code, "city", model.box)
