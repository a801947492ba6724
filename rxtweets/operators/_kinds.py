"""One operator for each kind of message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from reactivex import Observable

from rxtweets import messages as m

from ._of_type import of_type

_T = TypeVar("_T")
_Keep: TypeAlias = Callable[[Observable[Any]], Observable[_T]]


def statuses() -> _Keep[m.Status]:
    """Keep the v1.1 statuses."""
    return of_type(m.Status)


def posts() -> _Keep[m.Post]:
    """Keep the v2 posts."""
    return of_type(m.Post)


def deletes() -> _Keep[m.Delete]:
    """Keep the notices that a status or direct message was deleted."""
    return of_type(m.Delete)


def scrub_geos() -> _Keep[m.ScrubGeo]:
    """Keep the notices that a user's locations are to be forgotten."""
    return of_type(m.ScrubGeo)


def limits() -> _Keep[m.Limit]:
    """Keep the notices of how many matching statuses were withheld."""
    return of_type(m.Limit)


def status_withheld() -> _Keep[m.StatusWithheld]:
    """Keep the notices that a status is withheld in some countries."""
    return of_type(m.StatusWithheld)


def user_withheld() -> _Keep[m.UserWithheld]:
    """Keep the notices that a user is withheld in some countries."""
    return of_type(m.UserWithheld)


def disconnects() -> _Keep[m.DisconnectMessage]:
    """Keep the goodbyes of a v1.1 server."""
    return of_type(m.DisconnectMessage)


def warnings() -> _Keep[m.StreamWarning]:
    """Keep the warnings that this client falls behind, or follows too many."""
    return of_type(m.StreamWarning)


def friends() -> _Keep[m.FriendsList]:
    """Keep the lists of followed users, with which a user stream begins."""
    return of_type(m.FriendsList)


def direct_messages() -> _Keep[m.DirectMessage]:
    """Keep the direct messages of user and site streams."""
    return of_type(m.DirectMessage)


def events() -> _Keep[m.Event]:
    """Keep the events of user and site streams: follows, favorites, lists and so on."""
    return of_type(m.Event)


def controls() -> _Keep[m.Control]:
    """Keep the control message with which a site stream begins."""
    return of_type(m.Control)


def likes() -> _Keep[m.Like]:
    """Keep the likes of the v2 likes streams."""
    return of_type(m.Like)


def compliance_events() -> _Keep[m.ComplianceEvent]:
    """Keep the events of the v2 compliance streams."""
    return of_type(m.ComplianceEvent)


def labels() -> _Keep[m.Label]:
    """Keep the notices of the v2 labels stream."""
    return of_type(m.Label)


def activities() -> _Keep[m.Activity]:
    """Keep the events of the v2 activity stream."""
    return of_type(m.Activity)


def problems() -> _Keep[m.StreamProblem]:
    """Keep what a v2 server says in a stream when something is wrong with it."""
    return of_type(m.StreamProblem)


def undecodable() -> _Keep[m.Undecodable]:
    """Keep the frames that are no JSON."""
    return of_type(m.Undecodable)


def unknown() -> _Keep[m.Unknown]:
    """Keep the messages of kinds that this version does not know."""
    return of_type(m.Unknown)
