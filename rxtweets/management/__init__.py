"""Managing what belongs to v2's streams beside rules: connections, activity subscriptions, usage.

Each method checks its arguments and returns a cold Observable: each subscription sends the request, on its
own thread. In a script, `.run()` on the result subscribes and waits. The errors of the Observables are
`ConnectionFailed`, `StreamStalled`, `StreamDisconnected` for a response that is cut off, and
`HTTPStatusError`, including `UnexpectedResponse` for a success with unexpected content. A list that completes
is complete: if X reports problems beside the items, `UnexpectedResponse` comes after them.
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
