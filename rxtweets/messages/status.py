"""v1.1 statuses.

Source: X's v1.1 data dictionary, "Tweet object" and "Extended Tweets".
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec.structs import replace

from rxtweets.messages._base import Message, Part
from rxtweets.messages._card import card
from rxtweets.messages._decoding import Lazy, lazily
from rxtweets.messages._forms import Countries
from rxtweets.messages._text import LEVELS, short, whole_retweet
from rxtweets.messages._time import RawTimestamp, timed
from rxtweets.messages._twin import twins
from rxtweets.messages.entities import Entities, ExtendedEntities, Indices, Media
from rxtweets.messages.place import Coordinates, Place
from rxtweets.messages.post import MatchingRule
from rxtweets.messages.user import User


class ExtendedTweet(Part, frozen=True, kw_only=True):
    """The whole of a status over 140 characters, as the streams send it beside the cut one."""

    _shown: ClassVar[tuple[str, ...]] = ("full_text",)

    full_text: str = ""
    display_text_range: Indices | None = None
    entities: Entities = Entities()
    extended_entities: ExtendedEntities = ExtendedEntities()


class Permalink(Part, frozen=True, kw_only=True):
    """The link to a quoted status that would stand in the text: short, whole, as displayed."""

    url: str = ""
    expanded: str = ""
    display: str = ""


@timed
@twins
@lazily()
class Status(Message, frozen=True, kw_only=True, rename={"text_in_full": "full_text"}):
    """A v1.1 status: a tweet, reply, retweet or quote.

    `text` and `entities` are as received, so cut where the status is longer than 140 characters; `full_text`,
    `full_entities` and `media` are complete. All texts are HTML-escaped, as X sends them: `&amp;`, `&lt;` and
    `&gt;`, nothing else. `created_at` is an aware datetime, None when missing or unreadable. `id` and the
    other ids are read from their `…_str` where that came. `user` of a status without one is an empty
    account: its `id` is 0, its `screen_name` empty. `matching_rules` are the rules of Powerstream that it
    matched; other streams send none. `user`, `entities` and the other objects are decoded on first access.
    """

    # The fields are in X's order: msgspec finds the next key fastest right after the last.
    created_at: RawTimestamp = None
    id: int = 0
    id_str: str = ""
    text: str = ""
    text_in_full: str = ""
    display_text_range: Indices | None = None
    source: str | None = None
    truncated: bool = False
    in_reply_to_status_id: int | None = None
    in_reply_to_status_id_str: str | None = None
    in_reply_to_user_id: int | None = None
    in_reply_to_user_id_str: str | None = None
    in_reply_to_screen_name: str | None = None
    user: Lazy[User] = User()
    geo: Lazy[Coordinates | None] = None
    coordinates: Lazy[Coordinates | None] = None
    place: Lazy[Place | None] = None
    contributors: Lazy[tuple[Any, ...] | None] = None
    retweeted_status: Lazy[Status | None] = None
    quoted_status_id: int | None = None
    quoted_status_id_str: str | None = None
    quoted_status: Lazy[Status | None] = None
    quoted_status_permalink: Lazy[Permalink | None] = None
    is_quote_status: bool = False
    extended_tweet: Lazy[ExtendedTweet | None] = None
    quote_count: int | None = None
    reply_count: int | None = None
    retweet_count: int = 0
    favorite_count: int | None = None
    entities: Lazy[Entities] = Entities()
    extended_entities: Lazy[ExtendedEntities] = ExtendedEntities()
    favorited: bool | None = None
    retweeted: bool = False
    possibly_sensitive: bool | None = None
    filter_level: str | None = None
    lang: str | None = None
    timestamp_ms: str | None = None
    metadata: Lazy[dict[str, Any] | None] = None
    current_user_retweet: Lazy[dict[str, Any] | None] = None
    scopes: Lazy[dict[str, Any] | None] = None
    withheld_copyright: bool | None = None
    withheld_in_countries: Countries = ()
    withheld_scope: str | None = None
    matching_rules: Lazy[tuple[MatchingRule, ...]] = ()

    @property
    def full_text(self) -> str:
        """The whole text, whichever of `extended_tweet`, `full_text` and `text` holds it.

        Of a retweet, whose own text X cuts, it is `RT @name: ` and the whole text of `retweeted_status`.
        """
        original = self.retweeted_status
        whole = original._own_text if original is not None else ""
        if original is None or not whole:
            return self._own_text
        return whole_retweet(self._own_text, whole, lambda: original.user.screen_name)

    @property
    def _own_text(self) -> str:
        extended = self.extended_tweet
        return (extended.full_text if extended else "") or self.text_in_full or self.text

    @property
    def _own_entities(self) -> Entities:
        extended = self.extended_tweet
        return extended.entities if extended else self.entities

    @property
    def full_entities(self) -> Entities:
        """The entities of `full_text`, with the media that `entities` has."""
        own, original, text = self._own_entities, self.retweeted_status, self.full_text
        if original is None or text == self._own_text:
            return own
        before = len(text) - len(original._own_text)
        named = tuple(mention for mention in own.user_mentions if mention.indices[1] < before)
        moved = original._own_entities.moved(before)
        return replace(moved, user_mentions=named + moved.user_mentions)

    @property
    def media(self) -> tuple[Media, ...]:
        """All photos, or the video or animated GIF, of the status, or of the one that it repeats."""
        original = self.retweeted_status
        return self._own_media or (original._own_media if original is not None else ())

    @property
    def _own_media(self) -> tuple[Media, ...]:
        extended = self.extended_tweet
        if extended:
            return extended.extended_entities.media or extended.entities.media
        return self.extended_entities.media or self.entities.media

    @property
    def is_retweet(self) -> bool:
        """True if it repeats another status, `retweeted_status`."""
        return self.retweeted_status is not None

    @property
    def is_reply(self) -> bool:
        """True if it answers another status or begins with a mention."""
        return self.in_reply_to_status_id is not None or self.in_reply_to_user_id is not None

    def _repr_html_(self) -> str:
        """Return a card, which a notebook shows."""
        quoted = self.quoted_status
        return self._card(quoted._card() if quoted is not None else "")

    def _card(self, quoted: str = "") -> str:
        user = self.user
        labels = [rule.tag or f"rule {rule.id}" for rule in self.matching_rules]
        labels += [media.type for media in self.media]
        text = self.full_text
        return card(str(self.id), user.name, user.screen_name, self.created_at, text, labels, quoted)

    def _short(self, levels: int = LEVELS) -> str:
        return f"Status(id={self.id}, user='@{self.user.screen_name}', text={short(self.full_text)})"
