"""A durable log between one reader of X and any number of workers, in NATS JetStream (extra `relay`).

::

    log = JetStream("nats://127.0.0.1", stream="x-filter")
    client.filter().pipe(log.publish()).run()                                  # one reader
    rxt.run(log.consume("texts").pipe(tw.decode(), tw.posts()), store)         # many workers
"""

from .lease import Lease
from .letter import DeadLetter
from .log import JetStream
from .status import GroupStatus, LogStatus

__all__ = ["DeadLetter", "GroupStatus", "JetStream", "Lease", "LogStatus"]
