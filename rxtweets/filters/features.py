"""The features of a status that v1.1's filter looks at: words and their places, users, the location."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple

from rxtweets.messages import Status, unescape
from rxtweets.messages.entities import Entities

from .cells import Box, message_cells
from .hits import Field, Part, Role, Where
from .tokens import Words, fold, tokens, without_cut


class SourceText(NamedTuple):
    """A text that belongs to a status: its words, signs included, and itself, folded."""

    part: Part
    field: Field
    words: AbstractSet[str]
    text: str = ""


class StatusFeatures:
    """The features of a status, each found on first access and kept for all filters."""

    __slots__ = ("_features", "_users", "_where", "_written", "status")

    def __init__(self, status: Status) -> None:
        self.status = status
        self._written: tuple[SourceText, ...] | None = None
        self._users: tuple[tuple[int, Role], ...] | None = None
        self._where: tuple[Box, Where] | Literal[False] | None = False
        self._features: AbstractSet[object] | None = None

    @property
    def written(self) -> tuple[SourceText, ...]:
        """All texts, those of what the status repeats and quotes included."""
        if self._written is None:
            self._written = tuple(_written(self.status))
        return self._written

    @property
    def users(self) -> tuple[tuple[int, Role], ...]:
        """The ids that `follow` finds it by; none for a protected account."""
        if self._users is None:
            self._users = tuple(_users(self.status))
        return self._users

    @property
    def where(self) -> tuple[Box, Where] | None:
        """The point it was sent from, as a box without extent, else the box around its place."""
        if self._where is False:
            self._where = _where(self.status)
        return self._where

    @property
    def features(self) -> AbstractSet[object]:
        """Words, signs included; ids of users; cells of the map."""
        if self._features is None:
            found: set[object] = set()
            found.update(*(written.words for written in self.written))
            found.update(user for user, _ in self.users)
            if self.where:
                found.update(message_cells(self.where[0]))
            self._features = found
        return self._features


def _written(status: Status) -> Iterator[SourceText]:
    original = status.retweeted_status
    if original is None:
        yield from _texts(status, "status")
    else:
        yield from _spoken("status", _before_retweet(status), Entities())
        yield from _texts(original, "retweet")
    quoted = (original.quoted_status if original else None) or status.quoted_status
    if quoted is not None:
        yield from _texts(quoted, "quote")


def _before_retweet(status: Status) -> str:
    """Return the text of a retweet before the text that it repeats, which may be cut in it."""
    text = status.text or status.text_in_full
    return text.partition(":")[0] if text.startswith("RT @") else ""


def _texts(status: Status, part: Part) -> Iterator[SourceText]:
    entities = status.full_entities
    text = status.full_text
    if status.truncated and text == status.text:
        kept, dots, link = text.rpartition("…")  # the link is one to the status itself
        text = without_cut(kept + dots) + link
    links = [(link.url, link.expanded_url or "", link.display_url or "") for link in entities.urls]
    links += [(item.url, item.expanded_url, item.display_url) for item in status.media]
    permalink = status.quoted_status_permalink
    if permalink is not None:
        links.append((permalink.url, permalink.expanded, permalink.display))
    for short, expanded, _ in links:
        if short and expanded:
            text = text.replace(short, " ")
    yield from _spoken(part, text, entities)
    for url in dict.fromkeys(url for _, *urls in links for url in urls if url):
        folded = fold(without_cut(url))
        yield SourceText(part, "url", tokens(folded), folded)


def _spoken(part: Part, text: str, entities: Entities) -> Iterator[SourceText]:
    """Yield the text and the tags, names and symbols in it, also where a server sends no entities."""
    folded = fold(unescape(text))
    words = Words(folded)
    yield SourceText(part, "text", words.plain, folded)
    tags = words.tags.union("#" + fold(tag.text) for tag in entities.hashtags)
    names = words.names.union("@" + fold(mention.screen_name) for mention in entities.user_mentions)
    symbols = words.symbols.union("$" + fold(symbol.text) for symbol in entities.symbols)
    for field, marked in (("hashtag", tags), ("mention", names), ("cashtag", symbols)):
        if marked:
            yield SourceText(part, field, marked.union(*map(tokens, marked)))  # type: ignore[arg-type]


def _users(status: Status) -> Iterator[tuple[int, Role]]:
    if status.user.protected:
        return
    yield status.user.id, "author"
    if status.retweeted_status is not None:
        yield status.retweeted_status.user.id, "retweeted"
    if status.in_reply_to_status_id is not None and status.in_reply_to_user_id is not None:
        yield status.in_reply_to_user_id, "replied_to"


def _where(status: Status) -> tuple[Box, Where] | None:
    point = status.coordinates.coordinates if status.coordinates else None
    if point is not None:
        return (point[0], point[1], point[0], point[1]), "point"
    box = status.place.bounding_box if status.place else None
    corners = [corner for ring in box.coordinates for corner in ring] if box else []
    if not corners:
        return None
    longitudes, latitudes = zip(*corners, strict=True)
    return (min(longitudes), min(latitudes), max(longitudes), max(latitudes)), "place"
