"""Recovery of what a broken connection missed.

`Recovery` is a policy that a stream is given; the other modules carry it out: `core` decides without I/O or a
clock, `bridge` asks X for what was missed, `stream` joins that with what is live.
"""

from __future__ import annotations

from .policy import Recovery

__all__ = ["Recovery"]
