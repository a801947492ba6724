"""`Lease`: who reads, and how far the log is."""

from __future__ import annotations

import msgspec

__all__ = ["Lease"]


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A lease on a log, as its reader keeps rewriting it.

    Attributes:
        reader: who reads, as host and process id; empty when nobody does.
        id: the id of the reader's subscription; empty when nobody reads.
        seconds: how long it is the reader's after it was last written.
        since: the UNIX time at which the reader got it.
        time: the UNIX time, by X's clock, up to which the log has everything except *missed*; None if that
            isn't known.
        missed: the outages that are being recovered, each from one time to another.
        connected: the time of the reader's connection to X, as X told it; empty when there is none.
        wanted: the *id* of a reader that asks for it, or that it was given to, and how many leases the
            process of that one had; None when there is none.
        revision: the number that grows each time it is written or deleted; 0 for one that never was.
    """

    reader: str = ""
    id: str = ""
    seconds: float = 0.0
    since: float = 0.0
    time: float | None = None
    missed: tuple[tuple[float, float], ...] = ()
    connected: str = ""
    wanted: tuple[str, int] | None = None
    revision: int = 0
