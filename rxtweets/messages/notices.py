"""v1.1 messages that are not statuses, each with the member of its JSON that tells its kind.

Source: X's v1.1 documentation, "Streaming message types".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from msgspec import Meta, Raw

from rxtweets.messages._base import Message, Part
from rxtweets.messages._decoding import Lazy, lazily, members, reader
from rxtweets.messages._forms import Countries
from rxtweets.messages._text import DECODE_ERRORS, loads
from rxtweets.messages._time import RawTimestamp, from_milliseconds, timed
from rxtweets.messages._twin import LONGEST, twins
from rxtweets.messages.entities import Entities
from rxtweets.messages.status import Status
from rxtweets.messages.user import User

__all__ = [
    "ConnectionMetadata",
    "Control",
    "Delete",
    "Deleted",
    "DirectMessage",
    "DisconnectMessage",
    "Event",
    "FriendsList",
    "Limit",
    "ScrubGeo",
    "StatusWithheld",
    "StreamWarning",
    "UserWithheld",
]

M = TypeVar("M", bound=Message)


INSIDE: dict[str, type[Message]] = {}
"""Kinds of message by the one member of the JSON object that tells the kind and contains the message."""

TOLD_BY: dict[str, type[Message]] = {}
"""Kinds of message by a member that tells the kind, the message being the whole JSON object."""


def inside(member: str) -> Callable[[type[M]], type[M]]:
    """Return a class decorator: `decode` finds messages of the class inside *member*."""

    def decorate(kind: type[M]) -> type[M]:
        INSIDE[member] = kind
        return kind

    return decorate


def told_by(*members: str) -> Callable[[type[M]], type[M]]:
    """Return a class decorator: `decode` takes an object with one of *members* for a message of the class."""

    def decorate(kind: type[M]) -> type[M]:
        TOLD_BY.update(dict.fromkeys(members, kind))
        return kind

    return decorate


@twins
class Deleted(Part, frozen=True, kw_only=True):
    """A deleted status or direct message, and its author."""

    id: int = 0
    id_str: str = ""
    user_id: int = 0
    user_id_str: str = ""


@inside("delete")
class Delete(Message, frozen=True, kw_only=True):
    """A status (`status`) or direct message (`direct_message`) was deleted: forget it."""

    _shown: ClassVar[tuple[str, ...]] = ("status", "direct_message")

    status: Deleted | None = None
    direct_message: Deleted | None = None
    timestamp_ms: str | None = None

    @property
    def id(self) -> int:
        """The id of what was deleted."""
        return self._deleted.id

    @property
    def user_id(self) -> int:
        """The id of its author."""
        return self._deleted.user_id

    @property
    def deleted_at(self) -> datetime | None:
        """The time of the deletion; None when X does not say."""
        return from_milliseconds(self.timestamp_ms)

    @property
    def _deleted(self) -> Deleted:
        return self.status or self.direct_message or Deleted()


@inside("scrub_geo")
@twins
class ScrubGeo(Message, frozen=True, kw_only=True):
    """Forget where the account's statuses up to that id were sent from."""

    user_id: int = 0
    user_id_str: str = ""
    up_to_status_id: int = 0
    up_to_status_id_str: str = ""


@inside("limit")
class Limit(Message, frozen=True, kw_only=True):
    """More statuses match than X may send: `track` is the total withheld since the connection was opened."""

    track: int = 0
    timestamp_ms: str | None = None


@inside("status_withheld")
@twins
class StatusWithheld(Message, frozen=True, kw_only=True):
    """A status is withheld in these countries: ISO 3166 codes, `XX` for all, `XY` for a copyright claim."""

    id: int = 0
    id_str: str = ""
    user_id: int = 0
    user_id_str: str = ""
    withheld_in_countries: Countries = ()
    timestamp_ms: str | None = None


@inside("user_withheld")
@twins
class UserWithheld(Message, frozen=True, kw_only=True):
    """An account is withheld in these countries: ISO 3166 codes, `XX` for all, `XY` for a copyright claim."""

    id: int = 0
    id_str: str = ""
    withheld_in_countries: Countries = ()
    timestamp_ms: str | None = None


@inside("disconnect")
class DisconnectMessage(Message, frozen=True, kw_only=True):
    """The server is about to end the stream.

    Attributes:
        code: 1 shutdown, 2 duplicate stream, 3 control request, 4 stall, 5 normal, 6 token revoked, 7 admin
            logout (the same account connected again), 9 too many messages, 10 stream exception, 11 broker
            stall, 12 load.
        stream_name: of this connection.
        reason: for people.
    """

    code: int = 0
    stream_name: str = ""
    reason: str = ""


@inside("warning")
class StreamWarning(Message, frozen=True, kw_only=True):
    """A warning by the server, if requested with `stall_warnings`.

    Attributes:
        code: `FALLING_BEHIND`, with `percent_full` of the server's queue for this client;
            `FOLLOWS_OVER_LIMIT`, with the `user_id` that follows too many accounts to get all of them.
        message: for people.
    """

    code: str = ""
    message: str = ""
    percent_full: int | None = None
    user_id: int | None = None
    timestamp_ms: str | None = None


_Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Digits = Annotated[str, Meta(max_length=LONGEST)]


@told_by("friends", "friends_str")
class FriendsList(Message, frozen=True, kw_only=True):
    """The ids an account follows, first on a user stream; `ids` has them in whichever form they came."""

    friends: tuple[_Number, ...] = ()
    friends_str: tuple[_Digits, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """The followed ids as numbers; a number longer than any id does not count."""
        return (
            tuple(int(text) for text in self.friends_str if len(text) <= LONGEST and text.isdecimal())
            or self.friends
        )


@inside("direct_message")
@timed
@twins
@lazily()
class DirectMessage(Message, frozen=True, kw_only=True):
    """A direct message sent or received; `created_at` is an aware datetime, None when unreadable."""

    id: int = 0
    id_str: str = ""
    text: str = ""
    created_at: RawTimestamp = None
    sender_id: int = 0
    sender_id_str: str = ""
    sender_screen_name: str = ""
    sender: Lazy[User] = User()
    recipient_id: int = 0
    recipient_id_str: str = ""
    recipient_screen_name: str = ""
    recipient: Lazy[User] = User()
    entities: Lazy[Entities] = Entities()

    _shown: ClassVar[tuple[str, ...]] = ("id", "sender_screen_name", "text")


def number(raw: Raw) -> tuple[int, tuple[str, ...]]:
    """Return an id that X documents as a number or a string."""
    id, mismatch = reader(int, 0)(raw)
    return id, mismatch if id == 0 else ()


def _user_or_id(raw: Raw) -> tuple[User, tuple[str, ...]]:
    """Return an account, of which some events give the id alone."""
    if members(raw):
        user: tuple[User, tuple[str, ...]] = reader(User, User())(raw)
        return user
    id, mismatch = number(raw)
    return User(id=id, id_str=str(id) if id else ""), mismatch


def _object(raw: Raw) -> tuple[Any, tuple[str, ...]]:
    """Return the object of an event: a status, else the JSON value as it is."""
    if is_status(members(raw)):
        return reader(Status, None)(raw)
    try:
        return loads(bytes(raw)), ()
    except DECODE_ERRORS:
        return None, ("",)


@told_by("event")
@timed
@lazily(source=_user_or_id, target=_user_or_id, target_object=_object)
class Event(Message, frozen=True, kw_only=True):
    """An action between accounts: `source` followed, blocked, favorited … `target`.

    Attributes:
        event: `follow`, `unfollow`, `favorite`, `list_member_added`, `user_update` and so on; also as `name`.
        source, target: the accounts; where X gives an id alone, an account with nothing but that.
        target_object: the `Status` it happened to, a list as a dict, or a string, depending on the event.
        created_at: an aware datetime, None when unreadable.
    """

    event: str = ""
    created_at: RawTimestamp = None
    timestamp_ms: str | None = None
    source: Lazy[User] = User()
    target: Lazy[User] = User()
    target_object: Lazy[Status | dict[str, Any] | str | None] = None

    @property
    def name(self) -> str:
        """The event's name."""
        return self.event


@inside("control")
class Control(Message, frozen=True, kw_only=True):
    """The path, below the stream's host, that controls a site stream; first on it."""

    control_uri: str = ""


@told_by("datacenter")
class ConnectionMetadata(Message, frozen=True, kw_only=True):
    """The data centre that Powerstream is connected to; first on it with `local_dc_only`.

    Attributes:
        type: `connection_metadata`.
        datacenter: its name, such as `atla`.
        timestamp: the time of the connection, in UNIX milliseconds.
    """

    type: str = ""
    datacenter: str = ""
    timestamp: int | None = None

    @property
    def connected_at(self) -> datetime | None:
        """The time of the connection; None when X does not say."""
        return None if self.timestamp is None else from_milliseconds(str(self.timestamp))


def is_status(fields: dict[str, Any]) -> bool:
    """Return whether a JSON object with these members is a v1.1 status; its author may be missing."""
    if "text" not in fields and "full_text" not in fields:
        return False
    return "user" in fields or not (_IDS.isdisjoint(fields) or _OF_OTHERS & fields.keys())


_IDS = frozenset({"id", "id_str"})
# A flat direct message and a v2 post have a text and an id, too.
_OF_OTHERS = frozenset(
    {"sender", "sender_id", "author_id", "edit_history_tweet_ids", "edit_history_post_ids"}
)
