"""Recovery of what a broken connection missed.

`Recovery` is a policy that a stream is given; the other modules carry it out: `core` decides without I/O or a
clock, `checkpoint` keeps progress in a file, `bridge` asks X for what was missed, and `stream` joins that
with what is live.
"""

from __future__ import annotations

from .checkpoint import Checkpoint
from .legs import redundant
from .policy import Recovery

__all__ = ["Checkpoint", "Recovery", "redundant"]
