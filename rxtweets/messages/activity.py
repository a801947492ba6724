"""v2 activity events. Source: X's OpenAPI 2.167, `ActivityStreamResponse`, and its page of event payloads.

The page has what the description lacks, and shows a user as `{"data": {…}}` where the description has the
user itself, and a count twice, as a number and as text in `…_str`. Both forms are read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Raw
from msgspec.structs import replace

from rxtweets.messages import v2
from rxtweets.messages._base import Message, Part
from rxtweets.messages._decoding import FromEnvelope, Lazy, lazily, members, reader
from rxtweets.messages._forms import Number
from rxtweets.messages._text import DECODE_ERRORS, loads
from rxtweets.messages._twin import LONGEST
from rxtweets.messages.compliance import PostRef
from rxtweets.messages.like import Like
from rxtweets.messages.post import Includes, Post
from rxtweets.messages.problem import Problem

EVENT_TYPES = frozenset(
    {
        *("post.create", "post.delete", "post.mention.create", "post.reply.create"),
        *("post.quote.create", "post.repost.create"),
        *("like.create",),
        *("follow.follow", "follow.unfollow"),
        *("mute.mute", "mute.unmute"),
        *("block.block", "block.unblock"),
        *("profile.update.bio", "profile.update.profile_picture", "profile.update.banner_picture"),
        *("profile.update.screenname", "profile.update.handle", "profile.update.geo"),
        *("profile.update.url", "profile.update.verified_badge", "profile.update.affiliate_badge"),
        *("dm.sent", "dm.received", "dm.read", "dm.indicate_typing"),
        *("chat.received", "chat.sent", "chat.conversation.join", "chat.conversation_join"),
        *("chat.conversation.member_added", "chat.conversation.member_removed"),
        *("chat.conversation.admin_added", "chat.conversation.admin_removed"),
        *("chat.update.group_name", "chat.update.restrictions"),
        *("spaces.start", "spaces.end"),
        *("broadcast.start", "broadcast.end", "broadcast.chat"),
        *("news.new",),
        *("oauth.revoke",),
    }
)
"""The types of events that X has had so far; it adds some often.

Each can be subscribed to but `oauth.revoke`, which comes by itself. `chat.conversation_join` is the former
name of `chat.conversation.join`. Source: X's OpenAPI description, 2.167, and its page of event payloads.
"""

_PRIVATE = ("like.", "mute.", "block.", "dm.", "chat.")
_PRIVATE_OF_POSTS = ("post.mention.", "post.reply.", "post.quote.", "post.repost.")


def is_private(event_type: str) -> bool:
    """Return whether events of that type need the credentials of the user that they are about.

    Source: X's page "X Activity API: introduction".
    """
    return event_type.startswith((*_PRIVATE, *_PRIVATE_OF_POSTS))


class ActivityFilter(Part, frozen=True, kw_only=True):
    """The filter of the subscription that the activity matched."""

    user_id: str | None = None
    keyword: str | None = None
    direction: str | None = None


class Relation(Part, frozen=True, kw_only=True):
    """`source` followed, muted or blocked `target`, or no longer does: the event type says which."""

    source: v2.User = v2.User()
    target: v2.User = v2.User()


class ProfileUpdate(Part, frozen=True, kw_only=True):
    """A field of a profile, as it was and as it is; the event type says which field."""

    before: str | None = None
    after: str | None = None


class News(Part, frozen=True, kw_only=True):
    """A news story; `title` is its headline, under whichever of its two names it came."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "category", "title")

    id: str = ""
    name: str | None = None
    headline: str | None = None
    category: str | None = None
    hook: str | None = None
    summary: str | None = None
    contexts: dict[str, Any] | None = None
    cluster_posts_results: tuple[dict[str, Any], ...] = ()
    updated_at: Annotated[datetime, Meta(tz=True)] | None = None
    disclaimer: str | None = None

    @property
    def title(self) -> str | None:
        """The headline."""
        return self.headline if self.name is None else self.name

    @property
    def post_ids(self) -> tuple[str, ...]:
        """The ids of posts about it."""
        found = (one.get("post_id") for one in self.cluster_posts_results)
        return tuple(one for one in found if isinstance(one, str))


class _Target(Part, frozen=True, kw_only=True):
    recipient_id: str = ""


class _MessageData(Part, frozen=True, kw_only=True):
    text: str = ""
    entities: dict[str, Any] | None = None


class _MessageCreate(Part, frozen=True, kw_only=True):
    target: _Target = _Target()
    sender_id: str = ""
    message_data: _MessageData = _MessageData()


class DirectMessageEvent(Part, frozen=True, kw_only=True):
    """A direct message, or the sign that one was read or is being typed."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "type", "message_create")

    id: str = ""
    type: str = ""
    created_timestamp: Number | None = None
    message_create: _MessageCreate | None = None
    target: _Target = _Target()
    sender: str = msgspec.field(default="", name="sender_id")
    last_read_event_id: str | None = None

    @property
    def text(self) -> str:
        """The text of a message; empty for a sign."""
        return self.message_create.message_data.text if self.message_create else ""

    @property
    def sender_id(self) -> str:
        """The id of who wrote, read or is typing."""
        return self.message_create.sender_id if self.message_create else self.sender

    @property
    def recipient_id(self) -> str:
        """The id of whom that was for."""
        return (self.message_create or self).target.recipient_id

    @property
    def created_at(self) -> datetime | None:
        """The time of it; None where X doesn't say."""
        ms = self.created_timestamp
        in_range = ms is not None and 0 <= ms < 253_402_300_800_000  # the year 10,000
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms) if in_range and ms else None


class DirectMessages(Part, frozen=True, kw_only=True):
    """Direct messages, mostly one, and the accounts that are their parties, by id.

    The shapes of messages are those of X's page; those of read receipts and of typing are of the Account
    Activity API, which X's page doesn't show.
    """

    direct_message_events: tuple[DirectMessageEvent, ...] = ()
    direct_message_mark_read_events: tuple[DirectMessageEvent, ...] = ()
    direct_message_indicate_typing_events: tuple[DirectMessageEvent, ...] = ()
    users: dict[str, v2.User] = msgspec.field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of the first message; empty if there is none."""
        return self.direct_message_events[0].text if self.direct_message_events else ""

    @property
    def sender(self) -> v2.User | None:
        """The account that sent the first message, read it or is typing one."""
        return self.users.get(self._first.sender_id)

    @property
    def recipient(self) -> v2.User | None:
        """The account that it is for."""
        return self.users.get(self._first.recipient_id)

    @property
    def _first(self) -> DirectMessageEvent:
        events = (
            *self.direct_message_events,
            *self.direct_message_mark_read_events,
            *self.direct_message_indicate_typing_events,
        )
        return events[0] if events else DirectMessageEvent()


class ChatEvent(Part, frozen=True, kw_only=True):
    """An event of an encrypted chat, which X's chat library reads; `created_at_msec` is in milliseconds."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "conversation_id", "sender_id")

    id: str = ""
    conversation_id: str = ""
    conversation_token: str | None = None
    sender_id: str = ""
    created_at_msec: Number | None = None
    conversation_key_version: str | None = None
    conversation_key_change_event: str | None = None
    encoded_event: str | None = None
    message_event_signature: dict[str, Any] | None = None


class Broadcast(Part, frozen=True, kw_only=True):
    """A Space, or another live broadcast, of *user*."""

    user: v2.User = v2.User()
    broadcast_id: str = ""
    event_type: str | None = None


class AccessRevoked(Part, frozen=True, kw_only=True):
    """A user revoked an app's access: their tokens are no longer valid."""

    user_id: str = ""
    app_id: str = ""
    date_time: Annotated[datetime, Meta(tz=True)] | None = None


def _payload(raw: Raw) -> tuple[Any, tuple[str, ...]]:
    """Return the payload as the kind that its members tell; one of no known kind as the JSON value."""
    raw = _plain(raw)
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
    (Relation, frozenset({"source", "target"})),
    (ProfileUpdate, frozenset({"before", "after"})),
    (News, frozenset({"headline", "hook", "summary"})),
    (
        DirectMessages,
        frozenset(
            {
                "direct_message_events",
                "direct_message_mark_read_events",
                "direct_message_indicate_typing_events",
            }
        ),
    ),
    (ChatEvent, frozenset({"encoded_event", "conversation_token"})),
    (Broadcast, frozenset({"broadcast_id"})),
    (AccessRevoked, frozenset({"app_id"})),
)


def _includes(raw: Raw) -> tuple[Any, tuple[str, ...]]:
    return reader(Includes, Includes())(_plain(raw))


def _plain(raw: Raw) -> Raw:
    """Return JSON with users out of their `{"data": …}`, and numbers as their `…_str` says."""
    text = bytes(raw)
    if b'"data"' not in text and b'_str"' not in text:
        return raw
    try:
        found = loads(text)
    except DECODE_ERRORS:
        return raw
    return Raw(msgspec.json.encode(found)) if _make_plain(found) else raw


def _make_plain(value: Any) -> bool:
    """Change a JSON value in place; return whether anything was changed."""
    changed = False
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(inner, dict) and inner.keys() == {"data"} and isinstance(inner["data"], dict):
            inner = value[key] = inner["data"]
            changed = True
        if isinstance(inner, dict | list):
            changed = _make_plain(inner) or changed
        elif isinstance(inner, str) and isinstance(key, str) and key.endswith("_str"):
            number, name = _number(inner), key.removesuffix("_str")
            if number is not None and not isinstance(value.get(name), str) and value.get(name) != number:
                value[name] = number
                changed = True
    return changed


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST else None


@lazily(payload=_payload, includes=_includes)
class Activity(Message, frozen=True, kw_only=True, rename={"errors": "\x7ferrors"}):
    """An event that an activity subscription asked for.

    Attributes:
        event_uuid: the id of the event, a number as text, which may be negative.
        event_type: `post.create`, `like.create`, `follow.follow`, `profile.update.bio`, `dm.received` and so
            on; `EVENT_TYPES` has those that X has had so far.
        filter: what the subscription filters by; empty for `oauth.revoke`, which comes without one.
        tag: the subscription's, None if it has none.
        payload: a `Post`; for a deleted post a `PostRef`; a `Like`; a `Relation` for follows, mutes and
            blocks; a `ProfileUpdate`, `DirectMessages`, `ChatEvent`, `Broadcast`, `News` or `AccessRevoked`;
            of event types this version does not know, the JSON value. `post` and `like` are it with
            `includes`.
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
        return replace(self.payload, includes=self.includes) if isinstance(self.payload, Post) else None

    @property
    def like(self) -> Like | None:
        """The like of the payload, with `includes` as its own; None for other payloads."""
        return replace(self.payload, includes=self.includes) if isinstance(self.payload, Like) else None
