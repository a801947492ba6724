"""What of a filter matched a status, and where."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Part = Literal["status", "retweet", "quote"]
"""The status itself, the status that it repeats, or the status that one of these quotes."""

Field = Literal["text", "hashtag", "mention", "cashtag", "url"]
"""What a word is in a status; `url` is where a link or a photo leads, or how it is displayed."""

Role = Literal["author", "retweeted", "replied_to"]
"""What a followed user has to do with a status: wrote it, wrote what it repeats, or is answered."""

Where = Literal["point", "place"]
"""What a status was located by: its exact point, or else the place that it names."""


class Found(Struct, frozen=True):
    """A word of a phrase, and one place where it stands."""

    word: str
    field: Field
    part: Part = "status"


class PhraseHit(Struct, frozen=True):
    """A phrase of `track`, with all places of each of its words, in the phrase's order."""

    phrase: str
    found: tuple[Found, ...]


class UserHit(Struct, frozen=True):
    """A user of `follow`, and what it has to do with the status."""

    user_id: int
    role: Role


class BoxHit(Struct, frozen=True):
    """A box of `locations` (west, south, east, north) that the point lies in, or that the place overlaps."""

    box: tuple[float, float, float, float]
    by: Where


Hit = PhraseHit | UserHit | BoxHit
