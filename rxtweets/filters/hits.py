"""The parts of a filter that matched a status, and where."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Part = Literal["status", "retweet", "quote"]
"""The status itself, the status that it repeats, or the status that one of these quotes."""

Field = Literal["text", "hashtag", "mention", "cashtag", "url"]
"""The kind of text a word is in; `url` is where a link or a photo leads, or how it is displayed."""

Role = Literal["author", "retweeted", "replied_to"]
"""The part of a followed user in a status: its author, the author of what it repeats, or who is answered."""

Where = Literal["point", "place"]
"""The location of a status that was used: its exact point, or else the place that it names."""


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
    """A user of `follow`, and its part in the status."""

    user_id: int
    role: Role


class BoxHit(Struct, frozen=True):
    """A box of `locations` (west, south, east, north) that the point lies in, or that the place overlaps."""

    box: tuple[float, float, float, float]
    by: Where


Hit = PhraseHit | UserHit | BoxHit
