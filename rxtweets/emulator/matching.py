"""Which posts a stream gets: `v1_match` for the predicates of v1.1's filter, `v2_match` for a rule of v2."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from msgspec import Struct

from .index import index
from .rule_syntax import AllOf, AnyOf, Not, Term, Tree
from .world.model import Box, Post
from .world.text import words

LEVELS = ("none", "low", "medium")


class Predicates(Struct, frozen=True):
    """What a client of v1.1's filter asked for; `track` holds the comma parts, each a tuple of words."""

    track: tuple[tuple[str, ...], ...] = ()
    follow: frozenset[int] = frozenset()
    locations: tuple[Box, ...] = ()
    language: frozenset[str] = frozenset()
    level: str = "none"


def v1_match(wanted: Predicates, post: Post) -> bool:
    """Whether v1.1's filter sends the post: track, follow or locations, and language and filter_level."""
    if wanted.language and post.lang not in wanted.language:
        return False
    if LEVELS.index(post.level) < LEVELS.index(wanted.level):
        return False
    if not (wanted.track or wanted.follow or wanted.locations):
        return True  # sample with a language
    return (
        any(all(_tracked(word, post) for word in phrase) for phrase in wanted.track)
        or _followed(wanted.follow, post)
        or any(_within(box, post) for box in wanted.locations)
    )


def _tracked(word: str, post: Post) -> bool:
    found = index(post)
    sign, rest = word[0], word[1:].lower()
    if rest and sign in "#＃":
        return rest in found.tags
    if rest and sign in "@＠":
        return rest in found.names
    if rest and sign == "$":
        return rest in found.symbols
    parts = words(word)
    if not parts:  # nothing but punctuation: it has to stand alone in the text
        return word in (post.retweeted or post).text.split()
    return found.holds(parts)


def _followed(ids: frozenset[int], post: Post) -> bool:
    return (
        post.author.id in ids
        or (post.retweeted is not None and post.retweeted.author.id in ids)
        or (post.reply_to is not None and post.reply_to.author.id in ids)
    )


def _within(box: Box, post: Post) -> bool:
    west, south, east, north = box
    if post.point is not None:
        return west <= post.point[0] <= east and south <= post.point[1] <= north
    if post.place is None:
        return False
    left, bottom, right, top = post.place.box
    return left <= east and right >= west and bottom <= north and top >= south


def v2_match(rule: Tree, post: Post) -> bool:
    """Whether a rule of v2's filtered stream matches the post, or what it quotes."""
    if isinstance(rule, AllOf):
        return all(v2_match(part, post) for part in rule.parts)
    if isinstance(rule, AnyOf):
        return any(v2_match(part, post) for part in rule.parts)
    if isinstance(rule, Not):
        return not v2_match(rule.part, post)
    check = _CHECKS.get(rule.operator)
    return check is not None and check(rule, post)


def _texts(post: Post) -> tuple[Post, ...]:
    quoted = (post.retweeted or post).quoted
    return (post,) if quoted is None else (post, quoted)


def _in_text(has: Callable[[Term, Post], bool]) -> Callable[[Term, Post], bool]:
    return lambda term, post: any(has(term, text) for text in _texts(post))


def _phrase(term: Term, post: Post) -> bool:
    wanted, found = words(term.value), index(post)
    if term.distance is None:
        return found.holds(wanted) if wanted else term.value in post.text
    if not wanted or not found.bag.issuperset(wanted):
        return False
    window = len(wanted) + term.distance
    return any(set(wanted) <= set(found.words[at : at + window]) for at in range(len(found.words)))


def _is(term: Term, post: Post) -> bool:
    return {
        "retweet": post.retweeted is not None,
        "reply": post.reply_to is not None,
        "quote": post.quoted is not None,
        "verified": post.author.verified,
    }.get(term.value, False)


def _has(term: Term, post: Post) -> bool:
    shown = post.retweeted or post
    return {
        "hashtags": bool(shown.tags),
        "cashtags": bool(shown.symbols),
        "mentions": bool(post.mentions),
        "links": bool(shown.links or shown.media or shown.quoted),
        "media": bool(shown.media),
        "images": any(media.kind == "photo" for media in shown.media),
        "video_link": any(media.kind == "video" for media in shown.media),
        "videos": any(media.kind == "video" for media in shown.media),
        "geo": post.place is not None or post.point is not None,
    }.get(term.value, False)


def _person(term: Term, people: Iterable[tuple[int, str]]) -> bool:
    return any(term.value.lstrip("@").lower() in (str(number), name.lower()) for number, name in people)


def _author(term: Term, post: Post | None) -> bool:
    return post is not None and _person(term, [(post.author.id, post.author.screen_name)])


def _place(term: Term, post: Post) -> bool:
    place, value = post.place, term.value.lower()
    return place is not None and value in (place.id, place.name.lower(), place.full_name.lower())


def _point_radius(term: Term, post: Post) -> bool:
    if post.point is None:
        return False
    lon, lat, radius = term.value.split()
    kilometres = float(radius[:-2]) * (1.609344 if radius.endswith("mi") else 1)
    east = (post.point[0] - float(lon)) * math.cos(math.radians(float(lat)))
    return math.hypot(east, post.point[1] - float(lat)) * 111.195 <= kilometres


def _box(term: Term, post: Post) -> bool:
    west, south, east, north = (float(part) for part in term.value.split())
    return _within((west, south, east, north), post)


def _count(count: Callable[[Post], int]) -> Callable[[Term, Post], bool]:
    def check(term: Term, post: Post) -> bool:
        low, _, high = term.value.partition("..")
        return int(low) <= count(post) <= (int(high) if high else math.inf)

    return check


_CHECKS: dict[str, Callable[[Term, Post], bool]] = {
    "keyword": _in_text(_phrase),
    "phrase": _in_text(_phrase),
    "hashtag": _in_text(lambda term, post: term.value.lower() in index(post).tags),
    "mention": _in_text(lambda term, post: term.value.lower() in index(post).names),
    "cashtag": _in_text(lambda term, post: term.value.lower() in index(post).symbols),
    "url": _in_text(lambda term, post: any(_holds(url, term.value) for url in index(post).urls)),
    "url_contains": _in_text(lambda term, post: any(term.value.lower() in url for url in index(post).urls)),
    "from": _author,
    "to": lambda term, post: _author(term, post.reply_to),
    "retweets_of": lambda term, post: _author(term, post.retweeted),
    "lang": lambda term, post: post.lang == term.value.lower(),
    "is": _is,
    "has": _in_text(_has),
    "sample": lambda term, post: (post.id >> 12) % 100 < int(term.value),
    "conversation_id": lambda term, post: str(post.conversation) == term.value,
    "in_reply_to_tweet_id": lambda term, post: (
        post.reply_to is not None and str(post.reply_to.id) == term.value
    ),
    "retweets_of_tweet_id": lambda term, post: (
        post.retweeted is not None and str(post.retweeted.id) == term.value
    ),
    "source": lambda term, post: post.source.lower() == term.value.lower(),
    "bio": lambda term, post: _holds(post.author.bio, term.value),
    "bio_name": lambda term, post: _holds(post.author.name, term.value),
    "bio_location": lambda term, post: _holds(post.author.location, term.value),
    "place": _place,
    "place_country": lambda term, post: (
        post.place is not None and post.place.country_code == term.value.upper()
    ),
    "point_radius": _point_radius,
    "bounding_box": _box,
    "min_followers": _count(lambda post: post.author.followers),
    "followers_count": _count(lambda post: post.author.followers),
    "tweets_count": _count(lambda post: post.author.posts),
    "following_count": _count(lambda post: post.author.following),
    "listed_count": _count(lambda post: post.author.listed),
}


def _holds(text: str, phrase: str) -> bool:
    wanted, found = words(phrase), words(text)
    size = len(wanted)
    return size > 0 and any(found[at : at + size] == wanted for at in range(len(found) - size + 1))
