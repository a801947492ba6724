"""Who is told of an exception that somebody down the chain raises while a session's thread calls it.

Such an exception is not the stream's: as an `on_error` it would be retried by whatever retries streams. It is
raised on the thread that reads, unless a caller waits for the end of the stream and wants to hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

listener: ContextVar[Callable[[BaseException], None] | None] = ContextVar("rxtweets_uncaught", default=None)
"""Told of the exceptions of what is subscribed to in its context; None has them raised."""
