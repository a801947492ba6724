"""Media, places, polls and rare attributes of posts."""

from __future__ import annotations

import random

from rxtweets.filters.cells import Box

from .entities import append_link
from .ids import Snowflakes
from .model import Media, Poll, Post
from .places import place_in, place_like
from .post_spec import PostSpec
from .sampling import ALPHABET, pick

_KINDS = ("photo",) * 14 + ("video",) * 4 + ("animated_gif",) * 2
_SIZES = ((1200, 675), (1080, 1350), (2048, 1536), (640, 640))
_ALTS = (None, None, None, "A window with rain on it", "夕焼け")


def add_attachments(post: Post, spec: PostSpec, rng: random.Random, ids: Snowflakes) -> None:
    """Give the post what the spec wants, or what comes by chance."""
    wants = spec.wants
    media = wants & {"media", "images", "videos", "video_link"}
    if media or (post.quoted is None and post.note is None and rng.random() < 0.2):
        _add_media(post, media, rng, ids)
    elif not wants and rng.random() < 0.012:
        _add_poll(post, rng, ids)
    if spec.box:
        if "point" in wants or rng.random() < 0.5:
            post.point = _point_in(spec.box, rng)
        post.place = place_in(spec.box, rng)
    elif "geo" in wants or spec.country or spec.place or rng.random() < 0.025:
        post.place = place_like(spec.place, spec.country, rng)
        if "point" in wants or rng.random() < 0.2:
            post.point = _point_in(post.place.box, rng)
    _add_rare_attributes(post, rng)


def _point_in(box: Box, rng: random.Random) -> tuple[float, float]:
    west, south, east, north = box
    return round(rng.uniform(west, east), 6), round(rng.uniform(south, north), 6)


def _add_media(post: Post, wanted: frozenset[str], rng: random.Random, ids: Snowflakes) -> None:
    kind = "video" if wanted & {"videos", "video_link"} else "photo" if wanted else pick(rng, _KINDS)
    count = pick(rng, (1, 1, 1, 2, 4)) if kind == "photo" else 1
    post.media = tuple(_media(kind, post.ms, rng, ids) for _ in range(count))
    folder = "photo" if kind == "photo" else "video"
    target = f"https://twitter.com/{post.author.screen_name}/status/{post.id}/{folder}/1"
    name = "".join(rng.choices(ALPHABET, k=10))
    post.media_link = append_link(post, target, f"pic.twitter.com/{name}", rng)
    post.sensitive = rng.random() < 0.03


def _media(kind: str, ms: int, rng: random.Random, ids: Snowflakes) -> Media:
    name = "".join(rng.choices(ALPHABET, k=15))
    width, height = pick(rng, _SIZES)
    seconds = rng.randrange(5, 140) if kind == "video" else 0
    views = int(rng.lognormvariate(5, 2)) if kind != "photo" else 0
    return Media(ids.next(ms), kind, name, width, height, seconds, pick(rng, _ALTS), views)


def _add_poll(post: Post, rng: random.Random, ids: Snowflakes) -> None:
    options = pick(rng, (("Yes", "No", "Tell me more"), ("Tea", "Coffee"), ("1", "2", "3", "4")))
    votes = tuple(rng.randrange(500) for _ in options)
    post.poll = Poll(ids.next(post.ms), options, votes, pick(rng, (5, 60, 1440, 10080)))


def _add_rare_attributes(post: Post, rng: random.Random) -> None:
    """Set what few posts have, with a single draw."""
    drawn = rng.random()
    if drawn < 0.05:
        post.reply_settings = "mentionedUsers" if drawn < 0.03 else "following"
    elif drawn < 0.055:
        post.withheld = ("DE",) if drawn < 0.053 else ("FR", "TR")
    elif drawn < 0.065:
        post.community = 1493446837214187523 + int(drawn * 10**6) % 7
    elif drawn < 0.07:
        post.sponsored = True
