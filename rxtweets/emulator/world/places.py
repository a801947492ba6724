"""Places that posts of the emulated world come from."""

from __future__ import annotations

import random
import zlib

from msgspec import Struct

from rxtweets.filters.cells import Box

from .data import load
from .model import Place


class _Country(Struct, frozen=True):
    name: str
    id: str


class _City(Struct, frozen=True):
    id: str
    name: str
    country: str
    box: Box

    def place(self, country: _Country) -> Place:
        short = self.name.partition(",")[0]
        return Place(self.id, short, self.name, country.name, self.country, "city", self.box, (country.id,))


class _Places(Struct, frozen=True):
    countries: dict[str, _Country]
    cities: tuple[_City, ...]


_DATA = load("places", _Places)
PLACES = tuple(city.place(_DATA.countries[city.country]) for city in _DATA.cities)


def place_in(box: Box, rng: random.Random) -> Place:
    """Return a place within a box: a known one if there is any, else one made up."""
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
    """Return a place of that name, or in that country (two letters); one made up if none is known."""
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
