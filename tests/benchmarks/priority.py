"""Priority over the other programs of the machine. Only Python's own library is needed here."""

from __future__ import annotations

import os


def take_priority() -> bool:
    """Run this thread, and those it starts, before all other programs; return False if not allowed to."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, OSError):
        return False
    return True
