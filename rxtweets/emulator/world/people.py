"""Who lives in the emulated world, and where."""

from __future__ import annotations

import random
import zlib

from .model import Box, Person, Place

_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ja": (("あゆみ", "健太", "さくら", "翔", "美咲", "大輔"), ("前田", "佐藤", "鈴木", "高橋", "田中")),
    "ko": (("민준", "서연", "지우", "하은"), ("김", "이", "박", "최")),
    "zh": (("小明", "丽", "伟", "芳"), ("王", "李", "张", "陈")),
    "ar": (("أحمد", "فاطمة", "خالد", "نور"), ("العلي", "حسن", "السيد")),
    "ru": (("Анна", "Иван", "Мария", "Дмитрий"), ("Смирнова", "Петров", "Волкова", "Соколов")),
    "hi": (("आरव", "प्रिया", "राहुल", "नेहा"), ("शर्मा", "सिंह", "गुप्ता")),
    "es": (("Lucía", "Mateo", "Sofía", "Diego"), ("García", "Fernández", "Rojas", "Núñez")),
    "pt": (("Ana", "João", "Beatriz", "Tiago"), ("Silva", "Souza", "Araújo")),
    "fr": (("Camille", "Hugo", "Léa", "Théo"), ("Martin", "Lefèvre", "Moreau")),
    "de": (("Jana", "Lukas", "Grete", "Jonas"), ("Schäfer", "Krüger", "Vogel")),
    "en": (
        ("Ada", "Grace", "Liam", "Noor", "Olivia", "Kofi", "Maya", "Sam", "Zoe", "Ravi", "Ingrid", "Tomás"),
        ("Okafor", "Walsh", "Lindqvist", "Patel", "Rivera", "Chen", "Murphy", "Adeyemi", "Novak", "Hughes"),
    ),
}
_HANDLES = (
    "ada",
    "grace",
    "kofi",
    "maya",
    "noor",
    "sakura",
    "kenta",
    "lucia",
    "mateo",
    "hugo",
    "lea",
    "jonas",
    "ravi",
    "zoe",
    "tiago",
    "minjun",
    "anna",
    "ivan",
    "priya",
    "olu",
    "nightowl",
    "coffee",
    "pixel",
    "cloud",
    "river",
)
_HANDLE_ENDS = (
    "",
    "_",
    "dev",
    "writes",
    "_jp",
    "2011",
    "xo",
    "hq",
    "live",
    "88",
    "_tw",
    "photos",
    "reads",
    "fm",
)
_BIOS = (
    "",
    "Opinions my own.",
    "Coffee first ☕ | he/him",
    "元野球部マネージャー❤︎",
    "Journalist. Tips: DM.",
    "Mother of two, runner, reader of everything.",
    "Software, synths, sourdough.",
    "Amante del cine y del mar 🌊",
    "Photographs of trains. All of them mine.",
    "無言フォローすみません🙏",
    "PhD student in ecology 🌱",
    "No DMs please",
)
_LOCATIONS = (
    "",
    "",
    "Lagos",
    "東京",
    "London, UK",
    "São Paulo, Brasil",
    "Berlin",
    "somewhere warm",
    "서울",
    "NYC",
    "Paris",
)

PLACES = (
    Place(
        "01a9a39529b27f36",
        "Manhattan",
        "Manhattan, NY",
        "United States",
        "US",
        "city",
        (-74.03, 40.68, -73.91, 40.88),
    ),
    Place(
        "5d838f7a011f4a2d",
        "San Francisco",
        "San Francisco, CA",
        "United States",
        "US",
        "city",
        (-122.51, 37.71, -122.36, 37.83),
    ),
    Place(
        "457b4814b4240d87",
        "London",
        "London, England",
        "United Kingdom",
        "GB",
        "city",
        (-0.51, 51.29, 0.33, 51.69),
    ),
    Place("09f6a7707f18e0b1", "Paris", "Paris, France", "France", "FR", "city", (2.22, 48.82, 2.47, 48.90)),
    Place(
        "3078869807f9dd36", "Berlin", "Berlin, Germany", "Germany", "DE", "city", (13.09, 52.34, 13.76, 52.68)
    ),
    Place("54e862bb3ff2f749", "Tokyo", "Tokyo, Japan", "Japan", "JP", "city", (138.94, 35.50, 139.92, 35.90)),
    Place(
        "68e019afec7d0ba5",
        "São Paulo",
        "São Paulo, Brazil",
        "Brazil",
        "BR",
        "city",
        (-46.83, -24.01, -46.36, -23.35),
    ),
    Place("c3d5b2a9c4f7e1d8", "Lagos", "Lagos, Nigeria", "Nigeria", "NG", "city", (3.09, 6.39, 3.70, 6.70)),
    Place(
        "0073b76548e5984f",
        "Sydney",
        "Sydney, New South Wales",
        "Australia",
        "AU",
        "city",
        (150.52, -34.12, 151.34, -33.58),
    ),
)


def place_in(box: Box, dice: random.Random) -> Place:
    """A place within a box: a known one if there is, else one made up."""
    west, south, east, north = box
    known = [
        p for p in PLACES if west <= p.box[0] and p.box[2] <= east and south <= p.box[1] and p.box[3] <= north
    ]
    if known:
        return dice.choice(known)
    center, middle = (west + east) / 2, (south + north) / 2
    width, height = (east - west) / 4, (north - south) / 4
    inner = (center - width, middle - height, center + width, middle + height)
    name = f"Quarter {zlib.crc32(repr(box).encode()) % 90 + 10}"
    return Place(f"{zlib.crc32(repr(box).encode()):016x}", name, name, "Nowhere", "XX", "neighborhood", inner)


def place_like(name: str | None, country: str | None, dice: random.Random) -> Place:
    """A place of that name, or in that country (two letters); one made up if none is known."""
    known = [
        place
        for place in PLACES
        if country in (None, place.country_code)
        and (name is None or name.lower() in (place.name.lower(), place.full_name.lower(), place.id))
    ]
    if known:
        return dice.choice(known)
    model = dice.choice(PLACES)
    name = name or "Hill Valley"
    code = country or "XX"
    return Place(f"{zlib.crc32(f'{name}/{code}'.encode()):016x}", name, name, code, code, "city", model.box)


class People:
    """Everybody, made when first met; who somebody is depends on the seed and their id or name only."""

    def __init__(self, seed: int, now: int, population: int = 500) -> None:
        self._seed = seed
        self._population = population
        self._inhabitants: dict[int, int] = {}
        self._by_id: dict[int, Person] = {}
        self._by_name: dict[str, Person] = {}
        self._now = now

    def anybody(self, dice: random.Random, lang: str | None = None) -> Person:
        """Someone of the population, of the given language where one is soon found."""
        person = self.numbered(dice.randrange(self._population))
        for _ in range(4):
            if lang is None or person.lang == lang:
                break
            person = self.numbered(dice.randrange(self._population))
        return person

    def numbered(self, index: int) -> Person:
        """Inhabitant number `index`."""
        user_id = self._inhabitants.get(index)
        if user_id is None:
            dice = random.Random(f"{self._seed}/{index}")
            user_id = dice.randrange(10**8, 4 * 10**9) if index % 3 else dice.randrange(10**6, 10**8)
            self._inhabitants[index] = user_id
        return self.with_id(user_id)

    def with_id(self, user_id: int) -> Person:
        """The person with that id."""
        known = self._by_id.get(user_id)
        return known or self._meet(user_id, None)

    def named(self, screen_name: str) -> Person:
        """The person with that screen name (letter case doesn't count, the first spelling stays)."""
        known = self._by_name.get(screen_name.lower())
        return known or self._meet(
            10**9 + zlib.crc32(f"{self._seed}@{screen_name.lower()}".encode()), screen_name
        )

    def introduce(self, user_id: int, screen_name: str) -> None:
        """Let there be a person with that id and that name."""
        self._meet(user_id, screen_name)

    def who(self, name: int | str) -> Person:
        """The person with that id (a number) or screen name (a text)."""
        return self.with_id(name) if isinstance(name, int) else self.named(name)

    def _meet(self, user_id: int, screen_name: str | None) -> Person:
        if len(self._by_id) >= 20_000:  # somebody publishes under ever new names: forget the oldest
            oldest = self._by_id.pop(next(iter(self._by_id)))
            self._by_name.pop(oldest.screen_name.lower(), None)
        dice = random.Random(f"{self._seed}#{user_id}")
        lang = dice.choice(("en", "en", "en", *_NAMES))
        given, family = _NAMES[lang]
        handle = (
            screen_name
            or dice.choice(_HANDLES) + dice.choice(_HANDLE_ENDS) + str(user_id)[-dice.randrange(2, 4) :]
        )
        while screen_name is None and handle.lower() in self._by_name:
            handle = f"{handle[:12]}{dice.randrange(1000)}"
        together = (dice.choice(family), dice.choice(given)) if lang in {"ja", "ko", "zh"} else None
        person = Person(
            id=user_id,
            screen_name=handle,
            name="".join(together) if together else f"{dice.choice(given)} {dice.choice(family)}",
            bio=dice.choice(_BIOS),
            location=dice.choice(_LOCATIONS),
            lang=lang,
            joined=self._now - dice.randrange(10**9, 4 * 10**11),
            followers=int(dice.lognormvariate(6, 1.8)),
            following=int(dice.lognormvariate(5.5, 1)),
            posts=int(dice.lognormvariate(8, 1.5)),
            likes=int(dice.lognormvariate(7, 1.5)),
            listed=int(dice.lognormvariate(1, 1.2)),
            verified=dice.random() < 0.1,
            website=f"https://{handle.lower().replace('_', '-').strip('-')}.example"
            if dice.random() < 0.4
            else None,
            avatar=f"{dice.randrange(10**17, 10**18)}/{dice.getrandbits(48):x}",
            color=f"{dice.getrandbits(24):06X}",
        )
        self._by_id[user_id] = person
        self._by_name[handle.lower()] = person
        return person
