"""Operators on what a post is: its kind, place, language, and what it belongs to."""

from __future__ import annotations

import math
import zlib

from rxtweets.filters.cells import Box, filter_cells
from rxtweets.messages import unescape
from rxtweets.rules.values import kilometres
from rxtweets.rules.words import words

from .features import LINK, REFERENCES, PostFeatures
from .terms import Alternatives, CompiledTerm, Matcher, Operand, Outcome, contains_phrase, index_keys

_KM_PER_DEGREE = 111.195  # of a great circle


def is_retweet(features: PostFeatures) -> Outcome:
    """Return whether the post is a retweet.

    The text of one begins with `RT @…:`, so another text settles it whatever fields there are.
    """
    if features.post.referenced_posts or not features.retweeted_username:
        return features.referenced("retweeted") is not None
    return (REFERENCES,)


def is_reply(features: PostFeatures) -> Outcome:
    """Return whether the post is a reply; one that begins a conversation is none."""
    post = features.post
    if post.in_reply_to_user_id or features.referenced("replied_to"):
        return True
    if post.referenced_posts or post.conversation_id == post.id:
        return False
    if post.conversation_id is None:
        return (REFERENCES,)
    retweet = is_retweet(features)
    return retweet if isinstance(retweet, tuple) else not retweet


def is_quote(features: PostFeatures) -> Outcome:
    """Return whether the post quotes another, which its text has a link to."""
    if features.post.referenced_posts or LINK not in features.post.text:
        return features.referenced("quoted") is not None
    return (REFERENCES,)


def is_nullcast(features: PostFeatures) -> Outcome:
    """Return whether the post is promoted only, and so not shown to followers."""
    scopes = features.post.scopes
    return ("tweet.fields=scopes",) if scopes is None else not scopes.followers


def has_geo(features: PostFeatures) -> Outcome:
    """Return whether the post tells where it was sent from."""
    geo = features.post.geo
    return ("tweet.fields=geo",) if geo is None else bool(geo.place_id or geo.coordinates)


def field(name: str, *, indexed: bool = False) -> Matcher:
    """Return a matcher of a field of the post that has the value, in any case.

    *indexed* says that `PostFeatures.features` has the field's value.
    """

    def matcher(operand: Operand) -> CompiledTerm:
        value = operand.value.lower()

        def evaluate(features: PostFeatures) -> Outcome:
            found: str | None = getattr(features.post, name)
            return (f"tweet.fields={name}",) if found is None else unescape(found).lower() == value

        return CompiledTerm(evaluate, index_keys([f"{name}:{value}"] if indexed else []))

    return matcher


def has_language(features: PostFeatures) -> Outcome:
    """Return whether X recognised the language that the post is in."""
    found = features.post.lang
    return ("tweet.fields=lang",) if found is None else found != "und"


def metric(name: str) -> Matcher:
    """Return a matcher of at least so many likes, replies or retweets."""

    def matcher(operand: Operand) -> CompiledTerm:
        least = int(operand.value)

        def evaluate(features: PostFeatures) -> Outcome:
            found = features.post.public_metrics
            return ("tweet.fields=public_metrics",) if found is None else getattr(found, name) >= least

        return CompiledTerm(evaluate)

    return matcher


def language(operand: Operand) -> CompiledTerm:
    """Match the language that X assigned to the post. Posts in Chinese don't say in which script."""
    code = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        found = features.post.lang
        if found is None:
            return ("tweet.fields=lang",)
        if found.lower() == "zh" and code.startswith("zh-"):
            return ("lang:",)
        return found.lower() == code

    return CompiledTerm(evaluate, index_keys([f"lang:{code}"]))


def references(type: str) -> Matcher:
    """Return a matcher of the id of the post that this one replies to or repeats."""

    def matcher(operand: Operand) -> CompiledTerm:
        def evaluate(features: PostFeatures) -> Outcome:
            if any(ref.type == type and ref.id == operand.value for ref in features.post.referenced_posts):
                return True
            of_type = is_retweet(features) if type == "retweeted" else is_reply(features)
            known = features.post.referenced_posts or of_type is False
            return False if known else (REFERENCES,)

        return CompiledTerm(evaluate, index_keys([f"{type}:{operand.value}"]))

    return matcher


def sample(operand: Operand) -> CompiledTerm:
    """Match a share of all posts, the same ones for the same seed."""
    percent, seed = int(operand.value), operand.seed
    if seed is None:
        return CompiledTerm(lambda features: ("sample:",) if percent < 100 else True)
    return CompiledTerm(lambda features: zlib.crc32(f"{seed}:{features.post.id}".encode()) % 100 < percent)


def place(operand: Operand) -> CompiledTerm:
    """Match the place that a post was sent from, by its id or words of its name."""
    phrase = words(operand.value)

    def evaluate(features: PostFeatures) -> Outcome:
        geo = features.post.geo
        if geo is None:
            return ("tweet.fields=geo",)
        if geo.place_id is None:
            return False
        if geo.place_id == operand.value:
            return True
        if features.place is None:
            return ("expansions=geo.place_id",)
        names = (features.place.full_name, features.place.name or "")
        return any(contains_phrase(words(unescape(name)), phrase) for name in names)

    return CompiledTerm(evaluate)


def place_country(operand: Operand) -> CompiledTerm:
    """Match the country of the place that a post was sent from."""

    def evaluate(features: PostFeatures) -> Outcome:
        geo = features.post.geo
        if geo is None or geo.place_id is None:
            return ("tweet.fields=geo",) if geo is None else False
        if features.place is None:
            return ("expansions=geo.place_id",)
        country = features.place.country_code
        return ("place.fields=country_code",) if country is None else country.upper() == operand.value

    return CompiledTerm(evaluate)


def bounding_box(operand: Operand) -> CompiledTerm:
    """Match a point that lies in the box, or a place that overlaps it."""
    west, south, east, north = map(float, operand.value.split())

    def evaluate(features: PostFeatures) -> Outcome:
        if features.box is None:
            return _without_box(features)
        left, bottom, right, top = features.box
        return left <= east and right >= west and bottom <= north and top >= south

    return CompiledTerm(evaluate, _cell_keys((west, south, east, north)))


def point_radius(operand: Operand) -> CompiledTerm:
    """Match a point that lies in the circle, or a place all of whose corners do."""
    longitude, latitude, radius = operand.value.split()
    x, y, reach = float(longitude), float(latitude), kilometres(radius)

    def evaluate(features: PostFeatures) -> Outcome:
        if features.box is None:
            return _without_box(features)
        west, south, east, north = features.box
        return all(_distance(x, y, a, b) <= reach for a in (west, east) for b in (south, north))

    high = reach / _KM_PER_DEGREE
    wide = min(180.0, high / max(math.cos(math.radians(min(89.0, abs(y) + high))), 1e-6))
    around = (x - wide, y - high, x + wide, y + high)
    on_the_map = around[0] >= -180 and around[2] <= 180 and around[1] >= -90 and around[3] <= 90
    return CompiledTerm(evaluate, _cell_keys(around) if on_the_map else index_keys([]))


def _without_box(features: PostFeatures) -> Outcome:
    """Return the outcome for a post of which no point or box is known."""
    geo = features.post.geo
    if geo is None or not geo.place_id:
        return ("tweet.fields=geo",) if geo is None else False
    return ("place.fields=geo",) if features.place else ("expansions=geo.place_id",)


def _cell_keys(box: Box) -> Alternatives:
    return index_keys(*([cell] for cell in filter_cells(box)))


def _distance(x: float, y: float, a: float, b: float) -> float:
    """Return the kilometres between two points, by the haversine formula."""
    up, across = math.radians(b - y) / 2, math.radians(a - x) / 2
    h = math.sin(up) ** 2 + math.cos(math.radians(y)) * math.cos(math.radians(b)) * math.sin(across) ** 2
    return 2 * math.degrees(math.asin(min(1.0, math.sqrt(h)))) * _KM_PER_DEGREE
