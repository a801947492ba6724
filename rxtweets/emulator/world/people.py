"""The users of the emulated world."""

from __future__ import annotations

import math
import random
import zlib

from msgspec import Struct

from rxtweets.messages._time import EPOCH

from .data import load
from .model import Person
from .post_spec import Profile, Range
from .sampling import pick


class _Language(Struct, frozen=True):
    given: tuple[str, ...]
    family: tuple[str, ...]
    bios: tuple[str, ...]
    family_first: bool = False


class _Names(Struct, frozen=True):
    """Parts of names and profiles, and the ids of `organisations` whose badge others carry."""

    handles: tuple[str, ...]
    handle_endings: tuple[str, ...]
    locations: tuple[str, ...]
    organisations: dict[str, int]
    languages: dict[str, _Language]


_NAMES = load("people", _Names)
_ORGANISATIONS = tuple(_NAMES.organisations.values())
_POPULATION = 500
_REMEMBERED = 20_000
"""Users kept at most: whoever publishes under ever new names makes the oldest be forgotten."""
_PER_PROFILE = 30
"""Users who fit one profile."""


class People:
    """All users, made when first asked for. A user depends on nothing but the seed and the id or name."""

    def __init__(self, seed: int, now: int) -> None:
        self._seed = seed
        self._population: list[Person] = []
        self._speakers: dict[str, list[Person]] = {}
        self._by_id: dict[int, Person] = {}
        self._by_name: dict[str, Person] = {}
        self._now = now
        for name, user_id in _NAMES.organisations.items():
            organisation = self._create(user_id, name)
            organisation.name, organisation.verified, organisation.verified_type = name, True, "business"

    def sample(self, rng: random.Random, lang: str | None = None) -> Person:
        """Return a random member of the population; a speaker of the language, if there is one."""
        if not self._population:
            self._populate()
        speakers = self._speakers.get(lang.partition("-")[0]) if lang else None
        return pick(rng, speakers or self._population)

    def at(self, index: int) -> Person:
        """Return the member of the population with that number, modulo its size."""
        if not self._population:
            self._populate()
        return self._population[index % _POPULATION]

    def _populate(self) -> None:
        for index in range(_POPULATION):
            rng = random.Random(f"{self._seed}/{index}")
            user_id = rng.randrange(10**8, 4 * 10**9) if index % 3 else rng.randrange(10**6, 10**8)
            person = self.with_id(user_id)
            self._population.append(person)
            self._speakers.setdefault(person.lang, []).append(person)

    def with_id(self, user_id: int, screen_name: str | None = None) -> Person:
        """Return the user with that id, called `screen_name` if they are new."""
        return self._by_id.get(user_id) or self._create(user_id, screen_name)

    def named(self, screen_name: str) -> Person:
        """Return the user with that screen name, in any case; the first spelling stays."""
        known = self._by_name.get(screen_name.lower())
        return known or self._create(
            10**9 + zlib.crc32(f"{self._seed}@{screen_name.lower()}".encode()), screen_name
        )

    def introduce(self, user_id: int, screen_name: str) -> None:
        """Add a user with that id and screen name."""
        self._create(user_id, screen_name)

    def find(self, name: int | str) -> Person:
        """Return the user with that id (a number) or screen name (a text)."""
        return self.with_id(name) if isinstance(name, int) else self.named(name)

    def _create(self, user_id: int, screen_name: str | None) -> Person:
        if len(self._by_id) >= _REMEMBERED:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            self._by_name.pop(oldest.screen_name.lower(), None)
        rng = random.Random(f"{self._seed}#{user_id}")
        lang = rng.choice(("en", "en", "en", "ja", "ja", *_NAMES.languages))
        handle = screen_name or self._handle(user_id, rng)
        joined = self._now - rng.randrange(10**9, 4 * 10**11)
        verified = rng.random() < 0.1
        person = Person(
            id=user_id,
            screen_name=handle,
            name=_name(lang, rng),
            bio=random_bio(lang, rng),
            location=rng.choice(_NAMES.locations),
            lang=lang,
            joined=joined,
            followers=int(rng.lognormvariate(6, 1.8)),
            following=int(rng.lognormvariate(5.5, 1)),
            posts=int(rng.lognormvariate(8, 1.5)),
            likes=int(rng.lognormvariate(7, 1.5)),
            listed=int(rng.lognormvariate(1, 1.2)),
            verified=verified,
            website=f"https://{handle.lower().replace('_', '-').strip('-')}.example"
            if rng.random() < 0.3
            else None,
            avatar=f"{rng.randrange(10**17, 10**18)}/{rng.getrandbits(48):x}",
            color=f"{rng.getrandbits(24):06X}",
            verified_type=rng.choice(("blue",) * 8 + ("business", "government")) if verified else "none",
            subscription=rng.choice(("Basic", "Premium", "PremiumPlus")) if verified else "None",
            affiliation=self._affiliation(rng) if verified and user_id not in _ORGANISATIONS else None,
            pinned=max(joined - EPOCH, 0) + 10**8 << 22 if rng.random() < 0.3 else None,
            parody=rng.random() < 0.01,
            withheld=("TR",) if rng.random() < 0.005 else (),
        )
        self._by_id[user_id] = person
        self._by_name[handle.lower()] = person
        return person

    def matching(self, profile: Profile, rng: random.Random) -> Person:
        """Return one of the users who fit a profile, of whom there are a few."""
        number = int(rng.random() * _PER_PROFILE)
        user_id = 10**9 + zlib.crc32(f"{self._seed}/{profile}/{number}".encode())
        known = self._by_id.get(user_id)
        if known is not None:
            return known
        person = self._create(user_id, None)
        person.bio = f"{profile.bio} | {person.bio}" if profile.bio else person.bio
        person.name = f"{person.name} {profile.name}" if profile.name else person.name
        person.location = profile.location or person.location
        person.followers = _within(profile.followers, person.followers)
        person.following = _within(profile.following, person.following)
        person.posts = _within(profile.posts, person.posts)
        person.listed = _within(profile.listed, person.listed)
        if profile.affiliate_of is not None:
            person.affiliation = self.find(profile.affiliate_of)
        if not person.verified and (profile.verified or person.affiliation):
            person.verified, person.verified_type, person.subscription = True, "blue", "Premium"
        return person

    def protected(self, rng: random.Random) -> Person:
        """Return one of the users whose posts only their followers see."""
        number = int(rng.random() * _PER_PROFILE)
        person = self.with_id(10**9 + zlib.crc32(f"{self._seed}/recluse/{number}".encode()))
        person.protected = True
        return person

    def _affiliation(self, rng: random.Random) -> Person | None:
        return self.with_id(rng.choice(_ORGANISATIONS)) if rng.random() < 0.3 else None

    def _handle(self, user_id: int, rng: random.Random) -> str:
        handle = rng.choice(_NAMES.handles) + rng.choice(_NAMES.handle_endings)
        handle += str(user_id)[-rng.randrange(2, 4) :]
        while handle.lower() in self._by_name:
            handle = f"{handle[:12]}{rng.randrange(1000)}"
        return handle


def _within(range: Range, number: int) -> int:
    """Return the number if it is in the range, else one that is."""
    low, high = range
    if low <= number <= high:
        return number
    return low + (number if high == math.inf else number % int(high - low + 1))


def _name(lang: str, rng: random.Random) -> str:
    names = _NAMES.languages[lang]
    if names.family_first:
        return rng.choice(names.family) + rng.choice(names.given)
    return f"{rng.choice(names.given)} {rng.choice(names.family)}"


def random_bio(lang: str, rng: random.Random) -> str:
    """Return a random description of a user, in that language."""
    remarks = _NAMES.languages[lang].bios
    return " ".join(rng.sample(remarks, min(len(remarks), rng.choice((0, 1, 2, 2, 3, 3)))))
