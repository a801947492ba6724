"""Many filters, one connection: each filter is an Observable, and the connection beneath nobody's worry.

hub = rxt.FilterHub(client)
cats, dogs = hub.filter("cat"), hub.filter("dog has:images")
rxt.run(cats.pipe(ops.merge(dogs), tw.posts()), print)
"""

from __future__ import annotations

from .hub import FilterHub
from .state import Connection, HubState

__all__ = ["Connection", "FilterHub", "HubState"]
