"""X's prices as a value, and the resources of a message that are charged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType

import msgspec

from .messages import Activity, Like, Post, Status
from .messages.post import Includes

Resource = tuple[str, str]
"""Something that X charges: its kind, and its id."""

_EVENTS: Mapping[str, float] = MappingProxyType(
    {
        "post.create": 0.005,
        "post.delete": 0.0,
        "post.mention.create": 0.005,
        "post.reply.create": 0.005,
        "post.quote.create": 0.005,
        "post.repost.create": 0.005,
        "like.create": 0.001,
        "follow.*": 0.010,
        "mute.*": 0.001,
        "block.*": 0.001,
        "profile.update.*": 0.005,
        "chat.received": 0.010,
        "chat.sent": 0.0,
        "chat.conversation.join": 0.0,
        "chat.conversation_join": 0.0,
        "dm.received": 0.010,
        "dm.sent": 0.0,
        "dm.read": 0.0,
        "dm.indicate_typing": 0.0,
        "news.new": 0.005,
        "spaces.*": 0.005,
    }
)


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of what X delivers to an app that pays as it goes, in dollars.

    The defaults are those of August 2026. Source: X's pages "X API pricing" and "X Activity API event
    pricing". They change: `Prices(post=0.004)` sets others. X charges for a resource once per UTC day,
    however often it is delivered. Posts, users and media that `expansions` add are resources of their own;
    places and polls have no price.

    Attributes:
        post: a post.
        user: a user.
        media: a photo, a video or a GIF.
        like: a like.
        counts_recent: a request to `client.counts`.
        counts_all: one with *archive*.
        events: each event of the activity stream, by its name; `follow.*` covers all whose names begin with
            `follow.`, unless a longer name matches.
        unknown_event: an event that *events* doesn't contain; as expensive as the most expensive published
            one, so that a budget holds.

    Raises:
        ValueError: a price isn't a number of 0 or more; it is named.
    """

    post: float = 0.005
    user: float = 0.010
    media: float = 0.005
    like: float = 0.001
    counts_recent: float = 0.005
    counts_all: float = 0.010
    events: Mapping[str, float] = _EVENTS
    unknown_event: float = 0.010

    def __post_init__(self) -> None:
        own = {name: getattr(self, name) for name in self.__struct_fields__ if name != "events"}
        for name, price in {**self.events, **own}.items():
            number = isinstance(price, int | float) and not isinstance(price, bool)
            if not (number and 0 <= price < math.inf):
                raise ValueError(f"the price of {name} is a number of dollars, 0 or more, not {price!r}")

    def find(self, kind: str) -> float | None:
        """Return the price of a kind of resource: `"post"`, `"user"`, or the name of an event.

        Of an event without a price it is None.
        """
        if kind in KINDS:
            return float(getattr(self, kind))
        if kind in self.events:
            return self.events[kind]
        parts = kind.split(".")
        for length in range(len(parts) - 1, 0, -1):
            price = self.events.get(".".join(parts[:length]) + ".*")
            if price is not None:
                return price
        return None

    def price(self, kind: str) -> float:
        """Return the price of a kind of resource; `unknown_event` for an event without one."""
        found = self.find(kind)
        return self.unknown_event if found is None else found

    def of(self, *messages: object) -> float:
        """Return what messages cost that X hasn't delivered today yet, each resource once."""
        found = {one for message in messages for one in resources(message)}
        return math.fsum(self.price(kind) for kind, _ in found)


KINDS = frozenset(Prices.__struct_fields__) - {"events", "unknown_event"}
"""The kinds of resources that are no events."""


def resources(message: object) -> list[Resource]:
    """Return what X charges for a message: none for what is no post, like or activity of v2.

    A status of Powerstream, which names the rules that it matched, is a post; v1.1's others aren't charged.
    """
    if isinstance(message, Activity):
        return [(message.event_type, message.event_uuid)]
    if isinstance(message, Post):
        found = [("post", message.id)]
    elif isinstance(message, Like):
        found = [("like", message.id)]
    elif isinstance(message, Status) and message.matching_rules:
        return [("post", str(message.id))]
    else:
        return []
    if message.includes is not _NOTHING:
        found.extend(one for one in _included(message.includes) if one not in found)
    return found


_BROUGHT = {
    "author_id": "user",
    "in_reply_to_user_id": "user",
    "entities.mentions.username": "user",
    "entities.note.mentions.username": "user",
    "affiliation.user_id": "user",
    "liked_tweet_author_id": "user",
    "referenced_tweets.id.author_id": "user",
    "referenced_tweets.id": "post",
    "referenced_tweets.id.referenced_tweets.id": "post",
    "liked_tweet_id": "post",
    "attachments.media_source_tweet": "post",
    "attachments.media_keys": "media",
    "article.cover_media": "media",
    "article.media_entities": "media",
    "referenced_tweets.id.attachments.media_keys": "media",
}


def brought_by(expansions: Iterable[str]) -> list[str]:
    """Return the kinds of resources that *expansions* bring with a post: one of each that brings any."""
    asked = dict.fromkeys(expansions)
    if any(one.startswith("referenced_tweets.id.") for one in asked):
        asked["referenced_tweets.id"] = None  # which they imply
    return [_BROUGHT[one] for one in asked if one in _BROUGHT]


class _Id(msgspec.Struct):
    id: str = ""


class _Key(msgspec.Struct):
    media_key: str = ""


class _Ids(msgspec.Struct):
    """The ids of what is included, read without the rest."""

    users: list[_Id] = []
    tweets: list[_Id] = []
    posts: list[_Id] = []
    media: list[_Key] = []


_ids = msgspec.json.Decoder(_Ids)
_NOTHING = Post().includes


def _included(includes: Includes) -> Iterator[Resource]:
    found: _Ids | Includes = includes
    if includes.raw:
        with suppress(ValueError):  # not as documented: what can be read of it counts
            found = _ids.decode(includes.raw)
    for user in found.users:
        yield "user", user.id
    for post in (*found.tweets, *found.posts):
        yield "post", post.id
    for media in found.media:
        yield "media", media.media_key or ""
