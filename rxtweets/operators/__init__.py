"""Operators on streams: decoding, reconnecting, and routing by the kind of message.

::

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from ._decode import decode
from ._for_user import by_user, for_user
from ._kinds import (
    activities,
    compliance_events,
    controls,
    deletes,
    direct_messages,
    disconnects,
    events,
    friends,
    labels,
    likes,
    limits,
    posts,
    problems,
    scrub_geos,
    status_withheld,
    statuses,
    undecodable,
    unknown,
    user_withheld,
    warnings,
)
from ._lifecycle import lifecycle
from ._messages import messages
from ._of_type import of_type
from ._retry_with_backoff import retry_with_backoff
from ._route import route

__all__ = [
    "activities",
    "by_user",
    "compliance_events",
    "controls",
    "decode",
    "deletes",
    "direct_messages",
    "disconnects",
    "events",
    "for_user",
    "friends",
    "labels",
    "lifecycle",
    "likes",
    "limits",
    "messages",
    "of_type",
    "posts",
    "problems",
    "retry_with_backoff",
    "route",
    "scrub_geos",
    "status_withheld",
    "statuses",
    "undecodable",
    "unknown",
    "user_withheld",
    "warnings",
]
