"""v2 activity events. Source: X's OpenAPI 2.167, `ActivityStreamResponse`."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Raw

from rxtweets.messages import v2
from rxtweets.messages._base import Message, Part
from rxtweets.messages._decoding import FromEnvelope, Lazy, lazily, members, reader
from rxtweets.messages._text import DECODE_ERRORS, loads
from rxtweets.messages.compliance import PostRef
from rxtweets.messages.like import Like
from rxtweets.messages.post import Includes, Post
from rxtweets.messages.problem import Problem


class ActivityFilter(Part, frozen=True, kw_only=True):
    """The filter of the subscription that an activity matched."""

    user_id: str | None = None
    keyword: str | None = None
    direction: str | None = None


class Follow(Part, frozen=True, kw_only=True):
    """`source` followed or unfollowed `target`."""

    source: v2.User = v2.User()
    target: v2.User = v2.User()


class ProfileUpdate(Part, frozen=True, kw_only=True):
    """A field of a profile, as it was and as it is."""

    before: str | None = None
    after: str | None = None


class News(Part, frozen=True, kw_only=True):
    """A news story."""

    category: str | None = None
    headline: str | None = None
    hook: str | None = None
    summary: str | None = None


def _payload(raw: Raw) -> tuple[Any, tuple[str, ...]]:
    """Return the payload as the kind that its members tell; one of no known kind as the JSON value."""
    fields = members(raw)
    for kind, telling in _PAYLOADS:
        if not telling.isdisjoint(fields):
            return reader(kind, None)(raw)
    if {name.removesuffix("_str") for name in fields} == {"id", "author_id"}:
        return reader(PostRef, None)(raw)
    try:
        return loads(bytes(raw)), ()
    except DECODE_ERRORS:
        return None, ("",)


_PAYLOADS: tuple[tuple[Any, frozenset[str]], ...] = (
    (Post, frozenset({"text"})),
    (Like, frozenset({"liked_tweet_id", "tweet_author_id"})),
    (Follow, frozenset({"source", "target"})),
    (ProfileUpdate, frozenset({"before", "after"})),
    (News, frozenset({"headline", "hook", "summary"})),
)


@lazily(payload=_payload)
class Activity(Message, frozen=True, kw_only=True, rename={"errors": "\x7ferrors"}):
    """An event that an activity subscription asked for.

    Attributes:
        event_type: `post.create`, `like.create`, `follow.follow`, `profile.update.bio`, `dm.received` and so
            on.
        tag: the subscription's, None if it has none.
        payload: a `Post`, `Like`, `Follow`, `ProfileUpdate`, `News`, for a deleted post a `PostRef`; of event
            types this version does not know, the JSON value. `post` is it with `includes`.
    """

    _shown: ClassVar[tuple[str, ...]] = ("event_type", "event_uuid", "tag", "payload")

    errors: FromEnvelope[tuple[Problem, ...]] = ()
    event_uuid: str = ""
    event_type: str = ""
    filter: Lazy[ActivityFilter] = ActivityFilter()
    tag: str | None = None
    payload: Lazy[Any] = None
    includes: Lazy[Includes] = Includes()

    @property
    def post(self) -> Post | None:
        """The post of the payload, with `includes` as its own; None for other payloads."""
        from msgspec.structs import replace

        return replace(self.payload, includes=self.includes) if isinstance(self.payload, Post) else None
