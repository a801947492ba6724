"""One operator for each kind of message."""

from __future__ import annotations

import re
import warnings as warnings_
from collections.abc import Callable
from typing import Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.messages import (
    EVENT_TYPES,
    Activity,
    ComplianceEvent,
    ConnectionMetadata,
    Control,
    Delete,
    DirectMessage,
    DisconnectMessage,
    Event,
    FriendsList,
    Label,
    Lifecycle,
    Like,
    Limit,
    Message,
    Post,
    ScrubGeo,
    Status,
    StatusWithheld,
    StreamProblem,
    StreamWarning,
    Undecodable,
    Unknown,
    UserWithheld,
)

from ._of_type import of_type

__all__ = [
    "activities",
    "compliance_events",
    "connection_metadata",
    "controls",
    "deletes",
    "direct_messages",
    "disconnects",
    "events",
    "friends",
    "labels",
    "lifecycle",
    "likes",
    "limits",
    "messages",
    "posts",
    "problems",
    "scrub_geos",
    "status_withheld",
    "statuses",
    "undecodable",
    "unknown",
    "user_withheld",
    "warnings",
]


def messages() -> Callable[[Observable[Any]], Observable[Message]]:
    """Keep what the server sent; drop connection events."""
    return of_type(Message)


def lifecycle() -> Callable[[Observable[Any]], Observable[Lifecycle]]:
    """Keep what happens to the stream: connection events, such as Reconnecting, and Dropped."""
    return of_type(Lifecycle)


def statuses() -> Callable[[Observable[Any]], Observable[Status]]:
    """Keep the v1.1 statuses."""
    return of_type(Status)


def posts() -> Callable[[Observable[Any]], Observable[Post]]:
    """Keep the v2 posts."""
    return of_type(Post)


def deletes() -> Callable[[Observable[Any]], Observable[Delete]]:
    """Keep the notices that a status or direct message was deleted."""
    return of_type(Delete)


def scrub_geos() -> Callable[[Observable[Any]], Observable[ScrubGeo]]:
    """Keep the notices that a user's locations are to be forgotten."""
    return of_type(ScrubGeo)


def limits() -> Callable[[Observable[Any]], Observable[Limit]]:
    """Keep the notices of how many matching statuses were withheld."""
    return of_type(Limit)


def status_withheld() -> Callable[[Observable[Any]], Observable[StatusWithheld]]:
    """Keep the notices that a status is withheld in some countries."""
    return of_type(StatusWithheld)


def user_withheld() -> Callable[[Observable[Any]], Observable[UserWithheld]]:
    """Keep the notices that a user is withheld in some countries."""
    return of_type(UserWithheld)


def disconnects() -> Callable[[Observable[Any]], Observable[DisconnectMessage]]:
    """Keep the goodbyes of a v1.1 server."""
    return of_type(DisconnectMessage)


def warnings() -> Callable[[Observable[Any]], Observable[StreamWarning]]:
    """Keep the warnings that this client falls behind, or follows too many."""
    return of_type(StreamWarning)


def friends() -> Callable[[Observable[Any]], Observable[FriendsList]]:
    """Keep the lists of followed users, with which a user stream begins."""
    return of_type(FriendsList)


def direct_messages() -> Callable[[Observable[Any]], Observable[DirectMessage]]:
    """Keep the direct messages of user and site streams."""
    return of_type(DirectMessage)


def events() -> Callable[[Observable[Any]], Observable[Event]]:
    """Keep the events of user and site streams: follows, favorites, lists and so on."""
    return of_type(Event)


def controls() -> Callable[[Observable[Any]], Observable[Control]]:
    """Keep the control message with which a site stream begins."""
    return of_type(Control)


def connection_metadata() -> Callable[[Observable[Any]], Observable[ConnectionMetadata]]:
    """Keep the message with which Powerstream says which data centre it is connected to."""
    return of_type(ConnectionMetadata)


def likes() -> Callable[[Observable[Any]], Observable[Like]]:
    """Keep the likes of the v2 likes streams."""
    return of_type(Like)


def compliance_events() -> Callable[[Observable[Any]], Observable[ComplianceEvent]]:
    """Keep the events of the v2 compliance streams."""
    return of_type(ComplianceEvent)


def labels() -> Callable[[Observable[Any]], Observable[Label]]:
    """Keep the notices of the v2 labels stream."""
    return of_type(Label)


def activities(*event_types: str) -> Callable[[Observable[Any]], Observable[Activity]]:
    """Keep the events of the v2 activity stream, or only those of *event_types* if given.

    ::

        posts = tw.activities("post.create", "post.delete")
        changes = tw.activities("follow.*", "profile.*")

    Args:
        event_types: names such as `post.create`, or groups such as `follow.*`. X adds names often, so one
            that this version doesn't know is accepted, with a `UserWarning` that lists similar names.

    Raises:
        ValueError: one of them can't be the name of an event or a group.
    """
    every = of_type(Activity)
    if not event_types:
        return every
    for name in event_types:
        _check_event_type(name)
    names = {name for name in event_types if not name.endswith("*")}
    groups = tuple(name[:-1] for name in event_types if name.endswith("*"))

    def is_asked_for(activity: Activity) -> bool:
        return activity.event_type in names or activity.event_type.startswith(groups)

    return lambda source: source.pipe(every, ops.filter(is_asked_for))


def _check_event_type(name: object) -> None:
    if not (isinstance(name, str) and re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*\.([a-z0-9_]+|\*)", name)):
        raise ValueError(
            f"an event type is a name such as post.create, or a group such as follow.*: {name!r}"
        )
    group = name.removesuffix("*")
    if name in EVENT_TYPES or (group != name and any(one.startswith(group) for one in EVENT_TYPES)):
        return
    import difflib  # costs a millisecond to load, and this is rare

    known = {f"{one.rpartition('.')[0]}.*" for one in EVENT_TYPES} if group != name else EVENT_TYPES
    near = difflib.get_close_matches(name, sorted(known), 3)
    said = f"; did you mean {', '.join(near)}?" if near else ""
    warnings_.warn(
        f"no event of X is known as {name!r}: it may be a new one{said}", UserWarning, stacklevel=3
    )


def problems() -> Callable[[Observable[Any]], Observable[StreamProblem]]:
    """Keep what a v2 server says in a stream when something is wrong."""
    return of_type(StreamProblem)


def undecodable() -> Callable[[Observable[Any]], Observable[Undecodable]]:
    """Keep the frames that aren't JSON."""
    return of_type(Undecodable)


def unknown() -> Callable[[Observable[Any]], Observable[Unknown]]:
    """Keep the messages of kinds that this version doesn't know."""
    return of_type(Unknown)
