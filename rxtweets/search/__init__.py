"""Posts of the past: searching them, and counting them without having them delivered.

`StreamingClient.search` and `StreamingClient.counts` are how programs reach this.
"""

from __future__ import annotations

from .counts import CountBucket, Granularity, PostCounts
from .searches import Searches

__all__ = ["CountBucket", "Granularity", "PostCounts", "Searches"]
