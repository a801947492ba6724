"""Managing what belongs to v2's streams beside rules: connections, activity subscriptions, usage.

Each method checks its arguments and returns a cold Observable: the request is sent on subscription, by every
subscription, on a thread of its own. In a script, `.run()` on the result subscribes and waits. The errors of
the Observables are `ConnectionFailed`, `StreamStalled`, `StreamDisconnected` for an answer that breaks off,
and `HTTPStatusError`; among these an `UnexpectedResponse` for a success that isn't what was asked for. A list
that completes is whole: where X tells of problems beside the items, `UnexpectedResponse` comes after them.
"""

from __future__ import annotations

from .connections import ClosedConnections, ConnectionInfo, ConnectionsClient
from .subscriptions import ActivitySubscription, DeletedSubscriptions, SubscriptionsClient
from .usage import Credits, DailyUsage, Usage, UsageClient

__all__ = [
    "ActivitySubscription",
    "ClosedConnections",
    "ConnectionInfo",
    "ConnectionsClient",
    "Credits",
    "DailyUsage",
    "DeletedSubscriptions",
    "SubscriptionsClient",
    "Usage",
    "UsageClient",
]
