"""Operators on what a post is: its kind, place, language, and what it belongs to."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from rxtweets.filters.cells import Box, filter_cells
from rxtweets.messages import unescape
from rxtweets.rules.values import kilometres
from rxtweets.rules.words import words

from .features import AUTHOR, LINK, REFERENCES, Reading
from .terms import Answer, Ask, Matcher, Question, in_line, needs

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Term

_KM_PER_DEGREE = 111.195  # of a great circle


def is_(term: Term, seed: int | None) -> Question:
    """That the post, or its author, is of a kind."""
    return Question(_IS[term.value])


def is_retweet(reading: Reading) -> Answer:
    """A retweet's text begins with `RT @…:`, so another one is none, whatever fields there are."""
    if reading.post.referenced_posts or not reading.repeats:
        return reading.refers("retweeted") is not None
    return (REFERENCES,)


def is_reply(reading: Reading) -> Answer:
    """A post that begins a conversation is no reply."""
    post = reading.post
    if post.in_reply_to_user_id or reading.refers("replied_to"):
        return True
    if post.referenced_posts or post.conversation_id == post.id:
        return False
    if post.conversation_id is None:
        return (REFERENCES,)
    retweet = is_retweet(reading)
    return retweet if isinstance(retweet, tuple) else not retweet


def is_quote(reading: Reading) -> Answer:
    """What is quoted stands in the text as a link, so a text without one quotes nothing."""
    if reading.post.referenced_posts or LINK not in reading.post.text:
        return reading.refers("quoted") is not None
    return (REFERENCES,)


def _is_verified(reading: Reading) -> Answer:
    if reading.author is None:
        return (AUTHOR,)
    verified = reading.author.verified
    return ("user.fields=verified",) if verified is None else verified


def _is_nullcast(reading: Reading) -> Answer:
    """Promoted only, and so shown to no follower."""
    scopes = reading.post.scopes
    return ("tweet.fields=scopes",) if scopes is None else not scopes.followers


_IS: dict[str, Ask] = {
    "retweet": is_retweet,
    "reply": is_reply,
    "quote": is_quote,
    "verified": _is_verified,
    "nullcast": _is_nullcast,
}


def field(name: str) -> Matcher:
    """A field of the post that has the value, in any case."""

    def matcher(term: Term, seed: int | None) -> Question:
        value = term.value.lower()

        def ask(reading: Reading) -> Answer:
            found: str | None = getattr(reading.post, name)
            return (f"tweet.fields={name}",) if found is None else unescape(found).lower() == value

        listed = needs([f"{name}:{value}"]) if name != "source" else needs([])
        return Question(ask, listed)

    return matcher


def language(term: Term, seed: int | None) -> Question:
    """The language that X took the post to be in. Posts in Chinese don't say in which script."""
    code = term.value.lower()

    def ask(reading: Reading) -> Answer:
        found = reading.post.lang
        if found is None:
            return ("tweet.fields=lang",)
        if found.lower() == "zh" and code.startswith("zh-"):
            return ("lang:",)
        return found.lower() == code

    return Question(ask, needs([f"lang:{code}"]))


def refers(type: str) -> Matcher:
    """The post that this one answers or repeats, by its id."""

    def matcher(term: Term, seed: int | None) -> Question:
        def ask(reading: Reading) -> Answer:
            if any(ref.type == type and ref.id == term.value for ref in reading.post.referenced_posts):
                return True
            certain = is_retweet(reading) if type == "retweeted" else is_reply(reading)
            known = reading.post.referenced_posts or certain is False
            return False if known else (REFERENCES,)

        return Question(ask, needs([f"{type}:{term.value}"]))

    return matcher


def sample(term: Term, seed: int | None) -> Question:
    """A share of all posts, the same ones for the same seed."""
    percent = int(term.value)
    if seed is None:
        return Question(lambda reading: ("sample:",) if percent < 100 else True)
    return Question(lambda reading: zlib.crc32(f"{seed}:{reading.post.id}".encode()) % 100 < percent)


def place(term: Term, seed: int | None) -> Question:
    """The place a post was sent from, by its id or words of its name."""
    wanted = words(term.value)

    def ask(reading: Reading) -> Answer:
        geo = reading.post.geo
        if geo is None:
            return ("tweet.fields=geo",)
        if geo.place_id is None:
            return False
        if geo.place_id == term.value:
            return True
        if reading.place is None:
            return ("expansions=geo.place_id",)
        names = (reading.place.full_name, reading.place.name or "")
        return any(in_line(wanted, words(unescape(name))) for name in names)

    return Question(ask)


def place_country(term: Term, seed: int | None) -> Question:
    """The country that the place is in."""

    def ask(reading: Reading) -> Answer:
        geo = reading.post.geo
        if geo is None or geo.place_id is None:
            return ("tweet.fields=geo",) if geo is None else False
        if reading.place is None:
            return ("expansions=geo.place_id",)
        country = reading.place.country_code
        return ("place.fields=country_code",) if country is None else country.upper() == term.value

    return Question(ask)


def bounding_box(term: Term, seed: int | None) -> Question:
    """The point lies in the box, or the place overlaps it."""
    west, south, east, north = map(float, term.value.split())

    def ask(reading: Reading) -> Answer:
        if reading.box is None:
            return _nowhere(reading)
        left, bottom, right, top = reading.box
        return left <= east and right >= west and bottom <= north and top >= south

    return Question(ask, _cells((west, south, east, north)))


def point_radius(term: Term, seed: int | None) -> Question:
    """The point lies in the circle, or all corners of the place do."""
    longitude, latitude, radius = term.value.split()
    x, y, reach = float(longitude), float(latitude), kilometres(radius)

    def ask(reading: Reading) -> Answer:
        if reading.box is None:
            return _nowhere(reading)
        west, south, east, north = reading.box
        return all(_distance(x, y, a, b) <= reach for a in (west, east) for b in (south, north))

    high = reach / _KM_PER_DEGREE
    wide = min(180.0, high / max(math.cos(math.radians(min(89.0, abs(y) + high))), 1e-6))
    around = (x - wide, y - high, x + wide, y + high)
    on_the_map = around[0] >= -180 and around[2] <= 180 and around[1] >= -90 and around[3] <= 90
    return Question(ask, _cells(around) if on_the_map else needs([]))


def _nowhere(reading: Reading) -> Answer:
    """The answer for a post of which no point or box is known."""
    geo = reading.post.geo
    if geo is None or not geo.place_id:
        return ("tweet.fields=geo",) if geo is None else False
    return ("place.fields=geo",) if reading.place else ("expansions=geo.place_id",)


def _cells(box: Box) -> tuple[frozenset[object], ...]:
    return needs(*([cell] for cell in filter_cells(box)))


def _distance(x: float, y: float, a: float, b: float) -> float:
    """Kilometres between two points, by the haversine."""
    up, across = math.radians(b - y) / 2, math.radians(a - x) / 2
    h = math.sin(up) ** 2 + math.cos(math.radians(y)) * math.cos(math.radians(b)) * math.sin(across) ** 2
    return 2 * math.degrees(math.asin(min(1.0, math.sqrt(h)))) * _KM_PER_DEGREE
