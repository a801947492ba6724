"""The streams of both protocols as methods, each the default chain.

`connect(endpoint, auth)`, then `decode()`, then `retry_with_backoff(policy)`: a program that wants another
chain writes these three steps itself, with an endpoint of `rxtweets.endpoints`.
"""

from __future__ import annotations

from .v1 import Stream
from .v2 import StreamingClient

__all__ = ["Stream", "StreamingClient"]
